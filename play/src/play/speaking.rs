//! The sessions of a play: pairs of participants at two sites, who tell each other what their meters read.

use super::{
    cast::{Cast, Member},
    cost::Cost,
    slot::SlotPlay,
};
use crate::{
    error::Error,
    keys::Leaders,
    report::{KeyFigures, SessionFigures, SessionRun},
    sessions::{
        Pair, Speaker,
        doors::Doors,
        enrolment::{self, Newcomer},
        handshakes::{self, Handshake},
        talk::Talk,
    },
};
use qedex_client::{
    agent::{Agent, Suite},
    key_service::KeyServices,
    market::Plancks,
    queries::{self, Held},
    session::Session,
};
use std::{collections::BTreeSet, path::Path, sync::Arc};

/// How often a session is asked for until it is open.
const ROUNDS: u32 = 3;

/// Sessions that were opened for a play.
pub struct Speaking {
    pairs: Vec<Pair>,
    handshakes: Vec<Handshake>,
    talk: Talk,
    services: Option<KeyServices>,
    /// Keys that each end's agent had drawn before.
    drawn: Vec<[u64; 2]>,
    /// What setting up cost.
    cost: Cost,
    /// What is held of those who asked.
    held: Plancks,
    /// What is held of all for what they say of themselves.
    bonds: Plancks,
}

fn speaker(member: &Member, agent: Arc<Agent>) -> Speaker {
    Speaker { name: member.name.clone(), key: member.keys.account.clone(), agent }
}

/// Who speaks with whom: members 0 and 1, 2 and 3 and so on, the first of a pair at the first site. Each end
/// asks in every other pair, and two pairs in four are of each suite.
fn pairs(cast: &Cast, [first, second]: [Vec<Arc<Agent>>; 2]) -> Vec<Pair> {
    let agents = first.into_iter().zip(second);
    let members = cast.members.chunks_exact(2);
    members
        .zip(agents)
        .enumerate()
        .filter_map(|(place, (members, (one, other)))| {
            let [first, second] = members else { return None };
            let ends = [speaker(first, one), speaker(second, other)];
            let [one, other] = ends;
            let ends = if place % 2 == 0 { [one, other] } else { [other, one] };
            let suite = if place % 4 < 2 { Suite::Hmac } else { Suite::OneTime };
            Some(Pair { ends, suite })
        })
        .collect()
}

impl Speaking {
    /// Has participants enrolled, and sessions opened between them, by the agents of which a node tells in
    /// `folder`.
    ///
    /// # Errors
    ///
    /// The folder, an agent, or the chain; a community of one, and a folder with agents at one site alone.
    pub async fn begin(
        session: &mut Session,
        leaders: &Leaders,
        cast: &Cast,
        folder: &Path,
    ) -> Result<Self, Error> {
        let before = session.tally().clone();
        let doors = Doors::read(folder)?;
        let accounts: BTreeSet<_> = cast.members.iter().map(|member| member.account).collect();
        let pairs = pairs(cast, doors.free(session.at(), &accounts).await?);
        if pairs.is_empty() {
            let what = format!(
                "no two participants can speak: {} has no free agents at two sites",
                folder.display()
            );
            return Err(qedex_client::Error::BadInput(what).into());
        }
        let newcomers: Vec<Newcomer> = pairs
            .iter()
            .flat_map(|Pair { ends: [one, other], .. }| {
                [(one, other), (other, one)].map(|(speaker, peer)| Newcomer {
                    speaker: speaker.clone(),
                    peers: vec![peer.account()],
                })
            })
            .collect();
        enrolment::enrol(session, &[&leaders.registrar, &leaders.installer], &newcomers).await?;
        let drawn = drawn(&pairs).await?;
        let handshakes = handshakes::open_in(session, &pairs, ROUNDS).await?;
        let sessions = pairs.iter().zip(&handshakes).filter_map(|(pair, handshake)| {
            let agents = pair.ends.each_ref().map(|end| (place(cast, end), end.agent.clone()));
            Some((handshake.open_as()?, agents))
        });
        let talk = Talk::begin(sessions);
        let (held, bonds) = held(session, &pairs).await?;
        Ok(Self {
            handshakes,
            talk,
            services: doors.services,
            drawn,
            cost: Cost::between(&before, session.tally()),
            held,
            bonds,
            pairs,
        })
    }

    /// Has everybody tell its counterpart what its meter read in a slot. It does not wait.
    pub fn tell(&self, slot: &SlotPlay, session: &Session, cast: &Cast) {
        let genesis = session.chain().genesis();
        self.talk.say(|participant| slot.account_of_itself(participant, cast, genesis));
    }

    /// Waits for what was said, closes the sessions, and says how they went.
    ///
    /// # Errors
    ///
    /// The chain, an agent, or the key services.
    pub async fn end(self, session: &mut Session) -> Result<SessionFigures, Error> {
        let texts = self.talk.end().await;
        let drawn = drawn(&self.pairs).await?;
        let mut keys = None;
        if let Some(services) = &self.services {
            keys = Some(KeyFigures::of(&services.ledgers().await?));
        }
        let before = session.tally().clone();
        handshakes::close(session, &self.pairs, &self.handshakes).await?;
        let (still_held, _) = held(session, &self.pairs).await?;
        let mut pairs = self.pairs.iter().zip(&self.handshakes).zip(self.drawn.iter().zip(&drawn));
        let exact = pairs.all(|((pair, handshake), (before, after))| {
            let took = handshake.key_ids.len() as u64;
            let [asked, answered] = [after[0], after[1]];
            let drew = [asked.saturating_sub(before[0]), answered.saturating_sub(before[1])];
            // Who is asked draws the keys of requests that it hears of.
            let least = if handshake.opened.is_some() { pair.suite.keys() } else { 0 };
            drew[0] == took && (least..=took).contains(&drew[1])
        });
        Ok(SessionFigures::of(SessionRun {
            suites: self.pairs.iter().map(|pair| pair.suite).collect(),
            handshakes: self.handshakes,
            texts,
            keys,
            drew_what_they_took: exact,
            held: self.held,
            still_held,
            bonds: self.bonds,
            cost: self.cost.and(Cost::between(&before, session.tally())),
        }))
    }
}

/// The number of a participant in the cast.
fn place(cast: &Cast, speaker: &Speaker) -> usize {
    let account = speaker.account();
    let place = cast.members.iter().position(|member| member.account == account);
    // Speakers were made of members.
    place.unwrap_or(usize::MAX)
}

/// How many keys the agents of all pairs have drawn.
async fn drawn(pairs: &[Pair]) -> Result<Vec<[u64; 2]>, Error> {
    let mut all = Vec::new();
    for Pair { ends: [one, other], .. } in pairs {
        all.push([one.agent.keys_drawn().await?, other.agent.keys_drawn().await?]);
    }
    Ok(all)
}

/// What is held for sessions of those who asked, and of all for what they say of themselves.
async fn held(session: &Session, pairs: &[Pair]) -> Result<(Plancks, Plancks), Error> {
    let (mut for_sessions, mut bonds) = (Plancks::MIN, Plancks::MIN);
    for end in pairs.iter().flat_map(|pair| &pair.ends) {
        let (at, account) = (session.at(), end.account());
        let held = queries::held(at, account, Held::Sessions).await?;
        for_sessions = for_sessions.saturating_add(held);
        bonds = bonds.saturating_add(queries::held(at, account, Held::Registry).await?);
    }
    Ok((for_sessions, bonds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::community::Community;

    fn agents(site: &str, number: usize) -> Vec<Arc<Agent>> {
        (1..=number)
            .map(|number| {
                let door = format!(r#"{{"sae":"sae-{site}-{number}","url":"u","token":"00"}}"#);
                Arc::new(Agent::behind(&door).unwrap())
            })
            .collect()
    }

    #[test]
    fn everybody_is_in_one_pair_whose_ends_are_at_two_sites() {
        let cast = Cast::assemble(&Community::load(None, None).unwrap()).unwrap();
        let pairs = pairs(&cast, [agents("west", 60), agents("east", 50)]);
        assert_eq!(pairs.len(), 50);
        let ends: Vec<_> = pairs.iter().flat_map(|pair| &pair.ends).collect();
        let accounts: BTreeSet<_> = ends.iter().map(|end| end.account()).collect();
        let saes: BTreeSet<_> = ends.iter().map(|end| end.agent.sae()).collect();
        assert_eq!((accounts.len(), saes.len()), (100, 100));
        let asks = |site: &str| {
            pairs.iter().filter(|pair| pair.ends[0].agent.sae().contains(site)).count()
        };
        assert_eq!((asks("west"), asks("east")), (25, 25));
        let hmac = pairs.iter().filter(|pair| pair.suite == Suite::Hmac).count();
        assert_eq!(hmac, 26);
        for pair in &pairs {
            let [one, other] = pair.ends.each_ref().map(|end| end.agent.sae().split('-').nth(1));
            assert_ne!(one, other);
        }
    }

    #[test]
    fn there_are_no_more_pairs_than_agents_at_either_site() {
        let cast = Cast::assemble(&Community::load(None, None).unwrap()).unwrap();
        assert_eq!(pairs(&cast, [agents("west", 3), agents("east", 7)]).len(), 3);
        assert!(pairs(&cast, [agents("west", 3), Vec::new()]).is_empty());
    }
}

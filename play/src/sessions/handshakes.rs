//! Sessions are opened, all at once, and closed.

use super::{AT_ONCE, Pair};
use futures::{StreamExt, TryStreamExt, stream};
use qedex_client::{
    Error,
    agent::{Asked, Wish},
    block::Block,
    qkd::{self, SessionEvent},
    session::Session,
};
use qedex_primitives::qkd::SessionId;
use std::time::{SystemTime, UNIX_EPOCH};

/// Blocks for which sessions are waited for: both steps of their workers have lapsed then.
const PATIENCE: u64 = 64;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Height {
    /// Its number.
    pub block: u64,
    /// Its time, in milliseconds since the Unix epoch.
    pub time: u64,
}

/// How a handshake went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// The names of the keys that it took, with those of requests before that lapsed.
    pub key_ids: Vec<String>,
    /// Requests that lapsed before.
    pub lapsed: u32,
    /// When its request was sent, in milliseconds since the Unix epoch by the clock of this machine.
    pub sent: u64,
    /// The session's number on the chain, once it is there.
    pub id: Option<SessionId>,
    /// The block with the request.
    pub requested: Option<Height>,
    /// The block in which the session was open.
    pub opened: Option<Height>,
}

impl Handshake {
    /// Blocks from the one with the request to the one in which the session was open.
    pub fn blocks(&self) -> Option<u64> {
        let (requested, opened) = self.requested.zip(self.opened)?;
        Some(opened.block.saturating_sub(requested.block))
    }

    /// Milliseconds from when the request was sent to the time of the block in which the session was open.
    pub fn millis(&self) -> Option<u64> {
        Some(self.opened?.time.saturating_sub(self.sent))
    }

    /// The session's number on the chain, if it was open.
    pub fn open_as(&self) -> Option<SessionId> {
        self.id.filter(|_| self.opened.is_some())
    }
}

/// All handshakes, in the order of their pairs, and the blocks that were seen meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    /// They.
    pub handshakes: Vec<Handshake>,
    /// The finalised blocks from the one before the first request to that in which the last session was
    /// open.
    pub blocks: Vec<Height>,
}

/// Has agents draw keys, asks on the chain for all sessions at once, and waits until they are open or
/// will not be any more. Who is in several pairs as the first one asks in their order.
///
/// # Errors
///
/// An agent draws no keys; the chain refuses a request.
pub async fn open(session: &mut Session, pairs: &[Pair]) -> Result<Opened, Error> {
    let asked = ask(session, pairs).await?;
    let mut signed = Vec::new();
    for (pair, asked) in pairs.iter().zip(&asked) {
        let [from, to] = &pair.ends;
        let what = format!("{}'s request to {}", from.name, to.name);
        let call = qkd::open_session(to.account(), &asked.message1);
        signed.push(session.sign(what, &call, &from.key).await?);
    }
    let sent = now();
    session.send_all(signed).await?;
    let handshakes = asked.iter().map(|asked| Handshake {
        key_ids: asked.key_ids.clone(),
        lapsed: 0,
        sent,
        id: None,
        requested: None,
        opened: None,
    });
    let mut opened = Opened { handshakes: handshakes.collect(), blocks: Vec::new() };
    let numbers: Vec<u64> = asked.iter().map(|asked| asked.number).collect();
    let deadline = session.at().block_number().saturating_add(PATIENCE);
    let mut gone = 0_usize;
    loop {
        let block = session.next_block().await?;
        session.check()?;
        opened.blocks.push(Height { block: block.number, time: block.time });
        gone = gone.saturating_add(opened.note(&block, pairs, &numbers));
        let open = opened.handshakes.iter().filter(|handshake| handshake.opened.is_some());
        if open.count().saturating_add(gone) >= pairs.len() || block.number > deadline {
            return Ok(opened);
        }
    }
}

/// As [`open`], and asks again, so many times in all, for what was not opened: on a busy machine a request
/// may lapse before its workers had their turn.
///
/// # Errors
///
/// As [`open`].
pub async fn open_in(
    session: &mut Session,
    pairs: &[Pair],
    rounds: u32,
) -> Result<Vec<Handshake>, Error> {
    let mut all = open(session, pairs).await?.handshakes;
    for _ in 1..rounds {
        let late = |(_, handshake): &(&Pair, &Handshake)| handshake.opened.is_none();
        let wanted: Vec<Pair> =
            pairs.iter().zip(&all).filter(late).map(|(pair, _)| pair.clone()).collect();
        if wanted.is_empty() {
            break;
        }
        let again = open(session, &wanted).await?.handshakes;
        let lapsed = all.iter_mut().filter(|handshake| handshake.opened.is_none());
        for (before, after) in lapsed.zip(again) {
            let mut key_ids = std::mem::take(&mut before.key_ids);
            key_ids.extend(after.key_ids);
            let lapsed = before.lapsed.saturating_add(1);
            *before = Handshake { key_ids, lapsed, ..after };
        }
    }
    Ok(all)
}

impl Opened {
    /// Notes what a block says of the sessions. Returns how many of them are gone.
    fn note(&mut self, block: &Block, pairs: &[Pair], numbers: &[u64]) -> usize {
        let here = Height { block: block.number, time: block.time };
        let mut gone = 0;
        for (id, event) in &block.session_events {
            if let SessionEvent::Requested { from, to, number } = event {
                let mut all = self.handshakes.iter_mut().zip(pairs).zip(numbers);
                let ours = all.find(|((_, pair), ours)| {
                    let [one, other] = &pair.ends;
                    **ours == *number && one.account() == *from && other.account() == *to
                });
                if let Some(((handshake, _), _)) = ours {
                    (handshake.id, handshake.requested) = (Some(*id), Some(here));
                }
                continue;
            }
            let ours = self.handshakes.iter_mut().find(|handshake| handshake.id == Some(*id));
            let Some(handshake) = ours.filter(|handshake| handshake.opened.is_none()) else {
                continue;
            };
            match event {
                SessionEvent::Opened => handshake.opened = Some(here),
                SessionEvent::Gone => gone += 1,
                SessionEvent::Requested { .. } | SessionEvent::Accepted => {}
            }
        }
        gone
    }
}

/// Has the agents of all pairs draw keys. An agent that asks in several of them gives rising numbers, so
/// its questions go one after the other.
async fn ask(session: &Session, pairs: &[Pair]) -> Result<Vec<Asked>, Error> {
    let at = session.at();
    let genesis = session.chain().genesis();
    let mut of_askers: Vec<Vec<(usize, Pair)>> = Vec::new();
    for (place, pair) in pairs.iter().enumerate() {
        let asker = |all: &&mut Vec<(usize, Pair)>| {
            let first = all.first();
            first.is_some_and(|(_, other)| other.ends[0].account() == pair.ends[0].account())
        };
        match of_askers.iter_mut().find(asker) {
            Some(all) => all.push((place, pair.clone())),
            None => of_askers.push(vec![(place, pair.clone())]),
        }
    }
    let in_turn = |pairs: Vec<(usize, Pair)>| async move {
        let mut all = Vec::new();
        for (place, Pair { ends: [from, to], suite }) in pairs {
            let wish = Wish {
                from: from.account(),
                to: to.account(),
                to_sae: to.agent.sae(),
                suite,
                last_number: qkd::last_number(at, from.account()).await?,
                genesis,
            };
            all.push((place, from.agent.ask(&wish).await?));
        }
        Ok::<_, Error>(all)
    };
    let asked: Vec<Vec<(usize, Asked)>> =
        stream::iter(of_askers).map(in_turn).buffer_unordered(AT_ONCE).try_collect().await?;
    let mut asked: Vec<(usize, Asked)> = asked.into_iter().flatten().collect();
    asked.sort_by_key(|(place, _)| *place);
    Ok(asked.into_iter().map(|(_, asked)| asked).collect())
}

/// Closes the sessions that are open, on the chain by who asked for them, and at both agents.
///
/// # Errors
///
/// The chain, or an agent.
pub async fn close(
    session: &mut Session,
    pairs: &[Pair],
    handshakes: &[Handshake],
) -> Result<(), Error> {
    let mut signed = Vec::new();
    let mut open = Vec::new();
    for (pair, handshake) in pairs.iter().zip(handshakes) {
        let Some(id) = handshake.open_as() else { continue };
        let [from, _] = &pair.ends;
        let what = format!("{} closes its session", from.name);
        signed.push(session.sign(what, &qkd::close_session(id), &from.key).await?);
        open.extend(pair.ends.iter().map(|end| (id, end.agent.clone())));
    }
    session.send_all(signed).await?;
    session.settle().await?;
    stream::iter(open)
        .map(|(id, agent)| async move { agent.wipe(id.0).await })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

fn now() -> u64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
}

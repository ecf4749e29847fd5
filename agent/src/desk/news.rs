//! What the chain says, and what this end says to it.
//!
//! - A session is known by its messages, never by its number on the chain alone: after a reorganisation
//!   that number may be another session's.
//! - What was said once is said again as often as the chain waits for it, and nothing else is.
//! - A session that is not on the chain, or has ended there, carries nothing. It is wiped when the news of
//!   [`KEPT_BLOCKS`](super::KEPT_BLOCKS) blocks have not brought it back.

use super::{
    ASKED_BLOCKS, Books, Desk, KEPT_BLOCKS, MAX_NAMES, NAMED_BLOCKS, Refusal, UNREAD_BLOCKS,
};
use crate::record::{OnChain, Over, Record, Role, Said, Secret, State, sha256};
use q_sah::{Confirmed, Initiator, Opened, Responder, check_confirmation};
use qedex_primitives::{
    agent::{AccountBytes, MAX_SESSIONS, News, SessionNews, Step, Steps},
    qkd::{MailAddress, SaeId, Session, SessionEnd, SessionId, SessionStage, WorkerStep},
};
use std::collections::BTreeSet;

type ChainSession = Session<AccountBytes, u64>;

/// A session that is on record, as told.
struct Here<'a> {
    id: SessionId,
    session: &'a ChainSession,
    saes: &'a [Option<SaeId>; 2],
    mail: &'a [Option<MailAddress>; 2],
    ended: Option<SessionEnd>,
}

impl Here<'_> {
    /// Whether it is the session of this record.
    fn is(&self, record: &Record) -> bool {
        let session = self.session;
        let [a, b] = [&session.from.account, &session.to.account];
        let [from, _] = self.saes;
        let same_sae = |sae: &SaeId| sae[..] == *record.parties.peer_sae.as_bytes();
        let (ours, theirs, same) = match record.role {
            Role::A => (a, b, true),
            Role::B => (b, a, from.as_ref().is_none_or(same_sae)),
        };
        let ends = record.parties.account == *ours && record.parties.peer == *theirs && same;
        let says = match &session.stage {
            SessionStage::Requested { message1, .. } | SessionStage::Accepted { message1, .. } => {
                record.message1 == message1[..]
            }
            SessionStage::Open { confirmation, message3, .. } => {
                record.promises(confirmation, message3)
            }
        };
        ends && record.number == session.number && says
    }

    fn stage(&self) -> OnChain {
        match self.session.stage {
            SessionStage::Requested { .. } => OnChain::Requested,
            SessionStage::Accepted { .. } => OnChain::Accepted,
            SessionStage::Open { .. } => OnChain::Open,
        }
    }

    /// What the chain waits for, of what this end has said.
    fn step(&self, record: &Record) -> Option<Step> {
        if self.ended.is_some() || record.is_over() {
            return None;
        }
        let said = record.said.as_ref()?;
        let (step, waiting) = match (record.role, &self.session.stage) {
            (Role::B, SessionStage::Requested { message1, .. }) => {
                (WorkerStep::Accept, &message1[..])
            }
            (Role::A, SessionStage::Accepted { message2, .. }) => {
                (WorkerStep::Confirm, &message2[..])
            }
            _ => return None,
        };
        let Said { answered, message, .. } = said.clone();
        (sha256(waiting) == answered).then_some(Step { session: self.id, step, answered, message })
    }
}

impl Desk {
    /// Takes what is on the chain, and says what the sessions wait for there. The same news again brings
    /// the same steps, and those for which keys were on their way.
    ///
    /// # Errors
    ///
    /// [`Refusal::OtherChain`], [`Refusal::Bad`] if there are too many sessions, or the store.
    pub fn news(&self, news: &News) -> Result<Steps, Refusal> {
        if news.sessions.len() > MAX_SESSIONS {
            return Err(Refusal::Bad("the news are of too many sessions"));
        }
        self.transact(|books| {
            self.meet(books, news.genesis.0)?;
            if books.general.account != Some(news.account) {
                if books.general.account.is_some() {
                    tracing::warn!("the chain has enrolled the agent's SAE for another account");
                }
                books.change_general(|general| general.account = Some(news.account));
            }
            books.change_general(|general| {
                general.last_number = general.last_number.max(news.last_number);
            });
            books.block = news.block;
            let mut told = BTreeSet::new();
            let mut found = Vec::new();
            for session in &news.sessions {
                match session {
                    SessionNews::Gone(id) => {
                        books.displace(*id, None);
                        told.insert(*id);
                    }
                    SessionNews::Here { id, session, saes, mail, ended } => {
                        let here = Here { id: *id, session, saes, mail, ended: *ended };
                        if let Some(local) = self.here(books, news, &here)? {
                            found.push((here, local));
                        }
                        told.insert(*id);
                    }
                }
            }
            self.answer_ready(books)?;
            books.sweep(&told);
            let steps = found.iter().filter_map(|(here, local)| {
                books.sessions.get(local).and_then(|record| here.step(record))
            });
            let steps = steps.collect();
            let beacon = self.beacon(books, news)?;
            let (beacon, reports) = books.together(news, beacon);
            Ok(Steps { steps, beacon, reports })
        })
    }

    /// Whether the agent serves the chain that began with this block.
    ///
    /// # Errors
    ///
    /// [`Refusal::OtherChain`], or the store.
    pub fn serves(&self, genesis: [u8; 32]) -> Result<(), Refusal> {
        self.transact(|books| self.meet(books, genesis))
    }

    /// Takes the chain that the agent serves, if it serves none yet.
    pub(super) fn meet(&self, books: &mut Books, genesis: [u8; 32]) -> Result<(), Refusal> {
        match books.general.genesis {
            Some(ours) if ours != genesis => Err(Refusal::OtherChain),
            Some(_) => Ok(()),
            None => {
                books.change_general(|general| general.genesis = Some(genesis));
                Ok(())
            }
        }
    }

    fn here(
        &self,
        books: &mut Books,
        news: &News,
        here: &Here<'_>,
    ) -> Result<Option<u64>, Refusal> {
        let known = books.sessions.iter().find(|(_, record)| here.is(record));
        let local = match known {
            Some((local, _)) => Some(*local),
            None if here.ended.is_some() => None,
            None => {
                let new = self.consider(books, news, here.session, here.saes)?;
                new.map(|record| books.insert(record))
            }
        };
        books.displace(here.id, local);
        let Some(local) = local else { return Ok(None) };
        let (block, now) = (books.block, self.now());
        let took = books.change(local, |record| {
            let [a, b] = here.mail;
            let theirs = if record.role == Role::A { b } else { a };
            record.id = Some(here.id);
            record.expires = Some(here.session.expires);
            record.mail.clone_from(theirs);
            record.ended = here.ended;
            if here.ended.is_some() {
                record.chain = None;
                record.absent.get_or_insert(block);
                return None;
            }
            record.chain = Some(here.stage());
            record.absent = None;
            advance(record, &here.session.stage, now)
        });
        if let Some(Some(took)) = took {
            books.change_general(|general| {
                general.finished = general.finished.saturating_add(1);
                general.finished_ms = general.finished_ms.saturating_add(took);
            });
        }
        Ok(Some(local))
    }
}

/// Takes the message that came to this end, if it is one. A message that does not hold changes nothing: a
/// fork may bring the true one. Gives the milliseconds that the handshake took when it is done.
fn advance(record: &mut Record, stage: &SessionStage<u64>, now: u64) -> Option<u64> {
    let session = match (&record.state, stage) {
        (State::Asked(bytes), SessionStage::Accepted { message2, .. }) => {
            let initiator = Initiator::<Opened>::from_secret_bytes(&bytes.0).ok()?;
            let confirmed = initiator.confirm(message2).ok()?;
            let message = confirmed.message3().to_vec();
            let confirmation = sha256(&message);
            record.said = Some(Said { answered: sha256(message2), message, confirmation });
            record.state = State::Confirmed(Secret(confirmed.to_secret_bytes()));
            return None;
        }
        (State::Answered(bytes), SessionStage::Open { message3, .. }) => {
            Responder::from_secret_bytes(&bytes.0).ok()?.finish(message3).ok()?
        }
        (State::Confirmed(bytes), SessionStage::Open { confirmation, message3, .. }) => {
            let confirmed = Initiator::<Confirmed>::from_secret_bytes(&bytes.0).ok()?;
            if !check_confirmation(confirmation, confirmed.message3())
                || confirmed.message3() != &message3[..]
            {
                return None;
            }
            confirmed.into_session()
        }
        _ => return None,
    };
    record.state = State::Open(Secret(session.to_secret_bytes()));
    record.opened = Some(now);
    Some(now.saturating_sub(record.begun))
}

impl Books {
    /// Notes that at this place of the chain there is that session, and no other one.
    fn displace(&mut self, id: SessionId, by: Option<u64>) {
        let others = self.sessions.iter();
        let others = others.filter(|(local, record)| record.id == Some(id) && Some(**local) != by);
        let others: Vec<u64> = others.map(|(local, _)| *local).collect();
        let block = self.block;
        for local in others {
            self.change(local, |record| {
                record.chain = None;
                record.absent.get_or_insert(block);
                if by.is_some() {
                    record.id = None;
                }
            });
        }
    }

    /// Wipes what has not been on the chain for long, of what was `told` now or cannot be told.
    fn sweep(&mut self, told: &BTreeSet<SessionId>) {
        let block = self.block;
        let all: Vec<u64> = self.sessions.keys().copied().collect();
        let mut names = Vec::new();
        for local in all {
            let Some(record) = self.sessions.get(&local) else { continue };
            let Some(since) = record.absent else {
                // A request of this end that was never seen: from now on it is waited for. What was seen
                // before a restart is told of in its turn.
                if record.chain.is_none() && record.id.is_none_or(|id| told.contains(&id)) {
                    self.change(local, |record| record.absent = Some(block));
                }
                continue;
            };
            let blocks = block.saturating_sub(since);
            let unseen = matches!(record.state, State::Asked(_)) && record.id.is_none();
            let kept = if unseen { ASKED_BLOCKS } else { KEPT_BLOCKS };
            if record.is_over() {
                let keeps_texts = !record.unread().is_empty() && blocks < UNREAD_BLOCKS;
                if blocks >= NAMED_BLOCKS && !keeps_texts {
                    self.remove(local);
                } else if !keeps_texts {
                    names.push(local);
                }
            } else if blocks >= kept && record.id.is_none_or(|id| told.contains(&id)) {
                self.end(local, Over::Ended);
            }
        }
        let excess = names.len().saturating_sub(MAX_NAMES);
        names.into_iter().take(excess).for_each(|local| self.remove(local));
    }
}

//! What a user sees: no key, no state, and nothing that follows from one.

use super::{Desk, Name, Refusal};
use crate::{
    letter::Counts,
    record::{OnChain, Over, Record, Role, State},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A session, as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// The number that A gave it.
    pub number: u64,
    /// Its number on the chain, once it was seen there.
    pub id: Option<u64>,
    /// Which end this is: `A` opens the session, `B` answers.
    pub role: &'static str,
    /// The other end's account, in hexadecimal.
    pub peer: String,
    /// The other end's SAE.
    pub peer_sae: String,
    /// `hmac` or `one-time`.
    pub suite: &'static str,
    /// `drawing`, `asked`, `answered`, `confirmed`, `open`, `given-up` or `ended`.
    pub state: &'static str,
    /// Frames sealed here.
    pub sent: u64,
    /// Of these, how many wait to be delivered.
    pub queued: u64,
    /// Frames opened here.
    pub received: u64,
    /// Of these, how many wait for the user.
    pub unread: u64,
    /// When it ends, in milliseconds since the Unix epoch.
    pub expires: Option<u64>,
    /// Milliseconds from the first step at this end until it was open here.
    pub opened_ms: Option<u64>,
    /// Why it has ended, or what others failed to do for it last.
    pub reason: Option<String>,
}

/// What the desk has done, and what it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many sessions are in which state.
    pub states: BTreeMap<&'static str, u64>,
    /// Keys drawn for sessions and letters.
    pub keys: u64,
    /// Bits of them.
    pub bits: u64,
    /// Handshakes that ended in an open session.
    pub finished: u64,
    /// Milliseconds that they took, in all.
    pub finished_ms: u64,
    /// How many letters there were.
    pub letters: Counts,
    /// How many wait to be delivered.
    pub letters_queued: u64,
    /// How many wait for the user.
    pub letters_unread: u64,
}

impl Totals {
    /// Milliseconds of a handshake, on the mean, rounded down; none before there was one.
    pub fn mean_ms(&self) -> Option<u64> {
        self.finished_ms.checked_div(self.finished)
    }
}

/// All states, as a user names them.
pub const STATES: [&str; 7] =
    ["drawing", "asked", "answered", "confirmed", "open", "given-up", "ended"];

fn state(record: &Record) -> &'static str {
    match (&record.state, record.chain, record.role) {
        (State::Over(Over::GivenUp(_)), ..) => "given-up",
        (State::Over(_), ..) => "ended",
        (State::Drawing | State::Drawn(_), ..) => "drawing",
        (State::Asked(_), ..) => "asked",
        (State::Answered(_), ..) => "answered",
        (State::Confirmed(_), ..) => "confirmed",
        (State::Open(_), Some(OnChain::Open), _) => "open",
        (State::Open(_), None, _) if record.absent.is_some() => "ended",
        // A fork has taken the last steps back, or the chain has not told of it since the start.
        (State::Open(_), _, Role::A) => "confirmed",
        (State::Open(_), _, Role::B) => "answered",
    }
}

fn reason(record: &Record) -> Option<String> {
    let text = match (&record.state, record.ended) {
        (State::Over(Over::GivenUp(why)), _) => why,
        (State::Over(Over::Closed), _) => "closed here",
        (_, Some(ended)) => return Some(format!("ended on the chain: {ended:?}")),
        (State::Over(Over::Ended), None) => "not on the chain any more",
        (State::Open(_), None) if record.chain.is_none() && record.absent.is_none() => {
            "the chain has not told of it since the start"
        }
        (State::Open(_), None) if record.chain.is_none() => "not on the chain",
        _ => return None,
    };
    Some(text.to_owned())
}

impl Desk {
    fn view(&self, local: u64, record: &Record) -> View {
        View {
            number: record.number,
            id: record.id.map(|id| id.0),
            role: if record.role == Role::A { "A" } else { "B" },
            peer: format!("0x{}", hex::encode(record.parties.peer)),
            peer_sae: record.parties.peer_sae.clone(),
            suite: if record.keys() == 1 { "hmac" } else { "one-time" },
            state: state(record),
            sent: record.sent,
            queued: record.sent.saturating_sub(record.delivered),
            received: record.received,
            unread: record.received.saturating_sub(record.fetched),
            expires: record.expires,
            opened_ms: record.opened.map(|opened| opened.saturating_sub(record.begun)),
            reason: reason(record).or_else(|| self.failure(local)),
        }
    }

    /// All sessions, the newest last.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn sessions(&self) -> Result<Vec<View>, Refusal> {
        self.transact(|books| {
            Ok(books.sessions.iter().map(|(local, record)| self.view(*local, record)).collect())
        })
    }

    /// One session.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unknown`], or the store.
    pub fn session(&self, name: Name) -> Result<View, Refusal> {
        self.transact(|books| {
            let (local, record) = books.find(name)?;
            Ok(self.view(local, record))
        })
    }

    /// What was done, and what there is.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn totals(&self) -> Result<Totals, Refusal> {
        self.transact(|books| {
            let mut states = BTreeMap::from(STATES.map(|state| (state, 0_u64)));
            for record in books.sessions.values() {
                let count = states.entry(state(record)).or_default();
                *count = count.saturating_add(1);
            }
            let [letters_queued, letters_unread] = books.waiting_letters();
            let general = &books.general;
            Ok(Totals {
                states,
                keys: general.keys,
                bits: general.bits,
                finished: general.finished,
                finished_ms: general.finished_ms,
                letters: general.letters,
                letters_queued,
                letters_unread,
            })
        })
    }
}

//! What is to be asked of others: of the key service, and of the nodes that keep the mail of other ends.
//!
//! - At most one question of a session is under way, and so many in all.
//! - After a failure that may pass, a session rests: [`FIRST_REST_MS`], doubled with each failure up to
//!   [`LONGEST_REST_MS`], of which at random between a half and the whole is taken.

use super::{Desk, Refusal, answering::names};
use crate::record::State;
use qedex_primitives::qkd::{MailAddress, SessionId};
use qkms::kme::service::SaeId;
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;

/// The most questions to the key service at once.
pub const MAX_COLLECTING: usize = 8;

/// The most nodes to which frames are delivered at once.
pub const MAX_POSTING: usize = 16;

/// How long a session rests after its first failure, in milliseconds.
pub const FIRST_REST_MS: u64 = 1_000;

/// How long a session rests at most, in milliseconds.
pub const LONGEST_REST_MS: u64 = 60_000;

/// The longest description of a failure that is kept, in characters.
const MAX_WORDS: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Collect,
    Post,
}

/// A session that failed.
#[derive(Clone, Debug)]
struct Rest {
    failures: u32,
    /// When it is tried again, in milliseconds since the Unix epoch.
    until: u64,
    what: String,
}

/// What is under way, and what rests. It does not outlive the process.
#[derive(Debug, Default)]
pub(super) struct Flights {
    airborne: HashSet<(u64, Kind)>,
    rests: HashMap<u64, Rest>,
    /// Sessions that this end is about to open, and how their requests are named.
    pub(super) openings: Vec<Option<[u8; 16]>>,
}

impl Flights {
    fn count(&self, kind: Kind) -> usize {
        self.airborne.iter().filter(|(_, other)| *other == kind).count()
    }

    fn may_start(&self, local: u64, kind: Kind, now: u64) -> bool {
        let most = match kind {
            Kind::Collect => MAX_COLLECTING,
            Kind::Post => MAX_POSTING,
        };
        let rested = self.rests.get(&local).is_none_or(|rest| rest.until <= now);
        rested && !self.airborne.contains(&(local, kind)) && self.count(kind) < most
    }
}

/// That a question is under way, until this is dropped.
#[derive(Debug)]
struct Flight {
    flights: Arc<Mutex<Flights>>,
    what: (u64, Kind),
}

impl Drop for Flight {
    fn drop(&mut self) {
        lock(&self.flights).airborne.remove(&self.what);
    }
}

pub(super) fn lock(flights: &Mutex<Flights>) -> MutexGuard<'_, Flights> {
    flights.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What is to be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Keys of the key service, for [`Desk::collected`].
    Collect {
        /// Who drew them.
        peer: SaeId,
        /// Their names.
        ids: Vec<Uuid>,
    },
    /// The frames of a session, one after the other: [`Desk::parcel`].
    Post,
}

/// A question to others. While it is held, the same is not asked again.
#[derive(Debug)]
pub struct Job {
    /// The session's number in the store.
    pub local: u64,
    /// What is to be asked.
    pub work: Work,
    _flight: Flight,
}

/// A frame on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// Which node keeps the other end's mail.
    pub address: MailAddress,
    /// The session's number on the chain.
    pub session: SessionId,
    /// The frame's counter.
    pub counter: u64,
    /// The frame.
    pub frame: Vec<u8>,
}

impl Desk {
    /// What is to be asked now. Each is handed out once.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn jobs(&self) -> Result<Vec<Job>, Refusal> {
        let now = self.now();
        self.transact(|books| {
            lock(&self.flights).rests.retain(|local, _| books.sessions.contains_key(local));
            let mut jobs = Vec::new();
            for (local, record) in books.heads() {
                if record.state == State::Drawing && self.may_start(local, Kind::Collect, now) {
                    let peer = record.parties.peer_sae.parse().map_err(|_| Refusal::State)?;
                    let work = Work::Collect { peer, ids: names(record)? };
                    jobs.extend(self.start(local, Kind::Collect, work, now));
                }
            }
            for (local, record) in &books.sessions {
                if record.is_open() && !record.queued().is_empty() && record.mail.is_some() {
                    jobs.extend(self.start(*local, Kind::Post, Work::Post, now));
                }
            }
            Ok(jobs)
        })
    }

    /// The delivery of a session's frames, if it may start now.
    pub fn delivery(&self, local: u64) -> Option<Job> {
        self.start(local, Kind::Post, Work::Post, self.now())
    }

    fn may_start(&self, local: u64, kind: Kind, now: u64) -> bool {
        lock(&self.flights).may_start(local, kind, now)
    }

    fn start(&self, local: u64, kind: Kind, work: Work, now: u64) -> Option<Job> {
        let mut flights = lock(&self.flights);
        if !flights.may_start(local, kind, now) {
            return None;
        }
        flights.airborne.insert((local, kind));
        let _flight = Flight { flights: Arc::clone(&self.flights), what: (local, kind) };
        Some(Job { local, work, _flight })
    }

    /// Notes a failure that may pass.
    pub fn failed(&self, local: u64, what: &str) {
        let random = self.surroundings.random::<8>().map_or(0, u64::from_le_bytes);
        let now = self.now();
        let mut flights = lock(&self.flights);
        let failures = flights.rests.get(&local).map_or(0, |rest| rest.failures);
        let doubled = 1_u64.checked_shl(failures).unwrap_or(u64::MAX);
        let whole = FIRST_REST_MS.saturating_mul(doubled).min(LONGEST_REST_MS);
        let half = whole.div_euclid(2);
        let rest = half.saturating_add(random.checked_rem(half.max(1)).unwrap_or_default());
        let what = what.chars().take(MAX_WORDS).collect();
        let until = now.saturating_add(rest);
        let failures = failures.saturating_add(1);
        flights.rests.insert(local, Rest { failures, until, what });
    }

    /// Notes that others do their part for a session.
    pub(super) fn recovered(&self, local: u64) {
        lock(&self.flights).rests.remove(&local);
    }

    /// What failed last of a session, in words.
    pub(super) fn failure(&self, local: u64) -> Option<String> {
        lock(&self.flights).rests.get(&local).map(|rest| rest.what.clone())
    }
}

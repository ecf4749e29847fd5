//! What is to be asked of others: of the key service, and of the nodes that keep the mail of other ends.
//! What strangers have asked is not among it: see [`letters`](super::letters).
//!
//! - At most one question of a session, a letter, the beacon or the ledger of keys is under way, [`MAX_POSTING_TO_ONE`] deliveries of frames to
//!   one account, and so many in all; sessions take turns.
//! - After a failure that may pass, it rests: [`FIRST_REST_MS`], doubled with each failure up to
//!   [`LONGEST_REST_MS`], of which at random between a half and the whole is taken.

use super::{Books, Desk, Refusal};
use crate::{draw::Wanted, letter::LetterRecord, record::State};
use q_sah::RECEIPT_BYTES;
use qedex_primitives::{
    EpochIndex,
    agent::AccountBytes,
    qkd::{LinkId, MailAddress, SessionId},
};
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

/// Of these, those of one account: one whose node is slow holds nobody else up.
pub const MAX_POSTING_TO_ONE: usize = 2;

/// The most nodes to which letters are delivered at once. Frames have places of their own.
pub const MAX_POSTING_LETTERS: usize = 16;

/// How long a session rests after its first failure, in milliseconds.
pub const FIRST_REST_MS: u64 = 1_000;

/// How long a session rests at most, in milliseconds.
pub const LONGEST_REST_MS: u64 = 60_000;

/// The longest description of a failure that is kept, in characters.
const MAX_WORDS: usize = 256;

/// Under which number what is asked for the beacon rests: no session and no letter has it.
pub(super) const BEACON: u64 = u64::MAX;

/// The same of what is asked of links.
pub(super) const LEDGER: u64 = u64::MAX - 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Collect,
    Draw,
    Survey,
    Post,
    Letter,
}

/// A session or a letter that failed.
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
    /// The session whose frames were delivered last.
    last_posted: u64,
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
            Kind::Draw | Kind::Survey => 1,
            Kind::Post => MAX_POSTING,
            Kind::Letter => MAX_POSTING_LETTERS,
        };
        // A rest that a clock which ran ahead put too far away is over.
        let latest = now.saturating_add(LONGEST_REST_MS);
        let rested = |rest: &Rest| rest.until <= now || rest.until > latest;
        let rested = self.rests.get(&local).is_none_or(rested);
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
    /// A fresh key for the beacon, for [`Desk::drawn`].
    Draw(Wanted),
    /// What the key service says of links, for [`Desk::surveyed`].
    Survey {
        /// For which epoch.
        epoch: EpochIndex,
        /// Which links, each with an SAE at its other end.
        links: Vec<(LinkId, SaeId)>,
    },
    /// The frames of a session, one after the other: [`Desk::parcel`].
    Post,
    /// A letter: [`Desk::letter_parcel`].
    Letter,
}

/// A question to others. While it is held, the same is not asked again.
#[derive(Debug)]
pub struct Job {
    /// The number in the store of the session, or of the letter; one of its own for the beacon and for
    /// the ledger of keys.
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
    /// What the other end answers once it has opened the frame.
    pub receipt: [u8; RECEIPT_BYTES],
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
            lock(&self.flights).rests.retain(|local, _| {
                let letter = books.letters.get(local).and_then(LetterRecord::queued);
                [BEACON, LEDGER].contains(local)
                    || books.sessions.contains_key(local)
                    || letter.is_some()
            });
            let mut jobs = self.letter_jobs(books, now);
            if let Some(wanted) = &books.wanted {
                jobs.extend(self.start(BEACON, Kind::Draw, Work::Draw(wanted.clone()), now));
            }
            let links = books.unasked();
            if let Some((epoch, links)) = links {
                let work = Work::Survey { epoch, links };
                jobs.extend(self.start(LEDGER, Kind::Survey, work, now));
            }
            for (local, record) in books.heads() {
                if record.state == State::Drawing && self.may_start(local, Kind::Collect, now) {
                    let peer = record.parties.peer_sae.parse().map_err(|_| Refusal::State)?;
                    let ids = books.missing(record)?;
                    // A letter that names one of these keys has it asked for: the key may come from there.
                    // A session that has all of its keys is answered with the next news.
                    if ids.is_empty() || self.is_looked_up(&ids) {
                        continue;
                    }
                    let work = Work::Collect { peer, ids };
                    jobs.extend(self.start(local, Kind::Collect, work, now));
                }
            }
            let last = lock(&self.flights).last_posted;
            let (had_turn, waited): (Vec<_>, Vec<_>) =
                books.sessions.iter().partition(|(local, _)| **local <= last);
            for (local, record) in waited.into_iter().chain(had_turn) {
                let waits = !record.queued().is_empty() && record.mail.is_some();
                if record.is_open(now) && waits && self.may_post_to(books, record.parties.peer) {
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

    /// Whether a delivery more to this account may be under way.
    fn may_post_to(&self, books: &Books, peer: AccountBytes) -> bool {
        let flights = lock(&self.flights);
        let posts = flights.airborne.iter().filter(|(_, kind)| *kind == Kind::Post);
        let to_peer = posts.filter(|(local, _)| {
            books.sessions.get(local).is_some_and(|record| record.parties.peer == peer)
        });
        to_peer.count() < MAX_POSTING_TO_ONE
    }

    /// Whether this is under way.
    pub(super) fn is_airborne(&self, local: u64, kind: Kind) -> bool {
        lock(&self.flights).airborne.contains(&(local, kind))
    }

    pub(super) fn start(&self, local: u64, kind: Kind, work: Work, now: u64) -> Option<Job> {
        let mut flights = lock(&self.flights);
        if !flights.may_start(local, kind, now) {
            return None;
        }
        flights.airborne.insert((local, kind));
        if kind == Kind::Post {
            flights.last_posted = local;
        }
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

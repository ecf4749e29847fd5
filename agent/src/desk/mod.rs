//! What the agent decides and keeps: every rule of sessions, letters, the beacon and reports, without a socket and without a
//! wait.
//!
//! # Rules
//!
//! - All sessions and letters are in memory, but for their texts, as they are in the store. What changes is
//!   in the store before anything that follows from it leaves; if the store fails, memory is read again
//!   from it.
//! - Nothing here asks a key service or another node. What is to be asked is handed out as a [`Job`], and
//!   its outcome handed in.

use crate::{
    draw::{Draw, Wanted},
    letter::{LetterRecord, SpareKey},
    record::{Over, Record, Role, State},
    store::{Changes, General, Row, Store, StoreError, value},
};
use q_sah::{AccountId, Numbers};
use qedex_primitives::{
    agent::{AccountBytes, MAX_SESSIONS, Watched},
    qkd::SessionId,
};
use qkms::kme::service::SaeId;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

mod answering;
mod beacon;
mod frames;
mod jobs;
mod ledger;
mod letters;
mod news;
mod opening;
mod refusal;
mod view;

#[cfg(test)]
mod tests;

pub use jobs::{Job, Work};
use ledger::Survey;
pub use letters::{Draft, Knock, Letters, Lookup, Pen, Writing, WrittenView};
pub use opening::{Asked, Place, Plan, Wish};
pub use refusal::Refusal;
pub use view::{Totals, View};

/// For how many blocks a session that is not on the chain, or has ended there, is kept: a fork may bring
/// it back.
pub const KEPT_BLOCKS: u64 = 64;

/// For how many blocks a message 1 waits that was never seen on the chain.
pub const ASKED_BLOCKS: u64 = 256;

/// For how many blocks more the name of a session is kept of which nothing else is left.
pub const NAMED_BLOCKS: u64 = 1_024;

/// The most sessions that are kept, whatever became of them.
pub const MAX_RECORDS: usize = 4_096;

/// Of these, the most when a request of another account is still taken: the others are for this end's own.
pub const MAX_RECORDS_OF_REQUESTS: usize = 3_072;

/// The most sessions with one account that are not over.
pub const MAX_RECORDS_OF_PEER: usize = 64;

/// For how many blocks texts wait for the user when their session is over: a day of blocks of two seconds.
pub const UNREAD_BLOCKS: u64 = 43_200;

/// The most names of sessions that are gone.
const MAX_NAMES: usize = 256;

/// Milliseconds since the Unix epoch.
pub type Clock = dyn Fn() -> u64 + Send + Sync;

/// Fills a slice with random bytes.
pub type Random = dyn Fn(&mut [u8]) -> io::Result<()> + Send + Sync;

/// What the desk has from outside.
#[derive(Clone)]
pub struct Surroundings {
    /// A clock.
    pub clock: Arc<Clock>,
    /// A generator of random numbers.
    pub random: Arc<Random>,
}

impl Surroundings {
    /// Those of the operating system.
    pub fn system() -> Self {
        Self {
            clock: Arc::new(|| {
                let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
            }),
            random: Arc::new(|bytes| getrandom::fill(bytes).map_err(io::Error::other)),
        }
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], Refusal> {
        let mut bytes = [0; N];
        (self.random)(&mut bytes).map_err(|_| Refusal::Random)?;
        Ok(bytes)
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Surroundings(..)")
    }
}

/// How a user names a session: by its number on the chain, or, as the end that opens it and may not have
/// seen it there yet, by the number that it has in message 1 (`asked-NUMBER`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// On the chain.
    Id(SessionId),
    /// In message 1.
    Asked(u64),
}

impl FromStr for Name {
    type Err = Refusal;

    fn from_str(text: &str) -> Result<Self, Refusal> {
        let name = match text.strip_prefix("asked-") {
            Some(number) => number.parse().map(Self::Asked),
            None => text.parse().map(|id| Self::Id(SessionId(id))),
        };
        name.map_err(|_| Refusal::Unknown)
    }
}

/// What is in memory. All but the last four is in the store as well.
struct Books {
    general: General,
    sessions: BTreeMap<u64, Record>,
    letters: BTreeMap<u64, LetterRecord>,
    /// Keys that wait for what they are of, by their names.
    spares: BTreeMap<[u8; 16], SpareKey>,
    /// What is committed to, by the epochs of the beacon.
    draws: BTreeMap<u64, Draw>,
    numbers: BTreeMap<AccountBytes, Numbers>,
    /// Sessions to be written.
    changed: BTreeSet<u64>,
    general_changed: bool,
    /// What else is to be written.
    changes: Changes,
    /// The block of the latest news.
    block: u64,
    /// The last sessions whose turn it was to be watched: of the handshakes, and of the others.
    turns: [Option<SessionId>; 2],
    /// The secret that the latest news wanted.
    wanted: Option<Wanted>,
    /// What was asked of links in the epoch of the latest news.
    survey: Option<Survey>,
}

/// A session as it was stored. What the chain says of it now is still to be told.
fn unconfirmed((local, mut record): (u64, Record)) -> (u64, Record) {
    record.chain = None;
    (local, record)
}

/// So many of all, beginning behind the last one whose turn it was.
fn take_turns(
    all: &BTreeSet<SessionId>,
    last: &mut Option<SessionId>,
    places: usize,
) -> Vec<SessionId> {
    let waited = all.iter().filter(|id| Some(**id) > *last);
    let had_turn = all.iter().filter(|id| Some(**id) <= *last);
    let turn: Vec<_> = waited.chain(had_turn).take(places).copied().collect();
    *last = turn.last().copied().filter(|_| all.len() > places);
    turn
}

impl Books {
    fn load(store: &Store) -> Result<Self, StoreError> {
        Ok(Self {
            general: store.general()?,
            sessions: store.sessions()?.into_iter().map(unconfirmed).collect(),
            letters: store.letters()?.into_iter().collect(),
            spares: store.spares()?.into_iter().collect(),
            draws: store.draws()?.into_iter().collect(),
            numbers: BTreeMap::new(),
            changed: BTreeSet::new(),
            general_changed: false,
            changes: Changes::new(),
            block: 0,
            turns: [None; 2],
            wanted: None,
            survey: None,
        })
    }

    fn is_changed(&self) -> bool {
        self.general_changed || !self.changed.is_empty() || !self.changes.is_empty()
    }

    fn write(&mut self, store: &Store) -> Result<(), StoreError> {
        let mut changes = std::mem::take(&mut self.changes);
        for local in std::mem::take(&mut self.changed) {
            changes.push((Row::Session(local), self.sessions.get(&local).and_then(value)));
        }
        if std::mem::take(&mut self.general_changed) {
            changes.push((Row::General, value(&self.general)));
        }
        store.write(&changes)
    }

    /// Changes a session; it is written if it is another one then.
    fn change<T>(&mut self, local: u64, work: impl FnOnce(&mut Record) -> T) -> Option<T> {
        let record = self.sessions.get_mut(&local)?;
        let before = record.clone();
        let value = work(record);
        if *record != before {
            self.changed.insert(local);
        }
        Some(value)
    }

    fn change_general(&mut self, work: impl FnOnce(&mut General)) {
        let before = self.general.clone();
        work(&mut self.general);
        self.general_changed |= self.general != before;
    }

    /// A number in the store that nothing else has.
    fn next_number(&mut self) -> u64 {
        let number = self.general.next;
        self.change_general(|general| general.next = number.saturating_add(1));
        number
    }

    fn insert(&mut self, record: Record) -> u64 {
        let local = self.next_number();
        self.sessions.insert(local, record);
        self.changed.insert(local);
        local
    }

    fn remove(&mut self, local: u64) {
        self.wipe_unread(local);
        self.sessions.remove(&local);
        self.changed.insert(local);
    }

    /// Wipes what is left of a session but its name, and what it has said to the user.
    fn end(&mut self, local: u64, why: Over) {
        let Some(record) = self.sessions.get(&local).filter(|record| !record.is_over()) else {
            return;
        };
        let outgoing = record.queued().map(|counter| (Row::Outgoing(local, counter), None));
        self.changes.extend(outgoing);
        self.change(local, |record| {
            record.state = State::Over(why);
            record.taken = None;
        });
    }

    /// Wipes the texts of a session that wait for the user.
    fn wipe_unread(&mut self, local: u64) {
        let Some(record) = self.sessions.get(&local) else { return };
        let incoming = record.unread().map(|counter| (Row::Incoming(local, counter), None));
        self.changes.extend(incoming);
        self.change(local, |record| {
            record.fetched = record.received;
            record.unread_bytes = 0;
        });
    }

    fn find(&self, name: Name) -> Result<(u64, &Record), Refusal> {
        let named = |record: &Record| match name {
            Name::Id(id) => record.id == Some(id),
            Name::Asked(number) => record.role == Role::A && record.number == number,
        };
        let mut all = self.sessions.iter();
        let found = all.find(|(_, record)| named(record)).ok_or(Refusal::Unknown)?;
        Ok((*found.0, found.1))
    }

    /// What was answered of an account.
    fn numbers(&mut self, store: &Store, account: AccountBytes) -> Result<Numbers, Refusal> {
        if let Some(numbers) = self.numbers.get(&account) {
            return Ok(*numbers);
        }
        let numbers = match store.read(Row::Numbers(account))? {
            Some(bytes) => Numbers::from_bytes(&bytes).map_err(|_| Refusal::State)?,
            None => Numbers::of(AccountId(account)),
        };
        self.numbers.insert(account, numbers);
        Ok(numbers)
    }

    fn set_numbers(&mut self, account: AccountBytes, numbers: Numbers) {
        self.numbers.insert(account, numbers);
        let bytes = zeroize::Zeroizing::new(numbers.to_bytes().to_vec());
        self.changes.push((Row::Numbers(account), Some(bytes)));
    }
}

/// What the agent decides and keeps.
pub struct Desk {
    sae: SaeId,
    store: Store,
    surroundings: Surroundings,
    /// Whether it commits to what it draws in the beacon.
    commits: bool,
    /// None after a failure of the store: read again.
    books: Mutex<Option<Books>>,
    flights: Arc<Mutex<jobs::Flights>>,
    traffic: Arc<Mutex<letters::Traffic>>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Desk").field("sae", &self.sae).finish_non_exhaustive()
    }
}

impl Desk {
    /// The desk of an SAE, with what its store has.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub fn open(sae: SaeId, store: Store, surroundings: Surroundings) -> Result<Self, StoreError> {
        let books = Mutex::new(Some(Books::load(&store)?));
        let (flights, traffic) = (Arc::default(), Arc::default());
        Ok(Self { sae, store, surroundings, commits: false, books, flights, traffic })
    }

    /// The same, which commits in the beacon, or does not: then it reveals what it had committed to, and no more.
    #[must_use]
    pub fn committing(self, commits: bool) -> Self {
        Self { commits, ..self }
    }

    /// Whose desk it is.
    pub fn sae(&self) -> &SaeId {
        &self.sae
    }

    fn now(&self) -> u64 {
        (self.surroundings.clock)()
    }

    /// Runs `work`, and makes durable what it changed before its value is given away. If it fails, nothing
    /// was changed.
    fn transact<T>(
        &self,
        work: impl FnOnce(&mut Books) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut held = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let mut books = match held.take() {
            Some(books) => books,
            None => Books::load(&self.store)?,
        };
        let result = work(&mut books);
        if books.is_changed() {
            // What is not durable is dropped with the books.
            let value = result?;
            books.write(&self.store)?;
            *held = Some(books);
            return Ok(value);
        }
        // After a failed read the store is opened anew, and whoever had it meanwhile may have written.
        *held = Some(books).filter(|_| !matches!(result, Err(Refusal::Store(_))));
        result
    }

    /// The sessions of which the agent wants to hear: all that are not over, and those that are over here
    /// and not on the chain. Where there are too many, they take turns; handshakes come first, and have
    /// half of the places at most if others want them.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn watched(&self) -> Result<Watched, Refusal> {
        self.transact(|books| {
            let wanted = |record: &&Record| !record.is_over() || record.chain.is_some();
            let all = books.sessions.values().filter(wanted);
            let (urgent, others): (Vec<_>, Vec<_>) = all.partition(|record| record.is_unfinished());
            let [urgent, others] = [urgent, others]
                .map(|all| all.iter().filter_map(|record| record.id).collect::<BTreeSet<_>>());
            let half = MAX_SESSIONS.div_euclid(2);
            let left = MAX_SESSIONS.saturating_sub(others.len());
            let [first, second] = &mut books.turns;
            let mut sessions = take_turns(&urgent, first, half.max(left));
            let left = MAX_SESSIONS.saturating_sub(sessions.len());
            sessions.extend(take_turns(&others, second, left));
            Ok(Watched { sessions })
        })
    }

    /// Wipes a session at this end, with the texts that wait for the user. The chain is not told.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unknown`], or the store.
    pub fn close(&self, name: Name) -> Result<(), Refusal> {
        self.transact(|books| {
            let (local, _) = books.find(name)?;
            books.end(local, Over::Closed);
            books.wipe_unread(local);
            Ok(())
        })
    }
}

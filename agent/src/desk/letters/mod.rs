//! Letters, one text under one key each: those that this end writes, and those that come.
//!
//! - *Written.* A letter is in the store, with its key marked as taken, before it leaves; the key itself is
//!   never there. Letters to one reader go one at a time, in their order, to the address that was named
//!   last; what the reader's node does not take goes again after a rest. It is given up after
//!   [`GIVEN_UP_MS`], or at once when that node says that it is wrong.
//! - *That come.* Whoever brings one is a stranger until its key says otherwise, so it is judged before the
//!   key service is asked: by chain, account and SAE, by its form, by what is known of its key, by the
//!   places that are left for its writer, and by how often strangers had a key asked for in vain.
//! - *A key that was told for a letter that is not authentic is kept*, as it cannot be told again. Somebody
//!   may have altered a true letter, which then finds its key here; or have written the name of a
//!   session's key over rubbish, and the session finds it.
//! - *Nothing comes twice.* The mark of a key's name says which letter had it: that one is taken again and
//!   changes nothing, every other one is refused.

use super::{
    Books, Desk, Refusal,
    answering::names,
    jobs::{Job, Kind, Work},
};
use crate::{
    letter::{Counts, Fate, LetterRecord, SpareKey, Written},
    record::{Record, Role, State},
    store::{Row, value},
};
use q_sah::KeyId;
use qedex_primitives::agent::AccountBytes;
use serde::Serialize;
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use uuid::Uuid;

pub(super) mod budget;
mod reading;
mod writing;

pub use reading::{Knock, Lookup};
pub use writing::{Draft, Pen, Writing};

#[cfg(test)]
pub use {
    reading::{MAX_LOOKUPS_OF_ONE, MAX_PLACES},
    writing::{MAX_DONE, MAX_LETTER_BYTES, MAX_QUEUED_OF_ONE},
};

/// After how many milliseconds a letter that was not delivered is given up, and the key of one that was not
/// authentic is wiped: a day.
pub const GIVEN_UP_MS: u64 = 86_400_000;

/// What is under way of letters. It does not outlive the process.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Letters that are about to be written: how their wishes are named, and to whom they go.
    drafts: Vec<(Option<[u8; 16]>, AccountBytes)>,
    /// Keys that are being asked for.
    lookups: Vec<reading::Asking>,
    budget: budget::Budget,
}

fn lock(traffic: &Mutex<Traffic>) -> MutexGuard<'_, Traffic> {
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Removes one of these, if there is one.
fn remove_one<T>(all: &mut Vec<T>, is_it: impl FnMut(&T) -> bool) {
    if let Some(place) = all.iter().position(is_it) {
        all.swap_remove(place);
    }
}

/// A letter that was written here, as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrittenView {
    /// Its number here.
    pub number: u64,
    /// The reader's account, in hexadecimal.
    pub to: String,
    /// As which SAE the reader draws keys.
    pub to_sae: String,
    /// What it is for.
    pub purpose: u8,
    /// The delivery slot.
    pub slot: u64,
    /// The trade.
    pub trade: u64,
    /// `aead` or `one-time`.
    pub seal: &'static str,
    /// The name of its key.
    #[serde(rename = "key_ID")]
    pub key: Uuid,
    /// When it was written, in milliseconds since the Unix epoch.
    pub written_ms: u64,
    /// `queued`, `delivered` or `given-up`.
    pub state: &'static str,
    /// Why it was given up, or why it waits.
    pub reason: Option<String>,
}

/// Letters, as a user sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Letters {
    /// Those written here, the newest last.
    pub sent: Vec<WrittenView>,
    /// How many came.
    pub received: ReceivedView,
}

/// How many letters came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReceivedView {
    /// That wait for the user.
    pub waiting: u64,
    /// In all.
    pub in_all: u64,
}

impl Books {
    pub(super) fn put_letter(&mut self, number: u64, record: LetterRecord) {
        self.changes.push((Row::Letter(number), value(&record)));
        self.letters.insert(number, record);
    }

    fn drop_letter(&mut self, number: u64) {
        self.changes.push((Row::Letter(number), None));
        self.changes.push((Row::LetterBytes(number), None));
        self.letters.remove(&number);
    }

    fn put_spare(&mut self, id: [u8; 16], spare: SpareKey) {
        self.changes.push((Row::Spare(id), value(&spare)));
        self.spares.insert(id, spare);
    }

    fn drop_spare(&mut self, id: [u8; 16]) {
        self.changes.push((Row::Spare(id), None));
        self.spares.remove(&id);
    }

    fn count_letters(&mut self, count: impl FnOnce(&mut Counts)) {
        self.change_general(|general| count(&mut general.letters));
    }

    /// Letters written here, with their numbers.
    fn written(&self) -> impl Iterator<Item = (u64, &Written)> {
        self.letters.iter().filter_map(|(number, record)| Some((*number, record.written()?)))
    }

    /// Of these, those that wait.
    fn queued_letters(&self) -> impl Iterator<Item = (u64, &Written)> {
        self.letters.iter().filter_map(|(number, record)| Some((*number, record.queued()?)))
    }

    /// How many letters wait, and how many came that the user has not fetched.
    pub(super) fn waiting_letters(&self) -> [u64; 2] {
        let count = |letters: usize| u64::try_from(letters).unwrap_or(u64::MAX);
        let unread = self.letters.values().filter(|record| record.come().is_some());
        [count(self.queued_letters().count()), count(unread.count())]
    }

    /// Whether a session that this end is to answer names this key of the same SAE, and has it not.
    fn is_named(&self, peer_sae: &str, id: KeyId) -> bool {
        self.sessions.values().any(|record| {
            record.role == Role::B
                && matches!(record.state, State::Drawing | State::Drawn(_))
                && record.parties.peer_sae == peer_sae
                && names(record).is_ok_and(|names| names.contains(&Uuid::from_bytes(id.0)))
        })
    }

    /// Whether a key of this name waits that is fit for a session with this SAE; none if none waits.
    pub(super) fn is_spare_for(&self, peer_sae: &str, id: KeyId) -> Option<bool> {
        let spare = self.spares.get(&id.0)?;
        Some(spare.sae == peer_sae && spare.key.0.len() == q_sah::KEY_BYTES)
    }

    /// The keys that a session has to fetch: those that do not wait here.
    pub(super) fn missing(&self, record: &Record) -> Result<Vec<Uuid>, Refusal> {
        let mut ids = names(record)?;
        ids.retain(|id| !self.spares.contains_key(id.as_bytes()));
        Ok(ids)
    }

    /// Takes a key that waits for what it is of.
    pub(super) fn take_spare(&mut self, id: Uuid) -> Option<SpareKey> {
        let spare = self.spares.get(id.as_bytes())?.clone();
        self.drop_spare(id.into_bytes());
        Some(spare)
    }
}

impl Desk {
    /// Whether one of these keys is being asked for, for a letter.
    pub(super) fn is_looked_up(&self, ids: &[Uuid]) -> bool {
        let traffic = lock(&self.traffic);
        traffic.lookups.iter().any(|asking| ids.iter().any(|id| *id.as_bytes() == asking.id.0))
    }

    /// The letters that are to be delivered now: of each reader the first one. Gives up what has waited for
    /// too long, and wipes keys that have.
    pub(super) fn letter_jobs(&self, books: &mut Books, now: u64) -> Vec<Job> {
        let is_old = |since: u64| now.saturating_sub(since) >= GIVEN_UP_MS;
        let spares = books.spares.iter().filter(|(_, spare)| is_old(spare.since));
        let spares: Vec<[u8; 16]> = spares.map(|(id, _)| *id).collect();
        spares.into_iter().for_each(|id| books.drop_spare(id));
        let queued = books.queued_letters().filter(|(_, written)| is_old(written.at));
        let old: Vec<u64> = queued.map(|(number, _)| number).collect();
        for number in old.into_iter().filter(|number| !self.is_airborne(*number, Kind::Letter)) {
            let last = self.failure(number).map(|what| format!("; the last time: {what}"));
            let why = format!("it was not delivered in a day{}", last.unwrap_or_default());
            books.finish_letter(number, Fate::GivenUp(why));
        }
        let heads = books.letter_heads();
        heads.filter_map(|number| self.start(number, Kind::Letter, Work::Letter, now)).collect()
    }

    /// All letters that were written here, and how many came.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn letters(&self) -> Result<Letters, Refusal> {
        self.transact(|books| {
            let sent = books.written().map(|(number, written)| self.letter_view(number, written));
            let [_, waiting] = books.waiting_letters();
            let received = ReceivedView { waiting, in_all: books.general.letters.come };
            Ok(Letters { sent: sent.collect(), received })
        })
    }

    /// One letter that was written here.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unknown`], or the store.
    pub fn letter(&self, number: u64) -> Result<WrittenView, Refusal> {
        self.transact(|books| {
            let written = books.letters.get(&number).and_then(LetterRecord::written);
            Ok(self.letter_view(number, written.ok_or(Refusal::Unknown)?))
        })
    }

    fn letter_view(&self, number: u64, written: &Written) -> WrittenView {
        let (state, reason) = match &written.fate {
            Fate::Queued => ("queued", self.failure(number)),
            Fate::Delivered => ("delivered", None),
            Fate::GivenUp(why) => ("given-up", Some(why.clone())),
        };
        WrittenView {
            number,
            to: format!("0x{}", hex::encode(written.to)),
            to_sae: written.to_sae.clone(),
            purpose: written.head.purpose,
            slot: written.head.slot,
            trade: written.head.trade,
            seal: written.head.seal_name(),
            key: Uuid::from_bytes(written.head.key),
            written_ms: written.at,
            state,
            reason,
        }
    }
}

impl Books {
    /// Of each reader the first letter that waits.
    fn letter_heads(&self) -> impl Iterator<Item = u64> + use<> {
        let mut heads = BTreeMap::new();
        for (number, written) in self.queued_letters() {
            heads.entry((written.to, written.to_sae.clone())).or_insert(number);
        }
        heads.into_values()
    }
}

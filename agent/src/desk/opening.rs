//! A: the sessions that this end opens.
//!
//! - A wish with a UUID is granted once: the same one again gets the same message.
//! - Numbers rise over all sessions, chains of events and crashes: each is higher than the last one given,
//!   than the one that the caller and the chain name, and than the milliseconds since the Unix epoch.
//! - Keys that were drawn and the number are stored with the state before message 1 leaves.

use super::{
    Books, Desk, MAX_RECORDS, Refusal,
    answering::keys_of,
    jobs::{Flights, lock},
};
use crate::record::{Parties, Record, Role, Secret, State};
use q_sah::{Initiator, KEY_BYTES, Key, KeyId, Message1, Nonce, Number, Suite};
use qedex_primitives::agent::AccountBytes;
use qkms::{client, kme::service::SaeId};
use std::sync::{Arc, Mutex};
use uuid::Uuid;

/// The most sessions of this end that are under way.
pub const MAX_UNFINISHED: usize = 64;

/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// What a user wishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// How the user names the wish, if it may ask again.
    pub request: Option<Uuid>,
    /// The hash of the chain's first block.
    pub genesis: [u8; 32],
    /// The account that opens the session.
    pub from: AccountBytes,
    /// The account that is to answer.
    pub to: AccountBytes,
    /// Its SAE.
    pub to_sae: SaeId,
    /// The suite.
    pub suite: Suite,
    /// The highest number that `from` is known to have given.
    pub least_number: u64,
}

/// What a user gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The session's number.
    pub number: u64,
    /// Message 1.
    pub message1: Vec<u8>,
    /// The names of its keys.
    pub ids: Vec<Uuid>,
}

/// What a wish takes.
#[derive(Debug)]
pub enum Plan {
    /// Nothing: it was granted before.
    Granted(Asked),
    /// So many keys, for [`Desk::opened`].
    Draw(Place),
}

/// A place kept free for a session that is about to be opened, until this is dropped.
#[derive(Debug)]
pub struct Place {
    wish: Wish,
    flights: Arc<Mutex<Flights>>,
}

impl Place {
    /// With whom the keys are shared.
    pub fn peer(&self) -> &SaeId {
        &self.wish.to_sae
    }

    /// How many keys it takes.
    pub fn keys(&self) -> usize {
        self.wish.suite.keys()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut flights = lock(&self.flights);
        let ours = self.wish.request.map(Uuid::into_bytes);
        let place = flights.openings.iter().position(|request| *request == ours);
        if let Some(place) = place {
            flights.openings.swap_remove(place);
        }
    }
}

impl Wish {
    fn parties(&self) -> Parties {
        Parties { account: self.from, peer: self.to, peer_sae: self.to_sae.as_str().to_owned() }
    }
}

fn asked(record: &Record) -> Result<Asked, Refusal> {
    let message1 = record.message1.clone();
    Ok(Asked { number: record.number, message1, ids: super::answering::names(record)? })
}

impl Desk {
    /// What a wish takes.
    ///
    /// # Errors
    ///
    /// [`Refusal::Bad`], [`Refusal::OtherChain`], [`Refusal::OtherAccount`], [`Refusal::RequestDiffers`],
    /// [`Refusal::WishOver`], [`Refusal::UnderWay`], [`Refusal::Unfinished`], [`Refusal::Records`], or the store.
    pub fn wish(&self, wish: Wish) -> Result<Plan, Refusal> {
        if wish.from == wish.to {
            return Err(Refusal::Bad("from and to are one account"));
        }
        if wish.to_sae == *self.sae() {
            return Err(Refusal::Bad("to_sae is the agent's own SAE"));
        }
        self.transact(|books| {
            fits(books, wish.genesis)?;
            if books.general.account.is_some_and(|account| account != wish.from) {
                return Err(Refusal::OtherAccount);
            }
            next_number(books, wish.least_number, self.now())?;
            let request = wish.request.map(Uuid::into_bytes);
            let named = |record: &&Record| request.is_some() && record.request == request;
            if let Some(record) = books.sessions.values().find(named) {
                let same = record.parties == wish.parties() && record.suite == wish.suite.code();
                return match (same, record.is_over()) {
                    (false, _) => Err(Refusal::RequestDiffers),
                    // Its keys are wiped: the other end would answer in vain.
                    (true, true) => Err(Refusal::WishOver),
                    (true, false) => Ok(Plan::Granted(asked(record)?)),
                };
            }
            let mut flights = lock(&self.flights);
            if request.is_some() && flights.openings.contains(&request) {
                return Err(Refusal::UnderWay);
            }
            let ours = |record: &&Record| record.role == Role::A && record.is_unfinished();
            let under_way = books.sessions.values().filter(ours).count();
            if under_way.saturating_add(flights.openings.len()) >= MAX_UNFINISHED {
                return Err(Refusal::Unfinished(MAX_UNFINISHED));
            }
            if books.sessions.len() >= MAX_RECORDS {
                return Err(Refusal::Records(MAX_RECORDS));
            }
            flights.openings.push(request);
            Ok(Plan::Draw(Place { wish, flights: Arc::clone(&self.flights) }))
        })
    }

    /// Opens a session with the keys that its place takes.
    ///
    /// # Errors
    ///
    /// [`Refusal::Keys`] if they are not fit, [`Refusal::OtherChain`], [`Refusal::Random`], or the store.
    /// The keys are lost then.
    pub fn opened(&self, place: &Place, keys: Vec<client::Key>) -> Result<Asked, Refusal> {
        let wish = &place.wish;
        self.transact(|books| {
            fits(books, wish.genesis)?;
            if let Some(what) = self.unfit(&keys, place.keys(), KEY_BYTES)? {
                return Err(Refusal::Keys(what));
            }
            let now = self.now();
            let number = next_number(books, wish.least_number, now)?;
            let nonce = Nonce(self.surroundings.random()?);
            let parties = wish.parties();
            self.take(books, &keys);
            let opened = self.ends(wish.genesis, Role::A, &parties).and_then(|ends| {
                let key = |key: client::Key| Key::new(KeyId(key.id.into_bytes()), key.bytes);
                let keys = keys_of(wish.suite, keys.into_iter().map(key).collect())?;
                let initiator = Initiator::open(ends, keys, Number(number), nonce)?;
                Ok((Message1::parse(initiator.message1())?, initiator))
            });
            let (message1, initiator) = opened.map_err(|_| Refusal::State)?;
            let mut record = Record::new(Role::A, parties, &message1, now);
            record.request = wish.request.map(Uuid::into_bytes);
            record.state = State::Asked(Secret(initiator.to_secret_bytes()));
            books.change_general(|general| general.last_number = number);
            let asked = asked(&record)?;
            books.insert(record);
            Ok(asked)
        })
    }
}

/// Whether this is the chain that the agent serves, as far as the worker has told it one. A user does not: one
/// word to the wrong node would bar the right one for good.
pub(super) fn fits(books: &Books, genesis: [u8; 32]) -> Result<(), Refusal> {
    match books.general.genesis {
        Some(ours) if ours != genesis => Err(Refusal::OtherChain),
        _ => Ok(()),
    }
}

/// A number above all that were given. One that a node says is believed as far as a day ahead of the clock:
/// a higher one, once given, would leave the account no numbers.
fn next_number(books: &Books, least: u64, now: u64) -> Result<u64, Refusal> {
    if least > now.saturating_add(DAY_MS) {
        return Err(Refusal::Bad("least_number is more than a day ahead of the clock"));
    }
    let highest = books.general.last_number.max(least).max(now);
    highest.checked_add(1).ok_or(Refusal::Bad("least_number leaves no higher number"))
}

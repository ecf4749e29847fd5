//! B: which requests get an answer, with which keys, and in which order.
//!
//! - A request is judged before any key is asked for: by its form, its ends, the numbers of its A, and
//!   whether a key of it was taken before.
//! - Requests of one A are answered in the order of their numbers: an answer to a higher one would bar all
//!   lower ones for ever.
//! - One account has [`MAX_RECORDS_OF_PEER`] sessions here at most; its further requests get no answer.
//! - Keys are stored when they come, and gone with the transaction that stores the answer.

use super::{Books, Desk, MAX_RECORDS_OF_PEER, MAX_RECORDS_OF_REQUESTS, Refusal};
use crate::{
    keys::may_pass,
    record::{OnChain, Over, Parties, Record, Role, Said, Secret, State, sha256},
    store::Row,
};
use q_sah::{
    AccountId, End, Ends, Error, GenesisHash, KEY_BYTES, Key, KeyId, Keys, Message1, Message2,
    Nonce, ONE_TIME_KEYS, Responder, SaeId, Suite, Verdict,
};
use qedex_primitives::{
    agent::{AccountBytes, News},
    qkd::{SaeId as ChainSae, Session, SessionStage},
};
use qkms::{client, kme::service};
use std::{collections::BTreeMap, str::FromStr};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Under which label a key's name has its fingerprint.
pub(super) const NAME: u8 = 1;

/// Under which label a key has its fingerprint.
const KEY: u8 = 2;

/// Under which label an envelope that came has its fingerprint.
pub(super) const LETTER: u8 = 3;

/// Under which label the text of a letter has its fingerprint.
pub(super) const TEXT: u8 = 4;

/// The keys of a suite, in their order.
pub(super) fn keys_of(suite: Suite, keys: Vec<Key>) -> Result<Keys, Error> {
    match suite {
        Suite::Hmac => {
            let [key]: [Key; 1] = keys.try_into().map_err(|_| Error::Kid)?;
            Keys::hmac(key)
        }
        Suite::OneTime => {
            let keys: [Key; ONE_TIME_KEYS] = keys.try_into().map_err(|_| Error::Kid)?;
            Keys::one_time(keys)
        }
    }
}

impl Desk {
    /// The ends of a session, in the order of A and B.
    pub(super) fn ends(
        &self,
        genesis: [u8; 32],
        role: Role,
        parties: &Parties,
    ) -> Result<Ends, Error> {
        let end = |account, sae| End { account: AccountId(account), sae };
        let ours = end(parties.account, SaeId::new(self.sae.as_str())?);
        let theirs = end(parties.peer, SaeId::new(&parties.peer_sae)?);
        let (from, to) = match role {
            Role::A => (ours, theirs),
            Role::B => (theirs, ours),
        };
        Ends::new(GenesisHash(genesis), from, to)
    }

    /// Whether a key of this name was taken before.
    fn is_taken(&self, label: u8, bytes: &[u8]) -> Result<bool, Refusal> {
        let print = self.store.fingerprint(label, bytes);
        Ok(self.store.read(Row::Used(print))?.is_some())
    }

    /// What is wrong with keys that the key service gave, if anything is; then none of them is used. Each is
    /// to have so many bytes.
    pub(super) fn unfit(
        &self,
        keys: &[client::Key],
        number: usize,
        bytes: usize,
    ) -> Result<Option<&'static str>, Refusal> {
        if keys.len() != number {
            return Ok(Some("another number of keys than was asked for"));
        }
        for key in keys {
            if key.bytes.len() != bytes {
                return Ok(Some("a key that has not the size that was asked for"));
            }
            let taken =
                self.is_taken(NAME, key.id.as_bytes())? || self.is_taken(KEY, &key.bytes)?;
            if taken {
                return Ok(Some("a key that was used before"));
            }
        }
        for (position, key) in (1_usize..).zip(keys) {
            let same = |other: &client::Key| other.id == key.id || other.bytes == key.bytes;
            if keys.iter().skip(position).any(same) {
                return Ok(Some("the same key twice"));
            }
        }
        Ok(None)
    }

    /// Marks keys as taken, for good.
    pub(super) fn take(&self, books: &mut Books, keys: &[client::Key]) {
        let prints = keys.iter().flat_map(|key| {
            [(NAME, &key.id.as_bytes()[..]), (KEY, &key.bytes[..])]
                .map(|(label, bytes)| self.store.fingerprint(label, bytes))
        });
        let marks = prints.map(|print| (Row::Used(print), Some(Zeroizing::default())));
        books.changes.extend(marks);
        let number = u64::try_from(keys.len()).unwrap_or(u64::MAX);
        let bytes = keys.iter().map(|key| u64::try_from(key.bytes.len()).unwrap_or(u64::MAX));
        let bits = bytes.fold(0, u64::saturating_add).saturating_mul(8);
        books.change_general(|general| {
            general.keys = general.keys.saturating_add(number);
            general.bits = general.bits.saturating_add(bits);
        });
    }

    /// A new request, if it is one that is answered once its keys are here.
    pub(super) fn consider(
        &self,
        books: &mut Books,
        news: &News,
        session: &Session<AccountBytes, u64>,
        saes: &[Option<ChainSae>; 2],
    ) -> Result<Option<Record>, Refusal> {
        let SessionStage::Requested { message1, .. } = &session.stage else { return Ok(None) };
        let [Some(from), Some(to)] = saes else { return Ok(None) };
        let ours = session.to.account == news.account && to[..] == *self.sae.as_str().as_bytes();
        let peer_sae = std::str::from_utf8(from).ok().map(service::SaeId::from_str);
        let (true, Some(Ok(peer_sae))) = (ours, peer_sae) else { return Ok(None) };
        let Ok(message1) = Message1::parse(message1) else { return Ok(None) };
        let says_the_same = message1.from().0 == session.from.account
            && message1.to().0 == session.to.account
            && message1.number().0 == session.number
            && message1.suite().code() == session.suite;
        let peer = session.from.account;
        let lives = |record: &&Record| record.parties.peer == peer && !record.is_over();
        let is_full = books.sessions.len() >= MAX_RECORDS_OF_REQUESTS
            || books.sessions.values().filter(lives).count() >= MAX_RECORDS_OF_PEER;
        if !says_the_same || is_full {
            return Ok(None);
        }
        let numbers = books.numbers(&self.store, session.from.account)?;
        if numbers.judge(&message1) != Ok(Verdict::New) {
            return Ok(None);
        }
        for id in message1.keys() {
            // A stranger may have written the name of this key into a letter, to have it drawn too early.
            let is_free = match books.is_spare_for(peer_sae.as_str(), *id) {
                Some(fits) => fits,
                None => !self.is_taken(NAME, &id.0)?,
            };
            if !is_free || books.is_awaited(peer_sae.as_str(), *id) {
                return Ok(None);
            }
        }
        let parties = Parties {
            account: session.to.account,
            peer: session.from.account,
            peer_sae: peer_sae.into(),
        };
        Ok(Some(Record::new(Role::B, parties, &message1, self.now())))
    }

    /// Takes what the key service gave for a session, in the order of the names in message 1.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn collected(
        &self,
        local: u64,
        result: Result<Vec<client::Key>, client::Error>,
    ) -> Result<(), Refusal> {
        self.transact(|books| {
            let record = books.sessions.get(&local);
            let Some(record) = record.filter(|record| record.state == State::Drawing) else {
                return Ok(());
            };
            let ids = books.missing(record)?;
            let keys = match result {
                Ok(keys) => keys,
                Err(error) if may_pass(&error) => {
                    self.failed(local, &error.to_string());
                    return Ok(());
                }
                Err(_) => {
                    let why = "the key service does not tell the keys that message 1 names";
                    books.end(local, Over::GivenUp(why.into()));
                    return self.answer_ready(books);
                }
            };
            let named = keys.iter().map(|key| &key.id).eq(&ids);
            let other = Some("other keys than those asked for").filter(|_| !named);
            match other
                .map_or_else(|| self.unfit(&keys, ids.len(), KEY_BYTES), |what| Ok(Some(what)))?
            {
                Some(what) => {
                    let why = format!("the key service's answer cannot be used: {what}");
                    books.end(local, Over::GivenUp(why));
                }
                None => {
                    self.recovered(local);
                    self.take(books, &keys);
                    books.draw(local, keys)?;
                }
            }
            self.answer_ready(books)
        })
    }

    /// Answers every request that has its keys and whose turn it is.
    pub(super) fn answer_ready(&self, books: &mut Books) -> Result<(), Refusal> {
        loop {
            let mut heads = books.heads();
            let ready = heads.find(|(_, record)| {
                let is_here = || books.missing(record).is_ok_and(|missing| missing.is_empty());
                record.state != State::Drawing || is_here()
            });
            let Some((local, record)) = ready else { return Ok(()) };
            if record.state == State::Drawing {
                drop(heads);
                books.draw(local, Vec::new())?;
            } else {
                drop(heads);
                self.answer(books, local)?;
            }
        }
    }

    fn answer(&self, books: &mut Books, local: u64) -> Result<(), Refusal> {
        let genesis = books.general.genesis.ok_or(Refusal::State)?;
        let record = books.sessions.get(&local).ok_or(Refusal::State)?;
        let State::Drawn(keys) = &record.state else { return Err(Refusal::State) };
        let (parties, message1) = (record.parties.clone(), record.message1.clone());
        let key = |(id, bytes): &([u8; 16], Secret)| Key::new(KeyId(*id), bytes.0.clone());
        let keys = keys.iter().map(key).collect();
        let suite = record.suite;
        let mut numbers = books.numbers(&self.store, parties.peer)?;
        let nonce = Nonce(self.surroundings.random()?);
        let answered = Suite::from_code(suite).and_then(|suite| {
            let ends = self.ends(genesis, Role::B, &parties)?;
            let keys = keys_of(suite, keys)?;
            let responder = Responder::answer(ends, &message1, keys, nonce, &mut numbers)?;
            let confirmation = Message2::parse(suite, responder.message2())?.confirmation;
            Ok((responder, confirmation))
        });
        match answered {
            Ok((responder, confirmation)) => {
                books.set_numbers(parties.peer, numbers);
                let message = responder.message2().to_vec();
                let answered = sha256(&message1);
                books.change(local, |record| {
                    record.said = Some(Said { answered, message, confirmation });
                    record.state = State::Answered(Secret(responder.to_secret_bytes()));
                });
            }
            Err(error) => books.end(local, Over::GivenUp(error.to_string())),
        }
        Ok(())
    }
}

/// The names of a session's keys, as message 1 has them.
pub(super) fn names(record: &Record) -> Result<Vec<Uuid>, Refusal> {
    let message1 = Message1::parse(&record.message1).map_err(|_| Refusal::State)?;
    Ok(message1.keys().iter().map(|id| Uuid::from_bytes(id.0)).collect())
}

impl Books {
    /// Of each A, the request whose turn it is: of those that the chain has now, the one of the lowest
    /// number.
    pub(super) fn heads(&self) -> impl Iterator<Item = (u64, &Record)> {
        let mut heads = BTreeMap::new();
        for (local, record) in &self.sessions {
            if record.role == Role::B && record.awaits_answer() {
                let turn = (record.number, *local);
                let head = heads.entry(record.parties.peer).or_insert((turn, record));
                if turn < head.0 {
                    *head = (turn, record);
                }
            }
        }
        heads.into_values().map(|((_, local), record)| (local, record))
    }

    /// Gives a session its keys: these, and those that waited for it.
    fn draw(&mut self, local: u64, keys: Vec<client::Key>) -> Result<(), Refusal> {
        let ids = names(self.sessions.get(&local).ok_or(Refusal::State)?)?;
        let mut fetched: BTreeMap<Uuid, Secret> =
            keys.into_iter().map(|key| (key.id, Secret(key.bytes))).collect();
        let mut drawn = Vec::with_capacity(ids.len());
        for id in ids {
            let key = fetched.remove(&id).or_else(|| self.take_spare(id).map(|spare| spare.key));
            drawn.push((id.into_bytes(), key.ok_or(Refusal::State)?));
        }
        self.change(local, |record| record.state = State::Drawn(drawn));
        Ok(())
    }

    /// Whether a request that is under way names this key of the same master.
    fn is_awaited(&self, peer_sae: &str, id: KeyId) -> bool {
        self.sessions.values().any(|record| {
            record.role == Role::B
                && matches!(record.state, State::Drawing | State::Drawn(_))
                && record.chain == Some(OnChain::Requested)
                && record.parties.peer_sae == peer_sae
                && names(record).is_ok_and(|names| names.contains(&Uuid::from_bytes(id.0)))
        })
    }
}

#[cfg(test)]
impl Desk {
    /// Whether a key of these bytes was taken.
    pub(super) fn is_known(&self, bytes: &[u8]) -> bool {
        self.is_taken(KEY, bytes).unwrap()
    }
}

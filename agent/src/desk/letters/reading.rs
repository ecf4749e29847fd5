//! The letters that come. Whoever brings one is a stranger.

use super::{Books, Desk, Refusal, Traffic, lock, remove_one};
use crate::{
    desk::answering::{LETTER, NAME},
    letter::{Come, Envelope, Head, LetterRecord, SpareKey},
    record::Secret,
    serve::Network,
    store::Row,
};
use q_sah::{AccountId, End, Ends, GenesisHash, Key, KeyId, Letter, SaeId as End14};
use qkms::{
    client::{self, Error},
    kme::service::SaeId,
};
use std::sync::{Arc, Mutex};
use uuid::Uuid;
use zeroize::Zeroizing;

/// Places for one writer's SAE: letters that wait for the user, keys without their letter, and questions
/// under way.
pub const MAX_PLACES: usize = 64;

/// Places for all of them.
pub const MAX_ALL_PLACES: usize = 1_024;

/// The most bytes of texts from one SAE that wait for the user, and the most that are handed out at once.
pub const MAX_BYTES: u64 = 1 << 20;

/// The most questions to the key service at once for letters, ...
pub const MAX_LOOKUPS: usize = 8;

/// ... and of these, for letters from one network.
pub const MAX_LOOKUPS_OF_ONE: usize = 2;

/// The most letters that are handed out at once.
pub const MAX_FETCHED: usize = 64;

/// The longest key that fits a letter, in bytes.
const MAX_KEY_BYTES: usize = q_sah::MAX_TEXT_BYTES + q_sah::KEY_BYTES;

/// A key that is being asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asking {
    sae: SaeId,
    /// Its name.
    pub id: KeyId,
    network: Network,
}

/// What a letter that came takes.
// One of a kind at a time.
#[allow(clippy::large_enum_variant)]
#[derive(Debug)]
pub enum Knock {
    /// Nothing: it was taken, now or before.
    Taken,
    /// Its key, for [`Desk::looked_up`].
    Draw(Lookup),
}

/// A letter whose key is asked for. While it is held, it has its place, and the key is not asked for again.
#[derive(Debug)]
pub struct Lookup {
    envelope: Envelope,
    /// The fingerprint of the envelope.
    print: [u8; 32],
    asking: Asking,
    traffic: Arc<Mutex<Traffic>>,
}

impl Lookup {
    /// Who has drawn the key, as the envelope says.
    pub fn peer(&self) -> &SaeId {
        &self.asking.sae
    }

    /// The key's name.
    pub fn id(&self) -> Uuid {
        Uuid::from_bytes(self.asking.id.0)
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        remove_one(&mut lock(&self.traffic).lookups, |asking| *asking == self.asking);
    }
}

/// Opens a letter under a key.
fn open(
    envelope: &Envelope,
    letter: &Letter<'_>,
    key: &Zeroizing<Vec<u8>>,
) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    let ends = ends(envelope, letter)?;
    let key = Key::new(letter.key, key.clone());
    letter.open(&ends, letter.about, key).map_err(|_| Refusal::NotAuthentic)
}

fn ends(envelope: &Envelope, letter: &Letter<'_>) -> Result<Ends, Refusal> {
    let end =
        |account: AccountId, sae: &SaeId| End14::new(sae.as_str()).map(|sae| End { account, sae });
    let ends = end(letter.from, &envelope.from_sae).and_then(|from| {
        let to = end(letter.to, &envelope.to_sae)?;
        Ends::new(GenesisHash(envelope.genesis), from, to)
    });
    ends.map_err(Refusal::NoLetter)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// A letter as it is handed out.
pub type Received = (Come, Zeroizing<Vec<u8>>);

impl Desk {
    /// Judges an envelope that came from this network, and takes its letter if its key is here.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoEnvelope`] and [`Refusal::NoLetter`] if the bytes are none, [`Refusal::NotTold`],
    /// [`Refusal::OtherChain`], [`Refusal::OtherReader`], [`Refusal::KeyUsed`], [`Refusal::KeyUnderWay`],
    /// [`Refusal::NotAuthentic`], [`Refusal::InboxFull`], [`Refusal::Busy`], or the store. Nothing has
    /// changed then.
    pub fn knock(&self, bytes: &[u8], network: Network) -> Result<Knock, Refusal> {
        let envelope = Envelope::parse(bytes).ok_or(Refusal::NoEnvelope)?;
        let letter = Letter::parse(&envelope.letter).map_err(Refusal::NoLetter)?;
        ends(&envelope, &letter)?;
        let print = self.store.fingerprint(LETTER, bytes);
        self.transact(|books| {
            self.is_for_us(books, &envelope, &letter)?;
            let sae = &envelope.from_sae;
            if let Some(spare) = books.spares.get(&letter.key.0) {
                if spare.sae != sae.as_str() {
                    return Err(Refusal::NotAuthentic);
                }
                let text = open(&envelope, &letter, &spare.key.0)?;
                books.room(sae, length(&text))?;
                books.drop_spare(letter.key.0);
                self.take_in(books, &envelope, &letter, text, &print);
                return Ok(Knock::Taken);
            }
            let mark = Row::Used(self.store.fingerprint(NAME, &letter.key.0));
            match self.store.read(mark)? {
                Some(taken) if taken[..] == print => return Ok(Knock::Taken),
                Some(_) => return Err(Refusal::KeyUsed),
                None if books.is_named(sae.as_str(), letter.key) => return Err(Refusal::KeyUsed),
                None => {}
            }
            books.room(sae, length(&envelope.letter))?;
            let mut traffic = lock(&self.traffic);
            let asking = Asking { sae: sae.clone(), id: letter.key, network };
            traffic.admit(books, &asking, self.now())?;
            traffic.lookups.push(asking.clone());
            let traffic = Arc::clone(&self.traffic);
            Ok(Knock::Draw(Lookup { envelope: envelope.clone(), print, asking, traffic }))
        })
    }

    fn is_for_us(
        &self,
        books: &Books,
        envelope: &Envelope,
        letter: &Letter<'_>,
    ) -> Result<(), Refusal> {
        let (Some(genesis), Some(account)) = (books.general.genesis, books.general.account) else {
            return Err(Refusal::NotTold);
        };
        if envelope.genesis != genesis {
            return Err(Refusal::OtherChain);
        }
        let ours = letter.to.0 == account && envelope.to_sae == *self.sae();
        if ours { Ok(()) } else { Err(Refusal::OtherReader) }
    }

    /// Takes what the key service said of a letter's key: the letter, if it is authentic under it, and else
    /// the key.
    ///
    /// # Errors
    ///
    /// [`Refusal::NoKey`] if there is none, or it is not fit, [`Refusal::KeyService`] if it may be there
    /// later, [`Refusal::NotAuthentic`], what the chain has changed meanwhile, or the store.
    pub fn looked_up(
        &self,
        lookup: &Lookup,
        result: Result<Vec<client::Key>, Error>,
    ) -> Result<(), Refusal> {
        let keys = result.map_err(|error| match error {
            Error::Refused(_) | Error::Unauthorised => Refusal::NoKey,
            _ => Refusal::KeyService,
        })?;
        let taken = self.transact(|books| {
            let Lookup { envelope, asking, .. } = lookup;
            let [key] = &keys[..] else { return Ok(Err(Refusal::NoKey)) };
            let fits = *key.id.as_bytes() == asking.id.0 && key.bytes.len() <= MAX_KEY_BYTES;
            if !fits || self.unfit(&keys, 1, key.bytes.len())?.is_some() {
                let mark = Row::Used(self.store.fingerprint(NAME, &asking.id.0));
                books.changes.push((mark, Some(Zeroizing::default())));
                return Ok(Err(Refusal::NoKey));
            }
            self.take(books, &keys);
            let letter = Letter::parse(&envelope.letter).map_err(Refusal::NoLetter)?;
            let ours = self.is_for_us(books, envelope, &letter);
            match ours.and_then(|()| open(envelope, &letter, &key.bytes)) {
                Ok(text) => {
                    self.take_in(books, envelope, &letter, text, &lookup.print);
                    Ok(Ok(()))
                }
                Err(refusal) => {
                    let sae = asking.sae.as_str().to_owned();
                    let key = Secret(key.bytes.clone());
                    let spare = SpareKey { sae, key, since: self.now() };
                    books.put_spare(asking.id.0, spare);
                    Ok(Err(refusal))
                }
            }
        })?;
        if taken.is_ok() {
            lock(&self.traffic).budget.give_back(lookup.asking.network);
        }
        taken
    }

    /// Keeps an authentic letter for the user, and notes which one had its key.
    fn take_in(
        &self,
        books: &mut Books,
        envelope: &Envelope,
        letter: &Letter<'_>,
        text: Zeroizing<Vec<u8>>,
        print: &[u8; 32],
    ) {
        let number = books.next_number();
        let come = Come {
            from: letter.from.0,
            from_sae: envelope.from_sae.as_str().to_owned(),
            head: Head::of(letter),
            bytes: length(&text),
        };
        let mark = Row::Used(self.store.fingerprint(NAME, &letter.key.0));
        books.changes.push((mark, Some(Zeroizing::new(print.to_vec()))));
        books.changes.push((Row::LetterBytes(number), Some(text)));
        books.put_letter(number, LetterRecord::Come(come));
        books.count_letters(|counts| counts.come = counts.come.saturating_add(1));
    }

    /// Hands out the first letters that wait for the user, and forgets them: at most [`MAX_FETCHED`], and
    /// behind the first one no more than [`MAX_BYTES`] of texts.
    ///
    /// # Errors
    ///
    /// The store.
    pub fn receive_letters(&self) -> Result<Vec<Received>, Refusal> {
        self.transact(|books| {
            let all = books.letters.iter();
            let come = all.filter_map(|(number, record)| Some((*number, record.come()?.clone())));
            let come: Vec<(u64, Come)> = come.take(MAX_FETCHED).collect();
            let (mut letters, mut bytes) = (Vec::new(), 0_u64);
            for (number, come) in come {
                bytes = bytes.saturating_add(come.bytes);
                if bytes > MAX_BYTES && !letters.is_empty() {
                    break;
                }
                let text = self.store.read(Row::LetterBytes(number))?.ok_or(Refusal::State)?;
                books.drop_letter(number);
                letters.push((come, text));
            }
            Ok(letters)
        })
    }
}

impl Books {
    /// Whether so many bytes more fit with what waits from an SAE.
    fn room(&self, sae: &SaeId, more: u64) -> Result<(), Refusal> {
        let come = self.letters.values().filter_map(LetterRecord::come);
        let theirs = come.filter(|come| come.from_sae == sae.as_str()).map(|come| come.bytes);
        let bytes = theirs.fold(more, u64::saturating_add);
        if bytes > MAX_BYTES { Err(Refusal::InboxFull) } else { Ok(()) }
    }
}

impl Traffic {
    /// Whether a key may be asked for; then that counts.
    fn admit(&mut self, books: &Books, asking: &Asking, now: u64) -> Result<(), Refusal> {
        if self.lookups.iter().any(|other| other.id == asking.id) {
            return Err(Refusal::KeyUnderWay);
        }
        let come = books.letters.values().filter_map(LetterRecord::come);
        let waiting = come.map(|come| come.from_sae.as_str());
        let spare = books.spares.values().map(|spare| spare.sae.as_str());
        let asked = self.lookups.iter().map(|asking| asking.sae.as_str());
        let all: Vec<&str> = waiting.chain(spare).chain(asked).collect();
        let theirs = all.iter().filter(|sae| **sae == asking.sae.as_str()).count();
        if theirs >= MAX_PLACES || all.len() >= MAX_ALL_PLACES {
            return Err(Refusal::InboxFull);
        }
        let of_one = self.lookups.iter().filter(|other| other.network == asking.network).count();
        if self.lookups.len() >= MAX_LOOKUPS || of_one >= MAX_LOOKUPS_OF_ONE {
            return Err(Refusal::Busy);
        }
        if self.budget.take(asking.network, now) { Ok(()) } else { Err(Refusal::Busy) }
    }
}

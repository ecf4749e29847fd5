//! The three messages as bytes. Nothing here knows a key.
//!
//! All lengths are fixed by the suite; numbers are little-endian, as SCALE has them.
//!
//! | message 1 | bytes | | message 2 | bytes | | message 3 | bytes |
//! |---|---|---|---|---|---|---|---|
//! | version (1) | 1 | | nB | 32 | | MAC3 | 32 or 16 |
//! | suite | 1 | | c = SHA-256(MAC3) | 32 | | | |
//! | A | 32 | | MAC | 32 or 16 | | | |
//! | B | 32 | | | | | | |
//! | names of the keys | 16 each, 1 or 4 | | | | | | |
//! | number | 8 | | | | | | |
//! | nA | 32 | | | | | | |
//! | MAC | 32 or 16 | | | | | | |

use crate::{
    AccountId, Ends, Error, Suite,
    bytes::Reader,
    hash::sha256,
    key::{KeyId, Keys},
    schedule::Tag,
};
use alloc::vec::Vec;
use subtle::ConstantTimeEq;

/// The version that is spoken here.
pub const VERSION: u8 = 1;

/// The number of a session. Each session that an account opens has a higher one than all before it,
/// whomever it is with, and zero is none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct Number(pub u64);

/// Thirty-two bytes of a generator of random numbers, never given twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Nonce(pub [u8; 32]);

/// Message 1, read. Whether it is authentic only its keys can tell.
#[derive(Clone, PartialEq, Eq, Debug, Hash)]
pub struct Message1 {
    suite: Suite,
    from: AccountId,
    to: AccountId,
    keys: Vec<KeyId>,
    number: Number,
    nonce: Nonce,
    bytes: Vec<u8>,
}

impl Message1 {
    /// Its length in bytes.
    pub const fn length(suite: Suite) -> usize {
        match suite {
            Suite::Hmac => 154,
            Suite::OneTime => 186,
        }
    }

    /// Reads a message, before any key is drawn.
    ///
    /// # Errors
    ///
    /// [`Error::Version`] and [`Error::Suite`] if these are unknown, [`Error::Length`] if it is cut or
    /// extended, [`Error::SameEnd`] if an account speaks with itself, [`Error::KidRepeated`] if a key
    /// is named twice, [`Error::Number`] if the number is zero.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        if reader.byte()? != VERSION {
            return Err(Error::Version);
        }
        let suite = Suite::from_code(reader.byte()?)?;
        let (from, to) = (AccountId(reader.array()?), AccountId(reader.array()?));
        let keys = (0..suite.keys()).map(|_| reader.array().map(KeyId));
        let keys = keys.collect::<Result<Vec<_>, Error>>()?;
        let (number, nonce) = (Number(reader.u64()?), Nonce(reader.array()?));
        reader.slice(suite.tag_bytes())?;
        reader.end()?;
        if from == to {
            return Err(Error::SameEnd);
        }
        if (1_usize..).zip(&keys).any(|(position, id)| keys.iter().skip(position).any(|k| k == id))
        {
            return Err(Error::KidRepeated);
        }
        if number.0 == 0 {
            return Err(Error::Number);
        }
        Ok(Self { suite, from, to, keys, number, nonce, bytes: bytes.to_vec() })
    }

    /// T1: all but the MAC.
    pub(crate) fn write(ends: &Ends, keys: &Keys, number: Number, nonce: Nonce) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::length(keys.suite()));
        bytes.extend([VERSION, keys.suite().code()]);
        bytes.extend(ends.from().account.0);
        bytes.extend(ends.to().account.0);
        keys.ids().for_each(|id| bytes.extend(id.0));
        bytes.extend(number.0.to_le_bytes());
        bytes.extend(nonce.0);
        bytes
    }

    /// The suite.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// A, who opens the session.
    pub fn from(&self) -> AccountId {
        self.from
    }

    /// B, who is to answer.
    pub fn to(&self) -> AccountId {
        self.to
    }

    /// The names of the keys to draw, in order.
    pub fn keys(&self) -> &[KeyId] {
        &self.keys
    }

    /// The session's number.
    pub fn number(&self) -> Number {
        self.number
    }

    /// nA.
    pub fn nonce(&self) -> Nonce {
        self.nonce
    }

    /// The whole message.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// T1.
    pub(crate) fn text(&self) -> &[u8] {
        self.split().0
    }

    /// The MAC.
    pub(crate) fn tag(&self) -> &[u8] {
        self.split().1
    }

    fn split(&self) -> (&[u8], &[u8]) {
        let text = self.bytes.len().saturating_sub(self.suite.tag_bytes());
        self.bytes.split_at_checked(text).unwrap_or_default()
    }

    /// The hash that stands for the whole message in [`Numbers`](crate::Numbers).
    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256(&[&self.bytes])
    }
}

/// Message 2, read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Message2<'a> {
    /// nB.
    pub nonce: Nonce,
    /// c, the hash of the message 3 that the session is waiting for: see [`check_confirmation`].
    pub confirmation: [u8; 32],
    /// T2: all but the MAC.
    pub(crate) text: &'a [u8],
    pub(crate) tag: &'a [u8],
}

impl<'a> Message2<'a> {
    /// Bytes of T2.
    const TEXT: usize = 64;

    /// Its length in bytes.
    pub const fn length(suite: Suite) -> usize {
        match suite {
            Suite::Hmac => 96,
            Suite::OneTime => 80,
        }
    }

    /// Reads a message.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if it is cut or extended.
    pub fn parse(suite: Suite, bytes: &'a [u8]) -> Result<Self, Error> {
        let mut whole = Reader::new(bytes);
        let text = whole.slice(Self::TEXT)?;
        let tag = whole.slice(suite.tag_bytes())?;
        whole.end()?;
        let mut reader = Reader::new(text);
        let (nonce, confirmation) = (Nonce(reader.array()?), reader.array()?);
        Ok(Self { nonce, confirmation, text, tag })
    }

    /// T2: all but the MAC.
    pub(crate) fn write(nonce: Nonce, third: &Tag) -> Vec<u8> {
        let mut bytes = nonce.0.to_vec();
        bytes.extend(third.commitment());
        bytes
    }
}

/// Whether `message3` is the one that message 2 promised with `c`: who has no key can check that both
/// ends computed the same.
///
/// In the one-time suite too this rests on SHA-256: it is computational there.
pub fn check_confirmation(c: &[u8; 32], message3: &[u8]) -> bool {
    let length = [Suite::Hmac, Suite::OneTime].iter().any(|s| s.tag_bytes() == message3.len());
    length && bool::from(sha256(&[message3]).ct_eq(c))
}

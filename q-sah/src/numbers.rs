//! Which sessions of an account were answered: old ones are refused for ever, in 72 bytes.

use crate::{AccountId, Error, Message1, Number, bytes::Reader};

/// What a message 1 is to who has kept [`Numbers`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Verdict {
    /// It would open a session: draw its keys, and answer.
    New,
    /// It is the one that was answered last: send that answer again, and draw nothing.
    Again,
}

/// What an end keeps of each account that opens sessions with it: the highest number it has answered,
/// and the hash of that message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Numbers {
    from: AccountId,
    highest: Number,
    digest: [u8; 32],
}

impl Numbers {
    /// Bytes that it takes.
    pub const BYTES: usize = 72;

    /// No session of this account was answered yet.
    pub const fn of(from: AccountId) -> Self {
        Self { from, highest: Number(0), digest: [0; 32] }
    }

    /// The highest number that was answered; zero if none.
    pub fn highest(&self) -> Number {
        self.highest
    }

    /// What to do with a message, before any key is drawn.
    ///
    /// # Errors
    ///
    /// [`Error::Account`] if it is of another account, [`Error::Number`] if it is old, or another one
    /// under the number of the last.
    pub fn judge(&self, message: &Message1) -> Result<Verdict, Error> {
        if message.from() != self.from {
            return Err(Error::Account);
        }
        if message.number() > self.highest {
            return Ok(Verdict::New);
        }
        let same = message.number() == self.highest && message.digest() == self.digest;
        if same { Ok(Verdict::Again) } else { Err(Error::Number) }
    }

    /// Notes an answer. Only an authentic message comes here.
    pub(crate) fn accept(&mut self, message: &Message1) {
        self.highest = message.number();
        self.digest = message.digest();
    }

    /// To be stored. Nothing in it is secret.
    pub fn to_bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let number = self.highest.0.to_le_bytes();
        let all = self.from.0.iter().chain(&number).chain(&self.digest);
        bytes.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
        bytes
    }

    /// What was stored.
    ///
    /// # Errors
    ///
    /// [`Error::State`] if that was something else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(bytes);
        let mut read = || {
            let from = AccountId(reader.array()?);
            Ok(Self { from, highest: Number(reader.u64()?), digest: reader.array()? })
        };
        let numbers = read().map_err(|_: Error| Error::State)?;
        reader.end().map_err(|_| Error::State)?;
        Ok(numbers)
    }
}

//! Keys of one quantum link at one of its ends: the pools, the books and the store.
//!
//! # Rules
//!
//! - A block of secret key is cut at its birth into ranges, the same at both ends. Each range
//!   belongs to one [`Pool`], and so to one [`Direction`]; only the end at which a direction begins
//!   (its *owner*) hands out keys of it. So two ends never promise the same bits.
//! - A key is a range of one block. Its record names block, offset and length at both ends.
//! - Every bit that was ever made is in exactly one place of the [`Ledger`]:
//!   `made = stored + delivered + tags + relayed + expired + wasted + sacrificed`, after every transaction.
//! - What the two ends disagree about after a crash is wasted, never handed out: a range that one
//!   end holds free and the other does not is dropped.
//! - Nothing that a transaction changed is told to anyone before the transaction is durable.
//! - The bytes of blocks lie in the store under ChaCha20 with a key of the store's own, so that
//!   the database's cache holds no key in the clear; the bytes of a block are removed when nothing
//!   refers to them any more.
//!
//! Ranges are counted in whole bytes; the up to seven bits at a block's end that fill no byte are
//! booked as wasted when it is made. The ledger counts bits.

pub mod audits;
pub mod books;
pub mod cipher;
pub mod delivery;
pub mod error;
mod expiry;
pub mod failing;
mod free;
pub mod ledger;
pub mod making;
pub mod record;
mod relaying;
mod rows;
mod signed;
pub mod store;
mod survey;
mod tagging;
pub mod withdrawals;

#[cfg(test)]
mod tests;

use codec::{Decode, Encode};

pub use books::Books;
pub use error::{BookError, NoAudit, Rejection};
pub use ledger::Ledger;
pub use relaying::Pad;
pub use signed::Following;
pub use store::{Store, StoreError, StoreSettings};

/// An end of a quantum link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// The transmitter.
    Alice,
    /// The receiver.
    Bob,
}

impl End {
    /// The other end.
    pub fn peer(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }

    /// The direction that begins at this end, of which it is the owner.
    pub fn outgoing(self) -> Direction {
        match self {
            Self::Alice => Direction::AliceToBob,
            Self::Bob => Direction::BobToAlice,
        }
    }
}

/// From the master's (or the sender's) end to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Direction {
    /// Alice's end is the master's.
    AliceToBob,
    /// Bob's end is the master's.
    BobToAlice,
}

/// What a range of a block is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Encode, Decode)]
pub enum Pool {
    /// Keys for SAEs.
    Keys(Direction),
    /// Keys for the tags of classical messages.
    Tags(Direction),
}

impl Pool {
    /// All pools, in the order in which a block is cut.
    pub const ALL: [Self; 4] = [
        Self::Tags(Direction::AliceToBob),
        Self::Tags(Direction::BobToAlice),
        Self::Keys(Direction::AliceToBob),
        Self::Keys(Direction::BobToAlice),
    ];

    fn code(self) -> u8 {
        match self {
            Self::Tags(Direction::AliceToBob) => 0,
            Self::Tags(Direction::BobToAlice) => 1,
            Self::Keys(Direction::AliceToBob) => 2,
            Self::Keys(Direction::BobToAlice) => 3,
        }
    }
}

/// A part of a block, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Range {
    /// The block.
    pub block: u64,
    /// Its first byte.
    pub offset: u64,
    /// Its number of bytes.
    pub len: u64,
}

impl Range {
    /// The byte after its last one; saturates, so that no range from outside wraps around.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.len)
    }

    /// Its number of bits.
    pub fn bits(&self) -> u64 {
        self.len.saturating_mul(8)
    }
}

/// How a block is cut: bytes for each of [`Pool::ALL`], in that order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Encode, Decode)]
pub struct Split(pub [u64; 4]);

impl Split {
    /// The sum of its parts; saturates.
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, part| sum.saturating_add(*part))
    }

    /// The range of each pool in block `block`, empty ones left out.
    pub fn ranges(&self, block: u64) -> impl Iterator<Item = (Pool, Range)> {
        let mut offset = 0u64;
        Pool::ALL
            .into_iter()
            .zip(self.0)
            .map(move |(pool, len)| {
                let range = Range { block, offset, len };
                offset = offset.saturating_add(len);
                (pool, range)
            })
            .filter(|(_, range)| range.len > 0)
    }
}

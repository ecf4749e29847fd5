//! What an audit found wrong.

use crate::{
    health::Source,
    link,
    pool::End,
    records::{Hash, Refused},
};

/// A public seed of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// Of Cascade's shuffles.
    Shuffles,
    /// The key of the verification hash.
    Verification,
    /// Of the Toeplitz matrix.
    Toeplitz,
}

impl Seed {
    pub(super) const ALL: [Self; 3] = [Self::Shuffles, Self::Verification, Self::Toeplitz];
}

impl core::fmt::Display for Seed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Shuffles => "seed of Cascade's shuffles",
            Self::Verification => "key of the verification hash",
            Self::Toeplitz => "Toeplitz seed",
        })
    }
}

/// The first thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Found {
    /// A key is not the one that was expected.
    #[error("the file names another key of {0:?}'s end than the one expected")]
    Key(End),
    /// Not as many records as an epoch has.
    #[error("the file has {0} records, and an epoch has 64")]
    Number(usize),
    /// A record is none of the link's chain.
    #[error("record {place} of the file: {refused}")]
    Record {
        /// Its place in the file, from 0.
        place: usize,
        /// Why.
        refused: Refused,
    },
    /// The root of the records is another one than was expected.
    #[error("the root of the epoch's records is {}, and not the one expected", hex::encode(.0))]
    Root(Hash),
    /// Another challenge than was expected.
    #[error("the file answers another challenge")]
    Challenge,
    /// A record is another one than was told before.
    #[error("record {0} is another one than was told before")]
    OtherRecord(u64),
    /// A record names another one before it than was told.
    #[error("record {0} names another record before it than was told")]
    Fork(u64),
    /// The block is not the one that the challenge picks.
    #[error("the file opens block {opened}, and the challenge picks {picked:?}")]
    NotPicked {
        /// The file's block.
        opened: u64,
        /// The one that it should be; none if no block of the epoch gave a key.
        picked: Option<u64>,
    },
    /// The ends allowed themselves more than the defaults do.
    #[error("the record's {what} is {value}, beyond {most}")]
    Loose {
        /// What.
        what: &'static str,
        /// The record's.
        value: f64,
        /// The largest that passes.
        most: f64,
    },
    /// A seed served for two blocks.
    #[error("the {seed} of record {sequence} was used before, in record {before}")]
    ReusedSeed {
        /// Which.
        seed: Seed,
        /// The later record.
        sequence: u64,
        /// The earlier one.
        before: u64,
    },
    /// A raw string is not the one that was signed for.
    #[error("{0:?}'s raw string is not the one that the record has the hash of")]
    Raw(End),
    /// A raw string cannot be read.
    #[error("{0:?}'s raw string cannot be read: {1}")]
    Unreadable(End, link::DecodeError),
    /// What the health tests measured is not what the raw string gives.
    #[error("the record's health of {0:?}'s {name} is not what the raw string gives", name = .1.name())]
    Health(End, Source),
    /// A raw string fails a health test.
    #[error("{0:?}'s raw string fails a health test: {1}")]
    Sick(End, crate::health::Failure),
    /// The messages are not the ones that were signed for.
    #[error("the messages are not the ones that the record has the hash of")]
    Transcript,
    /// A message cannot be read.
    #[error("message {0} of the file cannot be read")]
    Message(usize),
    /// A message is another one than the raw strings give.
    #[error("message {place}, {what}, is not what the raw strings give")]
    Differs {
        /// Its place among the messages, from 0.
        place: usize,
        /// What the file has there.
        what: &'static str,
    },
    /// The processing does not come to its end.
    #[error("the raw strings give no key: {0}")]
    NoKey(String),
    /// A number of the record is not what the raw strings give.
    #[error("the record's {what} are {recorded}, and the raw strings give {found}")]
    Count {
        /// Which.
        what: &'static str,
        /// The record's.
        recorded: String,
        /// The one recomputed.
        found: String,
    },
    /// The key is another one than the raw strings give.
    #[error("the key at {0:?}'s end is not the one that the raw strings give")]
    OtherKey(End),
    /// A key that was delivered is part of the block.
    #[error("a delivered key is part of the block, from its byte {0} on")]
    Delivered(usize),
}

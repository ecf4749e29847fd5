//! Why the books did not do something.

use uuid::Uuid;

use crate::records::Refused;

/// Why an operation on the books changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The pool holds fewer keys of that length.
    #[error("not enough keys are left")]
    Exhausted,
    /// The pool holds enough keys, but too few that are young enough.
    #[error("not enough keys are young enough")]
    TooOld,
    /// Keys that are unknown, told, expired or of another master.
    #[error("keys are not found")]
    NotFound(Vec<Uuid>),
    /// The caller was not named for one of the keys.
    #[error("the caller was not named for one of the keys")]
    NotNamed,
    /// A range that is not free in the pool named, or named twice.
    #[error("a range is not free")]
    NotFree,
    /// An identity that is in use.
    #[error("a key's identity is in use")]
    RepeatedId,
    /// A block number that is in use.
    #[error("a block's number is in use")]
    RepeatedBlock,
    /// A question on a connection that a newer one has taken the place of.
    #[error("the peer KME has connected anew")]
    OldConnection,
    /// The store's bytes are encrypted under another key.
    #[error("the store was written under another key or name, or by an earlier version")]
    OtherKey,
    /// A split that does not fit the block, or a length out of range.
    #[error("a length does not fit")]
    Length,
    /// A relayed key whose tag does not hold.
    #[error("a relayed key's tag does not hold")]
    Forged,
    /// Relayed keys whose origin's signature does not hold by its configured key.
    #[error("the signature of relayed keys does not hold")]
    Signature,
    /// A block's record that is none of the link's.
    #[error(transparent)]
    Record(#[from] Refused),
    /// An audit that is not made.
    #[error(transparent)]
    Audit(#[from] NoAudit),
}

/// Why a challenge is not taken, or an audit not made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoAudit {
    /// The link is not audited.
    #[error("the link is not audited")]
    Off,
    /// Another epoch is next.
    #[error("epoch {0} is the next one to be audited")]
    Epoch(u64),
    /// The epoch is not whole: its root is not fixed, and the challenge was known too early.
    #[error("the epoch is not whole: a challenge that is known now was known too early")]
    Early,
    /// It names another root than the epoch has.
    #[error("the challenge was made for another root")]
    Root,
    /// The epoch has another challenge.
    #[error("the epoch has a challenge already")]
    Second,
    /// A key of the block was drawn, or a pad of it spent.
    #[error("key of block {0} was used: it cannot be sacrificed")]
    Delivered(u64),
    /// What was kept of the block is not there.
    #[error("nothing is kept of block {0}")]
    Lost(u64),
    /// One end of the link is audited and the other is not.
    #[error("audits are on at one end of the link only")]
    OneEnd,
    /// Something else is kept of the block.
    #[error("something else is kept of block {0}")]
    Kept(u64),
    /// A run of post-processing holds tag keys of the block.
    #[error("tag keys of block {0} are in use")]
    InUse(u64),
    /// No block is begun before an epoch is closed.
    #[error("as many blocks wait for their audit as may")]
    Held,
}

/// An operation on the books failed.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// It was rejected before it changed anything.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// The database failed; the transaction has to be given up.
    #[error("the store failed: {0}")]
    Database(redb::Error),
    /// A record cannot be read.
    #[error("the store is damaged: {0}")]
    Damaged(&'static str),
}

impl From<NoAudit> for BookError {
    fn from(why: NoAudit) -> Self {
        Self::Rejected(why.into())
    }
}

macro_rules! from_redb {
    ($($error:ty),*) => {$(
        impl From<$error> for BookError {
            fn from(error: $error) -> Self {
                Self::Database(error.into())
            }
        }
    )*};
}
from_redb!(redb::StorageError, redb::TableError, redb::TransactionError, redb::CommitError);

//! Why the books did not do something.

use uuid::Uuid;

use super::audits::NoAudit;
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

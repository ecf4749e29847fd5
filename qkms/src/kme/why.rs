//! Why a KME did nothing of what its peer asked.

use codec::{Decode, Encode};

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Why {
    /// A range that is not free, an identity or a block number in use, lengths that do not fit.
    Books,
    /// An SAE that does not belong to the site named.
    Sae,
    /// More keys or slaves than the limits allow, or another size.
    Limits,
    /// The store failed.
    Store,
    /// Not from this end, or no block of that number was made here.
    Block,
    /// A block's record: out of its chain, another signature or key. This end's log says which.
    Record,
    /// An audit: off, another epoch, root or challenge, tag keys in use; or a block while as many wait for
    /// their audit as may. This end's log says which.
    Audit,
    /// An operating point or a pulse rate that is not configured here. This end's log says which.
    Setting,
    /// A route that is not configured, or that did not come from the site before.
    Route,
    /// A relayed key's tag does not hold.
    Forged,
    /// The next site of a route does not answer.
    Onward,
    /// A link of a route does not hold enough key.
    Exhausted,
    /// A link of a route does not hold enough key that is young enough.
    Age,
    /// The origin's signature does not hold by the key that is configured here for it.
    Signature,
}

//! What a part of a play took of the chain.

use qedex_client::{market::Plancks, session::Tally};

/// Transactions and their fees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many.
    pub signed: u64,
    /// What was paid for them.
    pub fees: Plancks,
}

impl Cost {
    /// What was spent between two moments.
    pub(super) fn between(before: &Tally, after: &Tally) -> Self {
        Self {
            signed: after.sent.saturating_sub(before.sent),
            fees: after.fees.saturating_sub(before.fees),
        }
    }

    /// Both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            signed: self.signed.saturating_add(other.signed),
            fees: self.fees.saturating_add(other.fees),
        }
    }
}

//! Between which steps of the beacon a node is killed.

use crate::chain::Now;
use qedex_primitives::beacon::EpochPart;

/// Between which steps of the beacon the node is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The epoch has begun, and no commitment is on the chain.
    BeforeCommit,
    /// All have committed, and reveals are not open.
    AfterCommit,
    /// Reveals are open, and none is on the chain.
    BeforeReveal,
    /// All have revealed, and the epoch has not ended.
    AfterReveal,
}

impl Step {
    /// All of them, in their order.
    pub const ALL: [Self; 4] =
        [Self::BeforeCommit, Self::AfterCommit, Self::BeforeReveal, Self::AfterReveal];

    /// Whether `now` is between these steps.
    pub fn is_at(self, now: &Now) -> bool {
        match (self, now.part) {
            (Self::BeforeCommit, EpochPart::Commit) => now.none_committed(),
            (Self::AfterCommit, EpochPart::Commit) => now.all_committed(),
            (Self::BeforeReveal, EpochPart::Reveal) => now.all_committed() && now.none_revealed(),
            (Self::AfterReveal, EpochPart::Reveal) => now.all_revealed(),
            _ => false,
        }
    }

    /// Whether that does not come again in the epoch of `now`.
    pub fn is_past(self, now: &Now) -> bool {
        let reveals = now.part == EpochPart::Reveal;
        match self {
            Self::BeforeCommit => reveals || !now.none_committed(),
            Self::AfterCommit => reveals,
            Self::BeforeReveal => reveals && !(now.all_committed() && now.none_revealed()),
            Self::AfterReveal => reveals && !now.all_committed(),
        }
    }
}

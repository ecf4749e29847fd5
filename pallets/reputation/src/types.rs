//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What was kept and what was missed, in millionths of one full rating.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Counts {
    /// Kept.
    pub kept: u64,
    /// Missed.
    pub missed: u64,
}

impl Counts {
    /// The sum, each count at most the largest that fits.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self {
            kept: self.kept.saturating_add(other.kept),
            missed: self.missed.saturating_add(other.missed),
        }
    }

    /// The difference, each count at least zero.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self {
            kept: self.kept.saturating_sub(other.kept),
            missed: self.missed.saturating_sub(other.missed),
        }
    }

    /// These counts with `new` in the place of `old`.
    #[must_use]
    pub const fn replace(self, old: Self, new: Self) -> Self {
        self.saturating_sub(old).saturating_add(new)
    }
}

/// What one rater's ratings of one ratee amount to.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Pair {
    /// All ratings together.
    pub sum: Counts,
    /// The rating of the last day, which is part of the sum.
    pub last: Counts,
    /// That day, numbered from the Unix epoch.
    pub last_day: u32,
}

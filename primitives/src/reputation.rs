//! Whom to trust.

use crate::{OwnerId, Wh};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_math::trust::Ratings;
use scale_info::TypeInfo;

pub use qedex_math::trust::Trust;

/// How one trade went, seen from the side that is rated.
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
pub enum Verdict {
    /// Everything was kept.
    Kept,
    /// This energy, out of what was traded, was not.
    Missed(Wh),
}

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

    /// Kept and missed together, at most the largest number that fits.
    pub const fn all(self) -> u64 {
        self.kept.saturating_add(self.missed)
    }
}

impl From<Counts> for Ratings {
    fn from(counts: Counts) -> Self {
        Self { positive: counts.kept.into(), negative: counts.missed.into() }
    }
}

/// A rater whose ratings of a ratee are remembered one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RememberedRater {
    /// Who rates.
    pub rater: OwnerId,
    /// How it has rated the ratee.
    pub ratings: Counts,
    /// What all ratings that it has given weigh, in millionths of a full rating.
    pub experience: u64,
}

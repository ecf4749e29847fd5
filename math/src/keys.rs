//! How many keys are there, by what several reporters say, and how many of them are the market's
//! (docs/keys.md).
//!
//! Keys are counted in whole ones of 256 bits. All sums saturate.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

#[cfg(test)]
mod tests;

/// The lower median: the greatest value that more than half of all values reach. So whoever has less than
/// half of all values never raises it above every other value, and whoever has a minority never lowers it
/// below every other one. `None` of nothing.
pub fn lower_median<Value: Ord>(mut values: Vec<Value>) -> Option<Value> {
    let at = values.len().checked_sub(1)?.checked_div(2)?;
    values.sort_unstable();
    values.into_iter().nth(at)
}

/// What an end was counted at.
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
pub struct Count {
    /// Keys that are there.
    pub stored: u64,
    /// Keys made in all.
    pub made: u64,
    /// Keys drawn in all.
    pub drawn: u64,
}

impl Count {
    /// What an end counts at that was at `self` some epochs before and of which `said` is said now, if its
    /// link makes `most` keys in that time:
    ///
    /// - what was made in all never shrinks, and grows by `most` at most;
    /// - what is stored grows by `most` at most;
    /// - what was drawn in all never shrinks, and grows by no more than what was stored before, and was
    ///   made since, and is not stored now.
    #[must_use]
    pub fn followed_by(self, said: Self, most: u64) -> Self {
        let made = said.made.clamp(self.made, self.made.saturating_add(most));
        let stored = said.stored.min(self.stored.saturating_add(most));
        let had = self.stored.saturating_add(made.saturating_sub(self.made));
        let gone = had.saturating_sub(stored);
        let drawn = said.drawn.clamp(self.drawn, self.drawn.saturating_add(gone));
        Self { stored, made, drawn }
    }

    /// What an end counts at of which something is said for the first time, `most` keys' time after it was
    /// admitted: it is filled no faster than its link makes keys. Where the others begin does not matter.
    #[must_use]
    pub fn first(said: Self, most: u64) -> Self {
        Self { stored: said.stored.min(most), ..said }
    }
}

/// How many keys of `keys` a share in parts per million is, rounded down; all of them from a million on.
pub fn share(keys: u64, ppm: u32) -> u64 {
    let part = u128::from(keys).saturating_mul(ppm.min(1_000_000).into()).checked_div(1_000_000);
    part.and_then(|part| u64::try_from(part).ok()).unwrap_or_default()
}

/// How many whole keys of 256 bits a rate in bits per second makes in so many milliseconds.
pub fn made_in(bits_per_second: u64, millis: u64) -> u64 {
    let bits = u128::from(bits_per_second).saturating_mul(millis.into());
    bits.checked_div(256_000).and_then(|keys| u64::try_from(keys).ok()).unwrap_or(u64::MAX)
}

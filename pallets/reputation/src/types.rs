//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_math::trust::{Decay, Weights};
use qedex_primitives::{Balance, Moment};
use scale_info::TypeInfo;
use sp_runtime::Permill;

pub use qedex_primitives::reputation::Counts;

/// What one rater's ratings of one ratee amount to.
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
pub struct Pair {
    /// All ratings together.
    pub sum: Counts,
    /// What was kept on the last day, which is part of the sum: at most one full rating.
    pub kept_last: u64,
    /// That day, numbered from the Unix epoch.
    pub last_day: u32,
}

/// Which raters of a ratee are remembered one by one, and what the others' ratings amount to.
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
pub struct Memory {
    /// How many are remembered: they stand at the places from 0 on.
    pub raters: u32,
    /// The place from which on the next one to forget is looked for.
    pub hand: u32,
    /// The ratings of those who are not remembered: part of the ratee's totals.
    pub forgotten: Counts,
}

/// Money that an account has locked so as to be trusted.
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
pub struct TrustDeposit {
    /// Plancks.
    pub amount: Balance,
    /// From when on it may be taken back, in milliseconds since the Unix epoch.
    pub locked_until: Moment,
}

/// How trust is computed, and what standing the market asks for.
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
pub struct Parameters {
    /// The weights of direct, indirect and deposit trust. They sum to one.
    pub weights: Weights,
    /// By how much a rater's weight falls with each rating that it gives; at most
    /// [`MAX_DECAY`](crate::MAX_DECAY).
    pub decay: Decay,
    /// The deposit in plancks that is trusted in full; positive.
    pub reference_deposit: Balance,
    /// The least standing that may place bids; at most one half, where the unknown stand.
    pub least_to_trade: Permill,
    /// The least standing that may place asks; at most one half.
    pub least_to_sell: Permill,
}

impl Default for Parameters {
    /// Half of trust is direct, three tenths are indirect and two tenths the deposit; a rater's
    /// weight falls by one percent with each rating; the reference deposit is 100 QED; anybody may
    /// trade and sell.
    fn default() -> Self {
        Self {
            weights: Weights { direct_ppm: 500_000, indirect_ppm: 300_000, deposit_ppm: 200_000 },
            decay: Decay(Decay::UNIT / 100),
            reference_deposit: 100_000_000_000_000,
            least_to_trade: Permill::zero(),
            least_to_sell: Permill::zero(),
        }
    }
}

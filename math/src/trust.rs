//! How much one participant trusts another (docs/design.md, section 6, "Reputation"; BC-ET-MF, eqs 19-23).
//!
//! ```text
//! Tv = a Qr + b Qs + c t                  a + b + c = 1
//! Qr = (P + 1) / (P + N + 2)              what X has seen of Y itself
//! Qs = sum(W Q) / sum(W)                  what others have seen of Y; 1/2 without any
//! W  = r^(Ep + En),  r = e^-d             the less, the more a rater has rated, as printed
//! t                                       Y's deposit over the reference deposit, at most 1
//! ```
//!
//! Counts are in millionths of one full rating, as on chain. Exponents are taken relative to the
//! smallest, so that the largest weight is 1 and the sum cannot vanish.
//!
//! Results are in parts per million, rounded down. Weights are computed in fixed point with 64
//! fractional bits; `n` raters put trust off by at most `n * 2^-57`. So that this does not show in
//! round numbers, what lies less than 2^-24 ppm below a whole ppm counts as that.

mod exp;
#[cfg(test)]
mod tests;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::str::FromStr;
use exp::exp_neg;
use scale_info::TypeInfo;

/// One full rating, in the unit of [`Ratings`]; also the parts of a whole in ppm.
pub const FULL: u64 = 1_000_000;

/// One, with 64 fractional bits.
const ONE: u128 = 1 << 64;

/// How much may be missing to a whole ppm, in 2^-64 ppm, to be rounded up to it.
const ROUNDING_ERROR: u128 = 1 << 40;

/// Ratings by one rater, or by many, in millionths of one full rating.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ratings {
    /// P, or Ep: what was kept.
    pub positive: u128,
    /// N, or En: what was missed.
    pub negative: u128,
}

impl Ratings {
    /// Whole ratings.
    pub fn whole(positive: u64, negative: u64) -> Self {
        let count = |ratings| u128::from(ratings).saturating_mul(u128::from(FULL));
        Self { positive: count(positive), negative: count(negative) }
    }

    /// The sum, each count at most the largest that fits.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self {
            positive: self.positive.saturating_add(other.positive),
            negative: self.negative.saturating_add(other.negative),
        }
    }

    /// Positive and negative ratings together, at most the largest number that fits.
    pub const fn all(self) -> u128 {
        self.positive.saturating_add(self.negative)
    }

    /// Numerator and denominator of `(P + 1) / (P + N + 2)`, halved until 10^6 times the numerator fits.
    const fn succession(self) -> (u128, u128) {
        let full = FULL as u128;
        let mut halved = 0;
        loop {
            let positive = (self.positive >> halved).saturating_add(full >> halved);
            let negative = (self.negative >> halved).saturating_add(full >> halved);
            let all = positive.saturating_add(negative);
            if positive.checked_mul(full).is_some() || halved == u128::BITS.saturating_sub(1) {
                return (positive, all);
            }
            halved = halved.saturating_add(1);
        }
    }

    /// The rule of succession `(P + 1) / (P + N + 2)` in parts per million, rounded down; exact up to
    /// 10^25 ratings. One half without any.
    pub fn ppm(self) -> u32 {
        let (numerator, denominator) = self.succession();
        numerator
            .saturating_mul(u128::from(FULL))
            .checked_div(denominator)
            .and_then(|ppm| u32::try_from(ppm).ok())
            .unwrap_or_default()
    }

    /// The same with 64 fractional bits.
    fn fixed(self) -> u128 {
        let (numerator, denominator) = self.succession();
        ratio(numerator, denominator)
    }
}

/// A third party's word on the ratee.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rater {
    /// How it rated the ratee.
    pub ratings: Ratings,
    /// Ep + En: all ratings that it gave, to anybody, in millionths.
    pub experience: u128,
}

/// The weights a, b and c of the three kinds of trust, in parts per million. They sum to 10^6.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Weights {
    /// a: of direct trust.
    pub direct_ppm: u32,
    /// b: of indirect trust.
    pub indirect_ppm: u32,
    /// c: of deposit trust.
    pub deposit_ppm: u32,
}

impl Weights {
    /// Whether the weights sum to one.
    pub fn is_valid(&self) -> bool {
        let sum = u64::from(self.direct_ppm)
            .saturating_add(self.indirect_ppm.into())
            .saturating_add(self.deposit_ppm.into());
        sum == FULL
    }
}

/// d, by which a rater's weight decays with its experience: e^-d per rating. In units of
/// [`Decay::UNIT`].
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Decay(pub u128);

impl Decay {
    /// Decimal places.
    const PLACES: usize = 24;

    /// What a decay of 1 is in units: 10^24.
    pub const UNIT: u128 = 1_000_000_000_000_000_000_000_000;
}

/// Why a text is no decay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADecay;

impl core::fmt::Display for NotADecay {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("a decay is a decimal number that is not negative and less than 10^14")
    }
}

impl core::error::Error for NotADecay {}

/// Reads a decimal number such as `0.05` or `2`, exactly to 24 decimal places; what follows them is
/// dropped.
impl FromStr for Decay {
    type Err = NotADecay;

    fn from_str(text: &str) -> Result<Self, NotADecay> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
            return Err(NotADecay);
        }
        let places = fraction.bytes().chain(core::iter::repeat(b'0'));
        let mut value = 0_u128;
        for byte in whole.bytes().chain(places.take(Self::PLACES)) {
            let digit = u128::from(byte.saturating_sub(b'0'));
            value = value
                .checked_mul(10)
                .and_then(|value| value.checked_add(digit))
                .ok_or(NotADecay)?;
        }
        if value >= Self::UNIT.saturating_mul(100_000_000_000_000) {
            return Err(NotADecay);
        }
        Ok(Self(value))
    }
}

/// How much X trusts Y, in parts per million, rounded down.
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
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trust {
    /// Qr: by what X has seen itself.
    pub direct_ppm: u32,
    /// Qs: by what others have seen.
    pub indirect_ppm: u32,
    /// Tv: both and the deposit, weighted; computed from the exact parts and rounded once.
    pub trust_ppm: u32,
}

/// The trust of X in Y.
///
/// - `own`: how X rated Y.
/// - `raters`: everybody else who rated Y.
/// - `deposit_ppm`: Y's deposit over the reference deposit; more than 10^6 counts as that.
///
/// `None` if the weights do not sum to one.
pub fn trust(
    weights: &Weights,
    decay: Decay,
    own: Ratings,
    raters: &[Rater],
    deposit_ppm: u32,
) -> Option<Trust> {
    if !weights.is_valid() {
        return None;
    }
    let (direct, indirect) = (own.fixed(), indirect(decay, raters));
    let deposit = ratio(deposit_ppm.into(), FULL.into()).min(ONE);
    // Each product is below 2^84.
    let weighted = |weight: u32, part: u128| u128::from(weight).saturating_mul(part);
    let sum = weighted(weights.direct_ppm, direct)
        .saturating_add(weighted(weights.indirect_ppm, indirect))
        .saturating_add(weighted(weights.deposit_ppm, deposit));
    Some(Trust {
        direct_ppm: own.ppm(),
        indirect_ppm: to_ppm(indirect.saturating_mul(FULL.into())),
        trust_ppm: to_ppm(sum),
    })
}

/// Y's deposit over the reference deposit in parts per million, rounded down, at most 10^6. All of
/// it where the reference is zero.
pub fn deposit_ppm(deposit: u128, reference: u128) -> u32 {
    if deposit >= reference {
        return 1_000_000;
    }
    // Where the product would not fit, both lose bits that do not show in a ppm.
    let halved = if deposit.checked_mul(FULL.into()).is_none() { 20 } else { 0 };
    (deposit >> halved)
        .saturating_mul(u128::from(FULL))
        .checked_div(reference >> halved)
        .and_then(|ppm| u32::try_from(ppm).ok())
        .unwrap_or_default()
}

/// Qs with 64 fractional bits: the mean of the raters' words by weight.
fn indirect(decay: Decay, raters: &[Rater]) -> u128 {
    let Some(least) = raters.iter().map(|rater| rater.experience).min() else {
        return ONE >> 1;
    };
    let (mut all, mut weighted) = (0_u128, 0_u128);
    for rater in raters {
        let weight = exp_neg(decay, rater.experience.saturating_sub(least));
        // Both factors are at most one and the word is below it.
        let word = weight.saturating_mul(rater.ratings.fixed()) >> 64;
        all = all.saturating_add(weight);
        weighted = weighted.saturating_add(word);
    }
    ratio(weighted, all)
}

/// `numerator / denominator` with 64 fractional bits, rounded down, to a relative error of 2^-62;
/// at most what fits. Zero if the denominator is.
fn ratio(numerator: u128, denominator: u128) -> u128 {
    let excess = 64_u32.saturating_sub(denominator.leading_zeros());
    let (numerator, denominator) = (numerator >> excess, denominator >> excess);
    numerator.saturating_mul(ONE).checked_div(denominator).unwrap_or_default()
}

/// A number of ppm with 64 fractional bits, rounded down; but rounded up where no more is missing
/// than the computation may have lost.
fn to_ppm(fixed: u128) -> u32 {
    u32::try_from(fixed.saturating_add(ROUNDING_ERROR) >> 64).unwrap_or(u32::MAX)
}

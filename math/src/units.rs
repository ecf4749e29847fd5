//! Energy and price, as types, and what a quantity costs.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Watt-hours in a kilowatt-hour: prices are per kWh, energies are in Wh.
pub const WH_PER_KWH: u128 = 1_000;

/// Energy in whole watt-hours.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Wh(pub u64);

impl Wh {
    /// No energy.
    pub const ZERO: Self = Self(0);

    /// Whether this is no energy at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, or the largest representable energy.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or no energy where `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// The sum, or `None` where it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, or `None` where `other` is larger.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

/// A price in plancks per kilowatt-hour.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PricePerKwh(pub u128);

impl PricePerKwh {
    /// The sum, or the largest representable price.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, or zero where `other` is larger.
    #[must_use]
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// What `energy` costs at this price, in plancks, rounded down; `None` on overflow.
    pub fn cost_floor(self, energy: Wh) -> Option<u128> {
        self.0.checked_mul(u128::from(energy.0))?.checked_div(WH_PER_KWH)
    }

    /// What `energy` costs at this price, in plancks, rounded up; `None` on overflow.
    pub fn cost_ceil(self, energy: Wh) -> Option<u128> {
        let product = self.0.checked_mul(u128::from(energy.0))?;
        Some(product.div_ceil(WH_PER_KWH))
    }
}

//! By what rule slots get their tariff band.

use crate::Wh;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_math::tariff::is_valid_schedule;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec};

pub use qedex_math::tariff::{Band, DayRange};

/// The most mid-peak ranges of a day.
pub const MAX_MID_RANGES: u32 = 4;

/// The most closed slots whose mean demand decides on a band.
pub const MAX_LOOK_BACK: u8 = 8;

/// By what rule slots get their tariff band.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TariffRule {
    /// A slot is on-peak if the metered demand is at this or above it, in Wh per slot.
    pub threshold: Wh,
    /// The demand is the mean of so many closed slots, from 1 to 8.
    pub look_back: u8,
    /// When the day is mid-peak, in slots of the day, in order and without overlap.
    pub mid: BoundedVec<DayRange, ConstU32<MAX_MID_RANGES>>,
}

impl TariffRule {
    /// Whether every part of it is in its range.
    pub fn is_valid(&self) -> bool {
        (1..=MAX_LOOK_BACK).contains(&self.look_back) && is_valid_schedule(&self.mid)
    }
}

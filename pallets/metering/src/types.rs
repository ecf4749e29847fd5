//! What the pallet stores, and what it is sent.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_primitives::{MeterKey, SlotIndex, Wh};
use scale_info::TypeInfo;

/// A registered meter.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Meter<AccountId> {
    /// Whose energy it measures.
    pub owner: AccountId,
    /// The key that its readings are checked with.
    pub key: MeterKey,
    /// The most energy that it may read in one slot, in each direction.
    pub capacity: Wh,
    /// Who registered it.
    pub installer: AccountId,
    /// The first slot of which it takes readings.
    pub active_from: SlotIndex,
}

/// What flowed through one meter in one slot.
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
pub struct Reading {
    /// Energy generated.
    pub generated: Wh,
    /// Energy consumed.
    pub consumed: Wh,
}

/// What several meters say of one slot together.
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
pub struct Totals {
    /// Energy generated.
    pub generated: Wh,
    /// Energy consumed.
    pub consumed: Wh,
    /// How many meters have a reading.
    pub readings: u32,
}

impl Totals {
    /// These totals with one more reading.
    #[must_use]
    pub const fn with(self, reading: &Reading) -> Self {
        Self {
            generated: self.generated.saturating_add(reading.generated),
            consumed: self.consumed.saturating_add(reading.consumed),
            readings: self.readings.saturating_add(1),
        }
    }

    /// Generation less consumption, never below zero.
    pub const fn surplus(&self) -> Wh {
        self.generated.saturating_sub(self.consumed)
    }
}

/// Why a reading does not count.
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
pub enum ReadingError {
    /// There is no meter of this number.
    UnknownMeter,
    /// The meter was registered too late for this slot.
    MeterNotActive,
    /// The slot does not take readings now.
    NotInReadingWindow,
    /// A value is over the meter's capacity.
    OverCapacity,
    /// The meter has a reading of this slot already.
    AlreadyRead,
    /// The signature is not the meter's over this reading on this chain.
    BadSignature,
}

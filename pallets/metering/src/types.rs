//! What the pallet stores, and what it is sent.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedBTreeMap, BoundedVec, traits::ConstU32};
use qedex_math::tariff::{DayRange, SLOTS_PER_DAY, is_valid_schedule};
use qedex_primitives::{Flow, MeterKey, OwnerId, SlotIndex, Wh};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Who installed something.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Installer<AccountId> {
    /// The account.
    pub account: AccountId,
    /// The owner behind it, as far as it was known then. Kept, because a credential that is given
    /// back must not make two accounts of one owner look independent.
    pub owner: Option<OwnerId>,
}

/// For a run of slots: whose energy a meter measures, and with which key it signs.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Assignment<AccountId> {
    /// Whose energy it measures.
    pub owner: AccountId,
    /// The key that its readings are checked with.
    pub key: MeterKey,
    /// Who made it so.
    pub installer: Installer<AccountId>,
    /// The first slot of which it takes readings under this assignment.
    pub from: SlotIndex,
    /// The first slot of which it does not any more; `None` while no end is known.
    pub until: Option<SlotIndex>,
}

impl<AccountId> Assignment<AccountId> {
    /// Whether this is the assignment of `slot`.
    pub fn covers(&self, slot: SlotIndex) -> bool {
        self.from <= slot && self.until.is_none_or(|until| slot < until)
    }
}

/// A registered meter.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Meter<AccountId> {
    /// The most energy that it may read in one slot, in each direction.
    pub capacity: Wh,
    /// Who registered it.
    pub registered_by: Installer<AccountId>,
    /// Its latest assignment, which may begin with a slot to come. It has an end only if the
    /// meter is or will be decommissioned.
    pub current: Assignment<AccountId>,
    /// The assignment before that, kept until everything of its last slot is final and another
    /// change takes its place.
    pub previous: Option<Assignment<AccountId>>,
}

impl<AccountId: PartialEq> Meter<AccountId> {
    /// The assignment of `slot`.
    pub fn assignment(&self, slot: SlotIndex) -> Result<&Assignment<AccountId>, ReadingError> {
        let known = core::iter::once(&self.current).chain(self.previous.as_ref());
        for assignment in known {
            if assignment.covers(slot) {
                return Ok(assignment);
            }
        }
        match self.current.until {
            Some(until) if slot >= until => Err(ReadingError::Decommissioned),
            _ => Err(ReadingError::MeterNotActive),
        }
    }

    /// Whether `account` owned the meter in `slot`, and the meter was active then.
    pub fn is_of(&self, account: &AccountId, slot: SlotIndex) -> bool {
        self.assignment(slot).is_ok_and(|a| a.owner == *account)
    }
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

impl Reading {
    /// The same as a flow.
    pub const fn flow(&self) -> Flow {
        Flow { generated: self.generated, consumed: self.consumed }
    }
}

/// That a reading was corrected, by whom, and what the meter itself had said.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Correction<AccountId> {
    /// What the meter had signed.
    pub original: Reading,
    /// Who corrected it.
    pub installer: AccountId,
    /// Whether the slot was frozen already, so that the correction changes no settlement.
    pub after_freeze: bool,
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

    /// These totals with `after` in place of `before`, which is one of their readings.
    #[must_use]
    pub const fn corrected(self, before: &Reading, after: &Reading) -> Self {
        Self {
            generated: self
                .generated
                .saturating_sub(before.generated)
                .saturating_add(after.generated),
            consumed: self.consumed.saturating_sub(before.consumed).saturating_add(after.consumed),
            readings: self.readings,
        }
    }

    /// What flowed, without the number of readings.
    pub const fn flow(&self) -> Flow {
        Flow { generated: self.generated, consumed: self.consumed }
    }

    /// Generation less consumption, never below zero.
    pub const fn surplus(&self) -> Wh {
        self.generated.saturating_sub(self.consumed)
    }
}

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
    /// A slot is on-peak if the metered demand is above this, in Wh per slot.
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

/// The demand of a day's closed slots, by the slot's place in the day. A slot without any reading
/// has no demand that is known.
pub type DayLoad = BoundedBTreeMap<u8, Option<Wh>, ConstU32<{ SLOTS_PER_DAY as u32 }>>;

/// Up to which slot the pallet has done its work.
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
pub struct Progress {
    /// The next slot whose demand is to be noted when it is frozen.
    pub close: SlotIndex,
    /// The next slot whose band is to be fixed when its gate opens.
    pub band: SlotIndex,
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
    /// The meter was not active yet in this slot.
    MeterNotActive,
    /// The slot does not take readings now.
    NotInReadingWindow,
    /// A value is over the meter's capacity.
    OverCapacity,
    /// The meter has a reading of this slot already.
    AlreadyRead,
    /// The signature is not the one of the meter's key of that slot over this reading on this
    /// chain.
    BadSignature,
    /// The meter was decommissioned before this slot.
    Decommissioned,
}

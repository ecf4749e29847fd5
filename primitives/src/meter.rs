//! Meters, and whose energy they measure.

use crate::{MeterKey, OwnerId, ReadingError, SlotIndex, Wh};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

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

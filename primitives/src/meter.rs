//! Meters, where they sit, and whose energy they measure.

use crate::{MeterKey, OwnerId, ReadingError, SlotIndex, Wh};
use alloc::string::String;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec};

/// How many bytes the number of a grid connection has at most: as many as a metering point's.
pub const MAX_CONNECTION_NUMBER: u32 = 33;

/// How many assignments of a meter are kept at most, the latest one included.
pub const MAX_ASSIGNMENTS: u32 = 8;

/// The number that the grid operator gave a connection to the grid: 1 to 33 digits and capital letters
/// of ASCII, as metering point numbers have them. There is one way to write it, or else one connection
/// could be registered twice.
#[derive(
    Clone,
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
    Serialize,
    Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectionNumber(pub BoundedVec<u8, ConstU32<MAX_CONNECTION_NUMBER>>);

impl ConnectionNumber {
    /// Whether it is made of 1 to 33 digits and capital letters. What was decoded may not be.
    pub fn is_valid(&self) -> bool {
        let is_of_it = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
        !self.0.is_empty() && self.0.iter().all(is_of_it)
    }
}

impl TryFrom<&str> for ConnectionNumber {
    type Error = &'static str;

    fn try_from(text: &str) -> Result<Self, Self::Error> {
        let bytes = text.as_bytes().to_vec();
        let number = BoundedVec::try_from(bytes).map(Self).ok().filter(Self::is_valid);
        number
            .ok_or("a connection's number has 1 to 33 digits and capital letters, and nothing else")
    }
}

impl TryFrom<String> for ConnectionNumber {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::try_from(text.as_str())
    }
}

impl From<ConnectionNumber> for String {
    fn from(number: ConnectionNumber) -> Self {
        Self::from_utf8_lossy(&number.0).into_owned()
    }
}

impl core::fmt::Display for ConnectionNumber {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

/// Where a meter sits.
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
pub enum MeterKind {
    /// At the connection of this number: what it says delivers, scores and counts as demand.
    Connection(ConnectionNumber),
    /// Behind the connection of this number, such as a plant's own meter: what it says is recorded
    /// and shown.
    Behind(ConnectionNumber),
}

impl MeterKind {
    /// The connection at which, or behind which, it sits.
    pub const fn number(&self) -> &ConnectionNumber {
        match self {
            Self::Connection(number) | Self::Behind(number) => number,
        }
    }

    /// Whether it sits at the connection.
    pub const fn is_connection(&self) -> bool {
        matches!(self, Self::Connection(_))
    }
}

/// The most that a meter can read in one slot, in each direction.
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
    Serialize,
    Deserialize,
)]
pub struct MeterRatings {
    /// What can leave: the most that is generated.
    pub out: Wh,
    /// What can enter: the most that is consumed.
    pub into: Wh,
}

impl MeterRatings {
    /// Whether a flow of so much is possible.
    pub fn admit(&self, generated: Wh, consumed: Wh) -> bool {
        generated <= self.out && consumed <= self.into
    }

    /// Whether nothing more can flow by these ratings than by `others`.
    pub fn are_within(&self, others: &Self) -> bool {
        self.out <= others.out && self.into <= others.into
    }
}

/// Who installed something.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Installer<AccountId> {
    /// The account.
    pub account: AccountId,
    /// The owner behind it, as far as it was known then.
    pub owner: Option<OwnerId>,
}

/// For a run of slots: whose energy a meter measures, with which key it signs, and what it can read.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Assignment<AccountId> {
    /// Who answers for it.
    pub account: AccountId,
    /// Whose energy it measures: the owner of that account.
    pub owner: OwnerId,
    /// The key that its readings are checked with.
    pub key: MeterKey,
    /// The most that it can read in one slot.
    pub ratings: MeterRatings,
    /// The installer who asked for it to be so.
    pub installer: Installer<AccountId>,
    /// The second installer, who confirmed it; none where the council stood for that one, at
    /// genesis, and from before there were second ones.
    pub second: Option<Installer<AccountId>>,
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

/// The assignments of a meter that are kept, the oldest first. They follow on one another, and each
/// lasts for one slot at least.
pub type Assignments<AccountId> = BoundedVec<Assignment<AccountId>, ConstU32<MAX_ASSIGNMENTS>>;

/// A registered meter.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Meter<AccountId> {
    /// Where it sits, for good.
    pub kind: MeterKind,
    /// Its assignments: the last one may begin with a slot to come, and has an end only if the meter
    /// is or will be out of service. There is one at least.
    pub assignments: Assignments<AccountId>,
}

impl<AccountId> Meter<AccountId> {
    /// Its latest assignment.
    pub fn latest(&self) -> Option<&Assignment<AccountId>> {
        self.assignments.last()
    }

    /// The assignment of `slot`.
    pub fn assignment(&self, slot: SlotIndex) -> Result<&Assignment<AccountId>, ReadingError> {
        if let Some(assignment) = self.assignments.iter().find(|one| one.covers(slot)) {
            return Ok(assignment);
        }
        match self.latest().and_then(|latest| latest.until) {
            Some(until) if slot >= until => Err(ReadingError::Decommissioned),
            _ => Err(ReadingError::MeterNotActive),
        }
    }

    /// Its assignment of `slot`, if it measured the energy of `owner` then.
    pub fn assignment_of(
        &self,
        owner: &OwnerId,
        slot: SlotIndex,
    ) -> Option<&Assignment<AccountId>> {
        self.assignment(slot).ok().filter(|assignment| assignment.owner == *owner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_s_number_is_written_in_one_way() {
        for good in ["1", "DE0005626680200000000000000000001"] {
            let number = ConnectionNumber::try_from(good).unwrap();
            assert_eq!(number.to_string(), good);
        }
        for bad in ["", "DE 1", "de1", "DE-1", "Ä", "\n", "DE00056266802000000000000000000012"] {
            assert!(ConnectionNumber::try_from(bad).is_err(), "{bad:?}");
        }
        assert!(!ConnectionNumber(BoundedVec::truncate_from(vec![0])).is_valid());
    }
}

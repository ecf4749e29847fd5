//! What only this pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_primitives::pov::AuraSlot;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Permill;
use sp_staking::SessionIndex;

/// What the admin origin may tune. It counts from the next session on.
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
pub struct Rules {
    /// F: slots that every validator gets at least, from 1 to the session's length. It gives way
    /// where there are too many validators for it.
    pub floor: u32,
    /// M: the largest share of a session's slots, above zero. It gives way first, where there are
    /// too few validators for it.
    pub largest: Permill,
    /// The most consecutive slots of one author, at least 1; where the shares leave no such
    /// order, the least that they permit.
    pub max_run: u32,
    /// The last so many final delivery slots are scored, from 1 to the pallet's limit.
    pub window: u32,
    /// Who misses more than this share of its slots in a session gets the floor in the next.
    pub downtime: Permill,
    /// The share of transaction fees that goes to the block's author; the rest goes to a fund.
    pub author_share: Permill,
    /// In how many sessions a newcomer has to write blocks before it votes, at least 1.
    pub probation: u32,
    /// Who writes nothing in so many whole sessions in a row is dropped, at least 2.
    pub patience: u32,
}

impl Default for Rules {
    /// One slot at least and half of them at most, three in a row, four hours of quarter-hours,
    /// half a session of downtime, no fees to authors, and with sessions of five minutes an hour of
    /// probation and a day of patience.
    fn default() -> Self {
        Self {
            floor: 1,
            largest: Permill::from_percent(50),
            max_run: 3,
            window: 16,
            downtime: Permill::from_percent(50),
            author_share: Permill::zero(),
            probation: 12,
            patience: 288,
        }
    }
}

impl Rules {
    /// Whether every value is in its range, in sessions of `slots` slots.
    pub fn is_valid(&self, slots: u32, max_window: u32) -> bool {
        (1..=slots).contains(&self.floor)
            && !self.largest.is_zero()
            && self.max_run >= 1
            && (1..=max_window).contains(&self.window)
            && self.probation >= 1
            && self.patience >= 2
    }
}

/// The block that brought the present schedule: its author was chosen by the one before.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Change<AccountId> {
    /// Its slot.
    pub slot: AuraSlot,
    /// Who wrote it.
    pub author: Option<AccountId>,
}

/// Why a validator is removed.
#[derive(
    Clone,
    Copy,
    Debug,
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
pub enum RemovalReason {
    /// It voted for two blocks in one round of finality, which was proven.
    Equivocation,
    /// The admin origin decided so.
    Decided,
    /// It wrote two blocks of one slot, which was proven.
    DoubleBlock,
}

/// A removal of a validator. It stands until the admin origin readmits it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Removal {
    /// Why.
    pub reason: RemovalReason,
    /// The session in which it was decided.
    pub session: SessionIndex,
    /// Whether it has taken effect. A removal is held while too many would leave at once.
    pub effective: bool,
}

/// What an author said of the last final block that it knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Statement<BlockNumber> {
    /// The number of that block.
    pub number: BlockNumber,
    /// The block in which it was said.
    pub at: BlockNumber,
    /// The session of that.
    pub session: SessionIndex,
}

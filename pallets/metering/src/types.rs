//! What only this pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedBTreeMap, traits::ConstU32};
use qedex_math::tariff::SLOTS_PER_DAY;
use qedex_primitives::{SlotIndex, Wh};
use scale_info::TypeInfo;

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

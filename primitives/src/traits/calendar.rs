//! The time by which delivery slots live.

use crate::{Millis, Moment, SlotIndex, SlotTimes};

/// The calendar of delivery slots.
pub trait Calendar {
    /// The length of a delivery slot, fixed at genesis.
    fn slot_length() -> Millis;

    /// The chain's present time.
    fn now() -> Moment;

    /// The windows of `slot`: as frozen when it opened; as they would be by the present parameters
    /// if it never opened. Of a slot that is over for good they have all ended by now, whatever the
    /// parameters have become since.
    fn schedule(slot: SlotIndex) -> SlotTimes;

    /// The slot whose delivery is under way now.
    fn current_slot() -> SlotIndex {
        SlotIndex(Self::now().checked_div(Self::slot_length()).unwrap_or_default())
    }

    /// Makes `now` fall at the beginning of `moment`, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn set_now(moment: Moment);
}

/// Which delivery slots have been opened.
pub trait Opened {
    /// The first slot whose gate has not been opened or passed over. Never goes back, whatever
    /// becomes of the windows.
    fn next_slot() -> SlotIndex;
}

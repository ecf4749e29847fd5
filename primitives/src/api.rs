//! What clients ask the runtime.

use crate::{Millis, Moment, Schedule, SlotIndex};
use sp_core::H256;

sp_api::decl_runtime_apis! {
    /// The energy market's calendar and resources.
    pub trait EnergyMarketApi {
        /// The length of a delivery slot in milliseconds, fixed at genesis.
        fn slot_length() -> Millis;

        /// The chain's time in milliseconds since the Unix epoch.
        fn now() -> Moment;

        /// The slot whose delivery is under way.
        fn current_slot() -> SlotIndex;

        /// The windows of `slot`: as frozen when it opened, or as they would be now.
        fn schedule(slot: SlotIndex) -> Schedule;

        /// How many keys the market would get if `slot` opened now.
        fn key_budget(slot: SlotIndex) -> u64;

        /// The value of the entropy beacon for `epoch`, if it is known and still kept.
        fn beacon(epoch: u64) -> Option<H256>;
    }
}

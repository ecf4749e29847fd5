//! What clients ask the runtime.

use crate::{Explanation, Millis, Moment, PolicyId, Role, Schedule, SlotIndex};
use codec::Codec;
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

    /// Who may do what.
    pub trait MembershipApi<AccountId> where AccountId: Codec {
        /// Whether `who` may act in `role` now.
        fn may(who: AccountId, role: Role) -> bool;

        /// Whether `who` satisfies `policy` now and, if not, what stands in the way.
        fn explain_policy(who: AccountId, policy: PolicyId) -> Explanation;

        /// Whether `who` may act in `role` now and, if not, what stands in the way.
        fn explain_role(who: AccountId, role: Role) -> Explanation;
    }
}

//! What clients ask the runtime.

use crate::{
    Balance, Band, Bill, BillError, BookOrder, ClearingResult, DayPar, Depth, Explanation, Flow,
    LeaderTerms, MeterId, MeterReading, Millis, Moment, PolicyId, Role, Side, SlotIndex, SlotTimes,
    TradeId, Wh,
};
use alloc::vec::Vec;
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
        fn schedule(slot: SlotIndex) -> SlotTimes;

        /// How many keys the market would get if `slot` opened now.
        fn key_budget(slot: SlotIndex) -> u64;

        /// The value of the entropy beacon for `epoch`, if it is known and still kept.
        fn beacon(epoch: u64) -> Option<H256>;
    }

    /// What stands in the market's books, and what came of it.
    pub trait MarketBookApi<AccountId> where AccountId: Codec {
        /// The frozen terms of `slot` while it is in flight, or those that it would get if its gate
        /// opened now; none where there are none.
        fn terms(slot: SlotIndex) -> Option<LeaderTerms>;

        /// The energy at each price, best first, while the book is open; empty afterwards.
        fn depth(slot: SlotIndex) -> Depth;

        /// The orders of one side, best price and earliest arrival first: at most `count`, and at
        /// most a thousand, after skipping `skip`. While the book is paired, those that are left.
        fn book(slot: SlotIndex, side: Side, skip: u32, count: u32) -> Vec<BookOrder<AccountId>>;

        /// The result of clearing `slot`, while it is kept.
        fn clearing(slot: SlotIndex) -> Option<ClearingResult>;
    }

    /// What flowed.
    pub trait MeteringApi<AccountId>
    where
        AccountId: Codec,
    {
        /// The meters that measure the energy of `account` now or from a later slot on.
        fn meters_of(account: AccountId) -> Vec<MeterId>;

        /// The readings of `meter` from the slot `from` to before the slot `until`, as far as they
        /// are kept.
        fn readings(meter: MeterId, from: SlotIndex, until: SlotIndex) -> Vec<MeterReading>;

        /// What flowed through the meters of `account` in `slot`, a missing reading counting as
        /// nothing generated and the capacity consumed; `None` without an active meter, before the
        /// slot takes readings, and where it lies further back than slots are kept.
        fn flow(account: AccountId, slot: SlotIndex) -> Option<Flow>;

        /// What flowed through all meters of the community in `slot`, and how many of them have a
        /// reading; `None` if none has, or it is no longer kept.
        fn community_flow(slot: SlotIndex) -> Option<(Flow, u32)>;

        /// The tariff band of `slot`: as fixed when its gate opened, or as it would be now.
        fn band(slot: SlotIndex) -> Band;

        /// The peak-to-average ratio of a day of 96 slots, counted since the Unix epoch, while it
        /// is kept.
        fn par(day: u64) -> Option<DayPar>;
    }

    /// Who owes whom.
    pub trait SettlementApi<AccountId> where AccountId: Codec {
        /// The open trades in which `account` buys or sells, by slot and number.
        fn trades_of(account: AccountId) -> Vec<(SlotIndex, TradeId)>;

        /// What a complaint about an open trade would hold of its buyer, in plancks.
        fn bond(slot: SlotIndex, trade: TradeId) -> Option<Balance>;

        /// What `bill` proves that `seller` delivered in `slot`: generation less consumption of all
        /// its meters, never below zero.
        fn audit(seller: AccountId, slot: SlotIndex, bill: Bill) -> Result<Wh, BillError>;
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

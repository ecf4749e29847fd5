//! # Auction: a Stackelberg-constrained double auction for each delivery slot
//!
//! ## Rules
//!
//! 1. *The council sets prices, the leader quantities.* Each tariff band has one price list, the
//!    council's. For a slot whose gate has still to open an aggregator may announce which share of the
//!    keys available then it admits, and what a key covers, within the council's limits; the rest stays
//!    for later slots. It may take that back until then. It sets no prices, and its owner has no orders
//!    in a slot that it leads, nor places any there for others. Without an announcement, or with one
//!    that does not fit when the gate opens, a slot takes one part in as many as slots are open at once.
//!    Where there is a key, a slot gets one at least. List, windows and keys are copied into the slot
//!    when its gate opens: no later change reaches back.
//! 2. *Followers answer with orders.* An order names a side, a limit price on a tick inside
//!    the corridor from floor to cap, and an energy in whole lots. It has an owner, and an owner takes
//!    one side per slot, with all accounts together: an order that is just left out moves the price.
//!    *An owner's asks of a slot are at most what its connections are rated to let out*, those of all
//!    its accounts, of its standing orders and of its brokers together. A bid holds what it may cost at
//!    most, rounded down, and the bond of complaints; an ask its deposit, rounded up. *Orders pay for what
//!    they cause*: each holds the price of the work of one trade, which a trade takes from the order that
//!    it uses up, and from the bid if those are two, or none. None pays twice.
//! 3. *Time has priority within a price.* Reducing an order's energy keeps its place; every
//!    other amendment is a new order.
//! 4. *Standing orders* are placed anew when a gate opens, under the funds and credentials that
//!    their account has then, a few per block. Every other slot goes back the way of the one before it,
//!    and the way begins at another one each time, so that of two each comes first as often. They meet a
//!    moving corridor: a bid above the cap stands at the cap, an ask below the floor at the floor; a
//!    limit off the tick is rounded in its account's favour, an energy down to whole lots. Each renewal
//!    pays its price. One that cannot be placed is reported and holds up nobody; after [`MAX_FAILURES`] times in a row it ends,
//!    but times when the slot's terms, its leader or a full book were the reason do not count, nor those
//!    when funds were too few in a slot that asks for more to be held than others do.
//! 5. *A broker acts by a grant*, which only its principal gives and ends: sides, worst prices, an
//!    expiry, and a budget in each slot, which bounds what the orders placed by it hold there together.
//!    It needs the role of a broker when it acts, touches no orders but those that it placed itself, and
//!    is of another owner than its principal. What an order holds is the principal's, its fee the
//!    broker's. A cancelled order gives its part of the budget back, because it gives back its hold:
//!    only what is in the book at gate closure can cost anything.
//! 6. *Gate closure.* From then on no order is taken, amended or cancelled. The aggregated price
//!    levels say by [`qedex_math::clearing`] how much is traded, at most what the keys cover, and
//!    at one price for all who buy and one for all who sell. (McAfee's reduced trade, which the
//!    same crate has for study, is not offered: `docs/auction.md` says why.)
//! 7. *Pairing.* Filled orders are paired, best price and earliest arrival first, and each
//!    pair opens a trade in the settlement. A trade's money moves with it by bookkeeping. What an
//!    order does not need is released to the planck when the order closes.
//! 8. *Keys* are promised to a slot when its gate opens, out of those that are not promised to others.
//!    When the volume is known, and when the slot is annulled or could not be paired to its end, those
//!    that it does not use can be promised again; the rest is released when the slot is final. Without
//!    keys a slot goes its way without trades, and every hold is released.
//! 9. *Nothing is done twice or late.* The work is spread over blocks, as much as a quarter of
//!    a block's weight at a time, and resumes where it stopped. If the chain stood still past
//!    the start of delivery, a slot that was not cleared is annulled: every order is released.
//!    Once delivery has ended, no trade opens any more: what is not paired by then is released.
//!    Which slots have been opened or passed over is known, and so is which are over: neither mark ever
//!    goes back, and no change of the windows brings such a slot back to life.
//!
//! An order may be cancelled until gate closure for the transaction's fee alone. Nothing is decided
//! before that moment, so nobody learns more by waiting than the open book shows anyway.
//!
//! ## Bounds
//!
//! Placing an order costs the same in an empty book and in a full one: an order is found by
//! its number, its price level by its price, and both are kept in priority order by their
//! storage keys. Price discovery reads the price levels, of which the terms allow at most
//! [`Config::MaxTicks`] a side. Pairing makes at most one trade fewer than there are orders.
//!
//! Source: the double auction of `docs/design.md`, section 5, which corrects the published one; the
//! differences are listed in `docs/papers.md`.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod book;
mod calendar;
mod clearing;
mod events;
mod grants;
mod leader;
pub mod migrations;
#[cfg(test)]
mod mock;
mod pairing;
mod standing;
mod storage;
mod terms;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use qedex_primitives::{Grant, NewOrder};
pub use types::{
    ANNOUNCED_AHEAD, Backing, GrantCounts, GrantRecord, GrantUse, Hold, MAX_FAILURES, MAX_PAGE,
    MarketTerms, Order, OrderPriority, Participant, Phase, PriceLevel, PricePriority, Renewal,
    SlotRecord, StandingOrder, Turn,
};
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use grants::Acting;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(events::events)]
#[import_section(storage::storage)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{
        pallet_prelude::*,
        traits::{Consideration, Footprint},
    };
    use frame_system::pallet_prelude::*;
    use qedex_primitives::{
        Admission, Announcement, Balance, Band, ClearingResult, Escrow, KeyAdmission, KeyBudget,
        LeaderLimits, MarketSettlement, Membership, Millis, OrderId, OwnerId, PriceList,
        PricePerKwh, Rated, Side, SlotIndex, SlotTerms, Tariff, Wh, Windows,
    };

    /// The version of the stored layout. It is written at genesis, and goes up by one with each
    /// migration.
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

    /// The auction of delivery slots.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the auction needs of the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who sets price lists, the leader's limits and windows.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Who may buy and who may sell.
        type Membership: Membership<Self::AccountId>;

        /// What standing the market asks of those who buy and sell.
        type Admission: Admission<Self::AccountId>;

        /// What the connections of an owner may let out, which bounds its asks.
        type Rated: Rated<Self::AccountId>;

        /// What is held of a principal for a grant while it is stored.
        type GrantBond: Consideration<Self::AccountId, Footprint>;

        /// The money behind orders.
        type Escrow: Escrow<Self::AccountId>;

        /// Where trades go.
        type Settlement: MarketSettlement<Self::AccountId>;

        /// The market's share of the key pools.
        type KeyBudget: KeyBudget;

        /// The tariff band of each slot.
        type Tariff: Tariff;

        /// The chain's time in milliseconds since the Unix epoch.
        type Time: frame_support::traits::Time<Moment = u64>;

        /// What the work of one trade costs that nobody calls for, its opening, freezing and closing, in
        /// plancks. Each order holds it, and pays it with the trade that uses it up.
        #[pallet::constant]
        type TradePrice: Get<Balance>;

        /// What the renewal of a standing order costs in each slot, in plancks.
        #[pallet::constant]
        type RenewalPrice: Get<Balance>;

        /// The most price levels a side that terms may allow: (cap - floor) / tick + 1.
        #[pallet::constant]
        type MaxTicks: Get<u32>;

        /// The most orders, both sides together, that a slot takes.
        #[pallet::constant]
        type MaxOrdersPerSlot: Get<u32>;

        /// The most open orders of all accounts of one owner in one slot.
        #[pallet::constant]
        type MaxOrdersPerAccount: Get<u32>;

        /// The most orders of one batch.
        #[pallet::constant]
        type MaxBatch: Get<u32>;

        /// The most standing orders, of all accounts together.
        #[pallet::constant]
        type MaxStandingOrders: Get<u32>;

        /// The most grants that one account gives.
        #[pallet::constant]
        type MaxGrants: Get<u32>;

        /// The most grants that one broker gets.
        #[pallet::constant]
        type MaxPrincipals: Get<u32>;

        /// The largest energy of one order, in Wh.
        #[pallet::constant]
        type MaxOrderEnergy: Get<u64>;

        /// The most slots that can be between the opening of their gate and their end.
        #[pallet::constant]
        type MaxSlotsInFlight: Get<u32>;

        /// Of how many slots back the clearing results are kept.
        #[pallet::constant]
        type ResultsKept: Get<u32>;

        /// Measured weights.
        type WeightInfo: WeightInfo;
    }

    /// Why money is held.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// For a grant, while it is stored.
        #[codec(index = 0)]
        Grant,
    }

    /// The market's calendar and terms at genesis.
    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// The length of a delivery slot in milliseconds, for good.
        pub slot_length: Millis,
        /// The default windows.
        pub windows: Windows,
        /// The price lists and the leader's limits, if the market is to open at once.
        pub terms: Option<MarketTerms>,
        /// Nothing.
        #[serde(skip)]
        pub _config: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            assert!(self.slot_length > 0, "the length of a delivery slot must not be zero");
            assert!(
                Pallet::<T>::windows_are_valid(&self.windows),
                "the windows of a delivery slot must follow one another and fit the slots in flight"
            );
            SlotLength::<T>::put(self.slot_length);
            DefaultWindows::<T>::put(self.windows);
            if let Some(terms) = &self.terms {
                Pallet::<T>::build_terms(terms);
            }
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_poll(_: BlockNumberFor<T>, meter: &mut frame_support::weights::WeightMeter) {
            Self::work(meter);
        }

        fn integrity_test() {
            Self::check_bounds();
            Self::check_step_weights();
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Places an order for a slot whose gate is open.
        ///
        /// - `limit`: plancks per kWh, a whole multiple of the tick, inside the corridor. A bid's
        ///   limit includes the grid fee.
        /// - `energy`: Wh, whole lots, at least the least order.
        ///
        /// A bid holds `floor(limit * energy / 1000)` plancks and the bond of complaints about its trades, an
        /// ask `ceil(deposit rate * cap price * energy / 1000)`, and both `TradePrice`.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::place_order())]
        pub fn place_order(
            origin: OriginFor<T>,
            slot: SlotIndex,
            side: Side,
            limit: PricePerKwh,
            energy: Wh,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            let order = NewOrder { side, limit, energy };
            Self::do_place(who, slot, order)
        }

        /// Changes the limit or the energy of an open order.
        ///
        /// An order that only loses energy keeps its number and its place; any other change makes
        /// it a new order with a new number. What is held follows.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::amend_order())]
        pub fn amend_order(
            origin: OriginFor<T>,
            slot: SlotIndex,
            id: OrderId,
            limit: PricePerKwh,
            energy: Wh,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_amend(&Acting::itself(who), slot, id, limit, energy)
        }

        /// Withdraws an open order before gate closure and gives back what it holds.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::cancel_order())]
        pub fn cancel_order(origin: OriginFor<T>, slot: SlotIndex, id: OrderId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_cancel(&Acting::itself(who), slot, id)
        }

        /// Sets the price list of a band, for slots that open from now on.
        ///
        /// Floor, cap and tick: the tick is positive and divides both; the grid fee is positive, and the
        /// floor plus the fee lies below the cap; the corridor has at most `MaxTicks` levels. The lot is
        /// positive and divides the least order, which is positive. The deposit rate covers the largest
        /// harm of a buyer, cap less floor less grid fee, and the shortfall fee of settlement.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::set_terms())]
        pub fn set_terms(origin: OriginFor<T>, band: Band, list: PriceList) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_terms(band, list)
        }

        /// Sets the default windows, for slots that open from now on.
        ///
        /// While slots open, no gate may close that has never been opened: where gates are to close earlier
        /// than they open now, they are opened earlier first, and close earlier by a second call, in a
        /// later block.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::set_windows())]
        pub fn set_windows(origin: OriginFor<T>, windows: Windows) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_windows(windows)
        }

        /// Places many orders for one slot, each judged by itself: those that are refused are
        /// reported by events, and the others count.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::place_orders(orders.len() as u32))]
        pub fn place_orders(
            origin: OriginFor<T>,
            slot: SlotIndex,
            orders: BoundedVec<NewOrder, T::MaxBatch>,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_place_all(&Acting::itself(who), slot, &orders)
        }

        /// Sets or changes the account's standing order, which is placed in every slot whose gate opens
        /// from now on, under the funds that the account has then. A bid above a slot's cap stands at the
        /// cap, an ask below its floor at the floor; one beyond the other end is left out of that slot.
        ///
        /// By one of the present price lists at least, it can be placed. Each renewal costs `RenewalPrice`.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::set_standing_order())]
        pub fn set_standing_order(origin: OriginFor<T>, order: NewOrder) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_set_standing(who, order)
        }

        /// Ends the account's standing order. Orders that it placed stay.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::end_standing_order())]
        pub fn end_standing_order(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_end_standing(who)
        }

        /// Announces by how much a slot trades, for the role `Aggregate`: which share of the keys that
        /// are available when its gate opens it admits, and what a key covers. Announcing again replaces
        /// it.
        ///
        /// The slot has not opened, and lies at most [`ANNOUNCED_AHEAD`] slots behind the next one to
        /// open; no other owner has announced for it. Share and energy are within the council's limits,
        /// now and when the gate opens, or else the slot trades as if nothing had been announced. The
        /// owner behind the announcement has no orders in the slot, by no account and no broker, and as a
        /// broker places none there for others.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::announce().saturating_add(T::DbWeight::get().writes(1)))]
        pub fn announce(
            origin: OriginFor<T>,
            slot: SlotIndex,
            admission: KeyAdmission,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_announce(who, slot, admission)
        }

        /// Sets within what leaders choose, for slots that open from now on: the least share of the keys,
        /// and the least and the most energy of a key, of which the least is positive.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::set_leader_limits())]
        pub fn set_leader_limits(origin: OriginFor<T>, limits: LeaderLimits) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_limits(limits)
        }

        /// Lets a broker place, amend and cancel orders for the signer, as far as the grant says. What
        /// they hold is the signer's, their fees are the broker's. An earlier grant to the same broker
        /// is replaced; what its orders hold in a slot counts against the new budget.
        ///
        /// Broker and signer are of two owners, and the broker has the role `Broker`, now and whenever it
        /// acts. A bond is held of the signer while the grant is stored.
        #[pallet::call_index(10)]
        #[pallet::weight(T::WeightInfo::grant())]
        pub fn grant(origin: OriginFor<T>, broker: T::AccountId, grant: Grant) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_grant(who, broker, grant)
        }

        /// Ends a grant of the signer, also one that has expired, and gives back its bond.
        ///
        /// Orders that were placed by it stay: to find them, books would have to be searched. Their principal
        /// cancels them with `cancel_order`, by the numbers that the events of their placing say, until
        /// the gates of their slots close. They hold no more than the grant's budget in each.
        #[pallet::call_index(11)]
        #[pallet::weight(T::WeightInfo::revoke_grant())]
        pub fn revoke_grant(origin: OriginFor<T>, broker: T::AccountId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_revoke(who, broker)
        }

        /// Places orders of one slot for a principal that has granted it, each judged by itself as in
        /// `place_orders`, and by the grant: its sides, its worst prices, its budget in the slot.
        #[pallet::call_index(12)]
        #[pallet::weight(T::WeightInfo::place_orders_for(orders.len() as u32))]
        pub fn place_orders_for(
            origin: OriginFor<T>,
            principal: T::AccountId,
            slot: SlotIndex,
            orders: BoundedVec<NewOrder, T::MaxBatch>,
        ) -> DispatchResult {
            let broker = ensure_signed(origin)?;
            let acting = Self::acting_for(broker, principal)?;
            Self::do_place_all(&acting, slot, &orders)
        }

        /// Changes an order that the signer placed for a principal, as `amend_order` does, within the
        /// grant.
        #[pallet::call_index(13)]
        #[pallet::weight(T::WeightInfo::amend_order_for())]
        pub fn amend_order_for(
            origin: OriginFor<T>,
            principal: T::AccountId,
            slot: SlotIndex,
            id: OrderId,
            limit: PricePerKwh,
            energy: Wh,
        ) -> DispatchResult {
            let broker = ensure_signed(origin)?;
            let acting = Self::acting_for(broker, principal)?;
            Self::do_amend(&acting, slot, id, limit, energy)
        }

        /// Withdraws an order that the signer placed for a principal, as `cancel_order` does, while the
        /// grant is in force.
        #[pallet::call_index(14)]
        #[pallet::weight(T::WeightInfo::cancel_order_for())]
        pub fn cancel_order_for(
            origin: OriginFor<T>,
            principal: T::AccountId,
            slot: SlotIndex,
            id: OrderId,
        ) -> DispatchResult {
            let broker = ensure_signed(origin)?;
            let acting = Self::acting_for(broker, principal)?;
            Self::do_cancel(&acting, slot, id)
        }

        /// Takes back what was announced for a slot, until its gate opens. The signer announced it, or is
        /// another account of the same owner; it needs no role.
        #[pallet::call_index(15)]
        #[pallet::weight(T::WeightInfo::withdraw_announcement())]
        pub fn withdraw_announcement(origin: OriginFor<T>, slot: SlotIndex) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_withdraw_announcement(who, slot)
        }
    }
}

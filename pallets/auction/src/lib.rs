//! # Auction: a Stackelberg-constrained double auction for each delivery slot
//!
//! ## Rules
//!
//! 1. *The leader speaks first.* When a slot's gate opens, the leader's terms, the windows and the
//!    market's key budget are copied into the slot. No later change reaches back. The terms are
//!    those that an aggregator announced for this slot, within what the council allows, or else
//!    the default ones, whose grid price follows the tariff band and whose energy per key follows
//!    the keys of the last slots.
//! 2. *Followers answer with orders.* An order names a side, a limit price on a tick inside
//!    the corridor from floor to cap, and an energy in whole lots. An owner takes one side per
//!    slot, with all accounts together: an order that is just left out moves the price. A bid holds
//!    what it may cost at most, rounded down; an ask holds its deposit, rounded up.
//! 3. *Time has priority within a price.* Reducing an order's energy keeps its place; every
//!    other amendment is a new order.
//! 4. *Standing orders* are placed anew when a gate opens, under the funds and credentials that
//!    their account has then, a few per block. One that cannot be placed is reported and holds up
//!    nobody; after [`MAX_FAILURES`] times in a row it ends.
//! 5. *Gate closure.* From then on no order is taken, amended or cancelled. The aggregated price
//!    levels say by [`qedex_math::clearing`] how much is traded, at most what the keys cover, and
//!    at one price for all who buy and one for all who sell. (McAfee's reduced trade, which the
//!    same crate has for study, is not offered: `docs/auction.md` says why.)
//! 6. *Pairing.* Filled orders are paired, best price and earliest arrival first, and each
//!    pair opens a trade in the settlement. A trade's money moves with it by bookkeeping. What an
//!    order does not need is released to the planck when the order closes.
//! 7. *Keys* are reserved when the volume is known, as many as it uses. Without keys a slot goes its
//!    way without trades, and every hold is released.
//! 8. *Nothing is done twice or late.* The work is spread over blocks, as much as a quarter of
//!    a block's weight at a time, and resumes where it stopped. If the chain stood still past
//!    the start of delivery, a slot that was not cleared is annulled: every order is released.
//!    Once delivery has ended, no trade opens any more: what is not paired by then is released.
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
#[cfg(test)]
mod mock;
mod pairing;
mod standing;
mod terms;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use qedex_primitives::NewOrder;
pub use types::{
    AnnouncedTerms, Order, OrderPriority, Participant, Party, Phase, PriceLevel, PricePriority,
    SlotRecord, StandingOrder, TermsRule,
};
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

/// How many times in a row a standing order may fail before it ends.
pub const MAX_FAILURES: u8 = 3;

/// For how many slots ahead terms can be announced.
pub const ANNOUNCED_AHEAD: u64 = 96;

/// The most orders that a client gets at once.
pub const MAX_PAGE: u32 = 1_000;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(events::events)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use qedex_primitives::{
        Admission, Balance, ClearingResult, Escrow, KeyBudget, LeaderTerms, MarketSettlement,
        Membership, Millis, OrderId, PricePerKwh, Side, SlotIndex, SlotTerms, Tariff, Wh, Windows,
    };

    /// The version of the stored layout. It is written at genesis, and goes up by one with each
    /// migration.
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// The auction of delivery slots.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the auction needs of the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who sets the default terms and windows.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Who may buy and who may sell.
        type Membership: Membership<Self::AccountId>;

        /// What standing the market asks of those who buy and sell.
        type Admission: Admission<Self::AccountId>;

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

        /// The most price levels a side that terms may allow: (cap - floor) / tick + 1.
        #[pallet::constant]
        type MaxTicks: Get<u32>;

        /// The most orders, both sides together, that a slot takes.
        #[pallet::constant]
        type MaxOrdersPerSlot: Get<u32>;

        /// The most open orders of one account, or of all accounts of one owner, in one slot.
        #[pallet::constant]
        type MaxOrdersPerAccount: Get<u32>;

        /// The most orders of one batch.
        #[pallet::constant]
        type MaxBatch: Get<u32>;

        /// The most standing orders, of all accounts together.
        #[pallet::constant]
        type MaxStandingOrders: Get<u32>;

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

    /// The length of a delivery slot in milliseconds, fixed at genesis.
    #[pallet::storage]
    pub type SlotLength<T: Config> = StorageValue<_, Millis, ValueQuery>;

    /// The windows that slots opening from now on get.
    #[pallet::storage]
    pub type DefaultWindows<T: Config> = StorageValue<_, Windows, ValueQuery>;

    /// The leader's terms that slots opening from now on get. Without terms no slot opens.
    #[pallet::storage]
    pub type DefaultTerms<T: Config> = StorageValue<_, LeaderTerms, OptionQuery>;

    /// How the default terms follow the tariff and the keys; without it they stay as they are.
    #[pallet::storage]
    pub type CurrentTermsRule<T: Config> = StorageValue<_, TermsRule, OptionQuery>;

    /// The terms that aggregators announced for slots to come, in a ring: those of slot `d` are
    /// found at `d % ANNOUNCED_AHEAD`, and are void once another slot's stand there.
    #[pallet::storage]
    pub type Announced<T: Config> = StorageMap<_, Twox64Concat, u32, AnnouncedTerms>;

    /// The standing order of each account.
    #[pallet::storage]
    pub type StandingOrders<T: Config> =
        CountedStorageMap<_, Blake2_128Concat, T::AccountId, StandingOrder>;

    /// Whose standing order has this index. The indices are those below the number of standing
    /// orders.
    #[pallet::storage]
    pub type StandingIndex<T: Config> = StorageMap<_, Twox64Concat, u32, T::AccountId>;

    /// The first slot that has not been opened or passed over.
    #[pallet::storage]
    pub type NextSlot<T: Config> = StorageValue<_, SlotIndex, ValueQuery>;

    /// Slots that are open, being cleared or waiting for their end, in ascending order.
    #[pallet::storage]
    pub type InFlight<T: Config> =
        StorageValue<_, BoundedVec<SlotIndex, T::MaxSlotsInFlight>, ValueQuery>;

    /// The state of each slot in flight.
    #[pallet::storage]
    pub type Slots<T: Config> = StorageMap<_, Twox64Concat, SlotIndex, SlotRecord>;

    /// Open orders by slot, side and priority: iteration yields the best price first and, within
    /// a price, the earliest arrival. The last key is its own hash, because its order is what
    /// it is for.
    #[pallet::storage]
    pub type Orders<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, SlotIndex>,
            NMapKey<Twox64Concat, Side>,
            NMapKey<Identity, OrderPriority>,
        ),
        Order<T::AccountId>,
    >;

    /// Where an order, named by slot and number, stands in [`Orders`].
    #[pallet::storage]
    pub type OrderKeys<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Twox64Concat, OrderId, (Side, PricePerKwh)>;

    /// The energy at each price, best price first.
    #[pallet::storage]
    pub type Levels<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, SlotIndex>,
            NMapKey<Twox64Concat, Side>,
            NMapKey<Identity, PricePriority>,
        ),
        PriceLevel,
    >;

    /// The side that an owner, or an account without one, has taken in a slot, and the number of its
    /// open orders.
    #[pallet::storage]
    pub type Participants<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        SlotIndex,
        Blake2_128Concat,
        Party<T::AccountId>,
        Participant,
    >;

    /// The latest clearing results, in a ring: slot `d` is found at `d % ResultsKept`.
    #[pallet::storage]
    pub type Results<T: Config> = StorageMap<_, Twox64Concat, u32, ClearingResult>;

    /// The market's calendar and terms at genesis.
    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// The length of a delivery slot in milliseconds, for good.
        pub slot_length: Millis,
        /// The default windows.
        pub windows: Windows,
        /// The leader's default terms, if the market is to open at once.
        pub terms: Option<LeaderTerms>,
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
                assert!(
                    Pallet::<T>::check_terms(terms).is_ok(),
                    "the leader's terms at genesis must be consistent"
                );
                DefaultTerms::<T>::put(terms);
            }
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_poll(_: BlockNumberFor<T>, meter: &mut frame_support::weights::WeightMeter) {
            Self::work(meter);
        }

        fn integrity_test() {
            assert!(T::MaxTicks::get() >= 2, "a corridor needs two price levels");
            assert!(T::MaxOrdersPerSlot::get() > 0, "a book takes at least one order");
            assert!(T::MaxOrdersPerAccount::get() > 0, "an account may place at least one order");
            assert!(T::MaxBatch::get() > 0, "a batch takes at least one order");
            assert!(T::MaxOrderEnergy::get() > 0, "an order has some energy");
            assert!(T::ResultsKept::get() > 0, "at least one result is kept");
            assert!(
                Self::windows_are_valid(&Windows::default()),
                "the default windows fit into the slots in flight"
            );
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
        /// A bid holds `floor(limit * energy / 1000)` plancks, an ask
        /// `ceil(deposit rate * cap price * energy / 1000)`.
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
            Self::do_amend(who, slot, id, limit, energy)
        }

        /// Withdraws an open order before gate closure and gives back what it holds.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::cancel_order())]
        pub fn cancel_order(origin: OriginFor<T>, slot: SlotIndex, id: OrderId) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_cancel(who, slot, id)
        }

        /// Sets the leader's default terms, for slots that open from now on.
        ///
        /// Floor, cap and tick: the tick is positive and divides both; the floor plus the grid
        /// fee lies below the cap; the corridor has at most `MaxTicks` levels. The lot is
        /// positive and divides the least order, which is positive. A key covers some energy.
        /// The deposit rate covers the largest harm of a buyer, cap less floor less grid fee. So
        /// do they with each cap of their rule, if there is one.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::set_terms())]
        pub fn set_terms(origin: OriginFor<T>, terms: LeaderTerms) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::check_terms(&terms)?;
            if let Some(rule) = CurrentTermsRule::<T>::get() {
                Self::check_rule(&rule, &terms)?;
            }
            DefaultTerms::<T>::put(terms);
            Self::deposit_event(Event::TermsSet { terms });
            Ok(())
        }

        /// Sets the default windows, for slots that open from now on.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::set_windows())]
        pub fn set_windows(origin: OriginFor<T>, windows: Windows) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            ensure!(Self::windows_are_valid(&windows), Error::<T>::InconsistentWindows);
            DefaultWindows::<T>::put(windows);
            Self::deposit_event(Event::WindowsSet { windows });
            Ok(())
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
            Self::do_place_all(&who, slot, &orders)
        }

        /// Sets or changes the account's standing order, which is placed in every slot whose gate opens
        /// from now on, under the funds that the account has then. Whether it is inside a slot's
        /// terms shows when it is placed.
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
            ensure!(StandingOrders::<T>::contains_key(&who), Error::<T>::NoStandingOrder);
            Self::end_standing(who, false);
            Ok(())
        }

        /// Announces the leader's terms of one slot, for the role `Aggregate`. Announcing again
        /// replaces them.
        ///
        /// The slot has not opened, and lies at most [`ANNOUNCED_AHEAD`] slots behind the next one
        /// to open. The terms are consistent by themselves, as for `set_terms`, and within the
        /// council's: the corridor inside the default floor and the highest grid price of any band;
        /// a grid fee and a least order at most the default ones; a deposit rate at least the
        /// default one; energy per key at most what the rule for the default terms allows.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::announce_terms())]
        pub fn announce_terms(
            origin: OriginFor<T>,
            slot: SlotIndex,
            terms: LeaderTerms,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_announce(who, slot, terms)
        }

        /// Sets how the default terms follow the tariff and the keys, or that they do not.
        ///
        /// With each grid price the default terms are consistent, as for `set_terms`; a key may
        /// cover at least the default terms' energy.
        #[pallet::call_index(9)]
        #[pallet::weight(T::WeightInfo::set_terms_rule())]
        pub fn set_terms_rule(origin: OriginFor<T>, rule: Option<TermsRule>) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            if let (Some(rule), Some(terms)) = (&rule, DefaultTerms::<T>::get()) {
                Self::check_rule(rule, &terms)?;
            }
            CurrentTermsRule::<T>::set(rule);
            Self::deposit_event(Event::TermsRuleSet { rule });
            Ok(())
        }
    }
}

//! # Metering: what flowed
//!
//! Electricity meters sign what flowed through them in each delivery slot; this pallet checks the
//! signatures and keeps the totals. Nobody's word is needed: anyone may carry a reading to the
//! chain, and nobody but the meter can make one.
//!
//! ## Rules
//!
//! 1. A *meter* measures the energy of one account, its owner, signs with a key of its own, and is
//!    rated: its capacity is the most that it can have generated, and the most that it can have
//!    consumed, in one slot. Owner and key are an *assignment*, which holds from one slot on; it
//!    lasts for one slot at least. Readings and bills are judged by the assignment *of their slot*,
//!    whatever has changed since: a transfer moves no past energy.
//! 2. An *installer* registers, transfers and decommissions a meter from the first slot on whose
//!    gate has not opened: what was offered for sale is metered as it was when it was offered. A
//!    new key counts from the next slot on, because the old one may be in wrong hands.
//! 3. The assignment before the present one is kept until everything of its last slot is final and
//!    settled, and until then another change is refused: one previous assignment judges whatever is
//!    still open. A former meter counts among [`Config::MaxMetersPerAccount`] for as long.
//! 4. A key is one meter's as long as the meter is on record, the last [`MAX_KEYS`] that were
//!    rotated out included. A key of small order, with which everybody could sign, is no meter's.
//! 5. Nobody seals a meter of their own: an installer does not touch a meter of which it, or
//!    another account of its legal owner, is an owner before or after the change. Who gets a meter
//!    or a key for it must be known to membership, or a credential that comes later would get round
//!    this; the meter of who has left may still be passed on or retired. Genesis meters are exempt.
//! 6. *Storage is paid for*: of whoever registers a meter, [`Config::MeterBond`] is held. Once it
//!    is out of service and none of its slots is kept, anyone may remove it, and the bond goes
//!    back. Its number stays its own.
//! 7. A *reading* is (meter, slot, generated, consumed), signed over an encoding that names its
//!    purpose and the chain ([`qedex_primitives::ReadingPayload`]). It is refused if the slot does
//!    not take readings now, the meter is unknown or was not active in the slot, a value is over
//!    the capacity, the slot has a reading of the meter already, or the signature is not of the
//!    meter's key of that slot. The cheap checks come first; in a batch each is judged alone, and
//!    an event says by its place what became of it.
//! 8. *Delivered* is what all meters of an account generated less what they consumed, never below
//!    zero: own demand comes first. It is known only when each active meter has a reading, because
//!    the silence of a consuming meter must not pay.
//! 9. *A correction* of a reading on chain is made once, until everything of its slot is final, by
//!    an installer that is shown to be independent of the owner in that slot, of who registered the
//!    meter and of who made the slot's assignment. Before the freeze it counts like a reading.
//!    After it, it may only lower what was generated and raise what was consumed, and changes the
//!    record, the totals and the flow, but nothing that was settled, nor demands and bands.
//!    [`Corrections`] keeps what the meter had said and who corrected it: one installer's word is
//!    enough, and its issuer can take the right away.
//! 10. The *demand* of a slot is what all meters consumed, as of the freeze; without any reading
//!     none is known. The *band* (BC-ET-MF, eq. 17) is fixed when the gate opens, by the rule of
//!     that moment: on-peak if the mean demand of the [`TariffRule::look_back`] latest slots that
//!     were frozen by then is at the threshold or above it, those of unknown demand left out; else
//!     mid-peak or off-peak by the day's schedule. Orders do not enter. A mean over several slots,
//!     and no hysteresis, keeps bands from flickering. Without a rule every slot is off-peak.
//! 11. The *peak-to-average ratio* (eq. 18) of a day of 96 slots is over the demands of its closed
//!     slots, an unknown one counting as zero. Days are kept for [`Config::KeptDays`].
//! 12. Everything of a slot is kept for [`Config::Retention`] slots, and until it and all earlier
//!     ones are final and settled, however late that is. Then spare block space is used to remove
//!     it, at most [`Config::MaxPrunedPerBlock`] items in a block. Slots are closed and bands fixed
//!     in `on_poll`, at most [`Config::MaxSlotsPerBlock`] in a block; whoever asks for the band of
//!     a slot whose gate has opened gets it fixed at once.
//!
//! No sum can overflow: 2^32 meters at [`MAX_CAPACITY`] stay below 2^64 Wh. What a block of
//! readings takes is measured in `docs/metering.md`.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod changes;
mod corrections;
mod events;
mod ledger;
mod load;
#[cfg(test)]
mod mock;
mod pruning;
mod readings;
mod registry;
mod removal;
mod tariff;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use qedex_primitives::{
    Assignment, Installer, Meter, ReadingError, SignedReading, TariffRule, Totals,
};
pub use registry::GenesisMeter;
pub use types::{Correction, DayLoad, Progress};
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use qedex_primitives::Wh;

/// The largest capacity of a meter: one gigawatt-hour per slot.
pub const MAX_CAPACITY: Wh = Wh(1_000_000_000);

/// How many keys of a meter are remembered, the present one included.
pub const MAX_KEYS: u32 = 16;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(events::events)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::pallet_prelude::*;
    use frame_support::traits::{Consideration, Footprint};
    use frame_support::weights::WeightMeter;
    use frame_system::pallet_prelude::*;
    use qedex_primitives::{
        Band, Calendar, Flow, MAX_BILL_READINGS, Membership, MeterId, MeterKey, SlotIndex,
        UnsettledSlots, Windows,
    };
    use sp_core::H256;

    /// Readings to submit at once.
    pub type ReadingBatch<T> = BoundedVec<SignedReading, <T as Config>::MaxBatch>;

    /// The version of the stored layout. It is written at genesis, and goes up by one with each
    /// migration.
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    // The hash is concrete because meters, which know nothing of this runtime, sign it.
    #[pallet::config]
    pub trait Config: frame_system::Config<Hash = H256, RuntimeEvent: From<Event<Self>>> {
        /// Who sets the rule of the tariff bands.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Who may install meters, and which accounts are of one owner.
        type Membership: Membership<Self::AccountId>;

        /// When a slot takes readings, and when it is final.
        type Calendar: Calendar;

        /// Which slots are not settled, though they should be final.
        type Unsettled: UnsettledSlots;

        /// What an installer has at stake for each meter that it registered, as long as the meter
        /// is on record.
        type MeterBond: Consideration<Self::AccountId, Footprint>;

        /// The most meters of one account, former ones included as long as a slot of theirs is
        /// not final. At least 1, and at most as many as a bill can have readings.
        #[pallet::constant]
        type MaxMetersPerAccount: Get<u32>;

        /// The most readings of one batch. At least 1.
        #[pallet::constant]
        type MaxBatch: Get<u32>;

        /// How many slots before the present one are kept. Longer than it takes a slot to
        /// become final.
        #[pallet::constant]
        type Retention: Get<u64>;

        /// For how many days before the present one the demand is kept. At least 1.
        #[pallet::constant]
        type KeptDays: Get<u64>;

        /// The most slots that are closed, and the most whose band is fixed, in one block. At
        /// least 2, so that an outage is caught up with.
        #[pallet::constant]
        type MaxSlotsPerBlock: Get<u32>;

        /// The most items that are removed in one block: a reading, a correction, an account's
        /// total, all that is left of a slot, or a day. At least 2, so that pruning overtakes
        /// empty slots.
        #[pallet::constant]
        type MaxPrunedPerBlock: Get<u32>;

        /// The weights of the calls, of an audit and of the hooks' steps.
        type WeightInfo: WeightInfo;
    }

    /// Why metering holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// For the storage of meters.
        #[codec(index = 0)]
        Storage,
    }

    /// The registered meters, by their number.
    #[pallet::storage]
    pub type Meters<T: Config> = StorageMap<_, Twox64Concat, MeterId, Meter<T::AccountId>>;

    /// The number that the next meter gets.
    #[pallet::storage]
    pub type NextMeter<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// The meter of each key that is remembered: keys that were rotated out are among them.
    #[pallet::storage]
    pub type MeterByKey<T: Config> = StorageMap<_, Blake2_128Concat, MeterKey, MeterId>;

    /// The keys of each meter that are remembered, the oldest first and the present one last.
    #[pallet::storage]
    pub type KeysOf<T: Config> =
        StorageMap<_, Twox64Concat, MeterId, BoundedVec<MeterKey, ConstU32<MAX_KEYS>>, ValueQuery>;

    /// Who has how much at stake for each meter. Nobody has for those of genesis.
    #[pallet::storage]
    pub type MeterBonds<T: Config> =
        StorageMap<_, Twox64Concat, MeterId, (T::AccountId, T::MeterBond)>;

    /// The meters of each account, in the order in which it got them. Former ones leave when
    /// another change of theirs is made, or when their room is needed.
    #[pallet::storage]
    pub type MetersOf<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<MeterId, T::MaxMetersPerAccount>,
        ValueQuery,
    >;

    /// The readings, by slot and meter, as corrected.
    #[pallet::storage]
    pub type Readings<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Twox64Concat, MeterId, Flow>;

    /// Which readings were corrected, and what the meter had said, by slot and meter.
    #[pallet::storage]
    pub type Corrections<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        SlotIndex,
        Twox64Concat,
        MeterId,
        Correction<T::AccountId>,
    >;

    /// What the meters of each account say together, by slot and account.
    #[pallet::storage]
    pub type AccountTotals<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Blake2_128Concat, T::AccountId, Totals>;

    /// What the meters of an account said at the freeze, where a correction came later. What was
    /// settled, was settled by this.
    #[pallet::storage]
    pub type FrozenTotals<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Blake2_128Concat, T::AccountId, Totals>;

    /// What all meters say together, by slot.
    #[pallet::storage]
    pub type SlotTotals<T: Config> = StorageMap<_, Twox64Concat, SlotIndex, Totals>;

    /// The rule of the tariff bands of slots whose gate opens from now on. Without one they are
    /// off-peak.
    #[pallet::storage]
    pub type CurrentTariff<T: Config> = StorageValue<_, TariffRule>;

    /// The tariff bands, by slot, fixed when its gate opens.
    #[pallet::storage]
    pub type Bands<T: Config> = StorageMap<_, Twox64Concat, SlotIndex, Band>;

    /// The demand of the closed slots, by day since the Unix epoch.
    #[pallet::storage]
    pub type DayLoads<T: Config> = StorageMap<_, Twox64Concat, u64, DayLoad, ValueQuery>;

    /// Up to which slot demands are noted and bands fixed. `None` before the first block.
    #[pallet::storage]
    pub type Agenda<T: Config> = StorageValue<_, Progress>;

    /// No slot before this one has anything in storage. `None` while no slot has.
    #[pallet::storage]
    pub type OldestKept<T: Config> = StorageValue<_, SlotIndex>;

    /// No day before this one has a demand in storage. `None` while no day has.
    #[pallet::storage]
    pub type OldestDay<T: Config> = StorageValue<_, u64>;

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The meters, numbered in this order from 0, active from slot 0 on.
        pub meters: Vec<GenesisMeter<T::AccountId>>,
        /// The rule of the tariff bands. Without one every slot is off-peak.
        pub tariff: Option<TariffRule>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            self.build_meters();
            self.build_tariff();
        }
    }

    #[pallet::extra_constants]
    impl<T: Config> Pallet<T> {
        /// The largest capacity of a meter, in Wh per slot.
        fn max_capacity() -> Wh {
            MAX_CAPACITY
        }

        /// How many keys of a meter are remembered, the present one included.
        fn max_keys() -> u32 {
            MAX_KEYS
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_poll(_n: BlockNumberFor<T>, meter: &mut WeightMeter) {
            Self::work(meter);
        }

        fn on_idle(_n: BlockNumberFor<T>, remaining: Weight) -> Weight {
            Self::prune_within(remaining)
        }

        fn integrity_test() {
            assert!(
                T::MaxMetersPerAccount::get() >= 1,
                "an account needs room for at least one meter"
            );
            assert!(
                T::MaxMetersPerAccount::get() <= MAX_BILL_READINGS,
                "a bill must have room for all meters of an account"
            );
            assert!(T::KeptDays::get() >= 1, "the day that has just ended must be kept");
            assert!(T::MaxSlotsPerBlock::get() >= 2, "closing must overtake the slots that come");
            assert!(T::MaxBatch::get() >= 1, "a batch needs room for at least one reading");
            assert!(T::MaxPrunedPerBlock::get() >= 2, "pruning must overtake empty slots");
            assert!(
                T::Retention::get() > u64::from(Windows::default().final_at),
                "a slot must be kept until it is final"
            );
            let blocks = T::BlockWeights::get();
            let room = blocks.get(DispatchClass::Normal).max_extrinsic;
            assert!(
                T::WeightInfo::submit_readings(T::MaxBatch::get())
                    .all_lte(room.unwrap_or(blocks.max_block)),
                "the largest batch must fit into a block"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers a meter of `owner` with `key`, rated for at most `capacity` Wh per slot in
        /// each direction. It gets the next free number and is active from the first slot on whose
        /// gate has not opened yet.
        ///
        /// Origin: an account that may install meters, and known to be of another owner. It pays a
        /// bond while the meter is on record.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register_meter())]
        pub fn register_meter(
            origin: OriginFor<T>,
            owner: T::AccountId,
            key: MeterKey,
            capacity: Wh,
        ) -> DispatchResult {
            let installer = Self::ensure_installer(origin)?;
            Self::ensure_known_independent(&installer, &owner)?;
            let active_from = Self::first_unopened();
            let meter = Self::do_register_meter(owner, key, capacity, installer, active_from)?;
            Self::take_bond(meter)
        }

        /// Submits one reading. Fails with the reason if it is refused.
        ///
        /// Origin: any signed account. The meter's signature is what counts.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::submit_reading())]
        pub fn submit_reading(origin: OriginFor<T>, reading: SignedReading) -> DispatchResult {
            ensure_signed(origin)?;
            Self::accept(0, &reading).map_err(Error::<T>::from)?;
            Ok(())
        }

        /// Submits many readings. Each is judged alone, and what became of it is named in an event
        /// with its place in the batch.
        ///
        /// Origin: any signed account.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::submit_readings(readings.len() as u32))]
        pub fn submit_readings(origin: OriginFor<T>, readings: ReadingBatch<T>) -> DispatchResult {
            ensure_signed(origin)?;
            Self::accept_batch(&readings);
            Ok(())
        }

        /// Gives `meter` another `key`, from the next slot on. The old key goes on to sign for the
        /// slots until then, and no meter gets it as long as this one remembers it.
        ///
        /// Origin: an account that may install meters, and known to be of another owner than the
        /// meter's.
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::rotate_key())]
        pub fn rotate_key(origin: OriginFor<T>, meter: MeterId, key: MeterKey) -> DispatchResult {
            let installer = Self::ensure_installer(origin)?;
            Self::do_rotate_key(meter, key, installer)
        }

        /// Gives `meter` to `new_owner`, from the first slot on whose gate has not opened yet. The
        /// old owner goes on to answer for the slots until then.
        ///
        /// Origin: an account that may install meters, of neither owner, and known not to be of the
        /// new one.
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::transfer_meter())]
        pub fn transfer_meter(
            origin: OriginFor<T>,
            meter: MeterId,
            new_owner: T::AccountId,
        ) -> DispatchResult {
            let installer = Self::ensure_installer(origin)?;
            Self::do_transfer_meter(meter, new_owner, installer)
        }

        /// Takes `meter` out of service for good, from the first slot on whose gate has not opened
        /// yet.
        ///
        /// Origin: an account that may install meters, and not of the meter's owner.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::decommission_meter())]
        pub fn decommission_meter(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
            let installer = Self::ensure_installer(origin)?;
            Self::do_decommission_meter(meter, installer)
        }

        /// Corrects the reading of `meter` in `slot` to these values, once and until the slot is
        /// final. After the freeze it may only lower what was generated and raise what was
        /// consumed, and changes nothing that was settled.
        ///
        /// Origin: an account that may install meters, and independent of the meter's owner in
        /// that slot, of who registered the meter, and of who made the slot's assignment.
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::correct_reading())]
        pub fn correct_reading(
            origin: OriginFor<T>,
            meter: MeterId,
            slot: SlotIndex,
            generated: Wh,
            consumed: Wh,
        ) -> DispatchResult {
            let installer = Self::ensure_installer(origin)?;
            let after = Flow { generated, consumed };
            Self::do_correct_reading(meter, slot, after, installer)
        }

        /// Sets the rule of the tariff bands of slots whose gate opens from now on. Without a rule
        /// they are off-peak.
        ///
        /// Origin: the admin origin.
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::set_tariff())]
        pub fn set_tariff(origin: OriginFor<T>, rule: TariffRule) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_set_tariff(rule)
        }

        /// Removes from storage a meter that was taken out of service and of which no slot is
        /// kept any more. Its bond goes back to whoever registered it, and its keys are free.
        ///
        /// Origin: any signed account.
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::remove_meter())]
        pub fn remove_meter(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_remove_meter(meter)
        }
    }
}

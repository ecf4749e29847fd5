//! # Metering: what flowed
//!
//! Electricity meters sign what flowed through them in each delivery slot; this pallet checks
//! the signatures and keeps the totals. Nobody's word is needed: anyone may carry a reading to
//! the chain, and nobody but the meter can make one.
//!
//! ## Rules
//!
//! - A **meter** belongs to one account, has a key of its own, and a rated **capacity**: the
//!   most energy that it can have generated, and the most it can have consumed, in one delivery
//!   slot. An account that may install meters registers it. A key is one meter's for good.
//! - A meter is **active** from the delivery slot after its registration on. Earlier slots
//!   neither need nor take a reading of it, so that a new meter never spoils a slot under way.
//! - A **reading** is (meter, slot, generated Wh, consumed Wh), signed by the meter over an
//!   encoding that names its purpose and the chain's genesis hash, see
//!   [`ReadingPayload`](qedex_primitives::ReadingPayload). It is refused if
//!   1. its slot does not take readings now: the reading window of the slot is not open, or the
//!      slot is older than what is kept,
//!   2. the meter is not registered,
//!   3. the meter was not active yet,
//!   4. a value is over the meter's capacity,
//!   5. the meter has a reading of this slot already,
//!   6. the signature is not the meter's over exactly this reading on this chain.
//!
//!   The cheap checks come first.
//! - In a **batch** every reading is judged alone: the refused ones are named in events and the
//!   others count.
//! - **Delivered** is what all meters of an account generated in a slot, less what they
//!   consumed, and never below zero: own demand is served first. It is known only when every
//!   active meter of the account has a reading, because the silence of a consuming meter must
//!   not pay. An account without an active meter delivers nothing that anybody could know of.
//! - Readings and totals of a slot are **kept** for [`Config::Retention`] slots, and in any case
//!   until the slot is final. Then spare block space is used to remove them, oldest slot first, at
//!   most [`Config::MaxPrunedPerBlock`] items in a block.
//!
//! ## For other pallets
//!
//! [`Pallet`] implements [`EnergyLedger`](qedex_primitives::EnergyLedger). No sum can overflow:
//! 2^32 meters at [`MAX_CAPACITY`] stay below 2^64 Wh.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod ledger;
#[cfg(test)]
mod mock;
mod pruning;
mod readings;
mod registry;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use qedex_primitives::SignedReading;
pub use registry::GenesisMeter;
pub use types::{Meter, Reading, ReadingError, Totals};
pub use weights::WeightInfo;

use qedex_primitives::Wh;

/// The largest capacity of a meter: one gigawatt-hour per slot.
pub const MAX_CAPACITY: Wh = Wh(1_000_000_000);

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use qedex_primitives::{Calendar, Membership, MeterId, MeterKey, Role, SlotIndex, Windows};
    use sp_core::H256;

    /// Readings to submit at once.
    pub type ReadingBatch<T> = BoundedVec<SignedReading, <T as Config>::MaxBatch>;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    // The hash is concrete because meters, which know nothing of this runtime, sign it.
    #[pallet::config]
    pub trait Config: frame_system::Config<Hash = H256, RuntimeEvent: From<Event<Self>>> {
        /// Who may install meters.
        type Membership: Membership<Self::AccountId>;

        /// When a slot takes readings, and when it is final.
        type Calendar: Calendar;

        /// The most meters of one account. At least 1.
        #[pallet::constant]
        type MaxMetersPerAccount: Get<u32>;

        /// The most readings of one batch. At least 1.
        #[pallet::constant]
        type MaxBatch: Get<u32>;

        /// How many slots before the present one are kept. Longer than it takes a slot to
        /// become final.
        #[pallet::constant]
        type Retention: Get<u64>;

        /// The most items that are removed in one block: a reading, an account's total, or all
        /// that is left of a slot. At least 2, so that pruning overtakes empty slots.
        #[pallet::constant]
        type MaxPrunedPerBlock: Get<u32>;

        /// The weights of the calls and of pruning.
        type WeightInfo: WeightInfo;
    }

    /// The registered meters, by their number.
    #[pallet::storage]
    pub type Meters<T: Config> = StorageMap<_, Twox64Concat, MeterId, Meter<T::AccountId>>;

    /// The number that the next meter gets.
    #[pallet::storage]
    pub type NextMeter<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// The meter of each key.
    #[pallet::storage]
    pub type MeterByKey<T: Config> = StorageMap<_, Blake2_128Concat, MeterKey, MeterId>;

    /// The meters of each account, in order of registration.
    #[pallet::storage]
    pub type MetersOf<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<MeterId, T::MaxMetersPerAccount>,
        ValueQuery,
    >;

    /// The readings, by slot and meter.
    #[pallet::storage]
    pub type Readings<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Twox64Concat, MeterId, Reading>;

    /// What the meters of each account say together, by slot and account.
    #[pallet::storage]
    pub type AccountTotals<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Blake2_128Concat, T::AccountId, Totals>;

    /// What all meters say together, by slot.
    #[pallet::storage]
    pub type SlotTotals<T: Config> = StorageMap<_, Twox64Concat, SlotIndex, Totals>;

    /// No slot before this one has anything in storage. `None` before the first reading.
    #[pallet::storage]
    pub type OldestKept<T: Config> = StorageValue<_, SlotIndex>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A meter was registered.
        MeterRegistered {
            /// Its number.
            meter: MeterId,
            /// Whose it is.
            owner: T::AccountId,
            /// By whom.
            installer: T::AccountId,
            /// The most that it may read in one slot, in Wh, in each direction.
            capacity: Wh,
            /// The first slot of which it takes readings.
            active_from: SlotIndex,
        },
        /// A reading counts.
        ReadingAccepted {
            /// Of which meter.
            meter: MeterId,
            /// Of which slot.
            slot: SlotIndex,
            /// Energy generated, in Wh.
            generated: Wh,
            /// Energy consumed, in Wh.
            consumed: Wh,
        },
        /// A reading of a batch does not count.
        ReadingRefused {
            /// Its place in the batch, from 0.
            index: u32,
            /// Of which meter.
            meter: MeterId,
            /// Of which slot.
            slot: SlotIndex,
            /// Why not.
            error: ReadingError,
        },
        /// A batch was judged.
        BatchProcessed {
            /// How many of its readings count.
            accepted: u32,
            /// How many do not.
            refused: u32,
        },
        /// Old slots were removed.
        Pruned {
            /// The oldest slot that may still have something in storage.
            oldest_kept: SlotIndex,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// The caller may not install meters.
        NotAnInstaller,
        /// The key is another meter's.
        KeyTaken,
        /// The capacity is zero, or over the largest that a meter can have.
        CapacityOutOfRange,
        /// The account has as many meters as it can have.
        TooManyMeters,
        /// All numbers of meters are used up.
        NumbersExhausted,
        /// There is no meter of this number.
        UnknownMeter,
        /// The meter was registered too late for this slot.
        MeterNotActive,
        /// The slot does not take readings now.
        NotInReadingWindow,
        /// A value is over the meter's capacity.
        OverCapacity,
        /// The meter has a reading of this slot already.
        AlreadyRead,
        /// The signature is not the meter's over this reading on this chain.
        BadSignature,
    }

    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// The meters, numbered in this order from 0, active from slot 0 on.
        pub meters: Vec<GenesisMeter<T::AccountId>>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            self.build_meters();
        }
    }

    #[pallet::extra_constants]
    impl<T: Config> Pallet<T> {
        /// The largest capacity of a meter, in Wh per slot.
        fn max_capacity() -> Wh {
            MAX_CAPACITY
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_idle(_n: BlockNumberFor<T>, remaining: Weight) -> Weight {
            Self::prune_within(remaining)
        }

        fn integrity_test() {
            assert!(
                T::MaxMetersPerAccount::get() >= 1,
                "an account needs room for at least one meter"
            );
            assert!(
                T::MaxBatch::get() >= 1,
                "a batch needs room for at least one reading"
            );
            assert!(
                T::MaxPrunedPerBlock::get() >= 2,
                "pruning must overtake empty slots"
            );
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
        /// each direction. It gets the next free number and is active from the next slot on.
        ///
        /// Origin: an account that may install meters.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register_meter())]
        pub fn register_meter(
            origin: OriginFor<T>,
            owner: T::AccountId,
            key: MeterKey,
            capacity: Wh,
        ) -> DispatchResult {
            let installer = ensure_signed(origin)?;
            ensure!(
                T::Membership::may(&installer, Role::InstallMeters),
                Error::<T>::NotAnInstaller
            );
            let active_from = T::Calendar::current_slot().next();
            Self::do_register_meter(owner, key, capacity, installer, active_from)
        }

        /// Submits one reading. Fails with the reason if it is refused.
        ///
        /// Origin: any signed account. The meter's signature is what counts.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::submit_reading())]
        pub fn submit_reading(origin: OriginFor<T>, reading: SignedReading) -> DispatchResult {
            ensure_signed(origin)?;
            Self::accept(&reading).map_err(Error::<T>::from)?;
            Ok(())
        }

        /// Submits many readings. Each is judged alone: what is refused is named in an event,
        /// and the others count.
        ///
        /// Origin: any signed account.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::submit_readings(readings.len() as u32))]
        pub fn submit_readings(origin: OriginFor<T>, readings: ReadingBatch<T>) -> DispatchResult {
            ensure_signed(origin)?;
            Self::accept_batch(&readings);
            Ok(())
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// The meters of `account`, in order of registration.
        pub fn meters_of(account: T::AccountId) -> Vec<MeterId> {
            MetersOf::<T>::get(account).into_inner()
        }

        /// What the meters of `account` said of `slot`, if any did and it is still kept.
        pub fn totals(account: T::AccountId, slot: SlotIndex) -> Option<Totals> {
            AccountTotals::<T>::get(slot, account)
        }
    }

    impl<T> From<ReadingError> for Error<T> {
        fn from(error: ReadingError) -> Self {
            match error {
                ReadingError::UnknownMeter => Self::UnknownMeter,
                ReadingError::MeterNotActive => Self::MeterNotActive,
                ReadingError::NotInReadingWindow => Self::NotInReadingWindow,
                ReadingError::OverCapacity => Self::OverCapacity,
                ReadingError::AlreadyRead => Self::AlreadyRead,
                ReadingError::BadSignature => Self::BadSignature,
            }
        }
    }
}

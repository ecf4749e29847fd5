//! # Metering: what flowed
//!
//! Electricity meters sign what flowed through them in each delivery slot; this pallet checks the
//! signatures and keeps the totals. Nobody's word is needed: anyone may carry a reading to the
//! chain, and nobody but the meter can make one.
//!
//! ## Rules
//!
//! 1. A *meter* signs with a key of its own and is rated: for what can leave and for what can enter in
//!    one slot. Owner, key and ratings are an *assignment*, which holds from one slot on and lasts for
//!    one slot at least. Readings and bills are judged by the assignment *of their slot*, whatever has
//!    changed since: a transfer moves no past energy.
//! 2. It sits *at a connection* to the grid or *behind one*, for good. A connection bears the grid
//!    operator's number, which is one meter's at a time. Only connections deliver, score, and count as
//!    demand; what a meter behind one says is recorded and shown. (It would be counted twice.)
//! 3. *Nobody changes a meter alone.* To register one, to give it another key, another owner or other
//!    ratings, or to end its service, an *installer* files a change. It is *pending* until the owner
//!    (both owners of a transfer) and a *second installer* have confirmed this very change, by its
//!    hash. Nobody seals a meter of one's own: the two installers are not accounts of one owner, and
//!    neither is one of an owner concerned, when it is filed and when it is confirmed; whose owner is
//!    not known is not independent of anybody. An account that is shut speaks for no owner, and what it
//!    confirmed before counts no more. Genesis meters are exempt: there is nobody to ask yet.
//! 4. *The council may stand* for the second installer, or for an owner that has not answered within
//!    [`Config::OwnerAnswers`], never for both. It may stand for the owner at once where a change
//!    lowers ratings or ends a service: an owner that was found out cannot stop two installers and the
//!    council, nor by handing the meter on: such a change concerns whoever has the meter then. Any other
//!    change an owner concerned may *refuse*, which is an answer, and its end.
//! 5. Who filed a change may withdraw it, who confirmed it may take that back; after
//!    [`Config::ChangeLifetime`] anyone may clear it. Of who filed it [`Config::Bond`] is held
//!    until its end, and an owner's installers have at most [`Config::MaxPendingPerInstaller`] pending.
//!    It *reserves nothing*, neither a key nor a number nor a place on a list: everything is asked
//!    again when it takes effect, with the last confirmation it needs, and the installers must still be
//!    installers then.
//! 6. It takes effect from the first slot whose gate has not been opened: what was offered for sale is
//!    metered as it was when it was offered, by the key of then as well. What was to begin then or later
//!    gives way to it, so that nobody puts an end off by other changes.
//! 7. A meter has at most [`MAX_ASSIGNMENTS`] assignments. The oldest makes room once everything of its
//!    last slot is final, all slots until then are settled and none of them is scored any more
//!    ([`Config::Scored`]); only where none may, another change is
//!    refused. A former connection counts among [`Config::MaxConnectionsPerOwner`] for as long; that is
//!    over all accounts of an owner, because one bill has one reading of each. So what flowed in a slot
//!    is told by the connections of then, whatever has changed since, and nobody's silence is forgotten
//!    with the connection that was silent.
//! 8. A key is one meter's as long as the meter is on record and remembers it: [`MAX_KEYS`] of those
//!    that it has had, of which the oldest that no assignment bears makes room for another. A key of small order, with which everybody could sign, is no meter's.
//! 9. *Storage is paid for*: of whoever filed a meter's registration, [`Config::Bond`] is held. Once it
//!    is out of service and none of its slots is kept, anyone may remove it, and the bond goes
//!    back. Its number stays its own.
//! 10. A *reading* is (meter, slot, generated, consumed), signed over an encoding that names its
//!     purpose and the chain ([`qedex_primitives::ReadingPayload`]). It is refused if the slot does
//!     not take readings now or was closed before, the meter is unknown or was not active in the slot, a
//!     value is over what it is rated for, the slot has a reading of the meter already, or the signature
//!     is not of the meter's key of that slot. The cheap checks come first; in a batch each is judged
//!     alone, and an event says by its place what became of it.
//! 11. *Delivered* is the sum over an owner's connections of what each generated less what it consumed,
//!     never below zero: own demand comes first, at each connection. It is known only when each active
//!     connection has a reading; what is *published* is the same by those that have one. A bill names
//!     each of them, and one without a good signature delivers nothing. Everything that is told of an
//!     account is told of its owner. Slots before [`OwnersSince`], which were opened before there were
//!     connections, go by the account and its meters, over all of which own demand is netted.
//! 12. *A correction is a record* of what an installer says that a meter should have read. An installer
//!     that is independent of the meter's owner in that slot makes one at any time while the slot is
//!     kept, one for each owner, at most [`MAX_CORRECTIONS`]; whether there is a reading or not. They
//!     are shown beside what was signed. Nothing is settled, summed up, scored or banded by them.
//! 13. The *demand* of a slot is what all connections consumed, as of the freeze; without any reading
//!     none is known. The *band* (BC-ET-MF, eq. 17) is fixed when the gate opens, by the rule of
//!     that moment: on-peak if the mean demand of the [`TariffRule::look_back`] latest slots that
//!     were frozen by then is at the threshold or above it, those of unknown demand left out; else
//!     mid-peak or off-peak by the day's schedule. Orders do not enter. A mean over several slots,
//!     and no hysteresis, keeps bands from flickering. Without a rule every slot is off-peak.
//! 14. The *peak-to-average ratio* (eq. 18) of a day of 96 slots is over the demands of its closed
//!     slots, an unknown one counting as zero. Days are kept for [`Config::KeptDays`].
//! 15. Everything of a slot is kept for [`Config::Retention`] slots, and until it and all earlier
//!     ones are final and settled, however late that is. Then spare block space is used to remove
//!     it, at most [`Config::MaxPrunedPerBlock`] items in a block. Slots are closed and bands fixed
//!     in `on_poll`, at most [`Config::MaxSlotsPerBlock`] in a block; whoever asks for the band of
//!     a slot whose gate has opened gets it fixed at once.
//!
//! What stays open: two installers and an owner in league register whatever they like. Nothing on a
//! chain compares a reading with a current; the names of all three are on record with the meter.
//!
//! No sum can overflow: 2^32 meters at [`MAX_RATING`] stay below 2^64 Wh. What a block of
//! readings takes is measured in `docs/metering.md`.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calls;
mod changes;
mod corrections;
mod events;
mod ledger;
mod load;
pub mod migrations;
#[cfg(test)]
mod mock;
mod pending;
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
    Assignment, Change, ChangeId, ConnectionNumber, Correction, Installer, Meter, MeterKind,
    MeterRatings, Party, PendingChange, Person, ReadingError, SignedReading, TariffRule, Totals,
    meter::MAX_ASSIGNMENTS,
};
pub use registry::GenesisMeter;
pub use types::{DayLoad, Progress};
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use qedex_primitives::Wh;

/// The largest rating of a meter: one gigawatt-hour per slot.
pub const MAX_RATING: Wh = Wh(1_000_000_000);

/// What a silent connection counts as having consumed in a slot at least, where scores are made of it:
/// the most that a household can draw in a quarter of an hour by a main fuse of three phases of 16 A, at
/// the 230 V of EN 50160, which is 11.04 kW. It is the same whatever the length of a slot: a shorter one
/// makes silence dearer.
pub const HOUSEHOLD: Wh = Wh(2_760);

/// How many keys of a meter are remembered, the present one included.
pub const MAX_KEYS: u32 = 16;

/// How many corrections of one meter and slot are kept, each by an installer of another owner.
pub const MAX_CORRECTIONS: u32 = 8;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(calls::calls)]
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
        Band, Calendar, Flow, MAX_BILL_READINGS, Membership, MeterId, MeterKey, Opened, OwnerId,
        SlotIndex, UnsettledSlots, Windows,
    };
    use sp_core::H256;

    /// Readings to submit at once.
    pub type ReadingBatch<T> = BoundedVec<SignedReading, <T as Config>::MaxBatch>;

    /// The version of the stored layout. It is written at genesis, and goes up by one with each
    /// migration.
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    // The hash is concrete because meters, which know nothing of this runtime, sign it.
    #[pallet::config]
    pub trait Config: frame_system::Config<Hash = H256, RuntimeEvent: From<Event<Self>>> {
        /// The council: who stands for others, and sets the rule of the tariff bands.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Who may install meters, and which accounts are of one owner.
        type Membership: Membership<Self::AccountId>;

        /// When a slot takes readings, and when it is final.
        type Calendar: Calendar;

        /// From which slot on a change takes effect.
        type Opened: Opened;

        /// Which slots are not settled, though they should be final.
        type Unsettled: UnsettledSlots;

        /// What an installer has at stake for each change that it filed, until its end, and for each
        /// meter whose registration it filed, as long as the meter is on record.
        type Bond: Consideration<Self::AccountId, Footprint>;

        /// The most connections of one owner over all its accounts, former ones included as long as
        /// a slot of theirs is not final. At least 1, and at most as many as a bill can have readings.
        #[pallet::constant]
        type MaxConnectionsPerOwner: Get<u32>;

        /// The most changes that the installers of one owner may have pending. At least 1.
        #[pallet::constant]
        type MaxPendingPerInstaller: Get<u32>;

        /// For how many slots a change may be confirmed.
        #[pallet::constant]
        type ChangeLifetime: Get<u64>;

        /// For how many slots an owner may think about a change before the council may stand for it.
        /// Fewer than [`Config::ChangeLifetime`].
        #[pallet::constant]
        type OwnerAnswers: Get<u64>;

        /// The most readings of one batch. At least 1.
        #[pallet::constant]
        type MaxBatch: Get<u32>;

        /// How many slots before the present one are kept. Longer than it takes a slot to
        /// become final.
        #[pallet::constant]
        type Retention: Get<u64>;

        /// How many of the latest final slots are scored at most: as long as one of them is, who had
        /// which connection in it is on record.
        type Scored: Get<u64>;

        /// For how many days before the present one the demand is kept. At least 1.
        #[pallet::constant]
        type KeptDays: Get<u64>;

        /// The most slots that are closed, and the most whose band is fixed, in one block. At
        /// least 2, so that an outage is caught up with.
        #[pallet::constant]
        type MaxSlotsPerBlock: Get<u32>;

        /// The most items that are removed in one block: a reading, the corrections of one, an
        /// owner's total, all that is left of a slot, or a day. At least 2, so that pruning overtakes
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
    pub type MeterBonds<T: Config> = StorageMap<_, Twox64Concat, MeterId, (T::AccountId, T::Bond)>;

    /// The changes that wait for confirmations, by their number.
    #[pallet::storage]
    pub type PendingChanges<T: Config> =
        StorageMap<_, Twox64Concat, ChangeId, PendingChange<T::AccountId>>;

    /// The number that the next change gets.
    #[pallet::storage]
    pub type NextChange<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// What who filed a change has at stake for it.
    #[pallet::storage]
    pub type ChangeBonds<T: Config> = StorageMap<_, Twox64Concat, ChangeId, T::Bond>;

    /// The pending changes that the installers of each owner have filed, in the order of filing.
    #[pallet::storage]
    pub type ChangesOf<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        OwnerId,
        BoundedVec<ChangeId, T::MaxPendingPerInstaller>,
        ValueQuery,
    >;

    /// The meters at the connections of each owner, in the order in which it got them. Former ones
    /// leave when another change of theirs is made, or when their room is needed.
    #[pallet::storage]
    pub type ConnectionsOf<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        OwnerId,
        BoundedVec<MeterId, T::MaxConnectionsPerOwner>,
        ValueQuery,
    >;

    /// The latest meter at each connection. Once its service has ended another one may take its
    /// place.
    #[pallet::storage]
    pub type MeterAt<T: Config> = StorageMap<_, Blake2_128Concat, ConnectionNumber, MeterId>;

    /// The readings, by slot and meter, as signed.
    #[pallet::storage]
    pub type Readings<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Twox64Concat, MeterId, Flow>;

    /// What installers say beside the readings, by slot and meter, in the order in which they said
    /// so.
    #[pallet::storage]
    pub type Corrections<T: Config> = StorageDoubleMap<
        _,
        Twox64Concat,
        SlotIndex,
        Twox64Concat,
        MeterId,
        BoundedVec<Correction<T::AccountId>, ConstU32<MAX_CORRECTIONS>>,
        ValueQuery,
    >;

    /// What the connections of each owner say together, by slot and owner.
    #[pallet::storage]
    pub type OwnerTotals<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Blake2_128Concat, OwnerId, Totals>;

    /// The first slot of which energy is an owner's. Those before, which were opened by the rules of the
    /// first layout, are of the account that answered for a meter. Zero on a chain begun since.
    #[pallet::storage]
    pub type OwnersSince<T: Config> = StorageValue<_, SlotIndex, ValueQuery>;

    /// What all connections say together, by slot.
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
        /// The largest rating of a meter, in Wh per slot.
        fn max_rating() -> Wh {
            MAX_RATING
        }

        /// How many keys of a meter are remembered, the present one included.
        fn max_keys() -> u32 {
            MAX_KEYS
        }

        /// How many assignments of a meter are kept, the latest one included.
        fn max_assignments() -> u32 {
            MAX_ASSIGNMENTS
        }

        /// How many corrections of one meter and slot are kept.
        fn max_corrections() -> u32 {
            MAX_CORRECTIONS
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
                T::MaxConnectionsPerOwner::get() >= 1,
                "an owner needs room for at least one connection"
            );
            assert!(
                T::MaxConnectionsPerOwner::get() <= MAX_BILL_READINGS,
                "a bill must have room for all connections of an owner"
            );
            assert!(
                T::MaxPendingPerInstaller::get() >= 1,
                "an installer needs room for at least one change"
            );
            assert!(
                T::OwnerAnswers::get() < T::ChangeLifetime::get(),
                "the council needs time to stand for an owner"
            );
            assert!(T::KeptDays::get() >= 1, "the day that has just ended must be kept");
            assert!(T::MaxSlotsPerBlock::get() >= 2, "closing must overtake the slots that come");
            assert!(T::MaxBatch::get() >= 1, "a batch needs room for at least one reading");
            assert!(T::MaxPrunedPerBlock::get() >= 2, "pruning must overtake empty slots");
            assert!(
                T::Retention::get()
                    > u64::from(Windows::default().final_at).saturating_add(T::Scored::get()),
                "a slot must be kept until it is final and as long as it is scored"
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
}

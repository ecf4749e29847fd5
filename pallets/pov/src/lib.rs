//! # PoV: who writes blocks
//!
//! Blocks are written by those who generate energy for the community and save it when it is
//! scarce. The clients are stock Aura: this pallet gives Aura a list of authorities in which every
//! validator stands as often as it has earned.
//!
//! ## Rules
//!
//! - A **session** is a number of Aura slots that is fixed at genesis. The first block at or after
//!   a session's last slot is the **rotation block**: it ends the session and brings the schedule
//!   of the next, which governs from the following slot on. A session that lasts longer than
//!   planned, because nobody wrote the rotation block, goes through its schedule again.
//! - A validator's **score** is the mean over the last [`Rules::window`] final delivery slots of
//!   its generation score, off-peak, or its saving score, at other times, see
//!   [`qedex_math::score`]. What flowed is what the freeze left on record of the connections that its
//!   owner had in the slot: generation less consumption of each, never below zero, as settlement has
//!   it, and the consumption of all. One that was silent generated nothing and consumed what it was
//!   rated to let in, a household's at least. How much it counts comes from its owner's
//!   standing; what a band costs, from the market. Without a connection it is 0.
//! - The **schedule** gives each validator `clamp(lambda * score, F, M)` slots with the one lambda
//!   that makes them sum up, rounded by largest remainder, see [`qedex_math::schedule`]. Where F or
//!   M cannot be kept, M gives way first, then F. Its order is drawn from the entropy beacon, with a
//!   cap on consecutive slots of one author: the seed orders and never changes shares.
//! - A validator counts as 0, and so gets **no more than the floor**, if it may not validate any
//!   more, because its credentials lapsed or it is excluded, if another account of the same owner
//!   has the seat or is removed, or if it missed more than [`Rules::downtime`] of its slots in the
//!   session before.
//! - A **seat** is an owner's: one validator each, the one with the smallest id, and none as long as
//!   an account of the owner is removed. Who may not validate any more, or has no seat, **leaves**
//!   with the next set that is planned, within the bound below, as long as more than two thirds of
//!   those of the set who are not removed still have one: otherwise it is not they who went
//!   wrong, and all stay, at the floor. Who may validate again joins like any other.
//! - The **set** of validators is who was in it before, and whoever has registered session keys,
//!   may validate and has an owner that no other validator has and of whose accounts none is
//!   removed, whether that has taken effect or is held. A change acts
//!   one session after it was planned, so that it can be proven who voted on what.
//! - **Removed** is whoever was proven to have voted for two blocks in one round, and whoever
//!   the admin origin removes: from Aura in the same block, from GRANDPA with the next set. A
//!   validator may also leave of its own will. Never more than a third of the set goes at once, and it does not
//!   fall below [`Config::MinValidators`]; whoever that concerns stays, an event says so, and it is
//!   tried again each session. Who joins with the same change does not count for that. First go
//!   those who are removed, then those without a seat, then those who asked to leave: nobody keeps a
//!   vote because others come and go. The admin origin may readmit one validator, or reset
//!   everything.
//! - At **genesis** the validators are those of the session keys, with equal shares.
//!
//! ## Why nobody can empty the set
//!
//! Expiry, revocation and exclusion take the seats of less than a third of the set, and never below
//! the minimum: who issues credentials cannot bump their version and have the set to itself. Session
//! keys are purged only by
//! [`leave`](Pallet::leave), once the validator is out of every set that is in use: a runtime must
//! not let `Session::purge_keys` be called, because a validator without keys would drop out of the
//! set whatever this pallet says.
//!
//! ## Wiring
//!
//! The pallet stands between Authorship and Session. It is Session's handler for the Aura key in
//! place of Aura, its `SessionManager`, its `ShouldEndSession` and its `NextSessionRotation`; it is
//! Aura's `DisabledValidators`, Authorship's `FindAuthor` and `EventHandler`, and whoever proves
//! offences reports them to it. An index in Aura's list is one of a slot, not of a validator: that is why Aura's own
//! answers to the last four are of no use here.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod events;
pub mod migrations;
#[cfg(test)]
mod mock;
mod offences;
mod plan;
mod schedule;
mod scoring;
mod session;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use qedex_primitives::pov::{AuraSlot, Author, PastSession, PastShare, Reduction, Schedule};
pub use session::ValidatorOf;
pub use types::{Change, Removal, RemovalReason, Rules};
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

/// The length of a session where genesis says nothing else: five minutes of slots of two seconds.
pub const DEFAULT_SESSION_SLOTS: u32 = 150;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(events::events)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use qedex_primitives::{
        Calendar, EnergyFlow, EntropyBeacon, Membership, OwnerId, Prices, Standing, Tariff,
    };
    use sp_core::H256;
    use sp_staking::SessionIndex;

    /// An account of this chain.
    pub(crate) type AccountOf<T> = <T as frame_system::Config>::AccountId;

    /// The key with which a validator signs blocks.
    pub(crate) type KeyOf<T> = <T as pallet_aura::Config>::AuthorityId;

    /// A session's schedule on this chain.
    pub type ScheduleOf<T> = Schedule<
        AccountOf<T>,
        KeyOf<T>,
        <T as Config>::MaxValidators,
        <T as pallet_aura::Config>::MaxAuthorities,
    >;

    /// A past session on this chain.
    pub type PastSessionOf<T> = PastSession<AccountOf<T>, <T as Config>::MaxValidators>;

    /// The weights of this pallet.
    pub(crate) type WeightOf<T> = <T as Config>::WeightInfo;

    /// The version of the stored layout. It is written at genesis, and goes up by one with each
    /// migration.
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>>
        + pallet_aura::Config
        + pallet_session::Config<ValidatorId = <Self as frame_system::Config>::AccountId>
        + pallet_session::historical::Config<FullIdentification = ()>
    {
        /// Who sets the rules, and removes and readmits validators.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Who may validate, and who owns whom.
        type Membership: Membership<Self::AccountId>;

        /// When a delivery slot is final.
        type Calendar: Calendar;

        /// What flowed through the connections of a validator's owner.
        type EnergyFlow: EnergyFlow<Self::AccountId>;

        /// Which of the two scores counts in a slot.
        type Tariff: Tariff;

        /// What electricity costs in the bands: the market's own list. Only the ratios matter.
        type Prices: Prices;

        /// How much a validator's energy counts.
        type Standing: Standing<Self::AccountId>;

        /// What orders the schedules.
        type Beacon: EntropyBeacon;

        /// The most validators. At least 1; no more than Aura's list is long.
        #[pallet::constant]
        type MaxValidators: Get<u32>;

        /// Nobody leaves if fewer would be left. At least 1.
        #[pallet::constant]
        type MinValidators: Get<u32>;

        /// The largest window, in delivery slots. At least 1. Readings must be kept for so long
        /// after they are final.
        #[pallet::constant]
        type MaxWindow: Get<u32>;

        /// How many past sessions are kept for all to see. At least 1.
        #[pallet::constant]
        type HistoryLength: Get<u32>;

        /// For how many sessions back an offence can be proven. At least 1.
        #[pallet::constant]
        type ReportableSessions: Get<u32>;

        /// The weights of the calls and of the work of each block.
        type WeightInfo: WeightInfo;
    }

    /// What the admin origin may tune.
    #[pallet::storage]
    pub type CurrentRules<T: Config> = StorageValue<_, Rules, ValueQuery>;

    /// The default length of a session.
    #[pallet::type_value]
    pub fn DefaultSessionSlots() -> u32 {
        DEFAULT_SESSION_SLOTS
    }

    /// The length of a session in Aura slots, fixed at genesis.
    #[pallet::storage]
    pub type SessionSlots<T: Config> = StorageValue<_, u32, ValueQuery, DefaultSessionSlots>;

    /// Who writes which slot of the present session.
    #[pallet::storage]
    pub type CurrentSchedule<T: Config> = StorageValue<_, ScheduleOf<T>>;

    /// The block that brought the present schedule.
    #[pallet::storage]
    pub type LastChange<T: Config> = StorageValue<_, Change<T::AccountId>>;

    /// Whether a schedule without a validator that was removed has to take the place of the present
    /// one. It does at the end of the block, unless the block brought a schedule already.
    #[pallet::storage]
    pub type Repair<T: Config> = StorageValue<_, bool, ValueQuery>;

    /// The blocks that each validator has written in the present session.
    #[pallet::storage]
    pub type Authored<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// The slots that were each validator's own in the present session, before the schedule was
    /// replaced. Whoever has none has no entry.
    #[pallet::storage]
    pub type DueBefore<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// The latest past sessions: what every validator was to do, and what it did.
    #[pallet::storage]
    pub type PastSessions<T: Config> = StorageMap<_, Twox64Concat, SessionIndex, PastSessionOf<T>>;

    /// Who is removed, until it is readmitted.
    #[pallet::storage]
    pub type Removals<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Removal>;

    /// The accounts of each owner that are removed. While there is one, no account of the owner has a
    /// seat.
    #[pallet::storage]
    pub type RemovedOf<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, OwnerId, Blake2_128Concat, T::AccountId, ()>;

    /// Until which session a validator's offences are forgiven, because it was readmitted.
    #[pallet::storage]
    pub type Forgiven<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, SessionIndex>;

    /// Who wants to leave, and since which session.
    #[pallet::storage]
    pub type Leaving<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, SessionIndex>;

    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// The length of a session in Aura slots.
        pub session_slots: u32,
        /// What the admin origin may tune later.
        pub rules: Rules,
        #[serde(skip)]
        #[allow(missing_docs)]
        pub _config: core::marker::PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self {
                session_slots: DEFAULT_SESSION_SLOTS,
                rules: Rules::default(),
                _config: core::marker::PhantomData,
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            let slots = self.session_slots;
            assert!(
                slots >= 1 && slots <= T::MaxAuthorities::get(),
                "a session has between one slot and as many as Aura's list"
            );
            assert!(
                self.rules.is_valid(slots, T::MaxWindow::get()),
                "a rule of authoring is out of its range"
            );
            SessionSlots::<T>::put(slots);
            CurrentRules::<T>::put(self.rules);
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            let (least, most) = (T::MinValidators::get(), T::MaxValidators::get());
            assert!(
                least >= 1 && least <= most,
                "there is at least one validator, and room for them"
            );
            assert!(
                most <= T::MaxAuthorities::get() && most <= u32::from(u16::MAX),
                "Aura's list has room for every validator"
            );
            assert!(
                DEFAULT_SESSION_SLOTS <= T::MaxAuthorities::get(),
                "Aura's list has room for a session of the default length"
            );
            assert!(
                Rules::default().is_valid(DEFAULT_SESSION_SLOTS, T::MaxWindow::get()),
                "the default rules are in range"
            );
            assert!(T::HistoryLength::get() >= 1, "the last session is kept");
            assert!(
                T::ReportableSessions::get() >= 1,
                "offences of the present session can be proven"
            );
        }

        /// Notes when the first session begins. Sessions that follow begin with their schedule.
        fn on_initialize(_n: BlockNumberFor<T>) -> Weight {
            Self::begin_first_session();
            // What else each block does: the author's count, the end of the session, the repair.
            WeightOf::<T>::each_block()
        }

        fn on_finalize(_n: BlockNumberFor<T>) {
            if Repair::<T>::get() {
                Self::repair();
            }
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Sets the rules from the next session on. Origin: the admin origin.
        #[pallet::call_index(0)]
        #[pallet::weight(WeightOf::<T>::set_rules())]
        pub fn set_rules(origin: OriginFor<T>, rules: Rules) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            ensure!(
                rules.is_valid(SessionSlots::<T>::get(), T::MaxWindow::get()),
                Error::<T>::RulesOutOfRange
            );
            CurrentRules::<T>::put(rules);
            Self::deposit_event(Event::RulesSet { rules });
            Ok(())
        }

        /// Removes a validator, or keeps an account with session keys from becoming one: from Aura
        /// with this block, from GRANDPA with the next set. No other account of its owner becomes a
        /// validator before it is readmitted, and one that is leaves with the next set.
        ///
        /// Refused if more than a third of the set would then leave at once, or too few would be
        /// left. Origin: the admin origin.
        #[pallet::call_index(1)]
        #[pallet::weight(WeightOf::<T>::remove())]
        pub fn remove(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::do_remove(&who)
        }

        /// Readmits a validator that was removed. It is in the set again from the session after
        /// the next on, if it still has session keys, satisfies the policy and no other account of
        /// its owner is removed; what it did until now cannot be held against it any more. Origin:
        /// the admin origin.
        #[pallet::call_index(2)]
        #[pallet::weight(WeightOf::<T>::readmit())]
        pub fn readmit(origin: OriginFor<T>, who: T::AccountId) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            ensure!(Self::do_readmit(&who), Error::<T>::NotRemoved);
            Ok(())
        }

        /// Readmits every validator of the present set that was removed, and cancels every leave.
        /// Origin: the admin origin.
        #[pallet::call_index(3)]
        #[pallet::weight(WeightOf::<T>::reset())]
        pub fn reset(origin: OriginFor<T>) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            for who in pallet_session::Validators::<T>::get() {
                Self::do_readmit(&who);
                Leaving::<T>::remove(&who);
            }
            Self::deposit_event(Event::Reset);
            Ok(())
        }

        /// Leaves the set of validators and purges one's session keys: at once if one is in no set,
        /// otherwise as soon as one is in none any more, in the order of requests.
        #[pallet::call_index(4)]
        #[pallet::weight(WeightOf::<T>::leave())]
        pub fn leave(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_leave(who)
        }

        /// Does not want to leave any more. It has to come before the set without one is planned.
        #[pallet::call_index(5)]
        #[pallet::weight(WeightOf::<T>::stay())]
        pub fn stay(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            ensure!(Leaving::<T>::take(&who).is_some(), Error::<T>::NotLeaving);
            Self::deposit_event(Event::LeaveCancelled { who });
            Ok(())
        }
    }
}

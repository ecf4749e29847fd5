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
//!   may validate, was **admitted** by the admin origin, and has an owner that no other validator has and
//!   of whose accounts none is removed, whether that has taken effect or is held. A change acts
//!   one session after it was planned, so that it can be proven who voted on what.
//! - A newcomer is on **probation**: it writes blocks, at the floor, and has no vote on finality before it
//!   has written blocks in [`Rules::probation`] sessions. Its vote comes with a change of the voters.
//! - Whoever writes nothing in [`Rules::patience`] whole sessions in a row is **dropped**, and joins again
//!   only if it is admitted anew. Sessions in which finality lagged, or less than half of the slots had
//!   blocks, count for nobody.
//! - **Removed** is whoever was proven to have voted for two blocks in one round or to have written two
//!   blocks of one slot, and whoever the admin origin removes: from Aura in the same block, from GRANDPA with the next set that it is
//!   planned out of. A validator may also leave of its own will. The admin origin may readmit one
//!   validator, or reset everything.
//! - At **genesis** the validators are those of the session keys, with equal shares. All of them vote.
//!
//! ## The bound
//!
//! Votes are equal, and a set of n bears floor((n - 1) / 3) silent ones, see [`qedex_math::finality`]. So
//! there is one bound for everything that changes who votes: in the set that votes, in the set that is
//! planned, and in the set before as long as the block with the last change is not final, no more are gone
//! than that set bears. **Gone** is who is removed in effect, who is leaving, who has written nothing for
//! a whole session and nothing since, and who is not in the planned set any more. Whoever joins is
//! counted as gone for that once.
//!
//! - An act of the admin origin or of the validator itself that would break it is refused by name; a
//!   removal for an offence, and whoever lost its seat, is held, an event says so, and it is tried again
//!   each session. First go those who are removed, then those without a seat, then the silent, then those
//!   who asked to leave: nobody keeps a vote because others come and go.
//! - The set does not fall below [`LeastVoters`]. At it, whoever is removed or silent stays a voter,
//!   counted as gone, until a newcomer's vote takes its place in the same change; who asks to leave is
//!   refused.
//! - **A stall.** Each author states the last final block that it knows. If the (f + 1)-th highest of what
//!   the voters stated in a session, f being how many may be silent, is more than [`LARGEST_LAG`] blocks
//!   behind when the session ends, or fewer than that stated anything, or the last change is not final
//!   yet, votes stand still: nobody loses or gets one, and nothing is planned.
//! - Root alone is not bound: [`Pallet::force_set`] is the way back when too many are gone for good.
//!
//! ## Why nobody can empty the set
//!
//! Expiry, revocation and exclusion take the seats of less than a third of the set, and never below
//! the minimum: who issues credentials cannot bump their version and have the set to itself; nor can it
//! fill the set, because the admin origin admits. Session keys are purged only by
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
//! answers to the last four are of no use here. [`Voting`] stands between Session and GRANDPA, because
//! not every validator votes; the pallet itself proves who owns a voter's key, because it alone knows who
//! voted with which. Nodes put the last final block that they know into the inherent data of each block
//! that they write, under [`qedex_primitives::pov::FINALISED`].

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod calls;
mod doubles;
mod events;
mod finality;
mod force;
mod joining;
pub mod migrations;
#[cfg(test)]
mod mock;
mod offences;
mod plan;
mod proofs;
mod schedule;
mod scoring;
mod session;
mod storage;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
mod views;
mod votes;
pub mod weights;

pub use pallet::*;
pub use proofs::VoterProof;
pub use qedex_primitives::pov::{AuraSlot, Author, PastSession, PastShare, Reduction, Schedule};
pub use session::ValidatorOf;
pub use types::{Change, Removal, RemovalReason, Rules, Statement};
pub use votes::Voting;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

/// The length of a session where genesis says nothing else: five minutes of slots of two seconds.
pub const DEFAULT_SESSION_SLOTS: u32 = 150;

/// The shortest session, in slots. The first block of one carries no transactions, so that in shorter ones
/// there would hardly be any.
pub const SHORTEST_SESSION: u32 = 10;

/// The fewest voters where genesis says nothing else: one of them may be silent.
pub const DEFAULT_LEAST_VOTERS: u32 = 4;

/// By how many blocks finality may be behind when a session ends without being called lagging.
pub const LARGEST_LAG: u32 = 20;

/// The most blocks that Root may put between [`Pallet::force_set`] and the change: five and a half hours.
pub const LONGEST_DELAY: u32 = 10_000;

/// The key with which a voter votes.
pub type VoterKey = sp_consensus_grandpa::AuthorityId;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(calls::calls)]
#[import_section(events::events)]
#[import_section(storage::storage)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use alloc::vec::Vec;
    use frame_support::{inherent::*, pallet_prelude::*};
    use frame_system::pallet_prelude::*;
    use qedex_primitives::{
        Calendar, EnergyFlow, EntropyBeacon, Membership, OwnerId, Prices, Standing, Tariff,
    };
    use sp_core::H256;
    use sp_runtime::traits::SaturatedConversion;
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

    /// Validators on this chain.
    pub(crate) type AccountsOf<T> = BoundedVec<AccountOf<T>, <T as Config>::MaxValidators>;

    /// A past session on this chain.
    pub type PastSessionOf<T> = PastSession<AccountOf<T>, <T as Config>::MaxValidators>;

    /// The weights of this pallet.
    pub(crate) type WeightOf<T> = <T as Config>::WeightInfo;

    /// The version of the stored layout. It is written at genesis, and goes up by one with each
    /// migration.
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(3);

    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config:
        frame_system::Config<RuntimeEvent: From<Event<Self>>>
        + pallet_aura::Config
        + pallet_grandpa::Config
        + pallet_session::Config<ValidatorId = <Self as frame_system::Config>::AccountId>
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

    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// The length of a session in Aura slots.
        pub session_slots: u32,
        /// What the admin origin may tune later.
        pub rules: Rules,
        /// The fewest voters that the set goes down to: four, of whom one may be silent, on every chain
        /// that is not for development.
        pub least_voters: u32,
        #[serde(skip)]
        #[allow(missing_docs)]
        pub _config: core::marker::PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        fn default() -> Self {
            Self {
                session_slots: DEFAULT_SESSION_SLOTS,
                rules: Rules::default(),
                least_voters: DEFAULT_LEAST_VOTERS,
                _config: core::marker::PhantomData,
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            let slots = self.session_slots;
            assert!(
                (SHORTEST_SESSION..=<T as pallet_aura::Config>::MaxAuthorities::get())
                    .contains(&slots),
                "a session has between ten slots and as many as Aura's list"
            );
            assert!(
                (1..=T::MaxValidators::get()).contains(&self.least_voters),
                "the set has between one voter and as many as there is room for"
            );
            assert!(
                self.rules.is_valid(slots, T::MaxWindow::get()),
                "a rule of authoring is out of its range"
            );
            SessionSlots::<T>::put(slots);
            CurrentRules::<T>::put(self.rules);
            LeastVoters::<T>::put(self.least_voters);
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            let most = T::MaxValidators::get();
            assert!(most >= DEFAULT_LEAST_VOTERS, "there is room for the fewest voters");
            assert!(
                most <= <T as pallet_aura::Config>::MaxAuthorities::get()
                    && most <= u32::from(u16::MAX),
                "Aura's list has room for every validator"
            );
            assert!(
                most <= <T as pallet_grandpa::Config>::MaxAuthorities::get(),
                "GRANDPA's list has room for every voter"
            );
            assert!(
                DEFAULT_SESSION_SLOTS <= <T as pallet_aura::Config>::MaxAuthorities::get(),
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

    #[pallet::inherent]
    impl<T: Config> ProvideInherent for Pallet<T> {
        type Call = Call<T>;
        type Error = MakeFatalError<()>;

        const INHERENT_IDENTIFIER: InherentIdentifier = qedex_primitives::pov::FINALISED;

        /// What the author's node says. Blocks without it are valid.
        fn create_inherent(data: &InherentData) -> Option<Self::Call> {
            let number: u64 = data.get_data(&Self::INHERENT_IDENTIFIER).ok().flatten()?;
            Some(Call::state_finalised { number: number.saturated_into() })
        }

        fn is_inherent(call: &Self::Call) -> bool {
            matches!(call, Call::state_finalised { .. })
        }
    }
}

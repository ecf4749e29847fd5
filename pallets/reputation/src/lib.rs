//! # Reputation: whom to trust
//!
//! Settlement notes here how every trade went; from these counts follow each owner's standing,
//! which the market and the schedule of block authors use, and how much one participant trusts
//! another, for those who want to know with whom they deal.
//!
//! ## Rules
//!
//! - A **rating** says how one party of a trade, the *ratee*, did in the eyes of the other, the
//!   *rater*. Nobody writes ratings: they follow from settled trades. There is no call for it.
//! - **Who rates and is rated are owners**, with all their accounts: a second account begins with
//!   the record of the first. An account without an owner is not rated and does not rate.
//! - A rating **weighs** the traded energy over [`Config::FullRating`], at most 1, so that many
//!   tiny trades count no more than one large one. The missed share of the energy counts
//!   as missed, the rest as kept. Counts are in millionths of one full rating.
//! - **Every miss counts**, trade by trade. **What was kept counts at most as one full rating a day**
//!   (96 delivery slots) and pair of rater and ratee: whoever fails in 96 slots of a day is not
//!   covered by a friend that acknowledges one trade in each.
//! - **A miss outside of trades** ([`Misses`](qedex_primitives::Misses)) counts as one full rating that was
//!   missed, in standing alone. Another pallet says when, by its rules: there is no call for it either.
//! - **Trading with oneself buys nothing**: a rating is ignored if rater and ratee are one owner.
//! - The **standing** is `(P + 1) / (P + N + 2)` with P the ratings kept and N those missed, over
//!   all counterparties: the exact fraction, rounded down to a millionth. The unknown stand at
//!   one half. See [`qedex_math::standing`]. The admin origin may set the **least standing** that
//!   trades or sells, at most one half, so that newcomers are never kept out. It is zero at first.
//! - **Pairwise trust** of X in Y weighs what X has seen of Y itself, what others have seen, and
//!   what Y has at stake: see [`qedex_math::trust`]. It is a view: no block depends on it. What is
//!   seen is of and by owners; what is at stake is the deposit of the account that is asked about,
//!   since another account of its owner may take back its own meanwhile.
//! - The **trust deposit** is money that an account locks of its own will, for at least
//!   [`Config::DepositLock`] from the latest addition on. Nobody can take it; it counts by its share
//!   of the reference deposit, at most 1.
//!
//! ## Bounds
//!
//! An update reads and writes a constant number of items, whatever the number of raters. The ratings
//! of a ratee are remembered one by one for at most [`Config::MaxRaters`] raters. Beyond them a new
//! rater takes the place of one of the next [`PROBES`] in a ring: of those who have not rated today
//! (so that nothing kept counts twice a day by being forgotten), the one with the fewest missed
//! ratings, because a bad record must be the last that can be washed out; among equals the one that
//! was silent for longest. If all of them have rated today, the new rating counts by what it misses
//! only. Totals, and with them standing, never forget.
//!
//! ## For other pallets
//!
//! [`Pallet`] implements [`Ratings`](qedex_primitives::Ratings): whoever records a rating measures
//! it as part of its own work, at worst with a ratee whose memory is full
//! (`Ratings::fill_memory`); [`Standing`](qedex_primitives::Standing), at the cost of one item read;
//! [`Admission`](qedex_primitives::Admission), of two; and [`Misses`](qedex_primitives::Misses), of two
//! items read and written.

#![cfg_attr(not(feature = "std"), no_std)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects))]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod events;
mod memory;
pub mod migrations;
#[cfg(test)]
mod mock;
mod ratings;
#[cfg(test)]
mod tests;
mod trust;
#[cfg(any(feature = "std", feature = "try-runtime"))]
mod try_state;
pub mod types;
pub mod weights;

pub use pallet::*;
pub use types::{Counts, Memory, Pair, Parameters, TrustDeposit};
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;
use qedex_math::trust::Decay;

/// How many remembered raters a new one looks at to find one to replace.
pub const PROBES: u32 = 4;

/// The largest decay: e^-100 per rating, beyond which one rating more is nothing.
pub const MAX_DECAY: Decay = Decay(100 * Decay::UNIT);

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[import_section(events::events)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::{pallet_prelude::*, traits::fungible::MutateHold};
    use frame_system::pallet_prelude::*;
    use qedex_primitives::{Balance, Calendar, Membership, Millis, Moment, OwnerId};

    /// The version of the stored layout. It is written at genesis, and goes up by one with each
    /// migration.
    pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(2);

    /// Whom to trust.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What reputation needs of the runtime.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who sets the parameters.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;

        /// Who owns an account.
        type Membership: Membership<Self::AccountId>;

        /// The day it is.
        type Calendar: Calendar;

        /// The chain's token.
        type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason, Balance = Balance>;

        /// The runtime's hold reasons.
        type RuntimeHoldReason: From<HoldReason>;

        /// The energy in Wh from which on a trade counts as one full rating. Between 1 Wh and
        /// 1 MWh, so that a trade of 1 Wh still counts for a millionth.
        #[pallet::constant]
        type FullRating: Get<u64>;

        /// The most raters of a ratee that are remembered one by one. At least [`PROBES`].
        #[pallet::constant]
        type MaxRaters: Get<u32>;

        /// How long a trust deposit stays locked from the latest addition on, in milliseconds: at
        /// least a session of the validators. Positive. Not in the metadata, because the length of a
        /// session is storage.
        type DepositLock: Get<Millis>;

        /// The weights of the calls.
        type WeightInfo: WeightInfo;
    }

    /// Why reputation holds money.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// The account locked it so as to be trusted.
        #[codec(index = 0)]
        TrustDeposit,
    }

    /// What the ratings of each remembered rater of a ratee amount to: by ratee, then rater.
    #[pallet::storage]
    pub type Pairs<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, OwnerId, Blake2_128Concat, OwnerId, Pair>;

    /// Which raters of a ratee are remembered.
    #[pallet::storage]
    pub type Memories<T: Config> = StorageMap<_, Blake2_128Concat, OwnerId, Memory, ValueQuery>;

    /// The remembered raters of a ratee by their place in the ring.
    #[pallet::storage]
    pub type Places<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, OwnerId, Twox64Concat, u32, OwnerId>;

    /// What all ratings that a rater gave weigh, in millionths of a full rating: its experience.
    #[pallet::storage]
    pub type Experience<T: Config> = StorageMap<_, Blake2_128Concat, OwnerId, u64, ValueQuery>;

    /// Trust deposits, by account.
    #[pallet::storage]
    pub type TrustDeposits<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, TrustDeposit>;

    /// How trust is computed, and what standing the market asks for.
    #[pallet::storage]
    pub type StandingParameters<T: Config> = StorageValue<_, Parameters, ValueQuery>;

    /// What all ratings of a ratee amount to.
    #[pallet::storage]
    pub type Totals<T: Config> = StorageMap<_, Blake2_128Concat, OwnerId, Counts, ValueQuery>;

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(
                (1..=1_000_000).contains(&T::FullRating::get()),
                "a full rating is between 1 Wh and 1 MWh"
            );
            assert!(
                T::MaxRaters::get() >= PROBES,
                "as many raters are remembered as are looked at"
            );
            assert!(T::DepositLock::get() > 0, "a deposit is locked for a time");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Sets how trust is computed and what standing the market asks for, from now on.
        ///
        /// The weights sum to 10^6 ppm; the decay is at most 100; the reference deposit is positive;
        /// the least standings are at most one half. Origin: the admin origin.
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::set_parameters())]
        pub fn set_parameters(origin: OriginFor<T>, parameters: Parameters) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Self::check(&parameters)?;
            StandingParameters::<T>::put(parameters);
            Self::deposit_event(Event::ParametersSet { parameters });
            Ok(())
        }

        /// Locks `amount` plancks of the signer, in addition to what it has locked already. All of it
        /// stays locked for [`Config::DepositLock`] from now on.
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::lock_deposit())]
        pub fn lock_deposit(origin: OriginFor<T>, amount: Balance) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_lock(who, amount)
        }

        /// Gives the signer its whole trust deposit back, once its lock is over.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::unlock_deposit())]
        pub fn unlock_deposit(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_unlock(who)
        }
    }
}

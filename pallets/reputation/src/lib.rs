//! # Reputation: whom to trust
//!
//! Settlement notes here how every trade went; from these counts follows each account's
//! standing, which the schedule of block authors and the planning tools use.
//!
//! ## Rules
//!
//! - A **rating** says how one party of a trade, the *ratee*, did in the eyes of the other, the
//!   *rater*. Nobody writes ratings: they follow from settled trades. This pallet has no calls.
//! - A rating **weighs** the traded energy over [`Config::FullRating`], at most 1, so that many
//!   tiny trades count no more than one large one. The missed share of the energy counts
//!   as missed, the rest as kept. Counts are in millionths of one full rating.
//! - A pair of accounts counts **at most once a day** (96 delivery slots). Of a day's ratings
//!   the one that misses most stands: a tiny trade that was kept in the morning does not cover
//!   a default in the evening. Among ratings that miss alike the first stands.
//! - **Trading with oneself buys nothing**: a rating is ignored if rater and ratee are one
//!   account, or two accounts of one owner.
//! - The **standing** is `(P + 1) / (P + N + 2)` with P the ratings kept and N those missed, over
//!   all counterparties: the exact fraction, rounded down to a millionth. The unknown stand at
//!   one half. See [`qedex_math::standing`].
//!
//! ## For other pallets
//!
//! [`Pallet`] implements [`Ratings`](qedex_primitives::Ratings), at the cost of two items read
//! and written and two owners looked up, and [`Standing`](qedex_primitives::Standing), at the
//! cost of one item read. Having no calls it has no weights of its own: whoever records a
//! rating measures it as part of its own work.

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

#[cfg(any(feature = "try-runtime", test))]
extern crate alloc;

#[cfg(test)]
mod mock;
mod ratings;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", test))]
mod try_state;
pub mod types;

pub use pallet::*;
pub use types::{Counts, Pair};

/// Delivery slots in a day.
pub const SLOTS_PER_DAY: u64 = 96;

// The pallet macro expands to code that calls `expect` where it cannot fail.
#[allow(clippy::expect_used)]
#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_support::pallet_prelude::*;
    use frame_system::pallet_prelude::*;
    use qedex_primitives::{Calendar, Membership};
    use sp_runtime::Permill;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who owns an account.
        type Membership: Membership<Self::AccountId>;

        /// The day it is.
        type Calendar: Calendar;

        /// The energy in Wh from which on a trade counts as one full rating. Between 1 Wh and
        /// 1 MWh, so that a trade of 1 Wh still counts for a millionth.
        #[pallet::constant]
        type FullRating: Get<u64>;
    }

    /// What each rater's ratings of a ratee amount to: by ratee, then rater.
    #[pallet::storage]
    pub type Pairs<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, T::AccountId, Pair>;

    /// What all ratings of a ratee amount to.
    #[pallet::storage]
    pub type Totals<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Counts, ValueQuery>;

    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A rating counts. It replaces an earlier one of this pair and day, if there was one.
        Rated {
            /// Who is rated.
            ratee: T::AccountId,
            /// By whom.
            rater: T::AccountId,
            /// What was kept, in millionths of a full rating.
            kept: u64,
            /// What was missed, in millionths of a full rating.
            missed: u64,
        },
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn integrity_test() {
            assert!(
                (1..=1_000_000).contains(&T::FullRating::get()),
                "a full rating is between 1 Wh and 1 MWh"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_n: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::do_try_state()
        }
    }

    #[pallet::view_functions]
    impl<T: Config> Pallet<T> {
        /// The standing of `who`, in parts per million.
        pub fn standing(who: T::AccountId) -> Permill {
            Self::standing_of(&who)
        }
    }
}

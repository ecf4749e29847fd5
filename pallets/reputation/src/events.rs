//! What the pallet says: its events and errors.

use frame_support::pallet_macros::pallet_section;

/// Declares events and errors.
#[pallet_section]
mod events {
    /// What happened to reputations.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A rating counts.
        Rated {
            /// Who is rated.
            ratee: OwnerId,
            /// By whom.
            rater: OwnerId,
            /// What was kept and counts, in millionths of a full rating.
            kept: u64,
            /// What was missed, in millionths of a full rating.
            missed: u64,
        },
        /// The ratings of a rater are not remembered one by one any more. They stay in the totals.
        RaterForgotten {
            /// Whose ratings they were.
            ratee: OwnerId,
            /// By whom.
            rater: OwnerId,
        },
        /// An account locked money so as to be trusted.
        DepositLocked {
            /// Which account.
            who: T::AccountId,
            /// All that it has locked now, in plancks.
            amount: Balance,
            /// From when on it may take it back, in milliseconds since the Unix epoch.
            until: Moment,
        },
        /// An account took its trust deposit back.
        DepositUnlocked {
            /// Which account.
            who: T::AccountId,
            /// Plancks.
            amount: Balance,
        },
        /// Trust is computed in another way, or the market asks for another standing, from now on.
        ParametersSet {
            /// The new parameters.
            parameters: Parameters,
        },
        /// An owner did not do what it had promised outside of trades. It counts like a miss in a trade, and
        /// nobody is its rater.
        Missed {
            /// Who.
            owner: OwnerId,
            /// What was missed, in millionths of a full rating.
            missed: u64,
        },
    }

    /// Why reputation refused. Nothing has changed where one of these is returned.
    #[pallet::error]
    pub enum Error<T> {
        /// The three weights do not sum to one.
        WeightsDoNotSumToOne,
        /// The decay is over the largest.
        DecayTooLarge,
        /// The reference deposit is zero.
        NoReferenceDeposit,
        /// A least standing above one half would keep every newcomer out.
        LeastStandingTooHigh,
        /// A deposit of nothing.
        NothingToLock,
        /// The account has no trust deposit.
        NoDeposit,
        /// The trust deposit is still locked.
        StillLocked,
        /// An amount is too large to compute with.
        Overflow,
    }
}

//! What the pallet says: its events and errors.

use frame_support::pallet_macros::pallet_section;

/// Declares events and errors.
#[pallet_section]
mod events {
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A schedule governs from a slot on.
        Scheduled {
            /// The session.
            session: SessionIndex,
            /// The first slot that it governs.
            since: AuraSlot,
            /// What its order was drawn from.
            seed: H256,
            /// Each validator with its score and its slots out of a session's.
            shares: Vec<(T::AccountId, u64, u32)>,
        },
        /// A validator gets no more than the floor in the session that begins.
        Reduced {
            /// Which.
            who: T::AccountId,
            /// Why.
            reason: Reduction,
        },
        /// The set of validators of a later session was planned, and differs from the present one.
        SetPlanned {
            /// The session in which it acts.
            session: SessionIndex,
            /// Who joins.
            joining: Vec<T::AccountId>,
            /// Who is not in it any more.
            leaving: Vec<T::AccountId>,
        },
        /// Validators that were to go stay, because too many would have left at once.
        Held {
            /// Who.
            who: Vec<T::AccountId>,
        },
        /// A validator is removed: from Aura with this block, from GRANDPA with the next set.
        Removed {
            /// Which.
            who: T::AccountId,
            /// Why.
            reason: RemovalReason,
        },
        /// An equivocation of a validator was proven.
        Equivocated {
            /// Whose.
            who: T::AccountId,
            /// In which session.
            session: SessionIndex,
        },
        /// A validator is not removed any more.
        Readmitted {
            /// Which.
            who: T::AccountId,
        },
        /// No validator is removed or leaving any more.
        Reset,
        /// A validator wants to leave.
        LeaveRequested {
            /// Which.
            who: T::AccountId,
        },
        /// A validator does not want to leave any more.
        LeaveCancelled {
            /// Which.
            who: T::AccountId,
        },
        /// The rules were changed, from the next session on.
        RulesSet {
            /// To these.
            rules: Rules,
        },
    }

    #[pallet::error]
    pub enum Error<T> {
        /// A value of the rules is out of its range.
        RulesOutOfRange,
        /// The account is no validator and has registered no session keys.
        NotAValidator,
        /// The account is removed already.
        AlreadyRemoved,
        /// More than a third would leave at once, or too few would be left.
        TooManyWouldLeave,
        /// The account is not removed.
        NotRemoved,
        /// The account wants to leave already.
        AlreadyLeaving,
        /// The account does not want to leave.
        NotLeaving,
    }
}

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
        /// Who votes from a later session on was planned, and differs from who votes now.
        VotesPlanned {
            /// The session.
            session: SessionIndex,
            /// Who gets a vote.
            gaining: Vec<T::AccountId>,
            /// Who loses its vote. Its node has to go on until the set without it is final.
            losing: Vec<T::AccountId>,
        },
        /// A validator was silent for too long, and leaves. It can be admitted anew.
        Dropped {
            /// Which.
            who: T::AccountId,
        },
        /// An account may join.
        AccountAdmitted {
            /// Which.
            who: T::AccountId,
        },
        /// An account may not join any more.
        AdmissionWithdrawn {
            /// Which.
            who: T::AccountId,
        },
        /// Finality lags at the end of a session: votes stand still.
        StallBegan {
            /// The session that ended.
            session: SessionIndex,
        },
        /// Finality does not lag any more at the end of a session.
        StallEnded {
            /// The session that ended.
            session: SessionIndex,
        },
        /// Root has made these accounts the voters.
        SetForced {
            /// Who votes.
            validators: Vec<T::AccountId>,
            /// The last final block before.
            last_final: BlockNumberFor<T>,
            /// The number of the new set of voters.
            set_id: u64,
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
        /// Two votes of a validator in one round, or two of its blocks of one slot, were proven.
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
        /// More voters would be gone than a set bears.
        TooManyWouldLeave,
        /// The account is not removed.
        NotRemoved,
        /// The account wants to leave already.
        AlreadyLeaving,
        /// The account does not want to leave.
        NotLeaving,
        /// Fewer voters would be left than there must be.
        TooFewWouldBeLeft,
        /// The account is admitted already.
        AlreadyAdmitted,
        /// The account is not admitted.
        NotAdmitted,
        /// As many accounts are admitted as there may be.
        TooManyAdmitted,
        /// The account is in a set of validators.
        InASet,
        /// The block states its last final block already.
        StatedTwice,
        /// A set needs voters.
        NoVoters,
        /// There is no room for so many voters.
        TooManyVoters,
        /// An account is named twice.
        NamedTwice,
        /// An account has no session keys.
        NoSessionKeys,
        /// An account is removed.
        Removed,
        /// That block is not written yet, or has to be before this one.
        NotBeforeThisBlock,
        /// There was no set of voters of this number yet.
        UnknownSet,
        /// The delay is longer than [`LONGEST_DELAY`].
        DelayTooLong,
        /// These are not two blocks of one slot that the author has sealed.
        NoDoubleBlock,
        /// A block stands on none of this chain, or on none that it remembers.
        OfAnotherChain,
        /// The slot is neither of this session nor of the one before.
        TooOld,
        /// It led to a removal already, or was forgiven.
        AlreadySettled,
    }
}

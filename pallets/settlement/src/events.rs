//! What the pallet says: its events and errors.

use frame_support::pallet_macros::pallet_section;

/// Declares events and errors.
#[pallet_section]
mod events {
    /// What happened to trades.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// Clearing made a trade.
        TradeOpened {
            /// The slot.
            slot: SlotIndex,
            /// The trade's number.
            id: TradeId,
            /// Who buys.
            buyer: T::AccountId,
            /// Who sells.
            seller: T::AccountId,
            /// For whom.
            owner: OwnerId,
            /// The energy.
            energy: Wh,
            /// What the buyer has in escrow for it, in plancks.
            payment: Balance,
            /// What the seller has in escrow for it, in plancks.
            deposit: Balance,
            /// What the buyer has in escrow besides, for the bond of a complaint.
            reserve: Balance,
        },
        /// A seller committed to its bill of a slot.
        Committed {
            /// The slot.
            slot: SlotIndex,
            /// The seller.
            owner: OwnerId,
            /// By which of its accounts.
            by: T::AccountId,
            /// The commitment.
            commitment: H256,
        },
        /// A buyer complained: the seller has to reveal its bill. Said of each trade that the complaint is
        /// about.
        Complained {
            /// The slot.
            slot: SlotIndex,
            /// The trade's number.
            id: TradeId,
            /// Who complains.
            buyer: T::AccountId,
            /// About whom.
            seller: T::AccountId,
            /// What is held of the buyer for this trade, in plancks: its part of the bond,
            bond: Balance,
            /// and how much of the whole bond was free before, said with the first trade: the rest had been set
            /// aside by its bids.
            added: Balance,
            /// From when on the seller's bill may be revealed,
            from: Moment,
            /// and until when; both are later if the chain stands still before.
            due: Moment,
        },
        /// It is drawn who reveals its bill of a slot though nobody complains: of those who committed, each
        /// with the chance of the slot's rules. What a block's hash has drawn is drawn anew if keys give a
        /// value before the end of complaints.
        RevealsDrawn {
            /// The slot.
            slot: SlotIndex,
            /// Of which epoch the beacon's value is.
            epoch: EpochIndex,
            /// The value that draws.
            value: H256,
            /// Where it comes from.
            source: BeaconSource,
        },
        /// A seller's bill was revealed: it is what it committed to, and signed by its meters.
        Revealed {
            /// The slot.
            slot: SlotIndex,
            /// The seller.
            owner: OwnerId,
            /// Who brought it.
            by: T::AccountId,
            /// What it delivered in the slot.
            delivered: Wh,
        },
        /// A trade is settled.
        TradeSettled {
            /// The slot.
            slot: SlotIndex,
            /// The trade's number.
            id: TradeId,
            /// Who bought.
            buyer: T::AccountId,
            /// Who sold.
            seller: T::AccountId,
            /// The energy traded.
            energy: Wh,
            /// The energy that counts as delivered.
            metered: Wh,
            /// What decided.
            outcome: Outcome,
            /// What moved where.
            amounts: Amounts,
        },
        /// All trades of a slot are settled.
        SlotSettled {
            /// The slot.
            slot: SlotIndex,
            /// Their number.
            trades: u32,
        },
        /// A seller has defaulted too often: it is excluded from trading and selling for a time, with
        /// all its accounts.
        SellerExcluded {
            /// The seller.
            owner: OwnerId,
            /// The account with which it defaulted last.
            by: T::AccountId,
        },
        /// New rules hold for all slots whose gate opens from now on.
        RulesChanged {
            /// The rules.
            rules: Rules,
        },
        /// Settlement is paused.
        SettlementPaused {
            /// Until when.
            until: Moment,
        },
        /// Settlement goes on.
        SettlementResumed,
    }

    /// Why settlement refused. Nothing has changed where one of these is returned.
    #[pallet::error]
    pub enum Error<T> {
        /// The account sold nothing in this slot that is not settled yet.
        NotASeller,
        /// The commitment window of the slot is not open.
        NotInCommitmentWindow,
        /// The owner of the account has committed for this slot already, by this account or another.
        AlreadyCommitted,
        /// More is asked of an account's escrow than is held for its orders.
        EscrowTooSmall,
        /// An order would leave less of its account's free balance than its evidence may cost in fees.
        NothingLeftForEvidence,
        /// A trade of this slot with this number or a higher one has been opened already.
        TradeOutOfOrder,
        /// It is too late: no trade opens once delivery of the slot has ended, because a seller could not
        /// give evidence in time any more, and none is acknowledged once complaints have.
        TooLate,
        /// Too many slots have unsettled trades.
        TooManySlots,
        /// An amount is too large to compute with.
        Overflow,
        /// There is no such open trade.
        NoSuchTrade,
        /// The account is not the buyer of this trade.
        NotTheBuyer,
        /// Delivery of the slot is not over: there is nothing to acknowledge yet.
        DeliveryNotOver,
        /// The buyer has complained about this trade: the seller's answer decides.
        AlreadyComplained,
        /// Another buyer has complained about the seller, or it was drawn: its answer decides all of its
        /// open trades of the slot.
        AnswerOwed,
        /// Complaints about the slot are not taken now.
        NotInComplaintWindow,
        /// The seller has not committed, or its meters' readings are public: they decide.
        NothingToComplainOf,
        /// Nobody has complained about the seller in this slot, and it was not drawn: its bill may stay
        /// private.
        NotAsked,
        /// Bills of the slot are not revealed now: complaints have not ended, or it is too late.
        NotInRevealWindow,
        /// The seller's bill of this slot has been revealed already.
        AlreadyRevealed,
        /// Bill and nonce are not what the seller committed to.
        NotAsCommitted,
        /// The bill has not exactly one reading of each meter that the seller had in the slot.
        WrongMeters,
        /// A reading of the bill is of another slot.
        WrongSlot,
        /// A value of the bill is over the meter's capacity.
        OverCapacity,
        /// A signature of the bill is not the meter's over its reading on this chain.
        BadSignature,
        /// A rule is out of its range.
        InvalidRules,
        /// The deposits that the market's terms ask of sellers do not cover harm and shortfall fee in every
        /// band: they are raised first.
        DepositsTooSmall,
        /// The rules have been changed too often for slots whose gate is open.
        TooManyChanges,
        /// Settlement is paused.
        IsPaused,
        /// Settlement is not paused.
        NotPaused,
        /// The pause would be over already.
        PauseOver,
        /// The pause would end later than the longest one does.
        PauseTooLong,
        /// The latest pause ended less long ago than it lasted, or less than a slot ago.
        PausedTooRecently,
    }
}

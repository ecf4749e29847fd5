//! What the pallet says: its events and errors.

use frame_support::pallet_macros::pallet_section;

/// Declares events and errors.
#[pallet_section]
mod events {
    /// What happened in the market.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// The gate of a slot opened under these terms.
        SlotOpened {
            /// The slot.
            slot: SlotIndex,
            /// Its frozen terms, key budget and windows.
            terms: SlotTerms,
            /// The owner that leads it; none where nothing was announced.
            leader: Option<OwnerId>,
        },
        /// An order was placed.
        OrderPlaced {
            /// The slot.
            slot: SlotIndex,
            /// The order's number, in order of arrival.
            id: OrderId,
            /// Whose order.
            who: T::AccountId,
            /// The broker that placed it by a grant, if one did.
            broker: Option<T::AccountId>,
            /// Its side.
            side: Side,
            /// Its limit in plancks per kWh.
            limit: PricePerKwh,
            /// Its energy.
            energy: Wh,
            /// What is held for it, in plancks.
            held: Balance,
            /// How much of that for the bond of complaints about its trades,
            for_bond: Balance,
            /// and how much for the work of one trade.
            for_work: Balance,
        },
        /// An order's energy was reduced; it kept its place.
        OrderReduced {
            /// The slot.
            slot: SlotIndex,
            /// The order.
            id: OrderId,
            /// Its energy from now on.
            energy: Wh,
            /// What was given back, in plancks.
            released: Balance,
        },
        /// An order was cancelled before gate closure.
        OrderCancelled {
            /// The slot.
            slot: SlotIndex,
            /// The order.
            id: OrderId,
            /// Whose order.
            who: T::AccountId,
            /// What was given back, in plancks.
            released: Balance,
        },
        /// A slot's prices were found.
        SlotCleared {
            /// The slot.
            slot: SlotIndex,
            /// The energy that is traded.
            volume: Wh,
            /// What buyers pay per kWh, grid fee included; none where nothing trades.
            buyers_pay: Option<PricePerKwh>,
            /// What sellers receive per kWh; none where nothing trades.
            sellers_receive: Option<PricePerKwh>,
            /// Whether the key budget limited the volume.
            cap_binding: bool,
            /// What buyers pay more than sellers receive and the grid takes, per kWh: the keys'
            /// shadow price. It goes to the entropy fund.
            beyond_fee: PricePerKwh,
            /// Keys that the volume uses.
            keys_used: u64,
            /// Bids in the book.
            bids: u32,
            /// Asks in the book.
            asks: u32,
        },
        /// The chain stood still over the slot's gate closure until its delivery had begun.
        /// Nothing is traded and every order is released.
        SlotAnnulled {
            /// The slot.
            slot: SlotIndex,
        },
        /// An order left the book after gate closure.
        OrderClosed {
            /// The slot.
            slot: SlotIndex,
            /// The order.
            id: OrderId,
            /// Whose order.
            who: T::AccountId,
            /// The energy that was traded.
            filled: Wh,
            /// What it did not need and got back, in plancks.
            released: Balance,
        },
        /// An order paid the community fund, out of what was held for it, for the work of a trade.
        WorkPaid {
            /// The slot.
            slot: SlotIndex,
            /// Whose order.
            who: T::AccountId,
            /// How much, in plancks.
            amount: Balance,
        },
        /// An account paid the community fund for the renewal of its standing order.
        RenewalPaid {
            /// The slot.
            slot: SlotIndex,
            /// Whose order.
            who: T::AccountId,
            /// How much, in plancks.
            amount: Balance,
        },
        /// All orders of a slot are paired or released.
        SlotMatched {
            /// The slot.
            slot: SlotIndex,
            /// The number of its trades.
            trades: u32,
        },
        /// Everything of a slot is final and its book is removed.
        SlotFinal {
            /// The slot.
            slot: SlotIndex,
        },
        /// The price list of a band changed, for slots that open from now on.
        TermsSet {
            /// The band.
            band: Band,
            /// Its new list.
            list: PriceList,
        },
        /// The leader's limits changed, for slots that open from now on.
        LeaderLimitsSet {
            /// The new limits.
            limits: LeaderLimits,
        },
        /// An aggregator announced by how much a slot trades.
        Announced {
            /// The slot.
            slot: SlotIndex,
            /// The share of the keys that it admits, and what a key covers.
            admission: KeyAdmission,
            /// Who announced it.
            by: T::AccountId,
        },
        /// A principal lets a broker trade for it, from now on like this.
        GrantSet {
            /// Whose orders and money.
            principal: T::AccountId,
            /// Who may place orders for it.
            broker: T::AccountId,
            /// How far.
            grant: Grant,
        },
        /// A principal lets a broker trade for it no more. Orders that it placed stay.
        GrantRevoked {
            /// Whose orders.
            principal: T::AccountId,
            /// Who placed them.
            broker: T::AccountId,
        },
        /// An order of a batch, or a standing order's renewal, was refused; the others went on.
        OrderRefused {
            /// The slot.
            slot: SlotIndex,
            /// Whose order.
            who: T::AccountId,
            /// What was asked for.
            order: NewOrder,
            /// Why.
            error: DispatchError,
        },
        /// An account's standing order was set or changed. Slots whose gate opens from now on get it.
        StandingOrderSet {
            /// Whose.
            who: T::AccountId,
            /// What is placed in every slot.
            order: NewOrder,
        },
        /// An account's standing order ended. Orders that it placed stay.
        StandingOrderEnded {
            /// Whose.
            who: T::AccountId,
            /// Whether it ended because it could not be placed again and again.
            failed: bool,
        },
        /// The default windows changed, for slots that open from now on.
        WindowsSet {
            /// The new windows.
            windows: Windows,
        },
        /// What was announced for a slot was taken back before its gate opened.
        AnnouncementWithdrawn {
            /// The slot.
            slot: SlotIndex,
            /// Who took it back.
            by: T::AccountId,
        },
    }

    /// Why the market refused. Nothing has changed where one of these is returned.
    #[pallet::error]
    pub enum Error<T> {
        /// The slot's gate is not open: not yet, or not any more.
        GateNotOpen,
        /// The account has no role for this: its credentials do not permit it, its owner is excluded, or
        /// it was shut. `qedex policy explain` says which.
        NotPermitted,
        /// The account's standing is below the least that this side of the market asks for.
        StandingTooLow,
        /// The limit is below the floor or above the cap price of the slot.
        OutsideCorridor,
        /// The limit is not a whole multiple of the tick.
        OffTick,
        /// The energy is below the least order.
        BelowLeastOrder,
        /// The energy is not a whole number of lots.
        NotWholeLots,
        /// The energy is above the largest order.
        AboveLargestOrder,
        /// The owner of the account has taken the other side of this slot.
        OtherSide,
        /// The owner of the account has as many open orders in this slot as it may have.
        TooManyOrders,
        /// The slot has as many orders as it takes.
        BookFull,
        /// There is no such open order.
        UnknownOrder,
        /// The order is somebody else's, or was not placed by this broker.
        NotYourOrder,
        /// With the other asks of the account's owner in this slot, the energy is above what its
        /// connections are rated to let out.
        AboveRating,
        /// The owner of the account leads this slot, and has no orders in it, or the owner of the broker
        /// does, and places none for others.
        LeadsThisSlot,
        /// The free balance does not cover what the order must hold and what it leaves for evidence.
        InsufficientFunds,
        /// A price, energy or amount is too large to compute with.
        Overflow,
        /// The terms contradict themselves: see the documentation of `set_terms`.
        InconsistentTerms,
        /// What was announced is outside of what the council allows: see the documentation of
        /// `announce`.
        BeyondLimits,
        /// Another aggregator has announced for this slot.
        LedByAnother,
        /// The slot has opened, or lies too far ahead.
        NotAhead,
        /// There are as many standing orders as there may be.
        TooManyStandingOrders,
        /// The account has no standing order.
        NoStandingOrder,
        /// The windows do not follow one another, or span more than the slots in flight allow.
        InconsistentWindows,
        /// A grant names a side and a budget.
        EmptyGrant,
        /// The principal has no grant for this broker.
        NoGrant,
        /// The grant has expired, or would have already.
        GrantExpired,
        /// The broker does not have the role of one.
        NotABroker,
        /// Principal and broker are one owner: nobody acts for itself by a grant.
        ForItself,
        /// The grant does not let the broker take this side.
        SideNotGranted,
        /// The limit is worse than the grant's.
        WorseThanGranted,
        /// With the grant's other orders of this slot, the order would hold more than its budget.
        OverBudget,
        /// The principal has given, or the broker has got, as many grants as it may have.
        TooManyGrants,
        /// By these windows, gates would have closed that have never opened. Open them earlier first.
        PassesOverSlots,
        /// Nothing is announced for this slot.
        NotAnnounced,
        /// Another owner has announced it.
        NotYourAnnouncement,
        /// The free balance does not cover the price of a renewal and what is left for evidence.
        RenewalUnpaid,
    }
}

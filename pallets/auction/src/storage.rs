//! What the pallet stores.

use frame_support::pallet_macros::pallet_section;

/// Declares storage.
#[pallet_section]
mod storage {
    /// The length of a delivery slot in milliseconds, fixed at genesis.
    #[pallet::storage]
    pub type SlotLength<T: Config> = StorageValue<_, Millis, ValueQuery>;

    /// The windows that slots opening from now on get.
    #[pallet::storage]
    pub type DefaultWindows<T: Config> = StorageValue<_, Windows, ValueQuery>;

    /// The price list of each band, for slots opening from now on. A slot whose band has none does not
    /// open.
    #[pallet::storage]
    pub type PriceLists<T: Config> = StorageMap<_, Twox64Concat, Band, PriceList>;

    /// Within what leaders choose. Without limits no slot opens.
    #[pallet::storage]
    pub type CurrentLimits<T: Config> = StorageValue<_, LeaderLimits, OptionQuery>;

    /// What aggregators announced for slots to come, in a ring: that of slot `d` is found at
    /// `d % ANNOUNCED_AHEAD`, and is void once another slot's stands there.
    #[pallet::storage]
    pub type Announcements<T: Config> =
        StorageMap<_, Twox64Concat, u32, Announcement<T::AccountId>>;

    /// The owners that have ever announced. They are kept for good: who has led the market is never paid
    /// for scarce keys.
    #[pallet::storage]
    pub type Announcers<T: Config> = StorageMap<_, Blake2_128Concat, OwnerId, ()>;

    /// The standing order of each account.
    #[pallet::storage]
    pub type StandingOrders<T: Config> =
        CountedStorageMap<_, Blake2_128Concat, T::AccountId, StandingOrder>;

    /// Whose standing order has this index. The indices are those below the number of standing
    /// orders.
    #[pallet::storage]
    pub type StandingIndex<T: Config> = StorageMap<_, Twox64Concat, u32, T::AccountId>;

    /// Where the renewal of standing orders begins in the next slot that opens, and which way it goes.
    /// It moves with the slots that open, whoever comes or goes.
    #[pallet::storage]
    pub type NextTurn<T: Config> = StorageValue<_, Turn, ValueQuery>;

    /// The first slot that has not been opened or passed over. Never goes back.
    #[pallet::storage]
    pub type NextSlot<T: Config> = StorageValue<_, SlotIndex, ValueQuery>;

    /// The first slot of which something may happen though it has no record. Slots before it that have
    /// none are over for good: they neither open nor take readings. Never goes back.
    #[pallet::storage]
    pub type OverUntil<T: Config> = StorageValue<_, SlotIndex, ValueQuery>;

    /// Slots that are open, being cleared or waiting for their end, in ascending order.
    #[pallet::storage]
    pub type InFlight<T: Config> =
        StorageValue<_, BoundedVec<SlotIndex, T::MaxSlotsInFlight>, ValueQuery>;

    /// The state of each slot in flight.
    #[pallet::storage]
    pub type Slots<T: Config> = StorageMap<_, Twox64Concat, SlotIndex, SlotRecord>;

    /// Open orders by slot, side and priority: iteration yields the best price first and, within
    /// a price, the earliest arrival. The last key is its own hash, because its order is what
    /// it is for.
    #[pallet::storage]
    pub type Orders<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, SlotIndex>,
            NMapKey<Twox64Concat, Side>,
            NMapKey<Identity, OrderPriority>,
        ),
        Order<T::AccountId>,
    >;

    /// Where an order, named by slot and number, stands in [`Orders`].
    #[pallet::storage]
    pub type OrderKeys<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Twox64Concat, OrderId, (Side, PricePerKwh)>;

    /// The energy at each price, best price first.
    #[pallet::storage]
    pub type Levels<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, SlotIndex>,
            NMapKey<Twox64Concat, Side>,
            NMapKey<Identity, PricePriority>,
        ),
        PriceLevel,
    >;

    /// The side that an owner has taken in a slot, and the number and energy of its open orders.
    #[pallet::storage]
    pub type Participants<T: Config> =
        StorageDoubleMap<_, Twox64Concat, SlotIndex, Blake2_128Concat, OwnerId, Participant>;

    /// What a principal, the first key, lets a broker, the second, do.
    #[pallet::storage]
    pub type Grants<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Blake2_128Concat,
        T::AccountId,
        GrantRecord<T::GrantBond>,
    >;

    /// For whom a broker, the first key, may act.
    #[pallet::storage]
    pub type GrantsTo<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Blake2_128Concat, T::AccountId, ()>;

    /// How many grants an account has given and got.
    #[pallet::storage]
    pub type GrantCountsOf<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, GrantCounts, ValueQuery>;

    /// What the orders in a slot hold that a broker, the last key, placed for a principal.
    #[pallet::storage]
    pub type GrantUses<T: Config> = StorageNMap<
        _,
        (
            NMapKey<Twox64Concat, SlotIndex>,
            NMapKey<Blake2_128Concat, T::AccountId>,
            NMapKey<Blake2_128Concat, T::AccountId>,
        ),
        GrantUse,
        ValueQuery,
    >;

    /// The latest clearing results, in a ring: slot `d` is found at `d % ResultsKept`.
    #[pallet::storage]
    pub type Results<T: Config> = StorageMap<_, Twox64Concat, u32, ClearingResult>;
}

//! What the pallet keeps.

use frame_support::pallet_macros::pallet_section;

/// Declares the storage items.
#[pallet_section]
mod storage {
    /// The sites of key services, by their number.
    #[pallet::storage]
    pub type Sites<T: Config> = StorageMap<_, Twox64Concat, SiteId, Site<T::AccountId>>;

    /// The number that the next site gets.
    #[pallet::storage]
    pub type NextSite<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// The links between sites, by their number.
    #[pallet::storage]
    pub type Links<T: Config> = StorageMap<_, Twox64Concat, LinkId, Link<T::AccountId>>;

    /// The number that the next link gets.
    #[pallet::storage]
    pub type NextLink<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// The SAEs that are enrolled, by the number of the enrolment.
    #[pallet::storage]
    pub type Enrolments<T: Config> = StorageMap<_, Twox64Concat, EnrolmentId, EnrolmentOf<T>>;

    /// The number that the next enrolment gets.
    #[pallet::storage]
    pub type NextEnrolment<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// The enrolment of each SAE.
    #[pallet::storage]
    pub type EnrolmentOfSae<T: Config> = StorageMap<_, Blake2_128Concat, SaeId, EnrolmentId>;

    /// The enrolment that each account has accepted.
    #[pallet::storage]
    pub type AcceptedBy<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, EnrolmentId>;

    /// What accounts say of themselves: their worker's key, the node that keeps their mail, and from whom
    /// they take requests.
    #[pallet::storage]
    pub type Profiles<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Profile<T::AccountId>>;

    /// The sessions, from their request until they are cleared, by their number.
    #[pallet::storage]
    pub type Sessions<T: Config> = StorageMap<_, Twox64Concat, SessionId, SessionOf<T>>;

    /// The number that the next session gets.
    #[pallet::storage]
    pub type NextSession<T: Config> = StorageValue<_, u64, ValueQuery>;

    /// The sessions of each account, as A or as B.
    #[pallet::storage]
    pub type SessionsOf<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, SessionId, ()>;

    /// The sessions in which the worker of an account is to answer or to confirm.
    #[pallet::storage]
    pub type Awaited<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Twox64Concat, SessionId, ()>;

    /// The highest number of a session that each account has asked for. It is kept for good.
    #[pallet::storage]
    pub type LastNumber<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u64, ValueQuery>;

    /// How many sessions the accounts of each owner have asked for that are not open yet.
    #[pallet::storage]
    pub type Requests<T: Config> = StorageMap<_, Blake2_128Concat, OwnerId, u32, ValueQuery>;

    /// How many of them with each account.
    #[pallet::storage]
    pub type RequestsTo<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        OwnerId,
        Blake2_128Concat,
        T::AccountId,
        u32,
        ValueQuery,
    >;

    /// Up to which session the latest round has looked whether they have ended; none where the next one
    /// begins.
    #[pallet::storage]
    pub type SweptTo<T: Config> = StorageValue<_, SessionId>;

    /// Who has how much at stake for each item of the registry.
    #[pallet::storage]
    pub type Bonds<T: Config> =
        StorageMap<_, Blake2_128Concat, Item<T::AccountId>, (T::AccountId, T::Bond)>;

    /// What A has at stake for each session.
    #[pallet::storage]
    pub type Deposits<T: Config> = StorageMap<_, Twox64Concat, SessionId, T::Deposit>;

    /// How many sites the accounts of each owner run.
    #[pallet::storage]
    pub type SitesOf<T: Config> = StorageMap<_, Blake2_128Concat, OwnerId, u32>;

    /// By what rules keys bound the market.
    #[pallet::storage]
    pub type CurrentRules<T: Config> = StorageValue<_, KeyRules, ValueQuery>;

    /// The links of the market, and what it is promised of their keys.
    #[pallet::storage]
    pub type MarketKeys<T: Config> = StorageValue<_, Market, ValueQuery>;

    /// What is said and counted of the ends of the market's links, by link and site.
    #[pallet::storage]
    pub type Ends<T: Config> =
        StorageDoubleMap<_, Twox64Concat, LinkId, Twox64Concat, SiteId, EndBook, ValueQuery>;

    /// What slots in flight are promised.
    #[pallet::storage]
    pub type Reservations<T: Config> = StorageMap<_, Twox64Concat, SlotIndex, Reservation>;

    /// The epoch of the latest report of each owner. It is kept for good: who has reported keys is never
    /// paid out of the entropy fund.
    #[pallet::storage]
    pub type LastReport<T: Config> = StorageMap<_, Blake2_128Concat, OwnerId, EpochIndex>;
}

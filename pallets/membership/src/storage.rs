//! What the pallet keeps.

use frame_support::pallet_macros::pallet_section;

/// Declares the storage items.
#[pallet_section]
mod storage {
    /// The attributes of the community, by their number.
    #[pallet::storage]
    pub type Attributes<T: Config> =
        StorageMap<_, Twox64Concat, AttributeId, AttributeInfo<T::AccountId>>;

    /// The number that the next attribute gets.
    #[pallet::storage]
    pub type NextAttribute<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// The credentials on record, by holder and attribute. Whether one holds follows from the
    /// attribute's version and the time.
    #[pallet::storage]
    pub type Credentials<T: Config> = StorageDoubleMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        Twox64Concat,
        AttributeId,
        Credential<T::AccountId>,
    >;

    /// Who names owners.
    #[pallet::storage]
    pub type Registrar<T: Config> = StorageValue<_, T::AccountId>;

    /// The owner behind each account that has one, and how it stands with the account.
    #[pallet::storage]
    pub type Owners<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Owned<T::AccountId>>;

    /// The accounts of each owner, in the order in which they came.
    #[pallet::storage]
    pub type AccountsOf<T: Config> =
        StorageMap<_, Blake2_128Concat, OwnerId, AccountsOfOwner<T>, ValueQuery>;

    /// The namings that wait for those whom they concern, by account.
    #[pallet::storage]
    pub type Namings<T: Config> =
        CountedStorageMap<_, Blake2_128Concat, T::AccountId, Naming<T::AccountId>>;

    /// Since when each owner holds an attribute.
    #[pallet::storage]
    pub type Tenures<T: Config> =
        StorageDoubleMap<_, Twox64Concat, AttributeId, Blake2_128Concat, OwnerId, Tenure>;

    /// How many owners hold each attribute, and how many lost it before its time.
    #[pallet::storage]
    pub type HolderCounts<T: Config> =
        StorageMap<_, Twox64Concat, AttributeId, HolderCount, ValueQuery>;

    /// The attributes that one half asks to void.
    #[pallet::storage]
    pub type Voidings<T: Config> = StorageMap<_, Twox64Concat, AttributeId, Voiding<T::AccountId>>;

    /// The policies, by their number.
    #[pallet::storage]
    pub type Policies<T: Config> = StorageMap<_, Twox64Concat, PolicyId, PolicyOf<T>>;

    /// What is held for each policy that somebody paid for, and of whom.
    #[pallet::storage]
    pub type PolicyBonds<T: Config> = StorageMap<_, Twox64Concat, PolicyId, Bond<T::AccountId>>;

    /// The number that the next policy gets.
    #[pallet::storage]
    pub type NextPolicy<T: Config> = StorageValue<_, u32, ValueQuery>;

    /// The policy that each role requires.
    #[pallet::storage]
    pub type Roles<T: Config> = StorageMap<_, Twox64Concat, Role, PolicyId>;

    /// The latest exclusions of an owner. Each counts until its end and is ignored from then on.
    #[pallet::storage]
    pub type Exclusions<T: Config> = StorageMap<_, Blake2_128Concat, OwnerId, Exclusion>;
}

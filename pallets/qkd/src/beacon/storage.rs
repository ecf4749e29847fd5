//! What the beacon keeps.

use frame_support::pallet_macros::pallet_section;

/// Declares the beacon's storage items.
#[pallet_section]
mod beacon_storage {
    /// The epoch that is under way; none before the first one has begun.
    #[pallet::storage]
    pub type CurrentEpoch<T: Config> = StorageValue<_, Epoch>;

    /// What accounts have committed to in that epoch.
    #[pallet::storage]
    pub type Commitments<T: Config> = CountedStorageMap<_, Blake2_128Concat, T::AccountId, Entry>;

    /// By which account each owner has committed in that epoch.
    #[pallet::storage]
    pub type CommittedBy<T: Config> = StorageMap<_, Blake2_128Concat, OwnerId, T::AccountId>;

    /// Who wrote the blocks in which reveals could stand, each once, and no more than matter.
    #[pallet::storage]
    pub type RevealAuthors<T: Config> =
        StorageValue<_, BoundedVec<T::AccountId, ConstU32<MAX_AUTHORS>>, ValueQuery>;

    /// The values of the latest epochs that have ended.
    #[pallet::storage]
    pub type EpochValues<T: Config> = StorageMap<_, Twox64Concat, EpochIndex, EpochValue>;

    /// Who took part in them.
    #[pallet::storage]
    pub type Attendances<T: Config> =
        StorageMap<_, Twox64Concat, EpochIndex, Attendance<T::AccountId>>;

    /// In which epoch each owner that withheld a reveal may commit again.
    #[pallet::storage]
    pub type BarredUntil<T: Config> = StorageMap<_, Blake2_128Concat, OwnerId, EpochIndex>;
}

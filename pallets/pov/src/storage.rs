//! What the pallet stores.

use frame_support::pallet_macros::pallet_section;

/// Declares the storage.
#[pallet_section]
mod storage {
    /// What the admin origin may tune.
    #[pallet::storage]
    pub type CurrentRules<T: Config> = StorageValue<_, Rules, ValueQuery>;

    /// The default length of a session.
    #[pallet::type_value]
    pub fn DefaultSessionSlots() -> u32 {
        DEFAULT_SESSION_SLOTS
    }

    /// The length of a session in Aura slots, fixed at genesis.
    #[pallet::storage]
    pub type SessionSlots<T: Config> = StorageValue<_, u32, ValueQuery, DefaultSessionSlots>;

    /// Who writes which slot of the present session.
    #[pallet::storage]
    pub type CurrentSchedule<T: Config> = StorageValue<_, ScheduleOf<T>>;

    /// The block that brought the present schedule.
    #[pallet::storage]
    pub type LastChange<T: Config> = StorageValue<_, Change<T::AccountId>>;

    /// Whether a schedule without a validator that was removed has to take the place of the present
    /// one. It does at the end of the block, unless the block brought a schedule already.
    #[pallet::storage]
    pub type Repair<T: Config> = StorageValue<_, bool, ValueQuery>;

    /// The blocks that each validator has written in the present session.
    #[pallet::storage]
    pub type Authored<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// The slots that were each validator's own in the present session, before the schedule was
    /// replaced. Whoever has none has no entry.
    #[pallet::storage]
    pub type DueBefore<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

    /// The latest past sessions: what every validator was to do, and what it did.
    #[pallet::storage]
    pub type PastSessions<T: Config> = StorageMap<_, Twox64Concat, SessionIndex, PastSessionOf<T>>;

    /// Who is removed, until it is readmitted.
    #[pallet::storage]
    pub type Removals<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, Removal>;

    /// The accounts of each owner that are removed. While there is one, no account of the owner has a
    /// seat.
    #[pallet::storage]
    pub type RemovedOf<T: Config> =
        StorageDoubleMap<_, Blake2_128Concat, OwnerId, Blake2_128Concat, T::AccountId, ()>;

    /// Until which session a validator's offences are forgiven, because it was readmitted.
    #[pallet::storage]
    pub type Forgiven<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, SessionIndex>;

    /// Who wants to leave, and since which session.
    #[pallet::storage]
    pub type Leaving<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, SessionIndex>;

    /// The fewest voters that the set goes down to.
    #[pallet::type_value]
    pub fn DefaultLeastVoters() -> u32 {
        DEFAULT_LEAST_VOTERS
    }

    /// The fewest voters that the set goes down to, fixed at genesis.
    #[pallet::storage]
    pub type LeastVoters<T: Config> = StorageValue<_, u32, ValueQuery, DefaultLeastVoters>;

    /// Who votes on finality, in the order of their ids.
    #[pallet::storage]
    pub type Voters<T: Config> = StorageValue<_, AccountsOf<T>, ValueQuery>;

    /// Who votes from the next session on, unless votes stand still then.
    #[pallet::storage]
    pub type NextVoters<T: Config> = StorageValue<_, AccountsOf<T>, ValueQuery>;

    /// Who voted before the last change, and the block that has to be final before the change counts:
    /// until then it is they who make blocks final.
    #[pallet::storage]
    pub type Outgoing<T: Config> = StorageValue<_, (BlockNumberFor<T>, AccountsOf<T>)>;

    /// Who votes with which key, by the session since which it is so.
    #[pallet::storage]
    pub type VoterSets<T: Config> = StorageMap<
        _,
        Twox64Concat,
        SessionIndex,
        BoundedVec<(T::AccountId, VoterKey), T::MaxValidators>,
        ValueQuery,
    >;

    /// For each set of voters but the last one, since when the next one votes.
    #[pallet::storage]
    pub type SetAfter<T: Config> = StorageMap<_, Twox64Concat, SessionIndex, SessionIndex>;

    /// Since when the oldest set of voters voted that is still kept, and the last one.
    #[pallet::storage]
    pub type KeptSets<T: Config> = StorageValue<_, (SessionIndex, SessionIndex), ValueQuery>;

    /// Whom the council has admitted: nobody else joins.
    #[pallet::storage]
    pub type Admitted<T: Config> = CountedStorageMap<_, Blake2_128Concat, T::AccountId, ()>;

    /// In how many sessions each validator that does not vote yet has written blocks.
    #[pallet::storage]
    pub type Probation<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32>;

    /// In how many whole sessions in a row each validator has written nothing. Whoever writes has no
    /// entry.
    #[pallet::storage]
    pub type Silence<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32>;

    /// What each author last said of the last final block that it knew.
    #[pallet::storage]
    pub type Statements<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Statement<BlockNumberFor<T>>>;

    /// Whether finality lagged when the last session ended: votes stand still.
    #[pallet::storage]
    pub type Stalled<T: Config> = StorageValue<_, bool, ValueQuery>;

    /// The session before the present one, and who wrote blocks in it with which keys.
    #[pallet::storage]
    pub type LastAuthors<T: Config> =
        StorageValue<_, (SessionIndex, BoundedVec<(T::AccountId, KeyOf<T>), T::MaxValidators>)>;
}

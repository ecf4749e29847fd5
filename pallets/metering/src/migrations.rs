//! How what was stored by an earlier layout is brought into the present one.
//!
//! ## From 1 to 2
//!
//! A meter of an account with one capacity becomes a meter at a connection of an owner, rated for that
//! capacity in both directions. The number of its connection is `v1-` and its own number with seven
//! digits, until a new meter is registered under the grid operator's. The assignment before the latest
//! one is kept. Bonds, keys, bands and demands stay.
//!
//! A meter whose account has no owner goes on under an id that no account has, and its service ends
//! with the first slot whose gate has not been opened. So does that of a meter for which its owner's
//! list has no room, because no bill could hold it; it sits behind a connection, and nothing delivers by
//! it any more. An event says so of each.
//!
//! A correction becomes a record, and what the meter had signed is its reading again: nothing settles
//! by a correction any more. What was settled stays as it was settled; a slot that is not settled yet
//! is settled by what the meters signed, and those whose readings were corrected before the freeze are
//! the only ones for which that is another value. Who corrected it is kept, and when is not known.
//!
//! Totals are summed up anew from the readings of the kept slots, by owner, and own demand is netted at
//! each connection. Where the first layout had forgotten whose a reading was, because its meter was
//! changed twice since (so that everything of the slot is final), it is counted for the owner of the
//! oldest assignment that is known.
//!
//! All of it is done in one block: some ten reads and writes for each meter, and four for each kept
//! reading.

use crate::{
    Assignment, Config, ConnectionNumber, Correction, Corrections, Event, Meter, MeterAt,
    MeterKind, MeterRatings, Meters, OwnerTotals, Pallet, Person, Readings, SlotTotals,
};
use alloc::{format, vec, vec::Vec};
use codec::Encode;
use core::marker::PhantomData;
use frame_support::{
    BoundedVec,
    migrations::VersionedMigration,
    traits::{Get, UncheckedOnRuntimeUpgrade},
    weights::Weight,
};
use qedex_primitives::{Flow, Membership, MeterId, OwnerId, SlotIndex, meter::Assignments};
use sp_io::hashing::blake2_256;

/// From layout 1 to layout 2. Does nothing on any other.
pub type MigrateV1ToV2<T> =
    VersionedMigration<1, 2, V1ToV2<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

/// What was stored by layout 1.
// The macro of the aliases makes items that have no documentation.
#[allow(missing_docs)]
pub mod v1 {
    use crate::{Config, Pallet};
    use codec::{Decode, Encode, MaxEncodedLen};
    use frame_support::{BoundedVec, pallet_prelude::*, storage_alias};
    use qedex_primitives::{Flow, Installer, MAX_BILL_READINGS, MeterId, MeterKey, SlotIndex, Wh};
    use scale_info::TypeInfo;

    /// Owner and key of a meter for a run of slots.
    #[derive(Clone, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct Assignment<AccountId> {
        /// The account whose energy it measured.
        pub owner: AccountId,
        /// Its key.
        pub key: MeterKey,
        /// Who made it so.
        pub installer: Installer<AccountId>,
        /// The first slot.
        pub from: SlotIndex,
        /// The first slot after it.
        pub until: Option<SlotIndex>,
    }

    /// A meter.
    #[derive(Clone, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct Meter<AccountId> {
        /// The most that it could read in each direction.
        pub capacity: Wh,
        /// Who registered it.
        pub registered_by: Installer<AccountId>,
        /// Its latest assignment.
        pub current: Assignment<AccountId>,
        /// The one before.
        pub previous: Option<Assignment<AccountId>>,
    }

    /// That a reading was replaced.
    #[derive(Clone, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct Correction<AccountId> {
        /// What the meter had signed.
        pub original: Flow,
        /// Who replaced it.
        pub installer: AccountId,
        /// Whether that changed no settlement.
        pub after_freeze: bool,
    }

    /// What several meters said of a slot.
    #[derive(Clone, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
    pub struct Totals {
        /// Energy generated.
        pub generated: Wh,
        /// Energy consumed.
        pub consumed: Wh,
        /// How many had a reading.
        pub readings: u32,
    }

    type AccountOf<T> = <T as frame_system::Config>::AccountId;

    /// The meters.
    #[storage_alias]
    pub type Meters<T: Config> = StorageMap<Pallet<T>, Twox64Concat, MeterId, Meter<AccountOf<T>>>;

    /// The meters of each account.
    #[storage_alias]
    pub type MetersOf<T: Config> = StorageMap<
        Pallet<T>,
        Blake2_128Concat,
        AccountOf<T>,
        BoundedVec<MeterId, ConstU32<MAX_BILL_READINGS>>,
        ValueQuery,
    >;

    /// The corrections.
    #[storage_alias]
    pub type Corrections<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Twox64Concat,
        SlotIndex,
        Twox64Concat,
        MeterId,
        Correction<AccountOf<T>>,
    >;

    /// What the meters of each account said.
    #[storage_alias]
    pub type AccountTotals<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Twox64Concat,
        SlotIndex,
        Blake2_128Concat,
        AccountOf<T>,
        Totals,
    >;

    /// What they had said at the freeze.
    #[storage_alias]
    pub type FrozenTotals<T: Config> = StorageDoubleMap<
        Pallet<T>,
        Twox64Concat,
        SlotIndex,
        Blake2_128Concat,
        AccountOf<T>,
        Totals,
    >;

    /// What all meters said.
    #[storage_alias]
    pub type SlotTotals<T: Config> = StorageMap<Pallet<T>, Twox64Concat, SlotIndex, Totals>;
}

/// The work itself, whatever the version.
pub struct V1ToV2<T>(PhantomData<T>);

impl<T: Config> UncheckedOnRuntimeUpgrade for V1ToV2<T> {
    fn on_runtime_upgrade() -> Weight {
        let corrections = Self::corrections();
        let meters = Self::meters();
        let readings = Self::totals();
        // Of a meter: itself, two owners, two lists, the slot, its place, the old list, an event.
        let touched = corrections.saturating_mul(3).saturating_add(meters.saturating_mul(8));
        let touched = touched.saturating_add(readings.saturating_mul(4)).saturating_add(4);
        T::DbWeight::get().reads_writes(touched, touched)
    }

    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<Vec<u8>, sp_runtime::TryRuntimeError> {
        Ok(Counts::of(v1::Meters::<T>::iter().count(), Readings::<T>::iter().count()).encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(state: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        let after = Counts::of(Meters::<T>::iter().count(), Readings::<T>::iter().count());
        frame_support::ensure!(after.encode() == state, "a meter or a reading was lost");
        Pallet::<T>::do_try_state()
    }
}

/// How many there were of what must not be lost.
#[cfg(feature = "try-runtime")]
#[derive(Encode)]
struct Counts {
    meters: u64,
    readings: u64,
}

#[cfg(feature = "try-runtime")]
impl Counts {
    fn of(meters: usize, readings: usize) -> Self {
        Self { meters: meters as u64, readings: readings as u64 }
    }
}

impl<T: Config> V1ToV2<T> {
    /// Makes the corrections records, and the readings what was signed. Returns how many there were.
    fn corrections() -> u64 {
        let all: Vec<_> = v1::Corrections::<T>::drain().collect();
        for (slot, id, old) in &all {
            let corrected = Readings::<T>::get(slot, id);
            Readings::<T>::insert(slot, id, old.original);
            let flow = corrected.unwrap_or(old.original);
            let by =
                Person { account: old.installer.clone(), owner: Self::owner_of(&old.installer).0 };
            let record = BoundedVec::truncate_from(vec![Correction { flow, by, at: 0 }]);
            Corrections::<T>::insert(slot, id, record);
        }
        all.len() as u64
    }

    /// Makes each meter one at a connection of an owner. Returns how many there are.
    fn meters() -> u64 {
        let mut all: Vec<_> = v1::Meters::<T>::drain().collect();
        all.sort_by_key(|(id, _)| *id);
        let _ = v1::MetersOf::<T>::clear(u32::MAX, None);
        for (id, old) in &all {
            Self::meter(*id, old);
        }
        all.len() as u64
    }

    fn meter(id: MeterId, old: &v1::Meter<T::AccountId>) {
        let ratings = MeterRatings { out: old.capacity, into: old.capacity };
        let mut is_named = true;
        let mut assignments = Assignments::new();
        for one in old.previous.iter().chain(core::iter::once(&old.current)) {
            let owner;
            (owner, is_named) = Self::owner_of(&one.owner);
            // There is room for two.
            let _ = assignments.try_push(Assignment {
                account: one.owner.clone(),
                owner,
                key: one.key,
                ratings,
                installer: one.installer.clone(),
                second: None,
                from: one.from,
                until: one.until,
            });
        }
        let number = ConnectionNumber::try_from(format!("v1-{:07}", id.0)).unwrap_or_default();
        let is_listed = Self::list(id, &assignments);
        let kind = if is_listed {
            MeterAt::<T>::insert(&number, id);
            MeterKind::Connection(number)
        } else {
            MeterKind::Behind(number)
        };
        Meters::<T>::insert(id, Meter { kind, assignments });
        if !(is_named && is_listed)
            && let Ok(from) = Pallet::<T>::end_service(id)
        {
            Pallet::<T>::deposit_event(Event::MeterDecommissioned { meter: id, from });
        }
    }

    /// Puts a connection on the lists of all owners of whom a slot of it is not over, or on none.
    fn list(id: MeterId, assignments: &Assignments<T::AccountId>) -> bool {
        let owners: Vec<_> = assignments
            .iter()
            .filter(|one| !Pallet::<T>::is_over(one))
            .map(|one| one.owner)
            .collect();
        let is_listed = owners.iter().all(|owner| Pallet::<T>::list(id, owner).is_ok());
        if !is_listed {
            for owner in &owners {
                Pallet::<T>::unlist(id, owner);
            }
        }
        is_listed
    }

    /// Sums the readings up anew. Returns how many there are.
    fn totals() -> u64 {
        let _ = v1::AccountTotals::<T>::clear(u32::MAX, None);
        let _ = v1::FrozenTotals::<T>::clear(u32::MAX, None);
        let _ = v1::SlotTotals::<T>::clear(u32::MAX, None);
        let mut count = 0_u64;
        for (slot, id, flow) in Readings::<T>::iter() {
            count = count.saturating_add(1);
            if let Some(owner) = Self::owner_in(slot, id) {
                Self::add(slot, owner, &flow);
            }
        }
        count
    }

    fn owner_in(slot: SlotIndex, id: MeterId) -> Option<OwnerId> {
        let meter = Meters::<T>::get(id).filter(|meter| meter.kind.is_connection())?;
        let known = meter.assignment(slot).ok().or_else(|| meter.assignments.first());
        known.map(|assignment| assignment.owner)
    }

    fn add(slot: SlotIndex, owner: OwnerId, flow: &Flow) {
        OwnerTotals::<T>::mutate(slot, owner, |entry| {
            *entry = Some(entry.unwrap_or_default().with(flow));
        });
        SlotTotals::<T>::mutate(slot, |entry| {
            *entry = Some(entry.unwrap_or_default().with(flow));
        });
    }

    /// The owner of an account and whether it is known; else an id of this account's that no account
    /// has.
    fn owner_of(account: &T::AccountId) -> (OwnerId, bool) {
        match T::Membership::owner_of(account) {
            Some(owner) => (owner, true),
            None => (OwnerId(("qedex/unnamed", account).using_encoded(blake2_256)), false),
        }
    }
}

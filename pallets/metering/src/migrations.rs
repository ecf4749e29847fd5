//! How what was stored by an earlier layout is brought into the present one.
//!
//! ## From 1 to 2
//!
//! A meter of an account with one capacity becomes a meter at a connection of an owner, rated for that
//! capacity in both directions. The number of its connection is `V1N` and its own number with seven
//! digits, until a new meter is registered under the grid operator's. The assignment before the latest
//! one is kept. Bonds, keys, bands and demands stay.
//!
//! *Slots that were opened before* stay as they were: what a meter says of a slot before the first one
//! whose gate has not been opened ([`OwnersSince`]) is of the account that answered for it then, whether
//! that has an owner or not; own demand is netted over all meters of the account, each of which must have a
//! reading. So what was complete evidence is complete, and what was sold net is delivered net. From that
//! first slot on each meter at a connection delivers for its owner, and nothing is netted across them.
//!
//! Where an account has *more than one meter* by then, the first layout does not say which of them is at
//! the connection to the grid, and which measures a plant or a load behind another one. So the service of
//! all of them ends with that slot, and they are registered anew, each where it sits. The service of a meter
//! ends likewise if its account has no owner, because nobody could sell by it, and if the owner of its latest
//! assignment has no room for it beside those that go on, because no bill could hold it. A meter of either
//! kind goes under an id that no account has, and so does what would begin with that slot or later. An event
//! says so of each meter whose service ends. Its record, and its place among its owner's connections, stay
//! until its last slot is over.
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
//! The calendar and what has been opened are asked for: the market's own migration comes before, because
//! slots in flight have another layout since.
//!
//! All of it is done in one block: some fourteen reads and writes for each meter, and four for each kept
//! reading.

use crate::{
    Assignment, Config, ConnectionNumber, ConnectionsOf, Correction, Corrections, Event, Meter,
    MeterAt, MeterKind, MeterRatings, Meters, OwnerTotals, OwnersSince, Pallet, Person, Readings,
    SlotTotals,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    format, vec,
    vec::Vec,
};
use core::marker::PhantomData;
use frame_support::{
    BoundedVec,
    migrations::VersionedMigration,
    traits::{Get, UncheckedOnRuntimeUpgrade},
    weights::Weight,
};
use qedex_primitives::{Flow, Membership, MeterId, OwnerId, SlotIndex, meter::Assignments};

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
        // Of a meter: itself, of two assignments an owner each time, a slot and two lists, its place, the
        // old list, an event.
        let touched = corrections.saturating_mul(3).saturating_add(meters.saturating_mul(14));
        let touched = touched.saturating_add(readings.saturating_mul(4)).saturating_add(6);
        T::DbWeight::get().reads_writes(touched, touched)
    }

    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<Vec<u8>, sp_runtime::TryRuntimeError> {
        use codec::Encode;
        Ok(Counts::of(v1::Meters::<T>::iter().count(), Readings::<T>::iter().count()).encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(state: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        use codec::Encode;
        let after = Counts::of(Meters::<T>::iter().count(), Readings::<T>::iter().count());
        frame_support::ensure!(after.encode() == state, "a meter or a reading was lost");
        let mut serving = BTreeSet::new();
        for meter in Meters::<T>::iter_values() {
            for one in meter.assignments.iter().filter(|one| one.until.is_none()) {
                let is_alone = serving.insert(one.account.clone());
                frame_support::ensure!(is_alone, "two meters of an account go on");
                let is_named = T::Membership::owner_of(&one.account) == Some(one.owner);
                frame_support::ensure!(is_named, "a meter goes on for nobody");
            }
        }
        Pallet::<T>::do_try_state()
    }
}

/// How many there were of what must not be lost.
#[cfg(feature = "try-runtime")]
#[derive(codec::Encode)]
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

/// A meter on its way.
struct Carried<AccountId> {
    id: MeterId,
    assignments: Assignments<AccountId>,
    /// Whether its service ends.
    ends: bool,
}

impl<AccountId> Carried<AccountId> {
    /// Its latest assignment, if that serves in `slot` or later.
    fn serving(&self, slot: SlotIndex) -> Option<&Assignment<AccountId>> {
        self.assignments.last().filter(|latest| serves(latest, slot))
    }

    /// Ends its service before `slot`. One that has not begun at all serves for one slot.
    fn end(&mut self, slot: SlotIndex) {
        while self.assignments.len() > 1
            && self.assignments.last().is_some_and(|latest| latest.from >= slot)
        {
            let _ = self.assignments.pop();
        }
        if let Some(latest) = self.assignments.last_mut() {
            latest.until = Some(slot.max(latest.from.next()));
        }
    }
}

/// Whether an assignment serves in `slot` or later.
fn serves<AccountId>(assignment: &Assignment<AccountId>, slot: SlotIndex) -> bool {
    assignment.until.is_none_or(|until| until > slot)
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
                Person { account: old.installer.clone(), owner: Self::owner_of(&old.installer) };
            let record = BoundedVec::truncate_from(vec![Correction { flow, by, at: 0 }]);
            Corrections::<T>::insert(slot, id, record);
        }
        all.len() as u64
    }

    /// Makes each meter one at a connection of an owner. Returns how many there are.
    fn meters() -> u64 {
        let since = Pallet::<T>::first_unopened();
        OwnersSince::<T>::put(since);
        let mut all: Vec<_> =
            v1::Meters::<T>::drain().map(|(id, old)| Self::carried(id, old)).collect();
        all.sort_by_key(|meter| meter.id);
        let _ = v1::MetersOf::<T>::clear(u32::MAX, None);

        Self::choose_who_ends(&mut all, since);
        for meter in all.iter_mut().filter(|meter| meter.ends) {
            meter.end(since);
        }
        let count = all.len() as u64;
        for meter in all {
            Self::store(meter, since);
        }
        count
    }

    /// A meter with its assignments, whose owners are not looked at yet.
    fn carried(id: MeterId, old: v1::Meter<T::AccountId>) -> Carried<T::AccountId> {
        let ratings = MeterRatings { out: old.capacity, into: old.capacity };
        let of_old = |one: v1::Assignment<T::AccountId>| Assignment {
            owner: Self::owner_of(&one.owner),
            account: one.owner,
            key: one.key,
            ratings,
            installer: one.installer,
            second: None,
            from: one.from,
            until: one.until,
        };
        let all = old.previous.into_iter().chain(core::iter::once(old.current));
        // There is room for two.
        let assignments = BoundedVec::truncate_from(all.map(of_old).collect());
        Carried { id, assignments, ends: false }
    }

    /// Ends the service of those of which nobody knows where they sit, of those that nobody could sell by,
    /// and of those for which their owner's list has no room; puts the others on it.
    fn choose_who_ends(all: &mut [Carried<T::AccountId>], since: SlotIndex) {
        let mut of_accounts = BTreeMap::<_, BTreeSet<MeterId>>::new();
        for meter in all.iter() {
            for one in meter.assignments.iter().filter(|one| serves(one, since)) {
                of_accounts.entry(one.account.clone()).or_default().insert(meter.id);
            }
        }
        for meter in all.iter_mut() {
            let Some(latest) = meter.serving(since) else { continue };
            let (account, owner) = (latest.account.clone(), latest.owner);
            let is_one_of_several =
                meter.assignments.iter().filter(|one| serves(one, since)).any(|one| {
                    of_accounts.get(&one.account).is_some_and(|meters| meters.len() > 1)
                });
            let is_named = T::Membership::owner_of(&account).is_some();
            meter.ends = is_one_of_several || !is_named || !Self::list(meter.id, &owner);
        }
    }

    /// Stores a meter, and puts it on the lists of the owners of whom a slot of it is not over. Where
    /// there is no room, or where it would serve longer than it should, it goes under nobody's name.
    fn store(meter: Carried<T::AccountId>, since: SlotIndex) {
        let Carried { id, mut assignments, ends } = meter;
        for one in assignments.iter_mut().rev().filter(|one| !Pallet::<T>::is_over(one)) {
            let is_too_late = ends && one.from >= since;
            if is_too_late || !Self::list(id, &one.owner) {
                one.owner = Pallet::<T>::nameless(&one.account);
                // There is room: an account had no more meters than a list holds.
                Self::list(id, &one.owner);
            }
        }
        let until = assignments.last().and_then(|latest| latest.until);
        let number = ConnectionNumber::try_from(format!("V1N{:07}", id.0)).unwrap_or_default();
        MeterAt::<T>::insert(&number, id);
        Meters::<T>::insert(id, Meter { kind: MeterKind::Connection(number), assignments });
        if let Some(from) = until.filter(|_| ends) {
            Pallet::<T>::deposit_event(Event::MeterDecommissioned { meter: id, from });
        }
    }

    /// Puts a meter on the list of `owner`, where it may be already. Whether it is there then.
    fn list(id: MeterId, owner: &OwnerId) -> bool {
        ConnectionsOf::<T>::try_mutate(owner, |list| {
            if list.contains(&id) { Ok(()) } else { list.try_push(id) }
        })
        .is_ok()
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
        let meter = Meters::<T>::get(id)?;
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

    /// The owner of an account; where none is known, an id of this account's that no account has.
    fn owner_of(account: &T::AccountId) -> OwnerId {
        T::Membership::owner_of(account).unwrap_or_else(|| Pallet::<T>::nameless(account))
    }
}

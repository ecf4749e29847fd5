//! What must be true of the storage after every block.

use crate::{
    Agenda, Bands, ChangeBonds, ChangesOf, Config, ConnectionsOf, Corrections, CurrentTariff,
    DayLoads, KeysOf, MAX_RATING, MeterAt, MeterBonds, MeterByKey, MeterRatings, Meters,
    NextChange, NextMeter, OldestDay, OldestKept, OwnerTotals, Pallet, PendingChanges, Readings,
    SlotTotals, Totals,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use frame_support::ensure;
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_math::tariff::SLOTS_PER_DAY;
use qedex_primitives::{Calendar, SlotIndex};
use sp_runtime::{TryRuntimeError, traits::Zero};

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. A meter's number lies below the next free one, its connection's is printable, and its ratings
    ///    are in range.
    /// 2. The keys of a meter's assignments are among those that it is known to have had. Each of
    ///    these leads to it, and no others lead anywhere. Bonds are of meters that exist, and every meter
    ///    that was filed has one, as far as its first assignment is still known.
    /// 3. A meter has an assignment; they follow on one another and last for one slot at least, and the
    ///    last one alone may have no end.
    /// 4. The lists of the owners name no meter twice, and connections alone, and name every connection
    ///    under the owner of each of its assignments that is not over.
    /// 5. No two meters are at one connection in one slot, and the latest one is found by its number.
    /// 6. A pending change's number lies below the next free one, its hash is of it, it is on the list
    ///    of who filed it, has a bond, lacks somebody's word, and no party to it is another one. Nothing
    ///    else is listed or has a bond.
    /// 7. A reading is of a meter that exists, and within what it was rated for, as far as that is
    ///    known.
    /// 8. No slot before the oldest kept one, and no day before the oldest kept one, has anything in
    ///    storage.
    /// 9. A slot's totals are the sum of the readings of its connections, and of its owners' totals;
    ///    where the assignment of the slot is still known, its owner's totals are there. Exempt is the
    ///    oldest slot, which may be half removed once it lies before the horizon.
    /// 10. Corrections are of meters that exist, each of another owner, and there is one at least.
    /// 11. A day has at most 96 slots, and no demand or band is noted ahead of its time.
    /// 12. The rule of the bands is one that the call accepts.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_meters()?;
        Self::check_lists()?;
        Self::check_places()?;
        Self::check_changes()?;
        Self::check_readings()?;
        Self::check_corrections()?;
        Self::check_days_and_bands()
    }

    /// Whether a slot may lack a part of what belongs to it: its removal has begun.
    fn is_half_removed(slot: SlotIndex) -> bool {
        Some(slot) == OldestKept::<T>::get() && slot < Self::horizon()
    }

    fn is_kept(slot: SlotIndex) -> bool {
        OldestKept::<T>::get().is_some_and(|oldest| oldest <= slot)
    }

    /// Whether a meter is known to have been registered by a change: neither at genesis, where it begins
    /// with slot 0, nor by an earlier layout. Its first assignment leaves only where it has as many as are
    /// kept, and one at most of those makes room for the next change before it has begun.
    fn was_filed(meter: &crate::Meter<T::AccountId>) -> bool {
        let has_all = meter.assignments.len().saturating_add(1) < crate::MAX_ASSIGNMENTS as usize;
        let from = meter.assignments.first().map(|first| first.from).unwrap_or_default();
        has_all && from > SlotIndex(0) && from >= crate::OwnersSince::<T>::get()
    }

    fn check_meters() -> Result<(), TryRuntimeError> {
        let next = NextMeter::<T>::get();
        for (id, meter) in Meters::<T>::iter() {
            ensure!(id.0 < next, "meter beyond the next number");
            ensure!(meter.kind.number().is_valid(), "connection's number is not printable");
            ensure!(meter.latest().is_some(), "meter without assignment");
            ensure!(
                !Self::was_filed(&meter) || MeterBonds::<T>::contains_key(id),
                "meter without bond"
            );
            for assignment in &meter.assignments {
                ensure!(KeysOf::<T>::get(id).contains(&assignment.key), "key is not remembered");
                ensure!(
                    assignment.until.is_none_or(|until| assignment.from < until),
                    "assignment of no slot"
                );
                let MeterRatings { out, into } = assignment.ratings;
                ensure!(
                    out.max(into) <= MAX_RATING && !(out.is_zero() && into.is_zero()),
                    "ratings out of range"
                );
            }
            let follow = meter.assignments.iter().zip(meter.assignments.iter().skip(1));
            for (one, next) in follow {
                ensure!(one.until == Some(next.from), "assignments do not follow on one another");
            }
        }
        let mut remembered = 0_usize;
        for (id, keys) in KeysOf::<T>::iter() {
            ensure!(Meters::<T>::contains_key(id), "keys of no meter");
            ensure!(
                keys.iter().all(|key| MeterByKey::<T>::get(key) == Some(id)),
                "key does not lead to its meter"
            );
            remembered = remembered.saturating_add(keys.len());
        }
        ensure!(MeterByKey::<T>::iter_keys().count() == remembered, "key that no meter remembers");
        for id in MeterBonds::<T>::iter_keys() {
            ensure!(Meters::<T>::contains_key(id), "bond for no meter");
        }
        Ok(())
    }

    fn check_lists() -> Result<(), TryRuntimeError> {
        for (_, meters) in ConnectionsOf::<T>::iter() {
            let distinct: BTreeSet<_> = meters.iter().copied().collect();
            ensure!(distinct.len() == meters.len(), "meter listed twice");
            ensure!(!meters.is_empty(), "empty list");
            for id in meters {
                let meter = Meters::<T>::get(id).ok_or("no meter is listed")?;
                ensure!(meter.kind.is_connection(), "meter behind a connection is listed");
            }
        }
        for (id, meter) in Meters::<T>::iter().filter(|(_, meter)| meter.kind.is_connection()) {
            for assignment in &meter.assignments {
                ensure!(
                    Self::is_over(assignment)
                        || ConnectionsOf::<T>::get(assignment.owner).contains(&id),
                    "connection missing in its owner's list"
                );
            }
        }
        Ok(())
    }

    fn check_places() -> Result<(), TryRuntimeError> {
        let mut places = BTreeMap::<_, Vec<_>>::new();
        for (id, meter) in Meters::<T>::iter().filter(|(_, meter)| meter.kind.is_connection()) {
            let from = meter.assignments.first().map(|first| first.from);
            let until = meter.latest().and_then(|latest| latest.until);
            places.entry(meter.kind.number().clone()).or_default().push((id, from, until));
        }
        ensure!(MeterAt::<T>::iter_keys().all(|number| places.contains_key(&number)), "no place");
        for (number, mut meters) in places {
            meters.sort();
            for ((_, _, until), (_, from, _)) in meters.iter().zip(meters.iter().skip(1)) {
                ensure!(until.is_some() && until <= from, "two meters at one connection");
            }
            let latest = meters.last().map(|(id, ..)| *id);
            ensure!(MeterAt::<T>::get(number) == latest, "connection leads elsewhere");
        }
        Ok(())
    }

    fn check_changes() -> Result<(), TryRuntimeError> {
        let next = NextChange::<T>::get();
        let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
        let mut pending = 0_usize;
        for (id, change) in PendingChanges::<T>::iter() {
            pending = pending.saturating_add(1);
            ensure!(id.0 < next, "change beyond the next number");
            ensure!(change.hash == change.change.hash(genesis, id), "hash of another change");
            ensure!(ChangesOf::<T>::get(change.filed_by.owner).contains(&id), "unlisted change");
            ensure!(ChangeBonds::<T>::contains_key(id), "change without bond");
            ensure!(!change.is_complete(), "change that nothing is lacking of");
            let filer = &change.filed_by.owner;
            ensure!(change.concerns(filer).is_none(), "installer of an owner concerned");
            if let Some(second) = &change.second {
                let is_independent = second.owner != *filer;
                ensure!(
                    is_independent && change.concerns(&second.owner).is_none(),
                    "second installer who is not independent"
                );
            }
        }
        let listed: usize = ChangesOf::<T>::iter_values().map(|list| list.len()).sum();
        ensure!(listed == pending, "list of changes that do not exist");
        ensure!(ChangeBonds::<T>::iter_keys().count() == pending, "bond for no change");
        Ok(())
    }

    fn check_readings() -> Result<(), TryRuntimeError> {
        let mut of_slots = BTreeMap::<_, Totals>::new();
        for (slot, id, reading) in Readings::<T>::iter() {
            ensure!(Self::is_kept(slot), "reading of a slot that is not kept");
            let meter = Meters::<T>::get(id).ok_or("reading of no meter")?;
            let assignment = meter.assignment(slot).ok();
            ensure!(
                assignment.is_none_or(|one| one.ratings.admit(reading.generated, reading.consumed)),
                "reading over what the meter is rated for"
            );
            if Self::is_half_removed(slot) || !meter.kind.is_connection() {
                continue;
            }
            let of_slot = of_slots.entry(slot).or_default();
            *of_slot = of_slot.with(&reading);
            ensure!(
                assignment.is_none_or(|one| OwnerTotals::<T>::contains_key(slot, one.owner)),
                "reading without its owner's totals"
            );
        }
        let mut of_owners = BTreeMap::<_, Totals>::new();
        for (slot, _, totals) in OwnerTotals::<T>::iter() {
            ensure!(Self::is_kept(slot), "owner's totals of a slot that is not kept");
            if !Self::is_half_removed(slot) {
                let sum = of_owners.entry(slot).or_default();
                *sum = sum.and(&totals);
            }
        }
        ensure!(of_owners == of_slots, "owners' totals are not the sum of the readings");
        for (slot, totals) in SlotTotals::<T>::iter() {
            ensure!(Self::is_kept(slot), "totals of a slot that is not kept");
            ensure!(
                Self::is_half_removed(slot) || of_slots.remove(&slot) == Some(totals),
                "slot totals are not the sum of the readings"
            );
        }
        ensure!(of_slots.is_empty(), "readings without totals");
        Ok(())
    }

    fn check_corrections() -> Result<(), TryRuntimeError> {
        for (slot, id, all) in Corrections::<T>::iter() {
            ensure!(Self::is_kept(slot), "correction of a slot that is not kept");
            ensure!(Meters::<T>::contains_key(id), "correction of no meter");
            let owners: BTreeSet<_> = all.iter().map(|one| one.by.owner).collect();
            ensure!(!all.is_empty() && owners.len() == all.len(), "two corrections of one owner");
        }
        Ok(())
    }

    fn check_days_and_bands() -> Result<(), TryRuntimeError> {
        let now = T::Calendar::now();
        for (day, load) in DayLoads::<T>::iter() {
            ensure!(
                OldestDay::<T>::get().is_some_and(|oldest| oldest <= day),
                "day that is not kept"
            );
            for place in load.keys().map(|place| u64::from(*place)) {
                ensure!(place < SLOTS_PER_DAY, "place beyond the day");
                let slot = SlotIndex(day.saturating_mul(SLOTS_PER_DAY).saturating_add(place));
                ensure!(
                    T::Calendar::schedule(slot).delivery_ends <= now,
                    "demand of a slot that is not over"
                );
            }
        }
        for slot in Bands::<T>::iter_keys() {
            ensure!(Self::is_kept(slot), "band of a slot that is not kept");
            ensure!(
                Agenda::<T>::get().is_none_or(|agenda| agenda.close <= agenda.band),
                "slots are closed ahead of their gates"
            );
        }
        ensure!(
            CurrentTariff::<T>::get().is_none_or(|rule| rule.is_valid()),
            "a rule of the bands that no call accepts"
        );
        Ok(())
    }
}

//! What must be true of the storage after every block.

use crate::{
    AccountTotals, Agenda, Bands, Config, Corrections, CurrentTariff, DayLoads, FrozenTotals,
    KeysOf, MAX_CAPACITY, MeterBonds, MeterByKey, Meters, MetersOf, NextMeter, OldestDay,
    OldestKept, Pallet, Readings, SlotTotals, Totals,
};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::ensure;
use qedex_math::tariff::SLOTS_PER_DAY;
use qedex_primitives::{Calendar, SlotIndex};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. A meter's number lies below the next free one, and its capacity in the range.
    /// 2. The keys of a meter's assignments are among those that it is known to have had. Each of
    ///    these leads to it, and no others lead anywhere. Bonds are of meters that exist.
    /// 3. A meter's assignments follow on one another and last for one slot at least.
    /// 4. The lists of the accounts name no meter twice, and name every meter under the owner of
    ///    each of its assignments that is not over.
    /// 5. A reading is of a meter that exists, and within its capacity.
    /// 6. No slot before the oldest kept one, and no day before the oldest kept one, has anything in
    ///    storage.
    /// 7. A slot's totals are the sum of its readings, and of its accounts' totals; where the
    ///    assignment of the slot is still known, its owner's totals are there. Exempt is the oldest
    ///    slot, which may be half removed once it lies before the horizon.
    /// 8. A correction is of a reading and changed it; after the freeze it did not raise it, and what
    ///    the account's meters said at the freeze is kept.
    /// 9. A day has at most 96 slots, and no demand or band is noted ahead of its time.
    /// 10. The rule of the bands is one that the call accepts.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_meters()?;
        Self::check_lists()?;
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

    fn check_meters() -> Result<(), TryRuntimeError> {
        let next = NextMeter::<T>::get();
        for (id, meter) in Meters::<T>::iter() {
            ensure!(id.0 < next, "meter beyond the next number");
            ensure!(
                !meter.capacity.is_zero() && meter.capacity <= MAX_CAPACITY,
                "capacity out of range"
            );
            for assignment in core::iter::once(&meter.current).chain(meter.previous.as_ref()) {
                ensure!(KeysOf::<T>::get(id).contains(&assignment.key), "key is not remembered");
                ensure!(
                    assignment.until.is_none_or(|until| assignment.from < until),
                    "assignment of no slot"
                );
            }
            ensure!(
                meter.previous.is_none_or(|previous| previous.until == Some(meter.current.from)),
                "assignments do not follow on one another"
            );
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
        for (_, meters) in MetersOf::<T>::iter() {
            let distinct: BTreeSet<_> = meters.iter().copied().collect();
            ensure!(distinct.len() == meters.len(), "meter listed twice");
            ensure!(!meters.is_empty(), "empty list");
        }
        for (id, meter) in Meters::<T>::iter() {
            for assignment in core::iter::once(&meter.current).chain(meter.previous.as_ref()) {
                ensure!(
                    Self::is_over(assignment)
                        || MetersOf::<T>::get(&assignment.owner).contains(&id),
                    "meter missing in its owner's list"
                );
            }
        }
        Ok(())
    }

    fn check_readings() -> Result<(), TryRuntimeError> {
        let mut of_slots = BTreeMap::<_, Totals>::new();
        for (slot, id, reading) in Readings::<T>::iter() {
            ensure!(Self::is_kept(slot), "reading of a slot that is not kept");
            let meter = Meters::<T>::get(id).ok_or("reading of no meter")?;
            ensure!(
                reading.generated <= meter.capacity && reading.consumed <= meter.capacity,
                "reading over capacity"
            );
            if Self::is_half_removed(slot) {
                continue;
            }
            let of_slot = of_slots.entry(slot).or_default();
            *of_slot = of_slot.with(&reading);
            if let Ok(assignment) = meter.assignment(slot) {
                ensure!(
                    AccountTotals::<T>::contains_key(slot, &assignment.owner),
                    "reading without its owner's totals"
                );
            }
        }
        let mut of_accounts = BTreeMap::<_, Totals>::new();
        for (slot, _, totals) in AccountTotals::<T>::iter() {
            ensure!(Self::is_kept(slot), "account totals of a slot that is not kept");
            if !Self::is_half_removed(slot) {
                let sum = of_accounts.entry(slot).or_default();
                sum.generated = sum.generated.saturating_add(totals.generated);
                sum.consumed = sum.consumed.saturating_add(totals.consumed);
                sum.readings = sum.readings.saturating_add(totals.readings);
            }
        }
        ensure!(of_accounts == of_slots, "account totals are not the sum of the readings");
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
        for (slot, id, correction) in Corrections::<T>::iter() {
            ensure!(Self::is_kept(slot), "correction of a slot that is not kept");
            if Self::is_half_removed(slot) {
                continue;
            }
            let reading = Readings::<T>::get(slot, id).ok_or("correction of no reading")?;
            let original = correction.original;
            ensure!(reading != original, "correction that changed nothing");
            ensure!(
                !correction.after_freeze
                    || reading.generated <= original.generated
                        && reading.consumed >= original.consumed
                        && FrozenTotals::<T>::iter_prefix(slot).next().is_some(),
                "correction that raised a frozen slot"
            );
        }
        for (slot, account, frozen) in FrozenTotals::<T>::iter() {
            ensure!(Self::is_kept(slot), "frozen totals of a slot that is not kept");
            if Self::is_half_removed(slot) {
                continue;
            }
            let totals = AccountTotals::<T>::get(slot, account).ok_or("frozen totals of nobody")?;
            ensure!(
                totals.readings == frozen.readings
                    && totals.generated <= frozen.generated
                    && totals.consumed >= frozen.consumed,
                "a frozen slot was raised"
            );
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

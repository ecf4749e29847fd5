//! What must be true of the storage after every block.

use crate::{
    AccountTotals, Config, MAX_CAPACITY, MeterByKey, Meters, MetersOf, NextMeter, OldestKept,
    Pallet, Readings, SlotTotals, Totals,
};
use alloc::collections::BTreeMap;
use frame_support::ensure;
use qedex_primitives::SlotIndex;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. A meter's number lies below the next free one, and its capacity in the range.
    /// 2. Keys and meters belong to each other one to one.
    /// 3. The lists of the accounts name every meter exactly once, under its owner.
    /// 4. A reading is of a meter that was active, and within its capacity.
    /// 5. No slot before the oldest kept one has anything in storage.
    /// 6. An account's totals, and a slot's, are the sums of their readings. Exempt is the
    ///    oldest slot, which may be half removed once it lies before the horizon.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::check_meters()?;
        Self::check_readings()
    }

    fn check_meters() -> Result<(), TryRuntimeError> {
        let next = NextMeter::<T>::get();
        let mut owners = BTreeMap::new();
        for (id, meter) in Meters::<T>::iter() {
            ensure!(id.0 < next, "meter beyond the next number");
            ensure!(
                !meter.capacity.is_zero() && meter.capacity <= MAX_CAPACITY,
                "capacity out of range"
            );
            ensure!(
                MeterByKey::<T>::get(meter.key) == Some(id),
                "key does not lead to its meter"
            );
            owners.insert(id, meter.owner);
        }
        ensure!(
            MeterByKey::<T>::iter().count() == owners.len(),
            "keys without a meter"
        );
        for (owner, meters) in MetersOf::<T>::iter() {
            for id in meters {
                ensure!(
                    owners.remove(&id).as_ref() == Some(&owner),
                    "meter listed twice or under another owner"
                );
            }
        }
        ensure!(owners.is_empty(), "meter in nobody's list");
        Ok(())
    }

    fn check_readings() -> Result<(), TryRuntimeError> {
        let oldest = OldestKept::<T>::get();
        let horizon = Self::horizon();
        let half_removed = |slot: SlotIndex| Some(slot) == oldest && slot < horizon;
        let kept = |slot: SlotIndex| oldest.is_some_and(|oldest| oldest <= slot);

        let mut of_accounts = BTreeMap::<_, Totals>::new();
        let mut of_slots = BTreeMap::<_, Totals>::new();
        for (slot, id, reading) in Readings::<T>::iter() {
            ensure!(kept(slot), "reading of a slot that is not kept");
            let meter = Meters::<T>::get(id).ok_or("reading of no meter")?;
            ensure!(
                slot >= meter.active_from,
                "reading of a meter that was not active"
            );
            ensure!(
                reading.generated <= meter.capacity && reading.consumed <= meter.capacity,
                "reading over capacity"
            );
            if !half_removed(slot) {
                let of_account = of_accounts.entry((slot, meter.owner)).or_default();
                *of_account = of_account.with(&reading);
                let of_slot = of_slots.entry(slot).or_default();
                *of_slot = of_slot.with(&reading);
            }
        }
        for (slot, account, totals) in AccountTotals::<T>::iter() {
            ensure!(kept(slot), "account totals of a slot that is not kept");
            ensure!(
                half_removed(slot) || of_accounts.remove(&(slot, account)) == Some(totals),
                "account totals are not the sum of the readings"
            );
        }
        for (slot, totals) in SlotTotals::<T>::iter() {
            ensure!(kept(slot), "totals of a slot that is not kept");
            ensure!(
                half_removed(slot) || of_slots.remove(&slot) == Some(totals),
                "slot totals are not the sum of the readings"
            );
        }
        ensure!(
            of_accounts.is_empty() && of_slots.is_empty(),
            "readings without totals"
        );
        Ok(())
    }
}

//! How old slots and days leave the storage.

use crate::{
    Bands, Config, Corrections, DayLoads, Event, OldestDay, OldestKept, OwnerTotals, Pallet,
    Readings, SlotTotals, WeightInfo,
};
use frame_support::{
    traits::Get,
    weights::{Weight, WeightMeter},
};
use qedex_math::tariff::day_of;
use qedex_primitives::Calendar;

impl<T: Config> Pallet<T> {
    /// Prunes as much as `remaining` and the bound of a block allow, and returns the weight
    /// that it used.
    pub(crate) fn prune_within(remaining: Weight) -> Weight {
        let mut meter = WeightMeter::with_limit(remaining);
        let base = T::WeightInfo::prune(0);
        if meter.try_consume(base).is_err() {
            return meter.consumed();
        }
        let per_item = T::WeightInfo::prune(1).saturating_sub(base);
        let affordable = meter
            .remaining()
            .checked_div_per_component(&per_item)
            .map_or(u32::MAX, |n| u32::try_from(n).unwrap_or(u32::MAX));
        let pruned = Self::prune(affordable.min(T::MaxPrunedPerBlock::get()));
        meter.consume(per_item.saturating_mul(u64::from(pruned)));
        meter.consumed()
    }

    /// Removes at most `limit` items and returns how many it removed. An item is a reading, the
    /// corrections of one, an owner's total, the rest of a slot, be it there or not, or a day. The oldest
    /// slot may stay half removed until the next time.
    pub(crate) fn prune(limit: u32) -> u32 {
        let done = Self::prune_slots(limit);
        done.saturating_add(Self::prune_days(limit.saturating_sub(done)))
    }

    fn prune_slots(limit: u32) -> u32 {
        let Some(first) = OldestKept::<T>::get() else {
            return 0;
        };
        let horizon = Self::horizon();
        let now = T::Calendar::now();
        let mut slot = first;
        let mut done = 0u32;
        while done < limit
            && slot < horizon
            && now >= T::Calendar::schedule(slot).final_at
            && Self::is_settled(slot)
        {
            let left = |done: u32| limit.saturating_sub(done) as usize;
            let readings = Readings::<T>::drain_prefix(slot).take(left(done)).count();
            done = done.saturating_add(readings as u32);
            let corrections = Corrections::<T>::drain_prefix(slot).take(left(done)).count();
            done = done.saturating_add(corrections as u32);
            let totals = OwnerTotals::<T>::drain_prefix(slot).take(left(done)).count();
            done = done.saturating_add(totals as u32);
            if done >= limit {
                break;
            }
            SlotTotals::<T>::remove(slot);
            Bands::<T>::remove(slot);
            done = done.saturating_add(1);
            slot = slot.next();
        }
        if slot != first {
            OldestKept::<T>::put(slot);
            Self::deposit_event(Event::Pruned { oldest_kept: slot });
        }
        done
    }

    fn prune_days(limit: u32) -> u32 {
        let Some(first) = OldestDay::<T>::get() else {
            return 0;
        };
        let today = day_of(T::Calendar::current_slot().0);
        let kept_from = today.saturating_sub(T::KeptDays::get());
        let mut day = first;
        let mut done = 0u32;
        while done < limit && day < kept_from {
            DayLoads::<T>::remove(day);
            day = day.saturating_add(1);
            done = done.saturating_add(1);
        }
        if day != first {
            OldestDay::<T>::put(day);
        }
        done
    }
}

//! The demand of closed slots, day by day, and what is done as slots pass.

use crate::{
    Agenda, Config, DayLoad, DayLoads, OldestDay, Pallet, Progress, SlotTotals, WeightInfo,
};
use alloc::vec::Vec;
use frame_support::{traits::Get, weights::WeightMeter};
use qedex_math::{
    load::par_ppm,
    tariff::{day_of, slot_of_day},
};
use qedex_primitives::{Calendar, DayPar, SlotIndex, Wh};

impl<T: Config> Pallet<T> {
    /// Closes the slots that were frozen and fixes the bands of those whose gate has opened since
    /// the last time, as far as the weight and the bounds of a block reach.
    pub(crate) fn work(meter: &mut WeightMeter) {
        if meter.try_consume(T::WeightInfo::poll()).is_err() {
            return;
        }
        let now = T::Calendar::now();
        let before = Agenda::<T>::get();
        let mut progress = before.unwrap_or_else(|| {
            let current = T::Calendar::current_slot();
            Progress { close: current, band: current }
        });
        // What is older is not kept, and nobody asks for it any more.
        progress.close = progress.close.max(Self::horizon());
        progress.band = progress.band.max(Self::horizon());

        // Slots close before bands are fixed, because bands follow closed slots.
        for _ in 0..T::MaxSlotsPerBlock::get() {
            if now < T::Calendar::schedule(progress.close).readings_until
                || meter.try_consume(T::WeightInfo::close_slot()).is_err()
            {
                break;
            }
            Self::close(progress.close);
            progress.close = progress.close.next();
        }
        for _ in 0..T::MaxSlotsPerBlock::get() {
            if now < T::Calendar::schedule(progress.band).gate_opens
                || meter.try_consume(T::WeightInfo::fix_band()).is_err()
            {
                break;
            }
            Self::fix_band(progress.band);
            progress.band = progress.band.next();
        }
        if before != Some(progress) {
            Agenda::<T>::put(progress);
        }
    }

    /// Notes the demand of a frozen slot, unless that was done before.
    pub(crate) fn close(slot: SlotIndex) {
        let (day, place) = (day_of(slot.0), slot_of_day(slot.0));
        DayLoads::<T>::mutate(day, |load| {
            if load.is_empty() && OldestDay::<T>::get().is_none_or(|oldest| day < oldest) {
                OldestDay::<T>::put(day);
            }
            if !load.contains_key(&place) {
                // There is room for every place of a day.
                let _ = load.try_insert(place, Self::metered_demand(slot));
            }
        });
    }

    /// What all connections together consumed in `slot` by what is on chain now.
    fn metered_demand(slot: SlotIndex) -> Option<Wh> {
        SlotTotals::<T>::get(slot).map(|totals| totals.consumed)
    }

    /// What all connections together consumed in a frozen slot, as it was at the freeze.
    pub(crate) fn demand(slot: SlotIndex) -> Option<Wh> {
        let load = DayLoads::<T>::get(day_of(slot.0));
        match load.get(&slot_of_day(slot.0)) {
            Some(demand) => *demand,
            None => Self::metered_demand(slot),
        }
    }

    /// The peak-to-average ratio of a day.
    pub fn par_of(day: u64) -> Option<DayPar> {
        let load: DayLoad = DayLoads::<T>::get(day);
        if load.is_empty() {
            return None;
        }
        let demands: Vec<Wh> = load.values().map(|demand| demand.unwrap_or_default()).collect();
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Some(DayPar {
            ppm: par_ppm(&demands),
            slots: count(load.len()),
            metered: count(load.values().flatten().count()),
        })
    }
}

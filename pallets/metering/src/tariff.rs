//! The tariff band of each slot.

use crate::{Bands, Config, CurrentTariff, Error, Event, GenesisConfig, Pallet, TariffRule};
use alloc::vec::Vec;
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_math::tariff::{band, mean_demand, slot_of_day};
use qedex_primitives::{Band, Calendar, Moment, SlotIndex, Tariff, Wh};

impl<T: Config> GenesisConfig<T> {
    /// Sets the rule of the bands.
    ///
    /// # Panics
    /// If the call would refuse it.
    pub(crate) fn build_tariff(&self) {
        if let Some(rule) = &self.tariff {
            assert!(rule.is_valid(), "genesis: tariff: {rule:?}");
            CurrentTariff::<T>::put(rule);
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Sets the rule of slots whose gate opens from now on.
    pub(crate) fn do_set_tariff(rule: TariffRule) -> DispatchResult {
        ensure!(rule.is_valid(), Error::<T>::InvalidTariff);
        CurrentTariff::<T>::put(&rule);
        Self::deposit_event(Event::TariffSet { rule });
        Ok(())
    }

    /// The band of `slot` as fixed, or as it would be by what is known now, and the mean demand
    /// that it follows.
    fn work_out(slot: SlotIndex) -> (Band, Option<Wh>) {
        let Some(rule) = CurrentTariff::<T>::get() else {
            return (Band::Off, None);
        };
        let moment = T::Calendar::schedule(slot).gate_opens.min(T::Calendar::now());
        let demand = mean_demand(&Self::closed_demands(slot, moment, rule.look_back));
        (band(demand, rule.threshold, slot_of_day(slot.0), &rule.mid), demand)
    }

    /// The demands of the `count` latest slots that were frozen by `moment`, the latest first.
    ///
    /// Which ones that are follows from the windows of `slot`, so that it does not depend on when
    /// it is asked. One that, by windows of its own, was not frozen yet has no demand that is
    /// known.
    fn closed_demands(slot: SlotIndex, moment: Moment, count: u8) -> Vec<Option<Wh>> {
        let schedule = T::Calendar::schedule(slot);
        let until_frozen = schedule.readings_until.saturating_sub(schedule.delivery_starts);
        let latest = moment
            .checked_sub(until_frozen)
            .and_then(|start| start.checked_div(T::Calendar::slot_length()));
        let closed = |back: u8| {
            let slot = SlotIndex(latest?.checked_sub(back.into())?);
            (T::Calendar::schedule(slot).readings_until <= moment)
                .then(|| Self::demand(slot))
                .flatten()
        };
        (0..count).map(closed).collect()
    }

    /// Fixes the band of a slot, unless that was done before, and returns it.
    pub(crate) fn fix_band(slot: SlotIndex) -> Band {
        if let Some(band) = Bands::<T>::get(slot) {
            return band;
        }
        let (band, demand) = Self::work_out(slot);
        Bands::<T>::insert(slot, band);
        Self::note_kept(slot);
        Self::deposit_event(Event::BandFixed { slot, band, demand });
        band
    }

    /// The band of a slot, without fixing anything.
    pub fn expected_band(slot: SlotIndex) -> Band {
        Bands::<T>::get(slot).unwrap_or_else(|| Self::work_out(slot).0)
    }
}

impl<T: Config> Tariff for Pallet<T> {
    fn band(slot: SlotIndex) -> Band {
        let has_opened = T::Calendar::now() >= T::Calendar::schedule(slot).gate_opens;
        if has_opened && slot >= Self::horizon() {
            Self::fix_band(slot)
        } else {
            Self::expected_band(slot)
        }
    }
}

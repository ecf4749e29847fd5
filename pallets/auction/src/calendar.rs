//! The calendar of delivery slots, kept where slots are opened.

use crate::{Config, Error, GenesisConfig, Pallet, SlotLength, Slots, StandingWindows};
use frame_support::{ensure, pallet_prelude::Get, traits::Time};
use qedex_primitives::{Calendar, LeaderTerms, Millis, Moment, SlotIndex, SlotTimes, Windows};

/// A quarter of an hour in milliseconds.
const QUARTER_HOUR: Millis = 900_000;

impl<T: Config> Calendar for Pallet<T> {
    fn slot_length() -> Millis {
        SlotLength::<T>::get()
    }

    fn now() -> Moment {
        T::Time::now()
    }

    fn schedule(slot: SlotIndex) -> SlotTimes {
        match Slots::<T>::get(slot) {
            Some(record) => record.terms.schedule,
            None => StandingWindows::<T>::get().schedule(slot, SlotLength::<T>::get()),
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn set_now(moment: Moment) {
        // `Time` has no setter; the timestamp pallet's only storage item of this name has a
        // well-known key.
        let key = frame_support::storage::storage_prefix(b"Timestamp", b"Now");
        frame_support::storage::unhashed::put(&key, &moment);
    }
}

impl<T: Config> Default for GenesisConfig<T> {
    /// Quarter-hours, the default windows, and a market that waits for its terms.
    fn default() -> Self {
        Self {
            slot_length: QUARTER_HOUR,
            windows: Windows::default(),
            terms: None,
            _config: Default::default(),
        }
    }
}

impl<T: Config> Pallet<T> {
    /// Whether the windows are consistent and so short that the slots of normal operation, and
    /// four more, fit into [`Config::MaxSlotsInFlight`].
    pub(crate) fn windows_are_valid(windows: &Windows) -> bool {
        let span = u32::from(windows.gate_opens)
            .saturating_add(u32::from(windows.final_at))
            .saturating_add(4);
        windows.is_valid() && span <= T::MaxSlotsInFlight::get()
    }

    /// Whether the leader's terms are consistent; the rules stand at
    /// [`set_terms`](Pallet::set_terms).
    pub(crate) fn check_terms(terms: &LeaderTerms) -> Result<(), Error<T>> {
        let (floor, cap, tick) = (terms.floor.0, terms.cap.0, terms.tick.0);
        let multiple = |value: u128| value.checked_rem(tick) == Some(0);
        ensure!(multiple(floor) && multiple(cap), Error::<T>::InconsistentTerms);
        let room = floor.checked_add(terms.grid_fee.0).is_some_and(|least| least < cap);
        ensure!(room, Error::<T>::InconsistentTerms);
        // Far above any price that makes sense, and small enough that a price times the largest
        // order never overflows.
        ensure!(cap <= u128::from(u64::MAX), Error::<T>::InconsistentTerms);
        let levels = cap.saturating_sub(floor).checked_div(tick).unwrap_or(u128::MAX);
        ensure!(levels < u128::from(T::MaxTicks::get()), Error::<T>::InconsistentTerms);
        let lots = terms.least_order.0.checked_rem(terms.lot.0);
        ensure!(lots == Some(0) && terms.least_order.0 > 0, Error::<T>::InconsistentTerms);
        ensure!(terms.least_order.0 <= T::MaxOrderEnergy::get(), Error::<T>::InconsistentTerms);
        ensure!(terms.wh_per_key.0 > 0, Error::<T>::InconsistentTerms);
        // The deposit must cover the largest harm of a buyer who falls back on the grid, or a
        // default would not be made good.
        let harm = cap.saturating_sub(floor).saturating_sub(terms.grid_fee.0);
        let covered = terms.deposit_rate.mul_floor(cap);
        ensure!(covered >= harm, Error::<T>::InconsistentTerms);
        Ok(())
    }
}

//! The calendar of delivery slots, kept where slots are opened.

use crate::{
    Config, CurrentLimits, DefaultWindows, Error, Event, GenesisConfig, NextSlot, OverUntil,
    Pallet, SlotLength, Slots,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
    traits::Time,
};
use qedex_primitives::{
    Calendar, MarketSettlement, Millis, Moment, Opened, SlotIndex, SlotTimes, SlotsInFlight,
    Windows,
};

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
        // One clock a slot: as long as money waits for evidence, whatever has become of the record.
        if let Some(times) = T::Settlement::times(slot) {
            return times;
        }
        if let Some(record) = Slots::<T>::get(slot) {
            return record.terms.schedule;
        }
        let schedule = DefaultWindows::<T>::get().schedule(slot, SlotLength::<T>::get());
        // Wider windows must not bring a slot back to life.
        if slot < OverUntil::<T>::get() { schedule.over_by(Self::now()) } else { schedule }
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn set_now(moment: Moment) {
        // `Time` has no setter; the timestamp pallet's only storage item of this name has a
        // well-known key.
        let key = frame_support::storage::storage_prefix(b"Timestamp", b"Now");
        frame_support::storage::unhashed::put(&key, &moment);
    }
}

impl<T: Config> Opened for Pallet<T> {
    /// What has been opened is stored; what has been passed over since the last block's look follows
    /// from the clock.
    fn next_slot() -> SlotIndex {
        NextSlot::<T>::get().max(Self::first_not_closed(T::Time::now()))
    }
}

impl<T: Config> SlotsInFlight for Pallet<T> {
    fn is_in_flight(slot: SlotIndex) -> bool {
        Slots::<T>::contains_key(slot)
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

    /// The first slot whose gate has not closed at `now`, by the windows of slots that open now.
    fn first_not_closed(now: Moment) -> SlotIndex {
        Self::first_not_closed_by(&DefaultWindows::<T>::get(), now)
    }

    /// The first slot whose gate has not closed at `now`, by these windows.
    fn first_not_closed_by(windows: &Windows, now: Moment) -> SlotIndex {
        let Some(current) = now.checked_div(SlotLength::<T>::get()) else {
            return SlotIndex(0);
        };
        SlotIndex(current.saturating_add(u64::from(windows.gate_closes))).next()
    }

    /// Takes note of the slots that were passed over, and of those of which everything is over. Neither
    /// mark ever goes back.
    pub(crate) fn note_time(now: Moment) {
        let next = Self::first_not_closed(now);
        if NextSlot::<T>::get() < next {
            NextSlot::<T>::put(next);
        }
        let windows = DefaultWindows::<T>::get();
        let current = now.checked_div(SlotLength::<T>::get()).unwrap_or_default();
        if let Some(last) = current.checked_sub(u64::from(windows.final_at)) {
            Self::note_over(SlotIndex(last));
        }
    }

    /// From now on, `slot` and every slot before it that has no record is over for good.
    pub(crate) fn note_over(slot: SlotIndex) {
        if OverUntil::<T>::get() <= slot {
            OverUntil::<T>::put(slot.next());
        }
    }

    pub(crate) fn do_set_windows(windows: Windows) -> DispatchResult {
        ensure!(Self::windows_are_valid(&windows), Error::<T>::InconsistentWindows);
        let now = <Self as Calendar>::now();
        // A slot whose gate has closed before it opened is passed over for good, and with it those before
        // it. Where none opens anyway, nothing is lost.
        if CurrentLimits::<T>::exists() {
            let first = Self::first_not_closed_by(&windows, now);
            ensure!(first <= <Self as Opened>::next_slot(), Error::<T>::PassesOverSlots);
        }
        // What the former windows have let pass stays passed.
        Self::note_time(now);
        DefaultWindows::<T>::put(windows);
        Self::deposit_event(Event::WindowsSet { windows });
        Ok(())
    }
}

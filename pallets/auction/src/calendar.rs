//! The calendar of delivery slots, kept where slots are opened.

use crate::{Config, DefaultWindows, GenesisConfig, NextSlot, Pallet, SlotLength, Slots};
use frame_support::{pallet_prelude::Get, traits::Time};
use qedex_primitives::{Calendar, Millis, Moment, Opened, SlotIndex, SlotTimes, Windows};

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
            None => DefaultWindows::<T>::get().schedule(slot, SlotLength::<T>::get()),
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

impl<T: Config> Opened for Pallet<T> {
    fn next_slot() -> SlotIndex {
        NextSlot::<T>::get()
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
}

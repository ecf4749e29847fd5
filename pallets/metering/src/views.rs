//! What clients ask.

use crate::{Config, Corrections, OldestKept, Pallet, Readings};
use alloc::vec::Vec;
use qedex_primitives::{Calendar, MeterId, MeterReading, SlotIndex};

/// The most slots that one answer looks at.
const MAX_HISTORY: u64 = 1_024;

impl<T: Config> Pallet<T> {
    /// The readings of a meter from `from` to before `until`, and what installers say beside them, as
    /// far as they are kept. Of a longer time than 1,024 slots the end is left out.
    pub fn readings_of(
        id: MeterId,
        from: SlotIndex,
        until: SlotIndex,
    ) -> Vec<MeterReading<T::AccountId>> {
        let first = OldestKept::<T>::get().map_or(from, |oldest| oldest.max(from));
        let past = T::Calendar::current_slot().next();
        let until = until.min(past).0.min(first.0.saturating_add(MAX_HISTORY));
        (first.0..until)
            .map(SlotIndex)
            .filter_map(|slot| {
                let flow = Readings::<T>::get(slot, id);
                let corrections = Corrections::<T>::get(slot, id).into_inner();
                let is_something = flow.is_some() || !corrections.is_empty();
                is_something.then_some(MeterReading { slot, flow, corrections })
            })
            .collect()
    }
}

//! What installers say beside what a meter signed.

use crate::{
    Config, Correction, Corrections, Error, Event, Meters, OldestKept, Pallet, Person, Readings,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_primitives::{Calendar, Flow, MeterId, SlotIndex};

impl<T: Config> Pallet<T> {
    /// Records what a meter should have read. Nothing else changes.
    pub(crate) fn do_record_correction(
        id: MeterId,
        slot: SlotIndex,
        flow: Flow,
        by: Person<T::AccountId>,
    ) -> DispatchResult {
        ensure!(Self::takes_records(slot), Error::<T>::SlotNotKept);
        let meter = Meters::<T>::get(id).ok_or(Error::<T>::UnknownMeter)?;
        let assignment = meter.assignment(slot).map_err(Error::<T>::from)?;
        ensure!(assignment.owner != by.owner, Error::<T>::NotIndependent);
        let largest = flow.generated.max(flow.consumed);
        ensure!(largest <= crate::MAX_RATING, Error::<T>::OverRating);
        let signed = Readings::<T>::get(slot, id);
        ensure!(signed != Some(flow), Error::<T>::NothingToCorrect);

        let installer = by.account.clone();
        Corrections::<T>::try_mutate(slot, id, |all| {
            let has_spoken = all.iter().any(|one| one.by.owner == by.owner);
            ensure!(!has_spoken, Error::<T>::AlreadyRecorded);
            let correction = Correction { flow, by, at: T::Calendar::now() };
            all.try_push(correction).map_err(|_| Error::<T>::TooManyCorrections)
        })?;
        Self::note_kept(slot);
        Self::deposit_event(Event::CorrectionRecorded { meter: id, slot, installer, signed, flow });
        Ok(())
    }

    /// Whether `slot` has been delivered, and nothing of it has been removed: what is removed must not
    /// come again.
    fn takes_records(slot: SlotIndex) -> bool {
        let is_kept =
            slot >= Self::horizon() || OldestKept::<T>::get().is_some_and(|old| old < slot);
        is_kept && slot < T::Calendar::current_slot()
    }
}

//! How a second installer corrects what a meter said.

use crate::{
    AccountTotals, Assignment, Config, Correction, Corrections, Error, Event, FrozenTotals,
    Installer, Meter, Meters, Pallet, Readings, SlotTotals,
};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_primitives::{Calendar, Flow, MeterId, SlotIndex};

impl<T: Config> Pallet<T> {
    /// Puts `after` in the place of a reading.
    pub(crate) fn do_correct_reading(
        id: MeterId,
        slot: SlotIndex,
        after: Flow,
        corrector: Installer<T::AccountId>,
    ) -> DispatchResult {
        let meter = Meters::<T>::get(id).ok_or(Error::<T>::UnknownMeter)?;
        let schedule = T::Calendar::schedule(slot);
        let now = T::Calendar::now();
        ensure!(slot >= Self::horizon() && now < schedule.final_at, Error::<T>::CorrectionsClosed);
        let before = Readings::<T>::get(slot, id).ok_or(Error::<T>::NoReading)?;
        ensure!(!Corrections::<T>::contains_key(slot, id), Error::<T>::AlreadyCorrected);
        let assignment = meter.assignment(slot).map_err(Error::<T>::from)?;
        ensure!(Self::is_second(&corrector, &meter, assignment), Error::<T>::NotIndependent);
        ensure!(
            after.generated <= meter.capacity && after.consumed <= meter.capacity,
            Error::<T>::OverCapacity
        );
        ensure!(after != before, Error::<T>::NothingToCorrect);
        let after_freeze = now >= schedule.readings_until;
        ensure!(
            !after_freeze
                || after.generated <= before.generated && after.consumed >= before.consumed,
            Error::<T>::RaisesFrozenSlot
        );

        let owner = &assignment.owner;
        if after_freeze {
            Self::keep_frozen(slot, owner);
        }
        Readings::<T>::insert(slot, id, after);
        Corrections::<T>::insert(
            slot,
            id,
            Correction { original: before, installer: corrector.account.clone(), after_freeze },
        );
        AccountTotals::<T>::mutate(slot, owner, |entry| {
            *entry = entry.map(|totals| totals.corrected(&before, &after));
        });
        SlotTotals::<T>::mutate(slot, |entry| {
            *entry = entry.map(|totals| totals.corrected(&before, &after));
        });
        Self::deposit_event(Event::ReadingCorrected {
            meter: id,
            slot,
            installer: corrector.account,
            before,
            after,
            after_freeze,
        });
        Ok(())
    }

    /// Whether `corrector` is nobody who owned the meter in the assignment's slots, registered it,
    /// or made the assignment. Who the meter's owner is must be known to tell.
    fn is_second(
        corrector: &Installer<T::AccountId>,
        meter: &Meter<T::AccountId>,
        assignment: &Assignment<T::AccountId>,
    ) -> bool {
        let installed = |by: &Installer<T::AccountId>| {
            by.account == corrector.account
                || by.owner.is_some() && by.owner == corrector.owner
                || Self::ensure_independent(&corrector.account, &by.account).is_err()
        };
        Self::ensure_known_independent(corrector, &assignment.owner).is_ok()
            && !installed(&meter.registered_by)
            && !installed(&assignment.installer)
    }

    /// Keeps what a frozen slot said before its first correction: what is settled, is settled by
    /// that, whenever the pages of the settlement come.
    fn keep_frozen(slot: SlotIndex, owner: &T::AccountId) {
        Self::close(slot);
        if !FrozenTotals::<T>::contains_key(slot, owner)
            && let Some(totals) = AccountTotals::<T>::get(slot, owner)
        {
            FrozenTotals::<T>::insert(slot, owner, totals);
        }
    }
}

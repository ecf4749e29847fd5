//! How meters change keys and hands, and leave.

use crate::{Assignment, Config, Error, Event, Installer, Meter, Meters, Pallet};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_primitives::{Calendar, MeterId, MeterKey, SlotIndex, Windows};

impl<T: Config> Pallet<T> {
    /// Gives a meter another key from the next slot on.
    pub(crate) fn do_rotate_key(
        id: MeterId,
        key: MeterKey,
        installer: Installer<T::AccountId>,
    ) -> DispatchResult {
        let meter = Self::changeable(id, &installer)?;
        Self::ensure_known_independent(&installer, &meter.current.owner)?;
        Self::ensure_fresh(&key)?;

        let account = installer.account.clone();
        let from = Self::after(&meter, T::Calendar::current_slot().next());
        let owner = meter.current.owner.clone();
        Self::remember(id, key);
        Self::assign(id, meter, Assignment { owner, key, installer, from, until: None });
        Self::deposit_event(Event::KeyRotated { meter: id, key, installer: account, from });
        Ok(())
    }

    /// Gives a meter another owner from the first slot on whose gate has not opened.
    pub(crate) fn do_transfer_meter(
        id: MeterId,
        new_owner: T::AccountId,
        installer: Installer<T::AccountId>,
    ) -> DispatchResult {
        let meter = Self::changeable(id, &installer)?;
        ensure!(meter.current.owner != new_owner, Error::<T>::SameOwner);
        Self::ensure_known_independent(&installer, &new_owner)?;
        Self::list(id, &new_owner)?;

        let account = installer.account.clone();
        let from = Self::after(&meter, Self::first_unopened());
        let old_owner = meter.current.owner.clone();
        let key = meter.current.key;
        Self::assign(
            id,
            meter,
            Assignment { owner: new_owner.clone(), key, installer, from, until: None },
        );
        Self::deposit_event(Event::MeterTransferred {
            meter: id,
            old_owner,
            new_owner,
            installer: account,
            from,
        });
        Ok(())
    }

    /// Ends the service of a meter before the first slot whose gate has not opened.
    pub(crate) fn do_decommission_meter(
        id: MeterId,
        installer: Installer<T::AccountId>,
    ) -> DispatchResult {
        let mut meter = Self::changeable(id, &installer)?;
        let from = Self::after(&meter, Self::first_unopened());
        meter.current.until = Some(from);
        Meters::<T>::insert(id, meter);
        Self::deposit_event(Event::MeterDecommissioned {
            meter: id,
            installer: installer.account,
            from,
        });
        Ok(())
    }

    /// The meter, if it may be changed by this installer now.
    fn changeable(
        id: MeterId,
        installer: &Installer<T::AccountId>,
    ) -> Result<Meter<T::AccountId>, Error<T>> {
        let meter = Meters::<T>::get(id).ok_or(Error::<T>::UnknownMeter)?;
        ensure!(meter.current.until.is_none(), Error::<T>::Decommissioned);
        Self::ensure_independent(&installer.account, &meter.current.owner)?;
        ensure!(
            meter.previous.as_ref().is_none_or(Self::is_over),
            Error::<T>::PreviousAssignmentNotFinal
        );
        Ok(meter)
    }

    /// Puts `next` in the place of the current assignment, and that in the place of the previous
    /// one, which is over.
    fn assign(id: MeterId, mut meter: Meter<T::AccountId>, next: Assignment<T::AccountId>) {
        let mut ended = core::mem::replace(&mut meter.current, next);
        ended.until = Some(meter.current.from);
        let forgotten = meter.previous.replace(ended);
        if let Some(former) = forgotten.map(|assignment| assignment.owner)
            && former != meter.current.owner
            && meter.previous.as_ref().is_none_or(|p| p.owner != former)
        {
            Self::unlist(id, &former);
        }
        Meters::<T>::insert(id, meter);
    }

    /// `slot`, or the slot after the first one of the current assignment: it lasts for one slot at
    /// least.
    fn after(meter: &Meter<T::AccountId>, slot: SlotIndex) -> SlotIndex {
        slot.max(meter.current.from.next())
    }

    /// The first slot whose gate has not opened yet.
    ///
    /// By the present windows and by those of the slot under delivery, whichever open gates
    /// earlier: the windows may have been changed since.
    pub(crate) fn first_unopened() -> SlotIndex {
        let current = T::Calendar::current_slot();
        let length = T::Calendar::slot_length();
        let lead = |slot: SlotIndex| {
            let schedule = T::Calendar::schedule(slot);
            let lead = schedule.delivery_starts.saturating_sub(schedule.gate_opens);
            lead.checked_div(length).unwrap_or(0)
        };
        // A slot so far away has not opened: its windows are the present ones.
        let far = SlotIndex(current.0.saturating_add(u64::from(Windows::MAX_SPAN))).next();
        let lead = lead(current).max(lead(far));
        // The gate of the slot so many slots away opened when the present slot began.
        SlotIndex(current.0.saturating_add(lead)).next()
    }
}

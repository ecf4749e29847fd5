//! What is at stake for the storage of a meter, and how a meter leaves it.

use crate::{
    Assignment, Config, ConnectionNumber, Error, Event, KeysOf, MAX_KEYS, Meter, MeterAt,
    MeterBonds, MeterByKey, MeterKind, Meters, OldestKept, Pallet,
};
use codec::MaxEncodedLen;
use frame_support::{
    ensure,
    pallet_prelude::DispatchResult,
    traits::{Consideration, Footprint},
};
use qedex_primitives::{MeterId, MeterKey};

impl<T: Config> Pallet<T> {
    /// What a meter takes up: its record, its place at a connection, its keys, each once to find the
    /// meter by, and the record of its bond.
    pub(crate) fn footprint() -> Footprint {
        let meter = Meter::<T::AccountId>::max_encoded_len();
        let key = MeterKey::max_encoded_len();
        let keys = key.saturating_mul(2).saturating_add(MeterId::max_encoded_len());
        let bond = <(T::AccountId, T::Bond)>::max_encoded_len();
        let place = ConnectionNumber::max_encoded_len().saturating_add(MeterId::max_encoded_len());
        let size = keys
            .saturating_mul(MAX_KEYS as usize)
            .saturating_add(meter)
            .saturating_add(place)
            .saturating_add(bond);
        Footprint::from_parts(1, size)
    }

    /// Takes the bond for a meter that has just been registered.
    pub(crate) fn take_bond(id: MeterId, payer: T::AccountId) -> DispatchResult {
        let bond =
            T::Bond::new(&payer, Self::footprint()).map_err(|_| Error::<T>::CannotPayBond)?;
        MeterBonds::<T>::insert(id, (payer, bond));
        Ok(())
    }

    /// Remembers a new key of `id`. If there are too many, the oldest that no assignment bears is
    /// forgotten: there is one, because more are remembered than assignments are kept. Where a key was
    /// replaced before it had served, it may be younger than one that still does.
    pub(crate) fn remember(id: MeterId, key: MeterKey) {
        let forgotten = KeysOf::<T>::mutate(id, |keys| {
            let oldest = keys.is_full().then(|| {
                let assignments = Meters::<T>::get(id).map(|meter| meter.assignments);
                let is_borne = |key: &MeterKey| {
                    assignments.as_ref().is_some_and(|all| all.iter().any(|one| one.key == *key))
                };
                let place = keys.iter().position(|key| !is_borne(key));
                keys.remove(place.unwrap_or_default())
            });
            // There is room now.
            let _ = keys.try_push(key);
            oldest
        });
        if let Some(oldest) = forgotten {
            MeterByKey::<T>::remove(oldest);
        }
        MeterByKey::<T>::insert(key, id);
    }

    /// Removes a meter that is out of service, with everything that only it needs.
    pub(crate) fn do_remove_meter(id: MeterId) -> DispatchResult {
        let meter = Meters::<T>::get(id).ok_or(Error::<T>::UnknownMeter)?;
        let latest = meter.latest().filter(|latest| latest.until.is_some());
        let latest = latest.ok_or(Error::<T>::InService)?;
        ensure!(Self::is_gone(latest), Error::<T>::SlotsStillKept);

        if let Some((payer, bond)) = MeterBonds::<T>::take(id) {
            bond.drop(&payer)?;
        }
        for key in KeysOf::<T>::take(id) {
            MeterByKey::<T>::remove(key);
        }
        for assignment in &meter.assignments {
            Self::unlist(id, &assignment.owner);
        }
        if let MeterKind::Connection(number) = &meter.kind
            && MeterAt::<T>::get(number) == Some(id)
        {
            MeterAt::<T>::remove(number);
        }
        Meters::<T>::remove(id);
        Self::deposit_event(Event::MeterRemoved { meter: id });
        Ok(())
    }

    /// Whether everything of the last slot of `assignment` is final and nothing of it is kept.
    fn is_gone(assignment: &Assignment<T::AccountId>) -> bool {
        let is_pruned = assignment
            .until
            .is_some_and(|until| OldestKept::<T>::get().is_none_or(|oldest| until <= oldest));
        is_pruned && Self::is_over(assignment)
    }
}

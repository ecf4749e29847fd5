//! What the meters say, as other pallets see it.

use crate::{
    AccountTotals, Config, Corrections, FrozenTotals, Meter, Meters, MetersOf, Pallet, Readings,
    WeightInfo,
};
use alloc::vec::Vec;
use frame_support::{ensure, weights::Weight};
use qedex_primitives::{
    Bill, BillAudit, BillError, Calendar, EnergyFlow, EnergyLedger, Flow, MAX_BILL_READINGS,
    MeterId, SlotIndex, Wh,
};

impl<T: Config> Pallet<T> {
    /// The meters that were active in `slot` and measured the energy of `account` then.
    fn meters_in(account: &T::AccountId, slot: SlotIndex) -> Vec<(MeterId, Meter<T::AccountId>)> {
        MetersOf::<T>::get(account)
            .into_iter()
            .filter_map(|id| Some((id, Meters::<T>::get(id)?)))
            .filter(|(_, meter)| meter.is_of(account, slot))
            .collect()
    }

    /// How many meters of `account` owe a reading of `slot`.
    pub(crate) fn active_meters(account: &T::AccountId, slot: SlotIndex) -> u32 {
        u32::try_from(Self::meters_in(account, slot).len()).unwrap_or(u32::MAX)
    }

    /// What flowed through the meters of `account` in `slot`, as corrected; a missing reading is
    /// nothing generated and the capacity consumed.
    pub(crate) fn flow_of(account: &T::AccountId, slot: SlotIndex) -> Option<Flow> {
        let totals = AccountTotals::<T>::get(slot, account);
        let meters = Self::meters_in(account, slot);
        if meters.is_empty() && totals.is_none() {
            return None;
        }
        let totals = totals.unwrap_or_default();
        let silent = meters
            .iter()
            .filter(|(id, _)| !Readings::<T>::contains_key(slot, id))
            .fold(Wh::ZERO, |sum, (_, meter)| sum.saturating_add(meter.capacity));
        Some(Flow { generated: totals.generated, consumed: totals.consumed.saturating_add(silent) })
    }

    /// The same, as far as anything can be known of it: `None` before the slot takes readings, and
    /// where it lies further back than slots are kept.
    pub fn known_flow(account: &T::AccountId, slot: SlotIndex) -> Option<Flow> {
        let takes_readings = T::Calendar::now() >= T::Calendar::schedule(slot).commitments_until;
        let is_known = takes_readings && slot >= Self::horizon();
        is_known.then(|| Self::flow_of(account, slot)).flatten()
    }

    /// What the chain holds of a meter's reading as of the freeze, if it has one.
    fn frozen_reading(slot: SlotIndex, id: MeterId) -> Option<Flow> {
        let reading = Readings::<T>::get(slot, id)?;
        match Corrections::<T>::get(slot, id) {
            Some(correction) if correction.after_freeze => Some(correction.original),
            _ => Some(reading),
        }
    }
}

impl<T: Config> EnergyLedger<T::AccountId> for Pallet<T> {
    fn delivered(account: &T::AccountId, slot: SlotIndex) -> Option<Wh> {
        // Totals exist from the first reading on, so an account without a meter ends here.
        let totals = AccountTotals::<T>::get(slot, account)?;
        let totals = FrozenTotals::<T>::get(slot, account).unwrap_or(totals);
        (totals.readings == Self::active_meters(account, slot)).then(|| totals.surplus())
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn set_delivered(account: &T::AccountId, slot: SlotIndex, energy: Wh) {
        crate::benchmarking::deliver_worst_case::<T>(account, slot, energy);
    }
}

impl<T: Config> EnergyFlow<T::AccountId> for Pallet<T> {
    fn flow(account: &T::AccountId, slot: SlotIndex) -> Option<Flow> {
        Self::flow_of(account, slot)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn install_silent_meters(account: &T::AccountId) {
        crate::benchmarking::install_silent_meters::<T>(account);
    }
}

impl<T: Config> BillAudit<T::AccountId> for Pallet<T> {
    /// The cheap checks come first. Where the chain has a reading of a meter already, that one
    /// counts, as it was at the freeze: it came first, and may have been corrected.
    fn audit(account: &T::AccountId, slot: SlotIndex, bill: &Bill) -> Result<Wh, BillError> {
        let mut due = Self::meters_in(account, slot);
        ensure!(!due.is_empty() && due.len() == bill.len(), BillError::WrongMeters);
        let mut owed = Vec::new();
        for signed in bill {
            let payload = &signed.payload;
            ensure!(payload.slot == slot, BillError::WrongSlot);
            let place = due.iter().position(|(id, _)| *id == payload.meter);
            let (id, meter) = due.swap_remove(place.ok_or(BillError::WrongMeters)?);
            ensure!(
                payload.generated <= meter.capacity && payload.consumed <= meter.capacity,
                BillError::OverCapacity
            );
            owed.push((id, meter, signed));
        }
        let mut flow = Flow::default();
        for (id, meter, signed) in owed {
            let assignment = meter.assignment(slot).map_err(|_| BillError::WrongMeters)?;
            ensure!(Self::is_signed_by(signed, &assignment.key), BillError::BadSignature);
            let reading = Self::frozen_reading(slot, id).unwrap_or(Flow {
                generated: signed.payload.generated,
                consumed: signed.payload.consumed,
            });
            flow.generated = flow.generated.saturating_add(reading.generated);
            flow.consumed = flow.consumed.saturating_add(reading.consumed);
        }
        Ok(flow.surplus())
    }

    fn audit_weight() -> Weight {
        T::WeightInfo::audit(MAX_BILL_READINGS)
    }
}

//! What the meters say, as other pallets see it.

use crate::{AccountTotals, Config, Meters, MetersOf, Pallet};
use qedex_primitives::{EnergyLedger, SlotIndex, Wh};

impl<T: Config> Pallet<T> {
    /// How many meters of `account` owe a reading of `slot`.
    pub(crate) fn active_meters(account: &T::AccountId, slot: SlotIndex) -> u32 {
        let active = MetersOf::<T>::get(account)
            .iter()
            .filter(|id| Meters::<T>::get(id).is_some_and(|meter| meter.active_from <= slot))
            .count();
        u32::try_from(active).unwrap_or(u32::MAX)
    }
}

impl<T: Config> EnergyLedger<T::AccountId> for Pallet<T> {
    fn delivered(account: &T::AccountId, slot: SlotIndex) -> Option<Wh> {
        // Totals exist from the first reading on, so an account without a meter ends here.
        let totals = AccountTotals::<T>::get(slot, account)?;
        (totals.readings == Self::active_meters(account, slot)).then(|| totals.surplus())
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn set_delivered(account: &T::AccountId, slot: SlotIndex, energy: Wh) {
        crate::benchmarking::deliver_worst_case::<T>(account, slot, energy);
    }
}

//! Standing orders: set, renewed in every slot, ended.

use crate::{
    Config, Error, Event, MAX_FAILURES, NewOrder, NextSlot, Pallet, SlotRecord, StandingIndex,
    StandingOrder, StandingOrders, WeightInfo,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchResult, Get},
    weights::WeightMeter,
};
use qedex_primitives::SlotIndex;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_standing(who: T::AccountId, order: NewOrder) -> DispatchResult {
        Self::ensure_may(&who, order.side)?;
        ensure!(order.energy.0 > 0, Error::<T>::BelowLeastOrder);
        ensure!(order.energy.0 <= T::MaxOrderEnergy::get(), Error::<T>::AboveLargestOrder);
        let standing = match StandingOrders::<T>::get(&who) {
            Some(standing) => StandingOrder { order, failures: 0, ..standing },
            None => {
                let index = StandingOrders::<T>::count();
                ensure!(index < T::MaxStandingOrders::get(), Error::<T>::TooManyStandingOrders);
                StandingIndex::<T>::insert(index, &who);
                StandingOrder {
                    order,
                    index,
                    // Slots whose gate is open already have had their turn.
                    renewed: SlotIndex(NextSlot::<T>::get().0.saturating_sub(1)),
                    failures: 0,
                }
            }
        };
        StandingOrders::<T>::insert(&who, standing);
        Self::deposit_event(Event::StandingOrderSet { who, order });
        Ok(())
    }

    /// Removes a standing order. The last one takes its index, so that the indices stay dense.
    pub(crate) fn end_standing(who: T::AccountId, failed: bool) {
        let Some(ended) = StandingOrders::<T>::take(&who) else {
            return;
        };
        let last = StandingOrders::<T>::count();
        if let Some(moved) = StandingIndex::<T>::take(last)
            && ended.index != last
        {
            StandingOrders::<T>::mutate(&moved, |entry| {
                if let Some(standing) = entry {
                    standing.index = ended.index;
                }
            });
            StandingIndex::<T>::insert(ended.index, moved);
        }
        Self::deposit_event(Event::StandingOrderEnded { who, failed });
    }

    /// Renews standing orders for an open slot, from the last index down: whoever takes the index of
    /// one that ended has had its turn then.
    pub(crate) fn renew(slot: SlotIndex, record: &mut SlotRecord, meter: &mut WeightMeter) {
        while record.renewing > 0 {
            if meter.try_consume(T::WeightInfo::renew()).is_err() {
                return;
            }
            record.renewing = record.renewing.saturating_sub(1);
            let Some(who) = StandingIndex::<T>::get(record.renewing) else {
                continue;
            };
            let Some(mut standing) = StandingOrders::<T>::get(&who) else {
                continue;
            };
            if standing.renewed >= slot {
                continue;
            }
            standing.renewed = slot;
            let placed = Self::place_in(who.clone(), slot, record, standing.order);
            standing.failures = match placed {
                Ok(()) => 0,
                Err(error) => {
                    Self::deposit_event(Event::OrderRefused {
                        slot,
                        who: who.clone(),
                        order: standing.order,
                        error,
                    });
                    standing.failures.saturating_add(1)
                }
            };
            StandingOrders::<T>::insert(&who, standing);
            if standing.failures >= MAX_FAILURES {
                Self::end_standing(who, true);
            }
        }
    }
}

//! Standing orders: set, renewed in every slot, ended.

use crate::{
    Config, Error, Event, MAX_FAILURES, NewOrder, NextSlot, Pallet, Renewal, SlotRecord,
    StandingIndex, StandingOrder, StandingOrders, WeightInfo, grants::Acting,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult, Get},
    weights::WeightMeter,
};
use qedex_primitives::{LeaderTerms, PricePerKwh, Side, SlotIndex, Wh};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_standing(who: T::AccountId, order: NewOrder) -> DispatchResult {
        Self::ensure_may(&who, order.side)?;
        ensure!(order.energy.0 > 0, Error::<T>::BelowLeastOrder);
        ensure!(order.energy.0 <= T::MaxOrderEnergy::get(), Error::<T>::AboveLargestOrder);
        let standing = match StandingOrders::<T>::get(&who) {
            Some(standing) => StandingOrder { order, failures: 0, ended: false, ..standing },
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
                    ended: false,
                }
            }
        };
        StandingOrders::<T>::insert(&who, standing);
        Self::deposit_event(Event::StandingOrderSet { who, order });
        Ok(())
    }

    /// Ends a standing order. Its place is given away by the next renewal that comes to it, and not
    /// before: who has not had its turn then must not be moved to where the turn has been.
    pub(crate) fn do_end_standing(who: T::AccountId) -> DispatchResult {
        let standing = StandingOrders::<T>::get(&who).filter(|standing| !standing.ended);
        let standing = standing.ok_or(Error::<T>::NoStandingOrder)?;
        StandingOrders::<T>::insert(&who, StandingOrder { ended: true, ..standing });
        Self::deposit_event(Event::StandingOrderEnded { who, failed: false });
        Ok(())
    }

    /// Removes a standing order. The last one takes its index, so that the indices stay dense.
    pub(crate) fn remove_standing(who: &T::AccountId) {
        let Some(ended) = StandingOrders::<T>::take(who) else {
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
    }

    /// Renews standing orders for an open slot, from an index that rotates with the slot downwards and
    /// round: nobody is first by coming last.
    pub(crate) fn renew(slot: SlotIndex, record: &mut SlotRecord, meter: &mut WeightMeter) {
        while record.renewal.left > 0 {
            if meter.try_consume(T::WeightInfo::renew()).is_err() {
                return;
            }
            let count = StandingOrders::<T>::count();
            let Some(last) = count.checked_sub(1).filter(|_| record.renewal.skipped < count) else {
                record.renewal = Renewal::default();
                return;
            };
            let at = record.renewal.at.min(last);
            record.renewal.at = at.checked_sub(1).unwrap_or(last);
            let who = StandingIndex::<T>::get(at);
            let due = who.and_then(|who| {
                let standing = StandingOrders::<T>::get(&who)?;
                (standing.renewed < slot).then_some((who, standing))
            });
            let Some((who, standing)) = due else {
                record.renewal.skipped = record.renewal.skipped.saturating_add(1);
                continue;
            };
            record.renewal.skipped = 0;
            record.renewal.left = record.renewal.left.saturating_sub(1);
            if !Self::renew_one(slot, record, &who, standing) {
                Self::remove_standing(&who);
                // Whoever has taken this index has its turn next.
                record.renewal.at = at;
            }
        }
    }

    /// Places a standing order in a slot. Says whether it goes on.
    fn renew_one(
        slot: SlotIndex,
        record: &mut SlotRecord,
        who: &T::AccountId,
        mut standing: StandingOrder,
    ) -> bool {
        if standing.ended {
            return false;
        }
        standing.renewed = slot;
        let placed = Self::fit(&record.terms.leader, standing.order)
            .map_err(DispatchError::from)
            .and_then(|order| Self::place_in(&Acting::itself(who.clone()), slot, record, order));
        match placed {
            Ok(()) => standing.failures = 0,
            Err(error) => {
                let (who, order) = (who.clone(), standing.order);
                Self::deposit_event(Event::OrderRefused { slot, who, order, error });
                if Self::is_of_the_account(error) {
                    standing.failures = standing.failures.saturating_add(1);
                }
            }
        }
        let goes_on = standing.failures < MAX_FAILURES;
        if !goes_on {
            Self::deposit_event(Event::StandingOrderEnded { who: who.clone(), failed: true });
        }
        StandingOrders::<T>::insert(who, standing);
        goes_on
    }

    /// Whether an order was refused for what its account is or has. The slot's terms, its leader and a
    /// full book are not its fault: who could choose them could end everybody's standing orders.
    fn is_of_the_account(error: DispatchError) -> bool {
        [
            Error::<T>::NotPermitted,
            Error::<T>::StandingTooLow,
            Error::<T>::InsufficientFunds,
            Error::<T>::OtherSide,
            Error::<T>::TooManyOrders,
            Error::<T>::AboveRating,
        ]
        .into_iter()
        .any(|fault| DispatchError::from(fault) == error)
    }

    /// A standing order as a slot takes it. A bid above the cap stands at the cap, an ask below the
    /// floor at the floor; a limit off the tick is rounded so that it is no worse for its account, and
    /// an energy down to whole lots.
    pub(crate) fn fit(terms: &LeaderTerms, order: NewOrder) -> Result<NewOrder, Error<T>> {
        let tick = terms.tick.0;
        let off = |limit: u128| limit.checked_rem(tick).unwrap_or_default();
        let limit = match order.side {
            Side::Bid => {
                let limit = order.limit.min(terms.cap).0;
                limit.saturating_sub(off(limit))
            }
            Side::Ask => {
                let limit = order.limit.max(terms.floor).0;
                match off(limit) {
                    0 => limit,
                    over => limit.saturating_add(tick.saturating_sub(over)),
                }
            }
        };
        let limit = PricePerKwh(limit);
        ensure!(limit >= terms.floor && limit <= terms.cap, Error::<T>::OutsideCorridor);
        let part = order.energy.0.checked_rem(terms.lot.0).unwrap_or_default();
        let energy = Wh(order.energy.0.saturating_sub(part));
        ensure!(energy >= terms.least_order, Error::<T>::BelowLeastOrder);
        Ok(NewOrder { limit, energy, ..order })
    }
}

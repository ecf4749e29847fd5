//! Standing orders: set, renewed in every slot, ended.

use crate::{
    Backing, Config, Error, Event, MAX_FAILURES, NewOrder, NextSlot, NextTurn, Pallet, PriceLists,
    Renewal, SlotRecord, StandingIndex, StandingOrder, StandingOrders, Turn, WeightInfo,
    grants::Acting,
};
use frame_support::{
    ensure,
    pallet_prelude::{DispatchError, DispatchResult, Get},
    weights::WeightMeter,
};
use qedex_primitives::{Balance, Band, Escrow, LeaderTerms, PricePerKwh, Side, SlotIndex, Wh};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_set_standing(who: T::AccountId, order: NewOrder) -> DispatchResult {
        Self::ensure_may(&who, order.side)?;
        ensure!(order.energy.0 > 0, Error::<T>::BelowLeastOrder);
        ensure!(order.energy.0 <= T::MaxOrderEnergy::get(), Error::<T>::AboveLargestOrder);
        Self::ensure_fits_a_list(order)?;
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

    /// How the next slot that opens begins to renew: every other one goes back the way of the one before
    /// it, and the way begins one further on for every two. Of two orders each comes first in every
    /// other slot, whoever stands between them, and nobody is first by coming last.
    pub(crate) fn next_renewal() -> Renewal {
        let standing = StandingOrders::<T>::count();
        let last = standing.saturating_sub(1);
        let Turn { at, back } = NextTurn::<T>::get();
        let from = if at > last { 0 } else { at };
        let (at, next) = if back {
            (from.checked_sub(1).unwrap_or(last), from.saturating_add(1))
        } else {
            (from, from)
        };
        NextTurn::<T>::put(Turn { at: next, back: !back });
        Renewal { left: standing, at, downwards: back, skipped: 0 }
    }

    /// Renews standing orders for an open slot, as [`next_renewal`](Self::next_renewal) says.
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
            record.renewal.at = if record.renewal.downwards {
                at.checked_sub(1).unwrap_or(last)
            } else if at < last {
                at.saturating_add(1)
            } else {
                0
            };
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
        match Self::place_standing(slot, record, who, standing.order) {
            Ok(()) => standing.failures = 0,
            Err(error) => {
                let (who, order) = (who.clone(), standing.order);
                Self::deposit_event(Event::OrderRefused { slot, who, order, error });
                if Self::is_of_the_account(error, record, order) {
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

    /// Places a standing order as the slot takes it, for the price of a renewal. Whether its account may is
    /// asked first: who may not is told so, whatever else is wrong.
    fn place_standing(
        slot: SlotIndex,
        record: &mut SlotRecord,
        who: &T::AccountId,
        order: NewOrder,
    ) -> DispatchResult {
        Self::ensure_may(who, order.side)?;
        // Its work is done whatever becomes of it.
        let amount = T::RenewalPrice::get();
        if amount > 0 {
            T::Escrow::charge(who, amount).map_err(|_| Error::<T>::RenewalUnpaid)?;
            Self::deposit_event(Event::RenewalPaid { slot, who: who.clone(), amount });
        }
        let order = Self::fit(&record.terms.leader, order)?;
        Self::place_permitted(&Acting::itself(who.clone()), slot, record, order)
    }

    /// Whether an order was refused for what its account is or has. The slot's terms, its leader and a
    /// full book are not its fault: who could choose them could end everybody's standing orders. Nor are
    /// funds that are too few for the slot, where it asks for more than another one would.
    fn is_of_the_account(error: DispatchError, record: &SlotRecord, order: NewOrder) -> bool {
        let is = |fault: Error<T>| DispatchError::from(fault) == error;
        if is(Error::<T>::InsufficientFunds) {
            return Self::holds_least(&record.terms.leader, &record.backing, order);
        }
        [
            Error::<T>::NotPermitted,
            Error::<T>::StandingTooLow,
            Error::<T>::OtherSide,
            Error::<T>::TooManyOrders,
            Error::<T>::AboveRating,
            Error::<T>::RenewalUnpaid,
        ]
        .into_iter()
        .any(is)
    }

    /// Whether a standing order holds no more under these terms than under any of the present price
    /// lists. Who cannot pay for it there cannot pay for it anywhere.
    pub(crate) fn holds_least(terms: &LeaderTerms, backing: &Backing, order: NewOrder) -> bool {
        let hold = |terms: &LeaderTerms| -> Option<Balance> {
            let NewOrder { side, limit, energy } = Self::fit(terms, order).ok()?;
            Some(Self::required_hold(terms, backing, side, limit, energy).ok()?.1)
        };
        let here = hold(terms);
        Self::terms_of_bands().all(|terms| hold(&terms).is_none_or(|there| here <= Some(there)))
    }

    /// The terms of each band that has a price list. What a key covers, which is none of an order's
    /// business, is left out.
    fn terms_of_bands() -> impl Iterator<Item = LeaderTerms> {
        [Band::Off, Band::Mid, Band::On]
            .into_iter()
            .filter_map(PriceLists::<T>::get)
            .map(|list| list.with_keys(Wh::ZERO))
    }

    /// Refuses a standing order that no slot would ever take, by the price lists that there are. Where
    /// there is none, nobody knows.
    fn ensure_fits_a_list(order: NewOrder) -> Result<(), Error<T>> {
        let mut refused = None;
        for terms in Self::terms_of_bands() {
            match Self::fit(&terms, order) {
                Ok(_) => return Ok(()),
                Err(error) => refused = Some(error),
            }
        }
        refused.map_or(Ok(()), Err)
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

//! The book: placing, amending, cancelling and closing orders.

use crate::{
    Config, Error, Event, Levels, NewOrder, Order, OrderKeys, OrderPriority, Orders, Pallet,
    Participant, Participants, Party, Phase, PricePriority, SlotRecord, Slots,
};
use frame_support::{ensure, pallet_prelude::*};
use qedex_math::deposit;
use qedex_primitives::{
    Admission, Balance, Calendar, Escrow, LeaderTerms, Membership, OrderId, PricePerKwh, Role,
    Side, SlotIndex, Wh,
};

/// An order with its side and limit, as its owner named it.
type OwnOrder<T> = (Side, PricePerKwh, Order<<T as frame_system::Config>::AccountId>);

impl<T: Config> Pallet<T> {
    pub(crate) fn do_place(who: T::AccountId, slot: SlotIndex, order: NewOrder) -> DispatchResult {
        let mut record = Self::open_slot(slot)?;
        Self::place_in(who, slot, &mut record, order)?;
        Slots::<T>::insert(slot, record);
        Ok(())
    }

    /// Places orders one by one; those that are refused change nothing and are reported.
    pub(crate) fn do_place_all(
        who: &T::AccountId,
        slot: SlotIndex,
        orders: &[NewOrder],
    ) -> DispatchResult {
        let mut record = Self::open_slot(slot)?;
        for order in orders {
            if let Err(error) = Self::place_in(who.clone(), slot, &mut record, *order) {
                Self::deposit_event(Event::OrderRefused {
                    slot,
                    who: who.clone(),
                    order: *order,
                    error,
                });
            }
        }
        Slots::<T>::insert(slot, record);
        Ok(())
    }

    /// Places an order in a slot that is open. Changes nothing where it fails.
    pub(crate) fn place_in(
        who: T::AccountId,
        slot: SlotIndex,
        record: &mut SlotRecord,
        order: NewOrder,
    ) -> DispatchResult {
        Self::check_order(&record.terms.leader, order.limit, order.energy)?;
        Self::ensure_may(&who, order.side)?;
        Self::insert(who, slot, record, order)
    }

    pub(crate) fn do_amend(
        who: T::AccountId,
        slot: SlotIndex,
        id: OrderId,
        limit: PricePerKwh,
        energy: Wh,
    ) -> DispatchResult {
        let mut record = Self::open_slot(slot)?;
        let (side, old_limit, order) = Self::own_order(&who, slot, id)?;
        Self::check_order(&record.terms.leader, limit, energy)?;
        if limit == old_limit && energy <= order.energy {
            return Self::reduce(slot, id, side, limit, order, energy, &record.terms.leader);
        }
        Self::ensure_may(&who, side)?;
        let released = Self::remove(slot, &mut record, id, side, old_limit, &order)?;
        Self::deposit_event(Event::OrderCancelled { slot, id, who: who.clone(), released });
        let order = NewOrder { side, limit, energy };
        Self::insert(who, slot, &mut record, order)?;
        Slots::<T>::insert(slot, record);
        Ok(())
    }

    pub(crate) fn do_cancel(who: T::AccountId, slot: SlotIndex, id: OrderId) -> DispatchResult {
        let mut record = Self::open_slot(slot)?;
        let (side, limit, order) = Self::own_order(&who, slot, id)?;
        let released = Self::remove(slot, &mut record, id, side, limit, &order)?;
        Slots::<T>::insert(slot, record);
        Self::deposit_event(Event::OrderCancelled { slot, id, who, released });
        Ok(())
    }

    /// The slot, if its gate is open now.
    fn open_slot(slot: SlotIndex) -> Result<SlotRecord, Error<T>> {
        let record = Slots::<T>::get(slot).ok_or(Error::<T>::GateNotOpen)?;
        let open = record.phase == Phase::Open
            && record.terms.schedule.is_gate_open(<Self as Calendar>::now());
        ensure!(open, Error::<T>::GateNotOpen);
        Ok(record)
    }

    pub(crate) fn ensure_may(who: &T::AccountId, side: Side) -> DispatchResult {
        let role = match side {
            Side::Bid => Role::Trade,
            Side::Ask => Role::Sell,
        };
        ensure!(T::Membership::may(who, role), Error::<T>::NotPermitted);
        ensure!(T::Admission::admits(who, role), Error::<T>::StandingTooLow);
        Ok(())
    }

    fn check_order(terms: &LeaderTerms, limit: PricePerKwh, energy: Wh) -> DispatchResult {
        ensure!(limit >= terms.floor && limit <= terms.cap, Error::<T>::OutsideCorridor);
        ensure!(limit.0.checked_rem(terms.tick.0) == Some(0), Error::<T>::OffTick);
        ensure!(energy >= terms.least_order, Error::<T>::BelowLeastOrder);
        ensure!(energy.0.checked_rem(terms.lot.0) == Some(0), Error::<T>::NotWholeLots);
        ensure!(energy.0 <= T::MaxOrderEnergy::get(), Error::<T>::AboveLargestOrder);
        Ok(())
    }

    /// What an order must hold, in plancks.
    fn required_hold(
        terms: &LeaderTerms,
        side: Side,
        limit: PricePerKwh,
        energy: Wh,
    ) -> Result<Balance, Error<T>> {
        match side {
            Side::Bid => deposit::bid_hold(limit, energy),
            Side::Ask => deposit::ask_deposit(terms.deposit_rate.deconstruct(), terms.cap, energy),
        }
        .ok_or(Error::<T>::Overflow)
    }

    fn own_order(
        who: &T::AccountId,
        slot: SlotIndex,
        id: OrderId,
    ) -> Result<OwnOrder<T>, Error<T>> {
        let (side, limit) = OrderKeys::<T>::get(slot, id).ok_or(Error::<T>::UnknownOrder)?;
        let order = Orders::<T>::get((slot, side, OrderPriority::new(side, limit, id)))
            .ok_or(Error::<T>::UnknownOrder)?;
        ensure!(order.who == *who, Error::<T>::NotYourOrder);
        Ok((side, limit, order))
    }

    fn insert(
        who: T::AccountId,
        slot: SlotIndex,
        record: &mut SlotRecord,
        NewOrder { side, limit, energy }: NewOrder,
    ) -> DispatchResult {
        let open = record.bids.saturating_add(record.asks);
        ensure!(open < T::MaxOrdersPerSlot::get(), Error::<T>::BookFull);
        let mut order =
            Order { owner: T::Membership::owner_of(&who), who, energy, left: energy, held: 0 };
        let party = order.party();
        let mut part =
            Participants::<T>::get(slot, &party).unwrap_or(Participant { side, orders: 0 });
        ensure!(part.side == side, Error::<T>::OtherSide);
        ensure!(part.orders < T::MaxOrdersPerAccount::get(), Error::<T>::TooManyOrders);
        let price = PricePriority::new(side, limit);
        let mut level = Levels::<T>::get((slot, side, price)).unwrap_or_default();
        level.energy = level.energy.checked_add(energy).ok_or(Error::<T>::Overflow)?;
        let id = record.next_order;
        let next = id.checked_add(1).ok_or(Error::<T>::BookFull)?;
        let held = Self::required_hold(&record.terms.leader, side, limit, energy)?;

        T::Escrow::hold(&order.who, held).map_err(|_| Error::<T>::InsufficientFunds)?;
        order.held = held;
        let who = order.who.clone();
        level.orders = level.orders.saturating_add(1);
        part.orders = part.orders.saturating_add(1);
        record.next_order = next;
        let count = match side {
            Side::Bid => &mut record.bids,
            Side::Ask => &mut record.asks,
        };
        *count = count.saturating_add(1);
        Levels::<T>::insert((slot, side, price), level);
        Participants::<T>::insert(slot, party, part);
        OrderKeys::<T>::insert(slot, id, (side, limit));
        Orders::<T>::insert((slot, side, OrderPriority::new(side, limit, id)), order);
        Self::deposit_event(Event::OrderPlaced { slot, id, who, side, limit, energy, held });
        Ok(())
    }

    /// Takes energy from an order that keeps its place.
    fn reduce(
        slot: SlotIndex,
        id: OrderId,
        side: Side,
        limit: PricePerKwh,
        mut order: Order<T::AccountId>,
        energy: Wh,
        terms: &LeaderTerms,
    ) -> DispatchResult {
        let held = Self::required_hold(terms, side, limit, energy)?;
        let released = order.held.checked_sub(held).ok_or(Error::<T>::Overflow)?;
        T::Escrow::release(&order.who, released)?;
        let less = order.energy.saturating_sub(energy);
        Levels::<T>::mutate((slot, side, PricePriority::new(side, limit)), |level| {
            if let Some(level) = level {
                level.energy = level.energy.saturating_sub(less);
            }
        });
        order.energy = energy;
        order.left = energy;
        order.held = held;
        Orders::<T>::insert((slot, side, OrderPriority::new(side, limit, id)), order);
        Self::deposit_event(Event::OrderReduced { slot, id, energy, released });
        Ok(())
    }

    /// Takes an order out of an open book.
    fn remove(
        slot: SlotIndex,
        record: &mut SlotRecord,
        id: OrderId,
        side: Side,
        limit: PricePerKwh,
        order: &Order<T::AccountId>,
    ) -> Result<Balance, DispatchError> {
        T::Escrow::release(&order.who, order.held)?;
        Levels::<T>::mutate_exists((slot, side, PricePriority::new(side, limit)), |entry| {
            *entry = entry.take().and_then(|mut level| {
                level.energy = level.energy.saturating_sub(order.energy);
                level.orders = level.orders.saturating_sub(1);
                (level.orders > 0).then_some(level)
            });
        });
        Orders::<T>::remove((slot, side, OrderPriority::new(side, limit, id)));
        Self::forget(slot, record, id, side, &order.party());
        Ok(order.held)
    }

    /// Removes what else is stored about an order that has left [`Orders`].
    fn forget(
        slot: SlotIndex,
        record: &mut SlotRecord,
        id: OrderId,
        side: Side,
        party: &Party<T::AccountId>,
    ) {
        OrderKeys::<T>::remove(slot, id);
        Participants::<T>::mutate_exists(slot, party, |entry| {
            *entry = entry.take().and_then(|mut part| {
                part.orders = part.orders.saturating_sub(1);
                (part.orders > 0).then_some(part)
            });
        });
        let count = match side {
            Side::Bid => &mut record.bids,
            Side::Ask => &mut record.asks,
        };
        *count = count.saturating_sub(1);
    }

    /// Closes an order after gate closure: gives back what it still holds. The order must have
    /// left [`Orders`] already.
    pub(crate) fn close(
        slot: SlotIndex,
        record: &mut SlotRecord,
        side: Side,
        key: OrderPriority,
        order: Order<T::AccountId>,
    ) {
        let id = key.id();
        if let Err(error) = T::Escrow::release(&order.who, order.held) {
            // The escrow's books and ours agree by invariant, so this cannot happen; if it
            // does, the rest of the book must still be released.
            log::error!(target: "runtime::auction", "release for order {id} failed: {error:?}");
        }
        Self::forget(slot, record, id, side, &order.party());
        Self::deposit_event(Event::OrderClosed {
            slot,
            id,
            filled: order.energy.saturating_sub(order.left),
            who: order.who,
            released: order.held,
        });
    }
}

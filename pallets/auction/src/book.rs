//! The book: placing, amending, cancelling and closing orders.

use crate::{
    Backing, Config, Error, Event, Hold, Levels, NewOrder, Order, OrderKeys, OrderPriority, Orders,
    Pallet, Participant, Participants, Phase, PricePriority, SlotRecord, Slots, grants::Acting,
};
use frame_support::{ensure, pallet_prelude::*};
use qedex_math::deposit;
use qedex_primitives::{
    Admission, Balance, Calendar, Escrow, LeaderTerms, Membership, OrderId, OwnerId, PricePerKwh,
    Rated, Role, Side, SlotIndex, Wh,
};

/// An order with its side and limit, as it was named by its number.
type NamedOrder<T> = (Side, PricePerKwh, Order<<T as frame_system::Config>::AccountId>);

impl<T: Config> Pallet<T> {
    pub(crate) fn do_place(who: T::AccountId, slot: SlotIndex, order: NewOrder) -> DispatchResult {
        let mut record = Self::open_slot(slot)?;
        Self::place_in(&Acting::itself(who), slot, &mut record, order)?;
        Slots::<T>::insert(slot, record);
        Ok(())
    }

    /// Places orders one by one; those that are refused change nothing and are reported.
    pub(crate) fn do_place_all(
        acting: &Acting<T::AccountId>,
        slot: SlotIndex,
        orders: &[NewOrder],
    ) -> DispatchResult {
        let mut record = Self::open_slot(slot)?;
        for order in orders {
            if let Err(error) = Self::place_in(acting, slot, &mut record, *order) {
                let (who, order) = (acting.who.clone(), *order);
                Self::deposit_event(Event::OrderRefused { slot, who, order, error });
            }
        }
        Slots::<T>::insert(slot, record);
        Ok(())
    }

    /// Places an order in a slot that is open. Changes nothing where it fails.
    fn place_in(
        acting: &Acting<T::AccountId>,
        slot: SlotIndex,
        record: &mut SlotRecord,
        order: NewOrder,
    ) -> DispatchResult {
        Self::check_order(&record.terms.leader, order.limit, order.energy)?;
        Self::ensure_may(&acting.who, order.side)?;
        Self::insert(acting, slot, record, order)
    }

    /// The same for an account that was found to be permitted already.
    pub(crate) fn place_permitted(
        acting: &Acting<T::AccountId>,
        slot: SlotIndex,
        record: &mut SlotRecord,
        order: NewOrder,
    ) -> DispatchResult {
        Self::check_order(&record.terms.leader, order.limit, order.energy)?;
        Self::insert(acting, slot, record, order)
    }

    pub(crate) fn do_amend(
        acting: &Acting<T::AccountId>,
        slot: SlotIndex,
        id: OrderId,
        limit: PricePerKwh,
        energy: Wh,
    ) -> DispatchResult {
        let mut record = Self::open_slot(slot)?;
        let (side, old_limit, order) = Self::named_order(acting, slot, id)?;
        Self::check_order(&record.terms.leader, limit, energy)?;
        if limit == old_limit && energy <= order.energy {
            return Self::reduce(slot, id, side, limit, order, energy, &record);
        }
        Self::ensure_may(&acting.who, side)?;
        let released = Self::remove(slot, &mut record, id, side, old_limit, &order)?;
        Self::deposit_event(Event::OrderCancelled { slot, id, who: order.who, released });
        let order = NewOrder { side, limit, energy };
        Self::insert(acting, slot, &mut record, order)?;
        Slots::<T>::insert(slot, record);
        Ok(())
    }

    pub(crate) fn do_cancel(
        acting: &Acting<T::AccountId>,
        slot: SlotIndex,
        id: OrderId,
    ) -> DispatchResult {
        let mut record = Self::open_slot(slot)?;
        let (side, limit, order) = Self::named_order(acting, slot, id)?;
        let released = Self::remove(slot, &mut record, id, side, limit, &order)?;
        Slots::<T>::insert(slot, record);
        Self::deposit_event(Event::OrderCancelled { slot, id, who: order.who, released });
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

    /// What an order must hold, in plancks: a bid the most that it may pay and the bond of complaints, an ask
    /// its deposit; and both what the work of a trade costs. With the sum.
    pub(crate) fn required_hold(
        terms: &LeaderTerms,
        backing: &Backing,
        side: Side,
        limit: PricePerKwh,
        energy: Wh,
    ) -> Result<(Hold, Balance), Error<T>> {
        let deposits = (terms.deposit_rate.deconstruct(), terms.cap);
        let hold = || {
            let (behind, bond) = match side {
                Side::Bid => {
                    let share = backing.offline_share.deconstruct();
                    let bond = deposit::bid_bond(share, limit, deposits, energy)?;
                    (deposit::bid_hold(limit, energy)?, bond)
                }
                Side::Ask => (deposit::ask_deposit(deposits.0, deposits.1, energy)?, 0),
            };
            let hold = Hold { behind, bond, work: backing.work };
            Some((hold, hold.total()?))
        };
        hold().ok_or(Error::<T>::Overflow)
    }

    /// The order of this number, if whoever acts may touch it: every one of its own account, and for a
    /// principal those that it placed itself.
    fn named_order(
        acting: &Acting<T::AccountId>,
        slot: SlotIndex,
        id: OrderId,
    ) -> Result<NamedOrder<T>, Error<T>> {
        let (side, limit) = OrderKeys::<T>::get(slot, id).ok_or(Error::<T>::UnknownOrder)?;
        let order = Orders::<T>::get((slot, side, OrderPriority::new(side, limit, id)))
            .ok_or(Error::<T>::UnknownOrder)?;
        ensure!(order.who == acting.who, Error::<T>::NotYourOrder);
        let is_its_own = match acting.broker() {
            None => true,
            broker => order.broker.as_ref() == broker,
        };
        ensure!(is_its_own, Error::<T>::NotYourOrder);
        Ok((side, limit, order))
    }

    fn insert(
        acting: &Acting<T::AccountId>,
        slot: SlotIndex,
        record: &mut SlotRecord,
        NewOrder { side, limit, energy }: NewOrder,
    ) -> DispatchResult {
        let open = record.bids.saturating_add(record.asks);
        ensure!(open < T::MaxOrdersPerSlot::get(), Error::<T>::BookFull);
        let who = acting.who.clone();
        let owner = T::Membership::owner_of(&who).ok_or(Error::<T>::NotPermitted)?;
        let leads = |party: Option<OwnerId>| party.is_some() && party == record.leader;
        ensure!(!leads(Some(owner)), Error::<T>::LeadsThisSlot);
        ensure!(!leads(acting.brokers_owner()), Error::<T>::LeadsThisSlot);
        let mut part = Participants::<T>::get(slot, owner).unwrap_or(Participant::on(side));
        ensure!(part.side == side, Error::<T>::OtherSide);
        ensure!(part.orders < T::MaxOrdersPerAccount::get(), Error::<T>::TooManyOrders);
        part.orders = part.orders.saturating_add(1);
        part.energy = part.energy.checked_add(energy).ok_or(Error::<T>::Overflow)?;
        if side == Side::Ask {
            let rated = T::Rated::rated_out(&who, slot);
            ensure!(part.energy <= rated, Error::<T>::AboveRating);
        }
        let price = PricePriority::new(side, limit);
        let mut level = Levels::<T>::get((slot, side, price)).unwrap_or_default();
        level.energy = level.energy.checked_add(energy).ok_or(Error::<T>::Overflow)?;
        level.orders = level.orders.saturating_add(1);
        let id = record.next_order;
        let next = id.checked_add(1).ok_or(Error::<T>::BookFull)?;
        let (hold, held) =
            Self::required_hold(&record.terms.leader, &record.backing, side, limit, energy)?;
        let used = Self::used_with(acting, slot, side, limit, held)?;

        T::Escrow::hold(&who, held).map_err(|_| Error::<T>::InsufficientFunds)?;
        record.next_order = next;
        let count = match side {
            Side::Bid => &mut record.bids,
            Side::Ask => &mut record.asks,
        };
        *count = count.saturating_add(1);
        Levels::<T>::insert((slot, side, price), level);
        Participants::<T>::insert(slot, owner, part);
        OrderKeys::<T>::insert(slot, id, (side, limit));
        let broker = acting.broker().cloned();
        if let (Some(broker), Some(used)) = (&broker, used) {
            crate::GrantUses::<T>::insert((slot, &who, broker), used);
        }
        let order =
            Order { who: who.clone(), owner, broker: broker.clone(), energy, left: energy, held };
        Orders::<T>::insert((slot, side, OrderPriority::new(side, limit, id)), order);
        Self::deposit_event(Event::OrderPlaced {
            slot,
            id,
            who,
            broker,
            side,
            limit,
            energy,
            held,
            for_bond: hold.bond,
            for_work: hold.work,
        });
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
        record: &SlotRecord,
    ) -> DispatchResult {
        let (_, held) =
            Self::required_hold(&record.terms.leader, &record.backing, side, limit, energy)?;
        let released = order.held.checked_sub(held).ok_or(Error::<T>::Overflow)?;
        T::Escrow::release(&order.who, released)?;
        let less = order.energy.saturating_sub(energy);
        Participants::<T>::mutate(slot, order.owner, |part| {
            if let Some(part) = part {
                part.energy = part.energy.saturating_sub(less);
            }
        });
        Self::free_budget(slot, &order, released);
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
        Self::free_budget(slot, order, order.held);
        Self::forget(slot, record, id, side, order);
        Ok(order.held)
    }

    /// Removes what else is stored about an order that has left [`Orders`].
    fn forget(
        slot: SlotIndex,
        record: &mut SlotRecord,
        id: OrderId,
        side: Side,
        order: &Order<T::AccountId>,
    ) {
        OrderKeys::<T>::remove(slot, id);
        Participants::<T>::mutate_exists(slot, order.owner, |entry| {
            *entry = entry.take().and_then(|mut part| {
                part.orders = part.orders.saturating_sub(1);
                part.energy = part.energy.saturating_sub(order.energy);
                (part.orders > 0).then_some(part)
            });
        });
        Self::forget_use(slot, order);
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
        Self::forget(slot, record, id, side, &order);
        Self::deposit_event(Event::OrderClosed {
            slot,
            id,
            filled: order.energy.saturating_sub(order.left),
            who: order.who,
            released: order.held,
        });
    }
}

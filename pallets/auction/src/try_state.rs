//! The invariants of the market.

use crate::{
    Config, GrantCounts, GrantCountsOf, GrantUse, GrantUses, Grants, GrantsTo, InFlight, Levels,
    NextSlot, OrderKeys, OrderPriority, Orders, Pallet, Participant, Participants, Phase,
    PriceLevel, PricePriority, Slots, StandingIndex, StandingOrders,
};
use alloc::collections::BTreeMap;
use codec::Encode;
use frame_support::ensure;
use qedex_primitives::{Balance, Escrow, Side};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks that
    ///
    /// 1. the slots in flight are those that have a record, in ascending order, each once;
    /// 2. every order has its key and every key its order, in a slot in flight, and a slot's
    ///    counts are those of its orders;
    /// 3. an owner's part in a slot says its side, the number of its orders and their energy, and who
    ///    leads a slot has no part in it;
    /// 4. while a slot is open, each price level is the sum of its orders, which are untouched;
    ///    afterwards there are no levels;
    /// 5. what the escrow holds for an account's orders is the sum of what they hold;
    /// 6. the indices of standing orders are those below their number, each once;
    /// 7. what is noted of a grant's orders in a slot is their number, and while it is open what they
    ///    hold; each grant is listed for its broker, and accounts count theirs rightly;
    /// 8. every slot in flight lies before the next one to open.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let in_flight = InFlight::<T>::get();
        ensure!(in_flight.is_sorted_by(|a, b| a < b), "slots in flight are out of order");
        ensure!(
            Slots::<T>::iter_keys().count() == in_flight.len(),
            "slots in flight and slot records differ"
        );
        let mut held = BTreeMap::<_, (T::AccountId, Balance)>::new();
        let mut parts = BTreeMap::<_, Participant>::new();
        let mut uses = BTreeMap::<_, GrantUse>::new();
        let mut levels = BTreeMap::<_, PriceLevel>::new();
        let mut counts = BTreeMap::<_, u32>::new();
        let mut orders = 0usize;
        for ((slot, side, key), order) in Orders::<T>::iter() {
            let record = Slots::<T>::get(slot).ok_or("an order of a slot that is not in flight")?;
            let limit = key.limit(side);
            ensure!(
                OrderKeys::<T>::get(slot, key.id()) == Some((side, limit)),
                "an order without its key"
            );
            ensure!(
                !order.left.is_zero() && order.left <= order.energy,
                "an order that is used up"
            );
            orders = orders.saturating_add(1);
            let entry = held.entry(order.who.encode()).or_insert_with(|| (order.who.clone(), 0));
            entry.1 = entry.1.saturating_add(order.held);
            let part = parts.entry((slot, order.owner.encode())).or_insert(Participant::on(side));
            ensure!(part.side == side, "an owner on both sides of a slot");
            ensure!(record.leader != Some(order.owner), "an order of a slot's leader");
            part.orders = part.orders.saturating_add(1);
            part.energy = part.energy.saturating_add(order.energy);
            if let Some(broker) = &order.broker {
                let used = uses.entry((slot, order.who.encode(), broker.encode())).or_default();
                used.orders = used.orders.saturating_add(1);
                used.held = used.held.saturating_add(order.held);
            }
            let count = counts.entry((slot, side)).or_default();
            *count = count.saturating_add(1);
            if record.phase == Phase::Open {
                ensure!(order.left == order.energy, "an open slot with a partly traded order");
                let level = levels
                    .entry((slot, side, PricePriority::new(side, limit).encode()))
                    .or_default();
                level.energy = level.energy.saturating_add(order.energy);
                level.orders = level.orders.saturating_add(1);
            }
        }
        ensure!(OrderKeys::<T>::iter().count() == orders, "a key without its order");
        for (slot, id, (side, limit)) in OrderKeys::<T>::iter() {
            ensure!(
                Orders::<T>::contains_key((slot, side, OrderPriority::new(side, limit, id))),
                "a key without its order"
            );
        }
        for slot in &in_flight {
            let record = Slots::<T>::get(slot).ok_or("a slot in flight without a record")?;
            for (side, count) in [(Side::Bid, record.bids), (Side::Ask, record.asks)] {
                let counted = counts.get(&(*slot, side)).copied().unwrap_or_default();
                ensure!(count == counted, "a slot miscounts its orders");
            }
        }
        ensure!(Participants::<T>::iter().count() == parts.len(), "a participant without orders");
        for (slot, owner, part) in Participants::<T>::iter() {
            ensure!(
                parts.get(&(slot, owner.encode())) == Some(&part),
                "a participant's part is miscounted"
            );
        }
        ensure!(GrantUses::<T>::iter().count() == uses.len(), "a grant's use without orders");
        for ((slot, who, broker), noted) in GrantUses::<T>::iter() {
            let used = uses.get(&(slot, who.encode(), broker.encode())).copied();
            let used = used.ok_or("a grant's use without orders")?;
            let is_open = Slots::<T>::get(slot).is_some_and(|slot| slot.phase == Phase::Open);
            ensure!(
                used.orders == noted.orders && (!is_open || used.held == noted.held),
                "a grant's use is miscounted"
            );
        }
        Self::try_grants()?;
        let next = NextSlot::<T>::get();
        ensure!(in_flight.iter().all(|slot| *slot < next), "a slot that is open before its turn");
        ensure!(Levels::<T>::iter().count() == levels.len(), "a price level without orders");
        for ((slot, side, price), level) in Levels::<T>::iter() {
            ensure!(
                levels.get(&(slot, side, price.encode())) == Some(&level),
                "a price level is not the sum of its orders"
            );
        }
        for (who, amount) in held.values() {
            ensure!(
                T::Escrow::held_for_orders(who) == *amount,
                "the escrow does not hold what the orders hold"
            );
        }
        let standing = StandingOrders::<T>::count();
        ensure!(
            StandingIndex::<T>::iter().count() == standing as usize,
            "standing orders and their indices differ in number"
        );
        for (who, order) in StandingOrders::<T>::iter() {
            ensure!(
                order.index < standing && StandingIndex::<T>::get(order.index) == Some(who),
                "a standing order is not where its index says"
            );
        }
        Ok(())
    }

    fn try_grants() -> Result<(), TryRuntimeError> {
        let mut counts = BTreeMap::<_, GrantCounts>::new();
        for (principal, broker, _) in Grants::<T>::iter() {
            ensure!(GrantsTo::<T>::contains_key(&broker, &principal), "a grant is not listed");
            let given = counts.entry(principal.encode()).or_default();
            given.given = given.given.saturating_add(1);
            let got = counts.entry(broker.encode()).or_default();
            got.got = got.got.saturating_add(1);
        }
        ensure!(
            GrantsTo::<T>::iter().count() == Grants::<T>::iter().count(),
            "a grant is listed that is not there"
        );
        ensure!(
            GrantCountsOf::<T>::iter().count() == counts.len(),
            "grants are counted that are not there"
        );
        for (who, counted) in GrantCountsOf::<T>::iter() {
            ensure!(counts.get(&who.encode()) == Some(&counted), "grants are miscounted");
        }
        Ok(())
    }
}

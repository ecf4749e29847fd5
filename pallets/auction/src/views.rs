//! What clients may ask.

use crate::{Config, Levels, MAX_PAGE, OrderPriority, Orders, Pallet, Slots};
use alloc::vec::Vec;
use frame_support::pallet_prelude::Get;
use qedex_primitives::{
    BookOrder, Depth, DepthLevel, LeaderTerms, OrderId, PricePerKwh, Side, SlotIndex,
};

impl<T: Config> Pallet<T> {
    /// The terms of `slot`: frozen while it is in flight, otherwise those that it would get now.
    pub fn terms(slot: SlotIndex) -> Option<LeaderTerms> {
        match Slots::<T>::get(slot) {
            Some(record) => Some(record.terms.leader),
            None => Self::opening_of(slot).map(|opening| opening.terms),
        }
    }

    /// The energy at each price of an open book, best first: at most [`Config::MaxTicks`] levels a
    /// side.
    pub fn depth(slot: SlotIndex) -> Depth {
        let levels = |side| -> Vec<DepthLevel> {
            Levels::<T>::iter_prefix((slot, side))
                .take(T::MaxTicks::get() as usize)
                .map(|(key, level)| DepthLevel {
                    price: key.price(side),
                    energy: level.energy,
                    orders: level.orders,
                })
                .collect()
        };
        Depth { bids: levels(Side::Bid), asks: levels(Side::Ask) }
    }

    /// The orders of one side by merit: at most `count`, and at most [`MAX_PAGE`]. With `after`, those
    /// that come after the order of this limit and number, whether that is there or not.
    pub fn book(
        slot: SlotIndex,
        side: Side,
        after: Option<(PricePerKwh, OrderId)>,
        count: u32,
    ) -> Vec<BookOrder<T::AccountId>> {
        let prefix = (slot, side);
        let orders = match after {
            None => Orders::<T>::iter_prefix(prefix),
            Some((limit, id)) => {
                let last = OrderPriority::new(side, limit, id);
                // Begins with the next key in storage: nothing before it is read.
                let from = Orders::<T>::hashed_key_for((slot, side, last));
                Orders::<T>::iter_prefix_from(prefix, from)
            }
        };
        orders
            .take(count.min(MAX_PAGE) as usize)
            .map(|(key, order)| BookOrder {
                id: key.id(),
                who: order.who,
                limit: key.limit(side),
                energy: order.energy,
                left: order.left,
                held: order.held,
            })
            .collect()
    }
}

//! What clients may ask.

use crate::{Config, Levels, MAX_PAGE, Orders, Pallet, Slots};
use alloc::vec::Vec;
use frame_support::pallet_prelude::Get;
use qedex_primitives::{BookOrder, Depth, DepthLevel, LeaderTerms, Side, SlotIndex};

impl<T: Config> Pallet<T> {
    /// The terms of `slot`: frozen while it is in flight, otherwise those that it would get now.
    pub fn terms(slot: SlotIndex) -> Option<LeaderTerms> {
        match Slots::<T>::get(slot) {
            Some(record) => Some(record.terms.leader),
            None => Self::terms_of(slot),
        }
    }

    /// The energy at each price of an open book, best first.
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

    /// The orders of one side by merit: at most `count`, and at most [`MAX_PAGE`], after `skip`.
    pub fn book(
        slot: SlotIndex,
        side: Side,
        skip: u32,
        count: u32,
    ) -> Vec<BookOrder<T::AccountId>> {
        Orders::<T>::iter_prefix((slot, side))
            .skip(skip as usize)
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

//! The merit order is the order in which storage yields the book.

use super::*;
use crate::PricePriority;
use codec::Encode;
use proptest::prelude::*;

#[test]
fn bids_come_by_falling_price_and_within_a_price_by_arrival() {
    run(|| {
        for (who, mills) in [(1, 200), (2, 300), (3, 200), (4, 80), (5, 256), (6, 300), (7, 255)] {
            bid(who, mills, 200);
        }
        let merit: Vec<_> = book(Side::Bid).iter().map(|(id, mills, _)| (*id, *mills)).collect();
        assert_eq!(merit, [(1, 300), (5, 300), (4, 256), (6, 255), (0, 200), (2, 200), (3, 80)]);
    });
}

#[test]
fn asks_come_by_rising_price_and_within_a_price_by_arrival() {
    run(|| {
        for (who, mills) in [(1, 200), (2, 300), (3, 200), (4, 80), (5, 256), (6, 300), (7, 255)] {
            ask(who, mills, 200);
        }
        let merit: Vec<_> = book(Side::Ask).iter().map(|(id, mills, _)| (*id, *mills)).collect();
        assert_eq!(merit, [(3, 80), (0, 200), (2, 200), (6, 255), (4, 256), (1, 300), (5, 300)]);
    });
}

#[test]
fn arrival_is_compared_as_a_number_beyond_one_byte() {
    run(|| {
        let from = |next| {
            Slots::<Test>::mutate(SLOT, |record| record.as_mut().unwrap().next_order = next);
        };
        for (who, next) in [(1, 255), (2, 256), (3, 65_535), (4, 65_536)] {
            from(next);
            bid(who, 200, 200);
        }
        let ids: Vec<_> = book(Side::Bid).iter().map(|(id, ..)| *id).collect();
        assert_eq!(ids, [255, 256, 65_535, 65_536]);
    });
}

proptest! {
    #[test]
    fn keys_sort_by_merit_and_tell_what_they_were_made_of(
        a in any::<(u128, OrderId)>(), b in any::<(u128, OrderId)>(), same_price in any::<bool>(),
    ) {
        let b = if same_price { (a.0, b.1) } else { b };
        for side in [Side::Bid, Side::Ask] {
            let key = |(price, id)| OrderPriority::new(side, PricePerKwh(price), id);
            let best_first = match side {
                Side::Bid => b.0.cmp(&a.0),
                Side::Ask => a.0.cmp(&b.0),
            };
            let merit = best_first.then(a.1.cmp(&b.1));
            prop_assert_eq!(key(a).encode().cmp(&key(b).encode()), merit);
            prop_assert_eq!((key(a).limit(side).0, key(a).id()), a);
            let level = PricePriority::new(side, PricePerKwh(a.0));
            prop_assert_eq!(level.price(side).0, a.0);
            prop_assert!(key(a).encode().starts_with(&level.encode()));
        }
    }
}

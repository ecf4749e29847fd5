//! Orders that renew themselves, batches, and owners with several accounts.

use super::*;
use crate::{MAX_FAILURES, PriceLists, StandingOrders};
use qedex_primitives::{Band, OwnerId, PriceList};

fn order(side: Side, mills: u128, energy: u64) -> NewOrder {
    NewOrder { side, limit: price(mills), energy: Wh(energy) }
}

fn stand(who: AccountId, order: NewOrder) -> DispatchResult {
    call(who, Call::set_standing_order { order })
}

/// Opens the next slot and returns it.
fn open_next(after: SlotIndex) -> SlotIndex {
    let next = after.next();
    poll_at(schedule(next).gate_opens);
    next
}

fn orders_in(slot: SlotIndex) -> Vec<AccountId> {
    let mut who: Vec<_> = Orders::<Test>::iter()
        .filter(|((in_slot, ..), _)| *in_slot == slot)
        .map(|(_, order)| order.who)
        .collect();
    who.sort_unstable();
    who
}

#[test]
fn a_standing_order_is_placed_in_every_slot_that_opens() {
    run(|| {
        assert_ok!(stand(1, order(Side::Bid, 200, 500)));
        assert!(orders_in(SLOT).is_empty(), "its gate is open already");
        let next = open_next(SLOT);
        assert_eq!(orders_in(next), [1]);
        poll();
        assert_eq!(orders_in(next), [1], "once");
        let after = open_next(next);
        assert_eq!(orders_in(after), [1]);
        assert_ok!(call(1, Call::end_standing_order {}));
        let last = open_next(after);
        assert!(orders_in(last).is_empty());
        assert_eq!(orders_in(after), [1], "what was placed stays");
        assert_noop!(call(1, Call::end_standing_order {}), Error::<Test>::NoStandingOrder);
    });
}

#[test]
fn one_that_fails_is_reported_holds_up_nobody_and_ends_after_some_times() {
    run(|| {
        assert_ok!(stand(1, order(Side::Bid, 200, 500)));
        assert_ok!(stand(PAUPER, order(Side::Bid, 200, 500)));
        assert_ok!(stand(2, order(Side::Ask, 100, 500)));
        let mut slot = SLOT;
        for _ in 0..MAX_FAILURES {
            assert!(StandingOrders::<Test>::contains_key(PAUPER));
            slot = open_next(slot);
            assert_eq!(orders_in(slot), [1, 2]);
            assert!(events().contains(&Event::OrderRefused {
                slot,
                who: PAUPER,
                order: order(Side::Bid, 200, 500),
                error: Error::<Test>::InsufficientFunds.into(),
            }));
        }
        assert!(!StandingOrders::<Test>::contains_key(PAUPER));
        assert!(events().contains(&Event::StandingOrderEnded { who: PAUPER, failed: true }));
        slot = open_next(slot);
        assert_eq!(orders_in(slot), [1, 2]);
    });
}

#[test]
fn a_success_forgives_earlier_failures() {
    run(|| {
        assert_ok!(stand(1, order(Side::Bid, 200, 500)));
        let mut slot = SLOT;
        for round in 0..8 {
            EscrowRefuses::set(round % 2 == 0);
            slot = open_next(slot);
        }
        assert!(StandingOrders::<Test>::contains_key(1));
    });
}

#[test]
fn renewal_is_paged_and_places_everybody_once() {
    run(|| {
        for who in 1..=8 {
            assert_ok!(stand(who, order(Side::Bid, 200, 500)));
        }
        let next = SLOT.next();
        Clock::set(schedule(next).gate_opens);
        // The look, the slot that opens, the looks at both slots, two renewals.
        poll_within(STEP.saturating_mul(1 + 1 + 2 + 2));
        assert_eq!(orders_in(next).len(), 2);
        // Somebody in line leaves meanwhile, and somebody comes.
        assert_ok!(call(5, Call::end_standing_order {}));
        assert_ok!(stand(9, order(Side::Bid, 200, 500)));
        for _ in 0..5 {
            poll_within(STEP.saturating_mul(1 + 2 + 2));
        }
        let placed = orders_in(next);
        assert_eq!(placed, [1, 2, 3, 4, 6, 7, 8]);
        assert_eq!(StandingOrders::<Test>::count(), 8);
    });
}

#[test]
fn standing_orders_are_bounded_and_for_members_only() {
    run(|| {
        MaxStandingOrders::set(1);
        assert_noop!(stand(STRANGER, order(Side::Bid, 200, 500)), Error::<Test>::NotPermitted);
        assert_noop!(stand(CONSUMER, order(Side::Ask, 200, 500)), Error::<Test>::NotPermitted);
        assert_noop!(stand(1, order(Side::Bid, 200, 0)), Error::<Test>::BelowLeastOrder);
        assert_ok!(stand(1, order(Side::Bid, 200, 500)));
        assert_ok!(stand(1, order(Side::Ask, 100, 300)));
        assert_noop!(stand(2, order(Side::Bid, 200, 500)), Error::<Test>::TooManyStandingOrders);
    });
}

/// It cost a renewal in each slot for ever, and nobody could end it: its account has no role any more,
/// and what it wants no slot takes.
#[test]
fn one_whose_account_may_not_ends_whatever_it_wants() {
    run(|| {
        assert_ok!(stand(1, order(Side::Bid, 100, 500)));
        for band in [Band::Off, Band::Mid, Band::On] {
            let list = PriceList { floor: price(120), least_order: Wh(1_000), ..LIST };
            assert_ok!(Auction::set_terms(RuntimeOrigin::root(), band, list));
        }
        let mut slot = open_next(SLOT);
        assert_eq!(StandingOrders::<Test>::get(1).unwrap().failures, 0, "the terms' fault");
        TestMembership::forbid(1, Role::Trade);
        for _ in 0..MAX_FAILURES {
            assert!(StandingOrders::<Test>::contains_key(1));
            slot = open_next(slot);
            assert!(events().contains(&Event::OrderRefused {
                slot,
                who: 1,
                order: order(Side::Bid, 100, 500),
                error: Error::<Test>::NotPermitted.into(),
            }));
        }
        assert!(!StandingOrders::<Test>::contains_key(1));
    });
}

#[test]
fn one_that_no_price_list_takes_is_not_set() {
    run(|| {
        for bad in [order(Side::Bid, 0, 500), order(Side::Ask, 301, 500)] {
            assert_noop!(stand(1, bad), Error::<Test>::OutsideCorridor);
        }
        assert_noop!(stand(1, order(Side::Bid, 200, 199)), Error::<Test>::BelowLeastOrder);
        assert_ok!(stand(1, order(Side::Bid, 200, 200)));
        // One band that takes it is enough.
        let list = PriceList { cap: price(320), least_order: Wh(100), ..LIST };
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), Band::On, list));
        assert_ok!(stand(1, order(Side::Bid, 200, 100)));
        assert_ok!(stand(1, order(Side::Ask, 310, 100)));
        // Without a list, nobody knows.
        for band in [Band::Off, Band::Mid, Band::On] {
            PriceLists::<Test>::remove(band);
        }
        assert_ok!(stand(1, order(Side::Bid, 0, 1)));
    });
}

#[test]
fn the_good_orders_of_a_batch_count_and_the_others_are_reported() {
    run(|| {
        let bad = NewOrder { limit: PricePerKwh(price(200).0 + 1), ..order(Side::Bid, 200, 500) };
        let orders = vec![
            order(Side::Bid, 200, 500),
            bad,
            order(Side::Ask, 100, 500),
            order(Side::Bid, 210, 300),
        ];
        let orders = orders.try_into().unwrap();
        assert_ok!(call(1, Call::place_orders { slot: SLOT, orders }));
        assert_eq!(book(Side::Bid), [(1, 210, 300), (0, 200, 500)]);
        assert_eq!(book(Side::Ask), []);
        let refused: Vec<_> = events()
            .into_iter()
            .filter_map(|event| match event {
                Event::OrderRefused { error, .. } => Some(error),
                _ => None,
            })
            .collect();
        let expected: [sp_runtime::DispatchError; 2] =
            [Error::<Test>::OffTick.into(), Error::<Test>::OtherSide.into()];
        assert_eq!(refused, expected);
    });
}

#[test]
fn an_owner_takes_one_side_with_all_its_accounts() {
    run(|| {
        let owner = OwnerId([7; 32]);
        Owners::set([(1, owner), (2, owner), (3, OwnerId([8; 32]))].into());
        let first = bid(1, 200, 500);
        assert_noop!(place_at(2, Side::Ask, price(100), 500), Error::<Test>::OtherSide);
        bid(2, 200, 500);
        bid(2, 210, 500);
        assert_noop!(place_at(1, Side::Bid, price(210), 500), Error::<Test>::TooManyOrders);
        ask(3, 100, 500);
        // The side is the owner's of then, whoever the account is said to belong to meanwhile.
        Owners::take();
        assert_ok!(cancel(1, first));
        close_gate();
        nothing_is_left_in_the_book();
    });
}

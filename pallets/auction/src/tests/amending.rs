//! Amending and cancelling: what keeps its place, what loses it, and what is given back.

use super::*;

#[test]
fn an_order_that_loses_energy_keeps_its_number_and_its_place() {
    run(|| {
        let first = bid(1, 200, 1_000);
        let second = bid(2, 200, 1_000);
        assert_ok!(amend(1, first, 200, 400));
        assert_eq!(book(Side::Bid), [(first, 200, 400), (second, 200, 1_000)]);
        assert_eq!(money(1), (1_000_000 - 80, 80, 0));
        let reduced =
            Event::OrderReduced { slot: SLOT, id: first, energy: Wh(400), released: 120 * MILLI };
        assert_eq!(last_event(), reduced);
    });
}

#[test]
fn a_reduced_ask_gets_part_of_its_deposit_back() {
    run(|| {
        let id = ask(1, 100, 1_000);
        assert_eq!(money(1).1, 210);
        assert_ok!(amend(1, id, 100, 300));
        assert_eq!(money(1), (1_000_000 - 63, 63, 0));
        assert_eq!(book(Side::Ask), [(id, 100, 300)]);
    });
}

#[test]
fn an_amendment_to_the_same_changes_nothing() {
    run(|| {
        let id = bid(1, 200, 1_000);
        bid(2, 200, 1_000);
        let before = book(Side::Bid);
        assert_ok!(amend(1, id, 200, 1_000));
        assert_eq!(book(Side::Bid), before);
        assert_eq!(money(1).1, 200);
    });
}

#[test]
fn an_order_that_gains_energy_goes_to_the_end_of_the_queue() {
    run(|| {
        let first = bid(1, 200, 1_000);
        let second = bid(2, 200, 1_000);
        assert_ok!(amend(1, first, 200, 1_100));
        assert_eq!(book(Side::Bid), [(second, 200, 1_000), (2, 200, 1_100)]);
        assert_eq!(money(1), (1_000_000 - 220, 220, 0));
        let cancelled =
            Event::OrderCancelled { slot: SLOT, id: first, who: 1, released: 200 * MILLI };
        let placed = Event::OrderPlaced {
            slot: SLOT,
            id: 2,
            who: 1,
            broker: None,
            side: Side::Bid,
            limit: price(200),
            energy: Wh(1_100),
            held: 220 * MILLI,
            for_bond: 0,
            for_work: 0,
        };
        assert!(events().ends_with(&[cancelled, placed]));
    });
}

#[test]
fn an_order_with_a_new_price_is_a_new_order_even_if_it_loses_energy() {
    run(|| {
        let first = ask(1, 100, 1_000);
        let second = ask(2, 110, 1_000);
        assert_ok!(amend(1, first, 110, 500));
        assert_eq!(book(Side::Ask), [(second, 110, 1_000), (2, 110, 500)]);
        assert_eq!(money(1).1, 105);
        assert_noop!(amend(1, first, 110, 400), Error::<Test>::UnknownOrder);
    });
}

#[test]
fn a_larger_order_may_use_what_the_old_one_held() {
    run(|| {
        Free::insert(PAUPER, 200 * MILLI);
        let id = bid(PAUPER, 200, 1_000);
        assert_noop!(amend(PAUPER, id, 201, 1_000), Error::<Test>::InsufficientFunds);
        assert_ok!(amend(PAUPER, id, 250, 800));
        assert_eq!((Free::get(PAUPER), ForOrders::get(PAUPER)), (0, 200 * MILLI));
    });
}

#[test]
fn an_amended_order_obeys_the_rules_of_an_order() {
    run(|| {
        let id = bid(1, 200, 1_000);
        assert_noop!(amend(1, id, 79, 1_000), Error::<Test>::OutsideCorridor);
        assert_noop!(amend(1, id, 200, 100), Error::<Test>::BelowLeastOrder);
        assert_noop!(amend(1, id, 200, 0), Error::<Test>::BelowLeastOrder);
        assert_noop!(amend(1, id, 200, 350), Error::<Test>::NotWholeLots);
        assert_noop!(amend(1, id, 200, 1_000_100), Error::<Test>::AboveLargestOrder);
        let off = PricePerKwh(price(200).0 + 1);
        let off = Call::amend_order { slot: SLOT, id, limit: off, energy: Wh(1_000) };
        assert_noop!(call(1, off), Error::<Test>::OffTick);
    });
}

#[test]
fn who_lost_the_credential_may_reduce_and_cancel_and_do_nothing_new() {
    run(|| {
        let id = bid(1, 200, 1_000);
        TestMembership::forbid_all(Role::Trade);
        assert_noop!(amend(1, id, 210, 1_000), Error::<Test>::NotPermitted);
        assert_noop!(amend(1, id, 200, 1_100), Error::<Test>::NotPermitted);
        assert_ok!(amend(1, id, 200, 500));
        assert_ok!(cancel(1, id));
        assert_eq!(money(1), (1_000_000, 0, 0));
    });
}

#[test]
fn only_its_owner_amends_or_cancels_an_order() {
    run(|| {
        let id = bid(1, 200, 1_000);
        assert_noop!(amend(2, id, 200, 500), Error::<Test>::NotYourOrder);
        assert_noop!(cancel(2, id), Error::<Test>::NotYourOrder);
        assert_noop!(amend(1, id + 1, 200, 500), Error::<Test>::UnknownOrder);
        assert_noop!(cancel(1, id + 1), Error::<Test>::UnknownOrder);
    });
}

#[test]
fn a_cancelled_order_gives_back_all_that_it_held() {
    run(|| {
        let first = bid(1, 200, 1_000);
        let second = bid(1, 200, 300);
        assert_ok!(cancel(1, first));
        assert_eq!(money(1), (1_000_000 - 60, 60, 0));
        let cancelled =
            Event::OrderCancelled { slot: SLOT, id: first, who: 1, released: 200 * MILLI };
        assert_eq!(last_event(), cancelled);
        assert_noop!(cancel(1, first), Error::<Test>::UnknownOrder);
        assert_ok!(cancel(1, second));
        assert_eq!(Free::get(1), ENDOWMENT);
        nothing_is_left_in_the_book();
    });
}

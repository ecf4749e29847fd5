//! An owner's asks of a slot are at most what its connections are rated to let out.

use super::*;
use crate::StandingOrders;

fn rate(who: AccountId, energy: u64) {
    Ratings::mutate(|all| all.insert(owner(who), energy));
}

#[test]
fn asks_reach_the_rating_and_not_a_lot_further() {
    run(|| {
        rate(1, 1_000);
        let above = |energy| place_at(1, Side::Ask, price(100), energy);
        assert_noop!(above(1_100), Error::<Test>::AboveRating);
        let first = ask(1, 100, 600);
        assert_noop!(above(500), Error::<Test>::AboveRating);
        ask(1, 200, 400);
        assert_noop!(above(200), Error::<Test>::AboveRating);
        // Cancelling and reducing make room.
        assert_ok!(cancel(1, first));
        assert_noop!(above(700), Error::<Test>::AboveRating);
        assert_ok!(above(600));
    });
}

#[test]
fn without_connections_nothing_is_sold_and_anything_is_bought() {
    run(|| {
        rate(1, 0);
        let refused = place_at(1, Side::Ask, price(100), 200);
        assert_noop!(refused, Error::<Test>::AboveRating);
        bid(1, 100, 1_000_000);
    });
}

#[test]
fn an_amendment_stays_within_the_rating() {
    run(|| {
        MaxOrdersPerAccount::set(4);
        rate(1, 1_000);
        let first = ask(1, 100, 600);
        ask(1, 200, 400);
        assert_noop!(amend(1, first, 100, 700), Error::<Test>::AboveRating);
        assert_noop!(amend(1, first, 110, 700), Error::<Test>::AboveRating);
        assert_ok!(amend(1, first, 110, 600));
        let again = record(SLOT).next_order - 1;
        assert_ok!(amend(1, again, 110, 300));
        ask(1, 120, 300);
        assert_noop!(place_at(1, Side::Ask, price(100), 200), Error::<Test>::AboveRating);
    });
}

#[test]
fn all_accounts_of_an_owner_count_together() {
    run(|| {
        rate(1, 1_000);
        TestMembership::set_owner(2, owner(1));
        ask(1, 100, 600);
        let second = |energy| place_at(2, Side::Ask, price(100), energy);
        assert_noop!(second(500), Error::<Test>::AboveRating);
        assert_ok!(second(400));
    });
}

#[test]
fn standing_orders_count_with_the_others() {
    run(|| {
        rate(1, 1_000);
        TestMembership::set_owner(2, owner(1));
        let order = NewOrder { side: Side::Ask, limit: price(100), energy: Wh(600) };
        for who in [1, 2] {
            assert_ok!(call(who, Call::set_standing_order { order }));
        }
        let next = SLOT.next();
        poll_at(schedule(next).gate_opens);
        assert_eq!(Orders::<Test>::iter_prefix((next, Side::Ask)).count(), 1);
        let failures = [1, 2].map(|who| StandingOrders::<Test>::get(who).unwrap().failures);
        assert_eq!(failures.iter().sum::<u8>(), 1, "it is its own connections that are too small");
        let by_hand = |energy| place_in(next, 1, Side::Ask, price(100), energy);
        assert_noop!(by_hand(500), Error::<Test>::AboveRating);
        assert_ok!(by_hand(400));
    });
}

//! Placing orders: what is taken, what it holds, and what is refused.

use super::*;
use crate::{Levels, OrderKeys, Participant, Participants, PriceLevel, PricePriority};
use qedex_primitives::{LeaderTerms, Role};
use sp_runtime::Permill;

/// Prices and energies that do not divide evenly.
const ODD_TERMS: LeaderTerms = LeaderTerms {
    floor: PricePerKwh(1_000),
    cap: PricePerKwh(1_900),
    grid_fee: PricePerKwh(7),
    tick: PricePerKwh(1),
    lot: Wh(1),
    least_order: Wh(1),
    wh_per_key: Wh(1_000),
    deposit_rate: Permill::from_percent(70),
};

#[test]
fn a_bid_holds_what_it_may_cost_rounded_down() {
    ExtBuilder::default().terms(ODD_TERMS).build_and_execute(|| {
        // 1333 * 101 / 1000 = 134.633.
        assert_ok!(place_at(1, Side::Bid, PricePerKwh(1_333), 101));
        assert_eq!(ForOrders::get(1), 134);
        assert_eq!(Free::get(1), ENDOWMENT - 134);
        let placed = Event::OrderPlaced {
            slot: SLOT,
            id: 0,
            who: 1,
            broker: None,
            side: Side::Bid,
            limit: PricePerKwh(1_333),
            energy: Wh(101),
            held: 134,
            for_bond: 0,
            for_work: 0,
        };
        assert_eq!(last_event(), placed);
    });
}

#[test]
fn an_ask_holds_its_deposit_rounded_up_whatever_its_limit() {
    ExtBuilder::default().terms(ODD_TERMS).build_and_execute(|| {
        // 70 % of 1900 * 101 / 1000 = 134.33.
        assert_ok!(place_at(1, Side::Ask, PricePerKwh(1_000), 101));
        assert_ok!(place_at(2, Side::Ask, PricePerKwh(1_900), 101));
        assert_eq!((ForOrders::get(1), ForOrders::get(2)), (135, 135));
    });
}

#[test]
fn an_order_is_kept_with_its_key_its_level_and_its_owner() {
    run(|| {
        let first = bid(1, 200, 300);
        let second = bid(2, 200, 500);
        assert_eq!((first, second), (0, 1));
        assert_eq!(OrderKeys::<Test>::get(SLOT, second), Some((Side::Bid, price(200))));
        let level =
            Levels::<Test>::get((SLOT, Side::Bid, PricePriority::new(Side::Bid, price(200))));
        assert_eq!(level, Some(PriceLevel { energy: Wh(800), orders: 2 }));
        let part = Participants::<Test>::get(SLOT, owner(1));
        assert_eq!(part, Some(Participant { side: Side::Bid, orders: 1, energy: Wh(300) }));
        assert_eq!((record(SLOT).bids, record(SLOT).asks), (2, 0));
    });
}

#[test]
fn limits_lie_inside_the_corridor_ends_included() {
    run(|| {
        for side in [Side::Bid, Side::Ask] {
            assert_noop!(place_at(1, side, price(79), 200), Error::<Test>::OutsideCorridor);
            assert_noop!(place_at(1, side, price(301), 200), Error::<Test>::OutsideCorridor);
        }
        bid(1, 80, 200);
        bid(1, 300, 200);
        ask(2, 80, 200);
        ask(2, 300, 200);
    });
}

#[test]
fn limits_are_whole_ticks() {
    run(|| {
        let off = PricePerKwh(price(200).0 + 1);
        assert_noop!(place_at(1, Side::Bid, off, 200), Error::<Test>::OffTick);
        assert_noop!(place_at(1, Side::Ask, off, 200), Error::<Test>::OffTick);
    });
}

#[test]
fn energies_are_whole_lots_from_the_least_to_the_largest_order() {
    run(|| {
        let at = |energy| place_at(1, Side::Bid, price(200), energy);
        assert_noop!(at(0), Error::<Test>::BelowLeastOrder);
        assert_noop!(at(100), Error::<Test>::BelowLeastOrder);
        assert_noop!(at(250), Error::<Test>::NotWholeLots);
        assert_noop!(at(1_000_100), Error::<Test>::AboveLargestOrder);
        assert_ok!(at(200));
        assert_ok!(at(1_000_000));
    });
}

#[test]
fn an_account_takes_one_side_of_a_slot() {
    run(|| {
        let id = bid(1, 200, 200);
        ask(2, 200, 200);
        assert_noop!(place_at(1, Side::Ask, price(200), 200), Error::<Test>::OtherSide);
        assert_noop!(place_at(2, Side::Bid, price(200), 200), Error::<Test>::OtherSide);
        // Who has nothing in the book any more is free to choose again.
        assert_ok!(cancel(1, id));
        ask(1, 200, 200);
    });
}

#[test]
fn the_sides_of_different_slots_are_independent() {
    run(|| {
        close_gate();
        let next = SLOT.next();
        assert_ok!(place_in(next, 1, Side::Ask, price(200), 200));
        assert_ok!(place_in(next.next(), 1, Side::Bid, price(200), 200));
    });
}

#[test]
fn buying_and_selling_need_credentials() {
    run(|| {
        let at = |who, side| place_at(who, side, price(200), 200);
        assert_noop!(at(STRANGER, Side::Bid), Error::<Test>::NotPermitted);
        assert_noop!(at(STRANGER, Side::Ask), Error::<Test>::NotPermitted);
        assert_noop!(at(CONSUMER, Side::Ask), Error::<Test>::NotPermitted);
        assert_ok!(at(CONSUMER, Side::Bid));
    });
}

#[test]
fn an_order_needs_an_owner() {
    run(|| {
        TestMembership::forget_owner(1);
        for side in [Side::Bid, Side::Ask] {
            assert_noop!(place_at(1, side, price(200), 200), Error::<Test>::NotPermitted);
        }
    });
}

#[test]
fn buying_and_selling_need_the_standing_that_the_market_asks_for() {
    run(|| {
        Distrusted::set(vec![(1, Role::Sell), (2, Role::Trade)]);
        let at = |who, side| place_at(who, side, price(200), 200);
        assert_noop!(at(1, Side::Ask), Error::<Test>::StandingTooLow);
        assert_noop!(at(2, Side::Bid), Error::<Test>::StandingTooLow);
        assert_ok!(at(1, Side::Bid));
        assert_ok!(at(2, Side::Ask));
    });
}

#[test]
fn orders_need_funds() {
    run(|| {
        let at = |who, side| place_at(who, side, price(200), 1_000);
        assert_noop!(at(PAUPER, Side::Bid), Error::<Test>::InsufficientFunds);
        assert_noop!(at(PAUPER, Side::Ask), Error::<Test>::InsufficientFunds);
        // To the planck.
        Free::insert(PAUPER, 200 * MILLI - 1);
        assert_noop!(at(PAUPER, Side::Bid), Error::<Test>::InsufficientFunds);
        Free::insert(PAUPER, 200 * MILLI);
        assert_ok!(at(PAUPER, Side::Bid));
        assert_eq!(Free::get(PAUPER), 0);
        EscrowRefuses::set(true);
        assert_noop!(at(1, Side::Bid), Error::<Test>::InsufficientFunds);
    });
}

#[test]
fn an_order_needs_an_origin_that_signs() {
    run(|| {
        let order =
            Call::place_order { slot: SLOT, side: Side::Bid, limit: price(200), energy: Wh(200) };
        let result = RuntimeCall::Auction(order).dispatch(RuntimeOrigin::root());
        assert_eq!(result.unwrap_err().error, sp_runtime::DispatchError::BadOrigin);
    });
}

#[test]
fn no_order_is_taken_before_the_gate_opens() {
    run(|| {
        let next = SLOT.next();
        let at = || place_in(next, 1, Side::Bid, price(200), 200);
        assert_noop!(at(), Error::<Test>::GateNotOpen);
        Clock::set(schedule(next).gate_opens);
        // The block that opens it comes first.
        assert_noop!(at(), Error::<Test>::GateNotOpen);
        poll();
        assert_ok!(at());
    });
}

#[test]
fn no_order_is_taken_amended_or_cancelled_from_gate_closure_on() {
    run(|| {
        Clock::set(schedule(SLOT).gate_closes - 1);
        let id = bid(1, 200, 400);
        Clock::set(schedule(SLOT).gate_closes);
        let all_refused = || {
            let placed = place_at(1, Side::Bid, price(200), 200);
            assert_noop!(placed, Error::<Test>::GateNotOpen);
            assert_noop!(amend(1, id, 200, 200), Error::<Test>::GateNotOpen);
            assert_noop!(cancel(1, id), Error::<Test>::GateNotOpen);
        };
        // Also before the block that clears, and after it.
        all_refused();
        poll();
        all_refused();
    });
}

#[test]
fn an_account_has_a_bounded_number_of_orders_in_a_slot() {
    run(|| {
        let ids = [bid(1, 200, 200), bid(1, 200, 200), bid(1, 210, 200)];
        let fourth = || place_at(1, Side::Bid, price(220), 200);
        assert_noop!(fourth(), Error::<Test>::TooManyOrders);
        // An amendment stays within the number, and cancelling makes room.
        assert_ok!(amend(1, ids[0], 220, 200));
        assert_noop!(fourth(), Error::<Test>::TooManyOrders);
        assert_ok!(cancel(1, ids[1]));
        assert_ok!(fourth());
    });
}

#[test]
fn a_slot_takes_a_bounded_number_of_orders_of_both_sides() {
    run(|| {
        MaxOrdersPerSlot::set(3);
        bid(1, 200, 200);
        ask(2, 200, 200);
        let id = bid(3, 200, 200);
        let fourth = || place_at(4, Side::Ask, price(200), 200);
        assert_noop!(fourth(), Error::<Test>::BookFull);
        assert_ok!(amend(3, id, 210, 200));
        assert_noop!(fourth(), Error::<Test>::BookFull);
        assert_ok!(cancel(2, 1));
        assert_ok!(fourth());
    });
}

#[test]
fn order_numbers_are_never_used_twice() {
    run(|| {
        let id = bid(1, 200, 200);
        assert_ok!(cancel(1, id));
        assert_eq!(bid(1, 200, 200), id + 1);
        Slots::<Test>::mutate(SLOT, |record| record.as_mut().unwrap().next_order = OrderId::MAX);
        assert_noop!(place_at(1, Side::Bid, price(200), 200), Error::<Test>::BookFull);
    });
}

#[test]
fn energies_at_one_price_do_not_overflow() {
    run(|| {
        const HALF: u64 = 9_300_000_000_000_000_000;
        MaxOrderEnergy::set(u64::MAX);
        for who in [1, 2] {
            Free::insert(who, Balance::MAX / 2);
        }
        bid(1, 80, HALF);
        assert_noop!(place_at(2, Side::Bid, price(80), HALF), Error::<Test>::Overflow);
        bid(2, 81, HALF);
        assert_noop!(place_at(2, Side::Bid, price(82), HALF), Error::<Test>::Overflow);
    });
}

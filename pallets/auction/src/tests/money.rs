//! "What happens to my money if ...": one test for each row of `docs/money.md` about an order, of
//! the same name. Those about trades stand in settlement.

use super::*;

#[test]
fn my_order_finds_no_partner() {
    run(|| {
        bid(1, 119, 1_000);
        ask(2, 100, 1_000);
        assert_eq!((money(1).1, money(2).1), (119, 210));
        close_gate();
        let all_back = (1_000_000, 0, 0);
        assert_eq!((money(1), money(2)), (all_back, all_back));
        nothing_is_left_in_the_book();
    });
}

#[test]
fn my_order_trades_at_a_better_price() {
    run(|| {
        bid(1, 300, 1_000);
        ask(2, 100, 1_000);
        assert_eq!(money(1).1, 300);
        close_gate();
        let [(buyer, _, energy, payment, _)] = trades()[..] else {
            panic!("one trade");
        };
        assert_eq!((buyer, energy), (1, 1_000));
        assert!(payment < 300);
        assert_eq!(money(1), (1_000_000 - payment, 0, payment), "the rest is back");
    });
}

#[test]
fn my_order_trades_in_part() {
    run(|| {
        bid(1, 200, 1_000);
        ask(2, 100, 400);
        close_gate();
        let [(_, _, energy, payment, deposit)] = trades()[..] else {
            panic!("one trade");
        };
        assert_eq!(energy, 400);
        assert_eq!(money(1), (1_000_000 - payment, 0, payment));
        assert_eq!(money(2), (1_000_000 - deposit, 0, deposit));
        nothing_is_left_in_the_book();
    });
}

#[test]
fn i_cancel_my_order() {
    run(|| {
        let id = bid(1, 200, 1_000);
        assert_eq!(money(1), (1_000_000 - 200, 200, 0));
        assert_ok!(cancel(1, id));
        assert_eq!(money(1), (1_000_000, 0, 0), "at once");
    });
}

#[test]
fn my_order_is_refused() {
    run(|| {
        let before = money(1);
        let outside = place_at(1, Side::Bid, price(301), 1_000);
        assert_noop!(outside, Error::<Test>::OutsideCorridor);
        assert_eq!(money(1), before);
    });
}

#[test]
fn the_chain_stands_still_until_delivery() {
    run(|| {
        bid(1, 300, 1_000);
        ask(2, 100, 1_000);
        poll_at(schedule(SLOT).delivery_starts);
        let all_back = (1_000_000, 0, 0);
        assert_eq!((money(1), money(2)), (all_back, all_back));
        assert_eq!(trades(), []);
    });
}

#[test]
fn there_are_no_keys() {
    ExtBuilder::default().keys(0).build_and_execute(|| {
        bid(1, 300, 1_000);
        ask(2, 100, 1_000);
        close_gate();
        let all_back = (1_000_000, 0, 0);
        assert_eq!((money(1), money(2)), (all_back, all_back));
        assert_eq!(trades(), []);
    });
}

#[test]
fn my_broker_places_an_order_for_me() {
    run(|| {
        let grant = crate::Grant {
            buy_up_to: Some(price(200)),
            sell_from: None,
            expires: schedule(SLOT).final_at,
            budget: 300 * MILLI,
        };
        assert_ok!(call(1, Call::grant { broker: BROKER, grant }));
        let order = NewOrder { side: Side::Bid, limit: price(200), energy: Wh(1_000) };
        let orders = vec![order; 2].try_into().unwrap();
        assert_ok!(call(BROKER, Call::place_orders_for { principal: 1, slot: SLOT, orders }));
        assert_eq!(money(1), (1_000_000 - 200, 200, 0), "the second would be above the budget");
        ask(2, 100, 1_000);
        close_gate();
        let [(buyer, _, _, payment, _)] = trades()[..] else {
            panic!("one trade");
        };
        assert_eq!((buyer, money(1)), (1, (1_000_000 - payment, 0, payment)));
    });
}

#[test]
fn my_standing_order_is_left_out() {
    run(|| {
        let order = NewOrder { side: Side::Bid, limit: price(100), energy: Wh(1_000) };
        assert_ok!(call(1, Call::set_standing_order { order }));
        let list = qedex_primitives::PriceList { floor: price(120), ..LIST };
        let off = qedex_primitives::Band::Off;
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), off, list));
        poll_at(schedule(SLOT.next()).gate_opens);
        assert_eq!(money(1), (1_000_000, 0, 0));
    });
}

#[test]
fn a_trade_uses_up_my_order() {
    run(|| {
        TradePrice::set(2 * MILLI);
        let next = SLOT.next();
        poll_at(schedule(next).gate_opens);
        assert_ok!(place_in(next, 1, Side::Bid, price(300), 1_000));
        assert_ok!(place_in(next, 2, Side::Ask, price(100), 400));
        assert_eq!((money(1).1, money(2).1), (302, 86), "the work of a trade is held besides");
        poll_at(schedule(next).gate_closes);
        let [(_, _, 400, payment, deposit)] = trades()[..] else {
            panic!("one trade");
        };
        assert_eq!(money(1), (1_000_000 - payment, 0, payment), "mine goes on, and pays nothing");
        assert_eq!(money(2), (1_000_000 - deposit - 2, 0, deposit), "the other's is used up");
    });
}

#[test]
fn my_standing_order_is_renewed() {
    run(|| {
        RenewalPrice::set(3 * MILLI);
        let order = NewOrder { side: Side::Bid, limit: price(200), energy: Wh(1_000) };
        assert_ok!(call(1, Call::set_standing_order { order }));
        assert_eq!(money(1), (1_000_000, 0, 0));
        poll_at(schedule(SLOT.next()).gate_opens);
        assert_eq!(money(1), (1_000_000 - 200 - 3, 200, 0));
    });
}

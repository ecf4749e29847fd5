//! What thieves tried, step by step: each test plays one's own sequence, and says what it earned before
//! and earns now. Those that take several pallets stand in the runtime's games.

use super::*;
use crate::{CurrentLimits, Grant, MAX_FAILURES, StandingOrders};
use qedex_primitives::{Band, KeyAdmission, LeaderLimits, PriceList};
use sp_runtime::Permill;

/// The share of the trade's deposit and price that an accomplice gets who buys what is never delivered:
/// what the grid would have cost more, for the energy traded. In thousandths of a QED.
fn harm_paid_to(buyer: AccountId) -> Balance {
    let of = |trade: &Trade| (TERMS.cap.0 - trade.1.buyer_price.0) * u128::from(trade.1.energy.0);
    let trades = Trades::get();
    trades.iter().filter(|trade| trade.1.buyer == buyer).map(of).sum::<u128>() / 1_000 / MILLI
}

/// A deputy of account 1 sells, just before the gate closes, 1,000 kWh that its principal has not got to
/// its accomplice, account 2, at the floor. It earned 192 of the 210 QED that the principal had to hold
/// in each slot; by a grant for a battery of 5 kWh it earns not even its budget.
#[test]
fn a_deputy_does_not_empty_its_principal() {
    run(|| {
        Clock::set(schedule(SLOT).gate_closes - 1);
        Ratings::set([(owner(1), 5_000)].into());
        let budget = 1_050 * MILLI;
        let grant = Grant {
            buy_up_to: None,
            sell_from: Some(price(180)),
            expires: schedule(SLOT).final_at,
            budget,
        };
        assert_ok!(call(1, Call::grant { broker: BROKER, grant }));
        let sell = |mills, energy| {
            let orders =
                vec![NewOrder { side: Side::Ask, limit: price(mills), energy: Wh(energy) }];
            let orders = orders.try_into().unwrap();
            assert_ok!(call(BROKER, Call::place_orders_for { principal: 1, slot: SLOT, orders }));
        };
        sell(80, 1_000_000);
        assert!(matches!(last_event(), Event::OrderRefused { .. }), "worse than granted");
        sell(180, 1_000_000);
        assert!(matches!(last_event(), Event::OrderRefused { .. }), "more than it is rated for");
        // All that its grant allows.
        sell(180, 5_000);
        sell(180, 200);
        bid(2, 200, 1_000_000);
        close_gate();
        assert_eq!(money(1), (1_000_000 - 1_050, 0, 1_050), "the budget, and nothing else");
        assert_eq!(harm_paid_to(2), 500, "of 192,000");
        assert_eq!(Orders::<Test>::iter().count(), 0);
    });
}

/// The aggregator's four: fee zero, a key a watt-hour, a tick that ends standing orders, a corridor that
/// hands the surplus to a friend. None of the first three can be said any more.
#[test]
fn an_aggregator_sets_no_prices_and_does_not_close_the_market() {
    run(|| {
        let limits = LeaderLimits {
            least_share: Permill::from_percent(10),
            least_wh_per_key: Wh(1_000),
            most_wh_per_key: Wh(1_500),
        };
        CurrentLimits::<Test>::put(limits);
        Keys::set(30);
        let order = NewOrder { side: Side::Bid, limit: price(203), energy: Wh(1_000) };
        assert_ok!(call(3, Call::set_standing_order { order }));
        let mut slot = SLOT;
        for _ in 0..=MAX_FAILURES {
            slot = slot.next();
            let announce = |percent, energy| {
                let share = Permill::from_percent(percent);
                let admission = KeyAdmission { share, wh_per_key: Wh(energy) };
                call(AGGREGATOR, Call::announce { slot, admission })
            };
            assert_noop!(announce(100, 1), Error::<Test>::BeyondLimits);
            assert_noop!(announce(0, 1_000), Error::<Test>::BeyondLimits);
            // The least that it can do.
            assert_ok!(announce(10, 1_000));
            poll_at(schedule(slot).gate_opens);
            let terms = record(slot).terms;
            assert_eq!((terms.leader, terms.keys), (TERMS, 3), "prices are the council's");
        }
        assert!(StandingOrders::<Test>::contains_key(3), "nobody's standing order ends for it");
        assert_eq!(Orders::<Test>::iter_prefix((slot, Side::Bid)).count(), 1);
    });
}

/// It sets the quantity so that its own order gains: it has none, by no account, also where it asks a
/// second aggregator to announce in its place.
#[test]
fn an_aggregator_does_not_trade_where_it_leads() {
    run(|| {
        let next = SLOT.next();
        TestMembership::permit(AGGREGATOR, Role::Sell);
        TestMembership::permit(9, Role::Aggregate);
        Free::insert(AGGREGATOR, ENDOWMENT);
        let admission = KeyAdmission { share: Permill::one(), wh_per_key: Wh(1_000) };
        assert_ok!(call(AGGREGATOR, Call::announce { slot: next, admission }));
        let again = call(9, Call::announce { slot: next, admission });
        assert_noop!(again, Error::<Test>::LedByAnother);
        poll_at(schedule(next).gate_opens);
        let own = place_in(next, AGGREGATOR, Side::Ask, price(250), 1_000);
        assert_noop!(own, Error::<Test>::LeadsThisSlot);
    });
}

/// One ask at the floor, larger than all demand: under McAfee's rule it took itself and everything behind
/// it out of the market. That rule is not offered, and an ask is bounded by what its owner has.
#[test]
fn a_giant_ask_is_refused_and_would_empty_nothing() {
    run(|| {
        bid(3, 200, 1_000);
        ask(4, 100, 1_000);
        Ratings::set([(owner(1), 2_000)].into());
        let giant = place_at(1, Side::Ask, price(80), 1_000_000);
        assert_noop!(giant, Error::<Test>::AboveRating);
        ask(1, 80, 2_000);
        close_gate();
        let volume: u64 = trades().iter().map(|trade| trade.2).sum();
        assert_eq!(volume, 1_000, "demand is served");
    });
}

/// A pair takes all keys in each slot by standing orders of 1,000 kWh at floor and cap, of which its plant
/// delivers nothing. It gets what its connections are rated for, and the others the rest.
#[test]
fn a_pair_takes_no_more_keys_than_its_connections_are_rated_for() {
    ExtBuilder::default().keys(10).build_and_execute(|| {
        Ratings::set([(owner(2), 3_000)].into());
        for (who, side, mills, energy) in
            [(1, Side::Bid, 300, 1_000_000), (2, Side::Ask, 80, 1_000_000)]
        {
            let order = NewOrder { side, limit: price(mills), energy: Wh(energy) };
            assert_ok!(call(who, Call::set_standing_order { order }));
        }
        let next = SLOT.next();
        poll_at(schedule(next).gate_opens);
        assert_eq!(Orders::<Test>::iter_prefix((next, Side::Ask)).count(), 0, "1,000 kWh");
        let order = NewOrder { side: Side::Ask, limit: price(80), energy: Wh(3_000) };
        assert_ok!(call(2, Call::set_standing_order { order }));
        let slot = next.next();
        poll_at(schedule(slot).gate_opens);
        assert_ok!(place_in(slot, 3, Side::Bid, price(250), 7_000));
        assert_ok!(place_in(slot, 4, Side::Ask, price(100), 7_000));
        poll_at(schedule(slot).gate_closes);
        let sold = |seller| -> u64 {
            let trades = Trades::get();
            trades.iter().filter(|trade| trade.1.seller == seller).map(|t| t.1.energy.0).sum()
        };
        assert_eq!((sold(2), sold(4)), (3_000, 7_000));
    });
}

/// Ended and set again before each gate opens, a standing order was the first at its price.
#[test]
fn coming_last_does_not_make_a_standing_order_the_first() {
    run(|| {
        for who in 1..=4 {
            let order = NewOrder { side: Side::Bid, limit: price(200), energy: Wh(500) };
            assert_ok!(call(who, Call::set_standing_order { order }));
        }
        let mut firsts = 0;
        let mut slot = SLOT;
        for _ in 0..8 {
            assert_ok!(call(1, Call::end_standing_order {}));
            let order = NewOrder { side: Side::Bid, limit: price(200), energy: Wh(500) };
            assert_ok!(call(1, Call::set_standing_order { order }));
            slot = slot.next();
            poll_at(schedule(slot).gate_opens);
            let first = Orders::<Test>::iter_prefix((slot, Side::Bid)).next().unwrap().1.who;
            firsts += u32::from(first == 1);
        }
        assert_eq!(firsts, 2, "one in four, as everybody");
    });
}

/// Two members make the terms of a band contradict what its standing orders say, for a day: nobody's ends.
#[test]
fn a_day_of_odd_terms_ends_no_standing_orders() {
    run(|| {
        let order = NewOrder { side: Side::Ask, limit: price(200), energy: Wh(500) };
        assert_ok!(call(1, Call::set_standing_order { order }));
        let list = PriceList { cap: price(190), least_order: Wh(400), ..LIST };
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), Band::Off, list));
        let mut slot = SLOT;
        for _ in 0..20 {
            slot = slot.next();
            poll_at(schedule(slot).gate_opens);
        }
        assert_eq!(StandingOrders::<Test>::get(1).unwrap().failures, 0);
    });
}

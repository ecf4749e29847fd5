//! The rule `McAfee`: who leaves, who is filled, and that pages change nothing.

use super::*;
use frame_support::weights::Weight;
use proptest::prelude::*;
use qedex_math::clearing::{Book, Corridor, Order, clear};
use qedex_primitives::{LeaderTerms, Rule};

const REDUCED: LeaderTerms = LeaderTerms { rule: Rule::McAfee, ..TERMS };

fn market(keys: u64) -> ExtBuilder {
    ExtBuilder::default().terms(REDUCED).keys(keys)
}

#[test]
fn the_marginal_orders_leave_and_set_the_prices() {
    market(1_000).build_and_execute(|| {
        bid(1, 280, 300);
        bid(2, 250, 900);
        ask(3, 100, 300);
        ask(4, 120, 200);
        close_gate();
        let result = Auction::result(SLOT).unwrap();
        assert_eq!(result.volume, Wh(300));
        assert_eq!(result.buyers_pay, Some(price(250)));
        assert_eq!(result.sellers_receive, Some(price(120)));
        assert_eq!(result.beyond_fee, price(250 - 120 - 20));
        assert_eq!(result.keys_used, 1);
        let who: Vec<_> = trades().iter().map(|t| (t.0, t.1, t.2)).collect();
        assert_eq!(who, [(1, 3, 300)]);
        nothing_is_left_in_the_book();
    });
}

#[test]
fn the_longer_side_is_filled_by_arrival() {
    market(1_000).build_and_execute(|| {
        bid(1, 240, 300);
        bid(2, 280, 300);
        bid(3, 200, 200);
        ask(4, 100, 400);
        ask(5, 120, 900);
        close_gate();
        let who: Vec<_> = trades().iter().map(|t| (t.0, t.1, t.2)).collect();
        assert_eq!(who, [(1, 4, 300), (2, 4, 100)]);
        nothing_is_left_in_the_book();
    });
}

#[test]
fn one_order_a_side_and_no_keys_trade_nothing() {
    for keys in [0, 1_000] {
        market(keys).build_and_execute(|| {
            bid(1, 280, 300);
            ask(2, 100, 300);
            close_gate();
            let result = Auction::result(SLOT).unwrap();
            assert_eq!((result.volume, result.buyers_pay), (Wh(0), None));
            assert_eq!(result.cap_binding, keys == 0);
            assert_eq!(phase(SLOT), Phase::Matched);
            nothing_is_left_in_the_book();
        });
    }
}

#[test]
fn a_slot_that_is_still_reduced_when_delivery_begins_is_annulled() {
    market(1_000).build_and_execute(|| {
        for who in 1..=4 {
            bid(who, 280, 300);
            ask(who + 4, 100, 300);
        }
        Clock::set(schedule(SLOT).gate_closes);
        // The looks, three slots that open, discovery, and one look at an order.
        poll_within(STEP.saturating_mul(1 + 3 + 1 + 8 + 1));
        assert!(matches!(phase(SLOT), Phase::Reducing { .. }));
        poll_at(schedule(SLOT).delivery_starts);
        assert!(events().contains(&Event::SlotAnnulled { slot: SLOT }));
        assert_eq!(trades(), []);
        nothing_is_left_in_the_book();
    });
}

/// Side, place of the limit above the floor in ticks, energy in lots.
type AnyOrder = (bool, u128, u64);

/// Places the orders, one account each, clears in pages of so many steps, and returns the fills by
/// order, with prices.
fn fills(orders: &[AnyOrder], keys: u64, page: u64) -> (Option<(u128, u128)>, Vec<u64>) {
    let mut fills = vec![0; orders.len()];
    let mut prices = None;
    market(keys).build_and_execute(|| {
        for (place, (is_bid, ticks, lots)) in orders.iter().enumerate() {
            let side = if *is_bid { Side::Bid } else { Side::Ask };
            let who = 100 + place as AccountId;
            TestMembership::permit(who, Role::Trade);
            TestMembership::permit(who, Role::Sell);
            Free::insert(who, ENDOWMENT);
            assert_ok!(place_at(who, side, price(80 + ticks * 20), lots * 100 + 100));
        }
        Clock::set(schedule(SLOT).gate_closes);
        poll_within(STEP.saturating_mul(1 + 3 + 1 + 40));
        for _ in 0..2_000 {
            if phase(SLOT) == Phase::Matched {
                break;
            }
            poll_within(STEP.saturating_mul(page));
        }
        assert_eq!(phase(SLOT), Phase::Matched);
        let result = Auction::result(SLOT).unwrap();
        prices = result.buyers_pay.zip(result.sellers_receive).map(|(b, s)| (b.0, s.0));
        for (_, trade) in Trades::get() {
            fills[(trade.buyer - 100) as usize] += trade.energy.0;
            fills[(trade.seller - 100) as usize] += trade.energy.0;
        }
        assert_eq!(ForOrders::iter().map(|(_, held)| held).sum::<Balance>(), 0);
    });
    (prices, fills)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_chain_fills_as_the_mathematics_does_in_pages_of_any_size(
        orders in prop::collection::vec((any::<bool>(), 0..12_u128, 1..8_u64), 0..16),
        keys in prop_oneof![Just(1_000_u64), 0..6_u64],
        page in 5..30_u64,
    ) {
        let mut sides = (vec![], vec![]);
        let mut places = (vec![], vec![]);
        for (place, (is_bid, ticks, lots)) in orders.iter().enumerate() {
            let order = Order {
                limit: price(80 + ticks * 20),
                energy: Wh(lots * 100 + 100),
            };
            let (side, place_of) = if *is_bid {
                (&mut sides.0, &mut places.0)
            } else {
                (&mut sides.1, &mut places.1)
            };
            side.push(order);
            place_of.push(place);
        }
        let corridor = Corridor {
            floor: REDUCED.floor,
            cap: REDUCED.cap,
            grid_fee: REDUCED.grid_fee,
        };
        let book = Book { bids: &sides.0, asks: &sides.1 };
        let cleared = clear(Rule::McAfee, book, &corridor, Wh(keys * 1_000));
        let mut expected = vec![0; orders.len()];
        for (fills, places) in [(&cleared.bids, &places.0), (&cleared.asks, &places.1)] {
            for (fill, place) in fills.iter().zip(places) {
                expected[*place] = fill.0;
            }
        }
        let (prices, found) = fills(&orders, keys, page);
        let clearing = cleared.clearing;
        prop_assert_eq!(
            prices,
            clearing.buyers_pay.zip(clearing.sellers_receive).map(|(b, s)| (b.0, s.0))
        );
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_page_looks_at_as_many_orders_as_fit() {
    market(1_000).build_and_execute(|| {
        for who in 1..=5 {
            bid(who, 280, 300);
            ask(who + 5, 100, 300);
        }
        Clock::set(schedule(SLOT).gate_closes);
        poll_within(STEP.saturating_mul(1 + 3 + 1 + 10));
        let used = poll_within(STEP.saturating_mul(2 + 3));
        assert_eq!(used, Weight::from_parts(5_000, 0));
        assert!(matches!(phase(SLOT), Phase::Reducing { seen: Some(4), last_bid: None, .. }));
    });
}

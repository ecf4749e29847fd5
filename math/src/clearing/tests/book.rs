//! Whole books under both rules.

use super::{
    books::{a_book, check_conservation, found, mcafee, uniform},
    properties::{best_choice, watt_hours},
    *,
};
use proptest::prelude::*;

fn as_levels(orders: &[Order]) -> Vec<Level> {
    let level = |order: &Order| Level { price: order.limit, energy: order.energy };
    orders.iter().map(level).collect()
}

#[test]
fn earlier_orders_are_filled_first_within_a_limit() {
    let order = |limit, energy| Order { limit: PricePerKwh(limit), energy: Wh(energy) };
    let bids = [order(20, 4), order(25, 1), order(20, 4)];
    let asks = [order(10, 3), order(9, 3)];
    let book = Book { bids: &bids, asks: &asks };
    let cleared = clear(Rule::Uniform, book, &CORRIDOR, NO_CAP);
    assert_eq!(cleared.bids, [Wh(4), Wh(1), Wh(1)]);
    assert_eq!(cleared.asks, [Wh(3), Wh(3)]);
    let trades = [(1, 1, Wh(1)), (0, 1, Wh(2)), (0, 0, Wh(2)), (2, 0, Wh(1))];
    assert_eq!(cleared.trades, trades);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_uniform_surplus_is_the_exact_optimum(
        (corridor, bids, asks, most) in a_book(4, 2),
    ) {
        let book = Book { bids: &bids, asks: &asks };
        let cleared = clear(Rule::Uniform, book, &corridor, most);
        check_conservation(&cleared, &bids, &asks, &corridor, most)?;
        let fee = corridor.grid_fee.0;
        let all = (watt_hours(&as_levels(&bids), true), watt_hours(&as_levels(&asks), false));
        // Of single watt-hours, at most seven a side: every choice of them is looked at.
        prop_assume!(all.0.len() <= 7 && all.1.len() <= 7);
        let best = best_choice(&all.0, &all.1, fee, most.0);
        let volume = cleared.clearing.volume.0;
        let net = cleared.clearing.surplus as i128 - fee as i128 * i128::from(volume);
        prop_assert_eq!((net, volume), best);
    }

    #[test]
    fn both_rules_clear_as_single_watt_hours_do(
        (corridor, bids, asks, most) in a_book(12, 9),
    ) {
        let book = Book { bids: &bids, asks: &asks };
        for (rule, twin) in [(Rule::Uniform, uniform as fn(&_, &_, &_, _) -> _), (Rule::McAfee, mcafee)] {
            let cleared = clear(rule, book, &corridor, most);
            check_conservation(&cleared, &bids, &asks, &corridor, most)?;
            prop_assert_eq!(found(&cleared), twin(&bids[..], &asks[..], &corridor, most));
        }
    }

    #[test]
    fn keys_stay_within_the_budget_under_both_rules(
        (corridor, bids, asks, _) in a_book(12, 9), keys in 0..12_u64, per_key in 1..12_u64,
    ) {
        let book = Book { bids: &bids, asks: &asks };
        for rule in [Rule::Uniform, Rule::McAfee] {
            let cleared = clear(rule, book, &corridor, energy_cap(keys, Wh(per_key)));
            prop_assert!(keys_used(cleared.clearing.volume, Wh(per_key)) <= keys);
        }
    }

    #[test]
    fn the_reduced_trade_is_never_more_than_the_uniform_one(
        (corridor, bids, asks, most) in a_book(12, 9),
    ) {
        let book = Book { bids: &bids, asks: &asks };
        let uniform = clear(Rule::Uniform, book, &corridor, most).clearing;
        let reduced = clear(Rule::McAfee, book, &corridor, most).clearing;
        prop_assert!(reduced.volume <= uniform.volume && reduced.surplus <= uniform.surplus);
        prop_assert!(reduced.volume < uniform.volume || uniform.volume.is_zero());
        prop_assert_eq!(reduced.cap_binding, uniform.cap_binding);
    }

    #[test]
    fn no_order_panics_under_either_rule(
        bids in prop::collection::vec((any::<u128>(), any::<u64>()), 0..6),
        asks in prop::collection::vec((any::<u128>(), any::<u64>()), 0..6),
        (floor, cap, grid_fee) in (any::<u128>(), any::<u128>(), any::<u128>()),
        most in any::<u64>(),
    ) {
        let orders = |side: &[(u128, u64)]| -> Vec<Order> {
            let order = |(limit, energy): &(u128, u64)| Order {
                limit: PricePerKwh(*limit),
                energy: Wh(*energy),
            };
            side.iter().map(order).collect()
        };
        let (bids, asks) = (orders(&bids), orders(&asks));
        let corridor = Corridor {
            floor: PricePerKwh(floor),
            cap: PricePerKwh(cap),
            grid_fee: PricePerKwh(grid_fee),
        };
        let book = Book { bids: &bids, asks: &asks };
        for rule in [Rule::Uniform, Rule::McAfee] {
            let cleared = clear(rule, book, &corridor, Wh(most));
            let sum = |fills: &[Wh]| fills.iter().map(|fill| u128::from(fill.0)).sum::<u128>();
            prop_assert_eq!(sum(&cleared.bids), u128::from(cleared.clearing.volume.0));
            prop_assert_eq!(sum(&cleared.asks), u128::from(cleared.clearing.volume.0));
        }
    }
}

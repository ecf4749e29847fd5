//! Clearing by example, and against a twin that looks at every watt-hour.

mod book;
mod books;
mod mcafee;
mod pairing;
mod properties;
mod truthful;

use super::*;
use alloc::{vec, vec::Vec};

const CORRIDOR: Corridor =
    Corridor { floor: PricePerKwh(8), cap: PricePerKwh(30), grid_fee: PricePerKwh(2) };

const NO_CAP: Wh = Wh(u64::MAX);

/// Levels from prices and energies.
fn levels(side: &[(u128, u64)]) -> Vec<Level> {
    side.iter()
        .map(|(price, energy)| Level { price: PricePerKwh(*price), energy: Wh(*energy) })
        .collect()
}

/// Volume, buyers' and sellers' price, and whether the cap binds.
type Found = (u64, Option<(u128, u128)>, bool);

fn cleared(bids: &[(u128, u64)], asks: &[(u128, u64)], max_volume: Wh) -> Found {
    let found = discover(&levels(bids), &levels(asks), &CORRIDOR, max_volume);
    let prices = found.buyers_pay.zip(found.sellers_receive);
    (found.volume.0, prices.map(|(buyers, sellers)| (buyers.0, sellers.0)), found.cap_binding)
}

#[test]
fn an_empty_side_trades_nothing() {
    assert_eq!(cleared(&[], &[], NO_CAP), (0, None, false));
    assert_eq!(cleared(&[(30, 5)], &[], NO_CAP), (0, None, false));
    assert_eq!(cleared(&[], &[(8, 5)], NO_CAP), (0, None, false));
    assert_eq!(cleared(&[(30, 5)], &[(8, 0)], NO_CAP), (0, None, false));
}

#[test]
fn a_spread_below_the_fee_trades_nothing() {
    assert_eq!(cleared(&[(20, 5)], &[(19, 5)], NO_CAP), (0, None, false));
    assert_eq!(cleared(&[(19, 5)], &[(20, 5)], NO_CAP), (0, None, false));
}

#[test]
fn a_spread_of_just_the_fee_trades() {
    assert_eq!(cleared(&[(20, 5)], &[(18, 5)], NO_CAP), (5, Some((20, 18)), false));
}

#[test]
fn with_nothing_left_out_the_corridor_bounds_the_price() {
    // The interval is [max(8, 8), min(28, 28)].
    assert_eq!(cleared(&[(30, 5)], &[(8, 5)], NO_CAP), (5, Some((20, 18)), false));
    // [max(10, 8), min(19, 28)], the midpoint 14.5 rounded down.
    assert_eq!(cleared(&[(21, 5)], &[(10, 5)], NO_CAP), (5, Some((16, 14)), false));
}

#[test]
fn the_remainder_of_a_partly_filled_bid_counts_as_left_out() {
    // The buyer is at the margin, so buyers pay that limit: [18, 18].
    assert_eq!(cleared(&[(20, 9)], &[(10, 5)], NO_CAP), (5, Some((20, 18)), false));
}

#[test]
fn the_remainder_of_a_partly_filled_ask_counts_as_left_out() {
    assert_eq!(cleared(&[(20, 5)], &[(10, 9)], NO_CAP), (5, Some((12, 10)), false));
}

#[test]
fn the_best_limits_left_out_bound_the_price() {
    // b_m = 28, s_m = 10, b_x = 19, s_x = 22: [max(10, 17), min(26, 22)].
    let (bids, asks) = ([(28, 5), (19, 1)], [(10, 5), (22, 1)]);
    assert_eq!(cleared(&bids, &asks, NO_CAP), (5, Some((21, 19)), false));
}

#[test]
fn a_binding_cap_parts_the_prices_by_the_keys_shadow_price() {
    let (bids, asks) = ([(28, 5), (25, 1)], [(10, 5), (12, 1)]);
    assert_eq!(cleared(&bids, &asks, Wh(5)), (5, Some((25, 12)), true));
    // Within a level: both remainders are left out, at the marginal limits.
    assert_eq!(cleared(&bids, &asks, Wh(4)), (4, Some((28, 10)), true));
}

#[test]
fn a_cap_of_just_the_volume_does_not_bind() {
    let (bids, asks) = ([(28, 5)], [(10, 5)]);
    assert_eq!(cleared(&bids, &asks, Wh(5)), cleared(&bids, &asks, NO_CAP));
    // What is left out would not trade anyway.
    let bids = [(28, 5), (11, 5)];
    assert_eq!(cleared(&bids, &asks, Wh(5)), cleared(&bids, &asks, NO_CAP));
}

#[test]
fn without_keys_a_crossing_book_trades_nothing_and_the_cap_binds() {
    assert_eq!(cleared(&[(28, 5)], &[(10, 5)], Wh(0)), (0, None, true));
    assert_eq!(cleared(&[(11, 5)], &[(10, 5)], Wh(0)), (0, None, false));
}

#[test]
fn the_surplus_is_what_limits_would_pay_and_take() {
    let bids = levels(&[(28, 5), (25, 5)]);
    let asks = levels(&[(10, 7), (30, 9)]);
    let found = discover(&bids, &asks, &CORRIDOR, NO_CAP);
    assert_eq!(found.volume, Wh(7));
    assert_eq!(found.surplus, 5 * 28 + 2 * 25 - 7 * 10);
}

#[test]
fn a_bid_below_the_fee_left_out_constrains_nobody() {
    let corridor =
        Corridor { floor: PricePerKwh(0), cap: PricePerKwh(100), grid_fee: PricePerKwh(50) };
    let found = discover(&levels(&[(90, 5), (3, 5)]), &levels(&[(10, 5)]), &corridor, NO_CAP);
    // [max(10, 3 - 50), min(90 - 50, 100 - 50)].
    assert_eq!(found.sellers_receive, Some(PricePerKwh(25)));
    assert_eq!(found.buyers_pay, Some(PricePerKwh(75)));
}

#[test]
fn limits_outside_the_corridor_are_kept_all_the_same() {
    let found = discover(&levels(&[(6, 5)]), &levels(&[(1, 5)]), &CORRIDOR, NO_CAP);
    assert_eq!(found.sellers_receive, Some(PricePerKwh(4)));
    assert_eq!(found.buyers_pay, Some(PricePerKwh(6)));
    let found = discover(&levels(&[(90, 5)]), &levels(&[(80, 5)]), &CORRIDOR, NO_CAP);
    assert_eq!(found.sellers_receive, Some(PricePerKwh(80)));
    assert_eq!(found.buyers_pay, Some(PricePerKwh(82)));
}

#[test]
fn the_surplus_is_exact_up_to_its_stated_limit() {
    let all = u64::MAX;
    let found = discover(&levels(&[(1 << 64, all)]), &levels(&[(0, all)]), &CORRIDOR, NO_CAP);
    assert_eq!(found.volume, NO_CAP);
    assert_eq!(found.surplus, u128::from(all) << 64);
    let found = discover(&levels(&[(u128::MAX, all)]), &levels(&[(0, all)]), &CORRIDOR, NO_CAP);
    assert_eq!(found.surplus, u128::MAX);
}

#[test]
fn keys_cover_energy_and_every_started_amount_uses_one() {
    assert_eq!(energy_cap(3, Wh(1_000)), Wh(3_000));
    assert_eq!(energy_cap(u64::MAX, Wh(2)), Wh(u64::MAX));
    assert_eq!(keys_used(Wh(0), Wh(1_000)), 0);
    assert_eq!(keys_used(Wh(1), Wh(1_000)), 1);
    assert_eq!(keys_used(Wh(1_000), Wh(1_000)), 1);
    assert_eq!(keys_used(Wh(1_001), Wh(1_000)), 2);
    assert_eq!(keys_used(Wh(0), Wh(0)), 0);
    assert_eq!(keys_used(Wh(1), Wh(0)), u64::MAX);
}

//! The leader's optimum by example, and against all active sets in exact fractions.

use super::*;
use alloc::vec;
use proptest::prelude::*;

/// Followers from whole numbers.
fn followers(of: &[(u128, u128)]) -> Vec<Follower> {
    of.iter().map(|(a, b)| Follower { a: a * ONE, b: b * ONE }).collect()
}

fn near(found: u128, expected: f64) -> bool {
    let found = found as f64 / ONE as f64;
    (found - expected).abs() <= 1e-9 * expected.abs().max(1.0)
}

#[test]
fn serving_the_best_follower_alone_can_beat_serving_all() {
    let best = optimum(&followers(&[(10, 1), (4, 1)]), 0, None).unwrap();
    assert_eq!((best.price, best.profit), (5 * ONE, 25 * ONE));
}

#[test]
fn with_all_followers_active_the_price_is_the_closed_form_s() {
    let all = followers(&[(10, 1), (8, 2), (6, 4)]);
    let best = optimum(&all, 2 * ONE, None).unwrap();
    assert!(near(best.price, 5.428_571_428_571_428), "{best:?}");
    assert!(near(best.volume, 6.0) && near(best.profit, 6.0 * (38.0 / 7.0 - 2.0)));
}

#[test]
fn a_capacity_raises_the_price_until_demand_fits() {
    let all = followers(&[(10, 1), (8, 2), (6, 4)]);
    let best = optimum(&all, 2 * ONE, Some(4 * ONE)).unwrap();
    assert!(near(best.price, 20.0 / 3.0), "{best:?}");
    assert!(near(best.volume, 4.0) && best.volume <= 4 * ONE);
    let demands: Vec<_> = all.iter().map(|f| f.demand(best.price).unwrap()).collect();
    assert!(near(demands[0], 10.0 / 3.0) && near(demands[1], 2.0 / 3.0));
    assert_eq!(demands[2], 0);
    let slack = optimum(&all, 2 * ONE, Some(7 * ONE)).unwrap();
    assert_eq!(slack, optimum(&all, 2 * ONE, None).unwrap());
}

#[test]
fn nobody_buys_above_what_the_first_unit_is_worth() {
    assert_eq!(optimum(&[], 0, None), Err(NoOptimum::NoDemand));
    let one = followers(&[(3, 1)]);
    assert_eq!(optimum(&one, 4 * ONE, None), Err(NoOptimum::NoDemand));
    let at_cost = optimum(&one, 3 * ONE, None).unwrap();
    assert_eq!((at_cost.price, at_cost.profit), (3 * ONE, 0));
    let without_room = optimum(&one, ONE, Some(0)).unwrap();
    assert_eq!((without_room.price, without_room.volume), (3 * ONE, 0));
}

#[test]
fn a_demand_without_end_and_numbers_without_measure_are_refused() {
    let flat = followers(&[(3, 1), (2, 0)]);
    assert_eq!(optimum(&flat, 0, None), Err(NoOptimum::ZeroSlope));
    let steep = [Follower { a: u128::MAX, b: 1 }];
    assert_eq!(optimum(&steep, 0, None), Err(NoOptimum::Overflow));
}

/// A fraction with a positive denominator.
type Fraction = (i128, i128);

fn at_least((a, b): Fraction, (c, d): Fraction) -> bool {
    a * d >= c * b
}

fn value((a, b): Fraction) -> f64 {
    a as f64 / b as f64
}

/// A multiple of every slope of these tests.
const COMMON: i128 = 60;

/// Price and profit of the best consistent active sets, of which several may be equally good: all
/// sets are looked at, whether or not they are prefixes.
fn all_sets(of: &[(i128, i128)], cost: i128, capacity: Option<i128>) -> Vec<(Fraction, Fraction)> {
    let mut best: Vec<(Fraction, Fraction)> = vec![];
    for set in 1_u32..1 << of.len() {
        let is_in = |i: usize| set >> i & 1 == 1;
        let members = || (0..of.len()).filter(|i| is_in(*i)).map(|i| of[i]);
        // A and B, both times COMMON.
        let a_sum: i128 = members().map(|(a, b)| a * (COMMON / b)).sum();
        let b_sum: i128 = members().map(|(_, b)| COMMON / b).sum();
        let mut price = (a_sum + cost * b_sum, 2 * b_sum);
        if let Some(capacity) = capacity {
            let fits = (a_sum - capacity * COMMON, b_sum);
            if at_least(fits, price) {
                price = fits;
            }
        }
        let consistent = (0..of.len()).all(|i| {
            let a = (of[i].0, 1);
            if is_in(i) { at_least(a, price) } else { at_least(price, a) }
        });
        if !consistent {
            continue;
        }
        let (n, d) = price;
        let profit = ((n - cost * d) * (a_sum * d - n * b_sum), COMMON * d * d);
        match best.first() {
            Some((_, least)) if !at_least(profit, *least) => continue,
            Some((_, least)) if !at_least(*least, profit) => best.clear(),
            _ => {}
        }
        best.push((price, profit));
    }
    best
}

fn a_market() -> impl Strategy<Value = (Vec<(u128, u128)>, u128, Option<u128>)> {
    let follower = (0..=12_u128, 1..=6_u128);
    (prop::collection::vec(follower, 0..=7), 0..=12_u128, prop::option::of(0..=20_u128))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn the_optimum_is_the_best_of_all_consistent_active_sets(
        (of, cost, capacity) in a_market(),
    ) {
        let signed: Vec<_> = of.iter().map(|(a, b)| (*a as i128, *b as i128)).collect();
        let best = all_sets(&signed, cost as i128, capacity.map(|k| k as i128));
        let found = optimum(&followers(&of), cost * ONE, capacity.map(|k| k * ONE));
        match found {
            Err(error) => {
                prop_assert_eq!(error, NoOptimum::NoDemand);
                prop_assert!(best.is_empty(), "{:?}", best);
            }
            Ok(found) => {
                prop_assert!(!best.is_empty(), "{:?}", found);
                prop_assert!(near(found.profit, value(best[0].1)), "{:?} {:?}", found, best);
                prop_assert!(
                    best.iter().any(|(price, _)| near(found.price, value(*price))),
                    "{:?} {:?}", found, best
                );
            }
        }
    }

    #[test]
    fn no_other_price_earns_more(
        (of, cost, capacity) in a_market(), price in 0..=120_u128,
    ) {
        let all = followers(&of);
        let cost = cost * ONE;
        let capacity = capacity.map(|k| k * ONE);
        let price = price * (ONE / 10);
        let demand: u128 = all.iter().map(|f| f.demand(price).unwrap()).sum();
        // Demands are rounded down one by one.
        let rounding = all.len() as u128;
        if price >= cost && capacity.is_none_or(|k| demand + rounding <= k) {
            let profit = (price - cost) / 1_000_000 * (demand / 1_000_000) / 1_000_000;
            let best = optimum(&all, cost, capacity).map_or(0, |best| best.profit);
            prop_assert!(profit <= best + 1_000_000, "{} > {}", profit, best);
        }
    }

    #[test]
    fn no_numbers_panic(
        of in prop::collection::vec((any::<u128>(), any::<u128>()), 0..5),
        cost in any::<u128>(),
        capacity in prop::option::of(any::<u128>()),
    ) {
        let all: Vec<_> = of.iter().map(|(a, b)| Follower { a: *a, b: *b }).collect();
        let found = optimum(&all, cost, capacity);
        if let (Ok(found), Some(capacity)) = (found, capacity) {
            // Rounding of the weights, relative to the most elastic follower.
            prop_assert!(found.price >= cost);
            prop_assert!(found.volume == 0 || found.volume <= capacity.saturating_mul(2));
        }
    }
}

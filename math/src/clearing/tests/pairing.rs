//! The sweep that makes trades of filled orders.

use super::*;
use proptest::prelude::*;

#[test]
fn the_best_bid_meets_the_best_ask() {
    let trades = pair(&[Wh(5), Wh(3)], &[Wh(2), Wh(9)], Wh(8));
    assert_eq!(trades, [(0, 0, Wh(2)), (0, 1, Wh(3)), (1, 1, Wh(3))]);
}

#[test]
fn the_sweep_ends_with_the_volume() {
    assert_eq!(pair(&[Wh(5)], &[Wh(5)], Wh(4)), [(0, 0, Wh(4))]);
    assert_eq!(pair(&[Wh(5)], &[Wh(5)], Wh(0)), []);
    assert_eq!(pair(&[], &[Wh(5)], Wh(4)), []);
}

#[test]
fn orders_without_energy_are_passed_over() {
    assert_eq!(pair(&[Wh(0), Wh(5)], &[Wh(0), Wh(0), Wh(5)], Wh(9)), [(1, 2, Wh(5))]);
}

/// Which order each of the first `volume` watt-hours of a side belongs to.
fn owners(side: &[Wh], volume: u64) -> Vec<usize> {
    let each = side.iter().enumerate();
    each.flat_map(|(index, energy)| core::iter::repeat_n(index, energy.0 as usize))
        .take(volume as usize)
        .collect()
}

/// Pairs watt-hour by watt-hour, and puts together what the same two orders trade.
fn watt_hour_by_watt_hour(bids: &[Wh], asks: &[Wh], volume: u64) -> Vec<(usize, usize, Wh)> {
    let mut trades: Vec<(usize, usize, Wh)> = vec![];
    for (bid, ask) in owners(bids, volume).into_iter().zip(owners(asks, volume)) {
        match trades.last_mut() {
            Some((b, a, energy)) if (*b, *a) == (bid, ask) => energy.0 += 1,
            _ => trades.push((bid, ask, Wh(1))),
        }
    }
    trades
}

fn a_side(largest: u64) -> impl Strategy<Value = Vec<Wh>> {
    prop::collection::vec((0..=largest).prop_map(Wh), 0..10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn agrees_with_pairing_watt_hour_by_watt_hour(
        bids in a_side(9), asks in a_side(9), volume in 0..60_u64,
    ) {
        prop_assert_eq!(
            pair(&bids, &asks, Wh(volume)),
            watt_hour_by_watt_hour(&bids, &asks, volume)
        );
    }

    #[test]
    fn trades_are_few_and_make_up_the_volume(
        bids in a_side(u64::MAX), asks in a_side(u64::MAX), volume in any::<u64>(),
    ) {
        let trades = pair(&bids, &asks, Wh(volume));
        let sum = |side: &[Wh]| side.iter().map(|energy| u128::from(energy.0)).sum::<u128>();
        let traded: u128 = trades.iter().map(|(_, _, energy)| u128::from(energy.0)).sum();
        prop_assert_eq!(traded, u128::from(volume).min(sum(&bids)).min(sum(&asks)));
        prop_assert!(trades.len() <= (bids.len() + asks.len()).saturating_sub(1));
        prop_assert!(trades.iter().all(|(_, _, energy)| !energy.is_zero()));
        for (index, energy) in bids.iter().enumerate() {
            let filled: u128 = trades
                .iter()
                .filter(|trade| trade.0 == index)
                .map(|trade| u128::from(trade.2.0))
                .sum();
            prop_assert!(filled <= energy.0.into());
        }
    }
}

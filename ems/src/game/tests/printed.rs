//! The game as the paper prints it (thermal game, eqs 32 to 34).

use qedex_math::{
    PricePerKwh, Wh,
    clearing::{Level, greedy},
};

/// Prices in hundredths of microgrids, aggregators and users, from 0.50 to 1.05, 1.10 and 1.05.
type Prices = [i64; 3];

const INTERVALS: [(i64, i64); 3] = [(50, 105), (50, 110), (50, 105)];

/// What each party gains with quantities that depend on no price: from microgrids to aggregators, from microgrids
/// to users, from aggregators to users. Costs do not depend on prices either, and are left out.
fn gains(prices: Prices, quantities: [i64; 3]) -> [i64; 3] {
    let [microgrids, aggregators, users] = prices;
    let [to_aggregators, to_users, resold] = quantities;
    [
        microgrids * (to_aggregators + to_users),
        aggregators * resold - microgrids * to_aggregators,
        -users * (to_users + resold),
    ]
}

fn equilibria_on_the_grid(quantities: [i64; 3]) -> Vec<Prices> {
    let grid = |party: usize| (INTERVALS[party].0..=INTERVALS[party].1).step_by(5);
    let is_stable = |prices: &Prices| {
        let now = gains(*prices, quantities);
        (0..3).all(|party| {
            grid(party).all(|other| {
                let mut changed = *prices;
                changed[party] = other;
                gains(changed, quantities)[party] <= now[party]
            })
        })
    };
    let all = grid(0).flat_map(|m| grid(1).flat_map(move |j| grid(2).map(move |y| [m, j, y])));
    all.filter(is_stable).collect()
}

#[test]
fn as_printed_every_party_goes_to_an_end_of_its_interval() {
    for quantities in [[1, 1, 1], [30, 5, 30], [1, 0, 100]] {
        assert_eq!(equilibria_on_the_grid(quantities), [[105, 110, 50]]);
    }
}

#[test]
fn at_the_prices_of_the_paper_s_case_nothing_trades() {
    for (ask, bid) in [(98, 94), (100, 95)] {
        let level = |price| [Level { price: PricePerKwh(price), energy: Wh(1_000) }];
        let run = greedy(&level(bid), &level(ask), PricePerKwh(0), Wh(u64::MAX));
        assert_eq!((run.volume, run.margins), (Wh(0), None));
    }
}

//! Clearing of whole books, as a ratio to a plain sort of the same book, and its growth per order.
//!
//! `cargo bench --locked -p qedex-math --bench clearing`. Each figure is the best of several runs.

#![allow(clippy::arithmetic_side_effects, clippy::cast_precision_loss)]

use qedex_math::{
    PricePerKwh, Wh,
    clearing::{Book, Corridor, Order, Rule, clear},
};
use std::{hint::black_box, time::Instant};

const CORRIDOR: Corridor = Corridor {
    floor: PricePerKwh(80),
    cap: PricePerKwh(300_000_000_000),
    grid_fee: PricePerKwh(20_000_000_000),
};

/// Bids and asks, as many of either, on a thousand ticks.
fn book(orders: u64) -> (Vec<Order>, Vec<Order>) {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |bound: u64| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    };
    let mut side = || {
        (0..orders / 2)
            .map(|_| Order {
                limit: PricePerKwh(u128::from(below(1_000)) * 300_000_000),
                energy: Wh((1 + below(100)) * 100),
            })
            .collect()
    };
    (side(), side())
}

/// The best time of so many runs, in nanoseconds.
fn best<R>(runs: u32, mut run: impl FnMut() -> R) -> f64 {
    (0..runs)
        .map(|_| {
            let began = Instant::now();
            black_box(run());
            began.elapsed().as_nanos() as f64
        })
        .fold(f64::INFINITY, f64::min)
}

/// Both sides sorted by limit and arrival, and nothing else.
fn plain_sort(bids: &[Order], asks: &[Order]) -> usize {
    [bids, asks]
        .into_iter()
        .map(|side| {
            let mut keys: Vec<(u128, u32)> =
                side.iter().map(|order| order.limit.0).zip(0..).collect();
            keys.sort_unstable();
            keys.len()
        })
        .sum()
}

fn main() {
    println!(
        "| orders | sort, ns/order | uniform, ns/order | of the sort | growth | mcafee, ns/order | of the sort |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut before: Option<f64> = None;
    for orders in [1_000_u64, 10_000, 100_000, 200_000, 1_000_000] {
        let (bids, asks) = book(orders);
        let runs = u32::try_from(5_000_000 / orders).unwrap_or(1).clamp(5, 200);
        let per_order = |time: f64| time / orders as f64;
        let sort = per_order(best(runs, || plain_sort(&bids, &asks)));
        let [uniform, mcafee] = [Rule::Uniform, Rule::McAfee].map(|rule| {
            let book = Book { bids: &bids, asks: &asks };
            per_order(best(runs, || clear(rule, book, &CORRIDOR, Wh(u64::MAX))))
        });
        let growth = before.map_or("".to_owned(), |before| format!("{:.2}", uniform / before));
        println!(
            "| {orders} | {sort:.1} | {uniform:.1} | {:.2} | {growth} | {mcafee:.1} | {:.2} |",
            uniform / sort,
            mcafee / sort
        );
        before = Some(uniform);
    }
}

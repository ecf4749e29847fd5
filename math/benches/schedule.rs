//! How long the schedule of a session takes to compute: `cargo bench --locked -p qedex-math`.

use divan::{Bencher, black_box};
use qedex_math::schedule::{Limits, apportion, arrange};

/// Validators and slots: a small community, one session of five minutes, and the largest session
/// that Aura's list can hold.
const SIZES: [(u32, u32); 3] = [(4, 20), (30, 150), (100, 1_000)];

fn main() {
    divan::main();
}

fn scores(validators: u32) -> Vec<u64> {
    (1..=u64::from(validators))
        .map(|number| number.saturating_pow(3).saturating_mul(999_983))
        .collect()
}

fn limits(slots: u32) -> Limits {
    Limits { slots, floor: 1, largest: slots / 3 }
}

#[divan::bench(args = SIZES)]
fn shares(bencher: Bencher<'_, '_>, (validators, slots): (u32, u32)) {
    let scores = scores(validators);
    bencher.bench_local(|| apportion(black_box(&scores), limits(slots)));
}

#[divan::bench(args = SIZES)]
fn order(bencher: Bencher<'_, '_>, (validators, slots): (u32, u32)) {
    let shares = apportion(&scores(validators), limits(slots)).unwrap_or_default();
    bencher.bench_local(|| arrange(black_box(&shares), 3, &[7; 32]));
}

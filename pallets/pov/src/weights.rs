//! What the calls cost, and the work of each block.
//!
//! A runtime uses figures that the benchmarks measured on its own storage. The implementation
//! for `()` serves tests: estimates from the reads and writes.

use frame_support::weights::{Weight, constants::RocksDbWeight};

/// The weights of the calls and of the work of each block.
pub trait WeightInfo {
    /// Of `set_rules`.
    fn set_rules() -> Weight;
    /// Of `remove`, of a full set; the repair comes on top.
    fn remove() -> Weight;
    /// Of `readmit`, with a full set.
    fn readmit() -> Weight;
    /// Of `reset`, with a full set of which as many are removed as can be.
    fn reset() -> Weight;
    /// Of `leave`, of somebody in no set, who purges its keys.
    fn leave() -> Weight;
    /// Of `stay`.
    fn stay() -> Weight;
    /// Of a block that neither rotates nor repairs.
    fn each_block() -> Weight;
    /// Of a repair of the longest schedule of a full set.
    fn repair() -> Weight;
    /// Of a rotation with `v` validators and `n` slots. The session pallet charges a whole block for
    /// it; this says how much of it is used.
    fn rotate(v: u32, n: u32) -> Weight;
}

/// Time of a call, and of an element of a loop, besides its reads and writes.
const STEP: Weight = Weight::from_parts(15_000_000, 4_000);

/// The largest set that the estimates assume.
const VALIDATORS: u64 = 100;

fn estimate(steps: u64, reads: u64, writes: u64) -> Weight {
    let database = RocksDbWeight::get().reads_writes(reads, writes);
    STEP.saturating_mul(steps).saturating_add(database)
}

impl WeightInfo for () {
    fn set_rules() -> Weight {
        estimate(1, 1, 1)
    }

    fn remove() -> Weight {
        estimate(VALIDATORS, VALIDATORS.saturating_add(6), 4)
    }

    fn readmit() -> Weight {
        estimate(2, 5, 4)
    }

    fn reset() -> Weight {
        estimate(VALIDATORS, VALIDATORS.saturating_mul(3), VALIDATORS.saturating_mul(3))
    }

    fn leave() -> Weight {
        estimate(2, 8, 5)
    }

    fn stay() -> Weight {
        estimate(1, 1, 1)
    }

    fn each_block() -> Weight {
        estimate(2, 6, 1)
    }

    fn repair() -> Weight {
        estimate(VALIDATORS, VALIDATORS, VALIDATORS)
    }

    fn rotate(v: u32, n: u32) -> Weight {
        let (v, n) = (u64::from(v), u64::from(n));
        // A slot is drawn among all validators; a step is longer than a thousand such draws.
        let draws = v.saturating_mul(n).checked_div(1_000).unwrap_or_default();
        estimate(v.saturating_add(draws), v.saturating_mul(9), v.saturating_mul(3))
    }
}

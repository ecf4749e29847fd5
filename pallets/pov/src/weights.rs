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
    /// Of `leave`, of a voter of a full set.
    fn ask_to_leave() -> Weight;
    /// Of `stay`.
    fn stay() -> Weight;
    /// Of `admit`.
    fn admit() -> Weight;
    /// Of `withdraw_admission`, with full sets.
    fn withdraw_admission() -> Weight;
    /// Of `state_finalised`.
    fn state_finalised() -> Weight;
    /// Of `force_set`, of a full set.
    fn force_set() -> Weight;
    /// Of `report_double_block`, of a full set; the repair comes on top.
    fn report_double_block() -> Weight;
    /// Of letting that in: two signatures.
    fn authorize_double_block() -> Weight;
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
        // Of each of up to three disjoint sets of voters: removal, leave, silence, blocks; and statements.
        let (steps, reads) = (VALIDATORS.saturating_mul(3), VALIDATORS.saturating_mul(13));
        estimate(steps, reads.saturating_add(12), 4)
    }

    fn readmit() -> Weight {
        estimate(2, 5, 4)
    }

    fn reset() -> Weight {
        estimate(VALIDATORS, VALIDATORS.saturating_mul(3), VALIDATORS.saturating_mul(3))
    }

    fn leave() -> Weight {
        estimate(2, 11, 7)
    }

    fn ask_to_leave() -> Weight {
        let (steps, reads) = (VALIDATORS.saturating_mul(3), VALIDATORS.saturating_mul(15));
        estimate(steps, reads.saturating_add(14), 1)
    }

    fn stay() -> Weight {
        estimate(1, 1, 1)
    }

    fn admit() -> Weight {
        estimate(1, 2, 2)
    }

    fn withdraw_admission() -> Weight {
        estimate(2, 8, 2)
    }

    fn state_finalised() -> Weight {
        estimate(1, 6, 1)
    }

    fn force_set() -> Weight {
        let (reads, writes) = (VALIDATORS.saturating_mul(4), VALIDATORS.saturating_mul(6));
        estimate(VALIDATORS, reads.saturating_add(12), writes.saturating_add(14))
    }

    fn report_double_block() -> Weight {
        Self::remove().saturating_add(Self::authorize_double_block())
    }

    fn authorize_double_block() -> Weight {
        // A signature takes some ten steps.
        estimate(20, 8, 0)
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

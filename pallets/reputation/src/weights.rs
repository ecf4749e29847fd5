//! What the calls cost.
//!
//! A runtime uses figures that the benchmarks measured on its own storage. The implementation
//! for `()` serves tests: estimates from the reads and writes of each call.

use frame_support::weights::{Weight, constants::RocksDbWeight};

/// The weights of the calls.
pub trait WeightInfo {
    /// Of `set_parameters`.
    fn set_parameters() -> Weight;
    /// Of `lock_deposit`.
    fn lock_deposit() -> Weight;
    /// Of `unlock_deposit`.
    fn unlock_deposit() -> Weight;
}

/// Time of a call besides its reads and writes.
const CALL: Weight = Weight::from_parts(20_000_000, 4_000);

fn estimate(reads: u64, writes: u64) -> Weight {
    CALL.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
    fn set_parameters() -> Weight {
        estimate(0, 1)
    }

    fn lock_deposit() -> Weight {
        estimate(4, 3)
    }

    fn unlock_deposit() -> Weight {
        estimate(4, 3)
    }
}

//! What the calls and pruning cost.
//!
//! A runtime uses figures that the benchmarks measured on its own storage. The implementation
//! for `()` serves tests: estimates from the reads, writes and signatures of each call.

use frame_support::weights::{Weight, constants::RocksDbWeight};

/// The weights of the calls and of pruning.
pub trait WeightInfo {
    /// Of `register_meter`.
    fn register_meter() -> Weight;
    /// Of `submit_reading`.
    fn submit_reading() -> Weight;
    /// Of `submit_readings` with `n` readings.
    fn submit_readings(n: u32) -> Weight;
    /// Of removing `n` items of old slots.
    fn prune(n: u32) -> Weight;
}

/// Time of a call besides its reads, writes and signatures.
const CALL: Weight = Weight::from_parts(15_000_000, 4_000);
/// Time of one reading: its signature above all.
const READING: Weight = Weight::from_parts(70_000_000, 8_000);
/// Time of removing one item.
const ITEM: Weight = Weight::from_parts(5_000_000, 3_000);

impl WeightInfo for () {
    fn register_meter() -> Weight {
        CALL.saturating_add(RocksDbWeight::get().reads_writes(8, 4))
    }

    fn submit_reading() -> Weight {
        Self::submit_readings(1)
    }

    fn submit_readings(n: u32) -> Weight {
        let reading = READING.saturating_add(RocksDbWeight::get().reads_writes(3, 2));
        CALL.saturating_add(RocksDbWeight::get().reads_writes(5, 2))
            .saturating_add(reading.saturating_mul(u64::from(n)))
    }

    fn prune(n: u32) -> Weight {
        let item = ITEM.saturating_add(RocksDbWeight::get().reads_writes(2, 1));
        CALL.saturating_add(RocksDbWeight::get().reads_writes(3, 1))
            .saturating_add(item.saturating_mul(u64::from(n)))
    }
}

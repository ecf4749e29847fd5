//! What the calls cost.
//!
//! A runtime uses figures that the benchmarks measured on its own storage. The implementation
//! for `()` serves tests: estimates from the reads and writes of each call.

use frame_support::weights::{Weight, constants::RocksDbWeight};

/// The weights of the calls.
pub trait WeightInfo {
    /// Of `register_attribute`.
    fn register_attribute() -> Weight;
    /// Of `create_policy` with `n` nodes.
    fn create_policy(n: u32) -> Weight;
    /// Of `set_role`.
    fn set_role() -> Weight;
    /// Of `blacklist`.
    fn blacklist() -> Weight;
    /// Of `issue`.
    fn issue() -> Weight;
    /// Of `issue_batch` with `n` credentials.
    fn issue_batch(n: u32) -> Weight;
    /// Of `revoke`.
    fn revoke() -> Weight;
    /// Of `bump_version`.
    fn bump_version() -> Weight;
}

/// Time of a call, and of an element of a batch, besides its reads and writes.
const STEP: Weight = Weight::from_parts(15_000_000, 4_000);

fn estimate(steps: u64, reads: u64, writes: u64) -> Weight {
    let database = RocksDbWeight::get().reads_writes(reads, writes);
    STEP.saturating_mul(steps).saturating_add(database)
}

impl WeightInfo for () {
    fn register_attribute() -> Weight {
        estimate(1, 1, 2)
    }

    fn create_policy(n: u32) -> Weight {
        let n = u64::from(n);
        estimate(n.saturating_add(1), n.saturating_add(1), 2)
    }

    fn set_role() -> Weight {
        estimate(1, 1, 1)
    }

    fn blacklist() -> Weight {
        estimate(1, 1, 1)
    }

    fn issue() -> Weight {
        Self::issue_batch(1)
    }

    fn issue_batch(n: u32) -> Weight {
        let n = u64::from(n);
        let entries = n.saturating_mul(2);
        estimate(n.saturating_add(1), entries.saturating_add(2), entries)
    }

    fn revoke() -> Weight {
        estimate(1, 3, 2)
    }

    fn bump_version() -> Weight {
        estimate(1, 1, 1)
    }
}

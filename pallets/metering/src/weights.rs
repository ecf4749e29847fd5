//! What the calls, an audit and the steps of the hooks cost.
//!
//! A runtime uses figures that the benchmarks measured on its own storage. The implementation
//! for `()` serves tests: estimates from the reads, writes and signatures of each.

use frame_support::weights::{Weight, constants::RocksDbWeight};

/// The weights of the calls, of an audit and of the steps of the hooks.
pub trait WeightInfo {
    /// Of `propose_change`.
    fn propose_change() -> Weight;
    /// Of `confirm_change`, when a registration takes effect.
    fn confirm_registration() -> Weight;
    /// Of `confirm_change`, when another key takes effect.
    fn confirm_rotation() -> Weight;
    /// Of `confirm_change`, when a transfer takes effect.
    fn confirm_transfer() -> Weight;
    /// Of `confirm_change_as_council`, when a transfer takes effect.
    fn confirm_change_as_council() -> Weight;
    /// Of `withdraw_change`.
    fn withdraw_change() -> Weight;
    /// Of `withdraw_confirmation`.
    fn withdraw_confirmation() -> Weight;
    /// Of `refuse_change`.
    fn refuse_change() -> Weight;
    /// Of `clear_change`.
    fn clear_change() -> Weight;
    /// Of `remove_meter`.
    fn remove_meter() -> Weight;
    /// Of `submit_reading`.
    fn submit_reading() -> Weight;
    /// Of `submit_readings` with `n` readings.
    fn submit_readings(n: u32) -> Weight;
    /// Of `record_correction`.
    fn record_correction() -> Weight;
    /// Of `set_tariff`.
    fn set_tariff() -> Weight;
    /// Of auditing a bill of `n` readings.
    fn audit(n: u32) -> Weight;
    /// Of looking whether slots have passed.
    fn poll() -> Weight;
    /// Of noting the demand of a frozen slot.
    fn close_slot() -> Weight;
    /// Of fixing the band of a slot.
    fn fix_band() -> Weight;
    /// Of removing `n` items of old slots.
    fn prune(n: u32) -> Weight;
}

/// Time of a call or step besides its reads, writes and signatures.
const CALL: Weight = Weight::from_parts(15_000_000, 4_000);
/// Time of one reading: its signature above all.
const READING: Weight = Weight::from_parts(70_000_000, 8_000);
/// Time of removing one item.
const ITEM: Weight = Weight::from_parts(5_000_000, 3_000);

fn call(reads: u64, writes: u64) -> Weight {
    CALL.saturating_add(RocksDbWeight::get().reads_writes(reads, writes))
}

impl WeightInfo for () {
    fn propose_change() -> Weight {
        call(16, 6)
    }

    fn confirm_registration() -> Weight {
        call(40, 14)
    }

    fn confirm_rotation() -> Weight {
        call(30, 11)
    }

    fn confirm_transfer() -> Weight {
        call(42, 10)
    }

    fn confirm_change_as_council() -> Weight {
        call(42, 10)
    }

    fn withdraw_change() -> Weight {
        call(4, 4)
    }

    fn withdraw_confirmation() -> Weight {
        call(3, 1)
    }

    fn refuse_change() -> Weight {
        call(6, 4)
    }

    fn clear_change() -> Weight {
        call(5, 4)
    }

    fn remove_meter() -> Weight {
        call(11, 24)
    }

    fn submit_reading() -> Weight {
        Self::submit_readings(1)
    }

    fn submit_readings(n: u32) -> Weight {
        let reading = READING.saturating_add(RocksDbWeight::get().reads_writes(3, 2));
        call(5, 2).saturating_add(reading.saturating_mul(u64::from(n)))
    }

    fn record_correction() -> Weight {
        call(14, 2)
    }

    fn set_tariff() -> Weight {
        call(0, 1)
    }

    fn audit(n: u32) -> Weight {
        let reading = READING.saturating_add(RocksDbWeight::get().reads(3));
        call(2, 0).saturating_add(reading.saturating_mul(u64::from(n)))
    }

    fn poll() -> Weight {
        call(6, 1)
    }

    fn close_slot() -> Weight {
        call(4, 2)
    }

    fn fix_band() -> Weight {
        call(24, 2)
    }

    fn prune(n: u32) -> Weight {
        let item = ITEM.saturating_add(RocksDbWeight::get().reads_writes(2, 1));
        call(4, 2).saturating_add(item.saturating_mul(u64::from(n)))
    }
}

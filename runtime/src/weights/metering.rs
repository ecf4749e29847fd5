//! Weights of pallet-metering.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of pallet-metering.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_metering::WeightInfo for WeightInfo<T> {
    fn register_meter() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn submit_reading() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn submit_readings(n: u32) -> Weight {
        Weight::from_parts(30_000_000, 0)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
            .saturating_add(Weight::from_parts(50_000_000, 0).saturating_mul(u64::from(n)))
    }
    fn prune(n: u32) -> Weight {
        Weight::from_parts(30_000_000, 0)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
            .saturating_add(Weight::from_parts(50_000_000, 0).saturating_mul(u64::from(n)))
    }
}

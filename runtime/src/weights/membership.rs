//! Weights of pallet-membership.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of pallet-membership.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_membership::WeightInfo for WeightInfo<T> {
    fn register_attribute() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn create_policy(n: u32) -> Weight {
        Weight::from_parts(30_000_000, 0)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
            .saturating_add(Weight::from_parts(50_000_000, 0).saturating_mul(u64::from(n)))
    }
    fn set_role() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn blacklist() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn issue() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn issue_batch(n: u32) -> Weight {
        Weight::from_parts(30_000_000, 0)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
            .saturating_add(Weight::from_parts(50_000_000, 0).saturating_mul(u64::from(n)))
    }
    fn revoke() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn bump_version() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
}

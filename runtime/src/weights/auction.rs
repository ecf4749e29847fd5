//! Weights of pallet-auction.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of pallet-auction.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_auction::WeightInfo for WeightInfo<T> {
    fn place_order() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn amend_order() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn cancel_order() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn set_terms() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn set_windows() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn poll() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn open_slot() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn visit_slot() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn discover(b: u32, a: u32) -> Weight {
        Weight::from_parts(30_000_000, 0)
            .saturating_add(T::DbWeight::get().reads_writes(4, 4))
            .saturating_add(Weight::from_parts(50_000_000, 0).saturating_mul(u64::from(b)))
            .saturating_add(Weight::from_parts(50_000_000, 0).saturating_mul(u64::from(a)))
    }
    fn pair() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn release_order() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
}

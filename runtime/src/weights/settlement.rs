//! Weights of pallet-settlement.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of pallet-settlement.
pub struct WeightInfo<T>(PhantomData<T>);

impl<T: frame_system::Config> pallet_settlement::WeightInfo for WeightInfo<T> {
    fn commit() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn open_trade() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn poll() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn visit_book() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn freeze_trade() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
    fn close_trade() -> Weight {
        Weight::from_parts(30_000_000, 0).saturating_add(T::DbWeight::get().reads_writes(4, 4))
    }
}


//! Weights for `pallet_pov`: estimates from reads, writes and steps, in the form of measured ones.
//!
//! DATE: 2026-11-26
//! WASM-EXECUTION: none; replaced by the next measurement (`scripts/weights`).

#![cfg_attr(rustfmt, rustfmt_skip)]
#![allow(unused_parens)]
#![allow(unused_imports)]
#![allow(missing_docs)]

use frame_support::{traits::Get, weights::Weight};
use core::marker::PhantomData;

/// Weight functions for `pallet_pov`.
pub struct WeightInfo<T>(PhantomData<T>);
impl<T: frame_system::Config> pallet_pov::WeightInfo for WeightInfo<T> {
	fn set_rules() -> Weight {
		Weight::from_parts(12_000_000, 3_500)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn remove() -> Weight {
		Weight::from_parts(900_000_000, 300_000)
			.saturating_add(T::DbWeight::get().reads(106))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn readmit() -> Weight {
		Weight::from_parts(60_000_000, 20_000)
			.saturating_add(T::DbWeight::get().reads(5))
			.saturating_add(T::DbWeight::get().writes(4))
	}
	fn reset() -> Weight {
		Weight::from_parts(2_500_000_000, 700_000)
			.saturating_add(T::DbWeight::get().reads(305))
			.saturating_add(T::DbWeight::get().writes(305))
	}
	fn leave() -> Weight {
		Weight::from_parts(90_000_000, 30_000)
			.saturating_add(T::DbWeight::get().reads(8))
			.saturating_add(T::DbWeight::get().writes(5))
	}
	fn stay() -> Weight {
		Weight::from_parts(15_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads(1))
			.saturating_add(T::DbWeight::get().writes(1))
	}
	fn each_block() -> Weight {
		Weight::from_parts(60_000_000, 60_000)
			.saturating_add(T::DbWeight::get().reads(7))
			.saturating_add(T::DbWeight::get().writes(2))
	}
	fn repair() -> Weight {
		Weight::from_parts(30_000_000_000, 600_000)
			.saturating_add(T::DbWeight::get().reads(206))
			.saturating_add(T::DbWeight::get().writes(106))
	}
	/// The range of component `v` is `[1, 100]`.
	/// The range of component `n` is `[150, 1000]`.
	fn rotate(v: u32, n: u32, ) -> Weight {
		Weight::from_parts(200_000_000, 100_000)
			.saturating_add(Weight::from_parts(20_000_000, 20_000).saturating_mul(v.into()))
			.saturating_add(Weight::from_parts(20_000_000, 100).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads(40))
			.saturating_add(T::DbWeight::get().reads((60_u64).saturating_mul(v.into())))
			.saturating_add(T::DbWeight::get().writes(8))
			.saturating_add(T::DbWeight::get().writes((3_u64).saturating_mul(v.into())))
	}
}

//! Measured weights of our pallets, one file a pallet.

pub mod auction;
pub mod membership;
pub mod metering;
pub mod pov;
pub mod qkd;
pub mod reputation;
pub mod settlement;

//! Whom to trust.

use crate::{Auction, Membership, Runtime};
use frame_support::traits::ConstU64;

impl pallet_reputation::Config for Runtime {
    type Calendar = Auction;
    // Ten kilowatt-hours make a full rating.
    type FullRating = ConstU64<10_000>;
    type Membership = Membership;
}

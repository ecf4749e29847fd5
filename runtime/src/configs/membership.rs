//! Who may do what.

use crate::{Auction, Runtime, configs::governance::AdminOrigin, weights};
use frame_support::traits::ConstU32;

impl pallet_membership::Config for Runtime {
    type AdminOrigin = AdminOrigin;
    type Calendar = Auction;
    type MaxIssueBatch = ConstU32<100>;
    type MaxPolicyNodes = ConstU32<32>;
    type WeightInfo = weights::membership::WeightInfo<Runtime>;
}

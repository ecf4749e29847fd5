//! What flowed.

use crate::{Auction, Membership, Runtime, weights};
use frame_support::traits::{ConstU32, ConstU64};

impl pallet_metering::Config for Runtime {
    type Calendar = Auction;
    type MaxBatch = ConstU32<1_024>;
    type MaxMetersPerAccount = ConstU32<8>;
    type MaxPrunedPerBlock = ConstU32<256>;
    type Membership = Membership;
    // Two days of quarter-hours.
    type Retention = ConstU64<192>;
    type WeightInfo = weights::metering::WeightInfo<Runtime>;
}

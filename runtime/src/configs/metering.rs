//! What flowed.

use crate::{Auction, Membership, Runtime, configs::governance::AdminOrigin, weights};
use frame_support::traits::{ConstU32, ConstU64};
use qedex_primitives::MAX_BILL_READINGS;

impl pallet_metering::Config for Runtime {
    type AdminOrigin = AdminOrigin;
    type Calendar = Auction;
    type KeptDays = ConstU64<32>;
    type MaxBatch = ConstU32<1_024>;
    type MaxMetersPerAccount = ConstU32<MAX_BILL_READINGS>;
    type MaxPrunedPerBlock = ConstU32<256>;
    type MaxSlotsPerBlock = ConstU32<8>;
    type Membership = Membership;
    // Two days of quarter-hours.
    type Retention = ConstU64<192>;
    type WeightInfo = weights::metering::WeightInfo<Runtime>;
}

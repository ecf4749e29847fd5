//! At what price.

use crate::{
    Membership, Metering, Reputation, Runtime, Settlement, Timestamp,
    configs::governance::AdminOrigin, stand_ins::KeyBudget, weights,
};
use frame_support::traits::{ConstU32, ConstU64};

impl pallet_auction::Config for Runtime {
    type AdminOrigin = AdminOrigin;
    type Admission = Reputation;
    type Escrow = Settlement;
    type KeyBudget = KeyBudget;
    // One gigawatt-hour in a quarter of an hour: more than any community.
    type MaxOrderEnergy = ConstU64<1_000_000_000>;
    type MaxBatch = ConstU32<100>;
    type MaxOrdersPerAccount = ConstU32<8>;
    type MaxOrdersPerSlot = ConstU32<100_000>;
    type MaxSlotsInFlight = ConstU32<64>;
    // Renewed within a few blocks of a gate's opening.
    type MaxStandingOrders = ConstU32<10_000>;
    type MaxTicks = ConstU32<1_000>;
    type Membership = Membership;
    // Two days of quarter-hours.
    type ResultsKept = ConstU32<192>;
    type Settlement = Settlement;
    type Tariff = Metering;
    type Time = Timestamp;
    type WeightInfo = weights::auction::WeightInfo<Runtime>;
}

//! At what price.

use crate::{
    AccountId, Balance, Balances, MILLI_QED, Membership, Metering, Qkd, Reputation, Runtime,
    RuntimeHoldReason, Settlement, Timestamp, configs::governance::AdminOrigin, weights,
};
use frame_support::{
    parameter_types,
    traits::{ConstU32, ConstU64, LinearStoragePrice, fungible::HoldConsideration},
};

parameter_types! {
    /// What is held of a principal for a grant while it is stored, as for a credential.
    pub const GrantDepositBase: Balance = 100 * MILLI_QED;
    /// What is held besides for each of its bytes, of which it has some three hundred.
    pub const GrantDepositPerByte: Balance = MILLI_QED / 100;
    /// Why it is held.
    pub const GrantHoldReason: RuntimeHoldReason =
        RuntimeHoldReason::Auction(pallet_auction::HoldReason::Grant);
}

impl pallet_auction::Config for Runtime {
    type AdminOrigin = AdminOrigin;
    type Admission = Reputation;
    type Escrow = Settlement;
    type GrantBond = HoldConsideration<
        AccountId,
        Balances,
        GrantHoldReason,
        LinearStoragePrice<GrantDepositBase, GrantDepositPerByte, Balance>,
    >;
    type KeyBudget = Qkd;
    type MaxBatch = ConstU32<100>;
    type MaxGrants = ConstU32<8>;
    // One gigawatt-hour in a quarter of an hour: more than any community.
    type MaxOrderEnergy = ConstU64<1_000_000_000>;
    type MaxOrdersPerAccount = ConstU32<8>;
    type MaxOrdersPerSlot = ConstU32<100_000>;
    type MaxPrincipals = ConstU32<10_000>;
    type MaxSlotsInFlight = ConstU32<64>;
    // Renewed within a few blocks of a gate's opening.
    type MaxStandingOrders = ConstU32<10_000>;
    type MaxTicks = ConstU32<1_000>;
    type Membership = Membership;
    type Rated = Metering;
    // Two days of quarter-hours.
    type ResultsKept = ConstU32<192>;
    type Settlement = Settlement;
    type Tariff = Metering;
    type Time = Timestamp;
    type WeightInfo = weights::auction::WeightInfo<Runtime>;
}

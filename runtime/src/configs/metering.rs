//! What flowed.

use crate::{
    AccountId, Auction, Balance, Balances, MILLI_QED, Membership, Runtime, RuntimeHoldReason,
    Settlement,
    configs::{consensus::MAX_WINDOW, governance::AdminOrigin},
    weights,
};
use frame_support::{
    parameter_types,
    traits::{ConstU32, ConstU64, LinearStoragePrice, fungible::HoldConsideration},
};
use qedex_math::tariff::SLOTS_PER_DAY;
use qedex_primitives::MAX_BILL_READINGS;

parameter_types! {
    /// What is held of an installer for a meter while it is on record, and for a change until its
    /// end, as for a credential.
    pub const MeterDepositBase: Balance = 100 * MILLI_QED;
    /// What is held besides for each of its bytes: about 3,200 of a meter, most of them for keys and
    /// assignments, and about 500 of a change.
    pub const MeterDepositPerByte: Balance = MILLI_QED / 100;
    /// Why it is held.
    pub const MeterHoldReason: RuntimeHoldReason =
        RuntimeHoldReason::Metering(pallet_metering::HoldReason::Storage);
}

impl pallet_metering::Config for Runtime {
    type AdminOrigin = AdminOrigin;
    type Bond = HoldConsideration<
        AccountId,
        Balances,
        MeterHoldReason,
        LinearStoragePrice<MeterDepositBase, MeterDepositPerByte, Balance>,
    >;
    type Calendar = Auction;
    // A week.
    type ChangeLifetime = ConstU64<{ 7 * SLOTS_PER_DAY }>;
    type KeptDays = ConstU64<32>;
    type MaxBatch = ConstU32<1_024>;
    type MaxConnectionsPerOwner = ConstU32<MAX_BILL_READINGS>;
    // What one fitter installs in a community in a week.
    type MaxPendingPerInstaller = ConstU32<64>;
    type MaxPrunedPerBlock = ConstU32<256>;
    type MaxSlotsPerBlock = ConstU32<8>;
    type Membership = Membership;
    type Opened = Auction;
    type OwnerAnswers = ConstU64<SLOTS_PER_DAY>;
    // Two days of quarter-hours.
    type Retention = ConstU64<192>;
    type Scored = ConstU64<{ MAX_WINDOW as u64 }>;
    type Unsettled = Settlement;
    type WeightInfo = weights::metering::WeightInfo<Runtime>;
}

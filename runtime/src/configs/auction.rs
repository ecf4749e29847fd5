//! At what price.

use crate::{
    AccountId, Balance, Balances, MILLI_QED, Membership, Metering, Qkd, Reputation, Runtime,
    RuntimeHoldReason, Settlement, Timestamp,
    configs::{governance::AdminOrigin, money::price_of},
    weights,
};
use frame_support::{
    parameter_types,
    traits::{ConstU32, ConstU64, Get, LinearStoragePrice, fungible::HoldConsideration},
};

/// The most orders of an owner in a slot.
pub const MAX_ORDERS: u32 = 8;

parameter_types! {
    /// What is held of a principal for a grant while it is stored, as for a credential.
    pub const GrantDepositBase: Balance = 100 * MILLI_QED;
    /// What is held besides for each of its bytes, of which it has some three hundred.
    pub const GrantDepositPerByte: Balance = MILLI_QED / 100;
    /// Why it is held.
    pub const GrantHoldReason: RuntimeHoldReason =
        RuntimeHoldReason::Auction(pallet_auction::HoldReason::Grant);
}

/// The price of what pairing, opening, freezing and closing take of a trade.
pub struct TradePrice;

impl Get<Balance> for TradePrice {
    fn get() -> Balance {
        type Market = weights::auction::WeightInfo<Runtime>;
        type Evidence = weights::settlement::WeightInfo<Runtime>;
        let work = <Market as pallet_auction::WeightInfo>::pair()
            .saturating_add(<Evidence as pallet_settlement::WeightInfo>::open_trade())
            .saturating_add(<Evidence as pallet_settlement::WeightInfo>::freeze_trade())
            .saturating_add(<Evidence as pallet_settlement::WeightInfo>::close_trade());
        price_of(work)
    }
}

/// The price of renewing a standing order in a slot.
pub struct RenewalPrice;

impl Get<Balance> for RenewalPrice {
    fn get() -> Balance {
        type Market = weights::auction::WeightInfo<Runtime>;
        price_of(<Market as pallet_auction::WeightInfo>::renew())
    }
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
    type MaxOrdersPerAccount = ConstU32<MAX_ORDERS>;
    type MaxOrdersPerSlot = ConstU32<100_000>;
    type MaxPrincipals = ConstU32<10_000>;
    type MaxSlotsInFlight = ConstU32<64>;
    // Renewed within a few blocks of a gate's opening.
    type MaxStandingOrders = ConstU32<10_000>;
    type MaxTicks = ConstU32<1_000>;
    type Membership = Membership;
    type Rated = Metering;
    type RenewalPrice = RenewalPrice;
    // Two days of quarter-hours.
    type ResultsKept = ConstU32<192>;
    type Settlement = Settlement;
    type Tariff = Metering;
    type Time = Timestamp;
    type TradePrice = TradePrice;
    type WeightInfo = weights::auction::WeightInfo<Runtime>;
}

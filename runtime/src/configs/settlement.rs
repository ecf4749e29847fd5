//! Who owes whom.

use crate::{
    Auction, Balances, Membership, Metering, Qkd, Reputation, Runtime, RuntimeHoldReason,
    configs::{
        governance::AdminOrigin,
        money::{CommunityFund, EntropyFund, GridAccount},
    },
    weights,
};
use frame_support::traits::ConstU32;

impl pallet_settlement::Config for Runtime {
    type AdminOrigin = AdminOrigin;
    type Audit = Metering;
    type Calendar = Auction;
    type CommunityFund = CommunityFund;
    type Currency = Balances;
    type Deposits = Auction;
    type Draw = Qkd;
    type EntropyFund = EntropyFund;
    type GridAccount = GridAccount;
    type Ledger = Metering;
    type MaxSlotsInFlight = ConstU32<64>;
    type Membership = Membership;
    type Ratings = Reputation;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Sanctions = Membership;
    type WeightInfo = weights::settlement::WeightInfo<Runtime>;
}

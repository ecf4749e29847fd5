//! Who owes whom.

use crate::{
    AccountId, Auction, Balance, Balances, Membership, Metering, Qkd, Reputation, Runtime,
    RuntimeHoldReason,
    configs::{
        auction::MAX_ORDERS,
        block::BlockWeights,
        governance::AdminOrigin,
        money::{BYTE_FEE, CommunityFund, EntropyFund, GridAccount, price_of},
    },
    weights,
};
use codec::MaxEncodedLen;
use frame_support::{
    dispatch::DispatchClass,
    traits::{ConstU32, Get},
    weights::Weight,
};
use qedex_primitives::{Bill, BillAudit, MAX_BILL_READINGS};

/// For how many pieces of evidence the fees stay free beside an order.
const EVIDENCE: Balance = 10;

/// Bytes of a transaction beside what it brings: signature, accounts, extensions.
const ENVELOPE: Balance = 256;

/// What an order leaves free: ten times the fee of the dearest piece of evidence where fees stand at their
/// base, a reveal of the largest bill or a complaint about the most trades. What succeeds gives its fee back.
pub struct EvidenceReserve;

impl Get<Balance> for EvidenceReserve {
    fn get() -> Balance {
        type Weights = weights::settlement::WeightInfo<Runtime>;
        type MaxTrades = <Runtime as pallet_settlement::Config>::MaxTradesOfPair;
        let class = BlockWeights::get().get(DispatchClass::Operational).base_extrinsic;
        let fee = |work: Weight, bytes: Balance| {
            price_of(work.saturating_add(class))
                .saturating_add(bytes.saturating_add(ENVELOPE).saturating_mul(BYTE_FEE))
        };
        let reveal = <Weights as pallet_settlement::WeightInfo>::reveal(MAX_BILL_READINGS)
            .saturating_add(<Metering as BillAudit<AccountId>>::audit_weight());
        let bill = Balance::try_from(Bill::max_encoded_len()).unwrap_or(Balance::MAX);
        let complaint = <Weights as pallet_settlement::WeightInfo>::complain(MaxTrades::get());
        fee(reveal, bill).max(fee(complaint, 0)).saturating_mul(EVIDENCE)
    }
}

impl pallet_settlement::Config for Runtime {
    type AdminOrigin = AdminOrigin;
    type Audit = Metering;
    type Calendar = Auction;
    type CommunityFund = CommunityFund;
    type Currency = Balances;
    type Deposits = Auction;
    type Draw = Qkd;
    type EntropyFund = EntropyFund;
    type EvidenceReserve = EvidenceReserve;
    type GridAccount = GridAccount;
    type Ledger = Metering;
    type MaxSlotsInFlight = ConstU32<64>;
    // A sweep of so many orders has one trade fewer.
    type MaxTradesOfPair = ConstU32<{ 2 * MAX_ORDERS - 1 }>;
    type Membership = Membership;
    type Ratings = Reputation;
    type RuntimeHoldReason = RuntimeHoldReason;
    type Sanctions = Membership;
    type WeightInfo = weights::settlement::WeightInfo<Runtime>;
}

//! Who draws keys where, and sessions under these keys.

use crate::{
    AccountId, Auction, Balance, Balances, BlockNumber, MILLI_QED, Membership, Reputation, Runtime,
    RuntimeCall, RuntimeHoldReason,
    configs::{
        beacon::{Barred, BlockAuthors, EpochLength, PastBlockHashes},
        block::BlockWeights,
        governance::AdminOrigin,
        money::EntropyFund,
    },
    dynamic_params::keys,
    weights,
};
use alloc::vec::Vec;
use frame_support::{
    dispatch::DispatchClass,
    parameter_types,
    traits::{ConstU32, ConstU64, Get, LinearStoragePrice, fungible::HoldConsideration},
    weights::Weight,
};
use frame_system::offchain::CreateAuthorizedTransaction;
use qedex_primitives::Millis;
use sp_runtime::{
    traits::{Convert, TransactionExtension},
    transaction_validity::TransactionPriority,
};

/// A day, in milliseconds.
const DAY: Millis = 24 * 3_600_000;

parameter_types! {
    /// What a site, a link, an enrolment, what an account says of itself, or a session costs while it is
    /// stored: a tenth of a QED.
    pub const QkdDepositBase: Balance = 100 * MILLI_QED;
    /// What each of its bytes costs besides, as for the bytes of a preimage.
    pub const QkdDepositPerByte: Balance = MILLI_QED / 100;
    /// Why the registry's is held.
    pub const RegistryHold: RuntimeHoldReason =
        RuntimeHoldReason::Qkd(pallet_qkd::HoldReason::Registry);
    /// Why that for sessions is held.
    pub const SessionHold: RuntimeHoldReason =
        RuntimeHoldReason::Qkd(pallet_qkd::HoldReason::Session);
    /// A step of a handshake is taken for a minute: an agent draws the key in that time though its key
    /// service takes half a minute to answer, and the step stands in a block though a third of the authors
    /// leave it out.
    pub const StepWithin: BlockNumber = crate::MINUTES;
    /// About that of a transaction which pays no tip: A has paid for both steps.
    pub const WorkerPriority: TransactionPriority = 10_000;
}

/// What a worker's step takes besides: what any transaction does, and what is checked of what it carries.
pub struct StepOverhead;

impl Get<Weight> for StepOverhead {
    fn get() -> Weight {
        let base = BlockWeights::get().get(DispatchClass::Normal).base_extrinsic;
        // A call that authorizes nothing: what lets a step in is counted by the pallet.
        let call = RuntimeCall::System(frame_system::Call::remark { remark: Vec::new() });
        let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
        base.saturating_add(extension.weight(&call))
    }
}

type Price = LinearStoragePrice<QkdDepositBase, QkdDepositPerByte, Balance>;

/// An account is named by its 32 bytes.
pub struct AccountBytes;

impl Convert<AccountId, [u8; 32]> for AccountBytes {
    fn convert(account: AccountId) -> [u8; 32] {
        account.into()
    }
}

impl pallet_qkd::Config for Runtime {
    type AcceptWithin = StepWithin;
    type AccountBytes = AccountBytes;
    type AdminOrigin = AdminOrigin;
    type Allotment = keys::MarketKeysPerSlot;
    type Authors = BlockAuthors;
    type BarredEpochs = Barred;
    type Bond = HoldConsideration<AccountId, Balances, RegistryHold, Price>;
    type Calendar = Auction;
    type ConfirmWithin = StepWithin;
    type Currency = Balances;
    type Deposit = HoldConsideration<AccountId, Balances, SessionHold, Price>;
    type EntropyFund = EntropyFund;
    type EpochLength = EpochLength;
    type Fallback = PastBlockHashes;
    // More than a day of quarter-hours, in epochs of two: slots in flight find theirs.
    type KeptEpochs = ConstU32<128>;
    type Leadership = Auction;
    // A broker opens one with each of its principals, one minute after the other.
    type MaxRequests = ConstU32<32>;
    // One that waits, and one that takes the place of a session which ends.
    type MaxRequestsPerPeer = ConstU32<2>;
    // As certificates of SAEs: a year, and a month in which the next one overlaps.
    type MaxSaeTerm = ConstU64<{ 400 * DAY }>;
    type MaxSessionAge = ConstU64<DAY>;
    type MaxSweptPerBlock = ConstU32<20>;
    type Membership = Membership;
    type Misses = Reputation;
    type Slots = Auction;
    type StepOverhead = StepOverhead;
    type WeightInfo = weights::qkd::WeightInfo<Runtime>;
    type WorkerPriority = WorkerPriority;
}

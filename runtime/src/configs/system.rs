//! The frame: which calls are taken at all, the block's hash memory, the state's cost.

pub use crate::configs::block::{BlockLength, BlockWeights};
use crate::{
    AccountId, Address, Balance, Block, Hash, Nonce, PalletInfo, Runtime, RuntimeCall,
    RuntimeEvent, RuntimeOrigin, RuntimeTask, TxExtension, UncheckedExtrinsic, VERSION,
    configs::governance::MotionsCanPass,
};
use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU16, ConstU32, Contains, InsideBoth},
    weights::constants::ParityDbWeight,
};
use sp_runtime::{generic, traits::AccountIdLookup};
use sp_version::RuntimeVersion;

parameter_types! {
    /// How many past blocks are known by their hash.
    pub const BlockHashCount: u32 = 2_400;
    /// This runtime's version.
    pub const Version: RuntimeVersion = VERSION;
}

/// Session keys are purged by [`Pov::leave`](pallet_pov::Pallet::leave) only: a validator without
/// keys drops out of the set whatever PoV says, and without a set nobody writes blocks.
pub struct KeysStay;

impl Contains<RuntimeCall> for KeysStay {
    fn contains(call: &RuntimeCall) -> bool {
        !matches!(call, RuntimeCall::Session(pallet_session::Call::purge_keys { .. }))
    }
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type AccountData = pallet_balances::AccountData<Balance>;
    type AccountId = AccountId;
    type BaseCallFilter = InsideBoth<KeysStay, MotionsCanPass>;
    type Block = Block;
    type BlockHashCount = BlockHashCount;
    type BlockLength = BlockLength;
    type BlockWeights = BlockWeights;
    type DbWeight = ParityDbWeight;
    type ExtensionsWeightInfo = frame_system::SubstrateExtensionsWeight<Runtime>;
    type Hash = Hash;
    type Lookup = AccountIdLookup<AccountId, ()>;
    type MaxConsumers = ConstU32<16>;
    type Nonce = Nonce;
    type SS58Prefix = ConstU16<42>;
    type SingleBlockMigrations = crate::migrations::Migrations;
    type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
    type Version = Version;
}

// Workers bring what nobody signs as an account: the call itself says who may.
impl<C> frame_system::offchain::CreateTransaction<C> for Runtime
where
    RuntimeCall: From<C>,
{
    type Extension = TxExtension;

    fn create_transaction(call: RuntimeCall, extension: TxExtension) -> UncheckedExtrinsic {
        UncheckedExtrinsic::new_transaction(call, extension)
    }
}

impl<C> frame_system::offchain::CreateAuthorizedTransaction<C> for Runtime
where
    RuntimeCall: From<C>,
{
    fn create_extension() -> TxExtension {
        (
            frame_system::AuthorizeCall::new(),
            frame_system::CheckNonZeroSender::new(),
            frame_system::CheckSpecVersion::new(),
            frame_system::CheckTxVersion::new(),
            frame_system::CheckGenesis::new(),
            frame_system::CheckEra::from(generic::Era::Immortal),
            frame_system::CheckNonce::from(0),
            frame_system::CheckWeight::new(),
            pallet_transaction_payment::ChargeTransactionPayment::from(0),
            frame_metadata_hash_extension::CheckMetadataHash::new(false),
            frame_system::WeightReclaim::new(),
        )
    }
}

// Reports of equivocations are bare transactions that the node makes itself.
impl<C> frame_system::offchain::CreateTransactionBase<C> for Runtime
where
    RuntimeCall: From<C>,
{
    type Extrinsic = UncheckedExtrinsic;
    type RuntimeCall = RuntimeCall;
}

impl<C> frame_system::offchain::CreateBare<C> for Runtime
where
    RuntimeCall: From<C>,
{
    fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
        generic::UncheckedExtrinsic::<Address, RuntimeCall, crate::Signature, TxExtension>::new_bare(
            call,
        )
    }
}

//! The runtime of Q-EnergyDEX: the composition of the pallets, and nothing else.
//!
//! Each pallet is configured in its own file under `configs`; the runtime APIs are in
//! [`apis`]; genesis presets are in [`presets`]; measured weights are in [`weights`].
//!
//! Nothing stands in for a part that is not there: the chain keeps who draws keys where, the sessions under these
//! keys, a ledger of them, and a beacon of their entropy. Where too few owners reveal, [the hash of a
//! block](configs::beacon) takes the place of the beacon's value, and answers say so.

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "256"]
// The macros that compose a runtime emit public items without documentation.
#![allow(missing_docs)]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod migrations;
pub mod presets;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests;
pub mod weights;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
    MultiAddress, MultiSignature, generic, impl_opaque_keys,
    traits::{BlakeTwo256, IdentifyAccount, Verify},
};
use sp_version::{RuntimeVersion, runtime_version};

pub use configs::parameters::dynamic_params;
pub use qedex_primitives::Balance;

/// Types that do not know the runtime's calls, for the node.
pub mod opaque {
    use super::*;
    pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

    /// A block header.
    pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
    /// A block whose extrinsics are bytes.
    pub type Block = generic::Block<Header, UncheckedExtrinsic>;
    /// The hash of a block.
    pub type Hash = <BlakeTwo256 as sp_runtime::traits::Hash>::Output;
}

impl_opaque_keys! {
    /// The keys of a validator: one to write blocks, one to finalise them, and one to sign where
    /// its node is to be found.
    pub struct SessionKeys {
        /// Writes blocks.
        pub aura: Aura,
        /// Votes on finality.
        pub grandpa: Grandpa,
        /// Signs the network addresses that the node publishes.
        pub authority_discovery: AuthorityDiscovery,
    }
}

/// The version of this runtime.
#[runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
    spec_name: Cow::Borrowed("qedex"),
    impl_name: Cow::Borrowed("qedex"),
    authoring_version: 1,
    spec_version: 3,
    impl_version: 1,
    apis: apis::RUNTIME_API_VERSIONS,
    transaction_version: 3,
    system_version: 1,
};

/// The time between two blocks, in milliseconds. It never changes on a running chain.
pub const MILLISECONDS_PER_BLOCK: u64 = 2_000;

/// Blocks in a minute, an hour and a day.
pub const MINUTES: BlockNumber = 30;
/// Blocks in an hour.
pub const HOURS: BlockNumber = MINUTES * 60;
/// Blocks in a day.
pub const DAYS: BlockNumber = HOURS * 24;

/// A thousandth of a QED, in plancks.
pub const MILLI_QED: Balance = 1_000_000_000;
/// One QED, in plancks.
pub const QED: Balance = 1_000 * MILLI_QED;
/// The least that an account may own.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI_QED;

/// A signature by any of the supported schemes.
pub type Signature = MultiSignature;
/// An account: the public key, or its hash, of a signer.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// The number of transactions of an account.
pub type Nonce = u32;
/// A hash.
pub type Hash = sp_core::H256;
/// The number of a block.
pub type BlockNumber = u32;
/// How transactions name accounts.
pub type Address = MultiAddress<AccountId, ()>;
/// A block header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;

/// What a transaction carries beside its call.
pub type TxExtension = (
    frame_system::AuthorizeCall<Runtime>,
    frame_system::CheckNonZeroSender<Runtime>,
    frame_system::CheckSpecVersion<Runtime>,
    frame_system::CheckTxVersion<Runtime>,
    frame_system::CheckGenesis<Runtime>,
    frame_system::CheckEra<Runtime>,
    frame_system::CheckNonce<Runtime>,
    frame_system::CheckWeight<Runtime>,
    pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
    frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
    frame_system::WeightReclaim<Runtime>,
);

/// A transaction.
pub type UncheckedExtrinsic =
    generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What is signed of a transaction.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// Dispatches blocks to the pallets.
pub type Executive = frame_executive::Executive<
    Runtime,
    Block,
    frame_system::ChainContext<Runtime>,
    Runtime,
    AllPalletsWithSystem,
>;

#[frame_support::runtime]
#[allow(clippy::expect_used)]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeSlashReason,
        RuntimeLockId,
        RuntimeTask,
        RuntimeViewFunction
    )]
    pub struct Runtime;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;
    #[runtime::pallet_index(1)]
    pub type Timestamp = pallet_timestamp;
    #[runtime::pallet_index(2)]
    pub type Aura = pallet_aura;
    #[runtime::pallet_index(3)]
    pub type Authorship = pallet_authorship;
    // Before Session, which asks it at genesis and in each block.
    #[runtime::pallet_index(4)]
    pub type Pov = pallet_pov;
    #[runtime::pallet_index(5)]
    pub type Session = pallet_session;
    #[runtime::pallet_index(6)]
    pub type Grandpa = pallet_grandpa;
    // 7 was a pallet that proved who had which session keys.
    #[runtime::pallet_index(8)]
    pub type AuthorityDiscovery = pallet_authority_discovery;

    #[runtime::pallet_index(10)]
    pub type Balances = pallet_balances;
    #[runtime::pallet_index(11)]
    pub type TransactionPayment = pallet_transaction_payment;

    #[runtime::pallet_index(20)]
    pub type Utility = pallet_utility;
    #[runtime::pallet_index(21)]
    pub type Proxy = pallet_proxy;
    #[runtime::pallet_index(22)]
    pub type Multisig = pallet_multisig;
    #[runtime::pallet_index(23)]
    pub type Council = pallet_collective<Instance1>;
    #[runtime::pallet_index(24)]
    pub type Whitelist = pallet_whitelist;
    #[runtime::pallet_index(25)]
    pub type Preimage = pallet_preimage;
    #[runtime::pallet_index(26)]
    pub type Parameters = pallet_parameters;
    #[runtime::pallet_index(27)]
    pub type Sudo = pallet_sudo;

    #[runtime::pallet_index(40)]
    pub type Membership = pallet_energy_membership;
    #[runtime::pallet_index(41)]
    pub type Metering = pallet_metering;
    #[runtime::pallet_index(42)]
    pub type Auction = pallet_auction;
    #[runtime::pallet_index(43)]
    pub type Settlement = pallet_settlement;
    #[runtime::pallet_index(44)]
    pub type Reputation = pallet_reputation;
    #[runtime::pallet_index(45)]
    pub type Qkd = pallet_qkd;
}

//! The JSON-RPC methods that this node adds to those every Substrate node serves.
//!
//! `sc_service::spawn_tasks` brings both generations: the legacy `author_`, `chain_`, `state_` and
//! `system_` methods, and the new `chainHead_`, `chainSpec_`, `transaction_` and `archive_` ones.

use std::sync::Arc;

use jsonrpsee::{RpcModule, core::RegisterMethodError};
use pallet_transaction_payment::RuntimeDispatchInfo;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use qedex_runtime::{AccountId, Balance, BlockNumber, Hash, Nonce};
use sc_consensus_grandpa::{
    FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use substrate_frame_rpc_system::{System, SystemApiServer};

use crate::client::{Block, FullBackend, FullClient, FullPool};

/// What the methods need.
pub struct Deps {
    /// The client.
    pub client: Arc<FullClient>,
    /// The transaction pool.
    pub pool: Arc<FullPool>,
    /// The state of GRANDPA.
    pub grandpa: GrandpaDeps,
}

/// What the `grandpa_` methods need.
pub struct GrandpaDeps {
    /// The rounds of the local voter.
    pub voter_state: SharedVoterState,
    /// Who may vote.
    pub authority_set: SharedAuthoritySet<Hash, BlockNumber>,
    /// New justifications.
    pub justification_stream: GrandpaJustificationStream<Block>,
    /// Proofs of finality of older blocks.
    pub finality_provider: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// `system_accountNextIndex`, `system_dryRun`, `payment_queryInfo`, `payment_queryFeeDetails` and
/// `grandpa_*`.
pub fn create(
    deps: &Deps,
    executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, RegisterMethodError> {
    let Deps { client, pool, grandpa } = deps;
    let mut module = RpcModule::new(());

    let system = System::<FullPool, FullClient, Block>::new(client.clone(), pool.clone());
    module.merge(SystemApiServer::<Hash, AccountId, Nonce>::into_rpc(system))?;

    let payment = TransactionPayment::<FullClient, Block>::new(client.clone());
    module.merge(TransactionPaymentApiServer::<Hash, RuntimeDispatchInfo<Balance>>::into_rpc(
        payment,
    ))?;

    let grandpa = Grandpa::new(
        executor,
        grandpa.authority_set.clone(),
        grandpa.voter_state.clone(),
        grandpa.justification_stream.clone(),
        grandpa.finality_provider.clone(),
    );
    module.merge(grandpa.into_rpc())?;

    Ok(module)
}

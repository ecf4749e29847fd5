//! What the tests have done on the chain that the command line does not do.

use crate::chain::{best, call_runtime, finalised, hash_at, nonce, state_of};
use codec::Encode;
use frame_system::offchain::CreateAuthorizedTransaction;
use qedex_runtime::{
    Hash, Runtime, RuntimeCall, RuntimeEvent, SessionKeys, SignedPayload, TxExtension,
    UncheckedExtrinsic, VERSION,
};
use serde_json::Value;
use sp_consensus_grandpa::{
    AuthorityId, Equivocation, EquivocationProof, OpaqueKeyOwnershipProof, SetId, localized_payload,
};
use sp_core::{Pair, proof_of_possession::ProofOfPossessionGenerator};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};
use sp_runtime::{
    DispatchError,
    generic::Era,
    traits::{BlakeTwo256, Hash as _},
};
use std::time::{Duration, Instant};
use subxt::rpcs::{RpcClient, client::rpc_params};

/// How long a transaction may take to become final.
const PATIENCE: Duration = Duration::from_secs(90);

/// Signs `call`, valid for ever.
async fn signed(rpc: &RpcClient, who: Sr25519Keyring, call: RuntimeCall) -> Vec<u8> {
    let genesis: Hash = rpc.request("chain_getBlockHash", rpc_params![0]).await.expect("an answer");
    let at = best(rpc).await.hash;
    let extension: TxExtension = (
        frame_system::AuthorizeCall::new(),
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckEra::from(Era::Immortal),
        frame_system::CheckNonce::from(nonce(rpc, &who.to_raw_public(), &at).await),
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(0),
        frame_metadata_hash_extension::CheckMetadataHash::new(false),
        frame_system::WeightReclaim::new(),
    );
    let implicit = (
        (),
        (),
        VERSION.spec_version,
        VERSION.transaction_version,
        genesis,
        genesis,
        (),
        (),
        (),
        None,
        (),
    );
    let payload = SignedPayload::from_raw(call.clone(), extension.clone(), implicit);
    let signature = payload.using_encoded(|payload| who.sign(payload));
    let who = who.to_account_id();
    UncheckedExtrinsic::new_signed(call, who.into(), signature.into(), extension).encode()
}

/// Sends a transaction and does not wait.
pub async fn send(rpc: &RpcClient, who: Sr25519Keyring, call: RuntimeCall) -> String {
    submit(rpc, &signed(rpc, who, call).await).await
}

async fn submit(rpc: &RpcClient, transaction: &[u8]) -> String {
    let transaction = format!("0x{}", hex::encode(transaction));
    let _: Hash = rpc
        .request("author_submitExtrinsic", rpc_params![&transaction])
        .await
        .expect("it is taken");
    transaction
}

/// What a transaction brought about.
pub struct Done {
    /// The block that has it.
    pub block: String,
    /// Its events.
    pub events: Vec<RuntimeEvent>,
}

/// Sends a transaction and waits until it is final.
pub async fn call(rpc: &RpcClient, who: Sr25519Keyring, call: RuntimeCall) -> Done {
    let seen = finalised(rpc).await.number;
    let transaction = send(rpc, who, call).await;
    wait(rpc, seen, transaction).await
}

/// Sends a transaction that nobody signs, because its content proves that it may be, and waits until it is
/// final.
pub async fn authorized(rpc: &RpcClient, call: RuntimeCall) -> Done {
    let seen = finalised(rpc).await.number;
    let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
    let transaction = UncheckedExtrinsic::new_transaction(call, extension).encode();
    let transaction = submit(rpc, &transaction).await;
    wait(rpc, seen, transaction).await
}

/// Waits for a transaction that is in no block up to `seen`.
async fn wait(rpc: &RpcClient, mut seen: u64, transaction: String) -> Done {
    let start = Instant::now();
    loop {
        let head = finalised(rpc).await.number;
        while seen < head {
            seen += 1;
            let block = hash_at(rpc, seen).await.expect("it is final");
            let body: Value =
                rpc.request("chain_getBlock", rpc_params![&block]).await.expect("an answer");
            let body = body["block"]["extrinsics"].as_array().expect("a body");
            if let Some(position) = body.iter().position(|one| *one == *transaction) {
                let phase = frame_system::Phase::ApplyExtrinsic(position as u32);
                let events = events(rpc, &block)
                    .await
                    .into_iter()
                    .filter(|record| record.phase == phase)
                    .map(|record| record.event)
                    .collect();
                return Done { block, events };
            }
        }
        assert!(start.elapsed() < PATIENCE, "a transaction gets lost");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// What happened in a block.
pub async fn events(
    rpc: &RpcClient,
    at: &str,
) -> Vec<frame_system::EventRecord<RuntimeEvent, Hash>> {
    state_of(rpc, "System", "Events", at).await.unwrap_or_default()
}

/// The session keys of a well-known account, and the proof that it has them.
///
/// # Panics
/// If the account is not well known.
#[must_use]
pub fn session_keys(who: Sr25519Keyring) -> (SessionKeys, Vec<u8>) {
    let mut pair = who.pair();
    let grandpa = Ed25519Keyring::iter().find(|key| key.to_string() == who.to_string());
    let mut voter = grandpa.expect("it is well known").pair();
    let keys = SessionKeys {
        aura: pair.public().into(),
        grandpa: voter.public().into(),
        authority_discovery: pair.public().into(),
    };
    let owner = who.to_raw_public();
    let proof = pair.generate_proof_of_possession(&owner);
    let proof = (&proof, voter.generate_proof_of_possession(&owner), &proof).encode();
    (keys, proof)
}

/// Announces them.
#[must_use]
pub fn announce(who: Sr25519Keyring) -> RuntimeCall {
    let (keys, proof) = session_keys(who);
    RuntimeCall::Session(pallet_session::Call::set_keys { keys, proof })
}

/// Has the council do something: Bob proposes, Bob and Charlie vote for it, Charlie closes.
pub async fn council(rpc: &RpcClient, proposal: RuntimeCall) -> (Done, Result<(), DispatchError>) {
    type Council = pallet_collective::Call<Runtime, pallet_collective::Instance1>;
    let at = finalised(rpc).await.hash;
    let index: u32 = state_of(rpc, "Council", "ProposalCount", &at).await.unwrap_or_default();
    let hash = BlakeTwo256::hash_of(&proposal);
    let length_bound = proposal.encoded_size() as u32;
    let vote = RuntimeCall::Council(Council::vote { proposal: hash, index, approve: true });
    let both = |first, second| {
        let calls = vec![first, second];
        RuntimeCall::Utility(pallet_utility::Call::batch_all { calls })
    };
    let propose = RuntimeCall::Council(Council::propose {
        threshold: 2,
        proposal: Box::new(proposal),
        length_bound,
    });
    succeeds(&call(rpc, Sr25519Keyring::Bob, both(propose, vote.clone())).await);
    let close = RuntimeCall::Council(Council::close {
        proposal_hash: hash,
        index,
        proposal_weight_bound: frame_support::weights::Weight::from_parts(100_000_000_000, 1 << 23),
        length_bound,
    });
    let done = call(rpc, Sr25519Keyring::Charlie, both(vote, close)).await;
    succeeds(&done);
    let result = done.events.iter().find_map(|event| match event {
        RuntimeEvent::Council(pallet_collective::Event::Executed { result, .. }) => Some(*result),
        _ => None,
    });
    let result = result.expect("the council's decision is carried out");
    (done, result)
}

fn succeeds(done: &Done) {
    assert_eq!(failure(done), None);
}

/// Why a transaction failed, if it did.
#[must_use]
pub fn failure(done: &Done) -> Option<DispatchError> {
    done.events.iter().find_map(|event| match event {
        RuntimeEvent::System(frame_system::Event::ExtrinsicFailed { dispatch_error, .. }) => {
            Some(*dispatch_error)
        }
        _ => None,
    })
}

/// The report that `voter` voted for two blocks in one round of the present set.
pub async fn double_vote(rpc: &RpcClient, voter: Ed25519Keyring) -> RuntimeCall {
    let at = finalised(rpc).await.hash;
    let set: SetId = call_runtime(rpc, "GrandpaApi_current_set_id", &[], &at).await;
    let key = AuthorityId::from(voter.public());
    let method = "GrandpaApi_generate_key_ownership_proof";
    let arguments = (set, key.clone()).encode();
    let owner: Option<OpaqueKeyOwnershipProof> = call_runtime(rpc, method, &arguments, &at).await;
    let round = 1;
    let vote = |target_number, byte| {
        let prevote =
            finality_grandpa::Prevote { target_hash: Hash::repeat_byte(byte), target_number };
        let message = finality_grandpa::Message::Prevote(prevote.clone());
        let signature = voter.sign(&localized_payload(round, set, &message));
        (prevote, signature.into())
    };
    let equivocation = finality_grandpa::Equivocation {
        round_number: round,
        identity: key,
        first: vote(1, 1),
        second: vote(2, 2),
    };
    RuntimeCall::Grandpa(pallet_grandpa::Call::report_equivocation {
        equivocation_proof: Box::new(EquivocationProof::new(
            set,
            Equivocation::Prevote(equivocation),
        )),
        key_owner_proof: owner.and_then(|proof| proof.decode()).expect("the voter is of this set"),
    })
}

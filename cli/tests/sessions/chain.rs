//! What the test does on the chain, and reads there. Every answer is kept.

use crate::record::{Record, Source};
use codec::{Decode, Encode};
use qedex_primitives::qkd::{SessionId, SessionView};
use qedex_runtime::{
    Hash, Runtime, RuntimeCall, RuntimeHoldReason, SignedPayload, TxExtension, UncheckedExtrinsic,
    VERSION,
};
use qedex_testnode::agents::Node;
use serde_json::{Value, json};
use sp_keyring::Sr25519Keyring;
use sp_runtime::generic::Era;
use std::{sync::Arc, time::Duration};
use subxt::rpcs::{RpcClient, client::RpcParams};

/// A session with its number.
pub type View = SessionView<[u8; 32], u32>;

/// A block, as a node has it.
#[derive(Clone, Debug)]
pub struct Block {
    pub number: u64,
    pub hash: String,
    pub parent: String,
    /// When it was written, by the slots of authors.
    pub slot: u64,
}

/// A connection to a node.
pub struct Chain {
    rpc: RpcClient,
    name: &'static str,
    record: Arc<Record>,
}

fn bytes(hex_text: &str) -> Vec<u8> {
    hex::decode(hex_text.trim_start_matches("0x")).expect("hexadecimal digits")
}

fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

fn item(pallet: &str, item: &str) -> Vec<u8> {
    let hash = |name: &str| sp_crypto_hashing::twox_128(name.as_bytes());
    [hash(pallet), hash(item)].concat()
}

impl Chain {
    pub async fn of(node: &Node, record: &Arc<Record>) -> Self {
        Self { rpc: node.rpc().await, name: node.name, record: Arc::clone(record) }
    }

    /// What a node answers: or its error, in full.
    pub async fn try_ask(&self, method: &str, arguments: Value) -> Result<Value, String> {
        let mut parameters = RpcParams::new();
        for argument in arguments.as_array().expect("a list of arguments") {
            parameters.push(argument).expect("JSON");
        }
        let answer: Result<Value, _> = self.rpc.request(method, parameters).await;
        let answer = answer.map_err(|error| format!("{error:?}"));
        let said = match &answer {
            Ok(value) => value.to_string(),
            Err(error) => error.clone(),
        };
        let what = format!("{} {method}", self.name);
        self.record.keep(Source::Rpc, &what, said.as_bytes());
        if let Ok(value) = &answer {
            self.record.keep_decoded(&what, value);
        }
        answer
    }

    pub async fn ask(&self, method: &str, arguments: Value) -> Value {
        let answer = self.try_ask(method, arguments).await;
        answer.unwrap_or_else(|error| panic!("{} refuses {method}: {error}", self.name))
    }

    async fn text(&self, method: &str, arguments: Value) -> String {
        self.ask(method, arguments).await.as_str().expect("a text").to_owned()
    }

    /// The hash of the block with this number on its best chain.
    pub async fn hash_at(&self, number: u64) -> Option<String> {
        self.ask("chain_getBlockHash", json!([number])).await.as_str().map(str::to_owned)
    }

    pub async fn block(&self, hash: &str) -> Block {
        let header = self.ask("chain_getHeader", json!([hash])).await;
        let number = header["number"].as_str().expect("a header has a number");
        let number = u64::from_str_radix(number.trim_start_matches("0x"), 16).expect("a number");
        // A pre-runtime digest (6) of the engine `aura` with eight bytes: the slot.
        let prefix = [&[6], b"aura".as_slice(), &[8 << 2]].concat();
        let logs = header["digest"]["logs"].as_array().expect("a digest").iter();
        let slot = logs.map(|log| bytes(log.as_str().expect("a log"))).find_map(|log| {
            let slot = log.strip_prefix(prefix.as_slice())?;
            Some(u64::from_le_bytes(slot.try_into().expect("eight bytes")))
        });
        let parent = header["parentHash"].as_str().expect("a parent").to_owned();
        Block { number, hash: hash.to_owned(), parent, slot: slot.unwrap_or_default() }
    }

    pub async fn best(&self) -> Block {
        let hash = self.text("chain_getBlockHash", json!([])).await;
        self.block(&hash).await
    }

    pub async fn finalised(&self) -> Block {
        let hash = self.text("chain_getFinalizedHead", json!([])).await;
        self.block(&hash).await
    }

    /// The transactions of a block, in hexadecimal.
    pub async fn transactions(&self, hash: &str) -> Vec<String> {
        let body = self.ask("chain_getBlock", json!([hash])).await;
        let body = body["block"]["extrinsics"].as_array().expect("a body");
        body.iter().map(|one| one.as_str().expect("a text").to_owned()).collect()
    }

    async fn stored<T: Decode>(&self, key: Vec<u8>, at: &str) -> Option<T> {
        let value = self.ask("state_getStorage", json!([hex_of(&key), at])).await;
        let value = value.as_str().map(bytes)?;
        Some(T::decode(&mut &value[..]).expect("the type that is stored"))
    }

    async fn call<T: Decode>(&self, method: &str, arguments: Vec<u8>, at: &str) -> T {
        let answer = self.text("state_call", json!([method, hex_of(&arguments), at])).await;
        T::decode(&mut &bytes(&answer)[..]).expect("the type that it gives")
    }

    /// All sessions of an account in the best block.
    pub async fn sessions_of(&self, who: Sr25519Keyring) -> Vec<View> {
        let at = self.best().await.hash;
        let arguments = (who.to_raw_public(), None::<SessionId>, 100_u32).encode();
        self.call("QkdApi_sessions_of", arguments, &at).await
    }

    /// What is held of an account for its sessions.
    pub async fn held_for_sessions(&self, who: Sr25519Keyring) -> u128 {
        let account = who.to_raw_public();
        let key = [
            item("Balances", "Holds"),
            sp_crypto_hashing::blake2_128(&account).to_vec(),
            account.to_vec(),
        ];
        let at = self.best().await.hash;
        let holds: Option<Vec<(RuntimeHoldReason, u128)>> = self.stored(key.concat(), &at).await;
        let ours = RuntimeHoldReason::Qkd(pallet_qkd::HoldReason::Session);
        holds.unwrap_or_default().into_iter().filter(|held| held.0 == ours).map(|held| held.1).sum()
    }

    /// A transaction of `who`, valid for ever and next in turn.
    pub async fn signed(&self, who: Sr25519Keyring, call: RuntimeCall) -> String {
        let genesis = self.hash_at(0).await.expect("there is a first block");
        let genesis = Hash::from_slice(&bytes(&genesis));
        let account = who.to_account_id();
        let nonce = self.ask("system_accountNextIndex", json!([account.to_string()])).await;
        let nonce = u32::try_from(nonce.as_u64().expect("a number")).expect("a small one");
        let extension: TxExtension = (
            frame_system::AuthorizeCall::new(),
            frame_system::CheckNonZeroSender::new(),
            frame_system::CheckSpecVersion::new(),
            frame_system::CheckTxVersion::new(),
            frame_system::CheckGenesis::new(),
            frame_system::CheckEra::from(Era::Immortal),
            frame_system::CheckNonce::from(nonce),
            frame_system::CheckWeight::new(),
            pallet_transaction_payment::ChargeTransactionPayment::<Runtime>::from(0),
            frame_metadata_hash_extension::CheckMetadataHash::new(false),
            frame_system::WeightReclaim::new(),
        );
        let (spec, transaction) = (VERSION.spec_version, VERSION.transaction_version);
        let implicit = ((), (), spec, transaction, genesis, genesis, (), (), (), None, ());
        let payload = SignedPayload::from_raw(call.clone(), extension.clone(), implicit);
        let signature = payload.using_encoded(|payload| who.sign(payload));
        let signed =
            UncheckedExtrinsic::new_signed(call, account.into(), signature.into(), extension);
        hex_of(&signed.encode())
    }

    /// Signs and sends a transaction.
    pub async fn send(&self, who: Sr25519Keyring, call: RuntimeCall) {
        let transaction = self.signed(who, call).await;
        self.ask("author_submitExtrinsic", json!([transaction])).await;
    }
}

/// The call that a transaction has, if it is one of sessions.
pub fn call_of(transaction: &str) -> Option<pallet_qkd::Call<Runtime>> {
    let decoded = UncheckedExtrinsic::decode(&mut &bytes(transaction)[..]).expect("a transaction");
    match decoded.function {
        RuntimeCall::Qkd(call) => Some(call),
        _ => None,
    }
}

/// Asks again and again until it is so.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut is: impl FnMut() -> F) -> T {
    for _ in 0..900 {
        if let Some(value) = is().await {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{what} does not come about")
}

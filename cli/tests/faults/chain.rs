//! What the test asks a node, and brings there as the workers of accounts do.

use crate::sight::Sight;
use codec::{Decode, Encode};
use frame_system::offchain::CreateAuthorizedTransaction;
use pallet_qkd::books::EndBook;
use qedex_primitives::{
    EpochIndex, Moment,
    beacon::{Attendance, EpochPart, EpochValue, EpochView, EpochWork},
    keys::SlotReservation,
    qkd::{LinkId, SiteId, WorkerSignature},
};
use qedex_runtime::{Hash, Runtime, RuntimeCall, UncheckedExtrinsic};
use qedex_testnode::chain::{self, Block, call_runtime, hash_at};
use serde_json::Value;
use sp_core::{Pair, sr25519};
use sp_crypto_hashing::{twox_64, twox_128};
use sp_keyring::Sr25519Keyring;
use std::time::{Duration, Instant};
use subxt::rpcs::{RpcClient, client::rpc_params};

/// How long anything may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// Those who take part in the beacon: Dave's and Eve's agents on a development node.
pub const DRAWERS: [Sr25519Keyring; 2] = [Sr25519Keyring::Dave, Sr25519Keyring::Eve];

/// An account by its bytes.
pub type Account = [u8; 32];

/// Asks again and again until it is so.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut is: impl FnMut() -> F) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = is().await {
            return value;
        }
        assert!(start.elapsed() < PATIENCE, "{what} does not come about");
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
}

/// The key with which the worker of `who` signs, where the test is its worker.
pub fn worker(who: Sr25519Keyring) -> sr25519::Pair {
    let seed = format!("{}//worker", who.to_seed());
    sr25519::Pair::from_string(&seed, None).expect("a secret URI")
}

/// The epoch that is under way, and how far those are who draw keys for the beacon.
pub struct Now {
    /// Its number.
    pub index: EpochIndex,
    /// Its half.
    pub part: EpochPart,
    /// When that half ends, by the chain's time.
    pub until: Moment,
    /// Who has committed, and whether it has revealed.
    committed: Vec<(Account, bool)>,
}

impl Now {
    fn has(&self, who: Sr25519Keyring) -> Option<bool> {
        let ours = self.committed.iter().find(|(account, _)| *account == who.to_raw_public());
        ours.map(|(_, revealed)| *revealed)
    }

    /// Whether all who draw have committed.
    pub fn all_committed(&self) -> bool {
        DRAWERS.iter().all(|who| self.has(*who).is_some())
    }

    /// Whether all who draw have revealed.
    pub fn all_revealed(&self) -> bool {
        DRAWERS.iter().all(|who| self.has(*who) == Some(true))
    }

    /// Whether nobody has committed.
    pub const fn none_committed(&self) -> bool {
        self.committed.is_empty()
    }

    /// Whether nobody has revealed.
    pub fn none_revealed(&self) -> bool {
        !self.committed.iter().any(|(_, revealed)| *revealed)
    }
}

/// A block, and what workers have brought in it.
pub struct Written {
    /// The block.
    pub block: Block,
    /// For whom, for which epoch, and what.
    pub brought: Vec<(Account, EpochIndex, EpochWork)>,
}

/// A connection to a node.
pub struct Chain {
    /// For what is asked without more ado.
    pub rpc: RpcClient,
    /// The hash of the first block.
    pub genesis: Hash,
}

fn bytes(hex_text: &str) -> Vec<u8> {
    hex::decode(hex_text.trim_start_matches("0x")).expect("hexadecimal digits")
}

/// What workers have brought, of a transaction.
fn brought(transaction: &str) -> Option<(Account, EpochIndex, EpochWork)> {
    let decoded = UncheckedExtrinsic::decode(&mut &bytes(transaction)[..]).expect("a transaction");
    match decoded.function {
        RuntimeCall::Qkd(pallet_qkd::Call::bring_epoch { who, epoch, work, .. }) => {
            Some((who.into(), epoch, work))
        }
        _ => None,
    }
}

impl Chain {
    /// By this connection.
    pub async fn of(rpc: RpcClient) -> Self {
        let genesis = rpc.request("chain_getBlockHash", rpc_params![0]).await.expect("an answer");
        Self { rpc, genesis }
    }

    /// The best block.
    pub async fn best(&self) -> Block {
        chain::best(&self.rpc).await
    }

    async fn call<T: Decode>(&self, method: &str, arguments: &impl Encode) -> T {
        let at = self.best().await.hash;
        call_runtime(&self.rpc, method, &arguments.encode(), &at).await
    }

    /// The epoch that is under way, once one is.
    pub async fn now(&self) -> Option<Now> {
        let view: Option<EpochView<Account>> = self.call("BeaconApi_epoch", &()).await;
        let (epoch, committed) = view?;
        Some(Now { index: epoch.index, part: epoch.part, until: epoch.until, committed })
    }

    /// The value of an epoch, once it has ended.
    pub async fn value(&self, epoch: EpochIndex) -> Option<EpochValue> {
        self.call("BeaconApi_value", &epoch).await
    }

    /// Who took part in an epoch, once it has ended.
    pub async fn attendance(&self, epoch: EpochIndex) -> Option<Attendance<Account>> {
        self.call("BeaconApi_attendance", &epoch).await
    }

    /// Waits until an epoch has ended, and gives its value.
    pub async fn ended(&self, epoch: EpochIndex) -> EpochValue {
        until(&format!("the end of epoch {epoch}"), || self.value(epoch)).await
    }

    /// What slots in flight are promised.
    pub async fn reservations(&self) -> Vec<SlotReservation> {
        self.call("KeyLedgerApi_reservations", &()).await
    }

    /// What is said and counted of the link between both sites, all of it in one block.
    pub async fn sight(&self) -> Sight {
        let at = self.best().await.hash;
        let ledger = call_runtime(&self.rpc, "KeyLedgerApi_key_ledger", &[], &at).await;
        let mut books = Vec::new();
        for site in [0, 1] {
            let hash = |name: &str| twox_128(name.as_bytes()).to_vec();
            let place = |encoded: Vec<u8>| [twox_64(&encoded).to_vec(), encoded].concat();
            let (link, site) = (place(LinkId(0).encode()), place(SiteId(site).encode()));
            let key = [hash("Qkd"), hash("Ends"), link, site].concat();
            let key = format!("0x{}", hex::encode(key));
            let stored: Option<String> = self
                .rpc
                .request("state_getStorage", rpc_params![key, &at])
                .await
                .expect("an answer");
            let decoded = |text: String| EndBook::decode(&mut &bytes(&text)[..]).expect("a book");
            books.push(stored.map(decoded).unwrap_or_default());
        }
        Sight { ledger, books }
    }

    /// Brings to the chain what the worker of `who` has to say; or why the node does not take it.
    pub async fn bring(
        &self,
        who: Sr25519Keyring,
        epoch: EpochIndex,
        work: EpochWork,
    ) -> Result<(), String> {
        let signed = work.signing_bytes(self.genesis, &who.to_raw_public(), epoch);
        let signature = WorkerSignature(worker(who).sign(&signed));
        let who = who.to_account_id();
        let call = RuntimeCall::Qkd(pallet_qkd::Call::bring_epoch { who, epoch, work, signature });
        let transaction =
            <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_authorized_transaction(
                call,
            );
        let transaction = format!("0x{}", hex::encode(transaction.encode()));
        let taken: Result<Hash, _> =
            self.rpc.request("author_submitExtrinsic", rpc_params![transaction]).await;
        taken.map(|_| ()).map_err(|why| format!("{why:?}"))
    }

    /// All blocks up to the best one but the first.
    pub async fn blocks(&self) -> Vec<Written> {
        let mut all = Vec::new();
        for number in 1..=self.best().await.number {
            let hash = hash_at(&self.rpc, number).await.expect("it is no longer than that");
            let block = chain::block(&self.rpc, &hash).await;
            let body: Value =
                self.rpc.request("chain_getBlock", rpc_params![&hash]).await.expect("an answer");
            let body = body["block"]["extrinsics"].as_array().expect("a body").iter();
            let brought = body.filter_map(|one| brought(one.as_str().expect("a text"))).collect();
            all.push(Written { block, brought });
        }
        all
    }
}

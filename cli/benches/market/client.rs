//! What is asked of the node: to take transactions, to say what is in a block, to execute one again.

use crate::node::Node;
use anyhow::{Context, Result, bail};
use codec::Encode;
use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use subxt::{
    OnlineClient, SubstrateConfig,
    backend::LegacyBackend,
    client::Blocks,
    config::{
        DefaultExtrinsicParamsBuilder, Hasher, RpcConfigFor,
        substrate::{BlakeTwo256, DigestItem},
    },
    rpcs::{LegacyRpcMethods, RpcClient},
    tx::Payload,
    utils::H256,
};
use subxt_signer::sr25519::Keypair;

/// The runtime's calls, events and storage.
#[allow(missing_docs, clippy::all)]
#[subxt::subxt(runtime_metadata_path = "../client/metadata/qedex.scale")]
pub mod api {}

use api::runtime_types as types;

/// How long the node may take for anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// Transactions on their way to the node at the same time.
const AT_ONCE: usize = 32;

/// The state after a block.
pub type At = subxt::OnlineClientAtBlock<SubstrateConfig>;

/// A side, a limit in plancks per kWh and an energy in Wh.
#[derive(Clone, Copy)]
pub struct NewOrder {
    /// Whether to sell.
    pub sells: bool,
    /// Plancks per kWh.
    pub limit: u128,
    /// Wh.
    pub energy: u64,
}

/// A signed transaction.
#[derive(Clone)]
pub struct Signed {
    /// The hash by which blocks name it.
    pub hash: H256,
    bytes: Vec<u8>,
}

/// What a block says.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    /// Its number.
    pub number: u64,
    /// Its time in milliseconds since the Unix epoch.
    pub time: u64,
    /// Orders in the book after it.
    pub book: u32,
    /// Computation that it is charged with, in milliseconds by the measured weights, of which there
    /// may be 1,000: by transactions,
    pub weight_of_users: f64,
    /// and by inherents and what the runtime does by itself.
    pub weight_of_runtime: f64,
    /// Milliseconds that its author took to write it, all transactions executed.
    pub authored: Option<u64>,
    /// Milliseconds that the runtime takes to execute it again, where that was tried.
    pub executed: Option<f64>,
    /// Orders placed.
    pub placed: u32,
    /// Orders that left the book after gate closure.
    pub closed: u32,
    /// Trades opened.
    pub trades: u32,
    /// How many blocks each transfer in it has waited; 1 is the next block.
    pub waited: Vec<u64>,
    /// Whether the slot's prices were found.
    pub cleared: bool,
    /// Whether all of the slot's orders were paired or released.
    pub matched: bool,
    /// Transactions that failed, and orders that were refused.
    #[serde(skip)]
    pub failed: u32,
    /// The hashes of its transactions.
    #[serde(skip)]
    pub hashes: Vec<H256>,
}

/// A connection to the node.
pub struct Client {
    online: OnlineClient<SubstrateConfig>,
    rpc: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
}

impl Client {
    /// Connects, and waits until a block is finalised.
    pub async fn connect(node: &mut Node) -> Result<Self> {
        let began = Instant::now();
        let client = loop {
            node.check()?;
            match RpcClient::from_insecure_url(node.url()).await {
                Ok(client) => break client,
                Err(error) if began.elapsed() > PATIENCE => return Err(error.into()),
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        };
        let rpc = LegacyRpcMethods::new(client.clone());
        let backend = Arc::new(LegacyBackend::builder().build(client));
        let config = SubstrateConfig::new();
        let online = OnlineClient::from_backend_with_config(config, backend).await?;
        let client = Self { online, rpc };
        let mut finalised = client.online.stream_blocks().await?;
        while Self::next(&mut finalised).await?.number() == 0 {}
        Ok(client)
    }

    /// The number of the best block.
    pub async fn newest(&self) -> Result<u64> {
        let header = self.rpc.chain_get_header(None).await?;
        Ok(header.context("there is no best block")?.number)
    }

    /// Blocks as they become the best.
    pub async fn best_blocks(&self) -> Result<Blocks<SubstrateConfig>> {
        Ok(self.online.stream_best_blocks().await?)
    }

    /// Blocks as they become final.
    pub async fn finalised_blocks(&self) -> Result<Blocks<SubstrateConfig>> {
        Ok(self.online.stream_blocks().await?)
    }

    /// The next block of a stream.
    pub async fn next(
        blocks: &mut Blocks<SubstrateConfig>,
    ) -> Result<subxt::client::Block<SubstrateConfig>> {
        let next = tokio::time::timeout(PATIENCE, blocks.next()).await;
        Ok(next.context("no block comes")?.context("the node has gone")??)
    }

    /// The state after the latest finalised block.
    pub async fn now(&self) -> Result<At> {
        Ok(self.online.at_current_block().await?)
    }

    /// The length of a delivery slot in milliseconds, and how many of them before delivery a gate opens
    /// and closes.
    pub async fn calendar(&self) -> Result<(u64, u64, u64)> {
        let at = self.now().await?;
        let storage = at.storage();
        let length = storage.fetch(api::storage().auction().slot_length(), ());
        let windows = storage.fetch(api::storage().auction().default_windows(), ());
        let windows = windows.await?.decode()?;
        let (opens, closes) = (windows.gate_opens, windows.gate_closes);
        Ok((length.await?.decode()?, opens.into(), closes.into()))
    }

    /// Signs a call, for good.
    pub fn sign(at: &At, call: &impl Payload, key: &Keypair, nonce: u64) -> Result<Signed> {
        let params = DefaultExtrinsicParamsBuilder::new().nonce(nonce).immortal();
        let transactions = at.transactions();
        let mut signable = transactions.create_signable_offline(call, params.build())?;
        let bytes = signable.sign(key)?.into_encoded();
        let hash = BlakeTwo256.hash(&bytes);
        Ok(Signed { hash, bytes })
    }

    /// Hands transactions to the node, in no particular order.
    pub async fn send(&self, all: &[Signed]) -> Result<()> {
        stream::iter(all)
            .map(|signed| self.rpc.author_submit_extrinsic(&signed.bytes))
            .buffer_unordered(AT_ONCE)
            .try_for_each(|_| async { Ok(()) })
            .await
            .context("the node did not take a transaction")
    }

    /// Signs one call of each key with the nonce that the node names, hands it over, and says which ones
    /// the node took.
    pub async fn send_next<Call: Payload>(
        &self,
        at: &At,
        calls: impl Iterator<Item = (&Keypair, Call)>,
    ) -> Result<Vec<H256>> {
        let sent: Vec<Option<H256>> = stream::iter(calls)
            .map(|(key, call)| async move {
                let account = key.public_key().to_account_id();
                let nonce = self.rpc.system_account_next_index(&account).await?;
                let signed = Self::sign(at, &call, key, nonce)?;
                let taken = self.rpc.author_submit_extrinsic(&signed.bytes).await;
                anyhow::Ok(taken.is_ok().then_some(signed.hash))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        Ok(sent.into_iter().flatten().collect())
    }

    /// What `block` says, and of `slot` in particular.
    pub async fn read(&self, at: &At, hash: H256, slot: u64) -> Result<Row> {
        let storage = at.storage();
        let time = storage.fetch(api::storage().timestamp().now(), ()).await?;
        let weight = storage.fetch(api::storage().system().block_weight(), ());
        let weight = weight.await?.decode()?;
        let slots = api::storage().auction().slots();
        let index = types::qedex_primitives::calendar::SlotIndex(slot);
        let record = storage.try_fetch(slots, (index,)).await?;
        let record = record.map(|record| record.decode()).transpose()?;
        let millis = |weight: types::sp_weights::weight_v2::Weight| weight.ref_time as f64 / 1e9;
        let mut row = Row {
            number: at.block_number(),
            time: time.decode()?,
            book: record.map_or(0, |record| record.bids + record.asks),
            weight_of_users: millis(weight.normal) + millis(weight.operational),
            weight_of_runtime: millis(weight.mandatory),
            hashes: self.hashes(hash).await?,
            ..Row::default()
        };
        for event in at.events().fetch().await?.iter() {
            let event = event?;
            let of_slot = || -> Result<bool> {
                // In each of the events below the slot comes first.
                let bytes = event.field_bytes().get(..8).context("an event is too short")?;
                Ok(u64::from_le_bytes(bytes.try_into()?) == slot)
            };
            match (event.pallet_name(), event.event_name()) {
                ("Auction", "OrderPlaced") if of_slot()? => row.placed += 1,
                ("Auction", "OrderClosed") if of_slot()? => row.closed += 1,
                ("Auction", "SlotCleared") => row.cleared |= of_slot()?,
                ("Auction", "SlotMatched") => row.matched |= of_slot()?,
                ("Auction", "SlotAnnulled") if of_slot()? => bail!("the slot was annulled"),
                ("Settlement", "TradeOpened") if of_slot()? => row.trades += 1,
                ("System", "ExtrinsicFailed") | ("Auction", "OrderRefused") => row.failed += 1,
                _ => {}
            }
        }
        Ok(row)
    }

    async fn hashes(&self, hash: H256) -> Result<Vec<H256>> {
        let block = self.rpc.chain_get_block(Some(hash)).await?;
        let block = block.context("a block has no body")?.block;
        let hash = |bytes: &subxt::rpcs::methods::legacy::Bytes| BlakeTwo256.hash(bytes);
        Ok(block.extrinsics.iter().map(hash).collect())
    }

    /// How many milliseconds the node takes to execute a block again on its parent's state, the state
    /// root included, as every other node does: the best of several runs, the way through the RPC
    /// server among it.
    pub async fn execute_again(&self, number: u64) -> Result<f64> {
        let hash = self.rpc.chain_get_block_hash(Some(number.into())).await?;
        let block = self.rpc.chain_get_block(hash).await?;
        let mut block = block.context("there is no such block")?.block;
        // The seal is the author's and is checked before the runtime sees the block.
        let logs = &mut block.header.digest.logs;
        logs.retain(|item| !matches!(item, DigestItem::Seal(..)));
        let bodies: Vec<Vec<u8>> = block.extrinsics.into_iter().map(|bytes| bytes.0).collect();
        let mut bytes = block.header.encode();
        codec::Compact(u32::try_from(bodies.len())?).encode_to(&mut bytes);
        // An extrinsic of the RPC server's brings its length along.
        bodies.iter().for_each(|body| bytes.extend(body));
        let parent = Some(block.header.parent_hash);
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let began = Instant::now();
            let done = self.rpc.state_call("Core_execute_block", Some(&bytes), parent);
            done.await.with_context(|| format!("block {number} cannot be executed again"))?;
            best = best.min(began.elapsed().as_secs_f64() * 1e3);
        }
        Ok(best)
    }
}

fn chain_order(order: NewOrder) -> types::qedex_primitives::market::NewOrder {
    use types::{
        qedex_math::units::{PricePerKwh, Wh},
        qedex_primitives::market::Side,
    };
    types::qedex_primitives::market::NewOrder {
        side: if order.sells { Side::Ask } else { Side::Bid },
        limit: PricePerKwh(order.limit),
        energy: Wh(order.energy),
    }
}

/// Places one order.
pub fn place_order(slot: u64, order: NewOrder) -> impl Payload {
    let slot = types::qedex_primitives::calendar::SlotIndex(slot);
    let order = chain_order(order);
    api::tx().auction().place_order(slot, order.side, order.limit, order.energy)
}

/// Places orders in one batch.
pub fn place_orders(slot: u64, orders: &[NewOrder]) -> impl Payload + use<> {
    let slot = types::qedex_primitives::calendar::SlotIndex(slot);
    let orders = orders.iter().copied().map(chain_order).collect();
    let orders = types::bounded_collections::bounded_vec::BoundedVec(orders);
    api::tx().auction().place_orders(slot, orders)
}

/// Sends a thousandth of a QED to `to`.
pub fn transfer(to: &Keypair) -> impl Payload {
    let to = to.public_key().to_account_id();
    let to = subxt::utils::MultiAddress::Id(to);
    api::tx().balances().transfer_keep_alive(to, 1_000_000_000)
}

/// Milliseconds since the Unix epoch by this machine's clock.
pub fn clock() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::try_from(since.as_millis())?)
}

//! What is asked of the node: to take transactions, to say what is in a block, to execute one again.

use crate::node::Node;
use anyhow::{Context, Result, bail};
use codec::Encode;
use futures::{StreamExt, TryStreamExt, stream};
use qedex_client::calls;
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
    dynamic,
    ext::scale_decode::DecodeAsType,
    rpcs::{LegacyRpcMethods, RpcClient},
    tx::Payload,
    utils::H256,
};
use subxt_signer::sr25519::Keypair;

/// Of the windows of a slot, in slot lengths before delivery.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Gate {
    gate_opens: u16,
    gate_closes: u16,
}

/// Of a slot's record.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Book {
    bids: u32,
    asks: u32,
}

/// Of what a block weighs, by class of transaction.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Charged {
    normal: Computation,
    operational: Computation,
    mandatory: Computation,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Computation {
    /// Picoseconds.
    ref_time: u64,
}

/// How long the node may take for anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// Transactions on their way to the node at the same time.
const AT_ONCE: usize = 32;

/// The state after a block.
pub type At = subxt::OnlineClientAtBlock<SubstrateConfig>;

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
        let length = storage.fetch(dynamic::storage::<(), u64>("Auction", "SlotLength"), ());
        let windows = storage.fetch(dynamic::storage::<(), Gate>("Auction", "DefaultWindows"), ());
        let Gate { gate_opens, gate_closes } = windows.await?.decode()?;
        Ok((length.await?.decode()?, gate_opens.into(), gate_closes.into()))
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
        let time = storage.fetch(dynamic::storage::<(), u64>("Timestamp", "Now"), ()).await?;
        let weight = storage.fetch(dynamic::storage::<(), Charged>("System", "BlockWeight"), ());
        let weight = weight.await?.decode()?;
        let slots = dynamic::storage::<(u64,), Book>("Auction", "Slots");
        let record = storage.try_fetch(slots, (slot,)).await?;
        let record = record.map(|record| record.decode()).transpose()?;
        let millis = |weight: Computation| weight.ref_time as f64 / 1e9;
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

/// Sends a thousandth of a QED to `to`.
pub fn transfer(to: &Keypair) -> impl Payload {
    calls::transfer(to.public_key().0, 1_000_000_000)
}

/// Milliseconds since the Unix epoch by this machine's clock.
pub fn clock() -> Result<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(u64::try_from(since.as_millis())?)
}

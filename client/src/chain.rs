//! A connection to a node of the right chain.

use crate::{error::Error, shapes::EventShapes};
use std::sync::Arc;
use subxt::{
    OnlineClient, OnlineClientAtBlock, SubstrateConfig,
    backend::LegacyBackend,
    config::RpcConfigFor,
    rpcs::{LegacyRpcMethods, RpcClient},
};

pub use subxt::utils::H256;

/// What the chain is called in its runtime version.
const SPEC_NAME: &str = "qedex";

/// The state after a block.
pub type At = OnlineClientAtBlock<SubstrateConfig>;

/// What a client takes for the chain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Head {
    /// Final blocks alone, which nothing takes back.
    #[default]
    Final,
    /// The best chain: what is read may be taken back. For whoever has to act while nothing becomes final.
    Best,
}

/// A connection to a node of the right chain.
#[derive(Clone)]
pub struct Chain {
    pub(crate) client: OnlineClient<SubstrateConfig>,
    pub(crate) rpc: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
    /// For questions of GRANDPA's voter, which are no part of those methods.
    raw: RpcClient,
    /// Which events of its runtime are as this program knows them.
    pub(crate) shapes: Arc<EventShapes>,
    /// Which of its blocks count.
    pub(crate) head: Head,
}

/// A node, and the chain that it has to belong to.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Its WebSocket address, `ws://` or `wss://`.
    pub url: String,
    /// The chain's genesis hash; a node of any other chain is refused.
    pub genesis: Option<H256>,
    /// Whether a node on another machine may be asked without TLS.
    pub insecure: bool,
    /// Which of the chain's blocks count.
    pub head: Head,
}

impl Endpoint {
    /// A connection to it, encrypted unless it stays on this machine or `insecure` says otherwise.
    async fn connect(&self) -> Result<RpcClient, Error> {
        let connected = if self.insecure {
            RpcClient::from_insecure_url(&self.url).await
        } else {
            RpcClient::from_url(&self.url).await
        };
        connected.map_err(|reason| Error::Unreachable {
            url: self.url.clone(),
            reason: match reason {
                subxt::rpcs::Error::InsecureUrl(_) => {
                    "what is said to another machine would not be encrypted: use wss://, or \
                     --insecure"
                        .to_owned()
                }
                other => other.to_string(),
            },
        })
    }
}

impl Chain {
    /// Connects to a node and checks that it belongs to a chain of ours: by the name in its runtime
    /// version and, if one is given, by its genesis hash. Whether its runtime is the one that this
    /// program was built for is judged item by item, by what is called and read.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, Error> {
        let Endpoint { url, genesis, head, .. } = endpoint;
        let unreachable = |reason: &dyn std::fmt::Display| Error::Unreachable {
            url: url.to_owned(),
            reason: reason.to_string(),
        };
        let rpc_client = endpoint.connect().await?;
        let rpc = LegacyRpcMethods::new(rpc_client.clone());
        let version = rpc.state_get_runtime_version(None).await.map_err(|e| unreachable(&e))?;
        let name = version.other.get("specName").and_then(|name| name.as_str()).unwrap_or("?");
        if name != SPEC_NAME {
            let what = format!("the node at {url} runs {name:?}, not {SPEC_NAME:?}");
            return Err(Error::WrongChain(what));
        }
        let backend = LegacyBackend::builder().build(rpc_client.clone());
        let client =
            OnlineClient::from_backend_with_config(SubstrateConfig::new(), Arc::new(backend))
                .await
                .map_err(|e| unreachable(&e))?;
        let shapes = Arc::new(EventShapes::of(client.at_current_block().await?.metadata_ref())?);
        let chain = Self { client, rpc, raw: rpc_client, shapes, head: *head };
        if let Some(expected) = genesis.filter(|expected| *expected != chain.genesis()) {
            let what = format!("its genesis is {:?}, not {expected:?}", chain.genesis());
            return Err(Error::WrongChain(what));
        }
        Ok(chain)
    }

    /// The hash of the first block.
    pub fn genesis(&self) -> H256 {
        self.client.genesis_hash()
    }

    /// The state after the latest block that counts: the last final one, or the best one.
    pub async fn now(&self) -> Result<At, Error> {
        if self.head == Head::Final {
            return Ok(self.client.at_current_block().await?);
        }
        let best = self.rpc.chain_get_block_hash(None).await?;
        let best = best.ok_or_else(|| Error::Answer("the chain has no best block".to_owned()))?;
        Ok(self.client.at_block(best).await?)
    }

    /// The last final block that the node knows, and the number of the set that votes there, by its own
    /// voter.
    pub async fn finality(&self) -> Result<(u32, u64), Error> {
        /// What is read of the state of the voter's rounds.
        #[derive(serde::Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Rounds {
            set_id: u64,
        }
        let rounds: Rounds =
            self.raw.request("grandpa_roundState", subxt::rpcs::client::rpc_params![]).await?;
        let number = self.client.at_current_block().await?.block_number();
        let number = u32::try_from(number)
            .map_err(|_| Error::Answer(format!("block {number} has no number of this chain")))?;
        Ok((number, rounds.set_id))
    }

    /// The node's name, the chain's name and the runtime's version.
    pub async fn identity(&self) -> Result<(String, String, u32), Error> {
        let version = self.rpc.state_get_runtime_version(None).await?;
        let node =
            format!("{} {}", self.rpc.system_name().await?, self.rpc.system_version().await?);
        Ok((node, self.rpc.system_chain().await?, version.spec_version))
    }
}

//! Everything that can be seen of a run: logs, the nodes' folders, and what they answer.

use crate::{
    agent::http,
    chain::{Block, Chain},
    field::{End, Field},
    record::{SOURCES, Source},
    search::{Hit, Needles},
};
use codec::Encode;
use hyper::Method;
use qedex_testnode::agents::Node;
use serde_json::json;
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// What could be seen at a moment: files, and so many bytes of each.
pub struct Sight {
    files: Vec<(PathBuf, u64)>,
}

/// What was found, and in how many bytes.
pub struct Found {
    pub hits: Vec<(PathBuf, BTreeSet<Hit>)>,
    pub bytes: u64,
}

/// All files below a folder.
fn below(folder: &Path, all: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let kind = entry.file_type().expect("a kind of file");
        if kind.is_dir() {
            below(&entry.path(), all);
        } else if kind.is_file() {
            all.push(entry.path());
        }
    }
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |data| data.len())
}

impl Sight {
    /// Looks everywhere.
    pub fn search(&self, needles: &Needles) -> Found {
        let mut found = Found { hits: Vec::new(), bytes: 0 };
        for (path, most) in &self.files {
            let (hits, bytes) = needles.find_in_file(path, *most).expect("a file");
            found.bytes += bytes;
            if !hits.is_empty() {
                found.hits.push((path.clone(), hits));
            }
        }
        found
    }
}

impl Found {
    /// Whether it was found in a file whose path has this in it.
    pub fn in_file(&self, part: &str) -> bool {
        self.hits.iter().any(|(path, _)| path.to_string_lossy().contains(part))
    }
}

/// The keys in a node's off-chain storage that the worker uses.
fn worker_keys() -> Vec<Vec<u8>> {
    let mut keys = vec![b"qedex/qkd/agents".to_vec(), b"qedex/qkd/lock".to_vec()];
    for sae in ["sae-dave", "sae-eve"] {
        for key in ["qedex/qkd/rest", "qedex/qkd/page"] {
            keys.push((key.as_bytes(), sae.as_bytes()).encode());
        }
    }
    keys
}

impl Field {
    /// Asks a node and its agent everything that there is to be asked.
    pub async fn look(&self, node: &Node) {
        let chain = Chain::of(node, &self.record).await;
        let head = chain.best().await.hash;
        chain.ask("state_getPairs", json!(["0x", head])).await;
        chain.ask("author_pendingExtrinsics", json!([])).await;
        for key in worker_keys() {
            let key = format!("0x{}", hex::encode(key));
            chain.ask("offchain_localStorageGet", json!(["PERSISTENT", key])).await;
        }
        let address = format!("127.0.0.1:{}", node.prometheus_port);
        let metrics = http(&address, None, Method::GET, "/metrics", Vec::new()).await;
        let (code, metrics) = metrics.expect("metrics");
        assert_eq!(code, 200);
        self.record.keep(Source::Metrics, node.name, &metrics);
        let agent = match node.name {
            "alice" => &self.eve,
            "bob" => &self.twin,
            _ => &self.dave,
        };
        let (code, metrics) = agent.ask(Method::GET, "/v1/metrics", &[]).await;
        assert_eq!(code, 200, "{metrics:?}");
        agent.get("/v1/health").await;
        for session in agent.get("/v1/sessions").await.as_array().expect("a list") {
            let Some(id) = session["id"].as_u64() else { continue };
            agent.ask(Method::GET, &format!("/v1/sessions/{id}"), &[]).await;
        }
        // Doors without a session, a method or a token.
        for path in ["/v1/sessions/x", "/v1/worker/watched", "/v1/nothing"] {
            agent.ask(Method::GET, path, &[]).await;
        }
    }

    /// Every block from the first to the last of a chain, with its events.
    pub async fn read_chain(&self, chain: &Chain) -> Vec<(Block, Vec<String>)> {
        let head = chain.best().await;
        let mut all = Vec::new();
        let mut hash = head.hash;
        loop {
            let block = chain.block(&hash).await;
            let transactions = self.read_block(chain, &hash).await;
            let (number, parent) = (block.number, block.parent.clone());
            all.push((block, transactions));
            if number == 0 {
                all.reverse();
                return all;
            }
            hash = parent;
        }
    }

    /// A block's transactions. Its events are kept.
    pub async fn read_block(&self, chain: &Chain, hash: &str) -> Vec<String> {
        let hash_of = |name: &str| hex::encode(sp_crypto_hashing::twox_128(name.as_bytes()));
        let events = format!("0x{}{}", hash_of("System"), hash_of("Events"));
        chain.ask("state_getStorage", json!([events, hash])).await;
        let sessions = format!("0x{}", hash_of("Qkd"));
        chain.ask("state_getPairs", json!([sessions, hash])).await;
        chain.transactions(hash).await
    }

    /// Everything that can be seen: of files that change, a copy by this name.
    pub fn sight(&self, name: &str) -> Sight {
        let mut files = Vec::new();
        for node in self.nodes.all() {
            files.push((node.log.clone(), length(&node.log)));
            let mut all = Vec::new();
            below(&node.base_path, &mut all);
            for (number, path) in all.into_iter().enumerate() {
                let copy = self.folder.join(format!("{name}-{}-{number}", node.name));
                // What a database removes meanwhile cannot be seen any more.
                if fs::copy(&path, &copy).is_ok() {
                    files.push((copy, u64::MAX));
                }
            }
        }
        files.extend(self.answers());
        Sight { files }
    }

    /// Everything that is there, once no node runs any more.
    pub fn remains(&self) -> Sight {
        let mut files = Vec::new();
        for node in self.nodes.all() {
            let mut all = vec![node.log.clone()];
            below(&node.base_path, &mut all);
            files.extend(all.into_iter().map(|path| (path, u64::MAX)));
        }
        files.extend(self.answers());
        Sight { files }
    }

    fn answers(&self) -> impl Iterator<Item = (PathBuf, u64)> + '_ {
        SOURCES.iter().map(|source| {
            let path = self.record.path(*source);
            (path.to_owned(), length(path))
        })
    }

    /// Puts a mark into everything that is searched, so that the search is known to find it there.
    pub async fn plant(&self, mark: &[u8; 32]) {
        use qedex_runtime::{Runtime, RuntimeCall};
        use sp_keyring::Sr25519Keyring::Ferdie;
        let alice = self.alice().await;
        let text = hex::encode(mark);
        // A transaction, its events and the state.
        let dest = sp_runtime::AccountId32::new(*mark).into();
        let call = pallet_balances::Call::<Runtime>::transfer_allow_death {
            dest,
            value: 1_000_000_000_000,
        };
        alice.send(Ferdie, RuntimeCall::Balances(call)).await;
        // Off-chain storage.
        let value = format!("0x{text}");
        alice.ask("offchain_localStorageSet", json!(["PERSISTENT", "0x6d61726b", value])).await;
        alice.ask("offchain_localStorageGet", json!(["PERSISTENT", "0x6d61726b"])).await;
        // An error of the node, and one of an agent.
        let head = alice.best().await.hash;
        let refused = alice.try_ask("state_call", json!([text, "0x", head])).await;
        assert!(refused.expect_err("there is no such method").contains(&text[..16]));
        let wish = self.wish(End::Eve, &text);
        let (code, _) = self.eve.ask(Method::POST, "/v1/sessions", &wish).await;
        assert_eq!(code, 400);
    }
}

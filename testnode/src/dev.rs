//! A development node of one's own, and what the command line says to it.

use crate::binary::{self, Process, lasting_port, qedex, stderr};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};
use subxt::rpcs::{RpcClient, client::rpc_params};

/// How long anything may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running node; it is killed when the test ends.
pub struct Node {
    process: Process,
    base_path: PathBuf,
    rpc_port: u16,
    p2p_port: u16,
    more: Vec<String>,
}

fn spawn(base_path: &Path, rpc_port: u16, p2p_port: u16, more: &[String]) -> Process {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(base_path.join("node.log"))
        .expect("a writable folder");
    let child = Command::new(binary::node())
        .args(["--dev", "--no-prometheus", "--no-telemetry", "--no-mdns", "--base-path"])
        .arg(base_path)
        .args(more)
        .args(["--rpc-port", &rpc_port.to_string(), "--port", &p2p_port.to_string()])
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("the node starts");
    Process(child)
}

impl Node {
    /// Starts a development chain in `base_path`, without key services and agents, and waits until it has
    /// finalised a block.
    pub async fn start(base_path: &Path) -> Self {
        Self::start_with(base_path, &["--no-qkd"]).await
    }

    /// The same with these arguments of the node in place of that one.
    pub async fn start_with(base_path: &Path, more: &[&str]) -> Self {
        let (rpc_port, p2p_port) = (lasting_port(), lasting_port());
        let more: Vec<String> = more.iter().map(|argument| (*argument).to_owned()).collect();
        let process = spawn(base_path, rpc_port, p2p_port, &more);
        let mut node = Self { process, base_path: base_path.to_owned(), rpc_port, p2p_port, more };
        node.wait_for_finality(1).await;
        node
    }

    /// The address that clients use.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.rpc_port)
    }

    /// Where the node says which agents stand ready.
    pub fn agents(&self) -> PathBuf {
        self.base_path.join("chains/qedex_dev/qkd")
    }

    /// Kills the node as a power cut would, and starts it again on what is on disk.
    pub async fn kill_and_restart(&mut self) {
        self.process.0.kill().expect("SIGKILL is delivered");
        self.process.0.wait().expect("the process ends");
        self.process = spawn(&self.base_path, self.rpc_port, self.p2p_port, &self.more);
        self.rpc().await;
    }

    /// A connection, as soon as the node takes one.
    pub async fn rpc(&mut self) -> RpcClient {
        let start = Instant::now();
        loop {
            if let Ok(client) = RpcClient::from_insecure_url(self.url()).await {
                return client;
            }
            let ended = self.process.0.try_wait().expect("its state is known");
            assert!(ended.is_none(), "the node ended: {ended:?}; see {}", self.base_path.display());
            assert!(start.elapsed() < PATIENCE, "the node takes no connections");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// The number of the latest finalised block.
    pub async fn finalised(&mut self) -> u64 {
        let rpc = self.rpc().await;
        let hash: String =
            rpc.request("chain_getFinalizedHead", rpc_params![]).await.expect("an answer");
        let header: serde_json::Value =
            rpc.request("chain_getHeader", rpc_params![hash]).await.expect("an answer");
        let number = header["number"].as_str().expect("a header has a number");
        u64::from_str_radix(number.trim_start_matches("0x"), 16).expect("a number")
    }

    /// Waits until block `number` is finalised.
    pub async fn wait_for_finality(&mut self, number: u64) {
        let start = Instant::now();
        while self.finalised().await < number {
            assert!(start.elapsed() < PATIENCE, "block {number} is not finalised");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// All of a storage item in the latest finalised state: keys with values, in order.
    pub async fn storage(&mut self, pallet: &str, item: &str) -> Vec<(String, String)> {
        let rpc = self.rpc().await;
        let at: String =
            rpc.request("chain_getFinalizedHead", rpc_params![]).await.expect("an answer");
        let hash = |name: &str| hex::encode(twox_128(name));
        let prefix = format!("0x{}{}", hash(pallet), hash(item));
        let keys: Vec<String> = rpc
            .request("state_getKeysPaged", rpc_params![prefix, 1000u32, None::<String>, &at])
            .await
            .expect("an answer");
        let mut all = Vec::new();
        for key in keys {
            let value: Option<String> =
                rpc.request("state_getStorage", rpc_params![&key, &at]).await.expect("an answer");
            all.push((key, value.expect("a listed key has a value")));
        }
        all
    }

    /// Runs the command line against this node.
    pub fn qedex(&self, arguments: &[&str]) -> Output {
        qedex(&[arguments, &["--url", &self.url()]].concat())
    }

    /// What `qedex status` says.
    pub fn status(&self) -> serde_json::Value {
        let output = self.qedex(&["status", "--json"]);
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

fn twox_128(name: &str) -> [u8; 16] {
    sp_crypto_hashing::twox_128(name.as_bytes())
}

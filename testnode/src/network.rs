//! Validators on this machine, four of them or more, which can be stopped, woken, and cut off from each other.

use crate::{
    binary::{self, Process, lasting_port, qedex},
    calls, chain,
    spec::{answer, node_key, peer_id},
    wires::Wires,
};
use serde_json::Value;
use sp_keyring::Sr25519Keyring;
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};
use subxt::rpcs::RpcClient;

/// How long the nodes may take to start and to finalise a block, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// The length of a session of the chain `local`, in block slots.
pub const PRESET_SESSION_SLOTS: u32 = 20;

/// The validators; each is known by the name of its keys.
pub const NAMES: [&str; 4] = ["alice", "bob", "charlie", "dave"];

/// One running validator; it is killed when the test ends.
pub struct Node {
    process: Process,
    base_path: PathBuf,
    rpc_port: u16,
}

/// The chain `local` in full: so its genesis is computed once and not by each node.
///
/// Without tariff bands: they follow the clock, and while they are mid-peak everybody who consumes
/// nothing has the same score. So the scores of a test do not depend on when it runs.
///
/// Nodes of a chain of type `Live` do not spread addresses of this machine: so they know each other
/// by the wires only.
///
/// What else its genesis shall be, `alter` makes of the preset.
fn chain_spec(folder: &Path, session_slots: u32, alter: impl FnOnce(&mut Value)) -> PathBuf {
    let file = folder.join("local.json");
    let path = file.to_str().expect("a readable path");
    let text = answer(&["build-spec", "--chain", "local"], "");
    let mut chain: Value = serde_json::from_slice(&text).expect("JSON");
    chain["chainType"] = "Live".into();
    let genesis = chain.pointer_mut("/genesis/runtimeGenesis/patch").expect("a preset");
    *genesis.pointer_mut("/metering/tariff").expect("a tariff") = Value::Null;
    *genesis.pointer_mut("/pov/sessionSlots").expect("a length of sessions") = session_slots.into();
    alter(genesis);
    std::fs::write(path, chain.to_string()).expect("a writable folder");
    let raw = answer(&["build-spec", "--chain", path, "--raw"], "");
    std::fs::write(path, raw).expect("a writable folder");
    file
}

impl Node {
    /// The node `name`, which knows the nodes at `peers` and nobody else, with `more` arguments.
    fn spawn(
        name: &str,
        chain: &Path,
        folder: &Path,
        (p2p_port, peers): (u16, &[String]),
        more: &[&str],
    ) -> Self {
        let rpc_port = lasting_port();
        let base_path = folder.join(name);
        std::fs::create_dir_all(&base_path).expect("a writable folder");
        let log = File::create(folder.join(format!("{name}.log"))).expect("a log");
        let process = Command::new(binary::node())
            .arg("--chain")
            .arg(chain)
            .arg(format!("--{name}"))
            .args(["--no-prometheus", "--no-telemetry", "--no-mdns", "--no-authority-discovery"])
            .arg("--base-path")
            .arg(&base_path)
            .args(["--rpc-port", &rpc_port.to_string()])
            .args(["--listen-addr", &format!("/ip4/127.0.0.1/tcp/{p2p_port}")])
            .args(["--allow-private-ip", "--node-key", &node_key(name)])
            .args(["--reserved-only", "--reserved-nodes"])
            .args(peers)
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the node starts");
        Self { process: Process(process), base_path, rpc_port }
    }

    /// Where the node says how its agents are reached, if it has any.
    pub fn agents(&self) -> PathBuf {
        self.base_path.join("chains/qedex_local/qkd")
    }

    /// The address that clients use.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.rpc_port)
    }

    /// A connection, as soon as the node takes one.
    pub async fn rpc(&self) -> RpcClient {
        let url = self.url();
        let start = Instant::now();
        loop {
            if let Ok(client) = RpcClient::from_insecure_url(&url).await {
                return client;
            }
            assert!(start.elapsed() < PATIENCE, "{url} takes no connections");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.process.0.id().to_string()])
            .status()
            .expect("kill runs");
        assert!(status.success());
    }

    /// Stops the node where it is: it neither writes nor votes nor answers.
    pub fn stop(&self) {
        self.signal("-STOP");
    }

    /// Wakes it.
    pub fn wake(&self) {
        self.signal("-CONT");
    }
}

/// Six nodes, the two last ones of which are validators of the preset no more than their accounts are.
pub const SIX: [&str; 6] = ["alice", "bob", "charlie", "dave", "eve", "ferdie"];

/// Makes `who` a validator of genesis beside those of the preset.
///
/// # Panics
/// If the genesis is none of the preset's.
pub fn add_validator(genesis: &mut Value, who: Sr25519Keyring) {
    permit(genesis, who);
    let (keys, _) = calls::session_keys(who);
    let entry = serde_json::to_value((who.to_account_id(), who.to_account_id(), keys));
    let keys = genesis.pointer_mut("/session/keys").and_then(Value::as_array_mut);
    keys.expect("session keys").push(entry.expect("JSON"));
}

/// Lets `who` validate, by a credential of genesis.
///
/// # Panics
/// If the genesis is none of the preset's.
pub fn permit(genesis: &mut Value, who: Sr25519Keyring) {
    let all = genesis.pointer_mut("/membership/credentials").and_then(Value::as_array_mut);
    let all = all.expect("credentials");
    let mut credential = all.last().expect("a validator's").clone();
    credential["who"] = serde_json::to_value(who.to_account_id()).expect("JSON");
    all.push(credential);
}

/// Validators, each connected to all others.
pub struct Network {
    /// The nodes, in the order of their names.
    pub nodes: Vec<Node>,
    wires: Wires,
}

impl Network {
    /// Starts them, with sessions of so many block slots, and waits until the first block is final.
    pub async fn start(folder: &Path, session_slots: u32) -> Self {
        Self::start_with(folder, session_slots, [&[]; 4]).await
    }

    /// The same with further arguments of each node, in the order of [`NAMES`].
    pub async fn start_with(folder: &Path, session_slots: u32, more: [&[&str]; 4]) -> Self {
        Self::start_on(folder, session_slots, |_| {}, more).await
    }

    /// The same on a chain whose genesis `alter` has made of the preset's.
    pub async fn start_on(
        folder: &Path,
        session_slots: u32,
        alter: impl FnOnce(&mut Value),
        more: [&[&str]; 4],
    ) -> Self {
        Self::start_nodes(folder, session_slots, alter, &NAMES, &more).await
    }

    /// Starts nodes of these names, with `more` arguments each, as many as there are.
    pub async fn start_nodes(
        folder: &Path,
        session_slots: u32,
        alter: impl FnOnce(&mut Value),
        names: &[&str],
        more: &[&[&str]],
    ) -> Self {
        let chain = chain_spec(folder, session_slots, alter);
        let ids: Vec<_> = names.iter().map(|name| peer_id(name)).collect();
        let ports: Vec<_> = names.iter().map(|_| lasting_port()).collect();
        let wires = Wires::new();
        let mut nodes = Vec::new();
        // Alice and Bob are one half, everybody else the other.
        let is_near = |node: usize| node < 2;
        for (me, name) in names.iter().enumerate() {
            let mut peers = Vec::new();
            for other in (0..names.len()).filter(|other| *other != me) {
                let port = if is_near(me) == is_near(other) {
                    ports[other]
                } else {
                    wires.lay(ports[other]).await
                };
                peers.push(format!("/ip4/127.0.0.1/tcp/{port}/p2p/{}", ids[other]));
            }
            let more = more.get(me).copied().unwrap_or_default();
            nodes.push(Node::spawn(name, &chain, folder, (ports[me], &peers), more));
        }
        let network = Self { nodes, wires };
        let rpc = network.nodes[0].rpc().await;
        let start = Instant::now();
        while chain::finalised(&rpc).await.number < 1 {
            assert!(start.elapsed() < PATIENCE, "nothing becomes final");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        network
    }

    /// Cuts the two halves off from each other.
    pub fn cut(&self) {
        self.wires.cut();
    }

    /// Connects them again.
    pub fn heal(&self) {
        self.wires.heal();
    }

    /// Runs the command line against the first node.
    pub fn qedex(&self, arguments: &[&str]) -> Output {
        qedex(&[arguments, &["--url", &self.nodes[0].url()]].concat())
    }
}

//! Four validators on this machine, which can be stopped and woken.

use std::{
    net::{TcpListener, UdpSocket},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};
use subxt::rpcs::{RpcClient, client::rpc_params};

/// How long a node may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// The validators in the order in which they start; each is known by the name of its keys.
pub const NAMES: [&str; 4] = ["alice", "bob", "charlie", "dave"];

/// One running validator; it is killed when the test ends.
pub struct Node {
    process: Child,
    pub rpc_port: u16,
    p2p_port: u16,
}

fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn node_binary() -> PathBuf {
    let folder = Path::new(env!("CARGO_BIN_EXE_qedex"))
        .parent()
        .expect("a binary has a folder");
    let node = folder.join("qedex-node");
    assert!(
        node.exists(),
        "{} does not exist: build the workspace first (scripts/test does)",
        node.display()
    );
    node
}

impl Node {
    fn spawn(name: &str, folder: &Path, boot: &[String]) -> Self {
        let (rpc_port, p2p_port) = (free_port(), free_port());
        let base_path = folder.join(name);
        std::fs::create_dir_all(&base_path).expect("a writable folder");
        let log = std::fs::File::create(folder.join(format!("{name}.log"))).expect("a log");
        let mut command = Command::new(node_binary());
        command
            .args(["--chain", "local", &format!("--{name}")])
            .args([
                "--no-prometheus",
                "--no-telemetry",
                "--no-mdns",
                "--discover-local",
            ])
            .arg("--base-path")
            .arg(&base_path)
            .args(["--rpc-port", &rpc_port.to_string()])
            .args(["--listen-addr", &format!("/ip4/127.0.0.1/tcp/{p2p_port}")])
            .stdout(Stdio::null())
            .stderr(log);
        if !boot.is_empty() {
            command.arg("--bootnodes").args(boot);
        }
        Self {
            process: command.spawn().expect("the node starts"),
            rpc_port,
            p2p_port,
        }
    }

    /// A connection, as soon as the node takes one.
    pub async fn rpc(&self) -> RpcClient {
        let url = format!("ws://127.0.0.1:{}", self.rpc_port);
        let start = Instant::now();
        loop {
            if let Ok(client) = RpcClient::from_insecure_url(&url).await {
                return client;
            }
            assert!(start.elapsed() < PATIENCE, "{url} takes no connections");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn address(&self) -> String {
        let rpc = self.rpc().await;
        let peer: String = rpc
            .request("system_localPeerId", rpc_params![])
            .await
            .expect("an answer");
        format!("/ip4/127.0.0.1/tcp/{}/p2p/{peer}", self.p2p_port)
    }

    fn signal(&self, signal: &str) {
        let status = Command::new("kill")
            .args([signal, &self.process.id().to_string()])
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

impl Drop for Node {
    fn drop(&mut self) {
        // A stopped process takes the signal as well.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Four validators, each connected to all others.
pub struct Network {
    pub nodes: Vec<Node>,
}

impl Network {
    /// Starts them and waits until the first block is final.
    pub async fn start(folder: &Path) -> Self {
        let mut nodes = Vec::new();
        let mut boot = Vec::new();
        for name in NAMES {
            let node = Node::spawn(name, folder, &boot);
            boot.push(node.address().await);
            nodes.push(node);
        }
        let network = Self { nodes };
        let rpc = network.nodes[0].rpc().await;
        let start = Instant::now();
        while super::chain::finalised(&rpc).await.number < 1 {
            assert!(start.elapsed() < PATIENCE, "nothing becomes final");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        network
    }

    /// Runs the command line against the first node.
    pub fn qedex(&self, arguments: &[&str]) -> Output {
        let url = format!("ws://127.0.0.1:{}", self.nodes[0].rpc_port);
        qedex(&[arguments, &["--url", &url]].concat())
    }
}

/// Runs the command line.
pub fn qedex(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_qedex"))
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("the command line runs")
}

//! Three nodes of one chain: Alice writes blocks and has Eve's agent, Bob writes blocks as well, and a node
//! of Dave's follows them and has his. Nodes can be killed, and cut off from each other.
//!
//! All of them say everything that they do in their logs.

use crate::{
    binary::{self, Process, lasting_port},
    spec::{answer, node_key, peer_id},
    wires::Wires,
};
use sp_core::{Pair, sr25519};
use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};
use subxt::rpcs::RpcClient;

/// How long a node may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is written into the logs: everything, but for compilers and what carries packets.
const LOG: &str = "trace,wasmtime=info,wasmtime_cranelift=info,cranelift_codegen=info,regalloc2=info,\
                   cranelift_frontend=info,wasmtime_internal_cranelift=info,multistream_select=info,\
                   yamux=info,polling=info,mio=info";

/// A node, which runs or not.
pub struct Node {
    /// What it is called.
    pub name: &'static str,
    /// Its folder.
    pub base_path: PathBuf,
    /// What it says.
    pub log: PathBuf,
    /// The folder of the chain in its base path.
    pub chain_path: PathBuf,
    /// Where it tells its figures.
    pub prometheus_port: u16,
    rpc_port: u16,
    arguments: Vec<String>,
    process: Option<Process>,
}

/// Where an agent draws keys, and takes frames.
pub struct Agency {
    /// As which SAE it draws them.
    pub sae: &'static str,
    /// At which key service.
    pub kme_url: String,
    /// At which port it takes frames, if it does.
    pub mail_port: Option<u16>,
}

/// The chain `local` with Alice and Bob for its validators, and mail of Dave and Eve at these ports: its file,
/// and its name.
fn chain_spec(folder: &Path, mail: [u16; 2]) -> (PathBuf, String) {
    let file = folder.join("chain.json");
    let path = file.to_str().expect("a readable path");
    let text = answer(&["build-spec", "--chain", "local"], "");
    let mut chain: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    // Nodes of a chain of this type know each other by the wires only.
    chain["chainType"] = "Live".into();
    let genesis = chain.pointer_mut("/genesis/runtimeGenesis/patch").expect("a preset");
    genesis["session"]["keys"].as_array_mut().expect("keys of validators").truncate(2);
    // No session ends while the test runs.
    genesis["pov"]["sessionSlots"] = 600.into();
    for (sae, port) in mail.into_iter().enumerate() {
        let address = format!("/ip4/127.0.0.1/tcp/{port}");
        genesis["qkd"]["saes"][sae]["mail"] = address.into();
    }
    std::fs::write(path, chain.to_string()).expect("a writable folder");
    let raw = answer(&["build-spec", "--chain", path, "--raw"], "");
    std::fs::write(path, raw).expect("a writable folder");
    (file, chain["id"].as_str().expect("a name").to_owned())
}

impl Node {
    fn new(name: &'static str, folder: &Path, chain: (&Path, &str), more: &[&str]) -> Self {
        let (spec, id) = chain;
        let (rpc_port, prometheus_port) = (lasting_port(), lasting_port());
        let base_path = folder.join(name);
        std::fs::create_dir_all(&base_path).expect("a writable folder");
        let text = |path: &Path| path.to_str().expect("a readable path").to_owned();
        let (rpc, prometheus) = (rpc_port.to_string(), prometheus_port.to_string());
        let given = [
            ("--chain", text(spec)),
            ("--base-path", text(&base_path)),
            ("--log", LOG.to_owned()),
            ("--node-key", node_key(name)),
            ("--rpc-port", rpc),
            ("--prometheus-port", prometheus),
        ];
        let given = given.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]);
        let plain =
            ["--no-telemetry", "--no-mdns", "--no-authority-discovery", "--allow-private-ip"];
        let more = plain.iter().chain(more).map(|argument| (*argument).to_owned());
        Self {
            name,
            log: folder.join(format!("{name}.log")),
            chain_path: base_path.join("chains").join(id),
            base_path,
            prometheus_port,
            rpc_port,
            arguments: given.chain(more).collect(),
            process: None,
        }
    }

    /// Gives it an agent.
    fn with(mut self, certificates: &Path, agency: &Agency) -> Self {
        let file = |ending: &str| -> String {
            let path = certificates.join(format!("sae-{}.{ending}", agency.sae));
            path.to_str().expect("a readable path").to_owned()
        };
        let ca = certificates.join("ca.pem").to_str().expect("a readable path").to_owned();
        let flags = [("url", agency.kme_url.clone()), ("cert", file("pem")), ("key", file("key"))];
        for (flag, value) in flags {
            let flag = if flag == "url" { "--qkd-kme-url".into() } else { format!("--qkd-{flag}") };
            self.arguments.extend([flag, value]);
        }
        self.arguments.extend(["--qkd-ca".into(), ca]);
        if let Some(port) = agency.mail_port {
            self.arguments.extend(["--qkd-mail".into(), format!("127.0.0.1:{port}")]);
        }
        self
    }

    /// Puts the key of a worker into its keystore, as an operator does.
    fn insert_key(&self, suri: &str) {
        let value = |flag: &str| {
            let at = self.arguments.iter().position(|argument| argument == flag);
            self.arguments[at.expect("it is given") + 1].as_str()
        };
        let places = ["--chain", value("--chain"), "--base-path", value("--base-path")];
        let what = ["--key-type", "qsah", "--scheme", "sr25519", "--suri", suri];
        answer(&[&["key", "insert"][..], &places, &what].concat(), "");
    }

    /// Starts it.
    pub fn start(&mut self) {
        let log = OpenOptions::new().create(true).append(true).open(&self.log).expect("a log");
        let process = Command::new(binary::node())
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the node starts");
        self.process = Some(Process(process));
    }

    /// Kills it, and its agent with it, as a power cut would.
    pub fn kill(&mut self) {
        let mut process = self.process.take().expect("it runs");
        process.0.kill().expect("SIGKILL is delivered");
        process.0.wait().expect("it ends");
        // So that nobody takes the doors of before for those of the next start.
        let doors = std::fs::read_dir(self.chain_path.join("qkd")).expect("a folder");
        for door in doors.map(|door| door.expect("an entry").path()) {
            if door.extension().is_some_and(|ending| ending == "json") {
                std::fs::remove_file(door).expect("a writable folder");
            }
        }
    }

    fn signal(&self, signal: &str) {
        let process = self.process.as_ref().expect("it runs");
        let status = Command::new("kill").args([signal, &process.0.id().to_string()]).status();
        assert!(status.expect("kill runs").success());
    }

    /// Stops it where it is.
    pub fn stop(&self) {
        self.signal("-STOP");
    }

    /// Wakes it.
    pub fn wake(&self) {
        self.signal("-CONT");
    }

    /// The address that clients use.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.rpc_port)
    }

    /// A connection, as soon as the node takes one.
    pub async fn rpc(&self) -> RpcClient {
        let start = Instant::now();
        loop {
            if let Ok(client) = RpcClient::from_insecure_url(self.url()).await {
                return client;
            }
            assert!(start.elapsed() < PATIENCE, "{} takes no connections", self.name);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The nodes, none of which runs yet, and what connects them.
pub struct Nodes {
    /// Writes blocks, and has Eve's agent.
    pub alice: Node,
    /// Writes blocks, and has a second agent of Dave's SAE.
    pub bob: Node,
    /// Follows them, and has Dave's agent.
    pub dave: Node,
    /// Between Bob's node and Alice's.
    pub split: Wires,
    /// Between Dave's node and Alice's.
    pub leash: Wires,
}

impl Nodes {
    /// With agents of these; Bob's node has a second one of Dave's SAE, and no key for its worker. Alice's bears
    /// `mark` in its name.
    pub async fn new(folder: &Path, eve: Agency, dave: Agency, twin: Agency, mark: &[u8]) -> Self {
        assert!(mark.len() < 32, "it has room in a name");
        let mail = [&dave, &eve].map(|agency| agency.mail_port.expect("they take frames"));
        let (spec, id) = chain_spec(folder, mail);
        let certificates = folder.join("certificates");
        let (split, leash) = (Wires::new(), Wires::new());
        let [alice, bob, dave_port] = [lasting_port(), lasting_port(), lasting_port()];
        let at = |name: &str, port: u16| format!("/ip4/127.0.0.1/tcp/{port}/p2p/{}", peer_id(name));
        let listen = |port: u16| format!("/ip4/127.0.0.1/tcp/{port}");
        let bob_to_alice = at("alice", split.lay(alice).await);
        let dave_to_alice = at("alice", leash.lay(alice).await);
        let node = |name, port, more: &[&str]| {
            let listen = listen(port);
            let more = [&["--listen-addr", listen.as_str()], more].concat();
            Node::new(name, folder, (&spec, &id), &more)
        };
        // Nodes tell each other how third ones are reached. Alice's is told no address, so that she has none
        // to tell, and nobody gets around a wire that is cut by way of another one.
        let by = |address| ["--reserved-only", "--reserved-nodes", address];
        // Half of the chain goes on without the other one.
        let marked = hex::encode(mark);
        let author = ["--alice", "--force-authoring", "--name", &marked];
        let alice = node("alice", alice, &author);
        let alice = alice.with(&certificates, &eve);
        let bob_author = [&["--bob", "--force-authoring"][..], &by(&bob_to_alice)].concat();
        let bob = node("bob", bob, &bob_author);
        let bob = bob.with(&certificates, &twin);
        let dave_node = node("dave", dave_port, &by(&dave_to_alice));
        let dave = dave_node.with(&certificates, &dave);
        alice.insert_key("//Eve//worker");
        dave.insert_key("//Dave//worker");
        Self { alice, bob, dave, split, leash }
    }

    /// All three.
    #[must_use]
    pub const fn all(&self) -> [&Node; 3] {
        [&self.alice, &self.bob, &self.dave]
    }
}

/// The public key of a secret URI, in hexadecimal.
#[must_use]
pub fn public_of(suri: &str) -> String {
    let pair = sr25519::Pair::from_string(suri, None).expect("a secret URI");
    format!("0x{}", hex::encode(pair.public()))
}

//! A node of one's own: its chain spec, its process, its log.

use anyhow::{Context, Result, bail, ensure};
use qedex_primitives::Side;
use qedex_testnode::binary::lasting_port;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use subxt::utils::AccountId32;
use subxt_signer::{DeriveJunction, SecretUri, sr25519::Keypair};

/// What each participant owns at genesis, in plancks.
const ENDOWMENT: u64 = 10_000_000_000_000_000;

/// Genesis credentials last until the year 2100.
const FAR_FUTURE: u64 = 4_102_444_800_000;

/// Buyers need the first of the development chain's attributes, sellers the second too.
const BUYER: &[u32] = &[0];
const SELLER: &[u32] = &[0, 1];

/// Somebody who takes part.
pub struct Participant {
    /// The key of the account.
    pub key: Keypair,
    /// Whether it buys or sells.
    pub side: Side,
}

/// So many participants, who buy and sell in turn.
pub fn participants(name: &str, count: u32) -> Result<Vec<Participant>> {
    let root = Keypair::from_uri(&"//bench".parse::<SecretUri>()?)?;
    let family = root.derive([DeriveJunction::hard(name)]);
    Ok((0..count)
        .map(|number| Participant {
            key: family.derive([DeriveJunction::hard(number)]),
            side: if number % 2 == 1 { Side::Ask } else { Side::Bid },
        })
        .collect())
}

/// A running node. It is killed, and its chain removed, when it goes out of scope.
pub struct Node {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Node {
    /// Starts a chain like the development chain, with these participants besides and with `market`
    /// instead of the auction's genesis where it is given.
    pub fn start(participants: &[Participant], market: Option<&Value>) -> Result<Self> {
        let binary = Path::new(env!("CARGO_BIN_EXE_qedex")).with_file_name("qedex-node");
        ensure!(binary.exists(), "{} does not exist: scripts/bench builds it", binary.display());
        let folder = std::env::temp_dir().join(format!("qedex-market.{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let spec = folder.join("spec.json");
        let text = serde_json::to_string(&spec_of(&binary, participants, market)?)?;
        std::fs::write(&spec, text)?;
        let port = lasting_port();
        let log = std::fs::File::create(folder.join("node.log"))?;
        let process = Command::new(&binary)
            .args(["--alice", "--validator", "--force-authoring"])
            .args(["--no-prometheus", "--no-telemetry", "--no-mdns"])
            .arg("--unsafe-force-node-key-generation")
            .args(["--state-pruning", "archive", "--pool-limit", "20000"])
            .arg("--chain")
            .arg(&spec)
            .arg("--base-path")
            .arg(folder.join("chain"))
            .args(["--rpc-port", &port.to_string()])
            .args(["--port", &lasting_port().to_string()])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .context("the node does not start")?;
        Ok(Self { process, folder, port })
    }

    /// The address that clients use.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// Fails if the node has ended.
    pub fn check(&mut self) -> Result<()> {
        if let Some(status) = self.process.try_wait()? {
            let log = std::fs::read_to_string(self.folder.join("node.log"))?;
            let mut last: Vec<_> = log.lines().rev().take(10).collect();
            last.reverse();
            bail!("the node ended ({status}):\n{}", last.join("\n"));
        }
        Ok(())
    }

    /// How many milliseconds the node took to write each block, as its log says: from the parent's
    /// state to the block, all transactions executed.
    pub fn authoring(&self) -> Result<BTreeMap<u64, u64>> {
        let log = std::fs::read_to_string(self.folder.join("node.log"))?;
        Ok(log.lines().filter_map(prepared).collect())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Number and milliseconds of a line `... Prepared block for proposing at 7 (12 ms) ...`.
fn prepared(line: &str) -> Option<(u64, u64)> {
    let (_, rest) = line.split_once("Prepared block for proposing at ")?;
    let (number, rest) = rest.split_once(" (")?;
    let (millis, _) = rest.split_once(" ms)")?;
    Some((number.parse().ok()?, millis.parse().ok()?))
}

fn spec_of(binary: &Path, participants: &[Participant], market: Option<&Value>) -> Result<Value> {
    let output = Command::new(binary).args(["export-chain-spec", "--chain", "dev"]).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "export-chain-spec: {said}");
    let mut spec: Value = serde_json::from_slice(&output.stdout)?;
    let genesis = spec
        .pointer_mut("/genesis/runtimeGenesis/patch")
        .context("the chain spec has no genesis patch")?;
    let mut balances = Vec::new();
    let mut accounts = Vec::new();
    let mut credentials = Vec::new();
    let mut meters = Vec::new();
    let meter = genesis.pointer("/metering/meters/0").context("the chain spec has no meter")?;
    let meter = meter.clone();
    for participant in participants {
        let account = AccountId32(participant.key.public_key().0);
        balances.push(json!([account, ENDOWMENT]));
        accounts.push(json!({ "account": account, "owner": account.0 }));
        let attributes = match participant.side {
            Side::Ask => SELLER,
            Side::Bid => BUYER,
        };
        for attribute in attributes {
            credentials.push(json!({
                "who": account,
                "attribute": attribute,
                "expires": FAR_FUTURE,
            }));
        }
        if participant.side == Side::Ask {
            // Like the first one there, which is rated for more than a seller offers here.
            let key = participant.key.derive([DeriveJunction::hard("meter")]);
            let mut meter = meter.clone();
            meter["account"] = json!(account);
            meter["connection"] = json!(format!("BENCH{}", meters.len()));
            meter["key"]["Sr25519"] = json!(AccountId32(key.public_key().0));
            meters.push(meter);
        }
    }
    for (place, more) in [
        ("/balances/balances", balances),
        ("/membership/accounts", accounts),
        ("/membership/credentials", credentials),
        ("/metering/meters", meters),
    ] {
        let list = genesis.pointer_mut(place).and_then(Value::as_array_mut);
        let list = list.with_context(|| format!("the chain spec has no {place}"))?;
        list.extend(more);
    }
    if let Some(market) = market {
        *genesis.pointer_mut("/auction").context("the chain spec has no auction")? = market.clone();
    }
    Ok(spec)
}

//! The life of a development node with both key services, the agents of three honest reporters, and two accounts
//! that report what they like.

use crate::{
    chain::{Chain, Now, until, worker},
    sight::{End, Sight},
    step::Step,
};
use frame_support::dispatch::Callable;
use qedex_primitives::{
    EpochIndex,
    beacon::{EpochPart, EpochWork},
    keys::{LinkReport, LinkReports},
};
use qedex_runtime::{
    Parameters, Runtime, RuntimeCall, Sudo,
    configs::parameters::RuntimeParameters,
    dynamic_params::beacon::{BarredEpochs, Parameters as Beacon},
};
use qedex_testnode::{Node, binary, calls, stderr};
use serde_json::{Value, json};
use sp_core::{Pair, crypto::Ss58Codec, sr25519};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Ferdie};
use std::{
    ops::RangeInclusive,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

/// Genesis enrolments last until the year 2100.
const FAR_FUTURE: u64 = 4_102_444_800_000;

/// How many epochs a report may take that is too late for one.
const ATTEMPTS: usize = 6;

/// What has become of it so far.
pub struct Life {
    pub node: Node,
    pub chain: Chain,
    /// The latest epoch that was taken up.
    last: EpochIndex,
    /// Where the node was killed, and in which epoch.
    pub kills: Vec<(Step, EpochIndex)>,
    /// The slots in which it did not run.
    pub apart: Vec<RangeInclusive<u64>>,
    began: Instant,
}

fn built(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(binary::node())
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .expect("the node runs");
    assert!(output.status.success(), "{arguments:?}");
    output.stdout
}

/// The development chain with keys that bind the market, and three more who draw keys. Ferdie's reports are made
/// by an agent of the node, as Dave's and Eve's are: two honest owners in the west, one in the east. Charlie's in
/// the west and Bob's in the east are the test's own, as it has the keys of their workers.
fn chain_spec(folder: &Path) -> String {
    let file = folder.join("chain.json");
    let path = file.to_str().expect("a readable path");
    let text = built(&["build-spec", "--chain", "dev"]);
    let mut chain: Value = serde_json::from_slice(&text).expect("JSON");
    let genesis = chain.pointer_mut("/genesis/runtimeGenesis/patch").expect("a preset");
    genesis["qkd"]["keys"] =
        json!({ "bound": true, "marketShare": 500_000, "quorum": 2, "staleAfter": 2 });
    let agents = sr25519::Pair::from_string("//sae-west-1//worker", None).expect("a secret URI");
    let saes = genesis["qkd"]["saes"].as_array_mut().expect("those who draw keys");
    for (who, sae, site, worker) in [
        (Ferdie, "sae-west-1", 0, agents),
        (Charlie, "sae-west-2", 0, worker(Charlie)),
        (Bob, "sae-east-1", 1, worker(Bob)),
    ] {
        saes.push(json!({
            "account": who.to_account_id().to_string(),
            "sae": sae,
            "site": site,
            "expires": FAR_FUTURE,
            "worker": worker.public().to_ss58check(),
            "mail": null,
        }));
    }
    std::fs::write(path, chain.to_string()).expect("a writable folder");
    let raw = built(&["build-spec", "--chain", path, "--raw"]);
    std::fs::write(path, raw).expect("a writable folder");
    path.to_owned()
}

impl Life {
    /// It begins.
    pub async fn begin(folder: &Path) -> Self {
        let began = Instant::now();
        let spec = chain_spec(folder);
        let mut node = Node::start_with(folder, &["--qkd-saes", "2", "--chain", &spec]).await;
        let chain = Chain::of(node.rpc().await).await;
        let life = Self { node, chain, last: 0, kills: Vec::new(), apart: Vec::new(), began };
        life.nobody_is_barred().await;
        life.note("the node runs");
        life
    }

    /// Where the machine is so slow that a killed node is not back in time to reveal, the next epoch is another
    /// chance.
    async fn nobody_is_barred(&self) {
        type SetParameter = <Parameters as Callable<Runtime>>::RuntimeCall;
        type BySudo = <Sudo as Callable<Runtime>>::RuntimeCall;
        let key_value = RuntimeParameters::Beacon(Beacon::BarredEpochs(BarredEpochs, Some(0)));
        let set = RuntimeCall::Parameters(SetParameter::set_parameter { key_value });
        let call = RuntimeCall::Sudo(BySudo::sudo { call: Box::new(set) });
        calls::send(&self.chain.rpc, Alice, call).await;
    }

    pub fn note(&self, what: &str) {
        println!("{:5.1} s: {what}", self.began.elapsed().as_secs_f64());
    }

    /// Waits for the first half of an epoch that was not taken up before.
    pub async fn next_epoch(&mut self) -> EpochIndex {
        let (chain, last) = (&self.chain, self.last);
        let index = until("an epoch", || async {
            let now = chain.now().await?;
            (now.index > last && now.part == EpochPart::Commit).then_some(now.index)
        })
        .await;
        self.last = index;
        self.note(&format!("epoch {index} is under way"));
        index
    }

    /// The first half of an epoch in which `who` has not reported, whichever is next.
    async fn first_half(&self, end: End, who: Sr25519Keyring) -> Now {
        until("a first half", || async {
            let said = self.chain.sight().await.said_by(end, who).map(|(epoch, _)| epoch);
            let now = self.chain.now().await?;
            (now.part == EpochPart::Commit && said < Some(now.index)).then_some(now)
        })
        .await
    }

    /// Waits until a report of each of these counts at an end, and gives what there is to see then.
    pub async fn reported(&self, end: End, by: &[Sr25519Keyring]) -> Sight {
        until(&format!("reports of {by:?}"), || async {
            let sight = self.chain.sight().await;
            let stale = u64::from(sight.ledger.rules.stale_after);
            let counts = |who: &Sr25519Keyring| {
                let said = sight.said_by(end, *who);
                said.is_some_and(|(epoch, _)| epoch + stale >= sight.ledger.epoch)
            };
            by.iter().all(counts).then_some(sight)
        })
        .await
    }

    fn work(said: LinkReport) -> EpochWork {
        EpochWork::Commit { commitment: None, reports: LinkReports::truncate_from(vec![said]) }
    }

    /// Has `who` report, and waits until it stands there. What is too late for an epoch is said in the next one.
    pub async fn report(&self, end: End, who: Sr25519Keyring, said: LinkReport) -> Sight {
        for _ in 0..ATTEMPTS {
            let Now { index, .. } = self.first_half(end, who).await;
            if let Err(why) = self.chain.bring(who, index, Self::work(said)).await {
                assert!(is_late(&why), "{why}");
                continue;
            }
            let stands = until("a report, or the end of the half", || async {
                let sight = self.chain.sight().await;
                if sight.said_by(end, who) == Some((index, said)) {
                    return Some(Some(sight));
                }
                let now = self.chain.now().await?;
                (now.index != index || now.part != EpochPart::Commit).then_some(None)
            })
            .await;
            if let Some(sight) = stands {
                return sight;
            }
        }
        panic!("no report of {who:?} comes in time");
    }

    /// The same of a lie about what the first of `honest` says, whose reports all count beside it. Where one of them
    /// has become stale meanwhile, since the node was back late, the next epoch is another chance.
    pub async fn lie(
        &self,
        (end, who): (End, Sr25519Keyring),
        honest: &[Sr25519Keyring],
        lie: impl Fn(LinkReport) -> LinkReport,
    ) -> (LinkReport, Sight) {
        for _ in 0..ATTEMPTS {
            let before = self.reported(end, honest).await;
            let (_, truth) = before.said_by(end, honest[0]).expect("it counts");
            let said = lie(truth);
            let sight = self.report(end, who, said).await;
            if sight.said_by_all(end, Some(who)).len() == honest.len() {
                return (said, sight);
            }
        }
        panic!("the honest ones do not report");
    }

    /// Why a report of `who` is refused.
    pub async fn refusal(&self, end: End, who: Sr25519Keyring, said: LinkReport) -> String {
        for _ in 0..ATTEMPTS {
            let Now { index, .. } = self.first_half(end, who).await;
            let refused = self.chain.bring(who, index, Self::work(said)).await;
            let why = refused.expect_err("it is refused");
            if !is_late(&why) {
                return why;
            }
        }
        panic!("no report of {who:?} comes in time");
    }

    /// What `qedex` answers.
    pub fn qedex(&self, arguments: &[&str]) -> Value {
        let output = self.node.qedex(&[arguments, &["--json"]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

/// Whether a transaction came when its half of the epoch was over: codes 21 and 23 of `docs/beacon.md`.
fn is_late(why: &str) -> bool {
    ["Custom error: 21", "Custom error: 23"].iter().any(|code| why.contains(code))
}

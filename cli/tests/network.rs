//! Four validators on one machine: the schedule on a running network.
//!
//! The first test runs with all others. Those that measure take minutes and are run by
//! `scripts/network`, which prints their figures as JSON.

#[path = "network/chain.rs"]
mod chain;
#[path = "network/meters.rs"]
mod meters;
#[path = "network/nodes.rs"]
mod nodes;

use chain::{Schedule, authorities, best, block, finalised, hash_at, past_session, schedule};
use meters::{Profile, current_slot, publish};
use nodes::{Network, qedex};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant, SystemTime},
};
use subxt::rpcs::RpcClient;

/// Milliseconds of an Aura slot.
const AURA_SLOT: u64 = 2_000;
/// Slots of a session on the local chain.
const SESSION: u64 = 20;
/// Alice generates most, then Bob, Charlie and Dave; and the reverse.
const FALLING: Profile = [9_000, 4_000, 1_500, 500];
const RISING: Profile = [500, 1_500, 4_000, 9_000];

/// Holds the schedule against `qedex plan schedule`, computed from the scores on the chain.
fn is_as_planned(schedule: &Schedule, folder: &Path) {
    let file = folder.join("scores.csv");
    let mut table = "id,score\n".to_owned();
    for author in &schedule.authors {
        table += &format!("{},{}\n", hex::encode(author.who), author.score);
    }
    std::fs::write(&file, table).expect("a writable folder");
    let output = qedex(&[
        "plan",
        "schedule",
        "--scores",
        file.to_str().expect("a readable path"),
        "--slots",
        &SESSION.to_string(),
        "--floor",
        "2",
        "--max-share-ppm",
        "500000",
        "--max-run",
        "3",
        "--seed",
        &hex::encode(schedule.seed),
        "--json",
    ]);
    assert!(output.status.success());
    let plan: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let shares: Vec<u64> = plan["shares"]
        .as_array()
        .expect("shares")
        .iter()
        .map(|share| share["slots"].as_u64().expect("slots"))
        .collect();
    let on_chain: Vec<u64> = schedule
        .authors
        .iter()
        .map(|author| author.slots.into())
        .collect();
    assert_eq!(shares, on_chain, "session {}", schedule.session);
    let order: Vec<String> = schedule
        .order
        .iter()
        .map(|author| hex::encode(schedule.authors[usize::from(*author)].who))
        .collect();
    assert_eq!(
        plan["schedule"],
        json!(order),
        "session {}",
        schedule.session
    );
}

/// Holds the authors of a session's blocks against its schedule, and says how many there were.
///
/// The clients let nobody else write a block than whom Aura's list at the parent names.
async fn is_written_as_scheduled(rpc: &RpcClient, schedule: &Schedule, until: &str) -> u64 {
    let start = schedule.start.expect("the session has begun");
    let mut written = 0;
    let mut hash = until.to_owned();
    loop {
        let block = block(rpc, &hash).await;
        if block.slot < start {
            return written;
        }
        let list = authorities(rpc, &block.parent).await;
        let by_client = list[(block.slot % list.len() as u64) as usize];
        assert_eq!(
            by_client,
            schedule.author(block.slot).key,
            "slot {}",
            block.slot
        );
        written += 1;
        hash = block.parent;
    }
}

/// Waits until a block of `session` or later is best, and gives the session's rotation block.
async fn rotation(rpc: &RpcClient, session: u32) -> String {
    let start = Instant::now();
    loop {
        let head = best(rpc).await;
        if schedule(rpc, &head.hash).await.session >= session {
            let mut hash = head.hash;
            loop {
                let parent = block(rpc, &hash).await.parent;
                if schedule(rpc, &parent).await.session < session {
                    return hash;
                }
                hash = parent;
            }
        }
        assert!(
            start.elapsed() < Duration::from_secs(180),
            "session {session} does not begin"
        );
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

/// Publishes readings of each slot once, as long as its window is open.
struct Publisher<'a> {
    network: &'a Network,
    folder: &'a Path,
    done: BTreeSet<u64>,
    taken: u32,
}

impl Publisher<'_> {
    fn publish(&mut self, profile: impl Fn(u64) -> Profile) {
        let current = current_slot(self.network);
        // The windows of these two are open.
        for slot in [current - 4, current - 3] {
            if self.done.insert(slot) {
                let taken = publish(self.network, self.folder, slot, profile(slot));
                self.taken += u32::from(taken);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_are_written_by_the_schedule_and_the_schedule_follows_the_meters() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = Network::start(folder.path()).await;
    let rpc = network.nodes[0].rpc().await;
    let mut publisher = Publisher {
        network: &network,
        folder: folder.path(),
        done: BTreeSet::new(),
        taken: 0,
    };
    // The first three slots whose windows are reached are one way, all others the other way round.
    let turn = current_slot(&network) - 1;
    let profile = |slot| if slot < turn { FALLING } else { RISING };
    let key = |name: usize| {
        let ring = account(name);
        move |schedule: &Schedule| {
            let author = schedule.authors.iter().find(|author| author.who == ring);
            author.expect("the validator is in the schedule").slots
        }
    };
    let (alice, dave) = (key(0), key(3));
    let (mut alice_led, mut dave_led) = (false, false);
    let mut before = schedule(&rpc, &hash_at(&rpc, 1).await.expect("the first block")).await;
    assert_eq!(before.session, 0);
    for session in 1..=4 {
        let rotated = loop {
            publisher.publish(profile);
            let head = best(&rpc).await;
            if schedule(&rpc, &head.hash).await.session >= session {
                break rotation(&rpc, session).await;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        };
        let now = schedule(&rpc, &rotated).await;
        assert_eq!(now.since, Some(block(&rpc, &rotated).await.slot + 1));
        is_as_planned(&now, folder.path());
        let written = is_written_as_scheduled(&rpc, &before, &rotated).await;
        let past = past_session(&rpc, session - 1, &rotated)
            .await
            .expect("it is kept");
        let authored: u32 = past.shares.iter().map(|share| share.authored).sum();
        assert_eq!(u64::from(authored), written);
        assert_eq!(past.seed, before.seed);
        for (share, author) in past.shares.iter().zip(&before.authors) {
            let planned = (author.who, author.score, author.slots);
            assert_eq!((share.who, share.score, share.slots), planned);
            assert!(share.authored <= share.due, "{share:?}");
        }
        // All four run: hardly a slot is missed, on a busy machine.
        let due: u32 = past.shares.iter().map(|share| share.due).sum();
        assert_eq!(u64::from(due), past.last - past.first + 1);
        assert!(
            due - authored <= due / 4,
            "{} of {due} slots missed",
            due - authored
        );
        alice_led |= alice(&now) > dave(&now);
        dave_led |= dave(&now) > alice(&now);
        before = now;
    }
    assert!(publisher.taken > 0, "no reading was taken");
    assert!(
        alice_led && dave_led,
        "the shares did not follow the meters: {before:?}"
    );
}

/// The account of a validator by its position among the names.
fn account(name: usize) -> [u8; 32] {
    use subxt_signer::sr25519::dev;
    let pair = [dev::alice, dev::bob, dev::charlie, dev::dave][name]();
    pair.public_key().0
}

fn now_millis() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970")
        .as_millis() as u64
}

/// Seconds from the beginning of a block's slot to its finality, of each block for `lasting`.
async fn finality(rpc: &RpcClient, lasting: Duration) -> Vec<f64> {
    let mut last = finalised(rpc).await.number;
    let mut seconds = Vec::new();
    let start = Instant::now();
    while start.elapsed() < lasting {
        let head = finalised(rpc).await;
        let seen = now_millis();
        for number in last + 1..=head.number {
            let hash = hash_at(rpc, number).await.expect("a final block");
            let slot = block(rpc, &hash).await.slot;
            seconds.push((seen - slot * AURA_SLOT) as f64 / 1_000.0);
        }
        last = last.max(head.number);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    seconds
}

/// Figures of a series: how many, the median and the 99th percentile.
fn figures(mut series: Vec<f64>) -> Value {
    assert!(!series.is_empty(), "nothing became final");
    series.sort_by(f64::total_cmp);
    let at = |share: f64| series[((series.len() - 1) as f64 * share).round() as usize];
    json!({ "blocks": series.len(), "p50_seconds": at(0.5), "p99_seconds": at(0.99) })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes five minutes; scripts/network runs it"]
async fn finality_on_four_nodes_and_with_one_stopped() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = Network::start(folder.path()).await;
    let rpc = network.nodes[0].rpc().await;
    // The first rounds find their peers.
    tokio::time::sleep(Duration::from_secs(20)).await;
    let four = finality(&rpc, Duration::from_secs(120)).await;
    let node = &network.nodes[3];
    node.stop();
    tokio::time::sleep(Duration::from_secs(10)).await;
    let three = finality(&rpc, Duration::from_secs(120)).await;
    // What it missed is in the history, and it is no more than what was its own.
    let session = schedule(&rpc, &best(&rpc).await.hash).await.session;
    let at = best(&rpc).await.hash;
    let past = past_session(&rpc, session - 1, &at)
        .await
        .expect("it is kept");
    let dave = account(3);
    for share in &past.shares {
        if share.who == dave {
            assert_eq!(share.authored, 0, "{share:?}");
        }
    }
    let current = schedule(&rpc, &at).await;
    let stopped = current
        .authors
        .iter()
        .find(|author| author.who == dave)
        .expect("it stays");
    assert!(
        stopped.reduced.is_some() && stopped.score == 0,
        "{stopped:?}"
    );
    node.wake();
    println!(
        "{}",
        json!({ "finality": { "four_nodes": figures(four), "one_stopped": figures(three) } })
    );
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes six minutes; scripts/network runs it"]
async fn two_of_four_cut_off_for_three_sessions_lose_nothing_and_catch_up() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = Network::start(folder.path()).await;
    let rpc = network.nodes[0].rpc().await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    let set = chain::validators(&rpc, &best(&rpc).await.hash).await;
    for node in &network.nodes[2..] {
        node.stop();
    }
    let first = schedule(&rpc, &best(&rpc).await.hash).await.session;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let stuck = finalised(&rpc).await;
    rotation(&rpc, first + 1).await;
    rotation(&rpc, first + 2).await;
    rotation(&rpc, first + 3).await;
    rotation(&rpc, first + 4).await;
    let head = best(&rpc).await;
    assert_eq!(
        finalised(&rpc).await.hash,
        stuck.hash,
        "two of four cannot finalise"
    );
    assert_eq!(
        chain::validators(&rpc, &head.hash).await,
        set,
        "somebody was removed"
    );
    assert!(head.number > stuck.number + 20);
    let mut missed = BTreeMap::new();
    for session in first + 1..first + 4 {
        let past = past_session(&rpc, session, &head.hash)
            .await
            .expect("it is kept");
        for share in past.shares {
            *missed.entry(hex::encode(share.who)).or_insert(0) += share.due - share.authored;
        }
    }
    let healed = Instant::now();
    for node in &network.nodes[2..] {
        node.wake();
    }
    while finalised(&rpc).await.number < head.number {
        assert!(
            healed.elapsed() < Duration::from_secs(120),
            "nothing becomes final again"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let seconds = healed.elapsed().as_secs_f64();
    // Nothing was lost: what was best when the network healed is final now, on every node.
    for node in &network.nodes {
        let rpc = node.rpc().await;
        let waited = Instant::now();
        while finalised(&rpc).await.number < head.number {
            assert!(
                waited.elapsed() < Duration::from_secs(60),
                "a node does not catch up"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(
            hash_at(&rpc, head.number).await.as_deref(),
            Some(head.hash.as_str())
        );
    }
    println!(
        "{}",
        json!({ "cut_off": {
            "waiting_blocks": head.number - stuck.number,
            "slots_missed": missed,
            "final_again_after_seconds": seconds,
        } })
    );
    assert!(seconds <= 30.0, "{seconds} s");
}

/// What `qedex` does on the network, which has to succeed.
fn done(network: &Network, arguments: &[&str]) {
    let output = network.qedex(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes five minutes; scripts/network runs it"]
async fn no_way_to_shrink_the_set_stops_the_chain() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let network = Network::start(folder.path()).await;
    let rpc = network.nodes[0].rpc().await;
    let head = best(&rpc).await;
    let set = chain::validators(&rpc, &head.hash).await;
    assert_eq!(set.len(), 4);

    // The issuer revokes the credentials of all four: equal shares, and the same set.
    for name in ["//Alice", "//Bob", "//Charlie", "//Dave"] {
        done(
            &network,
            &[
                "credential",
                "revoke",
                "--who",
                name,
                "--attribute",
                "validator",
                "--suri",
                "//Alice",
            ],
        );
    }
    let session = schedule(&rpc, &best(&rpc).await.hash).await.session;
    let rotated = rotation(&rpc, session + 2).await;
    let now = schedule(&rpc, &rotated).await;
    assert!(
        now.authors
            .iter()
            .all(|author| author.reduced.is_some() && author.slots == 5)
    );
    assert_eq!(chain::validators(&rpc, &rotated).await, set);

    // All four want to leave: one does, with the next set but one, and three stay.
    for name in ["//Alice", "//Bob", "//Charlie", "//Dave"] {
        done(&network, &["validator", "leave", "--suri", name]);
    }
    let session = schedule(&rpc, &best(&rpc).await.hash).await.session;
    let rotated = rotation(&rpc, session + 3).await;
    assert_eq!(chain::validators(&rpc, &rotated).await.len(), 3);

    // And what is written still becomes final.
    let head = best(&rpc).await;
    let start = Instant::now();
    while finalised(&rpc).await.number < head.number + 5 {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "nothing becomes final"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

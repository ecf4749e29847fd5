//! How long sessions under quantum keys take to open: 100 participants of a development node, half of them at
//! each of its two key services, ask for 100 sessions at once, in one suite and then in the other.
//!
//! Each participant at one site asks two at the other one. Both ends of a session are in different agents at
//! different key services; keys are drawn over mutual TLS, workers carry the messages.

use qedex_client::{
    Chain, Endpoint, Head,
    agent::Suite,
    key_service::{KeyServices, Ledger},
    session::Session,
};
use qedex_play::{
    community::Community,
    keys::Leaders,
    play::{self, Cast},
    sessions::{
        Pair, Speaker,
        doors::Doors,
        enrolment::{self, Newcomer},
        handshakes::{self, Handshake, Height, Opened},
    },
};
use qedex_testnode::{Node, binary};
use serde_json::{Value, json};
use std::{
    collections::{BTreeSet, HashSet},
    process::Command,
    time::{Duration, Instant},
};

/// SAEs at each site.
const SAES: usize = 50;

/// The length of a block slot, in milliseconds.
const BLOCK_SLOT: u64 = 2_000;

/// Bits of a key.
const KEY_BITS: u64 = 256;

/// Bits that a block of the node's own link has after sifting, and its length in km.
const SIFTED_BITS: &str = "1000000";
const KM: &str = "10";

/// An hour: as long as the participants' credentials have to hold, and longer than this takes.
const HORIZON: u64 = 3_600_000;

/// How long a full pool is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

/// Least, middle, highest of nine in ten, and most of some numbers.
fn spread(mut values: Vec<u64>) -> Value {
    values.sort_unstable();
    let last = values.len().checked_sub(1).expect("something was measured");
    // The least value that so many percent of all do not exceed.
    let at = |percent: usize| values[(values.len() * percent).div_ceil(100).saturating_sub(1)];
    json!({ "min": values[0], "median": at(50), "p90": at(90), "max": values[last] })
}

/// What a link of a preset makes by the model, in bits a second, and how many pulses it sends.
fn link(preset: &str) -> (f64, f64) {
    let output = Command::new(binary::program("qkms"))
        .args(["plan", "link", "--preset", preset, "--km", KM])
        .args(["--sifted-bits", SIFTED_BITS, "--json"])
        .output()
        .expect("the key service's program runs");
    assert!(output.status.success(), "{}", binary::stderr(&output));
    let plan: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let running = |name: &str| plan["running"][name].as_f64().expect("a number");
    (running("secret_bits_per_second"), running("pulses_per_second"))
}

/// The books of the link's end at which its pulses begin.
async fn ledger(services: &KeyServices) -> Ledger {
    let all = services.ledgers().await.expect("the key services answer");
    *all.get(&("west".to_owned(), "east".to_owned())).expect("there is this link")
}

/// Waits until the pools hold the keys of all sessions in each direction.
async fn wait_for_keys(services: &KeyServices, keys: u64) {
    let began = Instant::now();
    while ledger(services).await.stored < 2 * keys * KEY_BITS {
        assert!(began.elapsed() < PATIENCE, "the pools do not fill");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// Each of one site asks two of the other one.
fn pairs(speakers: &[Vec<Speaker>; 2], suite: Suite) -> Vec<Pair> {
    let [west, east] = speakers;
    let second = east.iter().cycle().skip(1);
    let both = west.iter().zip(east.iter().zip(second));
    both.flat_map(|(from, (one, other))| {
        [one, other].map(|to| Pair { ends: [from.clone(), to.clone()], suite })
    })
    .collect()
}

fn figures(suite: Suite, opened: &Opened, load: Value) -> Value {
    let Opened { handshakes, blocks } = opened;
    assert!(handshakes.iter().all(|handshake| handshake.opened.is_some()), "all are open");
    let names: HashSet<_> = handshakes.iter().flat_map(|handshake| &handshake.key_ids).collect();
    assert_eq!(names.len() as u64, handshakes.len() as u64 * suite.keys(), "no key is used twice");
    let requests: BTreeSet<u64> =
        handshakes.iter().filter_map(|h| h.requested.map(|height| height.block)).collect();
    let between = |pair: &[Height]| pair[1].time.saturating_sub(pair[0].time);
    json!({
        "sessions": handshakes.len(),
        "blocks": spread(handshakes.iter().filter_map(Handshake::blocks).collect()),
        "milliseconds": spread(handshakes.iter().filter_map(Handshake::millis).collect()),
        "requests_in_blocks": requests.len(),
        "key_bits_a_session": suite.keys() * KEY_BITS,
        "block_milliseconds": spread(blocks.windows(2).map(between).collect()),
        "load": load,
    })
}

/// Processes that were running or waiting for a processor in the last minute, on average.
fn load() -> Value {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split_whitespace().next();
    first.and_then(|load| load.parse::<f64>().ok()).into()
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let began = Instant::now();
    let node = Node::start_with(folder.path(), &["--qkd-saes", &SAES.to_string()]).await;
    let started = began.elapsed().as_millis() as u64;
    let endpoint = Endpoint { url: node.url(), genesis: None, insecure: false, head: Head::Final };
    let chain = Chain::connect(&endpoint).await.expect("the node answers");
    let mut session = Session::open(chain).await.expect("it tells of its blocks");

    let community = Community::load(None, None).expect("the built-in community");
    let cast = Cast::assemble(&community).expect("it has keys");
    let leaders = Leaders::of_dev_chain().expect("well-known keys");
    play::admit(&mut session, &leaders, &cast, HORIZON).await.expect("they become members");
    let doors = Doors::read(&node.agents()).expect("the node's doors");
    let services = doors.services.as_ref().expect("the node runs the key services");
    let sites = doors.free(session.at(), &BTreeSet::new()).await.expect("an answer");
    let mut members = cast.members.iter();
    let speakers = sites.map(|agents| {
        assert_eq!(agents.len(), SAES);
        let of_site = agents.into_iter().zip(members.by_ref());
        of_site
            .map(|(agent, member)| Speaker {
                name: member.name.clone(),
                key: member.keys.account.clone(),
                agent,
            })
            .collect::<Vec<_>>()
    });
    let [west, east] = &speakers;
    let of = |all: &[Speaker]| all.iter().map(Speaker::account).collect::<Vec<_>>();
    let newcomers = [(west, of(east)), (east, of(west))];
    let newcomers: Vec<Newcomer> = newcomers
        .into_iter()
        .flat_map(|(site, peers)| {
            site.iter()
                .map(move |speaker| Newcomer { speaker: speaker.clone(), peers: peers.clone() })
        })
        .collect();
    let operators = [&leaders.registrar, &leaders.installer];
    enrolment::enrol(&mut session, &operators, &newcomers).await.expect("they draw keys");

    let mut suites = serde_json::Map::new();
    for suite in [Suite::Hmac, Suite::OneTime] {
        let pairs = pairs(&speakers, suite);
        wait_for_keys(services, pairs.len() as u64 * suite.keys()).await;
        let opened = handshakes::open(&mut session, &pairs).await.expect("sessions open");
        suites.insert(suite.name().to_owned(), figures(suite, &opened, load()));
        handshakes::close(&mut session, &pairs, &opened.handshakes).await.expect("they close");
    }

    let mut links = serde_json::Map::new();
    for preset in ["gys", "lim2014", "snspd"] {
        let (rate, pulses) = link(preset);
        let mut made = json!({ "bits_per_second": rate });
        if preset == "snspd" {
            // The node's own link is one: what its blocks gave for the light that they took.
            let Ledger { made: bits, pulses: sent, .. } = ledger(services).await;
            made["measured_bits_per_second"] = (bits as f64 / sent as f64 * pulses).into();
        }
        for (suite, figures) in &suites {
            let blocks = figures["blocks"]["median"].as_u64().expect("it was measured");
            let meanwhile = rate * (blocks * BLOCK_SLOT) as f64 / 1_000.0;
            let bits = figures["key_bits_a_session"].as_u64().expect("it is known");
            made[suite] = json!({
                "bits_in_the_median_handshake": meanwhile,
                "sessions_in_it": meanwhile / bits as f64,
            });
        }
        links.insert(preset.to_owned(), made);
    }
    let figures = json!({
        "node_started_after_milliseconds": started,
        "participants": 2 * SAES,
        "suites": suites,
        "links_of_10_km": links,
    });
    println!("{figures:#}");
}

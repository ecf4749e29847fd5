//! Four validators with all that quantum keys are there for: each has an agent, which takes part in the beacon,
//! reports of the link and audits it; keys bind the market; and accounts open sessions again and again.

use crate::{SETTLING, series::Series, told::Told};
use qedex_client::{
    Chain, Endpoint, Error, Head,
    agent::{Agent, Suite},
    keys::from_suri,
    session::Session,
};
use qedex_play::sessions::{
    Pair, Speaker,
    handshakes::{self, Handshake},
};
use qedex_testnode::{
    Network,
    chain::finalised,
    network::PRESET_SESSION_SLOTS,
    services::{IN_PRESET, SAES, Services, sae},
};
use serde_json::{Value, json};
use sp_core::{Pair as _, crypto::Ss58Codec, sr25519};
use sp_keyring::Sr25519Keyring;
use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use subxt::rpcs::{RpcClient, client::rpc_params};
use tokio::sync::oneshot;

/// Genesis enrolments last until the year 2100.
const FAR_FUTURE: u64 = 4_102_444_800_000;

/// How long it may take until everything runs: an audit takes four epochs of the beacon, and its first keys wait
/// for it.
const PATIENCE: Duration = Duration::from_secs(600);

/// How long nobody asks for a session after an agent had no keys for one.
const PAUSE: Duration = Duration::from_secs(2);

fn worker_seed(who: Sr25519Keyring) -> String {
    format!("{}//worker", who.to_seed())
}

fn worker(who: Sr25519Keyring) -> sr25519::Public {
    sr25519::Pair::from_string(&worker_seed(who), None).expect("a secret URI").public()
}

/// Keys bind the market, whose one link the preset has admitted, and two owners draw keys at each of its ends.
fn keys_bind(genesis: &mut Value) {
    genesis["qkd"]["keys"] =
        json!({ "bound": true, "marketShare": 500_000, "quorum": 2, "staleAfter": 2 });
    let saes = genesis["qkd"]["saes"].as_array_mut().expect("those who draw keys");
    assert_eq!(saes.len(), IN_PRESET);
    for (who, site) in SAES.into_iter().skip(IN_PRESET) {
        saes.push(json!({
            "account": who.to_account_id().to_string(),
            "sae": sae(who),
            "site": site,
            "expires": FAR_FUTURE,
            "worker": worker(who).to_ss58check(),
            "mail": null,
        }));
    }
}

/// Puts the key of its agent's worker into each node's keystore.
async fn insert_worker_keys(network: &Network) {
    for (node, (who, _)) in network.nodes.iter().zip(SAES) {
        let public = format!("0x{}", hex::encode(worker(who)));
        let key = rpc_params!["qsah", worker_seed(who), public];
        let () = node.rpc().await.request("author_insertKey", key).await.expect("it is taken");
    }
}

/// Those whose agents the nodes have, in the nodes' order.
fn speakers(network: &Network) -> [Speaker; 4] {
    let mut nodes = network.nodes.iter();
    SAES.map(|(who, _)| {
        let folder = nodes.next().expect("one of four").agents();
        let door = folder.join(format!("{}.json", sae(who)));
        let text = std::fs::read_to_string(&door);
        let text = text.unwrap_or_else(|why| panic!("{}: {why}", door.display()));
        Speaker {
            name: who.to_string(),
            key: from_suri(&who.to_seed()).expect("a secret URI"),
            agent: Arc::new(Agent::behind(&text).expect("a door")),
        }
    })
}

/// Who asks whom: each agent takes part, in both directions of the link and in both suites.
fn pairs(speakers: &[Speaker; 4]) -> Vec<Pair> {
    let [dave, eve, charlie, ferdie] = speakers;
    [(dave, eve, Suite::Hmac), (eve, charlie, Suite::OneTime), (ferdie, dave, Suite::Hmac)]
        .map(|(from, to, suite)| Pair { ends: [from.clone(), to.clone()], suite })
        .into()
}

/// Opens and closes sessions again and again. Why there are none for a while is said once.
async fn keep_opening(url: &str, pairs: &[Pair]) {
    let mut said = String::new();
    loop {
        if let Err(why) = open_until_refused(url, pairs).await {
            let why = why.to_string();
            if why != said {
                eprintln!("no sessions for a moment: {why}");
                said = why;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Does so beside what is measured, in a thread of its own, until this ends.
struct Opening {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Opening {
    fn begin(url: String, pairs: Vec<Pair>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("it can wait").block_on(async {
                tokio::select! {
                    () = keep_opening(&url, &pairs) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { stop, thread }
    }

    fn end(self) {
        drop(self.stop);
        self.thread.join().expect("it does not panic");
    }
}

async fn open_until_refused(url: &str, pairs: &[Pair]) -> Result<(), Error> {
    let endpoint =
        Endpoint { url: url.to_owned(), genesis: None, insecure: false, head: Head::Final };
    let mut session = Session::open(Chain::connect(&endpoint).await?).await?;
    loop {
        let all: Vec<Handshake> = handshakes::open(&mut session, pairs).await?.handshakes;
        handshakes::close(&mut session, pairs, &all).await?;
    }
}

/// Waits until everything runs that is to run.
async fn everything_runs(rpc: &RpcClient, told: &mut Told) {
    let began = Instant::now();
    while !told.everything_runs() {
        assert!(began.elapsed() < PATIENCE, "something does not begin: {told:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
        told.read_up_to(rpc, finalised(rpc).await.number).await;
    }
}

/// The series, and its figures with what ran meanwhile.
pub async fn measure(lasting: Duration) -> (Series, Value) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let services = Services::start(folder.path());
    let arguments = SAES.map(|sae| services.arguments(sae));
    let arguments = arguments.each_ref().map(|of| of.iter().map(String::as_str).collect());
    let arguments: &[Vec<&str>; 4] = &arguments;
    let arguments = arguments.each_ref().map(Vec::as_slice);
    let network =
        Network::start_on(folder.path(), PRESET_SESSION_SLOTS, keys_bind, arguments).await;
    insert_worker_keys(&network).await;
    let pairs = pairs(&speakers(&network));
    // Not the node that is watched.
    let opening = Opening::begin(network.nodes[1].url(), pairs);
    let rpc = network.nodes[0].rpc().await;
    let (mut told, began) = (Told::default(), Instant::now());
    everything_runs(&rpc, &mut told).await;
    let until_all_ran = began.elapsed().as_secs();
    tokio::time::sleep(SETTLING).await;

    let series = Series::measure(&rpc, lasting).await;
    opening.end();
    told.read_up_to(&rpc, *series.blocks.end()).await;
    let mut figures = series.figures();
    let ran = told.figures(&series.blocks);
    for (name, figure) in ran.as_object().expect("an object") {
        figures[name] = figure.clone();
    }
    figures["seconds_until_all_ran"] = until_all_ran.into();
    (series, figures)
}

//! Deliveries while either KME or both are killed at random moments.
//!
//! Two masters, one at each end, draw keys, and their slaves fetch them, while the two processes
//! that hold the ends are killed (SIGKILL) and started again. In the end no key was told to two
//! pairs, none twice by one end, and none that a master was told was lost to its slave, save where
//! the slave itself was cut off while it fetched: a key is told once or never. The books of each
//! end are audited after each start.
//!
//! `QKMS_TEST_DELIVERIES` sets the number of deliveries.

mod harness;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use harness::{Player, deliver, kme};
use qkms::{
    kme::{
        Kme,
        link::Capacity,
        testing::{self, Options, SharedGenerator, kme_id},
    },
    pool::End,
};
use rand::Rng;

/// Where the end in a folder listens for its peer.
fn door(folder: &Path) -> PathBuf {
    folder.join("door")
}

/// Where it listens for SAEs.
fn saes(folder: &Path) -> PathBuf {
    folder.join("saes")
}

#[tokio::main]
async fn run(end: End, folder: &Path, peer: &Path) {
    let options = Options {
        capacity: Capacity { keys: 1 << 15, tags: 1 << 14, lease: 1 << 12 },
        block_bits: 100_003,
        patience: Duration::from_secs(1),
        ..Options::default()
    };
    let maker = Box::new(SharedGenerator::new(options.seed, options.block_bits));
    let dialer = Arc::new(kme::Socket(door(peer)));
    let setup = testing::setup(end, folder, &options, dialer, maker).unwrap();
    setup.links[0].store.run(|books| books.audit()).await.unwrap();
    let (peers, clients) = (kme::listen(&door(folder)), kme::listen(&saes(folder)));
    let running = Kme::start(setup).await.unwrap();
    kme::answer_peer(&running, kme_id(end.peer()), peers);
    kme::answer_saes(running, clients).await;
}

/// The process of an end; not a test of its own.
#[test]
fn child() {
    let Some(orders) = harness::orders() else { return };
    let words: Vec<&str> = orders.split(' ').collect();
    let [end, folder, peer] = words[..] else { panic!("{orders}") };
    let end = if end == "a" { End::Alice } else { End::Bob };
    run(end, Path::new(folder), Path::new(peer));
}

#[test]
fn a_key_is_delivered_once_or_never_whoever_is_killed() {
    let wanted =
        std::env::var("QKMS_TEST_DELIVERIES").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let folder = tempfile::tempdir().unwrap();
    let places = ["a", "b"].map(|name| {
        let place = folder.path().join(name);
        std::fs::create_dir(&place).unwrap();
        place
    });
    let player = |name: &str, own: &Path, peer: &Path| {
        let orders = format!("{name} {} {}", own.display(), peer.display());
        Player::new(name, orders, saes(own))
    };
    let [a, b] = &places;
    let ends = [player("a", a, b), player("b", b, a)];
    ends.iter().for_each(Player::start);
    let (done, kills, over) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    // Keys, with enough kills among them, however fast the machine is.
    let enough = || done.load(Ordering::SeqCst) >= wanted && kills.load(Ordering::SeqCst) > 3;
    let told = thread::scope(|scope| {
        let [a, b] = &ends;
        let masters = [
            scope.spawn(|| deliver(a, b, ["sae-a1", "sae-b1"], &done, enough)),
            scope.spawn(|| deliver(b, a, ["sae-b2", "sae-a2"], &done, enough)),
        ];
        let killer = scope.spawn(|| {
            harness::strike_now_and_then(3, 1..12, &done, &over, |random| {
                let victims = match random.random_range(0..3) {
                    0 => &ends[..1],
                    1 => &ends[1..],
                    _ => &ends[..],
                };
                victims.iter().for_each(Player::kill);
                victims.iter().for_each(Player::start);
                kills.fetch_add(victims.len(), Ordering::SeqCst);
            });
        });
        let told = masters.map(|master| master.join());
        over.store(true, Ordering::SeqCst);
        killer.join().unwrap();
        told.map(Result::unwrap)
    });
    // The ends hold the same ranges free.
    harness::await_agreement(&ends, |books| {
        books[0] == books[1] && books[0].get(1).is_some_and(|link| link.starts_with("true"))
    });
    let kills = kills.into_inner();
    let keys = harness::all_different(&told, &kills.to_string());
    assert!(keys >= wanted && kills > 3, "{keys} deliveries, {kills} kills");
}

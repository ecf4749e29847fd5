//! Relays while the site between, or an end, is killed at random moments.
//!
//! Two masters, one at each end of a line of three, draw keys, and their slaves fetch them, while the
//! process of the site between is killed (SIGKILL) and started again, and now and then that of an
//! end. In the end no key was told to two pairs, none twice by one end, and none that a master was
//! told was lost to its slave, save where the slave itself was cut off while it fetched. The books of
//! each site are audited after each start, and each withdrawal comes to its end.
//!
//! `QKMS_TEST_RELAYS` sets the number of relays.

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
    kme::{Kme, line::Dialer, link::Capacity, service::KmeId, testing::Options},
    relay::testing::{Site, setup},
};
use rand::Rng;

/// Where `site` listens for `peer`, or for SAEs.
fn socket(folder: &Path, site: &KmeId, peer: &str) -> PathBuf {
    folder.join(format!("{site}-{peer}"))
}

#[tokio::main]
async fn run(site: Site, folder: &Path) {
    let options = Options {
        capacity: Capacity { keys: 1 << 15, tags: 1 << 14, lease: 1 << 12 },
        block_bits: 100_003,
        patience: Duration::from_secs(2),
        ..Options::default()
    };
    let own = site.kme();
    let dialer = |peer: Site| -> Arc<dyn Dialer> {
        Arc::new(kme::Socket(socket(folder, &peer.kme(), own.as_str())))
    };
    let setup = setup(site, &folder.join(format!("store-{own}")), &options, dialer).unwrap();
    let peers: Vec<KmeId> = setup.links.iter().map(|link| link.peer.clone()).collect();
    for link in &setup.links {
        link.store.run(|books| books.audit()).await.unwrap();
    }
    setup.relay.as_ref().unwrap().store.run(|books| books.audit()).await.unwrap();
    let doors: Vec<_> =
        peers.iter().map(|peer| kme::listen(&socket(folder, &own, peer.as_str()))).collect();
    let running = Kme::start(setup).await.unwrap();
    for (peer, door) in peers.into_iter().zip(doors) {
        kme::answer_peer(&running, peer, door);
    }
    kme::answer_saes(running, kme::listen(&socket(folder, &own, "saes"))).await;
}

/// The process of a site; not a test of its own.
#[test]
fn child() {
    let Some(orders) = harness::orders() else { return };
    let (site, folder) = orders.split_once(' ').unwrap();
    let site = Site::ALL.into_iter().find(|other| other.kme().as_str() == site).unwrap();
    run(site, Path::new(folder));
}

#[test]
fn a_key_is_relayed_once_or_never_whoever_is_killed() {
    let wanted =
        std::env::var("QKMS_TEST_RELAYS").ok().and_then(|text| text.parse().ok()).unwrap_or(24);
    let folder = tempfile::tempdir().unwrap();
    let sites = Site::ALL.map(|site| {
        let (kme, folder) = (site.kme(), folder.path());
        let orders = format!("{kme} {}", folder.display());
        Player::new(kme.as_str(), orders, socket(folder, &kme, "saes"))
    });
    sites.iter().for_each(Player::start);
    let (done, over) = (AtomicUsize::new(0), AtomicBool::new(false));
    let enough = || done.load(Ordering::SeqCst) >= wanted;
    let (told, kills) = thread::scope(|scope| {
        let [a, _, c] = &sites;
        let masters = [
            scope.spawn(|| deliver(a, c, ["sae-a1", "sae-c1"], &done, enough)),
            scope.spawn(|| deliver(c, a, ["sae-c2", "sae-a2"], &done, enough)),
        ];
        let killer = scope.spawn(|| {
            let mut kills = [0; 3];
            harness::strike_now_and_then(5, 1..8, &done, &over, |random| {
                let victim = match random.random_range(0..6) {
                    0 => 0,
                    1 => 2,
                    _ => 1,
                };
                sites[victim].kill();
                sites[victim].start();
                kills[victim] += 1;
            });
            kills
        });
        let told = masters.map(|master| master.join());
        over.store(true, Ordering::SeqCst);
        let kills = killer.join().unwrap();
        (told.map(Result::unwrap), kills)
    });
    // Nothing is withdrawn any more, and the ends of each link hold the same free.
    harness::await_agreement(&sites, |books| {
        let [at_a, at_m, at_c] = books else { return false };
        let ([kept_a, a_to_m], [_, m_to_a, m_to_c], [kept_c, c_to_m]) =
            (&at_a[..], &at_m[..], &at_c[..])
        else {
            return false;
        };
        let whole = a_to_m.starts_with("true") && c_to_m.starts_with("true");
        a_to_m == m_to_a && m_to_c == c_to_m && whole && kept_a == "0" && kept_c == "0"
    });
    let keys = harness::all_different(&told, &format!("{kills:?} (A, M, C)"));
    assert!(keys >= wanted && kills[1] > 2, "{keys} relays, {kills:?} kills");
}

//! Keys that come through.

use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::kme::service::{LinkState, Options as Wishes, Origin, Route};

/// What a request of so many keys of 256 bits costs each link.
fn cost(keys: u64) -> u64 {
    8 * (keys * 32 + OVERHEAD)
}

#[tokio::test]
async fn a_relayed_key_is_paid_on_both_links_in_both_directions() {
    let ground = Ground::new(&options()).await;
    ground.settle().await;
    let before = ground.ledgers().await;
    let mut paid = 0;
    for (from, master, to, slave, number) in
        [(Site::A, "sae-a1", Site::C, "sae-c2", 1), (Site::C, "sae-c1", Site::A, "sae-a2", 5)]
    {
        let keys = enc(&ground, from, master, slave, number).await.unwrap();
        assert!(keys.iter().all(|key| key.origin == Origin::Relayed && key.key.len() == 32));
        let held = ground.held(to).await;
        assert_eq!((held.made, held.stored, held.delivered), (256 * number, 256 * number, 0));
        paid += cost(number);
        assert_eq!(ground.relayed().await, [paid; 4]);
        assert!(dec(&ground, to, slave, master, ids(&keys)).await.unwrap() == keys);
        let again = dec(&ground, to, slave, master, ids(&keys)).await;
        assert_eq!(again.unwrap_err(), Refusal::KeysNotFound(ids(&keys)));
        assert_eq!(ground.held(to).await.delivered, 256 * number);
    }
    for (now, before) in ground.ledgers().await.into_iter().zip(before) {
        let stored = before.stored - paid;
        assert_eq!(now, Ledger { stored, relayed: paid, ..before });
    }
    assert_eq!(ground.held(Site::M).await, Ledger::default(), "no key stays at a site between");
}

#[tokio::test]
async fn keys_differ_and_each_slave_gets_each_once() {
    let ground = Ground::new(&options()).await;
    let request = EncRequest {
        number: Some(3),
        size: Some(1024),
        additional_slaves: vec![id("sae-c2")],
        ..EncRequest::default()
    };
    let kme = ground.line.kme(Site::A);
    let keys = kme.enc_keys(&id("sae-a1"), &id("sae-c1"), request).await.unwrap();
    let more = enc(&ground, Site::A, "sae-a1", "sae-c1", 3).await.unwrap();
    let all: std::collections::HashSet<&[u8]> =
        keys.iter().chain(&more).map(|key| &key.key[..32]).collect();
    assert_eq!(all.len(), 6);
    for slave in ["sae-c1", "sae-c2"] {
        assert!(dec(&ground, Site::C, slave, "sae-a1", ids(&keys)).await.unwrap() == keys);
        assert!(dec(&ground, Site::C, slave, "sae-a1", ids(&keys)).await.is_err());
    }
    let stranger = dec(&ground, Site::C, "sae-c2", "sae-a1", ids(&more)).await;
    assert_eq!(stranger.unwrap_err(), Refusal::NotNamed);
    let other = dec(&ground, Site::C, "sae-c1", "sae-a2", ids(&more)).await;
    assert_eq!(other.unwrap_err(), Refusal::KeysNotFound(ids(&more)));
    ground.held(Site::C).await;
}

#[tokio::test]
async fn a_status_counts_the_lesser_of_the_links() {
    let ground = Ground::new(&options()).await;
    ground.settle().await;
    let status = |master: &str, slave: &str| {
        ground.line.kme(Site::A).status(&id(master), &id(slave)).unwrap()
    };
    // The first answer of the next site is awaited, not a time.
    while status("sae-a1", "sae-c1").link != LinkState::Open {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let fill = |link: &Link| link.summary().fill(link.outgoing()).bytes;
    let lesser = |ground: &Ground| fill(ground.link(Site::A, 0)).min(fill(ground.link(Site::M, 1)));
    let told = status("sae-a1", "sae-c1");
    assert_eq!(told.stored_key_count, (lesser(&ground) - OVERHEAD) / 32);
    assert_eq!(told.max_key_count, ((1 << 16) - OVERHEAD) / 32);
    assert_eq!((told.target_kme, told.origin), (Site::C.kme(), Origin::Relayed));
    // M's masters use up the second link: the way holds what that one still does.
    let kme = ground.line.kme(Site::M);
    while fill(ground.link(Site::M, 1)) >= fill(ground.link(Site::A, 0)) {
        let much = EncRequest { size: Some(16_384), ..EncRequest::default() };
        kme.enc_keys(&id("sae-m1"), &id("sae-c1"), much).await.unwrap();
    }
    ground.relay(Site::A).fars[0].ask().await.unwrap();
    let told = status("sae-a1", "sae-c1");
    assert_eq!(told.stored_key_count, (fill(ground.link(Site::M, 1)) - OVERHEAD) / 32);
    // To a neighbour it is as ever.
    assert_eq!(status("sae-a1", "sae-m1").origin, Origin::Qkd);
}

#[tokio::test]
async fn what_a_way_does_not_hold_costs_nothing() {
    let ground = Ground::new(&options()).await;
    ground.settle().await;
    let before = ground.ledgers().await;
    let request = EncRequest { number: Some(128), size: Some(16_384), ..EncRequest::default() };
    let kme = ground.line.kme(Site::A);
    let refused = kme.enc_keys(&id("sae-a1"), &id("sae-c1"), request).await;
    assert_eq!(refused.unwrap_err(), Refusal::Exhausted);
    assert_eq!(ground.ledgers().await, before);
}

#[tokio::test]
async fn wishes_about_route_and_age_reach_every_link() {
    let time = Arc::new(AtomicU64::new(1_000_000_000));
    let read = Arc::clone(&time);
    let clock = Arc::new(move || read.load(Ordering::SeqCst));
    let ground = Ground::new(&Options { clock, ..options() }).await;
    ground.settle().await;
    let ask = |mandatory| {
        let request = EncRequest { mandatory, ..EncRequest::default() };
        let kme = Arc::clone(ground.line.kme(Site::A));
        async move { kme.enc_keys(&id("sae-a1"), &id("sae-c1"), request).await }
    };
    let direct = Wishes { route: Some(Route::Direct), max_age: None };
    assert_eq!(ask(direct).await.unwrap_err(), Refusal::MandatoryUnmet);
    let young = |seconds| Wishes { route: None, max_age: Some(Duration::from_secs(seconds)) };
    time.fetch_add(60_000, Ordering::SeqCst);
    assert_eq!(ask(young(10)).await.unwrap_err(), Refusal::MandatoryUnmet);
    assert_eq!(ground.relayed().await, [0; 4], "the first link has none that young");
    ask(young(100)).await.unwrap();
    // The first link has young key, the second has not.
    let fresh = vec![9; 4096];
    for site in [Site::A, Site::M] {
        let bytes = fresh.clone();
        let store = move |books: &mut crate::pool::Books<'_>| {
            let split = crate::pool::Split([0, 0, 4096, 0]);
            books.store_block(&crate::pool::making::NewBlock {
                number: 1 << 40,
                made: crate::pool::record::Made::Link,
                bytes: &bytes,
                bits: 8 * 4096,
                split,
                staged: false,
            })
        };
        ground.link(site, 0).store.run(store).await.unwrap();
    }
    let before = ground.relayed().await;
    assert_eq!(ask(young(10)).await.unwrap_err(), Refusal::MandatoryUnmet);
    let after = ground.relayed().await;
    assert_eq!((after[0] - before[0], after[2] - before[2]), (cost(1), 0));
}

#[tokio::test]
async fn relayed_keys_that_nobody_fetches_expire() {
    let time = Arc::new(AtomicU64::new(1_000_000_000));
    let read = Arc::clone(&time);
    let clock = Arc::new(move || read.load(Ordering::SeqCst));
    let ground = Ground::new(&Options { clock, ..options() }).await;
    let keys = enc(&ground, Site::A, "sae-a1", "sae-c1", 2).await.unwrap();
    time.fetch_add(3_600_001, Ordering::SeqCst);
    let late = dec(&ground, Site::C, "sae-c1", "sae-a1", ids(&keys)).await;
    assert_eq!(late.unwrap_err(), Refusal::KeysNotFound(ids(&keys)));
    let mut changes = ground.relay(Site::C).store().summary();
    changes.wait_for(|summary| summary.ledger.expired == 512).await.unwrap();
    ground.held(Site::C).await;
}

#[tokio::test]
async fn many_relays_at_once_give_different_keys() {
    let ground = Arc::new(Ground::new(&options()).await);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..40 {
        let ground = Arc::clone(&ground);
        tasks.spawn(async move {
            let (from, master, to, slave) = match task % 2 {
                0 => (Site::A, "sae-a1", Site::C, "sae-c1"),
                _ => (Site::C, "sae-c1", Site::A, "sae-a1"),
            };
            let keys = enc(&ground, from, master, slave, 2).await.unwrap();
            assert!(dec(&ground, to, slave, master, ids(&keys)).await.unwrap() == keys);
            keys
        });
    }
    let told: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let keys: std::collections::HashSet<&[u8]> = told.iter().map(|key| &key.key[..]).collect();
    assert_eq!(keys.len(), 80);
    assert_eq!(ground.relayed().await, [40 * cost(2); 4]);
}

//! Keys that are delivered.

use std::collections::HashSet;

use super::*;
use crate::kme::{
    link::Capacity,
    maker::{BlockMaker, Closing, Made, MakeError, Report},
    service::{LinkState, Options as Wishes, Origin},
};

#[tokio::test]
async fn a_slave_fetches_what_its_master_drew_in_both_directions() {
    let ground = Ground::new(&Options::default()).await;
    for (end, master, slave) in [(End::Alice, "sae-a1", "sae-b1"), (End::Bob, "sae-b1", "sae-a1")] {
        let request = EncRequest { size: Some(16_384), ..number(3) };
        let keys = enc(ground.kme(end), master, slave, request).await.unwrap();
        assert_eq!(keys.iter().map(|key| key.key.len()).collect::<Vec<_>>(), [2048; 3]);
        assert!(keys.iter().all(|key| key.origin == Origin::Qkd));
        let other = ground.kme(end.peer());
        let told = dec(other, slave, master, ids(&keys)).await.unwrap();
        assert!(told == keys);
        let again = dec(other, slave, master, ids(&keys)).await;
        assert_eq!(again.unwrap_err(), Refusal::KeysNotFound(ids(&keys)));
    }
    for ledger in ground.ledgers().await {
        assert_eq!(ledger.delivered, 2 * 3 * 16_384);
    }
}

#[tokio::test]
async fn several_slaves_at_both_sites_each_get_the_key_once() {
    let ground = Ground::new(&Options::default()).await;
    let request =
        EncRequest { additional_slaves: vec![id("sae-b2"), id("sae-a2")], ..EncRequest::default() };
    let (alice, bob) = (ground.kme(End::Alice), ground.kme(End::Bob));
    let keys = enc(alice, "sae-a1", "sae-b1", request).await.unwrap();
    for (kme, slave) in [(bob, "sae-b1"), (bob, "sae-b2"), (alice, "sae-a2")] {
        assert!(dec(kme, slave, "sae-a1", ids(&keys)).await.unwrap() == keys, "{slave}");
        assert!(dec(kme, slave, "sae-a1", ids(&keys)).await.is_err(), "{slave}");
    }
    for (kme, stranger) in [(bob, "sae-b3"), (alice, "sae-a3")] {
        let told = dec(kme, stranger, "sae-a1", ids(&keys)).await;
        assert_eq!(told.unwrap_err(), Refusal::NotNamed, "{stranger}");
    }
    ground.ledgers().await;
}

#[tokio::test]
async fn keys_within_a_site_are_marked_as_no_qkd_keys() {
    let ground = Ground::new(&Options::default()).await;
    let alice = ground.kme(End::Alice);
    ground.settle().await;
    let before = ground.ledgers().await;
    let keys = enc(alice, "sae-a1", "sae-a2", number(2)).await.unwrap();
    assert!(keys.iter().all(|key| key.origin == Origin::LocalGenerator));
    assert!(keys[0].key != keys[1].key);
    assert!(dec(alice, "sae-a2", "sae-a1", ids(&keys)).await.unwrap() == keys);
    assert!(dec(alice, "sae-a2", "sae-a1", ids(&keys)).await.is_err());
    let status = alice.status(&id("sae-a1"), &id("sae-a2")).unwrap();
    assert_eq!((status.origin, status.link), (Origin::LocalGenerator, LinkState::Local));
    assert_eq!(ground.ledgers().await, before, "the link's books are untouched");
    let mut direct = number(1);
    direct.mandatory.route = Some(service::Route::Direct);
    let refused = enc(alice, "sae-a1", "sae-a2", direct).await;
    assert_eq!(refused.unwrap_err(), Refusal::MandatoryUnmet);
    alice
        .local()
        .run(|books| {
            books.audit()?;
            assert_eq!((books.ledger().made, books.ledger().delivered), (512, 512));
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn many_masters_in_both_directions_get_different_keys() {
    let ground = Arc::new(Ground::new(&Options::default()).await);
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let ground = Arc::clone(&ground);
        tasks.spawn(async move {
            let (end, master, slave) = match task % 2 {
                0 => (End::Alice, "sae-a1", "sae-b2"),
                _ => (End::Bob, "sae-b2", "sae-a1"),
            };
            let mut told = Vec::new();
            for _ in 0..5 {
                let keys = enc(ground.kme(end), master, slave, number(2)).await.unwrap();
                let other = ground.kme(end.peer());
                assert!(dec(other, slave, master, ids(&keys)).await.unwrap() == keys);
                told.extend(keys);
            }
            told
        });
    }
    let told: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let keys: HashSet<&[u8]> = told.iter().map(|key| key.key.as_slice()).collect();
    assert_eq!(keys.len(), 640);
    for ledger in ground.ledgers().await {
        assert_eq!(ledger.delivered, 640 * 256);
    }
}

#[tokio::test]
async fn a_key_that_was_answered_outlives_a_restart() {
    let options = Options::default();
    let ground = Ground::new(&options).await;
    let keys = enc(ground.kme(End::Alice), "sae-a1", "sae-b1", number(5)).await.unwrap();
    let ground = ground.restart(&options).await;
    let told = dec(ground.kme(End::Bob), "sae-b1", "sae-a1", ids(&keys)).await.unwrap();
    assert!(told == keys);
    ground.settle().await;
    ground.ledgers().await;
    for pool in Pool::ALL {
        let [alice, bob] = [End::Alice, End::Bob].map(|end| free(ground.kme(end), pool));
        assert_eq!(alice.await, bob.await, "{pool:?}");
    }
}

#[tokio::test]
async fn a_delivered_key_leads_back_to_its_block() {
    let options = Options::default();
    let ground = Ground::new(&options).await;
    let keys = enc(ground.kme(End::Bob), "sae-b1", "sae-a1", number(1)).await.unwrap();
    let key = keys[0].id;
    let mut places = Vec::new();
    for end in [End::Alice, End::Bob] {
        let look = move |books: &mut Books<'_>| {
            let record = books.key(key)?.unwrap();
            let block = books.block(record.range.block)?.unwrap();
            Ok((record.range, block.bits))
        };
        places.push(ground.kme(end).links()[0].store.run(look).await.unwrap());
    }
    assert_eq!(places[0], places[1]);
    let (range, bits) = places[0];
    assert_eq!(bits, options.block_bits);
    let mut block = vec![0; options.block_bits.div_ceil(8) as usize];
    Seed::new(options.seed, "blocks").fill("block", range.block, &mut block);
    assert_eq!(*keys[0].key, block[range.offset as usize..range.end() as usize]);
}

#[tokio::test]
async fn old_keys_expire_at_both_ends() {
    let (time, clock) = clock();
    let options = Options { clock, ..Options::default() };
    let ground = Ground::new(&options).await;
    let (alice, bob) = (ground.kme(End::Alice), ground.kme(End::Bob));
    let keys = enc(alice, "sae-a1", "sae-b1", number(1)).await.unwrap();
    time.fetch_add(60_000, Ordering::SeqCst);
    let age = |seconds| Wishes { max_age: Some(Duration::from_secs(seconds)), route: None };
    let strict = EncRequest { mandatory: age(10), ..number(1) };
    let refused = enc(alice, "sae-a1", "sae-b1", strict).await;
    assert_eq!(refused.unwrap_err(), Refusal::MandatoryUnmet);
    let wish = EncRequest { optional: age(10), ..number(1) };
    enc(alice, "sae-a1", "sae-b1", wish).await.unwrap();
    let both = EncRequest { mandatory: age(100), optional: age(10), ..number(1) };
    enc(alice, "sae-a1", "sae-b1", both).await.unwrap();
    time.fetch_add(3_600_000, Ordering::SeqCst);
    let late = dec(bob, "sae-b1", "sae-a1", ids(&keys)).await;
    assert_eq!(late.unwrap_err(), Refusal::KeysNotFound(ids(&keys)));
    for kme in [alice, bob] {
        let mut changes = kme.links()[0].changes();
        changes.wait_for(|summary| summary.ledger.expired > 0).await.unwrap();
    }
    ground.ledgers().await;
}

#[tokio::test]
async fn pools_fill_to_their_capacity_and_no_further() {
    let capacity = Capacity { keys: 1 << 18, tags: 1 << 14, lease: 1 << 12 };
    let options = Options { capacity, ..Options::default() };
    let ground = Ground::new(&options).await;
    for kme in &ground.pair.kmes {
        let link = &kme.links()[0];
        let full = |summary: &crate::pool::making::Summary| {
            [link.outgoing(), link.incoming()]
                .iter()
                .all(|pool| summary.fill(*pool).bytes == capacity.keys)
        };
        link.changes().wait_for(full).await.unwrap();
    }
    let status = ground.kme(End::Alice).status(&id("sae-a1"), &id("sae-b1")).unwrap();
    // Each block may leave less than a key at the end of its range.
    assert!((8100..=8192).contains(&status.stored_key_count), "{status:?}");
    assert_eq!(status.max_key_count, 8192);
    assert_eq!((status.origin, status.link), (Origin::Qkd, LinkState::Open));
    ground.ledgers().await;
}

/// Makes some blocks and then betrays an eavesdropper.
struct Tapped(testing::SharedGenerator, u64);

impl BlockMaker for Tapped {
    fn make(
        &mut self,
        block: u64,
        keys: &mut dyn crate::distil::auth::TagKeys,
    ) -> Result<Made, MakeError> {
        let made = self.0.make(block, keys)?;
        if block <= self.1 {
            return Ok(made);
        }
        let closing = Closing::ForGood;
        Ok(Made::Discarded { reason: "qber", closing, report: Report::default() })
    }
}

#[tokio::test]
async fn a_betrayed_block_closes_the_link_at_both_ends_and_older_keys_stay() {
    let options = Options::default();
    let folder = tempfile::tempdir().unwrap();
    let tap = || -> Box<dyn BlockMaker> {
        Box::new(Tapped(testing::SharedGenerator::new(1, 100_000), 3))
    };
    let pair = Pair::start_with(folder.path(), &options, [tap(), tap()]).await.unwrap();
    for kme in &pair.kmes {
        kme.links()[0].closed().wait_for(Option::is_some).await.unwrap();
        assert_eq!(kme.links()[0].state(), LinkState::Closed);
    }
    let mut drawn = 0;
    let refused = loop {
        match enc(&pair.kmes[0], "sae-a1", "sae-b1", number(10)).await {
            Ok(keys) => drawn += keys.len(),
            Err(refusal) => break refusal,
        }
    };
    assert!(drawn > 100, "{drawn} keys");
    assert_eq!(refused, Refusal::LinkClosed);
    audit(&pair.kmes[0]).await;
}

/// What is told of a link is what its books say, at either end: stored in both directions, delivered at this end,
/// made in all.
#[tokio::test]
async fn figures_of_a_link_are_those_of_its_books() {
    let options = Options::default();
    let ground = Ground::new(&options).await;
    let figures = |end: End| {
        let (own, other) =
            if end == End::Alice { ("sae-a1", "sae-b1") } else { ("sae-b1", "sae-a1") };
        ground.kme(end).status(&id(own), &id(other)).unwrap().figures.unwrap()
    };
    let many = |summary: &crate::pool::making::Summary| summary.ledger.made > 256 * 1_000;
    ground.kme(End::Bob).links()[0].changes().wait_for(many).await.unwrap();
    ground.kme(End::Alice).links()[0].changes().wait_for(many).await.unwrap();
    let before = [End::Alice, End::Bob].map(figures);
    for one in before {
        assert!(one.sound && one.delivered_keys == 0, "{one:?}");
        assert_eq!(one.qber_ppm, None, "this maker has no photons, and counts no errors");
        assert!(one.stored_keys <= one.made_keys, "{one:?}");
    }
    let keys = enc(ground.kme(End::Alice), "sae-a1", "sae-b1", number(10)).await.unwrap();
    let [alice, bob] = [End::Alice, End::Bob].map(figures);
    assert_eq!((alice.delivered_keys, bob.delivered_keys), (10, 0), "told to the master");
    let ids = keys.iter().map(|key| key.id).collect();
    ground.kme(End::Bob).dec_keys(&id("sae-b1"), &id("sae-a1"), ids).await.unwrap();
    assert_eq!(figures(End::Bob).delivered_keys, 10, "and to the slave");
    let own = ground.kme(End::Alice).status(&id("sae-a1"), &id("sae-a2")).unwrap();
    assert_eq!(own.figures, None, "no link is between SAEs of one site");
    ground.ledgers().await;
}

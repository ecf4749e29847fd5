//! Audits by sacrifice between two KMEs.

use std::{pin::pin, time::Instant};

use super::{
    control::{choices, pilot},
    line::NoAnswer,
    wire::{Ask, Start, Why},
    *,
};
use crate::{
    audit::AuditFile,
    kme::audits::{Untaken, challenge, close, collect},
    pool::{NoAudit, StoreError, record::Lease},
    records::{EPOCH, Hash},
};

fn options() -> Options {
    Options { audits: [true; 2], block_bits: 20_011, ..Options::default() }
}

impl Ground {
    /// Waits until both ends have all records of an epoch, and tells its root.
    async fn whole(&self, epoch: u64) -> Hash {
        let mut roots = Vec::new();
        for end in [End::Alice, End::Bob] {
            let link = &self.kme(end).links()[0];
            let mut changes = link.changes();
            loop {
                changes.borrow_and_update();
                let root = link.store.run(move |books| books.epoch_root(epoch)).await.unwrap();
                if let Some(root) = root {
                    roots.push(root);
                    break;
                }
                changes.changed().await.unwrap();
            }
        }
        assert_eq!(roots[0], roots[1]);
        roots[0]
    }

    /// Waits until both ends have closed an epoch.
    async fn closed(&self, epoch: u64) {
        for end in [End::Alice, End::Bob] {
            let mut changes = self.kme(end).links()[0].changes();
            loop {
                changes.borrow_and_update();
                if self.next(end).await > epoch {
                    break;
                }
                changes.changed().await.unwrap();
            }
        }
    }

    async fn next(&self, end: End) -> u64 {
        let link = &self.kme(end).links()[0];
        link.store.run(|books| books.auditing()).await.unwrap().unwrap().epoch
    }

    async fn challenge(&self, epoch: u64, root: Hash, by: u8) -> Result<u64, Untaken> {
        let link = &self.kme(End::Alice).links()[0];
        Ok(challenge(link, epoch, root, [by; 32]).await?.block.unwrap())
    }

    /// Challenges until the line is there.
    async fn pick(&self, epoch: u64, root: Hash) -> u64 {
        loop {
            match self.challenge(epoch, root, 7).await {
                Ok(block) => return block,
                Err(Untaken::Peer(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(other) => panic!("{other}"),
            }
        }
    }

    async fn file(&self, epoch: u64) -> Option<AuditFile> {
        let link = &self.kme(End::Alice).links()[0];
        let bytes = link.store.run(move |books| books.audit_file(epoch)).await.unwrap();
        bytes.map(|bytes| AuditFile::from_bytes(&bytes).unwrap())
    }

    /// What is kept of blocks at an end.
    async fn openings(&self, end: End) -> Vec<u64> {
        self.kme(end).links()[0].store.run(|books| books.openings()).await.unwrap()
    }

    fn stored_keys(&self, end: End) -> u64 {
        let link = &self.kme(end).links()[0];
        link.summary().fill(link.outgoing()).keys
    }
}

fn refused(untaken: Untaken) -> NoAudit {
    match untaken {
        Untaken::Store(StoreError::Rejected(crate::pool::Rejection::Audit(why))) => why,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn keys_of_an_epoch_wait_until_one_of_its_blocks_is_sacrificed_at_both_ends() {
    let ground = Ground::new(&options()).await;
    let root = ground.whole(0).await;
    let [alice, bob] = [End::Alice, End::Bob].map(|end| Arc::clone(ground.kme(end)));
    assert_eq!([ground.stored_keys(End::Alice), ground.stored_keys(End::Bob)], [0, 0]);
    let none = enc(&alice, "sae-a1", "sae-b1", number(1)).await;
    assert_eq!(none.unwrap_err(), Refusal::Exhausted);
    assert_eq!(ground.ledgers().await.map(|ledger| ledger.sacrificed), [0, 0]);
    let early = ground.challenge(1, root, 1).await.unwrap_err();
    assert_eq!(refused(early), NoAudit::Epoch(0));
    let other = ground.challenge(0, [3; 32], 1).await.unwrap_err();
    assert!(matches!(other, Untaken::Unfixed | Untaken::Peer(_)), "{other}");
    let at_bob = challenge(&bob.links()[0], 0, root, [1; 32]).await.unwrap_err();
    assert_eq!(at_bob, Untaken::End);
    let block = ground.pick(0, root).await;
    ground.closed(0).await;
    let again = ground.challenge(0, root, 8).await.unwrap_err();
    assert_eq!(refused(again), NoAudit::Epoch(1));

    let file = ground.file(0).await.unwrap();
    assert_eq!((file.block, file.challenge), (block, [7; 32]));
    let raw = format!("what an end saw of block {block}").into_bytes();
    assert_eq!((&file.alice_raw, &file.bob_raw), (&raw, &raw));
    let mut expected = vec![0; 20_011usize.div_ceil(8)];
    Seed::new(1, "blocks").fill("block", block, &mut expected);
    assert_eq!((&file.key_at_alice, &file.key_at_bob), (&expected, &expected));
    assert_eq!(file.records.len() as u64, EPOCH);

    for (from, to, master, slave) in
        [(&alice, &bob, "sae-a1", "sae-b1"), (&bob, &alice, "sae-b1", "sae-a1")]
    {
        for _ in 0..20 {
            let keys = enc(from, master, slave, number(100)).await.unwrap();
            assert_eq!(dec(to, slave, master, ids(&keys)).await.unwrap(), keys);
            let opened = |key: &DeliveredKey| expected.windows(32).any(|part| part == *key.key);
            assert!(!keys.iter().any(opened), "a key of the sacrificed block was delivered");
            ground.ledgers().await;
        }
    }
    ground.settle().await;
    let [at_alice, at_bob] = ground.ledgers().await;
    assert_eq!(at_alice.sacrificed, at_bob.sacrificed);
    // All of the block but what tags were paid with, and the bits that fill no byte.
    let tags = at_alice.tags;
    assert!(at_alice.sacrificed <= 20_008 && at_alice.sacrificed + tags >= 20_008, "{at_alice:?}");
    assert!(at_alice.sacrificed > 5_000, "{at_alice:?}");
    assert!(ground.openings(End::Alice).await.iter().all(|kept| *kept > EPOCH));
    ground.pair.stop().await;
}

#[tokio::test]
async fn a_challenge_before_the_epoch_is_whole_was_known_too_early() {
    // Two pools of 2 KiB are full before any epoch is whole, were they not empty for SAEs.
    let ground = Ground::new(&options()).await;
    let early = loop {
        match ground.challenge(0, [1; 32], 1).await.unwrap_err() {
            Untaken::Peer(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            other => break refused(other),
        }
    };
    assert_eq!(early, NoAudit::Early);
    ground.pair.stop().await;
    let ground = Ground::new(&Options::default()).await;
    assert_eq!(refused(ground.challenge(0, [1; 32], 1).await.unwrap_err()), NoAudit::Off);
    ground.pair.stop().await;
}

/// How far an audit has come when both ends stop.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Picked,
    Opened,
    ClosedAtAlice,
}

#[tokio::test]
async fn an_audit_that_stops_after_any_step_is_brought_to_its_end_later() {
    let mut ground = Ground::new(&options()).await;
    for (epoch, step) in (0..).zip([Step::Picked, Step::Opened, Step::ClosedAtAlice]) {
        let root = ground.whole(epoch).await;
        let link = Arc::clone(&ground.kme(End::Alice).links()[0]);
        // No run of post-processing and no audit of the KME's own comes between the steps.
        let turn = link.run.lock().await;
        let block = ground.pick(epoch, root).await;
        let look = link.store.run(|books| books.auditing()).await.unwrap().unwrap();
        let picked = look.picked.unwrap();
        if step != Step::Picked {
            let theirs = collect(&link, &picked).await.unwrap();
            assert_eq!(theirs.raw, format!("what an end saw of block {block}").into_bytes());
            if step == Step::ClosedAtAlice {
                close(&link, picked, theirs).await.unwrap();
                assert_eq!(
                    [ground.next(End::Alice).await, ground.next(End::Bob).await],
                    [epoch + 1, epoch]
                );
            }
        }
        ground.ledgers().await;
        // What is durable is all that is left, as after a crash.
        for kme in &ground.pair.kmes {
            kme.stop().await;
        }
        drop(turn);
        drop(link);
        ground = ground.restart(&options()).await;
        ground.closed(epoch).await;
        assert_eq!(ground.file(epoch).await.unwrap().block, block, "{step:?}");
        let [alice, bob] = ground.ledgers().await;
        assert_eq!(alice.sacrificed, bob.sacrificed, "{step:?}");
        // The last step is made up for before the two ends have agreed on all.
        let alice = ground.kme(End::Alice);
        alice.links()[0].line.ready().wait_for(|ready| *ready).await.unwrap();
        enc(alice, "sae-a1", "sae-b1", number(1)).await.unwrap();
    }
    ground.pair.stop().await;
}

#[tokio::test]
async fn blocks_are_begun_until_two_epochs_wait_and_no_longer() {
    let controlled = pilot(choices(), 1e9);
    for mut pilot in [None, Some(controlled)] {
        let choices = pilot.is_some().then(choices);
        let ground = Ground::new(&Options { pilot: pilot.clone(), choices, ..options() }).await;
        let root = ground.whole(0).await;
        ground.whole(1).await;
        let link = &ground.kme(End::Alice).links()[0];
        link.changes().wait_for(|summary| summary.held).await.unwrap();
        ground.settle().await;
        let records = link.store.run(|books| books.records(0, 1000)).await.unwrap();
        assert_eq!(records.len() as u64, 2 * EPOCH);
        assert_eq!(ground.openings(End::Bob).await.len() as u64, 2 * EPOCH);
        // Neither does Alice's end begin another, nor Bob's join it.
        let mut changes = link.changes();
        let mut called = pin!(engine::call(link, pilot.as_mut(), &mut changes, Instant::now()));
        assert!(waits(called.as_mut()).await);
        let lease = Lease { block: 90_000, ..Lease::default() };
        let start = Ask::Start(Start { lease, setting: None });
        let refused = Err(NoAnswer::Refused(Why::Audit));
        assert_eq!(link.line.done(start.clone()).await, refused);
        // What waits is there for control, and has not left the pools.
        let view = engine::view(&link.summary(), &link.capacity, Duration::ZERO);
        let keys = [
            free(&ground.pair.kmes[0], link.outgoing()).await,
            free(&ground.pair.kmes[0], link.incoming()).await,
        ];
        let waiting: u64 = keys.iter().flatten().map(Range::bits).sum();
        assert!(waiting > 1_000_000);
        let ledger = link.summary().ledger;
        assert_eq!([view.fill, view.gone], [waiting as f64, ledger.tags as f64], "{ledger:?}");
        ground.pick(0, root).await;
        ground.closed(0).await;
        assert_eq!(ground.openings(End::Bob).await.len() as u64, EPOCH);
        assert!(called.await.is_some());
        assert_eq!(link.line.done(start).await, Ok(()));
        ground.pair.stop().await;
    }
}

#[tokio::test]
async fn control_makes_an_epoch_whole_that_is_larger_than_the_pools_and_then_waits() {
    let bits = choices().points()[0].bits as u64;
    // The pools hold 20 blocks.
    let mut own = pilot(choices(), 20.0 * bits as f64);
    let (pilot, choices) = (Some(own.clone()), Some(choices()));
    let ground = Ground::new(&Options { pilot, choices, block_bits: bits, ..options() }).await;
    let root = ground.whole(0).await;
    ground.settle().await;
    let link = &ground.kme(End::Alice).links()[0];
    let count = link.store.run(|books| Ok(books.records(0, 1000)?.len() as u64)).await.unwrap();
    assert_eq!(count, EPOCH);
    assert!(!link.summary().held);
    let mut changes = link.changes();
    let mut called = pin!(engine::call(link, Some(&mut own), &mut changes, Instant::now()));
    assert!(waits(called.as_mut()).await);
    // With the challenge they can be drawn, and the pools are as full as before.
    ground.pick(0, root).await;
    ground.closed(0).await;
    assert!(waits(called.as_mut()).await);
    assert!(ground.stored_keys(End::Alice) > 0);
    ground.pair.stop().await;
}

#[tokio::test]
async fn audits_at_one_end_alone_are_no_audits() {
    for audits in [[true, false], [false, true]] {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { audits, ..options() };
        let pair = Pair::start(folder.path(), &options).await.unwrap();
        let [alice, bob] = &pair.kmes;
        // Alice's end comes back only where the agreement on the connection before came to nothing.
        while bob.links()[0].generation.load(Ordering::SeqCst) < 4 {
            assert!(!alice.links()[0].line.is_ready(), "{audits:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(audit(&pair.kmes[0]).await.made, 524_288, "no block but the first key");
        pair.stop().await;
    }
}

#[tokio::test]
async fn the_peer_opens_nothing_but_the_block_that_is_picked() {
    use super::wire::Open;
    let ground = Ground::new(&options()).await;
    let root = ground.whole(0).await;
    let alice = &ground.kme(End::Alice).links()[0];
    let _turn = alice.run.lock().await;
    let ask = async |ask| alice.line.ask(ask).await.unwrap_err();
    let open = Open { epoch: 0, root, challenge: [1; 32], offset: 0 };
    let refused = NoAnswer::Refused(Why::Audit);
    assert_eq!(ask(Ask::Close(0)).await, refused, "nothing is picked");
    assert_eq!(ask(Ask::Open(Open { epoch: 1, ..open })).await, refused);
    assert_eq!(ask(Ask::Open(Open { root: [2; 32], ..open })).await, refused);
    alice.line.ask(Ask::Open(open)).await.unwrap();
    assert_eq!(ask(Ask::Open(Open { challenge: [2; 32], ..open })).await, refused, "a second one");
    audit(ground.kme(End::Bob)).await;
    // At Alice's end nobody asks for any of it.
    let bob = &ground.kme(End::Bob).links()[0];
    for question in [Ask::Open(open), Ask::Close(0), Ask::Root(0)] {
        let told = bob.line.ask(question).await.unwrap_err();
        assert_eq!(told, NoAnswer::Refused(Why::Block));
    }
    ground.pair.stop().await;
}

#[tokio::test]
async fn audits_that_are_off_for_once_at_one_end_lose_nothing() {
    let mut ground = Ground::new(&options()).await;
    let root = ground.whole(0).await;
    for audits in [[true, false], [false, true], [true; 2]] {
        ground = ground.restart(&Options { audits, ..options() }).await;
        for end in [End::Alice, End::Bob] {
            assert!(ground.openings(end).await.len() as u64 >= EPOCH, "{audits:?}");
        }
    }
    let block = ground.pick(0, root).await;
    ground.closed(0).await;
    assert_eq!(ground.file(0).await.unwrap().block, block);
    ground.pair.stop().await;
}

#[tokio::test]
async fn an_epoch_of_which_an_end_lost_the_openings_fails_and_the_next_goes_on() {
    let ground = Ground::new(&options()).await;
    let root = ground.whole(0).await;
    ground.whole(1).await;
    let [alice, bob] = [End::Alice, End::Bob].map(|end| Arc::clone(&ground.kme(end).links()[0]));
    alice.changes().wait_for(|summary| summary.held).await.unwrap();
    // As a backup leaves it: the records come from the peer, what was kept does not.
    let chain = bob.notary.chain().clone();
    let lose = move |books: &mut Books<'_>| {
        books.end_audits()?;
        books.begin_audits(&chain, Some(0))
    };
    bob.store.run(lose).await.unwrap();
    let wasted = alice.summary().ledger.wasted;
    ground.pick(0, root).await;
    ground.closed(0).await;
    assert!(ground.file(0).await.is_none());
    for link in [&alice, &bob] {
        assert_eq!(link.store.run(|books| books.failed_epochs()).await.unwrap(), [0]);
    }
    assert!(alice.summary().ledger.wasted > wasted);
    let root = ground.whole(1).await;
    ground.pick(1, root).await;
    ground.closed(1).await;
    let root = ground.whole(2).await;
    assert_eq!([ground.stored_keys(End::Alice), ground.stored_keys(End::Bob)], [0, 0]);
    let block = ground.pick(2, root).await;
    ground.closed(2).await;
    assert!(ground.file(2).await.is_none_or(|file| file.block == block));
    ground.pair.stop().await;
}

#[tokio::test]
async fn the_challenge_by_which_the_peer_picked_first_stays() {
    let ground = Ground::new(&options()).await;
    let [alice, bob] = [End::Alice, End::Bob].map(|end| Arc::clone(&ground.kme(end).links()[0]));
    for (epoch, lost) in [(0, true), (1, false)] {
        let root = ground.whole(epoch).await;
        let turn = alice.run.lock().await;
        let pick = move |by: u8| move |books: &mut Books<'_>| books.pick(epoch, &root, &[by; 32]);
        bob.store.run(pick(9)).await.unwrap();
        if !lost {
            // As Alice's end did when it did not ask first.
            alice.store.run(pick(7)).await.unwrap();
        }
        drop(turn);
        if lost {
            let why = loop {
                match ground.challenge(epoch, root, 7).await.unwrap_err() {
                    Untaken::Peer(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                    other => break refused(other),
                }
            };
            assert_eq!(why, NoAudit::Second);
        } else {
            alice.picked.notify_one();
        }
        ground.closed(epoch).await;
        assert_eq!(ground.file(epoch).await.unwrap().challenge, [9; 32]);
    }
    ground.pair.stop().await;
}

//! Records of blocks at both ends of a link.

use std::path::Path;

use super::*;
use crate::{
    pool::{StoreSettings, books::Ages, cipher::StoreKey},
    records::{Chain, EPOCH, Ending, Evidence, Keys, Sealer, Signed, Testimony},
};

async fn records(kme: &Kme) -> Vec<Signed> {
    kme.links()[0].store.run(|books| books.records(0, 10_000)).await.unwrap()
}

fn sealer(folder: &Path, end: End) -> Sealer {
    let folder = folder.join(testing::kme_id(end).as_str());
    Sealer::new(StoreKey::open(&folder.join("record.key")).unwrap().expose())
}

fn keys(folder: &Path) -> Keys {
    let [alice, bob] = [End::Alice, End::Bob].map(|end| sealer(folder, end).public());
    Keys { alice, bob }
}

/// Adds records to the store of one end that is not running, as if both ends had signed them.
async fn forge_records(folder: &Path, end: End, number: u64, parities: u64) {
    let place = folder.join(testing::kme_id(end).as_str());
    let settings = StoreSettings {
        ages: Ages { key: 1 << 40, record: 1 << 40 },
        key_len: 32,
        clock: crate::pool::store::system_clock(),
    };
    let store = Store::open(&place.join("link.redb"), &place.join("store.key"), settings).unwrap();
    let [alice, bob] = [End::Alice, End::Bob].map(|end| sealer(folder, end));
    let (chain, keys) = (chain(), keys(folder));
    let work = move |books: &mut Books<'_>| {
        for _ in 0..number {
            let standing = books.standing(&chain)?;
            let mut evidence = Evidence::default();
            evidence.account.parities = parities;
            let block = standing.block + 1;
            let ending = Ending::Discarded("verification".into());
            let testimonies = [Testimony::default(); 2];
            let record = chain.record(&standing, block, ending, &evidence, testimonies);
            let (alice, bob) = (alice.sign(&record), bob.sign(&record));
            books.take_records(&chain, &[Signed { record, alice, bob }], &keys)?;
        }
        Ok(())
    };
    store.run(work).await.unwrap();
    store.close().await;
}

fn chain() -> Chain {
    let [alice, bob] = [End::Alice, End::Bob].map(|end| testing::kme_id(end).to_string());
    Chain { alice, bob }
}

#[tokio::test]
async fn both_ends_keep_the_same_signed_chain_over_restarts() {
    let options = Options::default();
    let mut ground = Ground::new(&options).await;
    let mut before = 0;
    for _ in 0..3 {
        ground.settle().await;
        let [alice, bob] = [End::Alice, End::Bob].map(|end| Arc::clone(ground.kme(end)));
        let (ours, theirs) = (records(&alice).await, records(&bob).await);
        assert_eq!(ours, theirs);
        assert!(ours.len() > before);
        before = ours.len();
        let (chain, keys) = (chain(), keys(ground.folder.path()));
        let mut standing = chain.start();
        for signed in &ours {
            standing = chain.follow(&standing, signed, &keys).unwrap();
            assert_eq!(signed.record.ending, Ending::Key);
            let number = signed.record.block;
            let block = move |books: &mut Books<'_>| books.block(number);
            for kme in [&alice, &bob] {
                assert!(kme.links()[0].store.run(block).await.unwrap().is_some(), "{number}");
            }
        }
        let [Ledger { made, .. }, _] = ground.ledgers().await;
        drop((alice, bob));
        ground = ground.restart(&options).await;
        let more = |summary: &crate::pool::making::Summary| summary.ledger.made > made;
        ground.kme(End::Alice).links()[0].changes().wait_for(more).await.unwrap();
    }
}

#[tokio::test]
async fn whichever_end_lacks_records_gets_them_from_the_other() {
    let options = Options::default();
    let mut ground = Ground::new(&options).await;
    for (end, number) in [(End::Alice, 1), (End::Alice, EPOCH + 3), (End::Bob, 2 * EPOCH + 1)] {
        ground.settle().await;
        ground.pair.stop().await;
        let Ground { pair, folder } = ground;
        drop(pair);
        forge_records(folder.path(), end, number, 1).await;
        let pair = Pair::start(folder.path(), &options).await.unwrap();
        ground = Ground { pair, folder };
        ground.settle().await;
        let (ours, theirs) =
            (records(ground.kme(End::Alice)).await, records(ground.kme(End::Bob)).await);
        assert_eq!(ours, theirs);
        let added = ours.iter().filter(|signed| signed.record.account.parities == 1);
        assert!(added.count() as u64 >= number);
        ground.ledgers().await;
    }
    let roots = [End::Alice, End::Bob].map(|end| Arc::clone(ground.kme(end)));
    for epoch in 0..3 {
        let root = move |books: &mut Books<'_>| books.epoch_root(epoch);
        let [alice, bob] = [
            roots[0].links()[0].store.run(root).await.unwrap(),
            roots[1].links()[0].store.run(root).await.unwrap(),
        ];
        assert_eq!(alice, bob);
        assert!(alice.is_some());
    }
}

#[tokio::test]
async fn ends_whose_records_differ_do_not_meet() {
    let options = Options::default();
    let ground = Ground::new(&options).await;
    ground.settle().await;
    ground.pair.stop().await;
    let Ground { pair, folder } = ground;
    drop(pair);
    forge_records(folder.path(), End::Alice, 1, 1).await;
    forge_records(folder.path(), End::Bob, 1, 2).await;
    let maker = || -> Box<dyn maker::BlockMaker> {
        Box::new(testing::SharedGenerator::new(options.seed, options.block_bits))
    };
    let start = Pair::start_with(folder.path(), &options, [maker(), maker()]);
    // They are never ready; any time that passes shows it.
    assert!(timeout(Duration::from_secs(2), start).await.is_err());
}

#[tokio::test]
async fn a_block_whose_record_the_peer_signs_with_another_key_is_not_kept() {
    let options = Options::default();
    let ground = Ground::new(&options).await;
    ground.settle().await;
    let link = &ground.kme(End::Alice).links()[0];
    let before = records(ground.kme(End::Alice)).await;
    let stranger = Sealer::new(&[9; 32]);
    let owner = Arc::clone(link);
    let refused = link.store.run(move |books| {
        let standing = owner.notary.standing(books)?;
        let (block, none) = (standing.block + 1, Testimony::default());
        let evidence = Evidence::default();
        let record = owner.notary.record(&standing, block, Ending::Key, &evidence, none);
        let theirs = stranger.sign(&record);
        let signed = owner.notary.seal(record, theirs);
        owner.notary.follow(books, &signed).map(|_| ())
    });
    let error = refused.await.unwrap_err();
    assert_eq!(error.to_string(), "the record is not signed by the key of Bob's end");
    assert_eq!(records(ground.kme(End::Alice)).await, before);
}

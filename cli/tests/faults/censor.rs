//! One of four validators leaves out whatever workers bring: its pool has room for nothing. Among the others that
//! changes nothing; where it writes all blocks of a second half, nobody is to blame.

use crate::{
    audit::{audited, hardly_missed},
    chain::{Chain, DRAWERS, until},
};
use qedex_primitives::{
    BeaconSource, EpochIndex,
    beacon::{Commitment, EpochPart, EpochWork, Revealed, committed},
};
use qedex_testnode::{
    Network,
    chain::{author, hash_at, schedule, wait_for_finality},
};
use sp_crypto_hashing::{blake2_256, sha2_256};
use sp_keyring::Sr25519Keyring::{self, Bob};
use std::time::Instant;

/// The length of a session in block slots: as short as schedules with a share for each of four can well be, so that
/// nobody has to wait long for a turn.
const SESSION_SLOTS: u32 = 12;

/// The length of a block slot in milliseconds.
const SLOT_MILLIS: u64 = 2_000;

/// So much of a half has to be left for what is to be in it.
const ENOUGH_MILLIS: u64 = 6_000;

/// So much has to be left of the first half when the others are stopped, so that none of their blocks is in the
/// second one.
const SAFE_MILLIS: u64 = 4_000;

/// Has a pool without room, and goes on writing blocks when it reaches nobody.
const CENSOR: &[&str] = &["--pool-kbytes", "0", "--force-authoring"];

/// What the agent of `who` would draw for an epoch.
fn secret(who: Sr25519Keyring, epoch: EpochIndex) -> Revealed {
    let seed = [&who.to_raw_public()[..], &epoch.to_le_bytes()].concat();
    Revealed(blake2_256(&seed))
}

/// What is left of the half that is under way, in milliseconds; nothing unless it is the first.
async fn left_to_commit(chain: &Chain) -> Option<(EpochIndex, u64)> {
    let now = chain.now().await?;
    let time = chain.best().await.slot * SLOT_MILLIS;
    (now.part == EpochPart::Commit).then(|| (now.index, now.until.saturating_sub(time)))
}

/// Lets those who draw commit in an epoch from `first` on, and waits until both have.
async fn all_commit(chain: &Chain, first: EpochIndex) -> EpochIndex {
    let epoch = until("an epoch with time to commit", || async {
        let (epoch, left) = left_to_commit(chain).await?;
        (epoch >= first && left >= ENOUGH_MILLIS).then_some(epoch)
    })
    .await;
    for who in DRAWERS {
        let bytes = committed(chain.genesis, &who.to_raw_public(), epoch, &secret(who, epoch).0);
        let work = EpochWork::commit(Commitment(sha2_256(&bytes).into()));
        chain.bring(who, epoch, work).await.expect("it is awaited");
    }
    until("two commitments", || async {
        let now = chain.now().await?;
        assert_eq!(now.index, epoch, "they were left out");
        now.all_committed().then_some(epoch)
    })
    .await
}

/// Lets both reveal as soon as reveals are open.
async fn all_reveal(chain: &Chain, epoch: EpochIndex) {
    reveals_are_open(chain).await;
    for who in DRAWERS {
        let work = EpochWork::Reveal { secret: secret(who, epoch) };
        chain.bring(who, epoch, work).await.expect("it is awaited");
    }
}

async fn reveals_are_open(chain: &Chain) {
    until("the second half", || async {
        let now = chain.now().await?;
        (now.part == EpochPart::Reveal).then_some(())
    })
    .await;
}

/// An epoch in which all reveal gives a value of keys, and has nobody blamed.
async fn gives_keys(chain: &Chain, epoch: EpochIndex) {
    let value = chain.ended(epoch).await;
    let attendance = chain.attendance(epoch).await.expect("it is kept");
    assert_eq!(value.source, BeaconSource::Keys, "{attendance:?}");
    assert_eq!((attendance.revealed.len(), attendance.withheld.len()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_left_out_by_a_validator_is_not_blamed() {
    let began = Instant::now();
    let note = |what: &str| println!("{:5.1} s: {what}", began.elapsed().as_secs_f64());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let more: [&[&str]; 4] = [&[], CENSOR, &[], &[]];
    let network = Network::start_with(folder.path(), SESSION_SLOTS, more).await;
    let [alice, bob, charlie, dave] = &network.nodes[..] else { panic!("four nodes") };
    let (near, far) = (Chain::of(alice.rpc().await).await, Chain::of(bob.rpc().await).await);
    note("four validators run, and Bob's takes no transactions");

    // Among the others.
    let mut epoch = all_commit(&near, 0).await;
    all_reveal(&near, epoch).await;
    gives_keys(&near, epoch).await;
    note(&format!("epoch {epoch} has a value of keys"));

    // Alone: the others are stopped when Bob's node knows of both commitments.
    loop {
        epoch = all_commit(&near, epoch + 1).await;
        until("two commitments at Bob's node", || async {
            let now = far.now().await?;
            (now.index == epoch && now.all_committed()).then_some(())
        })
        .await;
        // With a block that Bob's node has not seen, the others could have finalised it, and would never come to
        // his chain.
        until("one head", || async {
            (near.best().await.hash == far.best().await.hash).then_some(())
        })
        .await;
        if left_to_commit(&far).await.is_some_and(|(_, left)| left >= SAFE_MILLIS)
            && near.best().await.hash == far.best().await.hash
        {
            break;
        }
        note(&format!("too late in epoch {epoch}"));
        all_reveal(&near, epoch).await;
        gives_keys(&near, epoch).await;
    }
    let others = [alice, charlie, dave];
    others.iter().for_each(|node| node.stop());
    let stopped = far.best().await;
    note(&format!("Bob is alone in epoch {epoch}"));
    reveals_are_open(&far).await;
    for who in DRAWERS {
        let work = EpochWork::Reveal { secret: secret(who, epoch) };
        let why = far.bring(who, epoch, work).await.expect_err("there is no room");
        // "Immediately dropped", as a pool says that is full.
        assert!(why.contains("1016"), "{why}");
    }
    let value = far.ended(epoch).await;
    let attendance = far.attendance(epoch).await.expect("it is kept");
    assert_eq!(value.source, BeaconSource::BlockHash);
    assert_eq!((attendance.revealed.len(), attendance.withheld.len()), (0, 2));
    assert!(!attendance.spanned, "one author of four could have included them");
    let head = far.best().await;
    note(&format!("epoch {epoch} has ended {} blocks later", head.number - stopped.number));

    // One after the other they come to Bob's chain, which is longer than any that they could have.
    for node in others {
        node.wake();
        let rpc = node.rpc().await;
        until("a node on Bob's chain", || async {
            (hash_at(&rpc, head.number).await? == head.hash).then_some(())
        })
        .await;
    }
    wait_for_finality(&near.rpc, head.number).await;
    let apart = stopped.slot..=near.best().await.slot + 1;
    note("all of them are on one chain, which is final");
    // Nobody is barred.
    let epoch = all_commit(&near, epoch + 1).await;
    all_reveal(&near, epoch).await;
    gives_keys(&near, epoch).await;
    note(&format!("epoch {epoch} has a value of keys"));

    let (blocks, of_keys, ended) = audited(&near).await;
    note(&format!("{of_keys} of {ended} epochs have a value of keys"));
    let (mut censored, mut brought) = (0, 0);
    // Genesis does not know yet when the first session begins.
    for written in &blocks[1..] {
        let governs = schedule(&near.rpc, &written.block.parent).await;
        if author(&governs, written.block.slot).who == Bob.to_raw_public() {
            assert!(written.brought.is_empty(), "Bob's pool is empty");
            censored += 1;
        }
        brought += written.brought.len();
    }
    assert!(censored > 0 && brought >= 10, "{censored} blocks of Bob's, {brought} brought");
    let (missed, due) = hardly_missed(&blocks, &[apart]);
    note(&format!("{missed} of {due} slots missed while all ran; {censored} blocks were Bob's"));
}

//! What the desk commits to, and when it reveals it.

use super::*;
use crate::{record::sha256, store::Row};
use kme::{refused, unavailable};
use qedex_primitives::{
    agent::{BeaconAwaits, BeaconNews, BeaconStep, News},
    beacon::{Commitment, Revealed, committed},
};

/// The news of an epoch, as the chain tells it to Alice.
fn news(world: &World, epoch: u64, chain: Option<Commitment>, awaits: BeaconAwaits) -> News {
    let beacon = Some(BeaconNews { epoch, committed: chain, awaits });
    News { beacon, ..world.chain.news(ALICE, &[]) }
}

fn commits() -> BeaconAwaits {
    BeaconAwaits::Commitment { peer: Some(b"bob".to_vec().try_into().unwrap()) }
}

/// What Alice says.
fn says(world: &World, news: &News) -> Option<BeaconStep> {
    let said = world.desk(A).news(news).unwrap().beacon;
    assert_eq!(world.desk(A).news(news).unwrap().beacon, said, "asked twice it says the same");
    said
}

/// The key that Alice asks for now, if she does.
fn wanted(world: &World) -> Option<(Job, Wanted)> {
    let jobs = world.desk(A).jobs().unwrap();
    let draws = jobs.into_iter().filter_map(|job| match &job.work {
        Work::Draw(wanted) => Some((wanted.clone(), job)),
        _ => None,
    });
    draws.map(|(wanted, job)| (job, wanted)).next()
}

/// The key service answers her.
fn draw(world: &World) {
    let (_job, wanted) = wanted(world).expect("she asks for a key");
    let keys = world.kme.draw("alice", wanted.peer.as_str(), 1);
    world.desk(A).drawn(&wanted, Ok(keys)).unwrap();
}

/// Alice's commitment for an epoch, with a fresh key.
fn commit(world: &World, epoch: u64) -> Commitment {
    let news = news(world, epoch, None, commits());
    assert_eq!(says(world, &news), None, "a key has to come first");
    draw(world);
    match says(world, &news) {
        Some(BeaconStep::Commit(commitment)) => commitment,
        other => panic!("{other:?}"),
    }
}

/// What she reveals for an epoch, in which the chain has this commitment of hers.
fn reveal(world: &World, epoch: u64, commitment: Commitment) -> Option<Revealed> {
    match says(world, &news(world, epoch, Some(commitment), BeaconAwaits::Reveal)) {
        Some(BeaconStep::Reveal(secret)) => Some(secret),
        None => None,
        other => panic!("{other:?}"),
    }
}

fn hash(account: &[u8; 32], epoch: u64, secret: &Revealed) -> Commitment {
    Commitment(sha256(&committed(GENESIS.into(), account, epoch, &secret.0)).into())
}

#[test]
fn it_commits_with_a_fresh_key_and_reveals_what_it_committed_to() {
    let world = World::new(80);
    let commitment = commit(&world, 7);
    let secret = reveal(&world, 7, commitment).expect("reveals are open");
    assert_eq!(hash(&ALICE, 7, &secret), commitment);
    assert_eq!(world.desk(A).totals().unwrap().keys, 1);
    assert!(wanted(&world).is_none(), "one key is enough");
    // The next epoch has another one.
    let next = commit(&world, 8);
    assert_ne!(reveal(&world, 8, next), Some(secret));
    assert_eq!(world.desk(A).totals().unwrap().keys, 2);
}

/// Neither who knows the key, nor who knows what the system draws, knows the secret.
#[test]
fn the_secret_is_of_key_and_system_alike() {
    let secret = |keys: u64, system: u64| {
        let mut world = World::new(system);
        world.kme = Kme::new(keys);
        let commitment = commit(&world, 1);
        let secret = reveal(&world, 1, commitment).unwrap();
        assert!(!world.kme.all().contains(&secret.0.to_vec()));
        secret
    };
    assert_eq!(secret(1, 1), secret(1, 1));
    assert_ne!(secret(1, 1), secret(1, 2));
    assert_ne!(secret(1, 1), secret(2, 1));
}

#[test]
fn nothing_is_revealed_but_on_the_chains_word() {
    let world = World::new(81);
    let commitment = commit(&world, 7);
    let other = Commitment([3; 32].into());
    let nothing = [
        // Commitments are still taken, whether it has committed or not.
        (7, Some(commitment), BeaconAwaits::Nothing),
        (7, None, BeaconAwaits::Nothing),
        // Reveals are open, and the chain has another commitment, or none.
        (7, Some(other), BeaconAwaits::Reveal),
        (7, None, BeaconAwaits::Reveal),
        // Another epoch's are.
        (6, Some(commitment), BeaconAwaits::Reveal),
        (8, Some(commitment), BeaconAwaits::Reveal),
    ];
    for (epoch, chain, awaits) in nothing {
        let news = news(&world, epoch, chain, awaits.clone());
        assert_eq!(says(&world, &news), None, "{epoch}, {chain:?}, {awaits:?}");
    }
    let mut of_bob = news(&world, 7, Some(commitment), BeaconAwaits::Reveal);
    of_bob.account = BOB;
    assert_eq!(says(&world, &of_bob), None, "it is another account's");
    assert!(reveal(&world, 7, commitment).is_some());
}

/// Its operator has changed its mind: what was promised is kept.
#[test]
fn who_does_not_take_part_commits_to_nothing_and_reveals_what_it_had_committed_to() {
    let mut world = World::new(91);
    let commitment = commit(&world, 1);
    world.ends[A].restart_as(false);
    assert_eq!(says(&world, &news(&world, 1, None, commits())), None);
    assert!(reveal(&world, 1, commitment).is_some());
    assert_eq!(says(&world, &news(&world, 2, None, commits())), None);
    assert!(wanted(&world).is_none());
}

#[test]
fn without_a_key_it_says_nothing_and_asks_again_in_time() {
    let world = World::new(82);
    let asks = news(&world, 1, None, commits());
    let alone = news(&world, 1, None, BeaconAwaits::Commitment { peer: None });
    assert_eq!(says(&world, &alone), None);
    assert!(wanted(&world).is_none(), "with nobody it shares no key");
    let kme_down = || {
        let (job, wanted) = wanted(&world).expect("she asks");
        let failed = world.desk(A).drawn(&wanted, Err(unavailable()));
        world.desk(A).failed(job.local, &failed.unwrap_err().to_string());
    };
    assert_eq!(says(&world, &asks), None);
    let (_job, first) = wanted(&world).unwrap();
    assert!(wanted(&world).is_none(), "it is under way");
    drop(_job);
    assert_eq!(first.peer.as_str(), "bob");
    kme_down();
    assert!(wanted(&world).is_none(), "it rests");
    world.pass(1_000);
    kme_down();
    world.pass(999);
    assert!(wanted(&world).is_none(), "and longer after the second failure");
    world.pass(60_000);
    draw(&world);
    assert!(matches!(says(&world, &asks), Some(BeaconStep::Commit(_))));
}

#[test]
fn a_key_that_is_not_fit_is_not_taken() {
    let world = World::new(83);
    let used = world.kme.draw("alice", "bob", 1);
    says(&world, &news(&world, 1, None, commits()));
    let (_job, one) = wanted(&world).unwrap();
    world.desk(A).drawn(&one, Ok(used.clone())).unwrap();
    let asks = news(&world, 2, None, commits());
    says(&world, &asks);
    drop(_job);
    let (_job, next) = wanted(&world).unwrap();
    let mut local = world.kme.draw("alice", "bob", 1);
    local[0].local = true;
    let short = world.kme.draw_long("alice", "bob", 1, 31);
    let two = world.kme.draw("alice", "bob", 2);
    for keys in [used, local, short, two, vec![]] {
        let refusal = world.desk(A).drawn(&next, Ok(keys));
        assert!(matches!(refusal, Err(Refusal::Keys(_))), "{refusal:?}");
    }
    assert!(matches!(world.desk(A).drawn(&next, Err(refused())), Err(Refusal::Kme(_))));
    assert_eq!(says(&world, &asks), None);
    let keys = world.kme.draw("alice", "bob", 1);
    world.desk(A).drawn(&next, Ok(keys)).unwrap();
    assert!(says(&world, &asks).is_some());
}

/// What is under way when the epoch ends is of no use, and is marked as used.
#[test]
fn a_key_that_comes_too_late_makes_no_secret() {
    let world = World::new(84);
    says(&world, &news(&world, 1, None, commits()));
    let (job, late) = wanted(&world).unwrap();
    let keys = world.kme.draw("alice", "bob", 1);
    says(&world, &news(&world, 1, None, BeaconAwaits::Nothing));
    world.desk(A).drawn(&late, Ok(keys.clone())).unwrap();
    drop(job);
    let asks = news(&world, 1, None, commits());
    assert_eq!(says(&world, &asks), None);
    let (_job, again) = wanted(&world).unwrap();
    assert!(matches!(world.desk(A).drawn(&again, Ok(keys)), Err(Refusal::Keys(_))));
}

/// A fork may go back behind the reveal: what others know already is not committed to.
#[test]
fn what_was_revealed_is_not_committed_to_again() {
    let world = World::new(85);
    let commitment = commit(&world, 1);
    let secret = reveal(&world, 1, commitment);
    let back = news(&world, 1, None, commits());
    assert_eq!(says(&world, &back), None);
    assert!(wanted(&world).is_none(), "nor is a second secret made");
    // Where the commitment is on that fork too, it reveals there as well.
    assert_eq!(reveal(&world, 1, commitment), secret);
}

/// Over the end of an epoch a fork may go back, and no further.
#[test]
fn secrets_of_epochs_that_are_over_are_wiped() {
    let mut world = World::new(86);
    let first = commit(&world, 5);
    let second = commit(&world, 6);
    assert!(reveal(&world, 5, first).is_some() && reveal(&world, 6, second).is_some());
    world.desk(A).news(&news(&world, 7, None, BeaconAwaits::Nothing)).unwrap();
    world.ends[A].restart();
    assert_eq!(reveal(&world, 5, first), None);
    let store = world.ends[A].desk().store.read(Row::Draw(5)).unwrap();
    assert!(store.is_none(), "it is not in the store either");
}

#[test]
fn a_wiped_secret_is_never_made_anew_for_its_commitment() {
    let world = World::new(87);
    let commitment = commit(&world, 5);
    world.desk(A).news(&news(&world, 9, None, BeaconAwaits::Nothing)).unwrap();
    assert_eq!(reveal(&world, 5, commitment), None);
    assert_ne!(commit(&world, 5), commitment);
}

/// Killed between any two steps, and while any of them writes, it says what it said before, or nothing until it
/// has a key; and of an epoch there is one secret.
#[test]
fn it_survives_a_crash_at_any_point() {
    let mut whole = None;
    for breaks in 0..200 {
        let mut world = World::new(88);
        let asks = news(&world, 1, None, commits());
        let mut heard: Vec<BeaconStep> = Vec::new();
        let mut on_chain = None;
        let mut broke = false;
        world.ends[A].disk.break_after(Some(breaks));
        // Each round is one question of the worker, one answer of the key service, and the death of the agent
        // where its disk broke.
        for _ in 0..12 {
            let news = match on_chain {
                None => asks.clone(),
                Some(commitment) => news(&world, 1, Some(commitment), BeaconAwaits::Reveal),
            };
            let step = world.desk(A).news(&news).map(|steps| steps.beacon);
            let works = match step {
                Ok(step) => {
                    heard.extend(step);
                    if let Some(BeaconStep::Commit(commitment)) = step {
                        on_chain = Some(commitment);
                    }
                    world.desk(A).jobs().map(|jobs| jobs.into_iter().next())
                }
                Err(error) => Err(error),
            };
            let done = works.and_then(|job| {
                let Some(Job { work: Work::Draw(wanted), .. }) = &job else { return Ok(()) };
                let keys = world.kme.draw("alice", wanted.peer.as_str(), 1);
                world.desk(A).drawn(wanted, Ok(keys))
            });
            if done.is_err() {
                broke = true;
                world.ends[A].restart();
            }
        }
        let commitment = on_chain.expect("it has committed");
        let [BeaconStep::Commit(_), reveals @ ..] = &heard[..] else { panic!("{heard:?}") };
        let secret = match reveals.first() {
            Some(BeaconStep::Reveal(secret)) => secret,
            other => panic!("{other:?}"),
        };
        assert_eq!(hash(&ALICE, 1, secret), commitment);
        assert!(reveals.iter().all(|step| *step == BeaconStep::Reveal(*secret)));
        if !broke {
            whole = Some(breaks);
            break;
        }
    }
    assert!(whole.is_some_and(|writes| writes > 3), "no write was broken: {whole:?}");
}

/// Killed and started again between any two steps, with a disk that is well.
#[test]
fn it_says_the_same_after_every_restart() {
    for restarts in 0..16_u8 {
        let mut world = World::new(89);
        let restart = |world: &mut World, step: u8| {
            if restarts >> step & 1 == 1 {
                world.ends[A].restart();
            }
        };
        let asks = news(&world, 3, None, commits());
        says(&world, &asks);
        draw(&world);
        restart(&mut world, 0);
        let Some(BeaconStep::Commit(commitment)) = says(&world, &asks) else { panic!("no step") };
        restart(&mut world, 1);
        assert_eq!(says(&world, &asks), Some(BeaconStep::Commit(commitment)));
        restart(&mut world, 2);
        let secret = reveal(&world, 3, commitment).expect("it is in the store");
        restart(&mut world, 3);
        assert_eq!(reveal(&world, 3, commitment), Some(secret));
        assert_eq!(hash(&ALICE, 3, &secret), commitment);
    }
}

/// Neither the key nor the secret, before it is revealed.
#[test]
fn no_secret_is_on_the_disk_or_in_what_is_printed() {
    let world = World::new(90);
    let commitment = commit(&world, 1);
    let desk = world.desk(A);
    let printed = format!("{desk:?} {:?}", desk.totals());
    let disk = world.ends[A].disk.bytes();
    let secret = reveal(&world, 1, commitment).unwrap();
    let mut secrets = world.kme.all();
    secrets.push(secret.0.to_vec());
    for secret in &secrets {
        for window in secret.windows(8) {
            assert!(!disk.windows(8).any(|bytes| bytes == window), "on the disk");
            assert!(!printed.contains(&hex::encode(window)));
        }
        let numbers = format!("{:?}", &secret[..8]);
        assert!(!printed.contains(numbers.trim_matches(['[', ']'])));
    }
    // Nor is it where a record of it is printed.
    let row = desk.store.read(Row::Draw(1)).unwrap().unwrap();
    let draw = <Draw as codec::DecodeAll>::decode_all(&mut &row[..]).unwrap();
    let printed = format!("{draw:?}");
    assert!(printed.contains("Secret(..)") && !printed.contains(&format!("{:?}", secret.0)));
}

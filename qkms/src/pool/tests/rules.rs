//! One rule each.

use std::collections::HashSet;

use super::*;

fn ready() -> (Site, Site) {
    let (alice, bob) = pair();
    for site in [&alice, &bob] {
        store_block(site, 1, Split([100, 100, 1000, 1000]), false).unwrap();
    }
    (alice, bob)
}

fn rejected<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Rejection {
    match result.unwrap_err() {
        StoreError::Rejected(rejection) => rejection,
        other => panic!("{other}"),
    }
}

#[test]
fn the_two_ends_draw_from_different_bits() {
    let (alice, bob) = ready();
    let one = draw(&alice, &[Uuid::new_v4()], 1000).unwrap();
    let other = draw(&bob, &[Uuid::new_v4()], 1000).unwrap();
    assert!(one[0].note.range.end() <= other[0].note.range.offset);
    assert_eq!(rejected(draw(&alice, &[Uuid::new_v4()], 1).map(|_| ())), Rejection::Exhausted);
}

#[test]
fn a_request_that_is_rejected_draws_nothing() {
    let (alice, _) = ready();
    let before = (alice.ledger(), alice.free(Pool::Keys(Direction::AliceToBob)));
    let ids: Vec<Uuid> = (0..4).map(|_| Uuid::new_v4()).collect();
    assert_eq!(rejected(draw(&alice, &ids, 300).map(|_| ())), Rejection::Exhausted);
    assert_eq!(before, (alice.ledger(), alice.free(Pool::Keys(Direction::AliceToBob))));
}

#[test]
fn a_peer_that_lies_about_a_key_changes_nothing() {
    let (alice, bob) = ready();
    let drawn = draw(&alice, &[Uuid::new_v4(), Uuid::new_v4()], 32).unwrap();
    let honest = reservation(&alice, &drawn);
    let before = (bob.ledger(), bob.free(Pool::Keys(Direction::AliceToBob)));
    type Lie = fn(&mut Reservation);
    let lies: [(Lie, Rejection); 8] = [
        (|lie| lie.keys[1].id = lie.keys[0].id, Rejection::RepeatedId),
        (|lie| lie.keys[1].range = lie.keys[0].range, Rejection::NotFree),
        (|lie| lie.keys[1].range.offset = lie.keys[0].range.offset + 1, Rejection::NotFree),
        (|lie| lie.keys[0].range.block = 2, Rejection::NotFree),
        (|lie| lie.keys[0].range.len = 0, Rejection::NotFree),
        (|lie| lie.keys[0].range.len = u64::MAX, Rejection::NotFree),
        // Bits of the other direction, and of the tags.
        (|lie| lie.keys[0].range.offset = 1200, Rejection::NotFree),
        (|lie| lie.keys[0].range.offset = 0, Rejection::NotFree),
    ];
    for (index, (lie, answer)) in lies.into_iter().enumerate() {
        let mut note = honest.clone();
        lie(&mut note);
        assert_eq!(rejected(accept(&bob, note)), answer, "lie {index}");
        assert_eq!(before, (bob.ledger(), bob.free(Pool::Keys(Direction::AliceToBob))));
    }
    accept(&bob, honest.clone()).unwrap();
    assert_eq!(rejected(accept(&bob, honest)), Rejection::RepeatedId);
}

#[test]
fn each_slave_is_told_once_and_nobody_else() {
    let (alice, bob) = ready();
    let id = Uuid::new_v4();
    let drawn = draw(&alice, &[id], 32).unwrap();
    let mut note = reservation(&alice, &drawn);
    note.slaves = vec!["one".into(), "two".into()];
    accept(&bob, note).unwrap();
    let fetch = |caller: &'static str, master: &'static str, ids: Vec<Uuid>| {
        bob.run(move |books| books.fetch(caller, master, &ids))
    };
    let master = "master at Alice";
    assert_eq!(rejected(fetch("three", master, vec![id])), Rejection::NotNamed);
    assert_eq!(rejected(fetch("one", "another", vec![id])), Rejection::NotFound(vec![id]));
    let unknown = Uuid::new_v4();
    assert_eq!(
        rejected(fetch("one", master, vec![id, unknown])),
        Rejection::NotFound(vec![unknown])
    );
    for slave in ["one", "two"] {
        assert_eq!(*fetch(slave, master, vec![id]).unwrap()[0].1, *drawn[0].bytes);
        assert_eq!(rejected(fetch(slave, master, vec![id])), Rejection::NotFound(vec![id]));
    }
    assert_eq!(bob.ledger().delivered, 256);
}

#[test]
fn a_void_key_goes_back_whole_unless_it_was_told() {
    let (alice, bob) = ready();
    let before = alice.free(Pool::Keys(Direction::AliceToBob));
    for told in [false, true] {
        let id = Uuid::new_v4();
        let drawn = draw(&alice, &[id], 32).unwrap();
        accept(&bob, reservation(&alice, &drawn)).unwrap();
        if told {
            bob.run(move |books| books.fetch("slave", "master at Alice", &[id])).unwrap();
        }
        alice.run(move |books| books.mark_void(&[id])).unwrap();
        let notes = alice.run(|books| books.voids()).unwrap();
        let free = bob.run(move |books| books.void(Direction::AliceToBob, &notes)).unwrap();
        assert_eq!(free, [!told]);
        alice.run(move |books| books.settle_void(id, !told)).unwrap();
        assert_eq!(alice.free(Pool::Keys(Direction::AliceToBob)) == before, !told);
    }
    assert_eq!(alice.ledger().wasted - 5, 256);
}

#[test]
fn a_key_older_than_asked_for_is_left_in_the_pool() {
    let (alice, bob) = ready();
    alice.clock.fetch_add(1000, Ordering::SeqCst);
    let mut draw = draw_of(&alice, &[Uuid::new_v4()], 32);
    draw.max_age = Some(999);
    let again = draw.clone();
    assert_eq!(rejected(alice.run(move |books| books.draw(&again).map(|_| ()))), Rejection::TooOld);
    store_block(&alice, 2, Split([0, 0, 64, 0]), false).unwrap();
    let drawn = alice.run(move |books| books.draw(&draw)).unwrap();
    assert_eq!(drawn[0].note.range.block, 2);
    drop(bob);
}

#[test]
fn what_is_too_old_expires_at_both_ends_and_its_bytes_go() {
    let (alice, bob) = ready();
    let id = Uuid::new_v4();
    let drawn = draw(&alice, &[id], 32).unwrap();
    accept(&bob, reservation(&alice, &drawn)).unwrap();
    alice.run(move |books| books.confirm(&[id])).unwrap();
    alice.clock.fetch_add(HOUR + 1, Ordering::SeqCst);
    let fetched = bob.run(move |books| books.fetch("slave", "master at Alice", &[id]));
    assert_eq!(rejected(fetched), Rejection::NotFound(vec![id]), "expired before the sweep");
    for (owner, other) in [(&alice, &bob), (&bob, &alice)] {
        let direction = owner.end.outgoing();
        let old = owner.run(move |books| books.expire(direction)).unwrap();
        other.run(move |books| books.retire(direction, &old)).unwrap();
    }
    assert_eq!(alice.ledger().expired, (968 + 1000) * 8);
    assert_eq!(bob.ledger().expired, 2000 * 8);
    assert_eq!(bob.ledger().stored, 200 * 8, "tag keys do not expire");
    assert!(bob.run(move |books| books.key(id)).unwrap().is_some());
    alice.clock.fetch_add(3 * HOUR, Ordering::SeqCst);
    bob.run(|books| books.expire(Direction::BobToAlice)).unwrap();
    assert!(bob.run(move |books| books.key(id)).unwrap().is_none(), "the record is kept for ever");
}

/// Bob's end connects anew while it stores a block that Alice's end has staged and offered.
#[test]
fn a_survey_while_a_block_is_offered_costs_nothing_of_it() {
    let (alice, bob) = pair();
    let split = Split([100, 100, 320, 320]);
    store_block(&alice, 1, split, true).unwrap();
    store_block(&bob, 1, split, false).unwrap();
    let pools = [Pool::Keys(bob.end.outgoing())];
    let asked = bob.run(move |books| books.survey(&pools)).unwrap();
    let copy = asked.clone();
    let answer = alice.run(move |books| books.answer_survey(&copy)).unwrap();
    bob.run(move |books| books.close_survey(&asked, &answer)).unwrap();
    // Only now does Alice's end hear that the block is stored.
    alice.run(|books| books.promote(&[1])).unwrap();
    for pool in Pool::ALL {
        assert_eq!(alice.free(pool), bob.free(pool), "{pool:?}");
        assert!(!alice.free(pool).is_empty(), "{pool:?}");
    }
}

#[test]
fn no_tag_key_is_used_twice_after_a_crash() {
    let (mut alice, _) = ready();
    alice.run(|books| books.lease_tags(2, 50)).unwrap();
    alice.run(|books| books.mark_tags(2, Direction::AliceToBob, 24)).unwrap();
    let over = alice.run(|books| books.mark_tags(2, Direction::AliceToBob, 51));
    assert_eq!(rejected(over), Rejection::Length);
    let other = alice.run(|books| books.mark_tags(3, Direction::AliceToBob, 1));
    assert_eq!(rejected(other), Rejection::Length);
    alice.disk = alice.disk.after_power_loss(&mut StdRng::seed_from_u64(1));
    alice.reopen();
    assert_eq!(alice.ledger().tags, 24 * 8);
    let lease = alice.run(|books| books.lease_tags(3, 50)).unwrap();
    assert_eq!(lease.alice_to_bob.ranges, [Range { block: 1, offset: 24, len: 50 }]);
    assert_eq!(lease.bob_to_alice.ranges, [Range { block: 1, offset: 100, len: 50 }]);
}

#[test]
fn a_full_disk_is_an_error_that_changes_nothing() {
    let (alice, _) = ready();
    let before = alice.ledger();
    let id = Uuid::new_v4();
    alice.disk.set_full(true);
    let draw_once = draw_of(&alice, &[id], 32);
    let failed = alice.store.run_blocking(move |books| books.draw(&draw_once).map(|_| ()));
    assert!(matches!(failed, Err(StoreError::Failed(_))), "{failed:?}");
    alice.disk.set_full(false);
    assert_eq!(alice.ledger(), before);
    alice.audit();
    draw(&alice, &[id], 32).unwrap();
}

#[test]
fn many_requests_share_one_sync() {
    let (alice, _) = ready();
    let before = alice.disk.syncs();
    let gate = std::sync::Arc::new(std::sync::Barrier::new(2));
    let wait = gate.clone();
    let first = alice.store.begin(move |books| {
        wait.wait();
        books.next_block()
    });
    let rest: Vec<_> = (0..100).map(|_| alice.store.begin(|books| books.next_block())).collect();
    gate.wait();
    for answer in std::iter::once(first).chain(rest) {
        answer.blocking_recv().unwrap().unwrap();
    }
    let syncs = alice.disk.syncs() - before;
    assert!(syncs <= 6, "{syncs} syncs for 101 requests");
}

#[test]
fn the_store_holds_no_key_in_the_clear() {
    let (alice, _) = ready();
    let bytes = block_bytes(1, 2200);
    for window in bytes.windows(8).step_by(97) {
        assert!(!alice.disk.holds(window));
    }
}

#[test]
fn files_that_others_may_read_are_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let (store, key) = (folder.path().join("store"), folder.path().join("key"));
    let settings = || StoreSettings {
        ages: Ages { key: HOUR, record: HOUR },
        key_len: 32,
        clock: super::store::system_clock(),
    };
    futures::executor::block_on(Store::open(&store, &key, settings()).unwrap().close());
    for path in [&store, &key] {
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Store::open(&store, &key, settings()).is_err());
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let open = Store::open(&store, &key, settings()).unwrap();
    assert!(Store::open(&store, &key, settings()).is_err(), "two processes with one store");
    drop(open);
}

#[test]
fn stores_with_one_key_file_have_keys_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let at = |name: &str| folder.path().join(name);
    let open = |name: &str| {
        let settings = StoreSettings {
            ages: Ages { key: HOUR, record: HOUR },
            key_len: 32,
            clock: super::store::system_clock(),
        };
        Store::open(&at(name), &key, settings)
    };
    let bytes = [0; 1_024];
    for name in ["one", "other"] {
        let store = open(name).unwrap();
        let keep = move |books: &mut Books<'_>| {
            let split = Split([0, 0, 512, 512]);
            let (made, bytes) = (Made::Link, &bytes[..]);
            books.store_block(&NewBlock {
                number: 1,
                made,
                bytes,
                bits: 8_192,
                split,
                staged: false,
            })
        };
        store.run_blocking(keep).unwrap();
        futures::executor::block_on(store.close());
    }
    // Of zeros the keystream is what is written: 1,009 windows of it, beside some of the records.
    let [one, other] = ["one", "other"].map(|name| -> HashSet<Vec<u8>> {
        let bytes = std::fs::read(at(name)).unwrap();
        let varied = |window: &&[u8]| window.iter().collect::<HashSet<_>>().len() > 12;
        bytes.windows(16).filter(varied).map(<[u8]>::to_vec).collect()
    });
    let same = one.intersection(&other).count();
    assert!(one.len() > 900 && same < 500, "{same} of {}", one.len());
    // Nor is a store read under another name, or another key file.
    std::fs::rename(at("one"), at("third")).unwrap();
    assert!(open("third").is_err_and(|error| error.to_string().contains("another key or name")));
    std::fs::remove_file(&key).unwrap();
    assert!(open("other").is_err_and(|error| error.to_string().contains("another key or name")));
}

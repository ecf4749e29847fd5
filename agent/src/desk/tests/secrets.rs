//! Where keys are not: on the disk, and in what is printed.

use super::*;
use std::os::unix::fs::PermissionsExt;

/// Every run of eight bytes of a key, as it is and in hexadecimal.
fn pieces(keys: &[Vec<u8>]) -> BTreeSet<Vec<u8>> {
    let raw = keys.iter().flat_map(|key| key.windows(8).map(<[u8]>::to_vec));
    let text = keys.iter().flat_map(|key| {
        let text = hex::encode(key).into_bytes();
        text.windows(8).map(<[u8]>::to_vec).collect::<Vec<_>>()
    });
    raw.chain(text).collect()
}

fn holds(bytes: &[u8], pieces: &BTreeSet<Vec<u8>>) -> bool {
    bytes.windows(8).any(|window| pieces.contains(window))
}

/// Keys, and what states hold, of everything that the ends have kept at any time.
fn secrets(world: &World) -> Vec<Vec<u8>> {
    let mut all = world.kme.all();
    for end in &world.ends {
        for record in end.records() {
            match record.state {
                State::Drawn(keys) => all.extend(keys.iter().map(|(_, key)| key.0.to_vec())),
                State::Asked(state)
                | State::Confirmed(state)
                | State::Answered(state)
                | State::Open(state) => {
                    // The two traffic secrets stand behind the counters; a window of them will do.
                    all.extend(state.0.rchunks(32).take(1).map(<[u8]>::to_vec));
                }
                State::Drawing | State::Over(_) => {}
            }
        }
    }
    all
}

#[test]
fn no_key_is_on_the_disk_or_in_what_is_printed() {
    for suite in [Suite::Hmac, Suite::OneTime] {
        let mut world = World::new(60);
        let asked = world.open(A, suite);
        let id = world.chain.request(&asked.message1).unwrap();
        world.news(B);
        let look = |world: &World, told: String| {
            let pieces = pieces(&world.kme.all());
            for end in &world.ends {
                assert!(!holds(&end.disk.bytes(), &pieces), "on the disk");
                let printed =
                    format!("{:?} {:?} {:?}", end.desk(), end.records(), end.surroundings);
                let lists = format!("{:?} {:?}", end.desk().sessions(), end.desk().totals());
                for text in [&printed, &lists, &told] {
                    assert!(!holds(text.as_bytes(), &pieces));
                    // As a list of numbers, too.
                    for key in world.kme.all() {
                        let numbers = format!("{:?}", &key[..8]);
                        assert!(!text.contains(numbers.trim_matches(['[', ']'])));
                    }
                }
            }
        };
        let jobs = world.desk(B).jobs().unwrap();
        let keys = world.answer(B, &jobs[0]);
        look(&world, format!("{asked:?} {jobs:?} {keys:?}"));
        world.desk(B).collected(jobs[0].local, keys).unwrap();
        drop(jobs);
        let steps = world.news(B);
        look(&world, format!("{steps:?}"));
        world.bring(B);
        world.bring(A);
        world.bring(B);
        world.bring(A);
        world.desk(A).seal(Name::Id(id), b"a text that nobody else reads").unwrap();
        world.deliver(A, id);
        let received = world.desk(B).receive(Name::Id(id), 0).unwrap();
        assert_eq!(&received[0].1[..], b"a text that nobody else reads");
        let states = pieces(&secrets(&world));
        for end in &world.ends {
            assert!(!holds(&end.disk.bytes(), &states));
            assert!(!end.disk.holds(b"nobody else reads"));
        }
        world.desk(A).close(Name::Id(id)).unwrap();
        look(&world, String::new());
    }
}

#[test]
fn no_key_or_text_of_a_letter_is_on_the_disk_or_in_what_is_printed() {
    const TEXT: &[u8] = b"a text that nobody else reads";
    for seal in [Seal::Aead, Seal::OneTime] {
        let world = World::new(62);
        world.news(A);
        world.news(B);
        let look = |told: String| {
            let pieces = pieces(&world.kme.all());
            for end in &world.ends {
                assert!(!holds(&end.disk.bytes(), &pieces), "a key is on the disk");
                assert!(!end.disk.holds(&TEXT[..16]), "the text is on the disk");
                let desk = end.desk();
                let told = format!("{told} {desk:?} {:?} {:?}", desk.letters(), desk.totals());
                assert!(!holds(told.as_bytes(), &pieces));
                for secret in world.kme.all().iter().map(Vec::as_slice).chain([TEXT]) {
                    let numbers = format!("{:?}", &secret[..8]);
                    assert!(!told.contains(numbers.trim_matches(['[', ']'])));
                }
                assert!(!told.contains("nobody else reads"));
            }
        };
        let number = world.write(A, seal, TEXT);
        let envelope = world.envelope(A, number);
        look(format!("{envelope:?}"));
        // An altered one comes first, so that the key waits.
        let mut forged = envelope.clone();
        *forged.last_mut().unwrap() ^= 1;
        let knock = world.desk(B).knock(&forged, network(1)).unwrap();
        let Knock::Draw(lookup) = &knock else { panic!() };
        let keys = world.kme.collect("bob", "alice", &[lookup.id()]);
        let refused = world.desk(B).looked_up(lookup, keys).unwrap_err();
        look(format!("{knock:?} {refused:?} {refused}"));
        let spares = world.desk(B).transact(|books| Ok(format!("{:?}", books.spares))).unwrap();
        assert!(spares.contains("SpareKey"));
        look(spares);
        world.knock(B, &envelope).unwrap();
        world.desk(A).letter_delivered(number).unwrap();
        look(String::new());
        assert_eq!(world.letters(B)[0].2, TEXT);
        look(String::new());
    }
}

#[test]
fn the_store_is_its_owners_alone_and_holds_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mode = |name: &str| {
        let path = if name.is_empty() { path.clone() } else { path.join(name) };
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    };
    let world = World::new(61);
    let open = || Store::open(&path).unwrap();
    let desk = Desk::open("alice".parse().unwrap(), open(), Surroundings::system()).unwrap();
    let Plan::Draw(place) = desk.wish(world.wish(A, Suite::OneTime)).unwrap() else { panic!() };
    let asked = desk.opened(&place, world.kme.draw("alice", "bob", 4)).unwrap();
    assert!(Store::open(&path).is_err(), "it is open already");
    drop((desk, place));
    let modes = ["", "agent.redb", "agent.key"].map(mode);
    assert_eq!(modes, [0o700, 0o600, 0o600]);
    let bytes = std::fs::read(path.join("agent.redb")).unwrap();
    assert!(!holds(&bytes, &pieces(&world.kme.all())));
    let again = Desk::open("alice".parse().unwrap(), open(), Surroundings::system()).unwrap();
    assert_eq!(again.session(Name::Asked(asked.number)).unwrap().state, "asked");
    drop(again);
    // Another key opens nothing.
    std::fs::write(path.join("agent.key"), [0; 32]).unwrap();
    assert!(Desk::open("alice".parse().unwrap(), open(), Surroundings::system()).is_err());
    // And what others may read is refused.
    for (name, exposed) in [("agent.redb", 0o640), ("agent.key", 0o604), ("", 0o750)] {
        let at = if name.is_empty() { path.clone() } else { path.join(name) };
        let before = std::fs::metadata(&at).unwrap().permissions();
        std::fs::set_permissions(&at, PermissionsExt::from_mode(exposed)).unwrap();
        assert!(Store::open(&path).is_err(), "{name}");
        std::fs::set_permissions(&at, before).unwrap();
    }
}

#[test]
fn a_value_that_was_moved_to_another_row_does_not_open() {
    let disk = Disk::default();
    let store = disk.store();
    store.write(&vec![(Row::Outgoing(1, 2), Some(zeroize::Zeroizing::new(vec![3; 8])))]).unwrap();
    assert_eq!(store.read(Row::Outgoing(1, 2)).unwrap().unwrap()[..], [3; 8]);
    assert!(store.move_row(Row::Outgoing(1, 2), Row::Outgoing(1, 3)).is_ok());
    assert!(store.read(Row::Outgoing(1, 3)).is_err());
}

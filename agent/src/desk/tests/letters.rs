//! Letters that this end writes.

use super::*;
use crate::desk::letters::{GIVEN_UP_MS, MAX_DONE, MAX_LETTER_BYTES, MAX_QUEUED_OF_ONE};

fn world(seed: u64) -> World {
    let world = World::new(seed);
    // Both have heard from their chain.
    world.news(A);
    world.news(B);
    world
}

fn state(world: &World, number: u64) -> &'static str {
    world.desk(A).letter(number).unwrap().state
}

fn count(world: &World, end: usize) -> [u64; 4] {
    let counts = world.desk(end).totals().unwrap().letters;
    [counts.written, counts.delivered, counts.given_up, counts.come]
}

#[test]
fn letters_of_each_seal_and_size_come_whole_once_and_with_what_they_are_about() {
    let mut world = world(80);
    let mut bits = 0;
    for seal in [Seal::Aead, Seal::OneTime] {
        for length in [1, 2, 31, 100, MAX_LETTER_BYTES] {
            let text: Vec<u8> = (0..length).map(|place| place as u8).collect();
            bits += 8 * seal.key_bytes(length) as u64;
            let number = world.write(A, seal, &text);
            world.ends[A].restart();
            let envelope = world.envelope(A, number);
            world.knock(B, &envelope).unwrap();
            world.desk(A).letter_delivered(number).unwrap();
            world.ends[A].restart();
            world.ends[B].restart();
            assert_eq!(state(&world, number), "delivered");
            assert!(world.desk(A).letter_parcel(number).unwrap().is_none());
            let received = world.desk(B).receive_letters().unwrap();
            let [(come, told)] = &received[..] else { panic!("{}", received.len()) };
            assert_eq!((come.from, &come.from_sae[..], &told[..]), (ALICE, "alice", &text[..]));
            assert_eq!((come.head.purpose, come.head.slot, come.head.trade), (3, 70, 12));
            assert_eq!(come.head.seal, seal.code());
            world.ends[B].restart();
            assert!(world.letters(B).is_empty(), "they are handed out once");
        }
    }
    let totals = world.desk(B).totals().unwrap();
    assert_eq!((totals.keys, totals.bits), (10, bits));
    assert_eq!((count(&world, A), count(&world, B)), ([10, 10, 0, 0], [0, 0, 0, 10]));
}

#[test]
fn letters_go_both_ways_at_once_and_do_not_mix() {
    let world = world(81);
    let there = world.write(A, Seal::Aead, b"there");
    let back = world.write(B, Seal::Aead, b"and back");
    let [there, back] = [world.envelope(A, there), world.envelope(B, back)];
    // Nobody reads his own letter.
    assert!(matches!(world.knock(A, &there), Err(Refusal::OtherReader)));
    world.knock(B, &there).unwrap();
    world.knock(A, &back).unwrap();
    assert_eq!(world.letters(A), [(BOB, "bob".into(), b"and back".to_vec())]);
    assert_eq!(world.letters(B), [(ALICE, "alice".into(), b"there".to_vec())]);
}

#[test]
fn drafts_that_make_no_sense_take_no_key() {
    let world = world(82);
    let good = || world.draft(A, Seal::Aead, b"text");
    let mail = |text: &str| text.as_bytes().to_vec().try_into().unwrap();
    let same = Draft { to: ALICE, ..good() };
    let own = Draft { to_sae: "alice".parse().unwrap(), ..good() };
    let nowhere = Draft { mail: mail("127.0.0.1:80"), ..good() };
    let empty = Draft { text: Vec::new().into(), ..good() };
    let long = Draft { text: vec![0; MAX_LETTER_BYTES + 1].into(), ..good() };
    for bad in [same, own, nowhere, empty, long] {
        assert!(matches!(world.desk(A).draft(bad), Err(Refusal::Bad(_))));
    }
    let elsewhere = Draft { genesis: [8; 32], ..good() };
    assert!(matches!(world.desk(A).draft(elsewhere), Err(Refusal::OtherChain)));
    let other = Draft { from: [7; 32], ..good() };
    assert!(matches!(world.desk(A).draft(other), Err(Refusal::OtherAccount)));
    assert!(world.desk(A).letters().unwrap().sent.is_empty());
}

#[test]
fn a_wish_with_a_name_is_granted_once() {
    let mut world = world(83);
    let named = |world: &World, text: &[u8]| {
        let request = Some(Uuid::from_u128(7));
        Draft { request, ..world.draft(A, Seal::OneTime, text) }
    };
    let Ok(Writing::Draw(pen)) = world.desk(A).draft(named(&world, b"text")) else { panic!() };
    let again = world.desk(A).draft(named(&world, b"text"));
    assert!(matches!(again, Err(Refusal::UnderWay)));
    let number = world.desk(A).written(&pen, world.keys_for(A, &pen)).unwrap();
    drop(pen);
    for fate in ["queued", "delivered"] {
        world.ends[A].restart();
        let again = world.desk(A).draft(named(&world, b"text")).unwrap();
        assert!(matches!(again, Writing::Granted(granted) if granted == number));
        let other_text = world.desk(A).draft(named(&world, b"test"));
        assert!(matches!(other_text, Err(Refusal::RequestDiffers)));
        let aead = Draft { seal: Seal::Aead, ..named(&world, b"text") };
        assert!(matches!(world.desk(A).draft(aead), Err(Refusal::RequestDiffers)));
        let about = About { slot: Slot(71), ..about_it() };
        let slot = Draft { about, ..named(&world, b"text") };
        assert!(matches!(world.desk(A).draft(slot), Err(Refusal::RequestDiffers)));
        assert_eq!(state(&world, number), fate);
        world.desk(A).letter_delivered(number).unwrap();
    }
    assert_eq!(count(&world, A), [1, 1, 0, 0]);
}

fn about_it() -> About {
    About { purpose: Purpose(3), slot: Slot(70), trade: Trade(12) }
}

#[test]
fn a_key_is_used_for_one_letter_or_for_one_session_and_never_again() {
    let world = world(84);
    let Writing::Draw(pen) = world.desk(A).draft(world.draft(A, Seal::Aead, b"x")).unwrap() else {
        panic!()
    };
    let keys = world.keys_for(A, &pen);
    world.desk(A).written(&pen, keys.clone()).unwrap();
    let session = || {
        let Plan::Draw(place) = world.desk(A).wish(world.wish(A, Suite::Hmac)).unwrap() else {
            panic!()
        };
        place
    };
    let same_bytes = vec![kme::key(Uuid::from_u128(1), &keys[0].bytes)];
    let same_name = vec![kme::key(keys[0].id, &[5; 32])];
    for used in [keys, same_bytes, same_name] {
        assert!(matches!(world.desk(A).written(&pen, used.clone()), Err(Refusal::Keys(_))));
        assert!(matches!(world.desk(A).opened(&session(), used), Err(Refusal::Keys(_))));
    }
    let keys = world.kme.draw("alice", "bob", 1);
    world.desk(A).opened(&session(), keys.clone()).unwrap();
    assert!(matches!(world.desk(A).written(&pen, keys), Err(Refusal::Keys(_))));
    // And what does not fit is not used at all.
    let two = world.kme.draw("alice", "bob", 2);
    assert!(matches!(world.desk(A).written(&pen, two.clone()), Err(Refusal::Keys(_))));
    let short = vec![kme::key(two[0].id, &two[0].bytes[1..])];
    assert!(matches!(world.desk(A).written(&pen, short), Err(Refusal::Keys(_))));
    assert!(matches!(world.desk(A).written(&pen, vec![]), Err(Refusal::Keys(_))));
    world.desk(A).written(&pen, two[..1].to_vec()).unwrap();
    assert_eq!(count(&world, A), [2, 0, 0, 0]);
}

#[test]
fn letters_to_one_reader_go_one_at_a_time_and_to_the_address_that_was_named_last() {
    let mut world = world(85);
    let first = world.write(A, Seal::Aead, b"one");
    let second = world.write(A, Seal::Aead, b"two");
    let to_carol = Draft {
        to: [3; 32],
        to_sae: "carol".parse().unwrap(),
        ..world.draft(A, Seal::Aead, b"three")
    };
    let Writing::Draw(pen) = world.desk(A).draft(to_carol).unwrap() else { panic!() };
    let third = world.desk(A).written(&pen, world.keys_for(A, &pen)).unwrap();
    drop(pen);
    let due = |world: &World| {
        let jobs = world.desk(A).jobs().unwrap();
        assert!(jobs.iter().all(|job| job.work == Work::Letter));
        let mut due: Vec<u64> = jobs.iter().map(|job| job.local).collect();
        due.sort();
        due
    };
    assert_eq!(due(&world), [first, third]);
    let jobs = world.desk(A).jobs().unwrap();
    assert!(world.desk(A).jobs().unwrap().is_empty(), "they are under way");
    assert!(world.desk(A).letter_delivery(second).unwrap().is_none());
    world.desk(A).failed(first, "nobody is there");
    drop(jobs);
    assert_eq!(due(&world), [third], "the reader rests");
    let view = world.desk(A).letter(first).unwrap();
    assert_eq!((view.state, view.reason.as_deref()), ("queued", Some("nobody is there")));
    // A new address is tried at once, for all that waits.
    let mail: Vec<u8> = b"/dns/bob.example/tcp/1".to_vec();
    let moved =
        Draft { mail: mail.clone().try_into().unwrap(), ..world.draft(A, Seal::Aead, b"four") };
    let Writing::Draw(pen) = world.desk(A).draft(moved).unwrap() else { panic!() };
    let fourth = world.desk(A).written(&pen, world.keys_for(A, &pen)).unwrap();
    drop(pen);
    for number in [first, second, fourth] {
        let mut both = [number, third];
        both.sort();
        assert_eq!(due(&world), both);
        world.ends[A].restart();
        assert_eq!(world.desk(A).letter_parcel(number).unwrap().unwrap().0[..], mail);
        world.knock(B, &world.envelope(A, number)).unwrap();
        world.desk(A).letter_delivered(number).unwrap();
    }
    let texts: Vec<_> = world.letters(B).into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts, [&b"one"[..], b"two", b"four"]);
    assert_eq!(world.desk(A).letter_parcel(third).unwrap().unwrap().0[..10], *b"/ip4/127.0");
}

#[test]
fn what_is_not_delivered_in_a_day_or_refused_is_given_up_and_says_so() {
    let mut world = world(86);
    let numbers = [b"one", b"two"].map(|text| world.write(A, Seal::Aead, text));
    let [first, second] = numbers;
    world.desk(A).failed(first, "nobody is there");
    world.pass(GIVEN_UP_MS - 1);
    let job = world.desk(A).jobs().unwrap().remove(0);
    world.pass(1);
    world.desk(A).jobs().unwrap();
    assert_eq!((state(&world, first), state(&world, second)), ("queued", "given-up"));
    drop(job);
    world.desk(A).jobs().unwrap();
    let view = world.desk(A).letter(first).unwrap();
    assert_eq!(view.state, "given-up");
    assert!(view.reason.as_ref().unwrap().ends_with("in a day; the last time: nobody is there"));
    let third = world.write(A, Seal::Aead, b"three");
    world.desk(A).letter_refused(third, "the peer's node answered with code 404").unwrap();
    world.ends[A].restart();
    for number in [first, second, third] {
        assert_eq!(state(&world, number), "given-up");
        assert!(world.desk(A).letter_parcel(number).unwrap().is_none());
        assert!(world.desk(A).store.read(Row::LetterBytes(number)).unwrap().is_none());
    }
    // What is over does not come back.
    world.desk(A).letter_delivered(first).unwrap();
    assert_eq!(state(&world, first), "given-up");
    assert_eq!(count(&world, A), [3, 0, 3, 0]);
}

#[test]
fn the_queue_has_bounds_and_so_has_what_is_remembered() {
    let mut world = world(87);
    let draft = || world.desk(A).draft(world.draft(A, Seal::Aead, b"x"));
    for _ in 1..MAX_QUEUED_OF_ONE {
        world.write(A, Seal::Aead, b"x");
    }
    let pen = draft().unwrap();
    assert!(matches!(draft(), Err(Refusal::LetterQueue(MAX_QUEUED_OF_ONE))));
    drop(pen);
    let last = world.write(A, Seal::Aead, b"x");
    assert!(matches!(draft(), Err(Refusal::LetterQueue(MAX_QUEUED_OF_ONE))));
    // Another reader has room.
    let carol = Draft { to: [3; 32], ..world.draft(A, Seal::Aead, b"x") };
    assert!(world.desk(A).draft(carol).is_ok());
    world.desk(A).letter_refused(last, "no").unwrap();
    assert!(draft().is_ok());
    for _ in 0..MAX_DONE {
        let number = world.write(A, Seal::Aead, b"x");
        world.desk(A).letter_refused(number, "no").unwrap();
    }
    assert!(matches!(world.desk(A).letter(last), Err(Refusal::Unknown)));
    world.ends[A].restart();
    let sent = world.desk(A).letters().unwrap().sent;
    assert_eq!(sent.len(), MAX_QUEUED_OF_ONE - 1 + MAX_DONE);
}

#[test]
fn a_crash_at_any_point_of_a_write_loses_a_key_at_most_and_never_uses_one_twice() {
    let mut world = world(88);
    let mut sent = Vec::new();
    let (mut kids, mut whole) = (BTreeSet::new(), 0);
    for round in 0..90_u32 {
        let text = format!("text {round}").into_bytes();
        // So many operations of the disk pass before it breaks: each number with some others.
        let [ours, theirs, last] = [round, round * 7 + round / 30, round * 11].map(|it| it % 30);
        // The writer's end breaks, ...
        world.ends[A].disk.break_after(Some(ours));
        let draft = world.draft(A, Seal::OneTime, &text);
        if let Ok(Writing::Draw(pen)) = world.desk(A).draft(draft) {
            let keys = world.keys_for(A, &pen);
            assert!(kids.insert(keys[0].id));
            let _ = world.desk(A).written(&pen, keys);
        }
        world.ends[A].restart();
        let waiting: Vec<_> = world
            .desk(A)
            .letters()
            .unwrap()
            .sent
            .into_iter()
            .filter(|it| it.state == "queued")
            .collect();
        assert!(waiting.len() <= 1);
        for letter in waiting {
            assert!(kids.contains(&letter.key));
            let envelope = world.envelope(A, letter.number);
            // ... then the reader's, ...
            world.ends[B].disk.break_after(Some(theirs));
            let taken = world.knock(B, &envelope);
            world.ends[B].restart();
            // ... which has the letter, or had its key told in vain; never is it there twice.
            let again = world.knock(B, &envelope);
            assert!(taken.is_err() || again.is_ok(), "what was taken is taken again");
            if again.is_ok() {
                sent.push((ALICE, "alice".to_owned(), text.clone()));
                whole += 1;
            } else {
                assert!(matches!(again, Err(Refusal::NoKey)), "{again:?}");
            }
            // And the writer's again, with the answer.
            world.ends[A].disk.break_after(Some(last));
            let _ = world.desk(A).letter_delivered(letter.number);
            world.ends[A].restart();
            world.desk(A).letter_delivered(letter.number).unwrap();
        }
        assert_eq!(world.letters(B), std::mem::take(&mut sent));
    }
    assert!(whole > 10, "{whole} came");
}

#[test]
fn a_crash_while_texts_are_handed_out_hands_them_out_once_or_again() {
    let mut world = world(89);
    let mut handed = 0;
    for left in (0..30).chain([1_000]) {
        let number = world.write(A, Seal::Aead, b"text");
        world.knock(B, &world.envelope(A, number)).unwrap();
        world.desk(A).letter_delivered(number).unwrap();
        world.ends[B].disk.break_after(Some(left));
        let first = world.desk(B).receive_letters();
        world.ends[B].restart();
        let then = world.letters(B).len();
        match first {
            Ok(letters) => assert_eq!((letters.len(), then), (1, 0)),
            // It may have been written before the disk broke: then nobody has seen the text.
            Err(_) => assert!(then <= 1),
        }
        handed += then;
    }
    assert!(handed > 0, "no write broke before it was done");
}

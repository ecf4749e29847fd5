//! Letters that come, true ones and others.

use super::*;
use crate::{
    desk::letters::{
        GIVEN_UP_MS, MAX_LETTER_BYTES, MAX_LOOKUPS_OF_ONE, MAX_PLACES,
        budget::LOOKUPS_A_MINUTE_OF_ONE,
    },
    letter::Envelope,
};
use q_sah::{
    AccountId, End as SessionEnd, Ends, GenesisHash, Key as LetterKey, KeyId, seal_letter,
};

fn world(seed: u64) -> World {
    let world = World::new(seed);
    world.news(A);
    world.news(B);
    world
}

/// Where a letter begins in an envelope from Alice to Bob, and where its fields do.
const LETTER: usize = 32 + 1 + 5 + 1 + 3;
const FROM: usize = LETTER + 2;
const TO: usize = FROM + 32;
const KID: usize = LETTER + 83;
const TEXT: usize = LETTER + 99;

/// An envelope of a letter under this key from this account and SAE to Bob.
pub fn letter_from(from: AccountBytes, sae: &str, key: &Key, text: &[u8]) -> Vec<u8> {
    let end = |account, sae: &str| SessionEnd {
        account: AccountId(account),
        sae: q_sah::SaeId::new(sae).unwrap(),
    };
    let ends = Ends::new(GenesisHash(GENESIS), end(from, sae), end(BOB, "bob")).unwrap();
    let about = About { purpose: Purpose(0), slot: Slot(0), trade: Trade(0) };
    let key = LetterKey::new(KeyId(key.id.into_bytes()), key.bytes.clone());
    let letter = seal_letter(&ends, about, Seal::Aead, key, text).unwrap();
    let (from_sae, to_sae) = (sae.parse().unwrap(), "bob".parse().unwrap());
    Envelope { genesis: GENESIS, from_sae, to_sae, letter }.to_bytes()
}

/// Rubbish that names this key of this SAE.
fn rubbish(sae: &str, id: Uuid) -> Vec<u8> {
    letter_from(ALICE, sae, &kme::key(id, &[1; 32]), b"rubbish")
}

#[test]
fn each_bit_cut_and_tail_is_refused_and_the_true_letter_is_taken_after_all_of_it() {
    for seal in [Seal::Aead, Seal::OneTime] {
        let mut world = world(100);
        let number = world.write(A, seal, b"1200 Wh");
        let envelope = world.envelope(A, number);
        let mut told = BTreeSet::new();
        for bit in 0..8 * envelope.len() {
            let mut forged = envelope.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            let asked = world.kme.asked();
            let refused = world.knock(B, &forged).unwrap_err();
            let fits = match (bit / 8, &refused) {
                (0..32, Refusal::OtherChain) => true,
                // The lengths and names of SAEs.
                (32..LETTER, Refusal::NoEnvelope | Refusal::NoLetter(_)) => true,
                (32..LETTER, Refusal::OtherReader | Refusal::NoKey) => true,
                // Once its key is here, it is another SAE's.
                (32..LETTER, Refusal::NotAuthentic) => !told.is_empty(),
                (LETTER..FROM, Refusal::NoLetter(_)) => true,
                // Between both seals there is more than a bit.
                (FROM..TO, Refusal::NotAuthentic) => true,
                (TO..LETTER_ABOUT, Refusal::OtherReader) => true,
                (LETTER_ABOUT..KID, Refusal::NotAuthentic) => true,
                (KID..TEXT, Refusal::NoKey) => true,
                (TEXT.., Refusal::NotAuthentic) => true,
                _ => false,
            };
            assert!(fits, "byte {}: {refused:?}", bit / 8);
            if matches!(refused, Refusal::NotAuthentic) {
                told.insert(world.kme.asked() - asked);
            }
        }
        assert_eq!(told, BTreeSet::from([0, 1]), "its key is told once, for the first forgery");
        for cut in 0..envelope.len() {
            assert!(world.knock(B, &envelope[..cut]).is_err(), "{cut}");
        }
        for tail in 1..64 {
            let long = [&envelope[..], &vec![0; tail][..]].concat();
            assert!(matches!(world.knock(B, &long), Err(Refusal::NotAuthentic)));
        }
        let mut other_seal = envelope.clone();
        other_seal[LETTER + 1] ^= 3;
        assert!(matches!(world.knock(B, &other_seal), Err(Refusal::NotAuthentic)));
        assert!(world.letters(B).is_empty());
        world.ends[B].restart();
        let asked = world.kme.asked();
        world.knock(B, &envelope).unwrap();
        assert_eq!(world.kme.asked(), asked, "its key was kept");
        assert_eq!(world.letters(B), [(ALICE, "alice".into(), b"1200 Wh".to_vec())]);
        let kid = *world.desk(A).letter(number).unwrap().key.as_bytes();
        assert!(world.desk(B).store.read(Row::Spare(kid)).unwrap().is_none());
    }
}

const LETTER_ABOUT: usize = TO + 32;

#[test]
fn a_letter_for_another_chain_account_or_sae_has_no_key_drawn_for_it() {
    let world = world(101);
    let envelope = world.envelope(A, world.write(A, Seal::Aead, b"x"));
    let parsed = || Envelope::parse(&envelope).unwrap();
    let chain = Envelope { genesis: [8; 32], ..parsed() };
    assert!(matches!(world.knock(B, &chain.to_bytes()), Err(Refusal::OtherChain)));
    let sae = Envelope { to_sae: "carol".parse().unwrap(), ..parsed() };
    assert!(matches!(world.knock(B, &sae.to_bytes()), Err(Refusal::OtherReader)));
    // The account has another agent now.
    let moved = world.chain.news([7; 32], &[]);
    world.desk(B).news(&moved).unwrap();
    assert!(matches!(world.knock(B, &envelope), Err(Refusal::OtherReader)));
    // Of one end.
    let own = Envelope { from_sae: "bob".parse().unwrap(), ..parsed() };
    assert!(matches!(world.knock(B, &own.to_bytes()), Err(Refusal::NoLetter(_))));
    assert_eq!(world.kme.asked(), 0);
    world.news(B);
    world.knock(B, &envelope).unwrap();
}

#[test]
fn an_agent_that_has_heard_nothing_takes_nothing_and_no_stranger_tells_it_its_chain() {
    let world = World::new(102);
    let envelope = world.envelope(A, world.write(A, Seal::Aead, b"x"));
    assert!(matches!(world.knock(B, &envelope), Err(Refusal::NotTold)));
    let elsewhere = Envelope { genesis: [8; 32], ..Envelope::parse(&envelope).unwrap() };
    assert!(matches!(world.knock(B, &elsewhere.to_bytes()), Err(Refusal::NotTold)));
    assert_eq!(world.kme.asked(), 0);
    world.news(B);
    world.knock(B, &envelope).unwrap();
    assert_eq!(world.letters(B).len(), 1);
}

#[test]
fn a_repetition_changes_nothing_and_another_letter_under_its_key_is_refused() {
    let mut world = world(103);
    let number = world.write(A, Seal::Aead, b"once");
    let envelope = world.envelope(A, number);
    for _ in 0..3 {
        world.knock(B, &envelope).unwrap();
    }
    assert_eq!(world.letters(B).len(), 1);
    world.ends[B].restart();
    world.knock(B, &envelope).unwrap();
    assert!(world.letters(B).is_empty());
    assert_eq!(world.kme.asked(), 1);
    // Whoever else has the key, its writer even.
    let kid = world.desk(A).letter(number).unwrap().key;
    let bytes = world.kme.all().remove(0);
    let another = letter_from(ALICE, "alice", &kme::key(kid, &bytes), b"another");
    assert!(matches!(world.knock(B, &another), Err(Refusal::KeyUsed)));
    let other_end = letter_from([7; 32], "alice", &kme::key(kid, &bytes), b"once");
    assert!(matches!(world.knock(B, &other_end), Err(Refusal::KeyUsed)));
    assert_eq!(world.kme.asked(), 1);
    assert_eq!(world.desk(B).totals().unwrap().letters.come, 1);
}

#[test]
fn the_key_of_a_session_is_drawn_for_no_letter() {
    let mut world = world(104);
    let asked = world.open(A, Suite::OneTime);
    let id = world.chain.request(&asked.message1).unwrap();
    world.news(B);
    for name in &asked.ids {
        assert!(matches!(world.knock(B, &rubbish("alice", *name)), Err(Refusal::KeyUsed)));
    }
    assert_eq!(world.kme.asked(), 0);
    world.finish(A, id);
    for name in asked.ids {
        assert!(matches!(world.knock(B, &rubbish("alice", name)), Err(Refusal::KeyUsed)));
    }
    assert_eq!(world.kme.asked(), 1);
}

#[test]
fn who_has_a_sessions_keys_drawn_before_it_is_on_the_chain_does_not_stop_it() {
    for (suite, named) in [(Suite::Hmac, 1), (Suite::OneTime, 1), (Suite::OneTime, 4)] {
        let mut world = world(105);
        let asked = world.open(A, suite);
        for name in &asked.ids[..named] {
            let refused = world.knock(B, &rubbish("alice", *name));
            assert!(matches!(refused, Err(Refusal::NotAuthentic)));
            let by_other = world.knock(B, &rubbish("carol", *name));
            assert!(matches!(by_other, Err(Refusal::NotAuthentic)));
        }
        world.ends[B].restart();
        let id = world.chain.request(&asked.message1).unwrap();
        let steps = world.news(B).len();
        if named == asked.ids.len() {
            assert_eq!((steps, world.collect(B)), (1, 0), "all keys are here");
        } else {
            assert_eq!((steps, world.collect(B)), (0, 1));
        }
        for end in [B, A, B, A] {
            world.bring(end);
        }
        assert_eq!([A, B].map(|end| world.ends[end].state(Name::Id(id))), ["open"; 2]);
        for name in asked.ids {
            let spare = Row::Spare(name.into_bytes());
            assert!(world.desk(B).store.read(spare).unwrap().is_none());
        }
        world.desk(A).seal(Name::Id(id), b"1200 Wh").unwrap();
        assert!(world.deliver(A, id));
        assert_eq!(world.texts(B, id), [b"1200 Wh"]);
    }
}

#[test]
fn a_session_waits_for_a_question_that_a_letter_has_asked() {
    let mut world = world(106);
    let asked = world.open(A, Suite::Hmac);
    let knock = world.desk(B).knock(&rubbish("alice", asked.ids[0]), network(1)).unwrap();
    let Knock::Draw(lookup) = knock else { panic!() };
    let id = world.chain.request(&asked.message1).unwrap();
    assert!(world.news(B).is_empty());
    assert!(world.desk(B).jobs().unwrap().is_empty(), "the key would be told for nothing");
    let keys = world.kme.collect("bob", "alice", &[lookup.id()]);
    assert!(world.desk(B).looked_up(&lookup, keys).is_err());
    drop(lookup);
    assert!(world.desk(B).jobs().unwrap().is_empty());
    assert_eq!(world.bring(B), 1);
    assert_eq!((world.bring(A), world.bring(B)), (1, 0));
    assert_eq!(world.ends[B].state(Name::Id(id)), "open");
}

#[test]
fn a_key_that_is_made_up_or_anothers_is_refused() {
    let world = world(107);
    let made_up = rubbish("alice", Uuid::from_u128(77));
    assert!(matches!(world.knock(B, &made_up), Err(Refusal::NoKey)));
    // Of another pair, and of one's own.
    for (master, slave) in [("carol", "bob"), ("alice", "carol"), ("bob", "alice")] {
        let key = world.kme.draw(master, slave, 1).remove(0);
        let letter = letter_from(ALICE, "alice", &key, b"x");
        assert!(matches!(world.knock(B, &letter), Err(Refusal::NoKey)), "{master} {slave}");
        assert!(!world.kme.has_told(key.id));
    }
    assert!(world.letters(B).is_empty());
    assert_eq!(world.desk(B).totals().unwrap().keys, 0);
}

#[test]
fn an_sae_that_writes_as_another_account_is_told_apart_by_its_sae() {
    let world = world(108);
    let key = world.kme.draw("carol", "bob", 1).remove(0);
    world.knock(B, &letter_from(ALICE, "carol", &key, b"from alice, I swear")).unwrap();
    let [(from, sae, _)] = &world.letters(B)[..] else { panic!() };
    // The desk proves the SAE. Whose that is the chain says, to who reads the letter.
    assert_eq!((*from, &sae[..]), (ALICE, "carol"));
}

#[test]
fn while_the_key_service_is_down_a_letter_has_to_come_again() {
    let mut world = world(109);
    let envelope = world.envelope(A, world.write(A, Seal::OneTime, b"patience"));
    for error in [kme::unavailable(), Error::Timeout, Error::Connection("none".into())] {
        world.pass(2_000);
        let Knock::Draw(lookup) = world.desk(B).knock(&envelope, network(1)).unwrap() else {
            panic!()
        };
        assert!(matches!(world.desk(B).looked_up(&lookup, Err(error)), Err(Refusal::KeyService)));
        drop(lookup);
        world.ends[B].restart();
    }
    world.knock(B, &envelope).unwrap();
    assert_eq!(world.letters(B).len(), 1);
}

#[test]
fn what_a_lying_key_service_tells_is_not_used() {
    let world = world(110);
    let answer = |told: &dyn Fn(Vec<Key>) -> Vec<Key>| {
        world.pass(2_000);
        let number = world.write(A, Seal::Aead, b"x");
        let envelope = world.envelope(A, number);
        let Knock::Draw(lookup) = world.desk(B).knock(&envelope, network(1)).unwrap() else {
            panic!()
        };
        let keys = world.kme.collect("bob", "alice", &[lookup.id()]).unwrap();
        let taken = world.desk(B).looked_up(&lookup, Ok(told(keys)));
        drop(lookup);
        world.desk(A).letter_delivered(number).unwrap();
        (taken, envelope)
    };
    let (taken, _) = answer(&|keys| keys);
    taken.unwrap();
    let used = world.kme.all();
    let wrong: [&dyn Fn(Vec<Key>) -> Vec<Key>; 5] = [
        &|_| vec![],
        &|keys| [keys.clone(), keys].concat(),
        &|keys| vec![kme::key(Uuid::from_u128(5), &keys[0].bytes)],
        &|keys| used.iter().map(|used| kme::key(keys[0].id, used)).take(1).collect(),
        &|keys| vec![kme::key(keys[0].id, &vec![1; 65_569])],
    ];
    for told in wrong {
        let (taken, _) = answer(told);
        assert!(matches!(taken, Err(Refusal::NoKey)), "{taken:?}");
    }
    // A key of a wrong size or of wrong bytes may be that of another letter.
    for bytes in [vec![1; 32], vec![2; 31], vec![]] {
        let (taken, envelope) = answer(&|keys| vec![kme::key(keys[0].id, &bytes)]);
        assert!(matches!(taken, Err(Refusal::NotAuthentic)), "{taken:?}");
        assert!(matches!(world.knock(B, &envelope), Err(Refusal::NotAuthentic)));
    }
    assert_eq!(world.letters(B).len(), 1);
}

#[test]
fn an_inbox_has_so_many_places_and_bytes_for_each_sae() {
    let world = world(111);
    let from =
        |sae: &str, text: &[u8]| letter_from(ALICE, sae, &world.kme.draw(sae, "bob", 1)[0], text);
    for _ in 1..MAX_PLACES {
        world.knock(B, &from("alice", b"x")).unwrap();
    }
    // A key without its letter has a place as well.
    let key = world.kme.draw("alice", "bob", 1).remove(0);
    let late = letter_from(ALICE, "alice", &key, b"late");
    assert!(matches!(world.knock(B, &rubbish("alice", key.id)), Err(Refusal::NotAuthentic)));
    let one_more = from("alice", b"x");
    let asked = world.kme.asked();
    assert!(matches!(world.knock(B, &one_more), Err(Refusal::InboxFull)));
    assert_eq!(world.kme.asked(), asked, "no key is drawn for what has no place");
    world.knock(B, &from("carol", b"x")).unwrap();
    world.knock(B, &late).unwrap();
    assert!(matches!(world.knock(B, &one_more), Err(Refusal::InboxFull)));
    assert_eq!(world.letters(B).len(), MAX_PLACES);
    world.knock(B, &one_more).unwrap();
    assert_eq!(world.letters(B).len(), 2);
    // By bytes: a megabyte.
    let long = || from("alice", &vec![1; MAX_LETTER_BYTES * 4]);
    for _ in 0..15 {
        world.knock(B, &long()).unwrap();
    }
    let last = long();
    assert!(matches!(world.knock(B, &last), Err(Refusal::InboxFull)));
    world.knock(B, &from("carol", b"x")).unwrap();
    let mut letters = 0;
    while world.knock(B, &last).is_err() {
        letters += world.letters(B).len();
    }
    assert_eq!(letters, 16);
}

#[test]
fn strangers_have_so_few_keys_asked_for_at_once_and_in_a_minute() {
    let world = world(112);
    let name = std::cell::Cell::new(0_u128);
    let made_up = || {
        name.set(name.get() + 1);
        rubbish("alice", Uuid::from_u128(name.get()))
    };
    let envelope = made_up();
    let first = world.desk(B).knock(&envelope, network(1)).unwrap();
    let again = world.desk(B).knock(&envelope, network(2));
    assert!(matches!(again, Err(Refusal::KeyUnderWay)));
    let mut held = vec![first];
    while held.len() < MAX_LOOKUPS_OF_ONE {
        held.push(world.desk(B).knock(&made_up(), network(1)).unwrap());
    }
    assert!(matches!(world.desk(B).knock(&made_up(), network(1)), Err(Refusal::Busy)));
    let mut networks = 2;
    let refused = loop {
        match world.desk(B).knock(&made_up(), network(networks)) {
            Ok(knock) => held.push(knock),
            Err(refused) => break refused,
        }
        networks += 1;
    };
    assert!(matches!(refused, Refusal::Busy), "{refused:?}");
    assert_eq!(held.len(), 8);
    drop(held);
    // Letters that are authentic cost nobody anything, ...
    for _ in 0..3 * LOOKUPS_A_MINUTE_OF_ONE {
        let key = world.kme.draw("alice", "bob", 1).remove(0);
        let letter = letter_from(ALICE, "alice", &key, b"x");
        world.knock_from(network(200), B, &letter).unwrap();
        world.letters(B);
    }
    // ... others are counted: for their network, and for all.
    let mut asked = 0;
    for stranger in 100..120 {
        let before = world.kme.asked();
        while !matches!(world.knock_from(network(stranger), B, &made_up()), Err(Refusal::Busy)) {}
        let more = world.kme.asked() - before;
        assert!(more <= LOOKUPS_A_MINUTE_OF_ONE);
        asked += more;
    }
    assert_eq!(asked, 300 - 8, "those that were held count as well");
    world.pass(2_000);
    assert!(matches!(world.knock_from(network(100), B, &made_up()), Err(Refusal::NoKey)));
    // A session's questions are its own.
    let mut world = world;
    let opened = world.opened(A, Suite::Hmac);
    assert_eq!(world.ends[B].state(Name::Id(opened)), "open");
}

#[test]
fn a_key_whose_letter_does_not_come_is_wiped_after_a_day_and_stays_used() {
    let mut world = world(113);
    let envelope = world.envelope(A, world.write(A, Seal::Aead, b"late"));
    let mut forged = envelope.clone();
    forged[TEXT] ^= 1;
    assert!(matches!(world.knock(B, &forged), Err(Refusal::NotAuthentic)));
    let kid = KeyId(envelope[KID..TEXT].try_into().unwrap());
    let waits = |world: &World| world.desk(B).store.read(Row::Spare(kid.0)).unwrap().is_some();
    world.pass(GIVEN_UP_MS - 1);
    world.desk(B).jobs().unwrap();
    assert!(waits(&world));
    world.pass(1);
    world.desk(B).jobs().unwrap();
    assert!(!waits(&world));
    world.ends[B].restart();
    assert!(matches!(world.knock(B, &envelope), Err(Refusal::KeyUsed)));
    assert_eq!(world.kme.asked(), 1);
}

//! The vectors in `q-sah/vectors/`: made by the second implementation, and held against both.
//!
//! `QEDEX_BLESS=1 cargo test --locked -p q-sah vectors` writes them anew.

use crate::oracle::protocol::{Ends, Handshake, Letter, frame, receipt};
use proptest::prelude::*;
use q_sah::{self as real, Suite};
use serde_json::{Value, json};
use std::path::Path;
use zeroize::Zeroizing;

/// Bytes that look like nothing, from a name.
fn bytes(name: &str, length: usize) -> Vec<u8> {
    crate::oracle::hash::expand(&[7; 32], name.as_bytes(), length)
}

fn ends(a: &str, b: &str) -> Ends {
    Ends {
        genesis: bytes("genesis", 32),
        a: bytes("A", 32),
        b: bytes("B", 32),
        sae_a: a.into(),
        sae_b: b.into(),
    }
}

fn handshake(suite: u8, ends: Ends, number: u64) -> Handshake {
    let name = |what: &str, place: usize| format!("{suite} {number} {what} {place}");
    let keys = (0..if suite == 1 { 1 } else { 4 })
        .map(|place| (bytes(&name("kid", place), 16), bytes(&name("key", place), 32)));
    Handshake {
        ends,
        suite,
        keys: keys.collect(),
        number,
        nonce_a: bytes(&name("nonce A", 0), 32),
        nonce_b: bytes(&name("nonce B", 0), 32),
    }
}

fn handshakes() -> Vec<Handshake> {
    let long = "x".repeat(real::MAX_SAE_BYTES);
    vec![
        handshake(1, ends("meter-17", "broker"), 1),
        handshake(1, ends(&long, "ü"), u64::MAX),
        handshake(2, ends("meter-17", "broker"), 2),
        handshake(2, ends("y", &long), 0x0102_0304_0506_0708),
    ]
}

fn letter(seal: u8, text: &[u8]) -> Letter {
    let length = if seal == 1 { 32 } else { text.len() + 32 };
    let name = format!("letter {seal} {}", text.len());
    Letter {
        ends: ends("meter-17", "broker"),
        seal,
        purpose: 3,
        slot: 1_900_000,
        trade: 0x1122_3344,
        kid: bytes(&format!("{name} kid"), 16),
        key: bytes(&format!("{name} key"), length),
        text: text.to_vec(),
    }
}

fn letters() -> Vec<Letter> {
    let long = bytes("a long text", 1_000);
    let texts: [&[u8]; 3] = [b"", b"opening: 1200 Wh", &long];
    texts.iter().flat_map(|text| [letter(1, text), letter(2, text)]).collect()
}

fn json_of(ends: &Ends) -> Value {
    json!({
        "genesis": hex::encode(&ends.genesis),
        "a": hex::encode(&ends.a),
        "b": hex::encode(&ends.b),
        "sae_a": ends.sae_a,
        "sae_b": ends.sae_b,
    })
}

/// Holds the file against what was computed, or writes it.
#[track_caller]
fn hold(name: &str, computed: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors").join(name);
    let computed = format!("{computed:#}\n");
    if std::env::var_os("QEDEX_BLESS").is_some() {
        std::fs::write(&path, computed).unwrap();
        return;
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), computed, "vectors/{name}");
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().unwrap()
}

fn real_ends(ends: &Ends) -> real::Ends {
    let end = |account: &[u8], sae: &str| real::End {
        account: real::AccountId(array(account)),
        sae: real::SaeId::new(sae).unwrap(),
    };
    let genesis = real::GenesisHash(array(&ends.genesis));
    real::Ends::new(genesis, end(&ends.a, &ends.sae_a), end(&ends.b, &ends.sae_b)).unwrap()
}

fn real_key(id: &[u8], key: &[u8]) -> real::Key {
    real::Key::new(real::KeyId(array(id)), Zeroizing::new(key.to_vec()))
}

fn real_keys(keys: &[(Vec<u8>, Vec<u8>)]) -> real::Keys {
    let mut keys = keys.iter().map(|(id, key)| real_key(id, key));
    match keys.len() {
        1 => real::Keys::hmac(keys.next().unwrap()),
        _ => real::Keys::one_time([(); 4].map(|()| keys.next().unwrap())),
    }
    .unwrap()
}

/// Both ends of the crate's own, with the bytes of their three messages.
fn real_run(case: &Handshake) -> ([Vec<u8>; 3], real::Session, real::Session) {
    let ends = real_ends(&case.ends);
    let keys = || real_keys(&case.keys);
    let nonce = |bytes: &[u8]| real::Nonce(array(bytes));
    let number = real::Number(case.number);
    let a = real::Initiator::open(ends.clone(), keys(), number, nonce(&case.nonce_a)).unwrap();
    let message1 = a.message1().to_vec();
    let mut numbers = real::Numbers::of(ends.from().account);
    let b = real::Responder::answer(ends, &message1, keys(), nonce(&case.nonce_b), &mut numbers);
    let b = b.unwrap();
    let message2 = b.message2().to_vec();
    let a = a.confirm(&message2).unwrap();
    let message3 = a.message3().to_vec();
    let b = b.finish(&message3).unwrap();
    ([message1, message2, message3], a.into_session(), b)
}

#[test]
fn handshakes_are_those_of_the_vectors() {
    let cases = handshakes().into_iter().map(|case| {
        let outcome = case.run();
        let (messages, a, b) = real_run(&case);
        assert_eq!(messages, outcome.messages);
        assert_eq!(
            (a.id().to_vec(), b.id().to_vec()),
            (outcome.session.clone(), outcome.session.clone())
        );
        let keys = case.keys.iter();
        let keys = keys.map(|(id, key)| json!({ "kid": hex::encode(id), "key": hex::encode(key) }));
        let [message1, message2, message3] = outcome.messages.map(hex::encode);
        let [traffic_a, traffic_b] = outcome.traffic.map(hex::encode);
        json!({
            "ends": json_of(&case.ends),
            "suite": case.suite,
            "keys": keys.collect::<Vec<_>>(),
            "number": case.number.to_string(),
            "nonce_a": hex::encode(&case.nonce_a),
            "nonce_b": hex::encode(&case.nonce_b),
            "message1": message1,
            "message2": message2,
            "message3": message3,
            "session": hex::encode(&outcome.session),
            "traffic_a": traffic_a,
            "traffic_b": traffic_b,
        })
    });
    hold("handshakes.json", &cases.collect());
}

/// Across two changes of the key, in both directions.
#[test]
fn frames_are_those_of_the_vectors() {
    let shown = [0, 1, 2, 4_095, 4_096, 4_097, 8_191, 8_192];
    let mut cases = Vec::new();
    for case in handshakes().into_iter().step_by(2) {
        let (_, mut a, mut b) = real_run(&case);
        let [from_a, from_b] = case.run().traffic;
        let mut frames = Vec::new();
        for number in 0..=8_192_u64 {
            let (up, down) = (format!("reading {number}"), format!("answer {number}"));
            let receipts = [a.awaited_receipt(), b.awaited_receipt()];
            assert_eq!([b.receipt(), a.receipt()], receipts);
            let sealed_up = a.seal(up.as_bytes()).unwrap();
            let sealed_down = b.seal(down.as_bytes()).unwrap();
            assert_eq!(*b.open(&sealed_up).unwrap(), up.as_bytes());
            assert_eq!(*a.open(&sealed_down).unwrap(), down.as_bytes());
            if !shown.contains(&number) {
                continue;
            }
            let [receipt_up, receipt_down] = receipts;
            for (direction, secret, text, sealed, answer) in [
                ("a", &from_a, up, sealed_up, receipt_up),
                ("b", &from_b, down, sealed_down, receipt_down),
            ] {
                assert_eq!(frame(secret, number, text.as_bytes()), sealed);
                assert_eq!(receipt(secret, number), answer);
                frames.push(json!({
                    "from": direction,
                    "number": number,
                    "text": text,
                    "frame": hex::encode(sealed),
                    "receipt": hex::encode(answer),
                }));
            }
        }
        cases.push(json!({
            "traffic_a": hex::encode(from_a),
            "traffic_b": hex::encode(from_b),
            "frames": frames,
        }));
    }
    hold("frames.json", &cases.into());
}

fn real_letter(case: &Letter) -> Vec<u8> {
    let about = about(case);
    let seal = if case.seal == 1 { real::Seal::Aead } else { real::Seal::OneTime };
    let (ends, key) = (real_ends(&case.ends), || real_key(&case.kid, &case.key));
    let sealed = real::seal_letter(&ends, about, seal, key(), &case.text).unwrap();
    let opened = real::Letter::parse(&sealed).unwrap().open(&ends, about, key()).unwrap();
    assert_eq!(*opened, case.text);
    sealed
}

fn about(case: &Letter) -> real::About {
    real::About {
        purpose: real::Purpose(case.purpose),
        slot: real::Slot(case.slot),
        trade: real::Trade(case.trade),
    }
}

#[test]
fn letters_are_those_of_the_vectors() {
    let cases = letters().into_iter().map(|case| {
        let sealed = case.seal();
        assert_eq!(real_letter(&case), sealed);
        json!({
            "ends": json_of(&case.ends),
            "seal": case.seal,
            "purpose": case.purpose,
            "slot": case.slot,
            "trade": case.trade,
            "kid": hex::encode(&case.kid),
            "key": hex::encode(&case.key),
            "text": hex::encode(&case.text),
            "letter": hex::encode(sealed),
        })
    });
    hold("letters.json", &cases.collect());
}

fn some(length: impl Into<prop::collection::SizeRange>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), length)
}

proptest! {
    #[test]
    fn both_implementations_agree_on_any_handshake(
        parts in prop::collection::vec(some(32), 9), ids in prop::collection::vec(some(16), 4),
        sae_a in "[a-z]{1,40}", sae_b in "[A-Z]{1,40}", number in 1_u64.., one_time: bool,
        text in some(0..300),
    ) {
        let parts = |place: usize| parts[place].clone();
        let ends = Ends { genesis: parts(0), a: parts(1), b: parts(2), sae_a, sae_b };
        let keys = (5..9).map(parts);
        let case = Handshake {
            ends,
            suite: 1 + u8::from(one_time),
            keys: ids.into_iter().zip(keys).take(if one_time { 4 } else { 1 }).collect(),
            number,
            nonce_a: parts(3),
            nonce_b: parts(4),
        };
        let outcome = case.run();
        let (messages, mut a, mut b) = real_run(&case);
        prop_assert_eq!(messages, outcome.messages);
        prop_assert_eq!(a.seal(&text).unwrap(), frame(&outcome.traffic[0], 0, &text));
        prop_assert_eq!(b.seal(&text).unwrap(), frame(&outcome.traffic[1], 0, &text));
        prop_assert_eq!(a.suite() == Suite::OneTime, one_time);
    }

    #[test]
    fn both_implementations_agree_on_any_letter(
        parts in prop::collection::vec(some(32), 3), kid in some(16), key in some(332),
        text in some(0..300), one_time: bool, purpose: u8, slot: u64, trade: u64,
    ) {
        let [genesis, a, b] = parts.try_into().unwrap();
        let length = if one_time { text.len() + 32 } else { 32 };
        let case = Letter {
            ends: Ends { genesis, a, b, sae_a: "a".into(), sae_b: "b".into() },
            seal: 1 + u8::from(one_time),
            purpose, slot, trade, kid,
            key: key[..length].to_vec(),
            text,
        };
        prop_assert_eq!(real_letter(&case), case.seal());
    }
}

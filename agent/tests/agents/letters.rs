//! Letters from one agent to another, over every door.

use super::{
    field::{Field, Running, ask},
    sessions::{ALICE, BOB, hex_of, wish},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use q_sah::{
    About, AccountId, End, Ends, GenesisHash, Key, KeyId, Purpose, SaeId, Seal, Slot, Trade,
    seal_letter,
};
use qedex_primitives::agent::News;
use serde_json::{Value, json};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

const GENESIS: [u8; 32] = [9; 32];

/// Tells both agents for whom they speak.
pub async fn meet(alice: &Running, bob: &Running) {
    for (agent, account) in [(alice, ALICE), (bob, BOB)] {
        let (genesis, sessions) = (GENESIS.into(), Vec::new());
        let news = News {
            genesis,
            account,
            block: 1,
            now: 0,
            last_number: 0,
            sessions,
            beacon: None,
            ledger: None,
        };
        agent.news(&news).await;
    }
}

/// A letter of Alice's to Bob, whose mail is kept there.
pub fn letter(mail: SocketAddr, seal: &str) -> Value {
    json!({
        "from": hex_of(&ALICE), "to": hex_of(&BOB), "to_sae": "bob", "genesis": hex_of(&GENESIS),
        "mail": format!("/ip4/{}/tcp/{}", mail.ip(), mail.port()),
        "purpose": 3, "slot": 70, "trade": 12, "seal": seal, "text": STANDARD.encode("1200 Wh"),
    })
}

async fn send(agent: &Running, letter: &Value) -> (StatusCode, Value) {
    agent.json(Method::POST, "/v1/letters", letter.clone()).await
}

/// Sends a letter, and waits until it has this state.
async fn send_until(agent: &Running, letter: &Value, state: &str) -> Value {
    let before = agent.get("/v1/letters").await["sent"].as_array().unwrap().len();
    send(agent, letter).await;
    let sent = async || agent.get("/v1/letters").await["sent"][before].clone();
    until(async || sent().await["state"] == state).await;
    sent().await
}

async fn receive(agent: &Running) -> Vec<Value> {
    let (code, told) = agent.json(Method::POST, "/v1/letters/receive", Value::Null).await;
    assert_eq!(code, StatusCode::OK);
    told["letters"].as_array().unwrap().clone()
}

fn text(letter: &Value) -> Vec<u8> {
    STANDARD.decode(letter["text"].as_str().unwrap()).unwrap()
}

/// An envelope from Alice to Bob that names this key.
fn envelope(key: [u8; 16], bytes: &[u8], genesis: [u8; 32]) -> Vec<u8> {
    let end =
        |account, sae: &str| End { account: AccountId(account), sae: SaeId::new(sae).unwrap() };
    let ends = Ends::new(GenesisHash(genesis), end(ALICE, "alice"), end(BOB, "bob")).unwrap();
    let about = About { purpose: Purpose(0), slot: Slot(0), trade: Trade(0) };
    let key = Key::new(KeyId(key), bytes.to_vec().into());
    let letter = seal_letter(&ends, about, Seal::Aead, key, b"x").unwrap();
    [&genesis[..], b"\x05alice\x03bob", &letter].concat()
}

async fn knock(agent: &Running, bytes: Vec<u8>) -> StatusCode {
    ask(agent.mail, None, Method::POST, "/v1/letters", bytes).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn letters_of_both_seals_go_both_ways() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    meet(&alice, &bob).await;
    for seal in ["aead", "one-time"] {
        let sent = send_until(&alice, &letter(bob.mail, seal), "delivered").await;
        let [come] = &receive(&bob).await[..] else { panic!() };
        let about = json!({
            "from": hex_of(&ALICE), "from_sae": "alice", "purpose": 3, "slot": 70, "trade": 12,
            "seal": seal, "key_ID": sent["key_ID"], "text": STANDARD.encode("1200 Wh"),
        });
        assert_eq!(*come, about);
        assert!(receive(&bob).await.is_empty(), "it is handed out once");
    }
    let mut back = letter(alice.mail, "aead");
    back["from"] = json!(hex_of(&BOB));
    back["to"] = json!(hex_of(&ALICE));
    back["to_sae"] = json!("alice");
    send_until(&bob, &back, "delivered").await;
    assert_eq!(receive(&alice).await.len(), 1);
    // The largest of each seal: a text of 16 KiB, and the key service's longest key.
    for (seal, most) in [("aead", 16_384), ("one-time", 2_048 - 32)] {
        let mut long = letter(bob.mail, seal);
        long["text"] = json!(STANDARD.encode(vec![0x5A; most]));
        send_until(&alice, &long, "delivered").await;
        assert_eq!(text(&receive(&bob).await[0]), vec![0x5A; most]);
    }
    let told = alice.get("/v1/letters").await;
    assert_eq!(told["received"], json!({ "waiting": 0, "in_all": 1 }));
    let sent = told["sent"].as_array().unwrap();
    assert_eq!(sent.len(), 4);
    assert!(sent.iter().all(|letter| letter["state"] == "delivered" && letter["to_sae"] == "bob"));
    let health = alice.get("/v1/health").await;
    let counts = json!({
        "sent": 4, "delivered": 4, "given_up": 0, "received": 1, "queued": 0, "waiting": 0,
    });
    assert_eq!(health["letters"], counts);
    assert_eq!(health["keys_drawn"], 5);
    assert_eq!(health["bits_drawn"], 256 * 3 + 8 * (7 + 32) + 16_384);
    let (_, metrics) = alice.bytes(Method::GET, "/v1/metrics", Vec::new()).await;
    let metrics = String::from_utf8(metrics.to_vec()).unwrap();
    for line in [
        "qedex_agent_letters_sent_total 4",
        "qedex_agent_letters_delivered_total 4",
        "qedex_agent_letters_given_up_total 0",
        "qedex_agent_letters_received_total 1",
        "qedex_agent_letters{state=\"queued\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_is_refused_in_words_and_draws_no_key() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    meet(&alice, &bob).await;
    let with = |name: &str, value: Value| {
        let mut letter = letter(bob.mail, "aead");
        letter[name] = value;
        letter
    };
    for (body, word) in [
        (json!({}), "missing field"),
        (with("from", json!("0x12")), "from is not"),
        (with("to", json!(hex_of(&[1; 31]))), "to is not"),
        (with("to", json!(hex_of(&ALICE))), "one account"),
        (with("to_sae", json!("")), "1 to 128 bytes"),
        (with("to_sae", json!("alice")), "own SAE"),
        (with("genesis", json!("9")), "genesis is not"),
        (with("mail", json!("127.0.0.1:80")), "mail is not"),
        (with("mail", json!("/".repeat(257))), "longer than 256"),
        (with("purpose", json!(256)), "invalid value"),
        (with("slot", json!(-1)), "invalid value"),
        (with("trade", json!("1")), "invalid type"),
        (with("seal", json!("rot13")), "unknown variant"),
        (with("text", json!("")), "1 to 16384 bytes"),
        (with("text", json!("?")), "not base64"),
        (with("text", json!(STANDARD.encode([0; 16_385]))), "1 to 16384 bytes"),
        (with("request", json!("7")), "UUID"),
        (with("more", json!(1)), "unknown field"),
        (with("to_sae", json!("nobody")), "not known"),
    ] {
        let (code, said) = send(&alice, &body).await;
        assert_eq!(code, StatusCode::BAD_REQUEST, "{said}");
        assert!(said["message"].as_str().unwrap().contains(word), "{said}");
    }
    let mut long = letter(bob.mail, "one-time");
    long["text"] = json!(STANDARD.encode([0; 2_048 - 31]));
    let (code, said) = send(&alice, &long).await;
    assert_eq!(code, StatusCode::BAD_REQUEST);
    assert!(said["message"].as_str().unwrap().contains("8 to 2048 bytes"), "{said}");
    for (name, value) in [("genesis", hex_of(&[8; 32])), ("from", hex_of(&[7; 32]))] {
        assert_eq!(send(&alice, &with(name, json!(value))).await.0, StatusCode::CONFLICT, "{name}");
    }
    let too_much = vec![b' '; 65_537];
    let (code, _) = alice.bytes(Method::POST, "/v1/letters", too_much).await;
    assert_eq!(code, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(field.link.told().is_empty());
    assert_eq!(alice.get("/v1/letters").await["sent"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_bring_is_refused_with_its_code_and_changes_nothing() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    let made_up = envelope([7; 16], &[1; 32], GENESIS);
    // Bob has heard nothing from his chain yet.
    assert_eq!(knock(&bob, made_up.clone()).await, StatusCode::SERVICE_UNAVAILABLE);
    meet(&alice, &bob).await;
    let altered = |place: usize, byte: u8| {
        let mut bytes = made_up.clone();
        bytes[place] = byte;
        bytes
    };
    let at = 32 + 10;
    for (what, bytes, code) in [
        ("nothing", vec![], StatusCode::BAD_REQUEST),
        ("half an envelope", made_up[..40].to_vec(), StatusCode::BAD_REQUEST),
        ("half a letter", made_up[..at + 114].to_vec(), StatusCode::BAD_REQUEST),
        ("an unknown version", altered(at, 2), StatusCode::BAD_REQUEST),
        ("an unknown seal", altered(at + 1, 3), StatusCode::BAD_REQUEST),
        ("an SAE of no letters", altered(33, 0xFF), StatusCode::BAD_REQUEST),
        ("too long a text", [&made_up[..], &[0; 65_536]].concat(), StatusCode::BAD_REQUEST),
        ("too long", [&made_up[..], &[0; 70_000]].concat(), StatusCode::PAYLOAD_TOO_LARGE),
        ("another account", altered(at + 34, 7), StatusCode::NOT_FOUND),
        ("another SAE", altered(at - 1, b'x'), StatusCode::NOT_FOUND),
        ("another chain", envelope([7; 16], &[1; 32], [8; 32]), StatusCode::CONFLICT),
    ] {
        assert_eq!(knock(&bob, bytes).await, code, "{what}");
    }
    assert_eq!(field.link.asked(), 0, "no key was asked for");
    assert_eq!(knock(&bob, made_up).await, StatusCode::FORBIDDEN, "a key that is made up");
    // The name of a true key over rubbish, before its session is on the chain.
    let (_, asked) = alice.json(Method::POST, "/v1/sessions", wish("hmac")).await;
    let name: uuid::Uuid = asked["key_IDs"][0].as_str().unwrap().parse().unwrap();
    let stolen = envelope(name.into_bytes(), &[1; 32], GENESIS);
    for _ in 0..2 {
        assert_eq!(knock(&bob, stolen.clone()).await, StatusCode::BAD_REQUEST);
    }
    assert_eq!(field.link.asked(), 2);
    // A letter that was taken.
    let sent = send_until(&alice, &letter(bob.mail, "aead"), "delivered").await;
    let key: uuid::Uuid = sent["key_ID"].as_str().unwrap().parse().unwrap();
    let again = envelope(key.into_bytes(), &[1; 32], GENESIS);
    assert_eq!(knock(&bob, again).await, StatusCode::CONFLICT, "under a key that was used");
    for (method, path) in [
        (Method::GET, "/v1/letters"),
        (Method::POST, "/v1/letters/receive"),
        (Method::POST, "/v1/letters/alice"),
    ] {
        let (code, _) = ask(bob.mail, None, method, path, vec![]).await;
        assert!(code == StatusCode::NOT_FOUND || code == StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(receive(&bob).await.len(), 1);
    // So many that are not authentic, and no more.
    let mut codes = Vec::new();
    for number in 100..250 {
        codes.push(knock(&bob, envelope([number; 16], &[1; 32], GENESIS)).await);
    }
    let refused = codes.iter().filter(|code| **code == StatusCode::TOO_MANY_REQUESTS).count();
    assert!(refused > 0, "{codes:?}");
    let others = codes.iter().filter(|code| **code == StatusCode::FORBIDDEN).count();
    assert_eq!(refused + others, codes.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_waits_for_its_reader_and_outlives_both_agents() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    meet(&alice, &bob).await;
    let mut settings = field.settings("bob");
    settings.mail = Some(bob.mail);
    bob.stop().await;
    let mut letter = letter(settings.mail.unwrap(), "aead");
    letter["request"] = json!("0193e0a5-0000-7000-8000-000000000003");
    let (code, sent) = send(&alice, &letter).await;
    assert_eq!((code, &sent["state"]), (StatusCode::ACCEPTED, &json!("queued")), "{sent}");
    assert!(sent["reason"].as_str().unwrap().contains("cannot be reached"), "{sent}");
    let (code, again) = send(&alice, &letter).await;
    assert_eq!((code, &again["key_ID"]), (StatusCode::ACCEPTED, &sent["key_ID"]));
    let mut other = letter.clone();
    other["text"] = json!(STANDARD.encode("1300 Wh"));
    assert_eq!(send(&alice, &other).await.0, StatusCode::CONFLICT);
    alice.stop().await;
    let (alice, bob) = (field.agent("alice").await, Running::start(settings).await);
    until(async || alice.get("/v1/letters").await["sent"][0]["state"] == "delivered").await;
    assert_eq!(
        send(&alice, &letter).await,
        (
            StatusCode::OK,
            json!({
                "number": sent["number"], "key_ID": sent["key_ID"], "state": "delivered", "reason": null,
            })
        )
    );
    let come = receive(&bob).await;
    assert_eq!((come.len(), text(&come[0])), (1, b"1200 Wh".to_vec()));
    assert_eq!(field.link.told().len(), 1, "one key");
}

async fn until(is_so: impl AsyncFn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !is_so().await {
        assert!(Instant::now() < end, "it does not become so");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_readers_key_service_is_down_the_writer_keeps_the_letter() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    meet(&alice, &bob).await;
    field.link.set_closed(true);
    assert_eq!(send(&alice, &letter(bob.mail, "aead")).await.0, StatusCode::BAD_GATEWAY);
    field.link.set_closed(false);
    // Nobody is there at first.
    let (_, sent) = send(&alice, &letter("127.0.0.1:1".parse().unwrap(), "aead")).await;
    assert_eq!(sent["state"], "queued");
    field.link.set_silent(true);
    // With the second letter both go to the new address.
    let (code, _) = send(&alice, &letter(bob.mail, "aead")).await;
    assert_eq!(code, StatusCode::ACCEPTED);
    let waits = async || {
        let told = alice.get("/v1/letters").await;
        told["sent"][0]["reason"].as_str().is_some_and(|why| why.contains("code 503"))
    };
    until(waits).await;
    assert!(receive(&bob).await.is_empty());
    field.link.set_silent(false);
    let done = async || {
        let told = alice.get("/v1/letters").await;
        told["sent"].as_array().unwrap().iter().all(|letter| letter["state"] == "delivered")
    };
    until(done).await;
    assert_eq!(receive(&bob).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_refused_for_good_is_given_up_and_says_why() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    meet(&alice, &bob).await;
    let mut wrong = letter(bob.mail, "aead");
    wrong["to"] = json!(hex_of(&[7; 32]));
    wrong["request"] = json!("0193e0a5-0000-7000-8000-000000000005");
    let sent = send_until(&alice, &wrong, "given-up").await;
    assert!(sent["reason"].as_str().unwrap().contains("code 404"), "{sent}");
    // Who asks again is told.
    let (code, said) = send(&alice, &wrong).await;
    assert_eq!(code, StatusCode::BAD_GATEWAY);
    assert!(said["message"].as_str().unwrap().contains("code 404"), "{said}");
    // The reader's next letter goes all the same.
    send_until(&alice, &letter(bob.mail, "aead"), "delivered").await;
    assert_eq!(alice.get("/v1/health").await["letters"]["given_up"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_inbox_keeps_letters_with_their_writer() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    meet(&alice, &bob).await;
    for _ in 0..64 {
        send_until(&alice, &letter(bob.mail, "aead"), "delivered").await;
    }
    assert_eq!(send(&alice, &letter(bob.mail, "aead")).await.0, StatusCode::ACCEPTED);
    let waits = async || {
        let sent = alice.get("/v1/letters").await["sent"][64].clone();
        sent["reason"].as_str().is_some_and(|why| why.contains("code 503"))
    };
    until(waits).await;
    assert_eq!(bob.get("/v1/letters").await["received"], json!({ "waiting": 64, "in_all": 64 }));
    assert_eq!(receive(&bob).await.len(), 64);
    until(async || bob.get("/v1/letters").await["received"]["waiting"] == 1).await;
    let done = async || alice.get("/v1/health").await["letters"]["delivered"] == 65;
    until(done).await;
    assert_eq!(field.link.asked(), 65, "no key was asked for without a place");
}

//! From a wish to texts in both directions, over every door.

use super::field::{Field, Running};
use base64::{Engine, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use q_sah::{Message1, Message2, Suite};
use qedex_primitives::{
    OwnerId,
    agent::{News, SessionNews, Step, Steps},
    qkd::{EnrolmentId, Session, SessionId, SessionParty, SessionStage, WorkerStep},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

pub const ALICE: [u8; 32] = [1; 32];
pub const BOB: [u8; 32] = [2; 32];
const ID: SessionId = SessionId(7);

pub fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

pub fn wish(suite: &str) -> Value {
    json!({
        "from": hex_of(&ALICE), "to": hex_of(&BOB), "to_sae": "bob", "suite": suite,
        "least_number": 5, "genesis": hex_of(&[9; 32]),
    })
}

/// The news of one session.
pub fn news(
    account: [u8; 32],
    message1: &[u8],
    stage: SessionStage<u64>,
    mail: [std::net::SocketAddr; 2],
) -> News {
    let parsed = Message1::parse(message1).unwrap();
    let party =
        |account| SessionParty { account, owner: OwnerId(account), enrolment: EnrolmentId(0) };
    let session = Session {
        from: party(ALICE),
        to: party(BOB),
        suite: parsed.suite().code(),
        number: parsed.number().0,
        expires: 1 << 42,
        stage,
    };
    let bytes = |text: String| text.into_bytes();
    let mail = mail.map(|at| bytes(format!("/ip4/{}/tcp/{}", at.ip(), at.port())));
    let here = SessionNews::Here {
        id: ID,
        session,
        saes: ["alice", "bob"].map(|sae| Some(sae.as_bytes().to_vec().try_into().unwrap())),
        mail: mail.map(|address| Some(address.try_into().unwrap())),
        ended: None,
    };
    News {
        genesis: [9; 32].into(),
        account,
        block: 1,
        now: 0,
        last_number: 0,
        sessions: vec![here],
        beacon: None,
        ledger: None,
    }
}

/// Asks until there is a step, as a worker does block after block.
pub async fn step(agent: &Running, news: &News) -> Step {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let Steps { mut steps, .. } = agent.news(news).await;
        if let Some(step) = steps.pop() {
            return step;
        }
        assert!(Instant::now() < end, "no step came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Message 1 of a session that A opens.
pub async fn open(alice: &Running, suite: &str) -> Vec<u8> {
    let (code, asked) = alice.json(Method::POST, "/v1/sessions", wish(suite)).await;
    assert_eq!(code, StatusCode::OK, "{asked}");
    hex::decode(&asked["message1"].as_str().unwrap()[2..]).unwrap()
}

/// Takes a session from message 1 to open at both ends. Gives what the chain has of it then.
pub async fn finish(alice: &Running, bob: &Running, message1: &[u8]) -> SessionStage<u64> {
    let mail = [alice.mail, bob.mail];
    let first = message1.to_vec().try_into().unwrap();
    let requested = SessionStage::Requested { message1: first, until: 9 };
    let accept = step(bob, &news(BOB, message1, requested, mail)).await;
    assert_eq!((accept.session, accept.step), (ID, WorkerStep::Accept));
    let first = message1.to_vec().try_into().unwrap();
    let message2 = accept.message.clone().try_into().unwrap();
    let accepted = SessionStage::Accepted { message1: first, message2, until: 9 };
    let confirm = step(alice, &news(ALICE, message1, accepted, mail)).await;
    assert_eq!((confirm.session, confirm.step), (ID, WorkerStep::Confirm));
    let suite = Suite::from_code(message1[1]).unwrap();
    let confirmation = Message2::parse(suite, &accept.message).unwrap().confirmation;
    let message3 = confirm.message.try_into().unwrap();
    let open = SessionStage::Open { confirmation, message3, since: 3 };
    for (agent, account) in [(alice, ALICE), (bob, BOB)] {
        assert_eq!(agent.watched().await.sessions, [ID]);
        assert!(agent.news(&news(account, message1, open.clone(), mail)).await.steps.is_empty());
        assert_eq!(agent.get("/v1/sessions/7").await["state"], "open");
    }
    open
}

async fn receive(agent: &Running) -> Vec<Vec<u8>> {
    let path = "/v1/sessions/7/receive";
    let (code, received) = agent.json(Method::POST, path, Value::Null).await;
    assert_eq!(code, StatusCode::OK);
    let last = received["texts"].as_array().unwrap().last();
    let has = last.map_or(0, |text| text["counter"].as_u64().unwrap() + 1);
    assert_eq!(agent.json(Method::POST, path, json!({ "has": has })).await.0, StatusCode::OK);
    let text = |entry: &Value| STANDARD.decode(entry["text"].as_str().unwrap()).unwrap();
    received["texts"].as_array().unwrap().iter().map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_open_a_session_and_speak_in_it() {
    let field = Field::start().await;
    for suite in ["hmac", "one-time"] {
        let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
        let message1 = open(&alice, suite).await;
        finish(&alice, &bob, &message1).await;
        let long = vec![0x5A; 16_384];
        for (text, counter) in [(&b"1200 Wh"[..], 0), (&long, 1)] {
            let sent = alice.bytes(Method::POST, "/v1/sessions/7/send", text.to_vec()).await;
            assert_eq!(sent.0, StatusCode::OK, "{:?}", sent.1);
            assert_eq!(
                serde_json::from_slice::<Value>(&sent.1).unwrap(),
                json!({ "counter": counter })
            );
        }
        bob.bytes(Method::POST, "/v1/sessions/7/send", b"thanks".to_vec()).await;
        assert_eq!(receive(&bob).await, [b"1200 Wh".to_vec(), long]);
        assert_eq!(receive(&alice).await, [b"thanks"]);
        assert!(receive(&bob).await.is_empty());
        let view = alice.get("/v1/sessions/7").await;
        assert_eq!((&view["sent"], &view["received"]), (&json!(2), &json!(1)));
        assert_eq!((&view["role"], &view["peer_sae"]), (&json!("A"), &json!("bob")));
        let health = bob.get("/v1/health").await;
        assert_eq!((&health["sae_ID"], &health["sessions"]["open"]), (&json!("bob"), &json!(1)));
        assert!(health["handshake_mean_ms"].is_u64(), "{health}");
        let (_, metrics) = bob.bytes(Method::GET, "/v1/metrics", Vec::new()).await;
        let metrics = String::from_utf8(metrics.to_vec()).unwrap();
        assert!(metrics.contains("qedex_agent_sessions{state=\"open\"} 1"), "{metrics}");
        for agent in [alice, bob] {
            let (code, _) = agent.json(Method::DELETE, "/v1/sessions/7", Value::Null).await;
            assert_eq!(code, StatusCode::NO_CONTENT);
            assert_eq!(agent.get("/v1/sessions").await[0]["state"], "ended");
            agent.stop().await;
        }
        for sae in ["alice", "bob"] {
            std::fs::remove_dir_all(field.folder.path().join(format!("{sae}.store"))).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_delivered_waits_and_outlives_both_agents() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    let message1 = open(&alice, "hmac").await;
    let stage = finish(&alice, &bob, &message1).await;
    let mut settings = field.settings("bob");
    settings.mail = Some(bob.mail);
    bob.stop().await;
    for (queued, text) in [(1, "one"), (2, "two")] {
        let sent = alice.bytes(Method::POST, "/v1/sessions/7/send", text.into()).await;
        assert_eq!(sent.0, StatusCode::ACCEPTED);
        let told: Value = serde_json::from_slice(&sent.1).unwrap();
        assert_eq!(told, json!({ "counter": queued - 1, "queued": queued }));
    }
    let reason = alice.get("/v1/sessions/7").await["reason"].as_str().unwrap().to_owned();
    assert!(reason.contains("cannot be reached"), "{reason}");
    alice.stop().await;
    let (alice, bob) = (field.agent("alice").await, Running::start(settings).await);
    for (agent, account) in [(&alice, ALICE), (&bob, BOB)] {
        agent.news(&news(account, &message1, stage.clone(), [alice.mail, bob.mail])).await;
    }
    let end = Instant::now() + Duration::from_secs(20);
    while alice.get("/v1/sessions/7").await["queued"] != 0 {
        assert!(Instant::now() < end, "it is not delivered");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(receive(&bob).await, [b"one", b"two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_worker_does_not_wait_for_a_slow_key_service() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    let message1 = open(&alice, "hmac").await;
    field.link.set_delay(Duration::from_secs(2));
    let first = message1.clone().try_into().unwrap();
    let requested = SessionStage::Requested { message1: first, until: 9 };
    let told = news(BOB, &message1, requested, [alice.mail, bob.mail]);
    let began = Instant::now();
    for _ in 0..10 {
        assert!(bob.news(&told).await.steps.is_empty());
    }
    assert!(began.elapsed() < Duration::from_millis(1_500));
    step(&bob, &told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_service_that_fails_for_a_while_is_asked_again() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    let message1 = open(&alice, "one-time").await;
    field.link.set_closed(true);
    let (code, said) = alice.json(Method::POST, "/v1/sessions", wish("hmac")).await;
    assert_eq!(code, StatusCode::BAD_GATEWAY);
    assert!(said["message"].as_str().unwrap().contains("closed"), "{said}");
    let first = message1.clone().try_into().unwrap();
    let requested = SessionStage::Requested { message1: first, until: 9 };
    let told = news(BOB, &message1, requested, [alice.mail, bob.mail]);
    assert!(bob.news(&told).await.steps.is_empty());
    let end = Instant::now() + Duration::from_secs(20);
    while bob.get("/v1/health").await["kme_failure"].is_null() {
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    field.link.set_closed(false);
    step(&bob, &told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_is_made_again_gets_the_same_message() {
    let field = Field::start().await;
    let alice = field.agent("alice").await;
    let mut wish = wish("one-time");
    wish["request"] = json!("0193e0a5-0000-7000-8000-000000000001");
    let (_, first) = alice.json(Method::POST, "/v1/sessions", wish.clone()).await;
    let (code, again) = alice.json(Method::POST, "/v1/sessions", wish.clone()).await;
    assert_eq!((code, &again), (StatusCode::OK, &first));
    assert_eq!(field.link.told().len(), 4);
    assert_eq!(first["key_IDs"].as_array().unwrap().len(), 4);
    let name = format!("/v1/sessions/asked-{}", first["number"]);
    assert_eq!(alice.get(&name).await["state"], "asked");
    wish["to_sae"] = json!("carol");
    let (code, _) = alice.json(Method::POST, "/v1/sessions", wish).await;
    assert_eq!(code, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_goes_away_does_not_take_drawn_keys_along() {
    let field = Field::start().await;
    let alice = field.agent("alice").await;
    let mut wish = wish("hmac");
    wish["request"] = json!("0193e0a5-0000-7000-8000-000000000002");
    field.link.set_delay(Duration::from_secs(1));
    let ask = || alice.json(Method::POST, "/v1/sessions", wish.clone());
    assert!(tokio::time::timeout(Duration::from_millis(300), ask()).await.is_err());
    let (code, said) = ask().await;
    assert_eq!(code, StatusCode::CONFLICT);
    assert!(said["message"].as_str().unwrap().contains("under way"), "{said}");
    let end = Instant::now() + Duration::from_secs(20);
    while ask().await.0 != StatusCode::OK {
        assert!(Instant::now() < end, "it is never granted");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(field.link.told().len(), 1);
}

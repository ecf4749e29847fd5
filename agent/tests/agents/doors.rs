//! What the doors refuse.

use super::{
    field::{Field, Running, ask},
    sessions::{finish, hex_of, open, wish},
};
use codec::Encode;
use http::{Method, StatusCode};
use qedex_agent::{Agent, AgentError};
use qedex_primitives::agent::{NEWS_PATH, News, WATCHED_PATH};
use serde_json::{Value, json};
use std::{os::unix::fs::PermissionsExt, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test(flavor = "multi_thread")]
async fn without_its_token_nothing_is_answered() {
    let field = Field::start().await;
    let alice = field.agent("alice").await;
    let file = field.folder.path().join("alice.token");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(file).unwrap(), *alice.token);
    let wrong = format!("Bearer {}", "0".repeat(64));
    let bare = alice.token.to_string();
    let short = format!("Bearer {}", &alice.token[..63]);
    let (user, worker) =
        (format!("Bearer {}", *alice.token), format!("Bearer {}", *alice.worker_token));
    // Neither opens what is the other's.
    for (shown, method, path) in [
        (&user, Method::GET, WATCHED_PATH),
        (&user, Method::POST, NEWS_PATH),
        (&worker, Method::GET, "/v1/health"),
        (&worker, Method::GET, "/v1/sessions"),
        (&worker, Method::POST, "/v1/sessions"),
        (&worker, Method::POST, "/v1/sessions/7/receive"),
    ] {
        let (code, _) = ask(alice.address, Some(shown), method, path, Vec::new()).await;
        assert_eq!(code, StatusCode::UNAUTHORIZED, "{path}");
    }
    for shown in [None, Some(""), Some("Bearer "), Some(&bare), Some(&wrong), Some(&short)] {
        for (method, path) in [
            (Method::GET, "/v1/health"),
            (Method::GET, "/v1/metrics"),
            (Method::GET, WATCHED_PATH),
            (Method::POST, NEWS_PATH),
            (Method::POST, "/v1/sessions"),
            (Method::POST, "/v1/sessions/7/send"),
            (Method::GET, "/v1/letters"),
            (Method::POST, "/v1/letters"),
            (Method::POST, "/v1/letters/receive"),
            (Method::POST, "/v1/mail/7"),
            (Method::GET, "/nothing"),
        ] {
            let body = wish("hmac").to_string().into_bytes();
            let (code, body) = ask(alice.address, shown, method, path, body).await;
            assert_eq!((code, body.len()), (StatusCode::UNAUTHORIZED, 0), "{path}");
        }
    }
    assert!(field.link.told().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn rubbish_is_refused_in_words_and_draws_no_key() {
    let field = Field::start().await;
    let alice = field.agent("alice").await;
    let with = |name: &str, value: Value| {
        let mut wish = wish("hmac");
        wish[name] = value;
        wish
    };
    for (body, word) in [
        (json!({}), "missing field"),
        (with("from", json!("0x12")), "from is not"),
        (with("to", json!(hex_of(&[1; 31]))), "to is not"),
        (with("genesis", json!("9".repeat(64))), "genesis is not"),
        (with("to", json!(hex_of(&[1; 32]))), "one account"),
        (with("to_sae", json!("")), "1 to 128 bytes"),
        (with("to_sae", json!("alice")), "own SAE"),
        (with("suite", json!("rot13")), "unknown variant"),
        (with("least_number", json!(-1)), "invalid value"),
        (with("least_number", json!(u64::MAX)), "a day ahead"),
        (with("request", json!("7")), "UUID"),
        (with("more", json!(1)), "unknown field"),
        (with("to_sae", json!("nobody")), "not known"),
    ] {
        let (code, said) = alice.json(Method::POST, "/v1/sessions", body).await;
        assert_eq!(code, StatusCode::BAD_REQUEST, "{said}");
        assert!(said["message"].as_str().unwrap().contains(word), "{said}");
    }
    for (method, path, body, code) in [
        (Method::POST, NEWS_PATH, vec![1, 2, 3], StatusCode::BAD_REQUEST),
        (Method::POST, NEWS_PATH, vec![], StatusCode::BAD_REQUEST),
        (Method::GET, "/v1/sessions/7", vec![], StatusCode::NOT_FOUND),
        (Method::GET, "/v1/sessions/x", vec![], StatusCode::NOT_FOUND),
        (Method::GET, "/v1/sessions/-1", vec![], StatusCode::NOT_FOUND),
        (Method::POST, "/v1/sessions/7/send", vec![1], StatusCode::NOT_FOUND),
        (Method::POST, "/v1/sessions/7/send", vec![], StatusCode::BAD_REQUEST),
        (Method::POST, "/v1/sessions/7/send", vec![1; 16_385], StatusCode::BAD_REQUEST),
        (Method::POST, "/v1/sessions/7/send", vec![1; 65_537], StatusCode::PAYLOAD_TOO_LARGE),
        (Method::POST, NEWS_PATH, vec![0; 65_537], StatusCode::PAYLOAD_TOO_LARGE),
        (Method::DELETE, "/v1/sessions/7", vec![], StatusCode::NOT_FOUND),
        (Method::PUT, "/v1/sessions", vec![], StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let (told, _) = alice.bytes(method, path, body).await;
        assert_eq!(told, code, "{path}");
    }
    assert!(field.link.told().is_empty());
    let (code, _) = alice.json(Method::POST, "/v1/sessions", wish("hmac")).await;
    assert_eq!(code, StatusCode::OK);
    let mut news = News {
        genesis: [9; 32].into(),
        account: [1; 32],
        block: 1,
        now: 0,
        last_number: 0,
        sessions: vec![],
        beacon: None,
        ledger: None,
    };
    let (code, _) = alice.bytes(Method::POST, NEWS_PATH, news.encode()).await;
    assert_eq!(code, StatusCode::OK);
    news.genesis = [8; 32].into();
    let (code, _) = alice.bytes(Method::POST, NEWS_PATH, news.encode()).await;
    assert_eq!(code, StatusCode::CONFLICT, "another chain");
    news.genesis = [9; 32].into();
    let behind = [news.encode(), vec![0]].concat();
    let (code, _) = alice.bytes(Method::POST, NEWS_PATH, behind).await;
    assert_eq!(code, StatusCode::BAD_REQUEST, "something behind the news");
}

/// Sends these bytes, and gives what comes back until the other end closes.
async fn raw(address: std::net::SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut told = Vec::new();
    let read = stream.read_to_end(&mut told);
    let _ = tokio::time::timeout(Duration::from_secs(15), read).await.unwrap();
    String::from_utf8_lossy(&told).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn half_requests_do_no_harm() {
    let field = Field::start().await;
    let alice = field.agent("alice").await;
    let head = format!(
        "POST /v1/sessions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 400\r\n\r\n",
        *alice.token
    );
    let half = format!("{head}{{\"from\":");
    for bytes in ["", "POST", &head[..30], &half, "\r\n\r\n", "GET / HTTP/9\r\n\r\n"] {
        let told = raw(alice.address, bytes.as_bytes()).await;
        assert!(!told.contains(" 200 "), "{told}");
        raw(alice.mail, bytes.as_bytes()).await;
    }
    // Ten megabytes: as a head, and as a body of which only the beginning is read.
    let endless = vec![b'a'; 10 << 20];
    let length = format!("content-length: {}", endless.len());
    let head = head.replace("content-length: 400", &length);
    for (address, head) in [
        (alice.mail, ""),
        (
            alice.mail,
            "POST /v1/mail/7 HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nA00000\r\n",
        ),
        (alice.address, head.as_str()),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        assert!(stream.write_all(&endless).await.is_err(), "it was read to its end");
    }
    assert_eq!(alice.get("/v1/sessions").await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_at_the_door_for_mail_change_nothing() {
    let field = Field::start().await;
    let (alice, bob) = (field.agent("alice").await, field.agent("bob").await);
    let message1 = open(&alice, "hmac").await;
    let mail =
        async |path: &str, body: Vec<u8>| ask(bob.mail, None, Method::POST, path, body).await.0;
    assert_eq!(mail("/v1/mail/7", vec![0; 30]).await, StatusCode::NOT_FOUND);
    finish(&alice, &bob, &message1).await;
    let mut later = vec![0; 60];
    later[0] = 1;
    for (path, frame, code) in [
        ("/v1/mail/7", vec![0; 60], StatusCode::BAD_REQUEST),
        ("/v1/mail/7", vec![], StatusCode::BAD_REQUEST),
        ("/v1/mail/7", later, StatusCode::CONFLICT),
        ("/v1/mail/8", vec![0; 60], StatusCode::NOT_FOUND),
        ("/v1/mail/x", vec![0; 60], StatusCode::BAD_REQUEST),
        ("/v1/mail/7", vec![0; 65_561], StatusCode::PAYLOAD_TOO_LARGE),
        ("/v1/sessions", vec![], StatusCode::NOT_FOUND),
        ("/v1/worker/news", vec![], StatusCode::NOT_FOUND),
    ] {
        assert_eq!(mail(path, frame).await, code, "{path}");
    }
    let sent = alice.bytes(Method::POST, "/v1/sessions/7/send", b"x".to_vec()).await;
    assert_eq!(sent.0, StatusCode::OK);
    assert_eq!(bob.get("/v1/sessions/7").await["unread"], 1);
    // Who knows the counter of a frame that was taken has not the frame.
    assert_eq!(mail("/v1/mail/7", vec![0; 60]).await, StatusCode::BAD_REQUEST);
    assert_eq!(bob.get("/v1/sessions/7").await["unread"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_listens_on_loopback_alone_for_an_sae_alone_and_once_on_a_store() {
    let field = Field::start().await;
    let mut wide = field.settings("alice");
    wide.listen = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(Agent::bind(wide).await.err(), Some(AgentError::NotLoopback(_))));
    let mut kme = field.settings("alice");
    kme.sae.certificate = field.folder.path().join("kme-kme-a.pem");
    kme.sae.key = field.folder.path().join("kme-kme-a.key");
    assert!(matches!(Agent::bind(kme).await.err(), Some(AgentError::NotAnSae(_))));
    let alice = field.agent("alice").await;
    let again = Agent::bind(field.settings("alice")).await.err();
    assert!(matches!(again, Some(AgentError::Folder { .. })), "{again:?}");
    let first = alice.token.clone();
    alice.stop().await;
    let alice = Running::start(field.settings("alice")).await;
    assert_ne!(alice.token, first, "each start draws a token");
}

//! The agent over its loopback door.

use std::{net::SocketAddr, os::unix::fs::PermissionsExt, path::PathBuf, sync::Arc};

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use qkms::agent::{Agent, AgentError, Settings, Vault};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use uuid::Uuid;

use super::field::Field;

struct Running {
    address: SocketAddr,
    token: String,
    vault: Arc<Vault>,
}

fn settings(field: &Field, sae: &str, max_keys: usize) -> Settings {
    Settings {
        listen: "127.0.0.1:0".parse().unwrap(),
        token_file: token_file(field, sae),
        max_keys,
        peers: vec!["bob".parse().unwrap(), "nobody".parse().unwrap()],
        sae: field.client_settings(sae),
    }
}

fn token_file(field: &Field, sae: &str) -> PathBuf {
    field.folder.path().join(format!("{sae}.token"))
}

async fn start(field: &Field, sae: &str, max_keys: usize) -> Running {
    let agent = Agent::bind(settings(field, sae, max_keys)).await.unwrap();
    let (address, vault) = (agent.local_addr(), agent.vault());
    tokio::spawn(agent.run(std::future::pending()));
    let token = std::fs::read_to_string(token_file(field, sae)).unwrap();
    Running { address, token, vault }
}

impl Running {
    async fn ask(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let token = format!("Bearer {}", self.token);
        let (code, body) = self.ask_with(Some(&token), method, path, body).await;
        (code, if body.is_empty() { Value::Null } else { serde_json::from_slice(&body).unwrap() })
    }

    async fn ask_with(
        &self,
        authorization: Option<&str>,
        method: Method,
        path: &str,
        body: Value,
    ) -> (StatusCode, Bytes) {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let request = request.header("content-type", "application/json");
        let body = Full::new(Bytes::from(body.to_string()));
        let response = sender.send_request(request.body(body).unwrap()).await.unwrap();
        let code = response.status();
        (code, response.into_body().collect().await.unwrap().to_bytes())
    }
}

#[tokio::test]
async fn two_agents_come_to_hold_the_same_keys_and_tell_only_their_identities() {
    let field = Field::start().await;
    let (alice, bob) = (start(&field, "alice", 100).await, start(&field, "bob", 100).await);
    let draw = json!({ "number": 5, "size": 512 });
    let (code, drawn) = alice.ask(Method::POST, "/v1/peers/bob/draw", draw).await;
    assert_eq!(code, StatusCode::OK);
    assert_eq!(drawn.as_object().unwrap().keys().collect::<Vec<_>>(), ["key_IDs"]);
    let ids: Vec<Uuid> = serde_json::from_value(drawn["key_IDs"].clone()).unwrap();
    assert_eq!(ids.len(), 5);
    let (code, collected) =
        bob.ask(Method::POST, "/v1/peers/alice/collect", json!({ "key_IDs": ids })).await;
    assert_eq!((code, &collected), (StatusCode::OK, &drawn));
    let (of_alice, of_bob) = ("bob".parse().unwrap(), "alice".parse().unwrap());
    for id in &ids[1..] {
        let key = alice.vault.take(&of_alice, *id).unwrap();
        assert_eq!(key.bytes.len(), 64);
        assert_eq!(bob.vault.take(&of_bob, *id).unwrap(), key);
        assert!(alice.vault.take(&of_alice, *id).is_none(), "a key is taken once");
    }
    assert!(alice.vault.take(&of_bob, ids[0]).is_none(), "shared with another SAE");
    assert_eq!((alice.vault.held(), bob.vault.held()), (1, 1));
    let path = format!("/v1/keys/{}", ids[0]);
    assert_eq!(alice.ask(Method::DELETE, &path, json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(alice.ask(Method::DELETE, &path, json!({})).await.0, StatusCode::NOT_FOUND);
    assert_eq!(alice.vault.held(), 0);
}

#[tokio::test]
async fn pools_and_health_are_told() {
    let field = Field::start().await;
    let alice = start(&field, "alice", 100).await;
    let (_, health) = alice.ask(Method::GET, "/v1/health", json!({})).await;
    assert_eq!(health["sae_ID"], "alice");
    let days = health["certificate_valid_days"].as_i64().unwrap();
    assert!((29..=30).contains(&days), "{days}");
    assert!(health["kme_answered_s_ago"].is_null());
    alice.ask(Method::POST, "/v1/peers/bob/draw", json!({ "number": 2 })).await;
    let (code, pools) = alice.ask(Method::GET, "/v1/pools", json!({})).await;
    assert_eq!(code, StatusCode::OK);
    assert_eq!((&pools[0]["peer"], &pools[0]["held_keys"]), (&json!("bob"), &json!(2)));
    assert_eq!(pools[0]["status"]["stored_key_count"], 9_998);
    assert!(pools[1]["status"].is_null());
    assert!(pools[1]["failure"].as_str().unwrap().contains("nobody is not known"));
    let (_, health) = alice.ask(Method::GET, "/v1/health", json!({})).await;
    assert_eq!((&health["kme_answered_s_ago"], &health["held_keys"]), (&json!(0), &json!(2)));
}

#[tokio::test]
async fn a_kme_that_is_gone_is_502_and_shows_in_the_health() {
    let field = Field::start().await;
    let mut settings = settings(&field, "alice", 100);
    settings.sae.kme_url = "https://localhost:1".into();
    let agent = Agent::bind(settings).await.unwrap();
    let (address, vault) = (agent.local_addr(), agent.vault());
    tokio::spawn(agent.run(std::future::pending()));
    let token = std::fs::read_to_string(token_file(&field, "alice")).unwrap();
    let alice = Running { address, token, vault };
    let (code, _) = alice.ask(Method::POST, "/v1/peers/bob/draw", json!({})).await;
    assert_eq!(code, StatusCode::BAD_GATEWAY);
    let (_, health) = alice.ask(Method::GET, "/v1/health", json!({})).await;
    assert_eq!(health["kme_failed_s_ago"], 0);
    assert!(health["kme_failure"].as_str().unwrap().contains("no connection"));
}

#[tokio::test]
async fn what_it_cannot_hold_it_does_not_draw() {
    let field = Field::start().await;
    let alice = start(&field, "alice", 10).await;
    let (code, _) = alice.ask(Method::POST, "/v1/peers/bob/draw", json!({ "number": 8 })).await;
    assert_eq!(code, StatusCode::OK);
    for number in [3_u32, u32::MAX] {
        let draw = json!({ "number": number });
        let (code, said) = alice.ask(Method::POST, "/v1/peers/bob/draw", draw).await;
        assert_eq!(code, StatusCode::CONFLICT);
        assert!(said["message"].as_str().unwrap().contains("10 is the most"));
    }
    assert_eq!(field.link.left(), 9_992);
    // A refusal by the KME gives the places back.
    let (code, _) = alice.ask(Method::POST, "/v1/peers/nobody/draw", json!({ "number": 2 })).await;
    assert_eq!(code, StatusCode::BAD_REQUEST);
    let (code, _) = alice.ask(Method::POST, "/v1/peers/bob/draw", json!({ "number": 2 })).await;
    assert_eq!(code, StatusCode::OK);
}

#[tokio::test]
async fn without_its_token_nothing_is_answered() {
    let field = Field::start().await;
    let alice = start(&field, "alice", 10).await;
    let mode = std::fs::metadata(token_file(&field, "alice")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(alice.token.len(), 64);
    let wrong = format!("Bearer {}", "0".repeat(64));
    let short = format!("Bearer {}", &alice.token[..63]);
    let long = format!("Bearer {}0", alice.token);
    for shown in [
        None,
        Some(""),
        Some("Bearer "),
        Some(&*alice.token),
        Some(&wrong),
        Some(&short),
        Some(&long),
    ] {
        for (method, path) in [
            (Method::GET, "/v1/health"),
            (Method::GET, "/v1/pools"),
            (Method::POST, "/v1/peers/bob/draw"),
            (Method::GET, "/nothing"),
        ] {
            let (code, body) = alice.ask_with(shown, method, path, json!({})).await;
            assert_eq!((code, body.len()), (StatusCode::UNAUTHORIZED, 0), "{path}");
        }
    }
    assert_eq!(field.link.left(), 10_000);
    let before = alice.token.clone();
    assert_ne!(start(&field, "alice", 10).await.token, before, "each start draws a token");
}

#[tokio::test]
async fn bad_requests_to_the_agent_are_refused_and_draw_nothing() {
    let field = Field::start().await;
    let alice = start(&field, "alice", 10).await;
    for (path, body) in [
        ("/v1/peers/bob/draw", json!({ "number": -1 })),
        ("/v1/peers/bob/draw", json!({ "numbre": 1 })),
        ("/v1/peers/%00/draw", json!({})),
        ("/v1/peers/bob/collect", json!({})),
        ("/v1/peers/bob/collect", json!({ "key_IDs": ["x"] })),
        ("/v1/peers/bob/draw", json!({ "number": 1, "size": 7 })),
    ] {
        let token = format!("Bearer {}", alice.token);
        let (code, _) = alice.ask_with(Some(&token), Method::POST, path, body.clone()).await;
        assert!(code.is_client_error(), "{path} {body}: {code}");
    }
    assert_eq!(field.link.left(), 10_000);
}

#[tokio::test]
async fn it_listens_on_loopback_alone_and_for_an_sae_alone() {
    let field = Field::start().await;
    let mut wide = settings(&field, "alice", 10);
    wide.listen = "0.0.0.0:0".parse().unwrap();
    assert!(matches!(Agent::bind(wide).await.err(), Some(AgentError::NotLoopback(_))));
    let mut kme = settings(&field, "alice", 10);
    let issued = field.issued("kme-kme-a");
    (kme.sae.certificate, kme.sae.key) = (issued.certificate, issued.key);
    assert!(matches!(Agent::bind(kme).await.err(), Some(AgentError::NotAnSae(_))));
}

//! The library's client against the door.

use std::collections::BTreeSet;

use qkms::client::{Client, Error, KeyRequest, SetupError};
use qkms::kme::service::{Refusal, SaeId};
use serde_json::json;
use uuid::Uuid;

use super::field::Field;

fn sae(id: &str) -> SaeId {
    id.parse().unwrap()
}

#[tokio::test]
async fn master_and_slaves_get_the_same_keys() {
    let field = Field::start().await;
    let (alice, weird) = (field.client("alice"), field.client("we/ird é"));
    let status = alice.status(&sae("we/ird é")).await.unwrap();
    assert_eq!((status.slave_sae_id.as_str(), status.stored_key_count), ("we/ird é", 10_000));
    assert!(!status.is_local());
    let request = KeyRequest {
        number: Some(3),
        size: Some(512),
        additional_slaves: vec![sae("dave")],
        mandatory: vec![json!({ "qkms_route": "direct" })],
        optional: vec![json!({ "abc_unknown": null })],
    };
    let drawn = alice.enc_keys(&sae("we/ird é"), &request).await.unwrap();
    assert!(drawn.iter().all(|key| key.bytes.len() == 64 && !key.local));
    let ids: Vec<_> = drawn.iter().map(|key| key.id).collect();
    assert_eq!(weird.dec_keys(&sae("alice"), &ids).await.unwrap(), drawn);
    assert_eq!(field.client("dave").dec_keys(&sae("alice"), &ids).await.unwrap(), drawn);
    let local = alice.enc_keys(&sae("carol"), &KeyRequest::default()).await.unwrap();
    assert!(local[0].local);
}

#[tokio::test]
async fn each_refusal_is_an_error_of_its_own_kind() {
    let field = Field::start().await;
    let alice = field.client("alice");
    let uneven = KeyRequest { size: Some(7), ..KeyRequest::default() };
    let refused = alice.enc_keys(&sae("bob"), &uneven).await;
    let Err(Error::Refused(said)) = refused else { panic!("{refused:?}") };
    assert_eq!(said.message, "size shall be a multiple of 8");
    let drawn = alice.enc_keys(&sae("bob"), &KeyRequest::default()).await.unwrap();
    let unnamed = field.client("dave").dec_keys(&sae("alice"), &[drawn[0].id]).await;
    assert!(matches!(unnamed, Err(Error::Unauthorised)));
    let unknown = field.client("bob").dec_keys(&sae("alice"), &[Uuid::new_v4()]).await;
    assert!(matches!(unknown, Err(Error::Refused(_))));
    field.link.refuse_with(Refusal::LinkClosed);
    let closed = alice.enc_keys(&sae("bob"), &KeyRequest::default()).await;
    assert!(matches!(closed, Err(Error::Unavailable(said)) if said.message.contains("closed")));
}

#[tokio::test]
async fn a_kme_that_is_not_there_or_never_answers_is_an_error_in_time() {
    let field = Field::start().await;
    let mut settings = field.client_settings("alice");
    settings.timeout_s = 1;
    settings.kme_url = "https://localhost:1".into();
    let nobody = Client::new(&settings).unwrap().status(&sae("bob")).await;
    assert!(matches!(nobody, Err(Error::Connection(_))));
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    settings.kme_url = format!("https://localhost:{}", mute.local_addr().unwrap().port());
    let mute = Client::new(&settings).unwrap().status(&sae("bob")).await;
    assert!(matches!(mute, Err(Error::Timeout)));
    for url in ["http://localhost", "localhost:1", "https://", "https://h/path", "https://h?x=1"] {
        settings.kme_url = url.into();
        assert!(matches!(Client::new(&settings), Err(SetupError::Url(_))), "{url}");
    }
}

#[tokio::test]
async fn two_clients_at_once_never_get_the_same_key() {
    let field = Field::start().await;
    let alice = field.client("alice");
    let request = KeyRequest { number: Some(8), ..KeyRequest::default() };
    let bob = sae("bob");
    let draws = (0..32).map(|_| alice.enc_keys(&bob, &request));
    let mut seen = BTreeSet::new();
    for keys in futures::future::join_all(draws).await {
        for key in keys.unwrap() {
            assert!(seen.insert(key.bytes.to_vec()));
        }
    }
    assert_eq!(seen.len(), 256);
}

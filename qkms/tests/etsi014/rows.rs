//! ETSI GS QKD 014 V1.1.1, row by row.

use http::{Method, StatusCode};
use qkms::kme::service::Refusal;
use rustls::ProtocolVersion;
use serde_json::{Value, json};

use super::{field::Field, memory};

const UNSUPPORTED: &str = "not all extension_mandatory parameters are supported";
const UNMET: &str = "not all extension_mandatory request options could be met";
const NOT_FOUND: &str = "one or more keys specified are not found on KME";

#[tokio::test]
async fn tls_1_2_and_1_3_are_served_over_http_1_1_with_json() {
    let field = Field::start().await;
    let issued = field.issued("sae-alice");
    for (version, expected) in [
        (&rustls::version::TLS12, ProtocolVersion::TLSv1_2),
        (&rustls::version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let config = super::certificates::config_of(&field, Some(&issued), &[version]);
        let stream = super::field::tls_with(field.doors[0], config).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
        let mut connection = super::field::Connection::new(stream).await.unwrap();
        let answer = connection.get("/api/v1/keys/bob/status").await;
        assert_eq!(answer.code, StatusCode::OK);
        assert_eq!(answer.headers["content-type"], "application/json");
        std::str::from_utf8(&answer.body).unwrap();
    }
}

#[tokio::test]
async fn status_has_each_member_of_the_standard() {
    let field = Field::start().await;
    let status = field.connect("alice").await.get("/api/v1/keys/bob/status").await.json();
    let mut expected = json!({
        "source_KME_ID": "kme-a", "target_KME_ID": "kme-b",
        "master_SAE_ID": "alice", "slave_SAE_ID": "bob",
        "key_size": 256, "stored_key_count": 10000, "max_key_count": 100000,
        "max_key_per_request": 128, "max_key_size": 16384, "min_key_size": 64,
        "max_SAE_ID_count": 4,
    });
    expected["status_extension"] =
        json!({ "qkms_key_source": "qkd", "qkms_link": "open", "qkms_insecure": true });
    expected["status_extension"]["qkms_figures"] = json!({
        "stored_keys": 10000, "delivered_keys": 0, "made_keys": 10000,
        "qber_ppm": 20000, "sound": true,
    });
    assert_eq!(status, expected);
}

#[tokio::test]
async fn keys_by_get_default_to_one_of_the_default_size() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let keys = alice.get("/api/v1/keys/bob/enc_keys").await.keys();
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].1.len(), 44, "32 bytes in base64");
    let keys = alice.get("/api/v1/keys/bob/enc_keys?number=3&size=1024&other=1").await.keys();
    assert_eq!(keys.iter().map(|(_, key)| key.len()).collect::<Vec<_>>(), [172, 172, 172]);
}

#[tokio::test]
async fn keys_are_the_same_at_both_ends_by_get_and_by_post() {
    let field = Field::start().await;
    let (mut alice, mut bob) = (field.connect("alice").await, field.connect("bob").await);
    let drawn = alice.post("/api/v1/keys/bob/enc_keys", r#"{"number":4,"size":512}"#).await.keys();
    assert_eq!(drawn.len(), 4);
    let first = &drawn[0].0;
    let fetched = bob.get(&format!("/api/v1/keys/alice/dec_keys?key_ID={first}")).await.keys();
    assert_eq!(fetched, drawn[..1]);
    let ids: Vec<_> = drawn[1..].iter().rev().map(|(id, _)| json!({ "key_ID": id })).collect();
    let body = json!({ "key_IDs": ids }).to_string();
    let fetched = bob.post("/api/v1/keys/alice/dec_keys", body).await.keys();
    assert_eq!(fetched, drawn[1..].iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(field.link.waiting(), 0);
}

#[tokio::test]
async fn keys_of_one_site_say_that_they_are_no_qkd_keys() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let status = alice.get("/api/v1/keys/carol/status").await.json();
    assert_eq!(status["status_extension"]["qkms_key_source"], "local_generator");
    let keys = alice.get("/api/v1/keys/carol/enc_keys").await.json();
    assert_eq!(keys["keys"][0]["key_extension"]["qkms_key_source"], "local_generator");
    let keys = alice.get("/api/v1/keys/bob/enc_keys").await.json();
    assert!(keys["keys"][0].get("key_extension").is_none());
}

#[tokio::test]
async fn multicast_gives_each_named_slave_the_key_once_and_others_401() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let body = json!({ "additional_slave_SAE_IDs": ["dave"] }).to_string();
    let drawn = alice.post("/api/v1/keys/bob/enc_keys", body).await.keys();
    let path = format!("/api/v1/keys/alice/dec_keys?key_ID={}", drawn[0].0);
    for slave in ["bob", "dave"] {
        let mut slave = field.connect(slave).await;
        assert_eq!(slave.get(&path).await.keys(), drawn);
        let again = slave.get(&path).await;
        assert_eq!((again.code, again.message().as_str()), (StatusCode::BAD_REQUEST, NOT_FOUND));
    }
    let other = field.connect("we/ird é").await.get(&path).await;
    assert_eq!(other.code, StatusCode::UNAUTHORIZED);
    assert!(other.body.is_empty());
}

#[tokio::test]
async fn an_sae_with_slash_and_umlaut_is_served_by_its_escaped_name() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let path = "/api/v1/keys/we%2Fird%20%C3%A9";
    let status = alice.get(&format!("{path}/status")).await.json();
    assert_eq!(status["slave_SAE_ID"], "we/ird é");
    let drawn = alice.get(&format!("{path}/enc_keys")).await.keys();
    let mut weird = field.connect("we/ird é").await;
    let fetched =
        weird.get(&format!("/api/v1/keys/alice/dec_keys?key_ID={}", drawn[0].0)).await.keys();
    assert_eq!(fetched, drawn);
}

#[tokio::test]
async fn refusals_of_a_key_request_have_the_standards_texts_and_draw_nothing() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let multiple = "size shall be a multiple of 8";
    let cases: &[(&str, Value, &str)] = &[
        ("bob", json!({ "size": 7 }), multiple),
        ("bob", json!({ "size": 257 }), multiple),
        ("bob", json!({ "size": 0 }), "size shall be 64 to 16384"),
        ("bob", json!({ "size": 56 }), "size shall be 64 to 16384"),
        ("bob", json!({ "size": 16392 }), "size shall be 64 to 16384"),
        ("bob", json!({ "number": 0 }), "number shall be 1 to 128"),
        ("bob", json!({ "number": 129 }), "number shall be 1 to 128"),
        ("bob", json!({ "number": 1_u64 << 63 }), "number shall be 1 to 128"),
        ("bob", json!({ "extension_mandatory": [{ "abc_route_type": "direct" }] }), UNSUPPORTED),
        ("bob", json!({ "extension_mandatory": [{ "qkms_route": "scenic" }] }), UNSUPPORTED),
        ("bob", json!({ "extension_mandatory": [{ "qkms_max_age_s": 0 }] }), UNSUPPORTED),
        ("bob", json!({ "extension_mandatory": [{ "qkms_max_age_s": 9 }] }), UNMET),
        ("carol", json!({ "extension_mandatory": [{ "qkms_route": "direct" }] }), UNMET),
        ("alice", json!({}), "an SAE shares no key with itself"),
        ("nobody", json!({}), "the SAE nobody is not known"),
        ("bob", json!({ "additional_slave_SAE_IDs": ["bob"] }), "the SAE bob is named twice"),
        (
            "bob",
            json!({ "additional_slave_SAE_IDs": ["dave", "dave", "dave", "dave", "dave"] }),
            "at most 4 additional slaves can be named",
        ),
    ];
    for (slave, body, text) in cases {
        let path = format!("/api/v1/keys/{slave}/enc_keys");
        let answer = alice.post(&path, body.to_string()).await;
        assert_eq!(answer.code, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer.message(), *text, "{body}");
    }
    for query in ["size=7", "size=0", "number=0", "number=129", "number=9223372036854775808"] {
        let answer = alice.get(&format!("/api/v1/keys/bob/enc_keys?{query}")).await;
        assert_eq!(answer.code, StatusCode::BAD_REQUEST, "{query}");
        answer.message();
    }
    assert_eq!(field.link.left(), 10_000);
}

#[tokio::test]
async fn mandatory_options_that_are_met_and_optional_ones_whatever_they_are_give_keys() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    for body in [
        json!({ "extension_mandatory": [{ "qkms_route": "direct" }, { "qkms_max_age_s": 10 }] }),
        json!({ "extension_mandatory": [{ "qkms_route": "any", "qkms_max_age_s": 4294967295_u32 }] }),
        json!({ "extension_mandatory": [] }),
        json!({ "extension_optional": [{ "abc_colour": ["red"] }, { "qkms_max_age_s": 1 }] }),
    ] {
        assert_eq!(alice.post("/api/v1/keys/bob/enc_keys", body.to_string()).await.keys().len(), 1);
    }
}

#[tokio::test]
async fn an_unsupported_mandatory_option_is_named_in_the_details() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let body = json!({ "extension_mandatory": [{ "qkms_route": "any" }, { "abc_x": { "y": 1 } }] });
    let answer = alice.post("/api/v1/keys/bob/enc_keys", body.to_string()).await;
    let details = json!([{ "extension_mandatory_unsupported": [{ "abc_x": { "y": 1 } }] }]);
    assert_eq!(answer.json()["details"], details);
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    let field = Field::start().await;
    let (mut alice, mut bob) = (field.connect("alice").await, field.connect("bob").await);
    let body = r#"{"number":1,"additional_target_sae_ids":[],"x":{"x":[1,{"x":null}]},"x":2}"#;
    let drawn = alice.post("/api/v1/keys/bob/enc_keys", body).await.keys();
    let body = json!({
        "key_IDs": [{ "key_ID": drawn[0].0, "key_ID_extension": {} }],
        "key_IDs_extension": { "a": 1 }, "more": [],
    });
    let fetched = bob.post("/api/v1/keys/alice/dec_keys", body.to_string()).await.keys();
    assert_eq!(fetched, drawn);
}

#[tokio::test]
async fn a_401_has_no_body() {
    let field = Field::start().await;
    let drawn = field.connect("alice").await.get("/api/v1/keys/bob/enc_keys").await.keys();
    // Not named when the key was drawn; and an SAE of the other site.
    let path = format!("/api/v1/keys/alice/dec_keys?key_ID={}", drawn[0].0);
    let unnamed = field.connect("dave").await.get(&path).await;
    let mut foreign = field.connect_as(1, &field.issued("sae-alice")).await.unwrap();
    let foreign = foreign.get("/api/v1/keys/bob/status").await;
    for answer in [unnamed, foreign] {
        assert_eq!(answer.code, StatusCode::UNAUTHORIZED);
        assert!(answer.body.is_empty());
        assert!(!answer.headers.contains_key("content-type"));
    }
    assert_eq!(field.link.waiting(), 1);
}

#[tokio::test]
async fn what_the_kme_cannot_do_now_is_503_with_a_message() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    for _ in 0..78 {
        alice.get("/api/v1/keys/bob/enc_keys?number=128").await.keys();
    }
    // 16 are left: all or nothing.
    let answer = alice.get("/api/v1/keys/bob/enc_keys?number=17").await;
    assert_eq!(answer.code, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.message(), "not enough keys are left");
    assert_eq!(field.link.left(), 16);
    for refusal in [Refusal::LinkClosed, Refusal::Unconfirmed, Refusal::Store, Refusal::Stopping] {
        field.link.refuse_with(refusal.clone());
        let answer = alice.get("/api/v1/keys/bob/enc_keys").await;
        assert_eq!(answer.code, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.message(), refusal.to_string());
    }
}

#[tokio::test]
async fn unknown_spent_expired_and_foreign_keys_are_not_found_and_spare_the_good_ones() {
    let field = Field::start().await;
    let (mut alice, mut bob) = (field.connect("alice").await, field.connect("bob").await);
    let drawn = alice.get("/api/v1/keys/bob/enc_keys?number=2").await.keys();
    let carols = field.connect("carol").await.get("/api/v1/keys/bob/enc_keys").await.keys();
    let (good, spent) = (&drawn[0].0, &drawn[1].0);
    bob.get(&format!("/api/v1/keys/alice/dec_keys?key_ID={spent}")).await.keys();
    let unknown = uuid::Uuid::new_v4().to_string();
    for bad in [&unknown, spent, &carols[0].0] {
        let body = json!({ "key_IDs": [{ "key_ID": good }, { "key_ID": bad }] }).to_string();
        let answer = bob.post("/api/v1/keys/alice/dec_keys", body).await;
        assert_eq!(answer.code, StatusCode::BAD_REQUEST);
        assert_eq!(answer.message(), NOT_FOUND);
        assert_eq!(answer.json()["details"], json!([{ "key_IDs": [bad] }]));
    }
    let wrong_master = bob.get(&format!("/api/v1/keys/carol/dec_keys?key_ID={good}")).await;
    assert_eq!(wrong_master.message(), NOT_FOUND);
    let twice = json!({ "key_IDs": [{ "key_ID": good }, { "key_ID": good }] }).to_string();
    let twice = bob.post("/api/v1/keys/alice/dec_keys", twice).await;
    assert_eq!(twice.code, StatusCode::BAD_REQUEST);
    assert!(twice.message().ends_with("is named twice"));
    let path = format!("/api/v1/keys/alice/dec_keys?key_ID={good}");
    assert_eq!(bob.get(&path).await.keys(), drawn[..1]);
    let drawn = alice.get("/api/v1/keys/bob/enc_keys").await.keys();
    field.link.expire();
    let path = format!("/api/v1/keys/alice/dec_keys?key_ID={}", drawn[0].0);
    assert_eq!(bob.get(&path).await.message(), NOT_FOUND);
}

#[tokio::test]
async fn other_methods_and_paths_are_refused_and_head_draws_nothing() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let json = Some("application/json");
    for (method, path, code) in [
        (Method::HEAD, "/api/v1/keys/bob/enc_keys", 405),
        (Method::HEAD, "/api/v1/keys/bob/status", 405),
        (Method::PUT, "/api/v1/keys/bob/enc_keys", 405),
        (Method::DELETE, "/api/v1/keys/bob/dec_keys", 405),
        (Method::POST, "/api/v1/keys/bob/status", 405),
        (Method::GET, "/api/v1/keys/bob/", 404),
        (Method::GET, "/api/v1/keys/we/ird/enc_keys", 404),
        (Method::GET, "/api/v2/keys/bob/enc_keys", 404),
        (Method::GET, "/", 404),
    ] {
        let answer = alice.try_send(method.clone(), path, json, "{}").await.unwrap();
        assert_eq!(answer.code.as_u16(), code, "{method} {path}");
    }
    assert_eq!(field.link.left(), 10_000);
}

#[tokio::test]
async fn the_largest_request_is_answered_whole() {
    let field = Field::start().await;
    let (mut alice, mut bob) = (field.connect("alice").await, field.connect("bob").await);
    let body = json!({ "number": memory::MAX_KEYS, "size": 16384 }).to_string();
    let drawn = alice.post("/api/v1/keys/bob/enc_keys", body).await.keys();
    assert_eq!(drawn.len(), 128);
    assert!(drawn.iter().all(|(_, key)| key.len() == 2732));
    let ids: Vec<_> = drawn.iter().map(|(id, _)| json!({ "key_ID": id })).collect();
    let body = json!({ "key_IDs": ids }).to_string();
    assert_eq!(bob.post("/api/v1/keys/alice/dec_keys", body).await.keys(), drawn);
}

//! What no well-behaved client sends: a plain error, nothing drawn, and the next request served.

use http::{Method, StatusCode};
use serde_json::json;

use super::field::Field;

#[tokio::test]
async fn malformed_bodies_are_refused_with_a_message_and_change_nothing() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let deep = |open: &str, close: &str, levels: usize| {
        format!("{}1{}", open.repeat(levels), close.repeat(levels))
    };
    let bodies: Vec<Vec<u8>> = vec![
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"[1,256,null,null,null]".to_vec(),
        b"\"number\"".to_vec(),
        b"{".to_vec(),
        b"{}{}".to_vec(),
        b"{\"number\":1,}".to_vec(),
        b"{'number':1}".to_vec(),
        b"\xef\xbb\xbf{}".to_vec(),
        b"{\"number\":\"1\"}".to_vec(),
        b"{\"number\":1.0}".to_vec(),
        b"{\"number\":1e0}".to_vec(),
        b"{\"number\":-1}".to_vec(),
        b"{\"number\":18446744073709551616}".to_vec(),
        b"{\"number\":1e999}".to_vec(),
        b"{\"number\":true}".to_vec(),
        b"{\"number\":1,\"number\":1}".to_vec(),
        b"{\"number\":1,\"\\u006eumber\":1}".to_vec(),
        b"{\"size\":256,\"number\":1,\"size\":256}".to_vec(),
        b"{\"size\":[256]}".to_vec(),
        b"{\"additional_slave_SAE_IDs\":\"dave\"}".to_vec(),
        b"{\"additional_slave_SAE_IDs\":[1]}".to_vec(),
        b"{\"additional_slave_SAE_IDs\":[\"\"]}".to_vec(),
        b"{\"additional_slave_SAE_IDs\":[\"a\\u0000\"]}".to_vec(),
        b"{\"additional_slave_SAE_IDs\":[\"\xff\"]}".to_vec(),
        b"{\"additional_slave_SAE_IDs\":[\"\\ud800\"]}".to_vec(),
        json!({ "additional_slave_SAE_IDs": ["x".repeat(10_240)] }).to_string().into(),
        b"{\"extension_mandatory\":{\"qkms_route\":\"any\"}}".to_vec(),
        b"{\"extension_mandatory\":[\"qkms_route\"]}".to_vec(),
        b"{\"extension_mandatory\":[{\"qkms_route\":\"any\",\"qkms_route\":\"any\"}]}".to_vec(),
        b"{\"extension_optional\":[{\"qkms_route\":\"any\"},{\"qkms_route\":\"any\"}]}".to_vec(),
        format!("{{\"extension_optional\":[{{\"x\":{}}}]}}", deep("[", "]", 20_000)).into(),
        format!("{{\"extension_optional\":[{{\"x\":{}}}]}}", deep("{\"y\":", "}", 8_000)).into(),
        deep("[", "]", 30_000).into(),
        deep("{\"number\":", "}", 3_000).into(),
    ];
    for body in bodies {
        let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
        let answer = alice.post("/api/v1/keys/bob/enc_keys", body).await;
        assert_eq!(answer.code, StatusCode::BAD_REQUEST, "{shown}");
        let message = answer.message();
        assert!(message.len() < 200, "{shown}: {message}");
    }
    assert_eq!(field.link.left(), 10_000);
    assert_eq!(alice.get("/api/v1/keys/bob/enc_keys").await.keys().len(), 1);
}

#[tokio::test]
async fn deep_values_of_unknown_members_are_ignored() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let body = format!("{{\"x\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
    assert_eq!(alice.post("/api/v1/keys/bob/enc_keys", body).await.keys().len(), 1);
}

#[tokio::test]
async fn malformed_key_ids_are_refused_with_a_message_and_tell_nothing() {
    let field = Field::start().await;
    let drawn = field.connect("alice").await.get("/api/v1/keys/bob/enc_keys").await.keys();
    let mut bob = field.connect("bob").await;
    let id = &drawn[0].0;
    for body in [
        "{}".to_owned(),
        json!({ "key_IDs": [] }).to_string(),
        json!({ "key_IDs": id }).to_string(),
        json!({ "key_IDs": [id] }).to_string(),
        json!({ "key_IDs": [{ "key_id": id }] }).to_string(),
        json!({ "key_IDs": [{ "key_ID": 1 }] }).to_string(),
        json!({ "key_IDs": [{ "key_ID": "1234" }] }).to_string(),
        json!({ "key_IDs": [{ "key_ID": id }, null] }).to_string(),
        format!("{{\"key_IDs\":[{{\"key_ID\":\"{id}\",\"key_ID\":\"{id}\"}}]}}"),
        format!("{{\"key_IDs\":[{{\"key_ID\":\"{id}\"}}],\"key_IDs\":[]}}"),
        json!({ "key_IDs": vec![json!({ "key_ID": id }); 129] }).to_string(),
    ] {
        let answer = bob.post("/api/v1/keys/alice/dec_keys", body.clone()).await;
        assert_eq!(answer.code, StatusCode::BAD_REQUEST, "{body}");
        answer.message();
    }
    for query in ["", "?", "?key_ID", "?key_ID=", "?key_ID=1", "?key_ID=%ff"] {
        let answer = bob.get(&format!("/api/v1/keys/alice/dec_keys{query}")).await;
        assert_eq!(answer.code, StatusCode::BAD_REQUEST, "{query}");
        answer.message();
    }
    let twice = format!("/api/v1/keys/alice/dec_keys?key_ID={id}&key_ID={id}");
    assert_eq!(bob.get(&twice).await.message(), "key_ID stands twice");
    let path = format!("/api/v1/keys/alice/dec_keys?key_ID={id}");
    assert_eq!(bob.get(&path).await.keys(), drawn);
}

#[tokio::test]
async fn malformed_queries_are_refused_with_a_message() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    for query in [
        "number=",
        "number",
        "number=-1",
        "number=%2B1",
        "number=+1",
        "number=1.0",
        "number=18446744073709551616",
        "number=0x10",
        "number=1&number=1",
        "number=1&num%62er=1",
        "size=256&size=256",
        "size=%ff",
    ] {
        let answer = alice.get(&format!("/api/v1/keys/bob/enc_keys?{query}")).await;
        assert_eq!(answer.code, StatusCode::BAD_REQUEST, "{query}");
        answer.message();
    }
    assert_eq!(field.link.left(), 10_000);
}

#[tokio::test]
async fn strange_sae_ids_in_the_path_are_refused_with_a_message() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let long = "x".repeat(10_240);
    for (id, text) in [
        ("%ff%fe", "the SAE ID in the path is not UTF-8"),
        ("%00", "SAE ID: an identity has 1 to 128 bytes and no control characters"),
        ("a%0d%0aSet-Cookie:x", "SAE ID: an identity has 1 to 128 bytes and no control characters"),
        (&long, "SAE ID: an identity has 1 to 128 bytes and no control characters"),
        ("..%2F..%2Fetc", "the SAE ../../etc is not known"),
        ("bob%2Fstatus", "the SAE bob/status is not known"),
        ("%2562ob", "the SAE %62ob is not known"),
        ("b%6Fb%20", "the SAE bob  is not known"),
        ("BOB", "the SAE BOB is not known"),
        ("%3Cscript%3E", "the SAE <script> is not known"),
    ] {
        for method in ["status", "enc_keys"] {
            let answer = alice.get(&format!("/api/v1/keys/{id}/{method}")).await;
            assert_eq!(answer.code, StatusCode::BAD_REQUEST, "{id:.40}");
            assert_eq!(answer.message(), text);
        }
    }
    // An escape that stands for an ordinary letter is that letter.
    assert_eq!(alice.get("/api/v1/keys/b%6Fb/status").await.json()["slave_SAE_ID"], "bob");
    let answer = alice.get(&format!("/api/v1/keys/{}/status", "x".repeat(40_000))).await;
    assert!(answer.code.is_client_error());
}

#[tokio::test]
async fn other_content_types_are_415_and_long_bodies_413() {
    let field = Field::start().await;
    let mut alice = field.connect("alice").await;
    let path = "/api/v1/keys/bob/enc_keys";
    for content_type in [
        None,
        Some(""),
        Some("text/plain"),
        Some("application/jsonx"),
        Some("application/json; charset=latin-1"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let answer = alice.try_send(Method::POST, path, content_type, "{}").await.unwrap();
        assert_eq!(answer.code, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type:?}");
        answer.message();
    }
    for content_type in ["Application/JSON", "application/json; charset=UTF-8"] {
        let answer = alice.try_send(Method::POST, path, Some(content_type), "{}").await.unwrap();
        assert_eq!(answer.keys().len(), 1);
    }
    let mut body = vec![b' '; 1024 * 1024];
    body.extend_from_slice(b"{}");
    for _ in 0..10 {
        // Read to its end, so that the answer arrives and the connection stays.
        let answer = alice.post(path, body.clone()).await;
        assert_eq!(answer.code, StatusCode::PAYLOAD_TOO_LARGE);
        answer.message();
    }
    assert_eq!(field.link.left(), 9_998);
    assert_eq!(alice.get(path).await.keys().len(), 1);
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_before_it_sends_a_long_body() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let field = Field::start().await;
    let mut stream = field.tls(0, &field.issued("sae-alice")).await.unwrap();
    let head = "POST /api/v1/keys/bob/enc_keys HTTP/1.1\r\nhost: x\r\ncontent-length: 1048576\r\n\
                content-type: application/json\r\nexpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 13];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413 ");
}

use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{Error, KeyRequest, wire};

#[test]
fn a_request_holds_only_what_was_asked_for() {
    let empty: serde_json::Value =
        serde_json::from_slice(&wire::key_request(&KeyRequest::default())).unwrap();
    assert_eq!(empty, json!({}));
    let request = KeyRequest {
        number: Some(2),
        size: Some(512),
        additional_slaves: vec!["dave".parse().unwrap()],
        mandatory: vec![json!({ "qkms_route": "any" })],
        optional: vec![json!({ "qkms_max_age_s": 60 })],
    };
    let full: serde_json::Value = serde_json::from_slice(&wire::key_request(&request)).unwrap();
    let expected = json!({
        "number": 2,
        "size": 512,
        "additional_slave_SAE_IDs": ["dave"],
        "extension_mandatory": [{ "qkms_route": "any" }],
        "extension_optional": [{ "qkms_max_age_s": 60 }],
    });
    assert_eq!(full, expected);
}

#[test]
fn keys_are_read_with_escapes_and_strange_members() {
    let id = Uuid::from_u128(7);
    let answer = format!(
        r#"{{"x":1,"keys":[{{"key_ID":"{id}","key":"\/\/79","key_ID_extension":{{}}}},
            {{"key":"AAEC","key_ID":"{id}","key_extension":{{"qkms_key_source":"local_generator"}}}}]}}"#
    );
    let keys = wire::keys(answer.as_bytes()).unwrap();
    assert_eq!(*keys[0].bytes, [0xff, 0xfe, 0xfd]);
    assert_eq!(*keys[1].bytes, [0, 1, 2]);
    assert_eq!((keys[0].local, keys[1].local), (false, true));
}

#[test]
fn an_answer_that_is_not_the_standards_is_an_error_without_its_text() {
    for answer in [
        "",
        "[]",
        "{}",
        r#"{"keys":[{"key":"AAEC"}]}"#,
        r#"{"keys":[{"key_ID":"1","key":"AAEC"}]}"#,
        r#"{"keys":[{"key_ID":"00000000-0000-0000-0000-000000000007","key":"secret!"}]}"#,
    ] {
        let error = wire::keys(answer.as_bytes()).unwrap_err();
        assert!(matches!(error, Error::Answer { code: StatusCode::OK, .. }), "{answer}");
        assert!(!error.to_string().contains("secret"));
    }
    assert!(wire::status(b"{}").is_err());
}

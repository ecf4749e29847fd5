use std::time::Duration;

use proptest::prelude::*;

use super::{
    BadRequest, key_ids_from_json, key_ids_from_query, key_request_from_json,
    key_request_from_query, sae_id,
};
use crate::kme::service::{EncRequest, Options, Route};

#[test]
fn every_member_of_the_standard_is_read() {
    let body = br#" {"number": 20, "size": 1024, "additional_slave_SAE_IDs": ["b", "c"],
        "extension_mandatory": [{"qkms_route": "direct"}, {"qkms_max_age_s": 60}],
        "extension_optional": [{"abc_hint": 1}, {"qkms_route": "any"}]} "#;
    let expected = EncRequest {
        number: Some(20),
        size: Some(1024),
        additional_slaves: vec!["b".parse().unwrap(), "c".parse().unwrap()],
        mandatory: Options { route: Some(Route::Direct), max_age: Some(Duration::from_secs(60)) },
        optional: Options { route: Some(Route::Any), max_age: None },
    };
    assert_eq!(key_request_from_json(body), Ok(expected));
}

#[test]
fn null_and_left_out_are_the_same() {
    let nulls = br#"{"number":null,"size":null,"additional_slave_SAE_IDs":null,
        "extension_mandatory":null,"extension_optional":null}"#;
    assert_eq!(key_request_from_json(nulls), key_request_from_json(b"{}"));
    assert_eq!(key_request_from_query(""), Ok(EncRequest::default()));
}

#[test]
fn a_query_and_a_body_that_say_the_same_are_the_same_request() {
    let query = key_request_from_query("size=512&x=%ff&number=3");
    assert_eq!(query, key_request_from_json(br#"{"number":3,"size":512}"#));
    assert!(query.is_ok());
}

#[test]
fn no_error_repeats_what_the_client_sent() {
    for body in [
        r#"{"number":"c2VjcmV0"}"#,
        r#"{"additional_slave_SAE_IDs":["c2VjcmV0\u0000"]}"#,
        r#"{"additional_slave_SAE_IDs":[{"c2VjcmV0":1}]}"#,
        "c2VjcmV0",
    ] {
        let Err(BadRequest::Malformed(said)) = key_request_from_json(body.as_bytes()) else {
            panic!("{body}")
        };
        assert!(!said.contains("c2VjcmV0"), "{said}");
    }
    let Err(BadRequest::Malformed(said)) = key_ids_from_json(br#"{"key_IDs":[{"key_ID":"c2Vj"}]}"#)
    else {
        panic!()
    };
    assert!(!said.contains("c2Vj"), "{said}");
}

proptest! {
    #[test]
    fn no_body_makes_the_parser_panic(body in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = key_request_from_json(&body);
        let _ = key_ids_from_json(&body);
    }

    #[test]
    fn no_text_like_json_makes_the_parser_panic(
        body in r#"\{("(number|size|additional_slave_SAE_IDs|extension_mandatory|key_IDs|x)":(-?[0-9]{1,25}|"[a-z\\]{0,9}"|\[\{"qkms_max_age_s":[0-9]{1,12}\}\]|\[\]|null|\{\}),?){0,4}\}"#
    ) {
        let _ = key_request_from_json(body.as_bytes());
        let _ = key_ids_from_json(body.as_bytes());
    }

    #[test]
    fn no_path_or_query_makes_the_parser_panic(text in ".{0,300}") {
        let _ = sae_id(&text);
        let _ = key_request_from_query(&text);
        let _ = key_ids_from_query(&text);
    }

    #[test]
    fn numbers_of_the_client_reach_the_service_unchanged(number: u64, size: u64) {
        let request = EncRequest { number: Some(number), size: Some(size), ..Default::default() };
        let body = format!(r#"{{"number":{number},"size":{size}}}"#);
        prop_assert_eq!(key_request_from_json(body.as_bytes()), Ok(request.clone()));
        let query = format!("number={number}&size={size}");
        prop_assert_eq!(key_request_from_query(&query), Ok(request));
    }
}

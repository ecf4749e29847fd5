use super::{Method, Metrics, PoolDirection};

fn has(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
}

#[test]
fn what_is_counted_is_told_under_its_labels() {
    let metrics = Metrics::new();
    let (a, b) = ("kme-a".parse().unwrap(), "kme-b".parse().unwrap());
    let door = metrics.kme(&a);
    door.answered(Method::EncKeys, http::StatusCode::OK);
    door.answered(Method::EncKeys, http::StatusCode::OK);
    door.answered(Method::Status, http::StatusCode::UNAUTHORIZED);
    door.keys_delivered(Method::EncKeys, 7);
    let link = metrics.link(&a, &b);
    link.made_bits.inc_by(1_000);
    link.set_pool(PoolDirection::Outgoing, 600, 2_000);
    link.set_pool(PoolDirection::Incoming, 400, 2_000);
    link.block_finished("key", Some(0.03), Some(0.06));
    link.block_finished("qber", Some(0.2), None);
    link.spent("tags", 128);
    link.set_open(true);
    let text = metrics.to_text();
    has(&text, r#"qkms_requests_total{kme="kme-a",method="enc_keys",code="200"} 2"#);
    has(&text, r#"qkms_requests_total{kme="kme-a",method="status",code="401"} 1"#);
    has(&text, r#"qkms_keys_delivered_total{kme="kme-a",method="enc_keys"} 7"#);
    has(&text, r#"qkms_key_made_bits_total{kme="kme-a",peer="kme-b"} 1000"#);
    has(&text, r#"qkms_pool_stored_bits{kme="kme-a",peer="kme-b",direction="outgoing"} 600"#);
    has(&text, r#"qkms_pool_stored_bits{kme="kme-a",peer="kme-b",direction="incoming"} 400"#);
    has(&text, r#"qkms_blocks_total{kme="kme-a",peer="kme-b",outcome="qber"} 1"#);
    has(&text, r#"qkms_link_qber{kme="kme-a",peer="kme-b"} 0.2"#);
    has(&text, r#"qkms_link_phase_error{kme="kme-a",peer="kme-b"} 0.06"#);
    has(&text, r#"qkms_key_spent_bits_total{kme="kme-a",peer="kme-b",cause="tags"} 128"#);
    has(&text, r#"qkms_link_open{kme="kme-a",peer="kme-b"} 1"#);
    has(&text, "# EOF");
}

#[test]
fn the_same_labels_give_the_same_handle() {
    let metrics = Metrics::new();
    let (a, b) = ("kme-a".parse().unwrap(), "kme-b".parse().unwrap());
    metrics.link(&a, &b).made_bits.inc_by(5);
    metrics.link(&b, &a).made_bits.inc_by(7);
    assert_eq!(metrics.link(&a, &b).made_bits.get(), 5);
    assert_eq!(metrics.links().len(), 2);
}

#[test]
fn a_connection_counts_as_long_as_it_is_held() {
    let metrics = Metrics::new();
    let door = metrics.kme(&"kme-a".parse().unwrap());
    let (first, second) = (door.connected(), door.connected());
    has(&metrics.to_text(), r#"qkms_connections{kme="kme-a"} 2"#);
    drop((first, second));
    has(&metrics.to_text(), r#"qkms_connections{kme="kme-a"} 0"#);
}

#[test]
fn an_identity_with_quotes_and_line_breaks_stays_one_label() {
    let metrics = Metrics::new();
    metrics.kme(&"a\"} 1 \\".parse().unwrap());
    has(&metrics.to_text(), r#"qkms_connections{kme="a\"} 1 \\"} 0"#);
}

#[test]
fn a_sick_source_and_its_test_are_named() {
    use crate::health::{Failure, Health, Measured, Source, Test};
    let metrics = Metrics::new();
    let link = metrics.link(&"kme-a".parse().unwrap(), &"kme-b".parse().unwrap());
    let bit = Measured { source: Source::Bit, claim: 1_000_000, samples: 61, most_common: 61 };
    let failure = Failure { source: Source::Bit, test: Test::Repetition, samples: 61 };
    let sources = [bit, Measured::default(), Measured::default()];
    link.tested(&Health { sources, started: false, failure: Some(failure) });
    link.set_closed(Some(format!("health: {failure}")));
    let text = metrics.to_text();
    has(&text, r#"qkms_source_min_entropy_bits{kme="kme-a",peer="kme-b",source="bit"} 0.0"#);
    let failed = r#"qkms_health_failures_total{kme="kme-a",peer="kme-b",source="bit",test="repetition count"} 1"#;
    has(&text, failed);
    assert_eq!(link.closed().unwrap(), "health: bit, repetition count after 61 samples");
}

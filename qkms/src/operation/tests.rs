use std::{collections::VecDeque, sync::Arc, time::Duration};

use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use tokio::time::Instant;
use tower::ServiceExt;

use super::{
    Operation, OperationError, Settings,
    archive::Archive,
    guard::Guard,
    history::{History, SAMPLES},
    router,
};
use crate::{
    agent::Token,
    metrics::{Metrics, PoolDirection},
};

#[tokio::test]
async fn it_listens_on_loopback_alone() {
    for wide in ["0.0.0.0:0", "[::]:0"] {
        let settings = Settings { listen: wide.parse().unwrap() };
        let refused = Operation::bind(&settings, Token::draw().unwrap()).await;
        assert!(matches!(refused, Err(OperationError::NotLoopback(_))));
    }
    let settings = Settings { listen: "127.0.0.1:0".parse().unwrap() };
    let bound = Operation::bind(&settings, Token::draw().unwrap()).await;
    assert_ne!(bound.unwrap().local_addr().port(), 0);
}

#[test]
fn a_sample_tells_fill_rate_and_error_rates() {
    let metrics = Metrics::new();
    let link = metrics.link(&"a".parse().unwrap(), &"b".parse().unwrap());
    let history = History::default();
    let start = Instant::now();
    history.sample(&metrics, start);
    link.set_pool(PoolDirection::Outgoing, 250, 1_000);
    link.made_bits.inc_by(3_000);
    link.block_finished("key", Some(0.03), Some(0.06));
    link.set_open(true);
    history.sample(&metrics, start + Duration::from_secs(2));
    let [series] = &history.report()[..] else { panic!() };
    assert!(series.open);
    assert_eq!(series.fill_outgoing, VecDeque::from([0.0, 0.25]));
    assert_eq!(series.fill_incoming, VecDeque::from([0.0, 0.0]));
    assert_eq!(series.rate, VecDeque::from([0.0, 1_500.0]));
    assert_eq!(series.qber, VecDeque::from([None, Some(0.03)]));
    assert_eq!(series.phase_error, VecDeque::from([None, Some(0.06)]));
}

#[test]
fn the_oldest_samples_go_and_the_rate_is_that_of_the_last_thirty() {
    let metrics = Metrics::new();
    let link = metrics.link(&"a".parse().unwrap(), &"b".parse().unwrap());
    let history = History::default();
    let start = Instant::now();
    for second in 0..SAMPLES as u64 + 5 {
        link.made_bits.inc_by(if second < 300 { 10_000 } else { 100 });
        history.sample(&metrics, start + Duration::from_secs(second));
    }
    let [series] = &history.report()[..] else { panic!() };
    assert_eq!(series.rate.len(), SAMPLES);
    assert_eq!(series.qber.len(), SAMPLES);
    assert_eq!(series.rate.back(), Some(&100.0));
    assert_eq!(series.rate.front(), Some(&10_000.0));
}

fn served(metrics: &Arc<Metrics>, token: Token) -> axum::Router {
    let guard = Guard { token, address: "127.0.0.1:9410".parse().unwrap() };
    router(Arc::clone(metrics), Arc::new(History::default()), Archive::default(), guard)
}

#[tokio::test]
async fn a_challenge_needs_the_token_and_the_right_host() {
    let token = Token::draw().unwrap();
    let text = token.text().to_string();
    let router = served(&Metrics::new(), token);
    let code = async |host: &str, shown: &str| {
        let digits = "00".repeat(32);
        let body = format!(
            r#"{{"kme":"a","peer":"b","epoch":0,"root":"{digits}","challenge":"{digits}"}}"#
        );
        let request = Request::post("/challenge")
            .header("content-type", "application/json")
            .header("host", host)
            .header("authorization", format!("Bearer {shown}"))
            .body(Body::from(body))
            .unwrap();
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    let own = "127.0.0.1:9410";
    // There is no such link: the challenge came so far.
    assert_eq!([code(own, &text).await, code("localhost:9410", &text).await], [404, 404]);
    for wrong in ["", &text[1..], &"0".repeat(64)] {
        assert_eq!(code(own, wrong).await, 401, "{}", wrong.len());
    }
    for host in ["attacker.example:9410", "127.0.0.1", "127.0.0.1:9411", "localhost"] {
        assert_eq!(code(host, &text).await, 421, "{host}");
    }
}

/// What the page's server answers for `path`.
async fn asked(metrics: &Arc<Metrics>, path: &str) -> String {
    let router = served(metrics, Token::draw().unwrap());
    let request = Request::builder().uri(path).body(Body::empty()).unwrap();
    let answer = router.oneshot(request).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn a_seed_is_told_to_whoever_looks() {
    let metrics = Metrics::new();
    for (insecure, number) in [(false, 0), (true, 1)] {
        metrics.set_insecure(insecure);
        let json = asked(&metrics, "/status.json").await;
        assert_eq!(json, format!("{{\"insecure\":{insecure},\"links\":[]}}"));
        let text = asked(&metrics, "/metrics").await;
        assert!(text.contains(&format!("\nqkms_insecure {number}\n")), "{text}");
    }
    let page = asked(&metrics, "/").await;
    assert!(page.contains("hidden = !insecure"), "the page shows what the JSON says");
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let page = include_str!("page.html");
    let addresses = page.matches("://").count();
    assert_eq!(addresses, 1, "the name of SVG's namespace is the one address");
    for tag in ["<script src", "<link rel=\"stylesheet", "<img", "<iframe", "@import", "url("] {
        assert!(!page.contains(tag), "{tag}");
    }
}

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::{
    Operation, OperationError, Settings,
    history::{History, SAMPLES},
};
use crate::metrics::{Metrics, PoolDirection};

#[tokio::test]
async fn it_listens_on_loopback_alone() {
    for wide in ["0.0.0.0:0", "[::]:0"] {
        let refused = Operation::bind(&Settings { listen: wide.parse().unwrap() }).await;
        assert!(matches!(refused, Err(OperationError::NotLoopback(_))));
    }
    let bound = Operation::bind(&Settings { listen: "127.0.0.1:0".parse().unwrap() }).await;
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

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let page = include_str!("page.html");
    let addresses = page.matches("://").count();
    assert_eq!(addresses, 1, "the name of SVG's namespace is the one address");
    for tag in ["<script src", "<link rel=\"stylesheet", "<img", "<iframe", "@import", "url("] {
        assert!(!page.contains(tag), "{tag}");
    }
}

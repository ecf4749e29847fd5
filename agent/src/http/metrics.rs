//! Numbers for Prometheus. They carry no identity but fixed words.

use super::{Failure, Shared};
use axum::{extract::State, http::header, response::IntoResponse};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    state: &'static str,
}

pub(super) async fn metrics(
    State(shared): State<Arc<Shared>>,
) -> Result<impl IntoResponse, Failure> {
    let totals = shared.engine.ask(|desk| desk.totals()).await?;
    let mut registry = Registry::with_prefix("qedex_agent");
    let sessions = Family::<InState, Gauge>::default();
    for (state, number) in totals.states {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        sessions.get_or_create(&InState { state }).set(number);
    }
    registry.register("sessions", "Sessions that are kept, by state", sessions);
    let letters = Family::<InState, Gauge>::default();
    for (state, number) in [("queued", totals.letters_queued), ("unread", totals.letters_unread)] {
        let number = i64::try_from(number).unwrap_or(i64::MAX);
        letters.get_or_create(&InState { state }).set(number);
    }
    registry.register("letters", "Letters that are kept, by state", letters);
    for (name, help, value) in [
        ("keys_drawn", "Keys drawn for sessions and letters", totals.keys),
        ("bits_drawn", "Bits of these keys", totals.bits),
        ("handshakes_finished", "Handshakes that ended in an open session", totals.finished),
        ("handshake_milliseconds", "Time that finished handshakes took", totals.finished_ms),
        ("letters_sent", "Letters written here", totals.letters.written),
        ("letters_delivered", "Letters that the reader's node has taken", totals.letters.delivered),
        ("letters_given_up", "Letters that were given up", totals.letters.given_up),
        ("letters_received", "Letters that came, and were authentic", totals.letters.come),
    ] {
        let counter = Counter::<u64>::default();
        counter.inc_by(value);
        registry.register(name, help, counter);
    }
    let mut text = String::new();
    encode(&mut text, &registry).map_err(|error| {
        Failure(http::StatusCode::INTERNAL_SERVER_ERROR, format!("no metrics: {error}"))
    })?;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    Ok(([(header::CONTENT_TYPE, kind)], text))
}

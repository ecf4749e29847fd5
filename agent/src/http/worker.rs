//! What the off-chain worker asks, in SCALE.

use super::{Failure, Shared, bad, body};
use axum::{
    extract::{Request, State},
    http::header,
    response::{IntoResponse, Response},
};
use codec::{DecodeAll, Encode};
use qedex_primitives::{
    agent::News,
    audits::{AuditNews, AuditWork},
};
use std::sync::Arc;

fn scale(answer: &impl Encode) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], answer.encode()).into_response()
}

pub(super) async fn watched(State(shared): State<Arc<Shared>>) -> Result<Response, Failure> {
    let watched = shared.engine.ask(|desk| desk.watched()).await?;
    Ok(scale(&watched))
}

pub(super) async fn news(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Failure> {
    let body = body(request).await?;
    let news = News::decode_all(&mut &body[..]).map_err(|_| bad("the body is no news"))?;
    let steps = shared.engine.ask(move |desk| desk.news(&news)).await?;
    shared.engine.wake();
    Ok(scale(&steps))
}

pub(super) async fn audits(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Failure> {
    let body = body(request).await?;
    let news = AuditNews::decode_all(&mut &body[..]).map_err(|_| bad("the body is no news"))?;
    let Some(auditor) = &shared.auditor else { return Ok(scale(&None::<AuditWork>)) };
    let genesis = news.genesis;
    shared.engine.ask(move |desk| desk.serves(genesis.0)).await?;
    Ok(scale(&auditor.news(news)))
}

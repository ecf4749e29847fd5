//! The door for mail, at which strangers may knock.
//!
//! | `POST /v1/mail/{session}` with a frame | |
//! |---|---|
//! | 204 | it was taken, now or before |
//! | 400 | it is not the other end's |
//! | 404 | no such session is kept here |
//! | 409 | the session is not open, or a frame before this one is missing |
//! | 413, 408 | it is longer than any frame, or came too slowly |
//! | 503 | the user has to fetch texts first |
//!
//! Nobody shows a token: a frame is authentic by itself, and one that is not changes nothing.

use super::{AgentEngine, Failure};
use crate::serve;
use axum::{
    Router,
    extract::{Path, Request, State},
    http::StatusCode,
    routing::post,
};
use q_sah::{FRAME_OVERHEAD_BYTES, MAX_TEXT_BYTES};
use qedex_primitives::qkd::SessionId;
use std::sync::Arc;

const MAX_FRAME_BYTES: usize = MAX_TEXT_BYTES + FRAME_OVERHEAD_BYTES;

/// The door.
pub fn router(engine: Arc<AgentEngine>) -> Router {
    Router::new().route("/v1/mail/{session}", post(take)).with_state(engine)
}

async fn take(
    State(engine): State<Arc<AgentEngine>>,
    Path(session): Path<u64>,
    request: Request,
) -> Result<StatusCode, Failure> {
    let frame = serve::body(request, MAX_FRAME_BYTES).await;
    let frame = frame.map_err(|code| Failure(code, "the frame was not read".into()))?;
    engine.ask(move |desk| desk.mail(SessionId(session), &frame)).await?;
    Ok(StatusCode::NO_CONTENT)
}

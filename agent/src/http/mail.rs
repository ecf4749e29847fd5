//! The door for mail, at which strangers may knock.
//!
//! | `POST /v1/mail/{session}` with a frame | |
//! |---|---|
//! | 200 | it was taken, now or before: 32 bytes, its receipt, which nobody else can say |
//! | 400 | it is not the other end's, or was taken before the last one |
//! | 404 | no such session is kept here |
//! | 409 | the session is not open, or a frame before this one is missing |
//! | 413, 408 | it is longer than any frame, or came too slowly |
//! | 503 | the user has to fetch texts first |
//!
//! | `POST /v1/letters` with an [`Envelope`](crate::letter::Envelope) | |
//! |---|---|
//! | 204 | its letter was taken, now or before |
//! | 400 | it is no envelope, or no letter of a known version and seal, or not authentic |
//! | 403 | the key service tells no key of the name in it |
//! | 404 | nobody reads here as this account and SAE |
//! | 409 | the agent serves another chain; the key was used before, or is a session's |
//! | 413, 408 | it is longer than any envelope, or came too slowly |
//! | 429 | too many letters came that are not authentic |
//! | 503 | the user has to fetch letters first; the key service is silent, or is being asked; the agent has not heard from its chain |
//!
//! Nobody shows a token: a frame or a letter is authentic by itself, and one that is not changes nothing
//! that matters. The writer of a letter keeps it for another time after 408, 429 and all codes from 500 on.

use super::{AgentEngine, Failure};
use crate::{
    engine::LETTERS_PATH,
    letter::MAX_ENVELOPE_BYTES,
    serve::{self, Network},
};
use axum::{
    Extension, Router,
    body::Bytes,
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
    Router::new()
        .route("/v1/mail/{session}", post(take))
        .route(LETTERS_PATH, post(take_letter))
        .with_state(engine)
}

async fn take(
    State(engine): State<Arc<AgentEngine>>,
    Path(session): Path<u64>,
    request: Request,
) -> Result<Bytes, Failure> {
    let frame = serve::body(request, MAX_FRAME_BYTES).await;
    let frame = frame.map_err(|code| Failure(code, "the frame was not read".into()))?;
    let receipt = engine.ask(move |desk| desk.mail(SessionId(session), &frame)).await?;
    Ok(Bytes::copy_from_slice(&receipt))
}

async fn take_letter(
    State(engine): State<Arc<AgentEngine>>,
    Extension(network): Extension<Network>,
    request: Request,
) -> Result<StatusCode, Failure> {
    let envelope = serve::body(request, MAX_ENVELOPE_BYTES).await;
    let envelope = envelope.map_err(|code| Failure(code, "the letter was not read".into()))?;
    engine.take_letter(envelope.to_vec(), network).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! What the agent answers.
//!
//! Errors are `{message}`, and none tells of a secret.

use crate::{
    audits::Auditor,
    desk::Refusal,
    engine::{Engine, LETTERS_PATH},
    post::HttpPost,
    serve,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use qedex_primitives::{
    agent::{NEWS_PATH, WATCHED_PATH},
    audits::AUDITS_PATH,
};
use qkms::{
    agent::Token,
    client::{self, Client},
};
use serde_json::json;
use std::sync::Arc;

mod letters;
pub mod mail;
mod metrics;
mod user;
mod worker;

/// The longest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The longest message of an error, in characters.
const MAX_WORDS: usize = 512;

pub type AgentEngine = Engine<Client, HttpPost>;

/// What all requests of the loopback door share.
#[derive(Debug)]
pub struct Shared {
    /// What decides.
    pub engine: Arc<AgentEngine>,
    /// What audits links, if any are audited.
    pub auditor: Option<Arc<Auditor>>,
    /// The SAE.
    pub sae: qkms::kme::service::SaeId,
    /// Until when its certificate is valid, in seconds of Unix time.
    pub not_after: i64,
    /// What opens the door to its user.
    pub token: Token,
    /// What opens it to the worker, whose storage others can read: it opens nothing else.
    pub worker_token: Token,
}

/// The loopback door.
pub fn router(shared: Arc<Shared>) -> Router {
    let worker = Router::new()
        .route(WATCHED_PATH, get(worker::watched))
        .route(NEWS_PATH, post(worker::news))
        .route(AUDITS_PATH, post(worker::audits))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), authorise_worker));
    let user = Router::new()
        .route("/v1/sessions", get(user::list).post(user::open))
        .route("/v1/sessions/{id}", get(user::one).delete(user::close))
        .route("/v1/sessions/{id}/send", post(user::send))
        .route("/v1/sessions/{id}/receive", post(user::receive))
        .route(LETTERS_PATH, get(letters::list).post(letters::write))
        .route("/v1/letters/receive", post(letters::receive))
        .route("/v1/health", get(user::health))
        .route("/v1/metrics", get(metrics::metrics))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), authorise_user));
    // Whoever shows nothing learns no paths.
    let unknown = Router::new()
        .fallback(|| async { StatusCode::NOT_FOUND })
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), authorise_user));
    worker.merge(user).merge(unknown).with_state(shared)
}

async fn authorise_user(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let is_right = shows(&shared.token, &request);
    authorise(is_right, request, next).await
}

async fn authorise_worker(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let is_right = shows(&shared.worker_token, &request);
    authorise(is_right, request, next).await
}

/// Whether a request shows this token.
fn shows(token: &Token, request: &Request) -> bool {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    shown.and_then(|value| value.strip_prefix("Bearer ")).is_some_and(|shown| token.is(shown))
}

async fn authorise(is_right: bool, request: Request, next: Next) -> Response {
    if is_right { next.run(request).await } else { StatusCode::UNAUTHORIZED.into_response() }
}

/// The body of a request to the loopback door.
async fn body(request: Request) -> Result<Bytes, Failure> {
    serve::body(request, MAX_BODY_BYTES).await.map_err(|code| {
        let what = match code {
            StatusCode::PAYLOAD_TOO_LARGE => "the body is longer than 65536 bytes",
            StatusCode::REQUEST_TIMEOUT => "the body did not come in time",
            _ => "the body was cut off",
        };
        Failure(code, what.into())
    })
}

/// An answer other than success.
struct Failure(StatusCode, String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let message: String = self.1.chars().take(MAX_WORDS).collect();
        (self.0, Json(json!({ "message": message }))).into_response()
    }
}

fn bad(what: impl ToString) -> Failure {
    Failure(StatusCode::BAD_REQUEST, what.to_string())
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::Bad(_)
            | Refusal::NotAuthentic
            | Refusal::NoEnvelope
            | Refusal::NoLetter(_)
            | Refusal::KeySize { .. } => StatusCode::BAD_REQUEST,
            Refusal::NoKey => StatusCode::FORBIDDEN,
            Refusal::Unknown | Refusal::OtherReader => StatusCode::NOT_FOUND,
            Refusal::OtherChain
            | Refusal::OtherAccount
            | Refusal::Unfinished(_)
            | Refusal::Records(_)
            | Refusal::RequestDiffers
            | Refusal::UnderWay
            | Refusal::WishOver
            | Refusal::NotOpen
            | Refusal::NotDelivered
            | Refusal::Queue(_)
            | Refusal::LetterQueue(_)
            | Refusal::KeyUsed
            | Refusal::Exhausted
            | Refusal::Gap => StatusCode::CONFLICT,
            Refusal::Kme(client::Error::Refused(_)) => StatusCode::BAD_REQUEST,
            Refusal::Kme(_) | Refusal::Keys(_) => StatusCode::BAD_GATEWAY,
            Refusal::Busy => StatusCode::TOO_MANY_REQUESTS,
            Refusal::InboxFull
            | Refusal::NotTold
            | Refusal::KeyUnderWay
            | Refusal::KeyService
            | Refusal::Store(_)
            | Refusal::Stopped
            | Refusal::Random => StatusCode::SERVICE_UNAVAILABLE,
            Refusal::State => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self(code, refusal.to_string())
    }
}

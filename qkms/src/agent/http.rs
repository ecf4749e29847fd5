//! What the agent answers.

use std::{
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{token::Token, vault::Vault};
use crate::{
    client::{self, Client, KeyRequest},
    kme::service::SaeId,
};

const MAX_BODY_BYTES: usize = 64 * 1024;

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    sae: SaeId,
    not_after: i64,
    peers: Vec<SaeId>,
    client: Client,
    vault: Arc<Vault>,
    token: Token,
    contact: Mutex<Contact>,
}

/// How the KME did.
#[derive(Debug, Default)]
struct Contact {
    answered: Option<Instant>,
    failed: Option<(Instant, String)>,
}

impl Shared {
    pub(super) fn new(
        sae: SaeId,
        not_after: i64,
        peers: Vec<SaeId>,
        client: Client,
        vault: Arc<Vault>,
        token: Token,
    ) -> Self {
        Self { sae, not_after, peers, client, vault, token, contact: Mutex::default() }
    }

    pub(super) fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    /// Notes whether the KME answered; a refusal is an answer.
    fn note<T>(&self, result: Result<T, client::Error>) -> Result<T, client::Error> {
        let mut contact = self.contact.lock().unwrap_or_else(PoisonError::into_inner);
        match &result {
            Ok(_) | Err(client::Error::Refused(_)) => contact.answered = Some(Instant::now()),
            Err(error) => contact.failed = Some((Instant::now(), error.to_string())),
        }
        drop(contact);
        result
    }
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/v1/health", get(health))
        .route("/v1/pools", get(pools))
        .route("/v1/peers/{sae}/draw", post(draw))
        .route("/v1/peers/{sae}/collect", post(collect))
        .route("/v1/keys/{id}", delete(forget))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), authorise))
        .with_state(shared)
}

async fn authorise(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = shown.and_then(|value| value.strip_prefix("Bearer "));
    if token.is_some_and(|token| shared.token.is(token)) {
        next.run(request).await
    } else {
        StatusCode::UNAUTHORIZED.into_response()
    }
}

/// An answer other than success.
struct Failure(StatusCode, String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.1 }))).into_response()
    }
}

fn bad(what: impl ToString) -> Failure {
    Failure(StatusCode::BAD_REQUEST, what.to_string())
}

impl From<client::Error> for Failure {
    fn from(error: client::Error) -> Self {
        let code = match error {
            client::Error::Refused(_) => StatusCode::BAD_REQUEST,
            _ => StatusCode::BAD_GATEWAY,
        };
        Self(code, error.to_string())
    }
}

impl From<super::Full> for Failure {
    fn from(full: super::Full) -> Self {
        Self(StatusCode::CONFLICT, full.to_string())
    }
}

async fn health(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let left = shared.not_after.saturating_sub(i64::try_from(now).unwrap_or(i64::MAX));
    let contact = shared.contact.lock().unwrap_or_else(PoisonError::into_inner);
    let failed = contact.failed.as_ref();
    Json(json!({
        "sae_ID": shared.sae,
        "certificate_valid_days": left.div_euclid(86_400),
        "kme_answered_s_ago": contact.answered.map(|when| when.elapsed().as_secs()),
        "kme_failed_s_ago": failed.map(|(when, _)| when.elapsed().as_secs()),
        "kme_failure": failed.map(|(_, error)| error),
        "held_keys": shared.vault.held(),
    }))
}

async fn pools(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let pools = shared.peers.iter().map(async |peer| {
        let (status, failure) = match shared.note(shared.client.status(peer).await) {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error.to_string())),
        };
        json!({
            "peer": peer,
            "held_keys": shared.vault.held_with(peer),
            "status": status,
            "failure": failure,
        })
    });
    Json(futures::future::join_all(pools).await.into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Draw {
    number: Option<u32>,
    size: Option<u32>,
}

async fn draw(
    State(shared): State<Arc<Shared>>,
    Path(peer): Path<String>,
    Json(Draw { number, size }): Json<Draw>,
) -> Result<Json<Value>, Failure> {
    let peer = SaeId::from_str(&peer).map_err(bad)?;
    let places = usize::try_from(number.unwrap_or(1)).unwrap_or(usize::MAX);
    let promise = shared.vault.promise(places)?;
    let request = KeyRequest { number, size, ..KeyRequest::default() };
    let keys = shared.note(shared.client.enc_keys(&peer, &request).await)?;
    Ok(Json(json!({ "key_IDs": promise.fulfil(&peer, keys) })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Collect {
    #[serde(rename = "key_IDs")]
    key_ids: Vec<Uuid>,
}

async fn collect(
    State(shared): State<Arc<Shared>>,
    Path(peer): Path<String>,
    Json(Collect { key_ids }): Json<Collect>,
) -> Result<Json<Value>, Failure> {
    let peer = SaeId::from_str(&peer).map_err(bad)?;
    let promise = shared.vault.promise(key_ids.len())?;
    let keys = shared.note(shared.client.dec_keys(&peer, &key_ids).await)?;
    Ok(Json(json!({ "key_IDs": promise.fulfil(&peer, keys) })))
}

async fn forget(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Failure> {
    if shared.vault.forget(id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure(StatusCode::NOT_FOUND, format!("the key {id} is not held")))
    }
}

//! The standard's three methods.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::get,
};
use http_body_util::BodyExt;
use rustls_pki_types::UnixTime;

use super::{answer, error::Failure, request};
use crate::{
    kme::service::{KeyService, SaeId},
    metrics::{KmeMetrics, Method},
    tls::{Peer, clients::Admission},
};

/// Who is at the other end of the connection: as its certificate says, or nobody.
pub type Caller = Option<Arc<Admission>>;

/// The largest body, in bytes: room for 128 keys with generous extensions.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// How much of a body that is too long is read and thrown away, in bytes. A client that still
/// sends when the connection is closed may never see the answer.
const MAX_DISCARDED_BYTES: usize = 4 * 1024 * 1024;

struct Door<S> {
    service: Arc<S>,
    metrics: KmeMetrics,
    body_timeout: Duration,
}

/// The routes of the standard. Each request must carry a [`Caller`] among its extensions; a body
/// that is not there whole after `body_timeout` is given up.
pub fn router<S: KeyService>(
    service: Arc<S>,
    metrics: KmeMetrics,
    body_timeout: Duration,
) -> Router {
    // axum would answer HEAD by running the handler of GET: a key drawn for nobody.
    let refused = || async { StatusCode::METHOD_NOT_ALLOWED };
    Router::new()
        .route("/api/v1/keys/{sae}/status", get(status::<S>).head(refused))
        .route("/api/v1/keys/{sae}/enc_keys", get(enc_keys::<S>).post(enc_keys::<S>).head(refused))
        .route("/api/v1/keys/{sae}/dec_keys", get(dec_keys::<S>).post(dec_keys::<S>).head(refused))
        .with_state(Arc::new(Door { service, metrics, body_timeout }))
}

async fn status<S: KeyService>(
    State(door): State<Arc<Door<S>>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Response {
    let answer = || {
        let caller = sae(&caller)?;
        let slave = sae_in(&uri)?;
        Ok(answer::status(&door.service.status(caller, &slave)?))
    };
    conclude(&door.metrics, Method::Status, answer())
}

async fn enc_keys<S: KeyService>(
    State(door): State<Arc<Door<S>>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    http: Request,
) -> Response {
    let answer = async {
        let master = sae(&caller)?;
        let slave = sae_in(&uri)?;
        let request = match input(http, door.body_timeout).await? {
            Input::Query(query) => request::key_request_from_query(&query)?,
            Input::Body(body) => request::key_request_from_json(&body)?,
        };
        // The body may have been long in coming: ask again who is there.
        sae(&caller)?;
        let keys = door.service.enc_keys(master, &slave, request).await?;
        door.metrics.keys_delivered(Method::EncKeys, keys.len());
        Ok(answer::key_container(&keys))
    };
    let answer = answer.await;
    conclude(&door.metrics, Method::EncKeys, answer)
}

async fn dec_keys<S: KeyService>(
    State(door): State<Arc<Door<S>>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
    http: Request,
) -> Response {
    let answer = async {
        let slave = sae(&caller)?;
        let master = sae_in(&uri)?;
        let ids = match input(http, door.body_timeout).await? {
            Input::Query(query) => request::key_ids_from_query(&query)?,
            Input::Body(body) => request::key_ids_from_json(&body)?,
        };
        sae(&caller)?;
        let keys = door.service.dec_keys(slave, &master, ids).await?;
        door.metrics.keys_delivered(Method::DecKeys, keys.len());
        Ok(answer::key_container(&keys))
    };
    let answer = answer.await;
    conclude(&door.metrics, Method::DecKeys, answer)
}

fn conclude(metrics: &KmeMetrics, method: Method, answer: Result<Response, Failure>) -> Response {
    let response = answer.unwrap_or_else(IntoResponse::into_response);
    metrics.answered(method, response.status());
    tracing::debug!(method = method.name(), code = response.status().as_u16(), "answered");
    response
}

/// The SAE that calls.
fn sae(caller: &Caller) -> Result<&SaeId, Failure> {
    let Some(admission) = caller else { return Err(Failure::Unauthorised { close: false }) };
    match admission.peer(UnixTime::now()) {
        Some(Peer::Sae(id)) => Ok(id),
        Some(Peer::Kme(_)) => Err(Failure::Unauthorised { close: false }),
        None => Err(Failure::Unauthorised { close: true }),
    }
}

/// The SAE in a path that one of the routes has matched. axum would decode it, and refuse what is
/// not UTF-8 in words of its own.
fn sae_in(uri: &Uri) -> Result<SaeId, Failure> {
    let segment = uri.path().split('/').nth(4).unwrap_or_default();
    Ok(request::sae_id(segment)?)
}

enum Input {
    Query(String),
    Body(Bytes),
}

/// What a `GET` says in its query and a `POST` in its body.
async fn input(http: Request, body_timeout: Duration) -> Result<Input, Failure> {
    if http.method() == http::Method::GET {
        return Ok(Input::Query(http.uri().query().unwrap_or_default().to_owned()));
    }
    if !is_json(http.headers()) {
        let message = "the content type shall be application/json";
        return Err(Failure::said(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let announced = http.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let waits = http.headers().contains_key(header::EXPECT);
    if waits && announced.is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(too_long());
    }
    let body = tokio::time::timeout(body_timeout, whole(http.into_body()));
    body.await.unwrap_or_else(|_| {
        Err(Failure::said(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"))
    })
}

async fn whole(mut body: Body) -> Result<Input, Failure> {
    let mut kept = Vec::new();
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let broken = |_| Failure::said(StatusCode::BAD_REQUEST, "the body broke off");
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        length = length.saturating_add(data.len());
        if length <= MAX_BODY_BYTES {
            kept.extend_from_slice(&data);
        } else if length > MAX_DISCARDED_BYTES {
            break;
        }
    }
    if length > MAX_BODY_BYTES { Err(too_long()) } else { Ok(Input::Body(kept.into())) }
}

fn too_long() -> Failure {
    let message = format!("the body is longer than {MAX_BODY_BYTES} bytes");
    Failure::said(StatusCode::PAYLOAD_TOO_LARGE, message)
}

/// `application/json`, with no charset or UTF-8.
fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = value.split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
                charset.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

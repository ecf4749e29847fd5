//! What a user asks, in JSON.

use super::{Failure, Shared, bad, body};
use crate::desk::{Name, View, Wish};
use axum::{
    Json,
    extract::{Path, Request, State},
    http::StatusCode,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use q_sah::Suite;
use qkms::kme::service::SaeId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};
use uuid::Uuid;
use zeroize::Zeroizing;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Open {
    from: String,
    to: String,
    to_sae: SaeId,
    suite: SuiteName,
    least_number: u64,
    genesis: String,
    #[serde(default)]
    request: Option<Uuid>,
}

#[derive(Deserialize)]
enum SuiteName {
    #[serde(rename = "hmac")]
    Hmac,
    #[serde(rename = "one-time")]
    OneTime,
}

/// Thirty-two bytes, as `0x` and hexadecimal.
pub(super) fn bytes(name: &str, text: &str) -> Result<[u8; 32], Failure> {
    let wrong = || bad(format!("{name} is not 0x and 64 hexadecimal digits"));
    let mut bytes = [0; 32];
    let digits = text.strip_prefix("0x").ok_or_else(wrong)?;
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| wrong())?;
    Ok(bytes)
}

pub(super) async fn open(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Json<Value>, Failure> {
    let body = body(request).await?;
    let open: Open = serde_json::from_slice(&body).map_err(bad)?;
    let wish = Wish {
        request: open.request,
        genesis: bytes("genesis", &open.genesis)?,
        from: bytes("from", &open.from)?,
        to: bytes("to", &open.to)?,
        to_sae: open.to_sae,
        suite: match open.suite {
            SuiteName::Hmac => Suite::Hmac,
            SuiteName::OneTime => Suite::OneTime,
        },
        least_number: open.least_number,
    };
    let asked = Arc::clone(&shared.engine).open(wish).await?;
    Ok(Json(json!({
        "number": asked.number,
        "message1": format!("0x{}", hex::encode(&asked.message1)),
        "key_IDs": asked.ids,
    })))
}

pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Result<Json<Vec<View>>, Failure> {
    Ok(Json(shared.engine.ask(|desk| desk.sessions()).await?))
}

pub(super) async fn one(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
) -> Result<Json<View>, Failure> {
    let name: Name = name.parse()?;
    Ok(Json(shared.engine.ask(move |desk| desk.session(name)).await?))
}

pub(super) async fn close(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    let name: Name = name.parse()?;
    shared.engine.ask(move |desk| desk.close(name)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn send(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let name: Name = name.parse()?;
    let text = Zeroizing::new(body(request).await?.to_vec());
    let sent = Arc::clone(&shared.engine).send(name, text).await?;
    Ok(match sent.queued {
        0 => (StatusCode::OK, Json(json!({ "counter": sent.counter }))),
        queued => {
            let told = json!({ "counter": sent.counter, "queued": queued });
            (StatusCode::ACCEPTED, Json(told))
        }
    })
}

/// Which texts the user has already: those below this counter.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Has {
    has: u64,
}

pub(super) async fn receive(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Json<Value>, Failure> {
    let name: Name = name.parse()?;
    let body = body(request).await?;
    let Has { has } = match &body[..] {
        [] => Has::default(),
        body => serde_json::from_slice(body).map_err(bad)?,
    };
    let texts = shared.engine.ask(move |desk| desk.receive(name, has)).await?;
    let told = |(counter, text): &(u64, Zeroizing<Vec<u8>>)| json!({ "counter": counter, "text": STANDARD.encode(&text[..]) });
    Ok(Json(json!({ "texts": texts.iter().map(told).collect::<Vec<_>>() })))
}

pub(super) async fn health(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let left = shared.not_after.saturating_sub(i64::try_from(now).unwrap_or(i64::MAX));
    let totals = shared.engine.ask(|desk| desk.totals()).await?;
    let contact = shared.engine.contact();
    let failed = contact.failed.as_ref();
    Ok(Json(json!({
        "sae_ID": shared.sae,
        "certificate_valid_days": left.div_euclid(86_400),
        "kme_answered_s_ago": contact.answered.map(|when| when.elapsed().as_secs()),
        "kme_failed_s_ago": failed.map(|(when, _)| when.elapsed().as_secs()),
        "kme_failure": failed.map(|(_, error)| error),
        "sessions": totals.states,
        "keys_drawn": totals.keys,
        "bits_drawn": totals.bits,
        "handshakes_finished": totals.finished,
        "handshake_mean_ms": totals.mean_ms(),
        "letters": {
            "sent": totals.letters.written,
            "delivered": totals.letters.delivered,
            "given_up": totals.letters.given_up,
            "received": totals.letters.come,
            "queued": totals.letters_queued,
            "waiting": totals.letters_unread,
        },
    })))
}

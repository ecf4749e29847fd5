//! What a user asks of letters, in JSON.

use super::{Failure, Shared, bad, body, user::bytes};
use crate::desk::{Draft, Letters};
use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use q_sah::{About, Purpose, Seal, Slot, Trade};
use qkms::kme::service::SaeId;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    from: String,
    to: String,
    to_sae: SaeId,
    mail: String,
    genesis: String,
    purpose: u8,
    slot: u64,
    trade: u64,
    seal: SealName,
    text: String,
    #[serde(default)]
    request: Option<Uuid>,
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

#[derive(Clone, Copy, Deserialize)]
enum SealName {
    #[serde(rename = "aead")]
    Aead,
    #[serde(rename = "one-time")]
    OneTime,
}

fn draft(wanted: &Wanted) -> Result<Draft, Failure> {
    let mail = wanted.mail.clone().into_bytes().try_into();
    let text = STANDARD.decode(&wanted.text);
    Ok(Draft {
        request: wanted.request,
        genesis: bytes("genesis", &wanted.genesis)?,
        from: bytes("from", &wanted.from)?,
        to: bytes("to", &wanted.to)?,
        to_sae: wanted.to_sae.clone(),
        mail: mail.map_err(|_| bad("mail is longer than 256 bytes"))?,
        about: About {
            purpose: Purpose(wanted.purpose),
            slot: Slot(wanted.slot),
            trade: Trade(wanted.trade),
        },
        seal: match wanted.seal {
            SealName::Aead => Seal::Aead,
            SealName::OneTime => Seal::OneTime,
        },
        // What is wrong with it is not shown: it is the text.
        text: text.map(Zeroizing::new).map_err(|_| bad("text is not base64"))?,
    })
}

pub(super) async fn write(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let body = body(request).await?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(bad)?;
    let written = Arc::clone(&shared.engine).write(draft(&wanted)?).await?;
    let told = json!({
        "number": written.number,
        "key_ID": written.key,
        "state": written.state,
        "reason": written.reason,
    });
    match written.state {
        "delivered" => Ok((StatusCode::OK, Json(told))),
        "queued" => Ok((StatusCode::ACCEPTED, Json(told))),
        _ => {
            let why = written.reason.unwrap_or_default();
            Err(Failure(StatusCode::BAD_GATEWAY, format!("the letter was given up: {why}")))
        }
    }
}

pub(super) async fn list(State(shared): State<Arc<Shared>>) -> Result<Json<Letters>, Failure> {
    Ok(Json(shared.engine.ask(|desk| desk.letters()).await?))
}

pub(super) async fn receive(State(shared): State<Arc<Shared>>) -> Result<Json<Value>, Failure> {
    let letters = shared.engine.ask(|desk| desk.receive_letters()).await?;
    let told = letters.iter().map(|(come, text)| {
        json!({
            "from": format!("0x{}", hex::encode(come.from)),
            "from_sae": come.from_sae,
            "purpose": come.head.purpose,
            "slot": come.head.slot,
            "trade": come.head.trade,
            "seal": come.head.seal_name(),
            "key_ID": Uuid::from_bytes(come.head.key),
            "text": STANDARD.encode(&text[..]),
        })
    });
    Ok(Json(json!({ "letters": told.collect::<Vec<_>>() })))
}

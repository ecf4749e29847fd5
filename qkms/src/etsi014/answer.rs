//! Answers of code 200: the standard's status and key container.

use axum::response::{IntoResponse, Response};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, header};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::kme::service::{DeliveredKey, Figures, LinkState, Origin, Status};

/// What a status and a key container say of keys that came over no quantum link.
pub const SOURCE_OF_LOCAL_KEYS: &str = "local_generator";
const SOURCE_OF_QKD_KEYS: &str = "qkd";
/// What they say of keys that trusted nodes relayed.
pub const SOURCE_OF_RELAYED_KEYS: &str = "relayed";

fn source(origin: Origin) -> &'static str {
    match origin {
        Origin::Qkd => SOURCE_OF_QKD_KEYS,
        Origin::LocalGenerator => SOURCE_OF_LOCAL_KEYS,
        Origin::Relayed => SOURCE_OF_RELAYED_KEYS,
    }
}

/// The standard's status, clause 6.1.
#[derive(Serialize)]
#[allow(non_snake_case, reason = "the standard's names")]
struct StatusBody<'a> {
    source_KME_ID: &'a str,
    target_KME_ID: &'a str,
    master_SAE_ID: &'a str,
    slave_SAE_ID: &'a str,
    key_size: u64,
    stored_key_count: u64,
    max_key_count: u64,
    max_key_per_request: u64,
    max_key_size: u64,
    min_key_size: u64,
    max_SAE_ID_count: u64,
    status_extension: StatusExtension,
}

/// What this KME adds.
#[derive(Serialize)]
struct StatusExtension {
    qkms_key_source: &'static str,
    qkms_link: LinkState,
    qkms_insecure: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    qkms_figures: Option<Figures>,
}

/// The standard's status. What this KME adds stands in the standard's `status_extension`.
pub(super) fn status(status: &Status) -> Response {
    axum::Json(StatusBody {
        source_KME_ID: status.source_kme.as_str(),
        target_KME_ID: status.target_kme.as_str(),
        master_SAE_ID: status.master.as_str(),
        slave_SAE_ID: status.slave.as_str(),
        key_size: status.key_size,
        stored_key_count: status.stored_key_count,
        max_key_count: status.max_key_count,
        max_key_per_request: status.max_key_per_request,
        max_key_size: status.max_key_size,
        min_key_size: status.min_key_size,
        max_SAE_ID_count: status.max_sae_id_count,
        status_extension: StatusExtension {
            qkms_key_source: source(status.origin),
            qkms_link: status.link,
            qkms_insecure: status.insecure,
            qkms_figures: status.figures,
        },
    })
    .into_response()
}

/// The standard's key container. Keys are base64 of their bytes, with padding; one that did
/// not come over one quantum link alone says so in its `key_extension`. The body is wiped when it is dropped.
pub(super) fn key_container(keys: &[DeliveredKey]) -> Response {
    // Exact, so that the buffer never moves and leaves a copy behind.
    let length = keys.iter().map(|key| ENTRY + base64_length(key.key.len())).sum::<usize>();
    let mut body = Wiped(Zeroizing::new(Vec::with_capacity(length.saturating_add(ENTRY))));
    let out = &mut body.0;
    out.extend_from_slice(br#"{"keys":["#);
    for (position, key) in keys.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_slice(br#"{"key_ID":""#);
        let mut id = uuid::Uuid::encode_buffer();
        out.extend_from_slice(key.id.hyphenated().encode_lower(&mut id).as_bytes());
        out.extend_from_slice(br#"","key":""#);
        let start = out.len();
        out.resize(start.saturating_add(base64_length(key.key.len())), 0);
        if let Some(slot) = out.get_mut(start..) {
            // The slot has the exact length, the one error that encoding knows.
            let _ = STANDARD.encode_slice(&*key.key, slot);
        }
        out.push(b'"');
        if key.origin != Origin::Qkd {
            out.extend_from_slice(br#","key_extension":{"qkms_key_source":""#);
            out.extend_from_slice(source(key.origin).as_bytes());
            out.extend_from_slice(br#""}"#);
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    debug_assert!(out.len() <= length.saturating_add(ENTRY), "the buffer has moved");
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], Bytes::from_owner(body)).into_response()
}

/// No entry, its key aside, is longer than this.
const ENTRY: usize = 128;

fn base64_length(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

//! Refusals as the standard words them.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::{
    extension::{MAX_AGE, ROUTE},
    request::BadRequest,
};
use crate::kme::service::Refusal;

/// An answer other than 200.
#[derive(Debug)]
pub(super) enum Failure {
    /// 401, without a body. `close` ends the connection: its certificate no longer holds.
    Unauthorised { close: bool },
    /// Any other code with the standard's error object.
    Said { code: StatusCode, message: String, details: Vec<Value> },
}

impl Failure {
    pub(super) fn said(code: StatusCode, message: impl Into<String>) -> Self {
        Self::Said { code, message: message.into(), details: Vec::new() }
    }
}

impl From<BadRequest> for Failure {
    fn from(bad: BadRequest) -> Self {
        match bad {
            BadRequest::Malformed(message) => Self::said(StatusCode::BAD_REQUEST, message),
            BadRequest::Unsupported(options) => Self::Said {
                code: StatusCode::BAD_REQUEST,
                message: "not all extension_mandatory parameters are supported".into(),
                details: vec![json!({ "extension_mandatory_unsupported": options })],
            },
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let message = refusal.to_string();
        let details = match &refusal {
            Refusal::UnknownCaller | Refusal::NotNamed => {
                return Self::Unauthorised { close: false };
            }
            Refusal::KeysNotFound(ids) => vec![json!({ "key_IDs": ids })],
            Refusal::RepeatedKey(id) => vec![json!({ "key_ID": id })],
            Refusal::UnknownSae(id) | Refusal::RepeatedSlave(id) => vec![json!({ "SAE_ID": id })],
            Refusal::Number(max) | Refusal::KeyIds(max) => {
                vec![json!({ "max_key_per_request": max })]
            }
            Refusal::Size { min, max } => {
                vec![json!({ "min_key_size": min, "max_key_size": max })]
            }
            Refusal::TooManySlaves(max) => vec![json!({ "max_SAE_ID_count": max })],
            Refusal::MandatoryUnmet => vec![json!({ "options": [ROUTE, MAX_AGE] })],
            Refusal::OwnSlave
            | Refusal::SlavesOfManySites
            | Refusal::SizeUneven
            | Refusal::Exhausted
            | Refusal::LinkClosed
            | Refusal::Unconfirmed
            | Refusal::Store
            | Refusal::Stopping => Vec::new(),
        };
        let code = match refusal {
            Refusal::Exhausted
            | Refusal::LinkClosed
            | Refusal::Unconfirmed
            | Refusal::Store
            | Refusal::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::Said { code, message, details }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorised { close } => {
                let mut response = StatusCode::UNAUTHORIZED.into_response();
                if close {
                    let close = HeaderValue::from_static("close");
                    response.headers_mut().insert(header::CONNECTION, close);
                }
                response
            }
            Self::Said { code, message, details } => {
                let mut body = json!({ "message": message });
                if let (false, Some(body)) = (details.is_empty(), body.as_object_mut()) {
                    body.insert("details".into(), details.into());
                }
                (code, axum::Json(body)).into_response()
            }
        }
    }
}

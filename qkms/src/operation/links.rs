//! What an operator does with a link.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::archive::Archive;
use crate::link::Eavesdropper;

/// A link that was closed for good, at one end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    kme: String,
    peer: String,
}

/// `POST /open`: opens an end of a link that was closed for good.
pub(super) async fn open(State(archive): State<Archive>, Json(end): Json<End>) -> Response {
    match archive.link(&end.kme, &end.peer) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(link) if link.open() => StatusCode::NO_CONTENT.into_response(),
        Some(_) => (StatusCode::CONFLICT, "the link is not closed for good\n").into_response(),
    }
}

/// Who is to listen on a simulated link.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listening {
    kme: String,
    peer: String,
    /// Nobody, if it is null.
    eavesdropper: Option<Eavesdropper>,
}

/// `POST /eavesdropper`: somebody listens on a simulated link from its next block on, or nobody.
pub(super) async fn eavesdropper(
    State(archive): State<Archive>,
    Json(listening): Json<Listening>,
) -> Response {
    let Listening { kme, peer, eavesdropper } = listening;
    let Some(tap) = archive.tap(&kme, &peer) else {
        return match archive.link(&kme, &peer) {
            None => StatusCode::NOT_FOUND.into_response(),
            Some(_) => {
                (StatusCode::CONFLICT, "photons are simulated at Alice's end\n").into_response()
            }
        };
    };
    match tap.set(eavesdropper) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, format!("{error}\n")).into_response(),
    }
}

//! Challenges for audits, and the files of those that were made.

use axum::{
    Json,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::archive::{Archive, failed};
use crate::{
    kme::audits::{self, Stand, Untaken},
    pool::StoreError,
};

/// A challenge from outside.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Posed {
    kme: String,
    peer: String,
    epoch: u64,
    /// The root that it is made for, 64 hexadecimal digits.
    root: String,
    /// 64 hexadecimal digits.
    challenge: String,
}

/// What a challenge picked.
#[derive(Serialize)]
struct Answer {
    epoch: u64,
    /// The block; none if no block of the epoch gave a key.
    block: Option<u64>,
}

/// `POST /challenge`: takes a challenge.
pub(super) async fn challenge(
    State(archive): State<Archive>,
    Json(posed): Json<Posed>,
) -> Response {
    let Posed { kme, peer, epoch, root, challenge } = posed;
    let Some(link) = archive.link(&kme, &peer) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let bytes = |digits: &str| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).ok().map(|()| bytes)
    };
    let (Some(root), Some(challenge)) = (bytes(&root), bytes(&challenge)) else {
        let what = "root and challenge have 64 hexadecimal digits each\n";
        return (StatusCode::BAD_REQUEST, what).into_response();
    };
    match audits::challenge(link, epoch, root, challenge).await {
        Ok(picked) => Json(Answer { epoch, block: picked.block }).into_response(),
        Err(error) => {
            let code = match &error {
                Untaken::Peer(_) | Untaken::Store(StoreError::Failed(_) | StoreError::Closed) => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                _ => StatusCode::CONFLICT,
            };
            (code, format!("{error}\n")).into_response()
        }
    }
}

/// The audit of one epoch of one link end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    kme: String,
    peer: String,
    epoch: u64,
}

/// `/audit`: the file of an audit.
pub(super) async fn file(State(archive): State<Archive>, Query(wanted): Query<Wanted>) -> Response {
    let Some(link) = archive.link(&wanted.kme, &wanted.peer) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match link.store.run(move |books| books.audit_file(wanted.epoch)).await {
        Ok(Some(file)) => {
            ([(header::CONTENT_TYPE, "application/octet-stream")], file).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => failed(&error),
    }
}

/// Where the audits of a link end stand.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Audits {
    /// The link is not audited: no challenge is taken.
    None,
    /// The next epoch to be audited.
    Next {
        epoch: u64,
        /// Keys of blocks up to this one do not wait.
        released: u64,
        /// Its root once it is whole: what a challenge has to name.
        root: Option<String>,
        /// Whether a challenge has picked a block of it.
        picked: bool,
        /// The latest epochs of which a block that was picked could not be opened.
        failed: Vec<u64>,
    },
}

impl From<Option<Stand>> for Audits {
    fn from(stand: Option<Stand>) -> Self {
        match stand {
            None => Self::None,
            Some(Stand { auditing, root, failed }) => Self::Next {
                epoch: auditing.epoch,
                released: auditing.released,
                root: root.map(hex::encode),
                picked: auditing.picked.is_some(),
                failed,
            },
        }
    }
}

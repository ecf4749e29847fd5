//! Records of blocks, for whoever checks them.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{
    archive::{Archive, failed},
    audits::Audits,
};
use crate::{
    kme::{audits, meeting},
    pool::{Books, End},
    records::{EPOCH, Export},
};

/// Epochs of which the roots are told at once.
const ROOTS: u64 = 16;

/// What is asked for: nothing, or records of one link end.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    kme: Option<String>,
    peer: Option<String>,
    from: Option<u64>,
}

/// Where the records of a link end stand.
#[derive(Serialize)]
struct Stand {
    kme: String,
    peer: String,
    end: &'static str,
    /// The number of the next record.
    next: u64,
    /// The hash of the last one.
    head: String,
    /// The last whole epochs.
    epochs: Vec<Root>,
    /// Where its audits stand.
    audits: Audits,
}

/// The Merkle root of an epoch.
#[derive(Serialize)]
struct Root {
    epoch: u64,
    root: String,
}

/// `/records.json`: where all ends stand; with `kme` and `peer` records of that end, an epoch's at
/// most, from number `from` on.
pub(super) async fn records(
    State(archive): State<Archive>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let Wanted { kme, peer, from } = wanted;
    let (Some(kme), Some(peer)) = (kme, peer) else { return stands(&archive).await };
    let Some(link) = archive.link(&kme, &peer) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let most = usize::try_from(EPOCH).unwrap_or(usize::MAX);
    match meeting::told(link, from.unwrap_or(0), most).await {
        Ok((Some(keys), records)) => {
            Json(Export::new(link.notary.chain(), &keys, &records)).into_response()
        }
        // The two ends have not met yet.
        Ok((None, _)) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => failed(&error),
    }
}

async fn stands(archive: &Archive) -> Response {
    let mut stands = Vec::new();
    for (kme, link) in &archive.links {
        let owner = Arc::clone(link);
        let look = move |books: &mut Books<'_>| {
            let standing = books.standing(owner.notary.chain())?;
            let whole = standing.next / EPOCH;
            let mut epochs = Vec::new();
            for epoch in whole.saturating_sub(ROOTS)..whole {
                let root = books.epoch_root(epoch)?;
                epochs.extend(root.map(|root| Root { epoch, root: hex::encode(root) }));
            }
            Ok((standing, epochs, audits::stand(books)?))
        };
        let (standing, epochs, audits) = match link.store.run(look).await {
            Ok(found) => found,
            Err(error) => return failed(&error),
        };
        let end = match link.end {
            End::Alice => "alice",
            End::Bob => "bob",
        };
        let (kme, peer) = (kme.clone(), link.peer.to_string());
        let head = hex::encode(standing.head);
        let (next, audits) = (standing.next, audits.into());
        stands.push(Stand { kme, peer, end, next, head, epochs, audits });
    }
    Json(stands).into_response()
}

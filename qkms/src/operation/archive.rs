//! The links of a process, as whoever asks for one names it.

use std::sync::Arc;

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::kme::{Kme, link::Link, tap::Tap};

/// The link ends of a process, with what KME each belongs to.
#[derive(Clone, Default)]
pub struct Archive {
    pub(super) links: Vec<(String, Arc<Link>)>,
    taps: Taps,
}

/// KME, peer, and the tap on the fibre of their link, at Alice's end.
pub type Taps = Vec<(String, String, Tap)>;

impl Archive {
    /// Of these KMEs, with these taps.
    pub fn new(kmes: &[Arc<Kme>], taps: Taps) -> Self {
        let ends = kmes.iter().flat_map(|kme| {
            kme.links().iter().map(|link| (kme.id().to_string(), Arc::clone(link)))
        });
        Self { links: ends.collect(), taps }
    }

    /// The link of a KME to its peer.
    pub(super) fn link(&self, kme: &str, peer: &str) -> Option<&Arc<Link>> {
        let mut links = self.links.iter();
        links.find(|(own, link)| own == kme && link.peer.as_str() == peer).map(|(_, link)| link)
    }

    /// The tap on the fibre of a KME to its peer.
    pub(super) fn tap(&self, kme: &str, peer: &str) -> Option<&Tap> {
        let mut taps = self.taps.iter();
        taps.find(|(own, other, _)| own == kme && other == peer).map(|(.., tap)| tap)
    }
}

/// The books of a link cannot be read.
pub(super) fn failed(error: &crate::pool::StoreError) -> Response {
    tracing::warn!(%error, "the records cannot be read");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}

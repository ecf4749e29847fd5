//! The ways that keys may go.

use std::collections::BTreeSet;

use super::{MAX_SITES, RelayKey};
use crate::{
    kme::service::{KmeId, SaeId},
    metrics::RelayMetrics,
    pool::Store,
    records::PublicKey,
};

/// What a KME relays with.
pub struct RelaySetup {
    /// Signs as origin and as target.
    pub key: RelayKey,
    /// The store of keys whose way ends here, and of withdrawals; its own key at rest.
    pub store: Store,
    /// The routes that the KME is part of.
    pub routes: Vec<RouteSetup>,
    /// Where relays are counted.
    pub metrics: RelayMetrics,
}

/// A route.
pub struct RouteSetup {
    /// Its KMEs in their order, either way round; the KME itself is one of them.
    pub path: Vec<KmeId>,
    /// The other end, if the KME itself is an end.
    pub far: Option<FarSetup>,
}

/// The other end of a route.
pub struct FarSetup {
    /// The key by which it signs.
    pub key: PublicKey,
    /// The SAEs of its site.
    pub saes: Vec<SaeId>,
}

/// Why a route cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// Fewer than three sites or more than [`MAX_SITES`].
    #[error("a route has 3 to {MAX_SITES} sites")]
    Length,
    /// A site is named twice.
    #[error("the route comes to {0} twice")]
    Circle(KmeId),
    /// The KME is not on it.
    #[error("the route does not pass {0}")]
    Elsewhere(KmeId),
    /// There is no link to the next site.
    #[error("the route goes on to {0}, to which there is no link")]
    NoLink(KmeId),
    /// The other end's key and SAEs are missing, or given although the KME is between.
    #[error("the far end of the route is not known")]
    Far,
    /// Its ends have a link of their own, or another route.
    #[error("there is another way to {0}")]
    Second(KmeId),
}

/// Whether a list of KMEs can be a route.
///
/// # Errors
///
/// [`RouteError::Length`] or [`RouteError::Circle`].
pub fn check(path: &[KmeId]) -> Result<(), RouteError> {
    if !(3..=MAX_SITES).contains(&path.len()) {
        return Err(RouteError::Length);
    }
    let mut seen = BTreeSet::new();
    match path.iter().find(|kme| !seen.insert(*kme)) {
        Some(kme) => Err(RouteError::Circle(kme.clone())),
        None => Ok(()),
    }
}

/// The sites before and after a KME on a path; both ends have one of them.
pub fn neighbours<'a, T: PartialEq>(path: &'a [T], own: &T) -> Option<[Option<&'a T>; 2]> {
    let place = path.iter().position(|kme| kme == own)?;
    let before = place.checked_sub(1).and_then(|place| path.get(place));
    Some([before, path.get(place.saturating_add(1))])
}

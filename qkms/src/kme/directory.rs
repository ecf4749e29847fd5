//! Which SAE belongs to which site.

use std::collections::HashMap;

use super::service::SaeId;

/// Where an SAE is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// At this KME's own site.
    Here,
    /// At the site of the peer with this index among the KME's links.
    Peer(usize),
    /// At the site of the far end with this index among the KME's [routes](crate::relay).
    Far(usize),
}

/// The SAEs that a KME knows.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    places: HashMap<SaeId, Place>,
}

impl Directory {
    /// Puts SAEs at a place.
    ///
    /// # Errors
    ///
    /// The first that is somewhere already.
    pub fn put(&mut self, saes: &[SaeId], place: Place) -> Result<(), SaeId> {
        saes.iter().try_for_each(|sae| match self.places.insert(sae.clone(), place) {
            None => Ok(()),
            Some(_) => Err(sae.clone()),
        })
    }

    /// Where an SAE is.
    pub fn find(&self, sae: &str) -> Option<Place> {
        self.places.get(sae).copied()
    }
}

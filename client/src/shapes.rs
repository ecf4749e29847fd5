//! Whether a node's events are as this program knows them.
//!
//! Calls, storage and questions are compared with the node's by subxt, each when it is used. Events are
//! read as they come, so they are compared here, once for a connection.

use crate::error::Error;
use codec::Decode;
use std::collections::BTreeSet;
use subxt::Metadata;

/// The metadata that the types in [`api`](crate::api) were generated from.
pub(crate) static METADATA: &[u8] = include_bytes!("../metadata/qedex.scale");

/// The events that the node's runtime has in another shape, by pallet and name.
pub struct EventShapes(BTreeSet<(String, String)>);

impl EventShapes {
    /// Compares the events of `theirs` with those that this program was built for.
    pub fn of(theirs: &Metadata) -> Result<Self, Error> {
        let ours = Metadata::decode(&mut &*METADATA)
            .map_err(|e| Error::Answer(format!("the built-in metadata cannot be read: {e}")))?;
        let mut other = BTreeSet::new();
        for pallet in ours.pallets() {
            for variant in pallet.event_variants().into_iter().flatten() {
                let known = shape(&ours, pallet.name(), &variant.name);
                if shape(theirs, pallet.name(), &variant.name) != known {
                    other.insert((pallet.name().to_owned(), variant.name.clone()));
                }
            }
        }
        Ok(Self(other))
    }

    /// Whether an event has another shape than this program knows.
    pub fn differs(&self, pallet: &str, event: &str) -> bool {
        self.0.iter().any(|(one, name)| one == pallet && name == event)
    }
}

/// What identifies the shape of an event: the names and the types of its fields; none if there is no such
/// event.
fn shape(of: &Metadata, pallet: &str, event: &str) -> Option<Vec<(Option<String>, [u8; 32])>> {
    let variants = of.pallet_by_name(pallet)?.event_variants()?;
    let variant = variants.iter().find(|variant| variant.name == event)?;
    variant
        .fields
        .iter()
        .map(|field| Some((field.name.clone(), of.type_hash(field.ty.id)?)))
        .collect()
}

#[cfg(test)]
mod tests;

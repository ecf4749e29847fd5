//! The entropy beacon.

use super::{
    At,
    api::{self, runtime_types::qedex_primitives::beacon::BeaconSource},
    reads::ask,
};
use crate::error::Error;

/// Of what values of the beacon were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// That at least two owners made by what they revealed.
    pub keys: u64,
    /// That were made of a block's hash, as fewer revealed.
    pub block_hash: u64,
}

/// The sources of the values of all epochs from `first` on that have ended and are kept.
pub async fn sources(at: &At, first: u64) -> Result<Sources, Error> {
    let mut sources = Sources::default();
    let Some((epoch, _)) = ask(at, api::runtime_apis().beacon_api().epoch()).await? else {
        return Ok(sources);
    };
    for index in first..epoch.index {
        let value = ask(at, api::runtime_apis().beacon_api().value(index)).await?;
        match value.map(|value| value.source) {
            Some(BeaconSource::Keys) => sources.keys = sources.keys.saturating_add(1),
            Some(BeaconSource::BlockHash) => {
                sources.block_hash = sources.block_hash.saturating_add(1);
            }
            None => {}
        }
    }
    Ok(sources)
}

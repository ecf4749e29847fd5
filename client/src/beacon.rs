//! The entropy beacon, as the chain tells of it.

use super::{At, api, reads::ask};
use crate::{error::Error, market::Account};
pub use qedex_primitives::{
    BeaconSource,
    beacon::{Attendance, Epoch, EpochPart, EpochValue},
};

/// The epoch that is under way, and who has committed in it, each with whether it has revealed; none before the
/// first one has begun.
pub async fn epoch(at: &At) -> Result<Option<(Epoch, Vec<(Account, bool)>)>, Error> {
    let question = api::runtime_apis().beacon_api().epoch();
    let Some((epoch, committed)) = ask(at, question).await? else { return Ok(None) };
    let committed = committed.into_iter().map(|(who, revealed)| (who.0, revealed)).collect();
    Ok(Some((epoch.0, committed)))
}

/// The value of an epoch that has ended, while it is kept.
pub async fn value(at: &At, epoch: u64) -> Result<Option<EpochValue>, Error> {
    let question = api::runtime_apis().beacon_api().value(epoch);
    Ok(ask(at, question).await?.map(|value| value.0))
}

/// Who took part in an epoch that has ended, while it is kept.
pub async fn attendance(at: &At, epoch: u64) -> Result<Option<Attendance<Account>>, Error> {
    let question = api::runtime_apis().beacon_api().attendance(epoch);
    Ok(ask(at, question).await?.map(|attendance| attendance.0))
}

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
    let Some((under_way, _)) = epoch(at).await? else { return Ok(sources) };
    for index in first..under_way.index {
        match value(at, index).await?.map(|value| value.source) {
            Some(BeaconSource::Keys) => sources.keys = sources.keys.saturating_add(1),
            Some(BeaconSource::BlockHash) => {
                sources.block_hash = sources.block_hash.saturating_add(1);
            }
            None => {}
        }
    }
    Ok(sources)
}

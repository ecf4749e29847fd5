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

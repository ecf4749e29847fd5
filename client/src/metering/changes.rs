//! What a transaction did to meters, and to what they had said.

use super::{
    super::{
        At, api,
        events::{Event, decode},
        reads::fetch,
    },
    Flow,
};
use crate::error::Error;
use qedex_primitives::{MeterId, SlotIndex};
use serde::Serialize;
use subxt::utils::Static;

/// What a transaction did to a meter.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// From this slot on it has another key or another owner, or takes no readings any more.
    From(u64),
    /// A reading is another one now.
    Corrected(Corrected),
}

/// A correction of a reading.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Corrected {
    /// Of which meter.
    pub meter: u32,
    /// Of which slot.
    pub slot: u64,
    /// What the meter had signed.
    pub before: Flow,
    /// What counts now.
    pub after: Flow,
    /// Whether the slot was frozen already: then nothing that was settled changes.
    pub after_freeze: bool,
}

/// Reads what an event says of a meter.
pub(in super::super) fn change(event: &Event<'_>) -> Result<Option<Change>, Error> {
    use api::metering::events::{
        KeyRotated, MeterDecommissioned, MeterTransferred, ReadingCorrected,
    };
    if let Some(rotated) = decode::<KeyRotated>(event)? {
        return Ok(Some(Change::From(rotated.from.0.0)));
    }
    if let Some(transferred) = decode::<MeterTransferred>(event)? {
        return Ok(Some(Change::From(transferred.from.0.0)));
    }
    if let Some(retired) = decode::<MeterDecommissioned>(event)? {
        return Ok(Some(Change::From(retired.from.0.0)));
    }
    let corrected = decode::<ReadingCorrected>(event)?;
    Ok(corrected.map(|corrected| {
        Change::Corrected(Corrected {
            meter: corrected.meter.0.0,
            slot: corrected.slot.0.0,
            before: corrected.before.0,
            after: corrected.after.0,
            after_freeze: corrected.after_freeze,
        })
    }))
}

/// Who corrected a reading, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// Who.
    pub installer: String,
    /// Whether the slot was frozen already: then nothing that was settled changed.
    pub after_freeze: bool,
}

/// The correction of a meter's reading of a slot, if there was one.
pub(super) async fn correction(
    at: &At,
    meter: u32,
    slot: u64,
) -> Result<Option<Correction>, Error> {
    let key = (Static(SlotIndex(slot)), Static(MeterId(meter)));
    let correction = fetch(at, api::storage().metering().corrections(), key).await?;
    Ok(correction.map(|one| Correction {
        installer: one.installer.to_string(),
        after_freeze: one.after_freeze,
    }))
}

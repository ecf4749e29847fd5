//! What all meters together said, slot by slot and day by day.

use super::{
    super::{
        At, api,
        reads::{ask, fetch},
    },
    Totals,
};
use crate::error::Error;
use qedex_math::tariff::day_of;
use qedex_primitives::{SlotIndex, Wh};
use serde::Serialize;
use subxt::utils::Static;

/// The totals of a slot as corrected; none without a reading that is kept.
pub async fn totals(at: &At, slot: u64) -> Result<Option<Totals>, Error> {
    let question = api::runtime_apis().metering_api().community_totals(Static(SlotIndex(slot)));
    Ok(ask(at, question).await?.map(|totals| totals.0))
}

/// The demand of a closed slot.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Demand {
    /// Its place in the day, from 0 to 95.
    pub slot: u8,
    /// What all meters together consumed by the time of the freeze, in Wh; 0 if it is not known, as
    /// the ratio of the day has it.
    pub wh: u64,
    /// Whether it is known: some meter had a reading.
    pub metered: bool,
}

/// The demand of the closed slots of a day, in order.
pub async fn load(at: &At, day: u64) -> Result<Vec<Demand>, Error> {
    let load = fetch(at, api::storage().metering().day_loads(), (day,)).await?;
    let all = load.map(|load| load.0).unwrap_or_default();
    let demand = |(slot, wh): (u8, Option<Static<Wh>>)| Demand {
        slot,
        wh: wh.as_ref().map_or(0, |wh| wh.0.0),
        metered: wh.is_some(),
    };
    Ok(all.into_iter().map(demand).collect())
}

/// Why a day has no demand on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoLoad {
    /// It has not begun.
    ToCome,
    /// It has begun, and none of its slots is closed that the chain was there for.
    NoneClosed,
    /// All of it is closed: it is kept no longer, or was over before the chain began.
    NotKept,
}

impl NoLoad {
    /// `present` is the slot under delivery, and all slots before `next_to_close` are closed.
    const fn of(day: u64, present: u64, next_to_close: u64) -> Self {
        if day > day_of(present) {
            Self::ToCome
        } else if day >= day_of(next_to_close) {
            Self::NoneClosed
        } else {
            Self::NotKept
        }
    }
}

impl std::fmt::Display for NoLoad {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ToCome => "has not begun",
            Self::NoneClosed => "has no closed slot yet",
            Self::NotKept => "is not kept any more, or was over before the chain began",
        })
    }
}

/// Why a day has no demand on record, which it has not. `present` is the slot under delivery.
pub async fn why_no_load(at: &At, day: u64, present: u64) -> Result<NoLoad, Error> {
    let progress = fetch(at, api::storage().metering().agenda(), ()).await?;
    // Without an agenda nothing was closed, and the first slot to be closed is the present one.
    let next = progress.map_or(present, |progress| progress.close.0.0);
    Ok(NoLoad::of(day, present, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_math::tariff::SLOTS_PER_DAY;

    #[test]
    fn a_day_without_a_load_is_to_come_or_open_or_forgotten() {
        // The second slot of day 10 is under delivery, and the last ones of day 9 are not closed.
        let (present, next) = (10 * SLOTS_PER_DAY + 1, 10 * SLOTS_PER_DAY - 3);
        for (day, why) in [
            (0, NoLoad::NotKept),
            (8, NoLoad::NotKept),
            (9, NoLoad::NoneClosed),
            (10, NoLoad::NoneClosed),
            (11, NoLoad::ToCome),
            (u64::MAX, NoLoad::ToCome),
        ] {
            assert_eq!(NoLoad::of(day, present, next), why, "{day}");
        }
        // All of day 9 is closed.
        assert_eq!(NoLoad::of(9, present, next + 3), NoLoad::NotKept);
    }
}

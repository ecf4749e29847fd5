//! Meters: what this program reads, asks and changes about them.

mod changes;
mod demand;
mod tariff;

pub use changes::*;
pub use demand::*;
pub use tariff::*;

use super::{
    At, api,
    keys::Scheme,
    reads::{ask, entries},
    text::{account_text, owner_text},
};
use crate::{
    error::Error,
    market::{Account, Plancks},
};
use qedex_primitives::{MeterId, MeterKey, SlotIndex, Wh};
use serde::Serialize;
use std::collections::BTreeMap;
use subxt::{
    tx::Payload,
    utils::{AccountId32, Static},
};

pub use qedex_primitives::{
    Band, Change, ChangeId, ConnectionNumber, DayPar, Flow, MeterKind, MeterRatings, Party,
    TariffRule, Totals,
};

/// A meter's public key.
#[derive(Clone, Debug, Serialize)]
pub struct Key {
    /// By which scheme.
    pub scheme: Scheme,
    /// In hexadecimal.
    pub key: String,
}

impl Key {
    /// The key with these bytes.
    pub fn new(scheme: Scheme, bytes: [u8; 32]) -> Self {
        Self { scheme, key: format!("0x{}", hex::encode(bytes)) }
    }

    fn of(key: &MeterKey) -> Self {
        let (scheme, bytes) = Scheme::of_key(key);
        Self::new(scheme, bytes)
    }
}

/// Who installed something.
#[derive(Clone, Debug, Serialize)]
pub struct Installer {
    /// The account.
    pub account: String,
    /// The owner behind it, as far as it was known then: 32 bytes in hexadecimal.
    pub owner: Option<String>,
}

impl Installer {
    fn of(by: &qedex_primitives::Installer<Account>) -> Self {
        Self { account: account_text(by.account), owner: by.owner.map(owner_text) }
    }
}

/// For a run of slots: whose energy a meter measures, with which key, and what it can read.
#[derive(Clone, Debug, Serialize)]
pub struct Assignment {
    /// Who answers for it.
    pub account: String,
    /// The owner whose energy it measures: 32 bytes in hexadecimal.
    pub owner: String,
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// The most that can leave and enter in one slot, in Wh.
    pub ratings: MeterRatings,
    /// The installer who asked for it to be so.
    pub installer: Installer,
    /// The second installer; none where the council stood for that one, and at genesis.
    pub second: Option<Installer>,
    /// The first slot.
    pub from: u64,
    /// The first slot after it, if an end is known.
    pub until: Option<u64>,
}

/// A registered meter.
#[derive(Clone, Debug, Serialize)]
pub struct Meter {
    /// Its number.
    pub meter: u32,
    /// Whether it sits at the connection: it delivers, scores and counts as demand.
    pub is_connection: bool,
    /// The number of the connection at which, or behind which, it sits.
    pub connection: String,
    /// What is held for it; none for a meter of genesis.
    pub bond: Option<Bond>,
    /// Its assignments that are kept, the oldest first. The last one may begin with a slot to come.
    pub assignments: Vec<Assignment>,
}

/// What is held for a meter.
#[derive(Clone, Debug, Serialize)]
pub struct Bond {
    /// Of whom.
    pub payer: String,
    /// How much, in plancks.
    #[serde(with = "crate::amounts::as_plancks_string")]
    pub amount: Plancks,
}

/// What the chain holds of a meter and a slot.
#[derive(Clone, Debug, Serialize)]
pub struct History {
    /// Of which slot.
    pub slot: u64,
    /// What the meter signed, if its reading is on chain.
    pub signed: Option<Flow>,
    /// What installers say beside it.
    pub corrections: Vec<Correction>,
}

/// What a band is called in JSON.
pub const fn band_name(band: Band) -> &'static str {
    match band {
        Band::Off => "off",
        Band::Mid => "mid",
        Band::On => "on",
    }
}

/// What people call a band.
pub const fn band_text(band: Band) -> &'static str {
    match band {
        Band::Off => "off-peak",
        Band::Mid => "mid-peak",
        Band::On => "on-peak",
    }
}

fn own_meter(number: u32, meter: &qedex_primitives::Meter<Account>, bond: Option<Bond>) -> Meter {
    let own = |a: &qedex_primitives::Assignment<Account>| Assignment {
        account: account_text(a.account),
        owner: owner_text(a.owner),
        key: Key::of(&a.key),
        ratings: a.ratings,
        installer: Installer::of(&a.installer),
        second: a.second.as_ref().map(Installer::of),
        from: a.from.0,
        until: a.until.map(|slot| slot.0),
    };
    Meter {
        meter: number,
        is_connection: meter.kind.is_connection(),
        connection: meter.kind.number().to_string(),
        bond,
        assignments: meter.assignments.iter().map(own).collect(),
    }
}

/// What is held for meters, by their number.
async fn bonds(at: &At) -> Result<BTreeMap<u32, Bond>, Error> {
    let all = entries(at, api::storage().metering().meter_bonds(), ()).await?;
    Ok(all
        .into_iter()
        .map(|((meter,), (payer, held))| {
            (meter.0.0, Bond { payer: payer.to_string(), amount: held.0 })
        })
        .collect())
}

/// All meters by number.
pub async fn meters(at: &At) -> Result<Vec<Meter>, Error> {
    let mut bonds = bonds(at).await?;
    let all = entries(at, api::storage().metering().meters(), ()).await?;
    let mut all: Vec<_> = all
        .into_iter()
        .map(|((number,), meter)| own_meter(number.0.0, &meter, bonds.remove(&number.0.0)))
        .collect();
    all.sort_by_key(|meter| meter.meter);
    Ok(all)
}

/// The readings of a meter from one slot to before another one.
pub async fn history(at: &At, meter: u32, from: u64, until: u64) -> Result<Vec<History>, Error> {
    let question = api::runtime_apis().metering_api().readings(
        Static(MeterId(meter)),
        Static(SlotIndex(from)),
        Static(SlotIndex(until)),
    );
    let readings = ask(at, question).await?;
    let own = |Static(reading): Static<qedex_primitives::MeterReading<Account>>| History {
        slot: reading.slot.0,
        signed: reading.flow,
        corrections: reading.corrections.iter().map(Correction::of).collect(),
    };
    Ok(readings.into_iter().map(own).collect())
}

/// What flowed through the connections of an account's owner; none without an active one, before the slot takes
/// readings, and where it is not kept any more.
pub async fn flow(at: &At, account: Account, slot: u64) -> Result<Option<Flow>, Error> {
    let (account, slot) = (AccountId32(account), Static(SlotIndex(slot)));
    let flow = ask(at, api::runtime_apis().metering_api().flow(account, slot)).await?;
    Ok(flow.map(|flow| flow.0))
}

/// The tariff band of a slot.
pub async fn band(at: &At, slot: u64) -> Result<Band, Error> {
    Ok(ask(at, api::runtime_apis().metering_api().band(Static(SlotIndex(slot)))).await?.0)
}

/// The peak-to-average ratio of a day of 96 slots, while it is kept.
pub async fn par(at: &At, day: u64) -> Result<Option<DayPar>, Error> {
    Ok(ask(at, api::runtime_apis().metering_api().par(day)).await?.map(|par| par.0))
}

/// What the connections of an account's owner are rated to let out in a slot.
pub async fn rated_out(at: &At, account: Account, slot: u64) -> Result<Wh, Error> {
    let (account, slot) = (AccountId32(account), Static(SlotIndex(slot)));
    Ok(ask(at, api::runtime_apis().metering_api().rated_out(account, slot)).await?.0)
}

/// Removes a meter from storage.
pub fn remove(meter: u32) -> impl Payload {
    api::tx().metering().remove_meter(Static(MeterId(meter)))
}

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
use qedex_primitives::{MeterId, MeterKey, SlotIndex, Wh, meter::Installer};
use serde::Serialize;
use std::collections::BTreeMap;
use subxt::{
    tx::Payload,
    utils::{AccountId32, Static},
};

pub use qedex_primitives::{Band, DayPar, Flow, TariffRule, Totals};

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

/// For a run of slots: whose energy a meter measures, and with which key.
#[derive(Clone, Debug, Serialize)]
pub struct Assignment {
    /// Whose.
    pub owner: String,
    /// The key.
    #[serde(flatten)]
    pub key: Key,
    /// Who made it so.
    pub installer: String,
    /// The owner behind who did, as far as it was known then: 32 bytes in hexadecimal.
    pub installer_owner: Option<String>,
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
    /// The most that it may read in one slot and direction, in Wh.
    pub capacity: u64,
    /// Who registered it. Who corrects its readings is independent of this one, of the installer of
    /// the slot's assignment and of the meter's owner.
    pub registered_by: String,
    /// The owner behind who did, as far as it was known then: 32 bytes in hexadecimal.
    pub registered_by_owner: Option<String>,
    /// What is held for it; none for a meter of genesis.
    pub bond: Option<Bond>,
    /// Its latest assignment, which may begin with a slot to come.
    pub current: Assignment,
    /// The one before, while it is kept.
    pub previous: Option<Assignment>,
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

/// A reading that the chain holds.
#[derive(Clone, Debug, Serialize)]
pub struct History {
    /// Of which slot.
    pub slot: u64,
    /// What counts.
    #[serde(flatten)]
    pub flow: Flow,
    /// What the meter had signed, where an installer corrected it.
    pub original: Option<Flow>,
    /// Who corrected it and when, where somebody did.
    pub correction: Option<Correction>,
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
    let behind = |by: &Installer<Account>| by.owner.map(owner_text);
    let own = |a: &qedex_primitives::Assignment<Account>| Assignment {
        owner: account_text(a.owner),
        key: Key::of(&a.key),
        installer: account_text(a.installer.account),
        installer_owner: behind(&a.installer),
        from: a.from.0,
        until: a.until.map(|slot| slot.0),
    };
    Meter {
        meter: number,
        capacity: meter.capacity.0,
        registered_by: account_text(meter.registered_by.account),
        registered_by_owner: behind(&meter.registered_by),
        bond,
        current: own(&meter.current),
        previous: meter.previous.as_ref().map(own),
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
    let mut history = Vec::new();
    for Static(reading) in ask(at, question).await? {
        let correction = match reading.original {
            Some(_) => correction(at, meter, reading.slot.0).await?,
            None => None,
        };
        history.push(History {
            slot: reading.slot.0,
            flow: reading.flow,
            original: reading.original,
            correction,
        });
    }
    Ok(history)
}

/// What flowed through the meters of an account; none without an active meter, before the slot takes
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

/// Registers a meter.
pub fn register(owner: Account, key: MeterKey, capacity: Wh) -> impl Payload {
    api::tx().metering().register_meter(AccountId32(owner), Static(key), Static(capacity))
}

/// Gives a meter another key.
pub fn rotate(meter: u32, key: MeterKey) -> impl Payload {
    api::tx().metering().rotate_key(Static(MeterId(meter)), Static(key))
}

/// Gives a meter another owner.
pub fn transfer(meter: u32, owner: Account) -> impl Payload {
    api::tx().metering().transfer_meter(Static(MeterId(meter)), AccountId32(owner))
}

/// Takes a meter out of service.
pub fn decommission(meter: u32) -> impl Payload {
    api::tx().metering().decommission_meter(Static(MeterId(meter)))
}

/// Removes a meter from storage.
pub fn remove(meter: u32) -> impl Payload {
    api::tx().metering().remove_meter(Static(MeterId(meter)))
}

/// Corrects a reading.
pub fn correct(meter: u32, slot: u64, flow: Flow) -> impl Payload {
    api::tx().metering().correct_reading(
        Static(MeterId(meter)),
        Static(SlotIndex(slot)),
        Static(flow.generated),
        Static(flow.consumed),
    )
}

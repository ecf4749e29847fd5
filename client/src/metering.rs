//! Meters: what this program reads, asks and changes about them.

mod changes;
mod demand;
mod tariff;

pub use changes::*;
pub use demand::*;
pub use tariff::*;

use super::{
    At,
    api::{self, runtime_types as types},
    text::owner_text,
};
use crate::{
    error::Error,
    market::{Account, Plancks},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use subxt::{tx::Payload, utils::AccountId32};
use types::{
    qedex_math::{tariff::Band as ChainBand, units::Wh},
    qedex_primitives::{
        calendar::SlotIndex,
        metering::{Flow as ChainFlow, MeterId, MeterKey},
    },
};

/// A scheme of signatures that a meter's key may follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Schnorr over Ristretto.
    #[default]
    Sr25519,
    /// EdDSA over Curve25519.
    Ed25519,
}

impl Scheme {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sr25519 => "sr25519",
            Self::Ed25519 => "ed25519",
        }
    }
}

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
        match key {
            MeterKey::Sr25519(bytes) => Self::new(Scheme::Sr25519, *bytes),
            MeterKey::Ed25519(bytes) => Self::new(Scheme::Ed25519, *bytes),
        }
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

/// What flowed, in Wh.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Flow {
    /// Energy generated.
    pub generated: u64,
    /// Energy consumed.
    pub consumed: u64,
}

impl Flow {
    const fn of(flow: &ChainFlow) -> Self {
        Self { generated: flow.generated.0, consumed: flow.consumed.0 }
    }

    const fn of_reading(reading: &types::pallet_metering::types::Reading) -> Self {
        Self { generated: reading.generated.0, consumed: reading.consumed.0 }
    }
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

/// The tariff band of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    /// Demand is low.
    Off,
    /// Demand is expected to be high.
    Mid,
    /// Demand is high.
    On,
}

impl Band {
    const fn of(band: &ChainBand) -> Self {
        match band {
            ChainBand::Off => Self::Off,
            ChainBand::Mid => Self::Mid,
            ChainBand::On => Self::On,
        }
    }
}

impl std::fmt::Display for Band {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Off => "off-peak",
            Self::Mid => "mid-peak",
            Self::On => "on-peak",
        })
    }
}

/// The peak-to-average ratio of a day.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Par {
    /// In parts per million; none where all is zero.
    pub par_ppm: Option<u64>,
    /// How many slots of the day are closed.
    pub slots: u32,
    /// Of how many of them the demand is known.
    pub metered: u32,
}

fn own_meter(
    number: u32,
    meter: &types::pallet_metering::types::Meter<AccountId32>,
    bond: Option<Bond>,
) -> Meter {
    let behind = |by: &types::pallet_metering::types::Installer<AccountId32>| {
        by.owner.as_ref().map(owner_text)
    };
    let own = |a: &types::pallet_metering::types::Assignment<AccountId32>| Assignment {
        owner: a.owner.to_string(),
        key: Key::of(&a.key),
        installer: a.installer.account.to_string(),
        installer_owner: behind(&a.installer),
        from: a.from.0,
        until: a.until.as_ref().map(|slot| slot.0),
    };
    Meter {
        meter: number,
        capacity: meter.capacity.0,
        registered_by: meter.registered_by.account.to_string(),
        registered_by_owner: behind(&meter.registered_by),
        bond,
        current: own(&meter.current),
        previous: meter.previous.as_ref().map(own),
    }
}

/// What is held for meters, by their number.
async fn bonds(at: &At) -> Result<BTreeMap<u32, Bond>, Error> {
    let mut all = BTreeMap::new();
    let mut entries = at.storage().iter(api::storage().metering().meter_bonds(), ()).await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let (meter,) = entry.key()?.decode()?;
        let (payer, held) = entry.value().decode()?;
        let bond = Bond { payer: payer.to_string(), amount: held.0 };
        all.insert(meter.0, bond);
    }
    Ok(all)
}

/// All meters by number.
pub async fn meters(at: &At) -> Result<Vec<Meter>, Error> {
    let mut bonds = bonds(at).await?;
    let mut all = Vec::new();
    let mut entries = at.storage().iter(api::storage().metering().meters(), ()).await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let (number,) = entry.key()?.decode()?;
        let bond = bonds.remove(&number.0);
        all.push(own_meter(number.0, &entry.value().decode()?, bond));
    }
    all.sort_by_key(|meter| meter.meter);
    Ok(all)
}

/// The readings of a meter from one slot to before another one.
pub async fn history(at: &At, meter: u32, from: u64, until: u64) -> Result<Vec<History>, Error> {
    let ask = api::runtime_apis().metering_api().readings(
        MeterId(meter),
        SlotIndex(from),
        SlotIndex(until),
    );
    let all = at.runtime_apis().call(ask).await?;
    let mut history = Vec::new();
    for reading in &all {
        let original = reading.original.as_ref().map(Flow::of);
        let correction = match original {
            Some(_) => correction(at, meter, reading.slot.0).await?,
            None => None,
        };
        history.push(History {
            slot: reading.slot.0,
            flow: Flow::of(&reading.flow),
            original,
            correction,
        });
    }
    Ok(history)
}

/// What flowed through the meters of an account; none without an active meter, before the slot takes
/// readings, and where it is not kept any more.
pub async fn flow(at: &At, account: Account, slot: u64) -> Result<Option<Flow>, Error> {
    let ask = api::runtime_apis().metering_api().flow(AccountId32(account), SlotIndex(slot));
    Ok(at.runtime_apis().call(ask).await?.as_ref().map(Flow::of))
}

/// The tariff band of a slot.
pub async fn band(at: &At, slot: u64) -> Result<Band, Error> {
    let ask = api::runtime_apis().metering_api().band(SlotIndex(slot));
    Ok(Band::of(&at.runtime_apis().call(ask).await?))
}

/// The peak-to-average ratio of a day of 96 slots, while it is kept.
pub async fn par(at: &At, day: u64) -> Result<Option<Par>, Error> {
    let ask = api::runtime_apis().metering_api().par(day);
    Ok(at.runtime_apis().call(ask).await?.map(|par| Par {
        par_ppm: par.ppm,
        slots: par.slots,
        metered: par.metered,
    }))
}

const fn chain_key(scheme: Scheme, key: [u8; 32]) -> MeterKey {
    match scheme {
        Scheme::Sr25519 => MeterKey::Sr25519(key),
        Scheme::Ed25519 => MeterKey::Ed25519(key),
    }
}

/// Registers a meter.
pub fn register(owner: Account, scheme: Scheme, key: [u8; 32], capacity: u64) -> impl Payload {
    let (owner, key) = (AccountId32(owner), chain_key(scheme, key));
    api::tx().metering().register_meter(owner, key, Wh(capacity))
}

/// Gives a meter another key.
pub fn rotate(meter: u32, scheme: Scheme, key: [u8; 32]) -> impl Payload {
    let key = chain_key(scheme, key);
    api::tx().metering().rotate_key(MeterId(meter), key)
}

/// Gives a meter another owner.
pub fn transfer(meter: u32, owner: Account) -> impl Payload {
    let owner = AccountId32(owner);
    api::tx().metering().transfer_meter(MeterId(meter), owner)
}

/// Takes a meter out of service.
pub fn decommission(meter: u32) -> impl Payload {
    api::tx().metering().decommission_meter(MeterId(meter))
}

/// Removes a meter from storage.
pub fn remove(meter: u32) -> impl Payload {
    api::tx().metering().remove_meter(MeterId(meter))
}

/// Corrects a reading.
pub fn correct(meter: u32, slot: u64, generated: u64, consumed: u64) -> impl Payload {
    api::tx().metering().correct_reading(
        MeterId(meter),
        SlotIndex(slot),
        Wh(generated),
        Wh(consumed),
    )
}

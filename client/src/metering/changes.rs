//! Changes of meters: what is asked for, who has to agree, and what a transaction did; and what
//! installers record beside readings.

use super::{
    super::{
        At, H256, api,
        events::{Event, decode},
        reads::{ask, entries, fetch},
        text::{account_text, owner_text},
    },
    Change, ChangeId, Flow, Key, MeterRatings, Party,
};
use crate::{error::Error, market::Account};
use qedex_primitives::{MeterId, Moment, SlotIndex};
use serde::Serialize;
use subxt::{tx::Payload, utils::Static};

/// What a transaction did to a meter, to a pending change, or beside a reading.
#[derive(Clone, Copy, Debug)]
pub enum Done {
    /// A change was filed.
    Proposed {
        /// Its number.
        change: u32,
        /// What is confirmed.
        hash: H256,
    },
    /// A change was confirmed by or for this party.
    Confirmed(Party),
    /// A change took effect.
    TookEffect {
        /// On which meter.
        meter: u32,
        /// From which slot on.
        from: u64,
    },
    /// A word was taken back.
    WordWithdrawn(Party),
    /// A change is at its end without an effect.
    Ended,
    /// A correction was recorded.
    Recorded(Recorded),
}

/// A correction that was recorded.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Recorded {
    /// Of which meter.
    pub meter: u32,
    /// Of which slot.
    pub slot: u64,
    /// What the meter had signed, if its reading was on chain.
    pub signed: Option<Flow>,
    /// What the installer says.
    pub flow: Flow,
}

/// Reads what an event says of meters.
pub(in super::super) fn done(event: &Event<'_>) -> Result<Option<Done>, Error> {
    use api::metering::events::{
        ChangeConfirmed, ChangeExpired, ChangeProposed, ChangeRefused, ChangeTookEffect,
        ChangeWithdrawn, ConfirmationWithdrawn, CorrectionRecorded,
    };
    if let Some(proposed) = decode::<ChangeProposed>(event)? {
        let change = proposed.change.0.0;
        return Ok(Some(Done::Proposed { change, hash: proposed.hash }));
    }
    if let Some(confirmed) = decode::<ChangeConfirmed>(event)? {
        return Ok(Some(Done::Confirmed(confirmed.party.0)));
    }
    if let Some(effect) = decode::<ChangeTookEffect>(event)? {
        let (meter, from) = (effect.meter.0.0, effect.from.0.0);
        return Ok(Some(Done::TookEffect { meter, from }));
    }
    if let Some(withdrawn) = decode::<ConfirmationWithdrawn>(event)? {
        return Ok(Some(Done::WordWithdrawn(withdrawn.party.0)));
    }
    let has_ended = decode::<ChangeWithdrawn>(event)?.is_some()
        || decode::<ChangeRefused>(event)?.is_some()
        || decode::<ChangeExpired>(event)?.is_some();
    if has_ended {
        return Ok(Some(Done::Ended));
    }
    let recorded = decode::<CorrectionRecorded>(event)?;
    Ok(recorded.map(|recorded| {
        Done::Recorded(Recorded {
            meter: recorded.meter.0.0,
            slot: recorded.slot.0.0,
            signed: recorded.signed.map(|flow| flow.0),
            flow: recorded.flow.0,
        })
    }))
}

/// What an installer says that a meter should have read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Correction {
    /// What flowed.
    #[serde(flatten)]
    pub flow: Flow,
    /// Who says so.
    pub installer: String,
    /// The owner behind it: 32 bytes in hexadecimal.
    pub installer_owner: String,
    /// When, in milliseconds since the Unix epoch; 0 where it is not known.
    pub at: Moment,
}

impl Correction {
    pub(super) fn of(correction: &qedex_primitives::metering::Correction<Account>) -> Self {
        Self {
            flow: correction.flow,
            installer: account_text(correction.by.account),
            installer_owner: owner_text(correction.by.owner),
            at: correction.at,
        }
    }
}

/// What is to be changed, as people are told of it.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Wanted {
    /// A new meter.
    Register {
        /// Who will answer for it.
        account: String,
        /// Its key.
        #[serde(flatten)]
        key: Key,
        /// Whether it sits at the connection.
        is_connection: bool,
        /// The connection's number.
        connection: String,
        /// What it can read.
        ratings: MeterRatings,
    },
    /// Another key.
    Rotate {
        /// Of which meter.
        meter: u32,
        /// The key.
        #[serde(flatten)]
        key: Key,
    },
    /// Another account that answers for it.
    Transfer {
        /// For which meter.
        meter: u32,
        /// Who.
        account: String,
    },
    /// Other ratings.
    Rate {
        /// Of which meter.
        meter: u32,
        /// What it can read.
        ratings: MeterRatings,
    },
    /// The end of its service.
    Decommission {
        /// Of which meter.
        meter: u32,
    },
}

impl From<&Change<Account>> for Wanted {
    fn from(change: &Change<Account>) -> Self {
        match change {
            Change::Register { account, key, kind, ratings } => Self::Register {
                account: account_text(*account),
                key: Key::of(key),
                is_connection: kind.is_connection(),
                connection: kind.number().to_string(),
                ratings: *ratings,
            },
            Change::RotateKey { meter, key } => Self::Rotate { meter: meter.0, key: Key::of(key) },
            Change::Transfer { meter, account } => {
                Self::Transfer { meter: meter.0, account: account_text(*account) }
            }
            Change::Rate { meter, ratings } => Self::Rate { meter: meter.0, ratings: *ratings },
            Change::Decommission { meter } => Self::Decommission { meter: meter.0 },
        }
    }
}

/// A change that waits for confirmations.
#[derive(Clone, Debug, Serialize)]
pub struct Pending {
    /// Its number.
    pub id: u32,
    /// What is confirmed.
    pub hash: H256,
    /// What is to be changed.
    #[serde(flatten)]
    pub wanted: Wanted,
    /// Who filed it.
    pub filed_by: String,
    /// From when on nobody can confirm it, in milliseconds since the Unix epoch.
    pub expires: Moment,
    /// From when on the council may stand for an owner.
    pub owner_answers_until: Moment,
    /// The owner concerned: 32 bytes in hexadecimal.
    pub owner: String,
    /// The new owner concerned, if there is one.
    pub new_owner: Option<String>,
    /// Whose word is lacking.
    pub awaits: Vec<Party>,
    /// For whom the council stands, if for anybody.
    pub council: Option<Party>,
}

/// What a party is called.
pub const fn party_text(party: Party) -> &'static str {
    match party {
        Party::Owner => "the owner",
        Party::NewOwner => "the new owner",
        Party::SecondInstaller => "a second installer",
    }
}

/// All changes that wait, by number.
pub async fn pending(at: &At) -> Result<Vec<Pending>, Error> {
    let all = entries(at, api::storage().metering().pending_changes(), ()).await?;
    let mut told = Vec::new();
    for ((id,), pending) in all {
        let pending = &pending.0;
        let question = api::runtime_apis().metering_api().owner_answers_until(pending.filed_at);
        told.push(Pending {
            id: id.0.0,
            hash: H256(pending.hash.0),
            wanted: Wanted::from(&pending.change),
            filed_by: account_text(pending.filed_by.account),
            expires: pending.expires,
            owner_answers_until: ask(at, question).await?,
            owner: owner_text(pending.owner),
            new_owner: pending.new_owner.map(owner_text),
            awaits: Party::ALL.into_iter().filter(|party| pending.awaits(*party)).collect(),
            council: pending.council,
        });
    }
    told.sort_by_key(|one| one.id);
    Ok(told)
}

/// The number that the next change gets.
pub async fn next_change(at: &At) -> Result<u32, Error> {
    Ok(fetch(at, api::storage().metering().next_change(), ()).await?.unwrap_or(0))
}

/// Files a change.
pub fn propose(change: Change<Account>) -> impl Payload {
    api::tx().metering().propose_change(Static(change))
}

/// Confirms the change of this number and hash.
pub fn confirm(change: u32, hash: H256) -> impl Payload {
    api::tx().metering().confirm_change(Static(ChangeId(change)), hash)
}

/// Confirms it as the council, which stands for `party`.
pub fn confirm_as_council(change: u32, hash: H256, party: Party) -> impl Payload {
    let change = Static(ChangeId(change));
    api::tx().metering().confirm_change_as_council(change, hash, Static(party))
}

/// Withdraws a change, as who filed it.
pub fn withdraw(change: u32) -> impl Payload {
    api::tx().metering().withdraw_change(Static(ChangeId(change)))
}

/// Takes one's confirmation back.
pub fn withdraw_confirmation(change: u32) -> impl Payload {
    api::tx().metering().withdraw_confirmation(Static(ChangeId(change)))
}

/// Refuses a change, as an owner concerned.
pub fn refuse(change: u32) -> impl Payload {
    api::tx().metering().refuse_change(Static(ChangeId(change)))
}

/// Removes a change that nobody can confirm any more.
pub fn clear(change: u32) -> impl Payload {
    api::tx().metering().clear_change(Static(ChangeId(change)))
}

/// Records what a meter should have read.
pub fn record_correction(meter: u32, slot: u64, flow: Flow) -> impl Payload {
    api::tx().metering().record_correction(
        Static(MeterId(meter)),
        Static(SlotIndex(slot)),
        Static(flow.generated),
        Static(flow.consumed),
    )
}

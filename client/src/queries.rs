//! What this program reads from the chain's storage.

use super::{
    At,
    api::{self, runtime_types as types},
    keys::Scheme,
    reads::{constant, fetch, get},
};
use crate::{
    error::Error,
    market::{Account, Plancks},
};
use qedex_primitives::{AttributeId, MeterId, SlotIndex, SlotTimes, Windows};
use subxt::utils::{AccountId32, Static};

/// When the windows of delivery slots open and close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The length of a delivery slot in milliseconds.
    pub slot_length: u64,
    /// The windows in slot lengths.
    pub windows: Windows,
}

impl Calendar {
    /// The moments of `slot`, in milliseconds since the Unix epoch.
    pub const fn times(&self, slot: u64) -> SlotTimes {
        self.windows.schedule(SlotIndex(slot), self.slot_length)
    }

    /// The slot whose delivery is under way at `now`.
    pub fn slot_at(&self, now: u64) -> u64 {
        now.checked_div(self.slot_length).unwrap_or(0)
    }

    /// The first slot whose gate opens after `now`.
    pub fn first_to_open(&self, now: u64) -> u64 {
        self.slot_at(now).saturating_add(u64::from(self.windows.gate_opens)).saturating_add(1)
    }

    /// The first slot whose gate has not closed at `now`.
    pub fn first_not_closed(&self, now: u64) -> u64 {
        self.slot_at(now).saturating_add(u64::from(self.windows.gate_closes)).saturating_add(1)
    }
}

/// The chain's time, in milliseconds since the Unix epoch.
pub async fn time(at: &At) -> Result<u64, Error> {
    Ok(fetch(at, api::storage().timestamp().now(), ()).await?.unwrap_or(0))
}

/// The calendar of slots that open from now on.
pub async fn calendar(at: &At) -> Result<Calendar, Error> {
    let slot_length = get(at, api::storage().auction().slot_length()).await?;
    let Static(windows) = get(at, api::storage().auction().default_windows()).await?;
    Ok(Calendar { slot_length, windows })
}

/// The slot under delivery.
pub async fn present_slot(at: &At) -> Result<u64, Error> {
    Ok(calendar(at).await?.slot_at(time(at).await?))
}

/// What each order holds for the work of a trade.
pub fn trade_price(at: &At) -> Result<Plancks, Error> {
    constant(at, api::constants().auction().trade_price())
}

/// The most that the chain takes at once, or has in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Orders of one batch.
    Orders,
    /// Readings of one batch.
    Readings,
    /// Credentials of one transaction.
    Credentials,
    /// Owners whose naming is pending.
    Namings,
    /// Nodes of one policy: each attribute that it names, and each "and", "or" and "of".
    PolicyNodes,
}

impl Limit {
    /// How many, by the chain's constants.
    pub fn number(self, at: &At) -> Result<usize, Error> {
        let of = api::constants();
        let most = match self {
            Self::Orders => constant(at, of.auction().max_batch())?,
            Self::Readings => constant(at, of.metering().max_batch())?,
            Self::Credentials => constant(at, of.membership().max_issue_batch())?,
            Self::Namings => constant(at, of.membership().max_namings())?,
            Self::PolicyNodes => constant(at, of.membership().max_policy_nodes())?,
        };
        Ok(usize::try_from(most).unwrap_or(usize::MAX))
    }

    /// Refuses more than that. The node could not even decode them.
    pub fn check(self, at: &At, given: usize) -> Result<(), Error> {
        let most = self.number(at)?;
        if given <= most {
            return Ok(());
        }
        Err(Error::BadInput(match self {
            Self::Orders => {
                format!("there are {given} orders in the file; a batch has at most {most}")
            }
            Self::Readings => {
                format!("there are {given} readings in the file; a batch has at most {most}")
            }
            Self::Credentials => {
                format!("there are {given} accounts; at most {most} are served at once")
            }
            Self::Namings => format!("{given} namings cannot be pending; at most {most} are"),
            Self::PolicyNodes => format!(
                "the policy has {given} nodes, the attributes in it and each \"and\", \"or\" and \
                 \"of\"; a policy has at most {most}"
            ),
        }))
    }
}

/// Whether there is a meter of this number.
pub async fn is_meter(at: &At, number: u32) -> Result<bool, Error> {
    let key = (Static(MeterId(number)),);
    Ok(fetch(at, api::storage().metering().meters(), key).await?.is_some())
}

/// All money there is.
pub async fn total_issuance(at: &At) -> Result<Plancks, Error> {
    Ok(fetch(at, api::storage().balances().total_issuance(), ()).await?.unwrap_or(0))
}

/// The free balance of an account.
pub async fn free_balance(at: &At, account: Account) -> Result<Plancks, Error> {
    let info = fetch(at, api::storage().system().account(), (AccountId32(account),)).await?;
    Ok(info.map_or(0, |info| info.data.free))
}

/// For what money of an account is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Bids, deposits of sellers, bonds of complaints.
    Market,
    /// Sessions that the account has asked for.
    Sessions,
    /// What it keeps in the registry of key services and SAEs.
    Registry,
}

/// What is held of an account for one of these.
pub async fn held(at: &At, account: Account, what: Held) -> Result<Plancks, Error> {
    use types::{pallet_qkd::pallet::HoldReason, qedex_runtime::RuntimeHoldReason};
    let holds = fetch(at, api::storage().balances().holds(), (AccountId32(account),)).await?;
    let holds = holds.map(|holds| holds.0).unwrap_or_default();
    let of_this = holds.iter().filter(|hold| match &hold.id {
        RuntimeHoldReason::Settlement(_) => what == Held::Market,
        RuntimeHoldReason::Qkd(HoldReason::Session) => what == Held::Sessions,
        RuntimeHoldReason::Qkd(HoldReason::Registry) => what == Held::Registry,
        _ => false,
    });
    Ok(of_this.map(|hold| hold.amount).sum())
}

/// Whether an account's credential of `attribute` holds until `until`.
pub async fn has_credential(
    at: &At,
    account: Account,
    attribute: u32,
    until: u64,
) -> Result<bool, Error> {
    let attribute = || Static(AttributeId(attribute));
    let info = fetch(at, api::storage().membership().attributes(), (attribute(),)).await?;
    let key = (AccountId32(account), attribute());
    let credential = fetch(at, api::storage().membership().credentials(), key).await?;
    Ok(info.zip(credential).is_some_and(|(info, credential)| {
        credential.version == info.version && credential.expires > until
    }))
}

/// The number of the meter with this sr25519 key, if there is one.
pub async fn meter_by_key(at: &At, key: [u8; 32]) -> Result<Option<u32>, Error> {
    let key = (Static(Scheme::Sr25519.key(key)),);
    Ok(fetch(at, api::storage().metering().meter_by_key(), key).await?.map(|meter| meter.0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: Calendar = Calendar {
        slot_length: 10,
        windows: Windows {
            gate_opens: 4,
            gate_closes: 1,
            commitments_until: 3,
            readings_until: 5,
            complaints_until: 9,
            final_at: 11,
        },
    };

    #[test]
    fn play_begins_with_the_first_gate_that_is_still_to_open() {
        for now in 1_000..1_040 {
            let slot = CALENDAR.first_to_open(now);
            assert!(CALENDAR.times(slot).gate_opens > now);
            assert!(CALENDAR.times(slot - 1).gate_opens <= now);
        }
    }

    #[test]
    fn the_next_slot_to_trade_in_is_open() {
        for now in 1_000..1_040 {
            let moments = CALENDAR.times(CALENDAR.first_not_closed(now));
            assert!(moments.gate_opens <= now && now < moments.gate_closes);
        }
    }
}

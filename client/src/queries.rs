//! What this program reads from the chain's storage.

use super::{
    At,
    api::{self, runtime_types as types},
};
use crate::{
    error::Error,
    market::{Account, Corridor, Plancks},
};
use qedex_math::{PricePerKwh, Wh};
use subxt::utils::AccountId32;

/// When the windows of a delivery slot open and close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The length of a delivery slot in milliseconds.
    pub slot_length: u64,
    /// Slot lengths before delivery at which orders are taken,
    pub gate_opens: u16,
    /// and at which they are not taken any more.
    pub gate_closes: u16,
    /// Slot lengths after the start of delivery until which sellers commit,
    pub commitments_until: u16,
    /// until which readings are accepted,
    pub readings_until: u16,
    /// until which buyers may complain,
    pub complaints_until: u16,
    /// and at which everything is final.
    pub final_at: u16,
}

/// The moments of one delivery slot in milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Moments {
    /// Orders are taken from here,
    pub gate_opens: u64,
    /// until here.
    pub gate_closes: u64,
    /// Delivery begins.
    pub delivery_starts: u64,
    /// Delivery ends; sellers commit from here,
    pub delivery_ends: u64,
    /// until here; readings are accepted from here,
    pub commitments_until: u64,
    /// until here: the freeze.
    pub readings_until: u64,
    /// Buyers may complain until here.
    pub complaints_until: u64,
    /// Everything is final.
    pub final_at: u64,
}

impl Calendar {
    /// The moments of `slot`.
    pub fn moments(&self, slot: u64) -> Moments {
        let length = self.slot_length;
        let start = slot.saturating_mul(length);
        let before = |n: u16| start.saturating_sub(length.saturating_mul(u64::from(n)));
        let after = |n: u16| start.saturating_add(length.saturating_mul(u64::from(n)));
        Moments {
            gate_opens: before(self.gate_opens),
            gate_closes: before(self.gate_closes),
            delivery_starts: start,
            delivery_ends: after(1),
            commitments_until: after(self.commitments_until),
            readings_until: after(self.readings_until),
            complaints_until: after(self.complaints_until),
            final_at: after(self.final_at),
        }
    }

    /// The slot whose delivery is under way at `now`.
    pub fn slot_at(&self, now: u64) -> u64 {
        now.checked_div(self.slot_length).unwrap_or(0)
    }

    /// The first slot whose gate opens after `now`.
    pub fn first_to_open(&self, now: u64) -> u64 {
        self.slot_at(now).saturating_add(u64::from(self.gate_opens)).saturating_add(1)
    }

    /// The first slot whose gate has not closed at `now`.
    pub fn first_not_closed(&self, now: u64) -> u64 {
        self.slot_at(now).saturating_add(u64::from(self.gate_closes)).saturating_add(1)
    }
}

/// The chain's time.
pub async fn time(at: &At) -> Result<u64, Error> {
    let now = at.storage().try_fetch(api::storage().timestamp().now(), ()).await?;
    Ok(now.map(|now| now.decode()).transpose()?.unwrap_or(0))
}

/// The calendar of slots that open from now on.
pub async fn calendar(at: &At) -> Result<Calendar, Error> {
    let storage = at.storage();
    let slot_length = storage.fetch(api::storage().auction().slot_length(), ()).await?;
    let windows = storage.fetch(api::storage().auction().standing_windows(), ()).await?;
    let windows = windows.decode()?;
    Ok(Calendar {
        slot_length: slot_length.decode()?,
        gate_opens: windows.gate_opens,
        gate_closes: windows.gate_closes,
        commitments_until: windows.commitments_until,
        readings_until: windows.readings_until,
        complaints_until: windows.complaints_until,
        final_at: windows.final_at,
    })
}

/// The leader's terms for slots that open from now on; none if no slot opens.
pub async fn terms(at: &At) -> Result<Option<Corridor>, Error> {
    let terms = at.storage().try_fetch(api::storage().auction().standing_terms(), ()).await?;
    let Some(terms) = terms else { return Ok(None) };
    let terms = terms.decode()?;
    Ok(Some(Corridor {
        floor: PricePerKwh(terms.floor.0),
        cap: PricePerKwh(terms.cap.0),
        grid_fee: PricePerKwh(terms.grid_fee.0),
        tick: PricePerKwh(terms.tick.0),
        lot: Wh(terms.lot.0),
        least_order: Wh(terms.least_order.0),
    }))
}

/// The most that the chain takes at once, or has in one piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Most {
    /// Orders of one batch.
    Orders,
    /// Readings of one batch.
    Readings,
    /// Credentials of one transaction.
    Credentials,
    /// Nodes of one policy: each attribute that it names, and each "and", "or" and "of".
    PolicyNodes,
}

impl Most {
    /// How many, by the chain's constants.
    pub fn number(self, at: &At) -> Result<usize, Error> {
        let (constants, of) = (at.constants(), api::constants());
        let most = match self {
            Self::Orders => constants.entry(of.auction().max_batch())?,
            Self::Readings => constants.entry(of.metering().max_batch())?,
            Self::Credentials => constants.entry(of.membership().max_issue_batch())?,
            Self::PolicyNodes => constants.entry(of.membership().max_policy_nodes())?,
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
            Self::PolicyNodes => format!(
                "the policy has {given} nodes, the attributes in it and each \"and\", \"or\" and \
                 \"of\"; a policy has at most {most}"
            ),
        }))
    }
}

/// Whether there is a meter of this number.
pub async fn is_meter(at: &At, number: u32) -> Result<bool, Error> {
    let key = (types::qedex_primitives::metering::MeterId(number),);
    let meters = api::storage().metering().meters();
    Ok(at.storage().try_fetch(meters, key).await?.is_some())
}

/// All money there is.
pub async fn total_issuance(at: &At) -> Result<Plancks, Error> {
    Ok(at.storage().fetch(api::storage().balances().total_issuance(), ()).await?.decode()?)
}

/// The free balance of an account.
pub async fn free_balance(at: &At, account: Account) -> Result<Plancks, Error> {
    let key = (AccountId32(account),);
    let info = at.storage().try_fetch(api::storage().system().account(), key).await?;
    Ok(info.map(|info| info.decode()).transpose()?.map_or(0, |info| info.data.free))
}

/// What is held of an account for the market.
pub async fn held_for_market(at: &At, account: Account) -> Result<Plancks, Error> {
    let key = (AccountId32(account),);
    let holds = at.storage().try_fetch(api::storage().balances().holds(), key).await?;
    let Some(holds) = holds else { return Ok(0) };
    let market = |id: &types::qedex_runtime::RuntimeHoldReason| {
        matches!(id, types::qedex_runtime::RuntimeHoldReason::Settlement(_))
    };
    let holds = holds.decode()?;
    Ok(holds.0.iter().filter(|hold| market(&hold.id)).map(|hold| hold.amount).sum())
}

/// Whether an account's credential of `attribute` holds until `until`.
pub async fn has_credential(
    at: &At,
    account: Account,
    attribute: u32,
    until: u64,
) -> Result<bool, Error> {
    let attribute = || types::qedex_primitives::membership::AttributeId(attribute);
    let storage = at.storage();
    let info = storage
        .try_fetch(api::storage().membership().attributes(), (attribute(),))
        .await?
        .map(|info| info.decode())
        .transpose()?;
    let key = (AccountId32(account), attribute());
    let credential = storage
        .try_fetch(api::storage().membership().credentials(), key)
        .await?
        .map(|credential| credential.decode())
        .transpose()?;
    Ok(info.zip(credential).is_some_and(|(info, credential)| {
        credential.version == info.version && credential.expires > until
    }))
}

/// The number of the meter with this sr25519 key, if there is one.
pub async fn meter_by_key(at: &At, key: [u8; 32]) -> Result<Option<u32>, Error> {
    let key = (types::qedex_primitives::metering::MeterKey::Sr25519(key),);
    let meter = at.storage().try_fetch(api::storage().metering().meter_by_key(), key).await?;
    Ok(meter.map(|meter| meter.decode()).transpose()?.map(|meter| meter.0))
}

/// Whether `account` lets `broker` trade for it.
pub async fn lets_trade(at: &At, account: Account, broker: Account) -> Result<bool, Error> {
    use types::qedex_runtime::configs::accounts::ProxyType;
    let key = (AccountId32(account),);
    let proxies = at.storage().try_fetch(api::storage().proxy().proxies(), key).await?;
    let Some(proxies) = proxies else {
        return Ok(false);
    };
    let (proxies, _deposit) = proxies.decode()?;
    Ok(proxies.0.iter().any(|proxy| {
        proxy.delegate.0 == broker
            && matches!(proxy.proxy_type, ProxyType::Trading | ProxyType::Any)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: Calendar = Calendar {
        slot_length: 10,
        gate_opens: 4,
        gate_closes: 1,
        commitments_until: 3,
        readings_until: 5,
        complaints_until: 9,
        final_at: 11,
    };

    #[test]
    fn play_begins_with_the_first_gate_that_is_still_to_open() {
        for now in 1_000..1_040 {
            let slot = CALENDAR.first_to_open(now);
            assert!(CALENDAR.moments(slot).gate_opens > now);
            assert!(CALENDAR.moments(slot - 1).gate_opens <= now);
        }
    }

    #[test]
    fn the_next_slot_to_trade_in_is_open() {
        for now in 1_000..1_040 {
            let moments = CALENDAR.moments(CALENDAR.first_not_closed(now));
            assert!(moments.gate_opens <= now && now < moments.gate_closes);
        }
    }
}

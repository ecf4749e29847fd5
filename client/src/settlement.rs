//! Open trades: what this program reads and asks about them.

use super::{
    At, H256,
    api::{self, runtime_types as types},
    meter::Bill,
    queries::Moments,
};
use crate::{
    error::{Error, Refusal},
    market::{Account, Plancks},
};
use serde::Serialize;
use subxt::utils::AccountId32;
use types::{
    pallet_settlement::types::{Book as ChainBook, Trade as ChainTrade},
    qedex_primitives::{calendar::SlotIndex, metering::BillError},
};

/// A buyer's complaint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// What is held of the buyer for it, in plancks.
    #[serde(with = "crate::amounts::as_plancks_string")]
    pub bond: Plancks,
    /// Until when the seller may reveal, by the slot's clock.
    pub due: u64,
}

/// An open trade. Energies in Wh, prices in plancks per kWh, money in plancks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The delivery slot.
    pub slot: u64,
    /// Its number within the slot.
    pub id: u32,
    /// Who buys.
    pub buyer: Account,
    /// Who sells.
    pub seller: Account,
    /// The energy.
    pub energy: u64,
    /// What the buyer pays, grid fee included.
    pub buyer_price: u128,
    /// What the seller gets.
    pub seller_price: u128,
    /// What is held of the buyer.
    pub payment: Plancks,
    /// What is held of the seller.
    pub deposit: Plancks,
    /// What the seller sold before in trades of the slot with lower numbers.
    pub before: u64,
    /// The buyer's complaint.
    pub complaint: Option<Complaint>,
}

impl Trade {
    fn of(slot: u64, id: u32, trade: ChainTrade<AccountId32>) -> Self {
        Self {
            slot,
            id,
            buyer: trade.buyer.0,
            seller: trade.seller.0,
            energy: trade.energy.0,
            buyer_price: trade.buyer_price.0,
            seller_price: trade.seller_price.0,
            payment: trade.payment,
            deposit: trade.deposit,
            before: trade.before.0,
            complaint: trade
                .complaint
                .map(|complaint| Complaint { bond: complaint.bond, due: complaint.due }),
        }
    }
}

/// How much of a trade over `energy` Wh a delivery of `delivered` Wh covers, of which trades with
/// lower numbers take `before` Wh first.
pub fn covered(delivered: u64, before: u64, energy: u64) -> u64 {
    delivered.saturating_sub(before).min(energy)
}

/// How far the settlement of a slot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Book {
    /// The slot's windows.
    pub moments: Moments,
    /// The number after that of its latest trade.
    pub trades: u32,
    /// For how long the chain stood still while complaints and reveals were due, in milliseconds.
    pub lost: u64,
}

impl Book {
    const fn of(book: &ChainBook) -> Self {
        let schedule = &book.terms.schedule;
        Self {
            moments: Moments {
                gate_opens: schedule.gate_opens,
                gate_closes: schedule.gate_closes,
                delivery_starts: schedule.delivery_starts,
                delivery_ends: schedule.delivery_ends,
                commitments_until: schedule.commitments_until,
                readings_until: schedule.readings_until,
                complaints_until: schedule.complaints_until,
                final_at: schedule.final_at,
            },
            trades: book.trades,
            lost: book.lost,
        }
    }
}

/// A seller of a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seller {
    /// What it sold in all, in Wh.
    pub sold: u64,
    /// Its commitment.
    pub commitment: Option<H256>,
    /// Until when it may answer the latest complaint, by the slot's clock.
    pub answer_until: Option<u64>,
    /// What it delivered by the bill that it revealed, in Wh.
    pub revealed: Option<u64>,
}

/// The rules of settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rules {
    /// The share of honest sellers assumed off-line, which sets the bond, in parts per million.
    pub offline_share_ppm: u32,
    /// In how many slots a seller may default before it is excluded.
    pub defaults_to_exclusion: u32,
    /// How long it is excluded, in milliseconds.
    pub exclusion: u64,
}

/// The settlement of a slot, as long as trades of it are open.
pub async fn book(at: &At, slot: u64) -> Result<Option<Book>, Error> {
    let key = (SlotIndex(slot),);
    let book = at.storage().try_fetch(api::storage().settlement().books(), key).await?;
    let book = book.map(|book| book.decode()).transpose()?;
    Ok(book.as_ref().map(Book::of))
}

/// An open trade.
pub async fn trade(at: &At, slot: u64, id: u32) -> Result<Option<Trade>, Error> {
    let key = (SlotIndex(slot), id);
    let trade = at.storage().try_fetch(api::storage().settlement().trades(), key).await?;
    let trade = trade.map(|trade| trade.decode()).transpose()?;
    Ok(trade.map(|trade| Trade::of(slot, id, trade)))
}

/// The open trades of a slot, by number.
pub async fn trades_in(at: &At, slot: u64) -> Result<Vec<Trade>, Error> {
    let mut all = Vec::new();
    let mut entries =
        at.storage().iter(api::storage().settlement().trades(), (SlotIndex(slot),)).await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let (_, id) = entry.key()?.decode()?;
        all.push(Trade::of(slot, id, entry.value().decode()?));
    }
    all.sort_by_key(|trade| trade.id);
    Ok(all)
}

/// The open trades in which `account` buys or sells, by slot and number.
pub async fn trades_of(at: &At, account: Account) -> Result<Vec<Trade>, Error> {
    let ask = api::runtime_apis().settlement_api().trades_of(AccountId32(account));
    let mut all = Vec::new();
    for (slot, id) in at.runtime_apis().call(ask).await? {
        all.extend(trade(at, slot.0, id).await?);
    }
    Ok(all)
}

/// A seller of a slot, as long as trades of it are open.
pub async fn seller(at: &At, slot: u64, account: Account) -> Result<Option<Seller>, Error> {
    let key = (SlotIndex(slot), AccountId32(account));
    let seller = at.storage().try_fetch(api::storage().settlement().sellers(), key).await?;
    let seller = seller.map(|seller| seller.decode()).transpose()?;
    Ok(seller.map(|seller| Seller {
        sold: seller.sold.0,
        commitment: seller.commitment,
        answer_until: seller.answer_until,
        revealed: seller.revealed.map(|revealed| revealed.delivered.0),
    }))
}

/// What a complaint about an open trade would hold of its buyer, in plancks.
pub async fn bond(at: &At, slot: u64, id: u32) -> Result<Option<Plancks>, Error> {
    let ask = api::runtime_apis().settlement_api().bond(SlotIndex(slot), id);
    Ok(at.runtime_apis().call(ask).await?)
}

/// What `bill` proves that `seller` delivered in `slot`, in Wh, or why it proves nothing, by the name
/// of the error with which a reveal would be refused.
pub async fn audit(
    at: &At,
    seller: Account,
    slot: u64,
    bill: &Bill,
) -> Result<Result<u64, Refusal>, Error> {
    let ask = api::runtime_apis().settlement_api().audit(
        AccountId32(seller),
        SlotIndex(slot),
        bill.for_chain(),
    );
    Ok(match at.runtime_apis().call(ask).await? {
        Ok(delivered) => Ok(delivered.0),
        Err(error) => Err(refusal(&error)),
    })
}

fn refusal(error: &BillError) -> Refusal {
    let (name, meaning) = match error {
        BillError::WrongMeters => (
            "WrongMeters",
            "The bill has not exactly one reading of each meter that the seller had in the slot.",
        ),
        BillError::WrongSlot => ("WrongSlot", "A reading of the bill is of another slot."),
        BillError::OverCapacity => {
            ("OverCapacity", "A value of the bill is over the meter's capacity.")
        }
        BillError::BadSignature => (
            "BadSignature",
            "A signature of the bill is not the meter's over its reading on this chain.",
        ),
    };
    Refusal { name: format!("Settlement::{name}"), meaning: meaning.to_owned() }
}

/// The rules for slots whose gate opens from now on, and whether settlement is paused.
pub async fn rules(at: &At) -> Result<(Rules, bool), Error> {
    let storage = at.storage();
    let changes = storage.try_fetch(api::storage().settlement().rule_changes(), ()).await?;
    let changes = changes.map(|changes| changes.decode()).transpose()?;
    let latest = changes.and_then(|changes| changes.0.into_iter().last());
    let (_, rules) =
        latest.ok_or_else(|| Error::Answer("settlement has no rules on record".to_owned()))?;
    let paused = storage.try_fetch(api::storage().settlement().paused(), ()).await?;
    let paused = paused.map(|paused| paused.decode()).transpose()?;
    let rules = Rules {
        offline_share_ppm: rules.offline_share.0,
        defaults_to_exclusion: rules.defaults_to_exclusion,
        exclusion: rules.exclusion,
    };
    Ok((rules, paused.unwrap_or(false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sold_first_is_served_first() {
        assert_eq!(covered(1_000, 0, 600), 600);
        assert_eq!(covered(1_000, 600, 600), 400);
        assert_eq!(covered(1_000, 1_200, 600), 0);
        assert_eq!(covered(1_200, 600, 600), 600);
    }
}

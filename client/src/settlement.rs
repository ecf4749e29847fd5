//! Open trades: what is read and asked about them.

use super::{
    At, api,
    meter::Bill,
    reads::{ask, entries, fetch},
};
use crate::{
    error::{Error, Refusal},
    market::{Account, Plancks},
};
use qedex_primitives::{BillError, SlotIndex, TradeId, settlement};
use std::ops::Deref;
use subxt::utils::{AccountId32, Static};

pub use qedex_primitives::{
    Complaint, Seller,
    settlement::{Book, Rules},
};

/// The most trades that one answer looks at.
const PAGE: u32 = 1_000;

/// An open trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The delivery slot.
    pub slot: u64,
    /// Its number within the slot.
    pub id: TradeId,
    /// What the chain knows of it.
    pub of: qedex_primitives::Trade<Account>,
}

impl Deref for Trade {
    type Target = qedex_primitives::Trade<Account>;

    fn deref(&self) -> &Self::Target {
        &self.of
    }
}

/// How much of a trade over `energy` Wh a delivery of `delivered` Wh covers, of which trades with
/// lower numbers take `before` Wh first.
pub fn covered(delivered: u64, before: u64, energy: u64) -> u64 {
    delivered.saturating_sub(before).min(energy)
}

/// The settlement of a slot, as long as trades of it are open.
pub async fn book(at: &At, slot: u64) -> Result<Option<Book>, Error> {
    let key = (Static(SlotIndex(slot)),);
    Ok(fetch(at, api::storage().settlement().books(), key).await?.map(|book| book.0))
}

/// An open trade.
pub async fn trade(at: &At, slot: u64, id: TradeId) -> Result<Option<Trade>, Error> {
    let key = (Static(SlotIndex(slot)), id);
    let trade = fetch(at, api::storage().settlement().trades(), key).await?;
    Ok(trade.map(|Static(of)| Trade { slot, id, of }))
}

/// The open trades of a slot, by number.
pub async fn trades_in(at: &At, slot: u64) -> Result<Vec<Trade>, Error> {
    let key = (Static(SlotIndex(slot)),);
    let all = entries(at, api::storage().settlement().trades(), key).await?;
    let mut all: Vec<_> =
        all.into_iter().map(|((_, id), Static(of))| Trade { slot, id, of }).collect();
    all.sort_by_key(|trade| trade.id);
    Ok(all)
}

/// The open trades of a slot in which `account` buys or sells, by number.
async fn trades_of_in(at: &At, account: Account, slot: SlotIndex) -> Result<Vec<Trade>, Error> {
    let (mut all, mut next) = (Vec::new(), Some(0));
    while let Some(from) = next {
        let question = api::runtime_apis().settlement_api().trades_of(
            AccountId32(account),
            Static(slot),
            from,
            PAGE,
        );
        let settlement::TradePage { trades, next: further } = ask(at, question).await?.0;
        all.extend(trades.into_iter().map(|open| Trade {
            slot: slot.0,
            id: open.id,
            of: open.trade,
        }));
        next = further;
    }
    Ok(all)
}

/// The open trades in which `account` buys or sells, of one slot or of all, by slot and number.
pub async fn trades_of(at: &At, account: Account, slot: Option<u64>) -> Result<Vec<Trade>, Error> {
    if let Some(slot) = slot {
        return trades_of_in(at, account, SlotIndex(slot)).await;
    }
    let mut all = Vec::new();
    for Static(open) in ask(at, api::runtime_apis().settlement_api().open_slots()).await? {
        all.extend(trades_of_in(at, account, open.slot).await?);
    }
    Ok(all)
}

/// A seller of a slot, as long as trades of it are open.
pub async fn seller(at: &At, slot: u64, account: Account) -> Result<Option<Seller>, Error> {
    let key = (Static(SlotIndex(slot)), AccountId32(account));
    Ok(fetch(at, api::storage().settlement().sellers(), key).await?.map(|seller| seller.0))
}

/// What a complaint about an open trade would hold of its buyer, in plancks.
pub async fn bond(at: &At, slot: u64, id: TradeId) -> Result<Option<Plancks>, Error> {
    ask(at, api::runtime_apis().settlement_api().bond(Static(SlotIndex(slot)), id)).await
}

/// What `bill` proves that `seller` delivered in `slot`, in Wh, or why it proves nothing, by the name
/// of the error with which a reveal would be refused.
pub async fn audit(
    at: &At,
    seller: Account,
    slot: u64,
    bill: &Bill,
) -> Result<Result<u64, Refusal>, Error> {
    let question = api::runtime_apis().settlement_api().audit(
        AccountId32(seller),
        Static(SlotIndex(slot)),
        bill.for_chain(),
    );
    Ok(match ask(at, question).await? {
        Ok(delivered) => Ok(delivered.0.0),
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
    let rules = ask(at, api::runtime_apis().settlement_api().rules()).await?;
    let paused = fetch(at, api::storage().settlement().paused(), ()).await?;
    Ok((rules.0, paused.unwrap_or(false)))
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

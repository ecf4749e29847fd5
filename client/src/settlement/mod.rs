//! Open trades: what is read and asked about them.

mod windows;

pub use windows::{ensure_to_come, in_commitment_window, record};

use super::{
    At, api,
    meter::Bill,
    reads::{ask, entries, fetch},
};
use crate::{
    error::{Error, Refusal},
    market::{Account, Plancks},
};
use qedex_primitives::{
    BillError, OwnerId, SlotIndex, TradeId,
    settlement::{self, SellingAccount},
};
use std::{collections::BTreeMap, ops::Deref};
use subxt::utils::{AccountId32, Static};

pub use qedex_primitives::{
    Complaint, Seller,
    settlement::{Book, Pause, Rules},
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

/// The seller behind an account that sells in a slot, as long as trades of it are open: the account's
/// owner, and what is known of it with all its accounts.
pub async fn seller(
    at: &At,
    slot: u64,
    account: Account,
) -> Result<Option<(OwnerId, Seller)>, Error> {
    let slot = Static(SlotIndex(slot));
    let key = (slot.clone(), AccountId32(account));
    let found = fetch(at, api::storage().settlement().selling_accounts(), key).await?;
    let Some(Static(SellingAccount { owner, .. })) = found else {
        return Ok(None);
    };
    let key = (slot, Static(owner));
    let seller = fetch(at, api::storage().settlement().sellers(), key).await?;
    Ok(seller.map(|Static(seller)| (owner, seller)))
}

/// The accounts that sell in a slot, and for whom, as long as trades of theirs are open.
pub async fn owners_in(at: &At, slot: u64) -> Result<BTreeMap<Account, OwnerId>, Error> {
    let key = (Static(SlotIndex(slot)),);
    let all = entries(at, api::storage().settlement().selling_accounts(), key).await?;
    Ok(all.into_iter().map(|((_, account), Static(of))| (account.0, of.owner)).collect())
}

/// What a complaint about the seller of an open trade would hold of the trade's buyer, in plancks.
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

/// The rules for slots whose gate opens from now on.
pub async fn rules(at: &At) -> Result<Rules, Error> {
    Ok(ask(at, api::runtime_apis().settlement_api().rules()).await?.0)
}

/// The pause of settlement that is on at `now`, if one is.
pub async fn pause(at: &At, now: u64) -> Result<Option<Pause>, Error> {
    let pause = fetch(at, api::storage().settlement().latest_pause(), ()).await?;
    Ok(pause.map(|Static(pause)| pause).filter(|pause| pause.is_on(now)))
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

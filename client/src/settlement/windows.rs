//! What can still be done about a slot, and what is to come of it.

use super::{Seller, book, seller, trade as trade_of};
use crate::{At, error::Error, market::Account, queries, text::account_text};
use qedex_primitives::OwnerId;

/// For whom the account sells in the slot, and that owner's record, as long as it has open trades.
pub async fn record(at: &At, slot: u64, account: Account) -> Result<(OwnerId, Seller), Error> {
    seller(at, slot, account).await?.ok_or_else(|| {
        Error::BadInput(format!(
            "{} has sold nothing in slot {slot} that is not settled yet",
            account_text(account)
        ))
    })
}

/// Fails outside the time in which sellers of `slot` may commit, by the latest finalised block.
pub async fn in_commitment_window(at: &At, slot: u64) -> Result<(), Error> {
    let Some(book) = book(at, slot).await? else {
        return Err(Error::BadInput(format!("slot {slot} has no open trades")));
    };
    let (now, moments) = (queries::time(at).await?, book.terms.schedule.later(book.lost));
    if now < moments.delivery_ends {
        let wait = moments.delivery_ends.saturating_sub(now).div_ceil(1_000);
        let what = format!("sellers of slot {slot} commit from {wait} s from now on");
        return Err(Error::BadInput(what));
    }
    if now >= moments.commitments_until {
        let what = format!("the time to commit in slot {slot} is over");
        return Err(Error::BadInput(what));
    }
    Ok(())
}

/// Refuses a slot or trade of which nothing is to come.
pub async fn ensure_to_come(at: &At, slot: u64, trade: Option<u32>) -> Result<(), Error> {
    let now = queries::time(at).await?;
    let calendar = queries::calendar(at).await?;
    let book = book(at, slot).await?;
    // Trades open between the closing of the gate and the end of delivery.
    let moments = book.map_or_else(|| calendar.times(slot), |book| book.terms.schedule);
    let to_come = now < moments.delivery_ends;
    if book.is_none() && !to_come {
        return Err(Error::BadInput(format!(
            "slot {} has no open trades, and gets none any more",
            slot
        )));
    }
    if let Some(id) = trade {
        let opened = book.is_some_and(|book| id < book.trades);
        let open = trade_of(at, slot, id).await?.is_some();
        if !open && (opened || !to_come) {
            return Err(Error::no_such_trade(slot, id));
        }
    }
    Ok(())
}

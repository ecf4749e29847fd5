//! What principals let brokers do, and what brokers do by it.

use super::{At, api, reads::ask};
use crate::{
    error::Error,
    market::{Account, NewOrder, Plancks},
};
use qedex_math::{PricePerKwh, Wh};
use qedex_primitives::{OrderId, SlotIndex};
use subxt::{
    tx::Payload,
    utils::{AccountId32, Static},
};

pub use qedex_primitives::Grant;

/// Principals that are asked for at once.
const PAGE: u32 = 1_000;

/// The brokers of an account, and what each may do.
pub async fn grants_of(at: &At, principal: Account) -> Result<Vec<(Account, Grant)>, Error> {
    let question = api::runtime_apis().market_book_api().grants_of(AccountId32(principal));
    let grants = ask(at, question).await?;
    Ok(grants.into_iter().map(|(broker, grant)| (broker.0, grant.0)).collect())
}

/// For whom a broker may act, and how far.
pub async fn grants_to(at: &At, broker: Account) -> Result<Vec<(Account, Grant)>, Error> {
    let mut all: Vec<(Account, Grant)> = Vec::new();
    loop {
        let after = all.last().map(|(principal, _)| AccountId32(*principal));
        let api = api::runtime_apis().market_book_api();
        let page = ask(at, api.grants_to(AccountId32(broker), after, PAGE)).await?;
        let is_last = page.len() < PAGE as usize;
        all.extend(page.into_iter().map(|(principal, grant)| (principal.0, grant.0)));
        if is_last {
            return Ok(all);
        }
    }
}

/// What the orders of a grant may still hold in a slot.
pub async fn budget_left(
    at: &At,
    principal: Account,
    broker: Account,
    slot: u64,
) -> Result<Option<Plancks>, Error> {
    let question = api::runtime_apis().market_book_api().budget_left(
        AccountId32(principal),
        AccountId32(broker),
        Static(SlotIndex(slot)),
    );
    ask(at, question).await
}

/// Lets `broker` trade for the signer.
pub fn grant(broker: Account, grant: Grant) -> impl Payload {
    api::tx().auction().grant(AccountId32(broker), Static(grant))
}

/// Lets `broker` trade for the signer no more.
pub fn revoke(broker: Account) -> impl Payload {
    api::tx().auction().revoke_grant(AccountId32(broker))
}

/// Places orders of one slot for a principal, each judged alone.
pub fn place_orders_for(
    principal: Account,
    slot: u64,
    orders: &[NewOrder],
) -> impl Payload + use<> {
    use api::runtime_types::bounded_collections::bounded_vec::BoundedVec;
    let orders = BoundedVec(orders.iter().copied().map(Static).collect());
    let slot = Static(SlotIndex(slot));
    api::tx().auction().place_orders_for(AccountId32(principal), slot, orders)
}

/// Changes an order that the signer placed for a principal.
pub fn amend_order_for(
    principal: Account,
    slot: u64,
    id: OrderId,
    limit: PricePerKwh,
    energy: Wh,
) -> impl Payload {
    let (principal, slot) = (AccountId32(principal), Static(SlotIndex(slot)));
    api::tx().auction().amend_order_for(principal, slot, id, Static(limit), Static(energy))
}

/// Withdraws an order that the signer placed for a principal.
pub fn cancel_order_for(principal: Account, slot: u64, id: OrderId) -> impl Payload {
    let slot = Static(SlotIndex(slot));
    api::tx().auction().cancel_order_for(AccountId32(principal), slot, id)
}

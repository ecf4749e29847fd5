//! How many keys there are for the market, as the chain counts them.

use super::{At, api, reads::ask};
use crate::error::Error;
use qedex_primitives::{SlotIndex, qkd::LinkId};
pub use qedex_primitives::{
    keys::{EndView, KeyLedger, KeyRules, LinkTerms, LinkView, Reservation, SlotReservation},
    terms::Permill,
};
use subxt::{
    tx::Payload,
    utils::{AccountId32, Static},
};

/// Links, what is said and counted of their ends, and what the market may use of them.
pub async fn ledger(at: &At) -> Result<KeyLedger, Error> {
    let question = api::runtime_apis().key_ledger_api().key_ledger();
    Ok(ask(at, question).await?.0)
}

/// What a slot in flight is promised.
pub async fn reservation(at: &At, slot: u64) -> Result<Option<Reservation>, Error> {
    let question = api::runtime_apis().key_ledger_api().reservation(Static(SlotIndex(slot)));
    Ok(ask(at, question).await?.map(|reservation| reservation.0))
}

/// All slots that are promised something, in ascending order.
pub async fn reservations(at: &At) -> Result<Vec<SlotReservation>, Error> {
    let question = api::runtime_apis().key_ledger_api().reservations();
    Ok(ask(at, question).await?.into_iter().map(|one| one.0).collect())
}

/// The call that sets by what rules keys bound the market.
pub fn set_rules(rules: KeyRules) -> impl Payload {
    api::tx().qkd().set_key_rules(Static(rules))
}

/// The call that makes a link one of the market's.
pub fn admit(link: u32, terms: LinkTerms) -> impl Payload {
    api::tx().qkd().admit_link(Static(LinkId(link)), Static(terms))
}

/// The call that takes a link out of the market.
pub fn dismiss(link: u32) -> impl Payload {
    api::tx().qkd().dismiss_link(Static(LinkId(link)))
}

/// The call that pays so many plancks out of the entropy fund.
pub fn pay(to: AccountId32, amount: u128) -> impl Payload {
    api::tx().qkd().pay_from_entropy_fund(to, amount)
}

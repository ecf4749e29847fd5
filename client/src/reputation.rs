//! Whom to trust: what this program reads and changes about it. What is known of an account is what is
//! known of its owner, but for the trust deposit.

use super::{
    At, api,
    reads::{ask, fetch},
};
use crate::{
    error::Error,
    market::{Account, Plancks},
};
use subxt::{
    tx::Payload,
    utils::{AccountId32, Static},
};

pub use qedex_primitives::reputation::{Counts, RememberedRater, Trust};

/// Money that an account has locked so as to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustDeposit {
    /// How much.
    pub amount: Plancks,
    /// From when on it may be taken back, in milliseconds since the Unix epoch.
    pub locked_until: u64,
    /// Over the reference deposit, in parts per million, at most 1,000,000.
    pub ppm: u32,
}

/// The standing of `who`, in parts per million.
pub async fn standing(at: &At, who: Account) -> Result<u32, Error> {
    let question = api::runtime_apis().reputation_api().standing(AccountId32(who));
    Ok(ask(at, question).await?.0)
}

/// What the standing of `who` counts.
pub async fn counts(at: &At, who: Account) -> Result<Counts, Error> {
    let question = api::runtime_apis().reputation_api().counts(AccountId32(who));
    Ok(ask(at, question).await?.0)
}

/// The raters of `who` that are remembered one by one.
pub async fn raters(at: &At, who: Account) -> Result<Vec<RememberedRater>, Error> {
    let question = api::runtime_apis().reputation_api().raters(AccountId32(who));
    Ok(ask(at, question).await?.into_iter().map(|Static(rater)| rater).collect())
}

/// How much `rater` trusts `ratee`.
pub async fn trust(at: &At, rater: Account, ratee: Account) -> Result<Trust, Error> {
    let (rater, ratee) = (AccountId32(rater), AccountId32(ratee));
    Ok(ask(at, api::runtime_apis().reputation_api().trust(rater, ratee)).await?.0)
}

/// The trust deposit of the account `who`.
pub async fn deposit(at: &At, who: Account) -> Result<Option<TrustDeposit>, Error> {
    let key = (AccountId32(who),);
    let Some(found) = fetch(at, api::storage().reputation().trust_deposits(), key).await? else {
        return Ok(None);
    };
    let question = api::runtime_apis().reputation_api().deposit_ppm(AccountId32(who));
    let ppm = ask(at, question).await?;
    Ok(Some(TrustDeposit { amount: found.amount, locked_until: found.locked_until, ppm }))
}

/// Locks an amount, in addition to what is locked already.
pub fn lock_deposit(amount: Plancks) -> impl Payload {
    api::tx().reputation().lock_deposit(amount)
}

/// Takes the whole deposit back.
pub fn unlock_deposit() -> impl Payload {
    api::tx().reputation().unlock_deposit()
}

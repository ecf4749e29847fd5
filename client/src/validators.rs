//! Who writes blocks: what this program reads and changes about it.

use super::{At, api, reads::fetch, text::account_text};
use crate::{error::Error, market::Account};
use qedex_primitives::pov::Reduction;
use serde::Serialize;
use subxt::{tx::Payload, utils::AccountId32};

/// A validator in the present schedule.
#[derive(Clone, Debug, Serialize)]
pub struct Validator {
    /// Its account.
    pub account: String,
    /// Its score; 0 if it was reduced.
    pub score: u64,
    /// Why it gets no more than the floor, if so.
    pub reduced: Option<&'static str>,
    /// Its slots out of a session's.
    pub slots: u32,
}

/// The present schedule.
#[derive(Clone, Debug, Serialize)]
pub struct Schedule {
    /// The session.
    pub session: u32,
    /// The session's first Aura slot.
    pub start: Option<u64>,
    /// The seed of the order, in hexadecimal.
    pub seed: String,
    /// The validators in the order of their accounts' bytes.
    pub validators: Vec<Validator>,
}

fn reason(reduction: &Reduction) -> &'static str {
    match reduction {
        Reduction::NotPermitted => "not permitted",
        Reduction::SameOwner => "same owner",
        Reduction::Downtime => "downtime",
        Reduction::RemovalHeld => "removal held",
        Reduction::Probation => "on probation",
    }
}

/// The schedule of the present session.
pub async fn schedule(at: &At) -> Result<Schedule, Error> {
    let schedule = fetch(at, api::storage().pov().current_schedule(), ())
        .await?
        .ok_or_else(|| Error::Answer("the chain has no schedule".into()))?;
    Ok(Schedule {
        session: schedule.session,
        start: schedule.start,
        seed: hex::encode(schedule.seed.0),
        validators: schedule
            .authors
            .0
            .iter()
            .map(|author| Validator {
                account: account_text(author.who.0),
                score: author.score,
                reduced: author.reduced.as_ref().map(|why| reason(&why.0)),
                slots: author.slots,
            })
            .collect(),
    })
}

/// Leaves the set of validators.
pub fn leave() -> impl Payload {
    api::tx().pov().leave()
}

/// Does not want to leave any more.
pub fn stay() -> impl Payload {
    api::tx().pov().stay()
}

/// Admits an account to the set of validators.
pub fn admit(who: Account) -> impl Payload {
    api::tx().pov().admit(AccountId32(who))
}

/// Takes back the admission of an account that is in no set.
pub fn withdraw_admission(who: Account) -> impl Payload {
    api::tx().pov().withdraw_admission(AccountId32(who))
}

/// What Root says of the voters, when too many are gone for good.
#[derive(Clone, Debug)]
pub struct Forced {
    /// Who votes, and validates from the next session on.
    pub validators: Vec<Account>,
    /// The last block that was final.
    pub last_final: u32,
    /// The number of the set that made it final.
    pub set_id: u64,
    /// After how many blocks they vote.
    pub delay: u32,
}

/// Makes these the voters.
pub fn force_set(forced: &Forced) -> impl Payload + use<> {
    let validators = forced.validators.iter().map(|who| AccountId32(*who)).collect();
    api::tx().pov().force_set(validators, forced.last_final, forced.set_id, forced.delay)
}

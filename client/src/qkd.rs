//! Sessions under keys of key services, as the chain keeps them.

use super::{At, api, reads::ask};
use crate::{error::Error, market::Account, reads};
use qedex_primitives::qkd::{Enrolment, EnrolmentId, SessionId, SessionView};
use subxt::{
    tx::Payload,
    utils::{AccountId32, Static},
};

/// A session with its number.
pub type View = SessionView<Account, u32>;

/// Sessions that are asked for at once.
const PAGE: u32 = 100;

/// As which SAE an account draws keys, if it has accepted one.
pub async fn sae_of(
    at: &At,
    account: Account,
) -> Result<Option<(EnrolmentId, Enrolment<Account>)>, Error> {
    let question = api::runtime_apis().qkd_api().sae_of(AccountId32(account));
    Ok(ask(at, question).await?.map(|(id, enrolment)| (id.0, enrolment.0)))
}

/// A session, until it is cleared.
pub async fn session(at: &At, id: SessionId) -> Result<Option<View>, Error> {
    let question = api::runtime_apis().qkd_api().session(Static(id));
    Ok(ask(at, question).await?.map(|view| view.0))
}

/// All sessions of an account, in the order of their numbers.
pub async fn sessions_of(at: &At, account: Account) -> Result<Vec<View>, Error> {
    let mut all: Vec<View> = Vec::new();
    loop {
        let after = all.last().map(|view| Static(view.id));
        let api = api::runtime_apis().qkd_api();
        let page = ask(at, api.sessions_of(AccountId32(account), after, PAGE)).await?;
        let is_last = page.len() < PAGE as usize;
        all.extend(page.into_iter().map(|view| view.0));
        if is_last {
            all.sort_by_key(|view| view.id);
            return Ok(all);
        }
    }
}

/// The highest number of a session that an account has asked for.
pub async fn last_number(at: &At, account: Account) -> Result<u64, Error> {
    let item = api::storage().qkd().last_number();
    Ok(reads::fetch(at, item, (AccountId32(account),)).await?.unwrap_or_default())
}

/// Asks `peer` for a session.
pub fn open_session(peer: Account, message1: &[u8]) -> impl Payload + use<> {
    use api::runtime_types::bounded_collections::bounded_vec::BoundedVec;
    api::tx().qkd().open_session(AccountId32(peer), BoundedVec(message1.to_vec()))
}

/// Closes a session, as one of its ends.
pub fn close_session(id: SessionId) -> impl Payload {
    api::tx().qkd().close_session(Static(id))
}

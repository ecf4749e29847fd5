//! Who draws keys of key services as whom, and sessions under them, as the chain keeps them.

use super::{
    At,
    api::{self, runtime_types as types},
    events::{Event, decode},
    reads::{ask, fetch},
};
use crate::{error::Error, market::Account};
use qedex_primitives::qkd::{Enrolment, EnrolmentId, SessionId, SessionView};
use subxt::{
    tx::Payload,
    utils::{AccountId32, Static},
};
use types::bounded_collections::bounded_vec::BoundedVec;

/// A session with its number.
pub type View = SessionView<Account, u32>;

/// Sessions that are asked for at once.
const PAGE: u32 = 100;

/// How a session moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// An account asks for it.
    Requested {
        /// Who.
        from: Account,
        /// Whom.
        to: Account,
        /// The number of the session in its messages.
        number: u64,
    },
    /// The other one has answered.
    Accepted,
    /// It is open.
    Opened,
    /// It is not on record any more: an end has closed it, or it was cleared.
    Gone,
}

/// What an event says of a session, if it does.
pub(crate) fn session_event(event: &Event<'_>) -> Result<Option<(SessionId, SessionEvent)>, Error> {
    use api::qkd::events::{
        SessionAccepted, SessionClosed, SessionEnded, SessionOpened, SessionRequested,
    };
    if let Some(asked) = decode::<SessionRequested>(event)? {
        let SessionRequested { session, from, to, number } = asked;
        let asked = SessionEvent::Requested { from: from.0, to: to.0, number };
        return Ok(Some((session.0, asked)));
    }
    if let Some(accepted) = decode::<SessionAccepted>(event)? {
        return Ok(Some((accepted.session.0, SessionEvent::Accepted)));
    }
    if let Some(opened) = decode::<SessionOpened>(event)? {
        return Ok(Some((opened.session.0, SessionEvent::Opened)));
    }
    if let Some(closed) = decode::<SessionClosed>(event)? {
        return Ok(Some((closed.session.0, SessionEvent::Gone)));
    }
    let ended = decode::<SessionEnded>(event)?;
    Ok(ended.map(|ended| (ended.session.0, SessionEvent::Gone)))
}

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
    Ok(fetch(at, item, (AccountId32(account),)).await?.unwrap_or_default())
}

/// Asks `peer` for a session.
pub fn open_session(peer: Account, message1: &[u8]) -> impl Payload + use<> {
    api::tx().qkd().open_session(AccountId32(peer), BoundedVec(message1.to_vec()))
}

/// Closes a session, as one of its ends.
pub fn close_session(id: SessionId) -> impl Payload {
    api::tx().qkd().close_session(Static(id))
}

//! What an agent is told of the chain.

use crate::{Config, Enrolments, LastNumber, Pallet, Profiles, SessionOf, Sessions};
use alloc::vec::Vec;
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_primitives::{
    Calendar,
    agent::{AccountBytes, BeaconNews, LedgerNews, News, SessionNews},
    qkd::{
        EnrolmentId, MailAddress, SaeId, Session, SessionId, SessionParty, SessionStage, WorkerStep,
    },
};
use sp_runtime::traits::{Convert, UniqueSaturatedInto};

/// A session of which an agent is told.
pub struct Told<T: Config> {
    /// Its number.
    pub id: SessionId,
    /// What is on record; nothing if nothing is.
    pub session: Option<SessionOf<T>>,
}

impl<T: Config> Told<T> {
    /// The message that this step of the worker of `account` would answer, if the session waits for it.
    pub fn waiting(&self, account: &T::AccountId, step: WorkerStep) -> Option<&[u8]> {
        let session = self.session.as_ref()?;
        match (step, &session.stage) {
            (WorkerStep::Accept, SessionStage::Requested { message1, .. }) => {
                (session.to.account == *account).then_some(&message1[..])
            }
            (WorkerStep::Confirm, SessionStage::Accepted { message2, .. }) => {
                (session.from.account == *account).then_some(&message2[..])
            }
            _ => None,
        }
    }
}

impl<T: Config> Pallet<T> {
    pub(super) fn lookup(id: SessionId) -> Told<T> {
        Told { id, session: Sessions::<T>::get(id) }
    }

    pub(super) fn news(
        account: &T::AccountId,
        told: &[Told<T>],
        beacon: Option<BeaconNews>,
        ledger: Option<LedgerNews>,
    ) -> News {
        News {
            genesis: Self::genesis(),
            account: T::AccountBytes::convert(account.clone()),
            block: Self::block().unique_saturated_into(),
            now: T::Calendar::now(),
            last_number: LastNumber::<T>::get(account),
            sessions: told.iter().map(Self::session_news).collect::<Vec<_>>(),
            beacon,
            ledger,
        }
    }

    fn session_news(told: &Told<T>) -> SessionNews {
        let Some(session) = &told.session else { return SessionNews::Gone(told.id) };
        SessionNews::Here {
            id: told.id,
            saes: [&session.from, &session.to].map(|party| Self::sae_by(party.enrolment)),
            mail: [&session.from, &session.to].map(|party| Self::mail_of(&party.account)),
            ended: Self::ended(session),
            session: plain::<T>(session.clone()),
        }
    }

    fn sae_by(enrolment: EnrolmentId) -> Option<SaeId> {
        Enrolments::<T>::get(enrolment).map(|enrolment| enrolment.sae)
    }

    fn mail_of(account: &T::AccountId) -> Option<MailAddress> {
        Profiles::<T>::get(account)?.mail
    }
}

/// A session as an agent reads it.
fn plain<T: Config>(session: SessionOf<T>) -> Session<AccountBytes, u64> {
    let party = |party: SessionParty<T::AccountId>| SessionParty {
        account: T::AccountBytes::convert(party.account),
        owner: party.owner,
        enrolment: party.enrolment,
    };
    let block = |block: BlockNumberFor<T>| block.unique_saturated_into();
    let stage = match session.stage {
        SessionStage::Requested { message1, until } => {
            SessionStage::Requested { message1, until: block(until) }
        }
        SessionStage::Accepted { message1, message2, until } => {
            SessionStage::Accepted { message1, message2, until: block(until) }
        }
        SessionStage::Open { confirmation, message3, since } => {
            SessionStage::Open { confirmation, message3, since: block(since) }
        }
    };
    Session {
        from: party(session.from),
        to: party(session.to),
        suite: session.suite,
        number: session.number,
        expires: session.expires,
        stage,
    }
}

//! How a session is asked for, and how it ends.

use crate::{
    AcceptedBy, Awaited, Config, Deposits, Enrolments, Error, Event, LastNumber, NextSession,
    Pallet, Profiles, Requests, RequestsTo, SessionOf, Sessions, SessionsOf, WeightInfo,
};
use core::cmp::min;
use frame_support::{
    ensure,
    traits::{Consideration, Get},
    weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use q_sah::Message1;
use qedex_primitives::{
    Calendar, Membership, Moment, OwnerId, Role,
    qkd::{Message1Bytes, Session, SessionEnd, SessionId, SessionParty, SessionStage},
};
use sp_core::H256;
use sp_runtime::{
    DispatchResult,
    traits::{Convert, Saturating, Zero},
};

/// What an account lacks to be an end of a session.
enum Lack {
    Owner,
    Sae,
    Expired,
    Worker,
}

impl<T: Config> Pallet<T> {
    /// Asks for a session with `to`, as A.
    pub(crate) fn do_open(
        from: T::AccountId,
        to: T::AccountId,
        message1: Message1Bytes,
    ) -> DispatchResult {
        ensure!(T::Membership::may(&from, Role::Trade), Error::<T>::NotPermitted);
        let message = Message1::parse(&message1).map_err(Self::told)?;
        let bytes = T::AccountBytes::convert(from.clone());
        ensure!(message.from().0 == bytes, Error::<T>::WrongSender);
        let bytes = T::AccountBytes::convert(to.clone());
        ensure!(message.to().0 == bytes, Error::<T>::WrongPeer);
        let number = message.number().0;
        ensure!(number > LastNumber::<T>::get(&from), Error::<T>::NumberDoesNotRise);

        let now = T::Calendar::now();
        let (from, ours) = Self::party(from, now).map_err(|lack| match lack {
            Lack::Owner => Error::<T>::UnknownOwner,
            Lack::Sae => Error::<T>::NoSae,
            Lack::Expired => Error::<T>::SaeExpired,
            Lack::Worker => Error::<T>::NoWorker,
        })?;
        let (to, theirs) = Self::party(to, now).map_err(|lack| match lack {
            Lack::Owner => Error::<T>::UnknownPeer,
            Lack::Sae => Error::<T>::PeerHasNoSae,
            Lack::Expired => Error::<T>::PeerSaeExpired,
            Lack::Worker => Error::<T>::PeerHasNoWorker,
        })?;
        let taken = Profiles::<T>::get(&to.account).is_some_and(|peer| peer.takes(&from.account));
        ensure!(taken, Error::<T>::NotTaken);
        Self::ensure_quota(&from.owner, &to.account)?;

        let next = NextSession::<T>::get();
        let id = SessionId(next);
        let next = next.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let deposit = T::Deposit::new(&from.account, Self::session_footprint())
            .map_err(|_| Error::<T>::CannotPayDeposit)?;
        Deposits::<T>::insert(id, deposit);
        NextSession::<T>::put(next);
        LastNumber::<T>::insert(&from.account, number);
        Self::count_request(&from.owner, &to.account, |count| count.saturating_add(1));
        SessionsOf::<T>::insert(&from.account, id, ());
        SessionsOf::<T>::insert(&to.account, id, ());
        Awaited::<T>::insert(&to.account, id, ());
        Self::deposit_event(Event::SessionRequested {
            session: id,
            from: from.account.clone(),
            to: to.account.clone(),
            number,
        });
        let until = Self::block().saturating_add(T::AcceptWithin::get());
        let session = Session {
            from,
            to,
            suite: message.suite().code(),
            number,
            expires: min(min(ours, theirs), now.saturating_add(T::MaxSessionAge::get())),
            stage: SessionStage::Requested { message1, until },
        };
        Sessions::<T>::insert(id, session);
        Ok(())
    }

    /// What asking for a session takes, and what its workers' steps will take: A pays for all of it.
    pub(crate) fn open_weight() -> Weight {
        T::WeightInfo::open_session()
            .saturating_add(T::WeightInfo::authorize_accept_session())
            .saturating_add(T::WeightInfo::accept_session())
            .saturating_add(T::WeightInfo::authorize_confirm_session())
            .saturating_add(T::WeightInfo::confirm_session())
            .saturating_add(T::StepOverhead::get().saturating_mul(2))
    }

    pub(crate) fn block() -> BlockNumberFor<T> {
        frame_system::Pallet::<T>::block_number()
    }

    /// The hash of the chain's first block.
    pub(crate) fn genesis() -> H256 {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero())
    }

    /// Why a message 1 is none.
    fn told(error: q_sah::Error) -> Error<T> {
        match error {
            q_sah::Error::Version => Error::<T>::WrongVersion,
            q_sah::Error::Suite => Error::<T>::WrongSuite,
            q_sah::Error::SameEnd => Error::<T>::SameEnd,
            q_sah::Error::KidRepeated => Error::<T>::KeyNamedTwice,
            q_sah::Error::Number => Error::<T>::NumberDoesNotRise,
            _ => Error::<T>::WrongLength,
        }
    }

    /// An account as the end of a session, and when its enrolment expires.
    fn party(
        account: T::AccountId,
        now: Moment,
    ) -> Result<(SessionParty<T::AccountId>, Moment), Lack> {
        let owner = T::Membership::owner_of(&account).ok_or(Lack::Owner)?;
        let id = AcceptedBy::<T>::get(&account).ok_or(Lack::Sae)?;
        let expires = Enrolments::<T>::get(id).ok_or(Lack::Sae)?.expires;
        if expires <= now {
            return Err(Lack::Expired);
        }
        let worker = Profiles::<T>::get(&account).and_then(|profile| profile.worker);
        worker.ok_or(Lack::Worker)?;
        Ok((SessionParty { account, owner, enrolment: id }, expires))
    }

    fn ensure_quota(owner: &OwnerId, to: &T::AccountId) -> Result<(), Error<T>> {
        let all = Requests::<T>::get(owner);
        ensure!(all < T::MaxRequests::get(), Error::<T>::TooManyRequests);
        let with_peer = RequestsTo::<T>::get(owner, to);
        ensure!(with_peer < T::MaxRequestsPerPeer::get(), Error::<T>::TooManyRequestsToPeer);
        Ok(())
    }

    /// Changes how many requests of an owner are not open yet.
    pub(crate) fn count_request(owner: &OwnerId, to: &T::AccountId, change: impl Fn(u32) -> u32) {
        let changed = |count: &mut Option<u32>| {
            *count = Some(change(count.unwrap_or_default())).filter(|count| *count > 0);
        };
        Requests::<T>::mutate_exists(owner, changed);
        RequestsTo::<T>::mutate_exists(owner, to, changed);
    }

    /// Why a session that is on record counts no more, if it does not.
    pub(crate) fn ended(session: &SessionOf<T>) -> Option<SessionEnd> {
        let enrolled = |party: &SessionParty<_>| Enrolments::<T>::contains_key(party.enrolment);
        if !enrolled(&session.from) || !enrolled(&session.to) {
            return Some(SessionEnd::SaeRemoved);
        }
        if session.expires <= T::Calendar::now() {
            return Some(SessionEnd::Expired);
        }
        let block = Self::block();
        match session.stage {
            SessionStage::Requested { until, .. } if block > until => Some(SessionEnd::NotAccepted),
            SessionStage::Accepted { until, .. } if block > until => Some(SessionEnd::NotConfirmed),
            _ => None,
        }
    }

    /// Closes a session, as one of its ends.
    pub(crate) fn do_close(who: T::AccountId, id: SessionId) -> DispatchResult {
        let session = Sessions::<T>::get(id).ok_or(Error::<T>::UnknownSession)?;
        let is_end = session.from.account == who || session.to.account == who;
        ensure!(is_end, Error::<T>::NotYourSession);
        Self::remove(id, session);
        Self::deposit_event(Event::SessionClosed { session: id, by: who });
        Ok(())
    }

    /// Clears a session that has ended.
    pub(crate) fn do_clear(id: SessionId) -> DispatchResult {
        let session = Sessions::<T>::get(id).ok_or(Error::<T>::UnknownSession)?;
        let why = Self::ended(&session).ok_or(Error::<T>::NotEnded)?;
        Self::clear(id, session, why);
        Ok(())
    }

    pub(crate) fn clear(id: SessionId, session: SessionOf<T>, why: SessionEnd) {
        Self::remove(id, session);
        Self::deposit_event(Event::SessionEnded { session: id, why });
    }

    /// Takes a session off the record, in whatever stage it is, and gives the deposit back.
    fn remove(id: SessionId, session: SessionOf<T>) {
        let Session { from, to, stage, .. } = session;
        let awaited_of = match stage {
            SessionStage::Requested { .. } => Some(&to.account),
            SessionStage::Accepted { .. } => Some(&from.account),
            SessionStage::Open { .. } => None,
        };
        if let Some(account) = awaited_of {
            Awaited::<T>::remove(account, id);
            Self::count_request(&from.owner, &to.account, |count| count.saturating_sub(1));
        }
        Sessions::<T>::remove(id);
        SessionsOf::<T>::remove(&from.account, id);
        SessionsOf::<T>::remove(&to.account, id);
        Self::return_deposit(id, &from.account);
    }
}

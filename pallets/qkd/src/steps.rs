//! What workers bring: message 2 and message 3, by general transactions that cost nothing.

use crate::{
    Awaited, Config, Error, Event, MAX_LONGEVITY, NextSession, Pallet, Profiles, SessionOf,
    Sessions, TAG_PREFIX,
};
use frame_support::{
    pallet_prelude::{
        InvalidTransaction, TransactionSource, TransactionValidityError,
        TransactionValidityWithRefund, UnknownTransaction, ValidTransaction, Weight,
    },
    traits::Get,
};
use frame_system::pallet_prelude::BlockNumberFor;
use q_sah::{Message2, Suite, check_confirmation};
use qedex_primitives::qkd::{
    Message1Bytes, Message2Bytes, Message3Bytes, SessionEnd, SessionId, SessionStage, WorkerKey,
    WorkerPayload, WorkerRefusal, WorkerSignature, WorkerStep,
};
use sp_runtime::{
    DispatchResult,
    traits::{Saturating, UniqueSaturatedInto},
};

/// A session that waits for a step.
struct Waiting<T: Config, Message> {
    session: SessionOf<T>,
    /// The message that the step answers.
    answered: Message,
    /// The last block for it.
    until: BlockNumberFor<T>,
}

/// The error of a transaction that is refused for this.
fn refused(why: WorkerRefusal) -> TransactionValidityError {
    if why.may_pass() {
        UnknownTransaction::Custom(why.code()).into()
    } else {
        InvalidTransaction::Custom(why.code()).into()
    }
}

impl<T: Config> Pallet<T> {
    /// A session that has not ended.
    fn live(id: SessionId) -> Result<SessionOf<T>, WorkerRefusal> {
        let session = Sessions::<T>::get(id).ok_or_else(|| {
            let is_to_come = id.0 >= NextSession::<T>::get();
            if is_to_come { WorkerRefusal::NotRequested } else { WorkerRefusal::Gone }
        })?;
        match Self::ended(&session) {
            None => Ok(session),
            Some(SessionEnd::NotAccepted | SessionEnd::NotConfirmed) => Err(WorkerRefusal::TooLate),
            Some(SessionEnd::Expired | SessionEnd::SaeRemoved) => Err(WorkerRefusal::Ended),
        }
    }

    fn suite(session: &SessionOf<T>) -> Result<Suite, WorkerRefusal> {
        Suite::from_code(session.suite).map_err(|_| WorkerRefusal::Length)
    }

    fn worker_of(account: &T::AccountId) -> Result<WorkerKey, WorkerRefusal> {
        let worker = Profiles::<T>::get(account).and_then(|profile| profile.worker);
        worker.ok_or(WorkerRefusal::NoWorker)
    }

    /// c, which a message 2 promises.
    fn promised(session: &SessionOf<T>, message2: &[u8]) -> Result<[u8; 32], WorkerRefusal> {
        let parsed = Message2::parse(Self::suite(session)?, message2);
        parsed.map(|parsed| parsed.confirmation).map_err(|_| WorkerRefusal::Length)
    }

    /// A request that message 2 answers.
    fn to_accept(
        id: SessionId,
        message2: &Message2Bytes,
    ) -> Result<Waiting<T, Message1Bytes>, WorkerRefusal> {
        let session = Self::live(id)?;
        let SessionStage::Requested { message1, until } = session.stage.clone() else {
            return Err(WorkerRefusal::Done);
        };
        Self::promised(&session, message2)?;
        Ok(Waiting { session, answered: message1, until })
    }

    /// An answer that message 3 confirms.
    fn to_confirm(
        id: SessionId,
        message3: &Message3Bytes,
    ) -> Result<Waiting<T, Message2Bytes>, WorkerRefusal> {
        let session = Self::live(id)?;
        let (message2, until) = match session.stage.clone() {
            SessionStage::Requested { .. } => return Err(WorkerRefusal::NotAccepted),
            SessionStage::Accepted { message2, until, .. } => (message2, until),
            SessionStage::Open { .. } => return Err(WorkerRefusal::Done),
        };
        if message3.len() != Self::suite(&session)?.tag_bytes() {
            return Err(WorkerRefusal::Length);
        }
        if !check_confirmation(&Self::promised(&session, &message2)?, message3) {
            return Err(WorkerRefusal::Confirmation);
        }
        Ok(Waiting { session, answered: message2, until })
    }

    pub(crate) fn authorize_accept(
        _source: TransactionSource,
        id: &SessionId,
        message2: &Message2Bytes,
        signature: &WorkerSignature,
    ) -> TransactionValidityWithRefund {
        let Waiting { session, answered, until } =
            Self::to_accept(*id, message2).map_err(refused)?;
        let worker = Self::worker_of(&session.to.account).map_err(refused)?;
        let step = WorkerStep::Accept;
        let payload = WorkerPayload { step, session: *id, answered: &answered, message: message2 };
        Self::admit(payload, &worker, signature, until)
    }

    pub(crate) fn authorize_confirm(
        _source: TransactionSource,
        id: &SessionId,
        message3: &Message3Bytes,
        signature: &WorkerSignature,
    ) -> TransactionValidityWithRefund {
        let Waiting { session, answered, until } =
            Self::to_confirm(*id, message3).map_err(refused)?;
        let worker = Self::worker_of(&session.from.account).map_err(refused)?;
        let step = WorkerStep::Confirm;
        let payload = WorkerPayload { step, session: *id, answered: &answered, message: message3 };
        Self::admit(payload, &worker, signature, until)
    }

    /// Lets a step in until this block, if its signature holds. One of each is let in for a session.
    fn admit(
        payload: WorkerPayload,
        worker: &WorkerKey,
        signature: &WorkerSignature,
        until: BlockNumberFor<T>,
    ) -> TransactionValidityWithRefund {
        let signed = payload.signing_bytes(Self::genesis());
        if !sp_io::crypto::sr25519_verify(&signature.0, &signed, &worker.0) {
            return Err(InvalidTransaction::BadProof.into());
        }
        let left: u64 = until.saturating_sub(Self::block()).unique_saturated_into();
        let valid = ValidTransaction::with_tag_prefix(TAG_PREFIX)
            .priority(T::WorkerPriority::get())
            .and_provides((payload.session, payload.step))
            .longevity(left.clamp(1, MAX_LONGEVITY))
            .propagate(true);
        Ok((valid.into(), Weight::zero()))
    }

    /// Takes message 2. Whether it may be taken was asked when the transaction was let in.
    pub(crate) fn do_accept(id: SessionId, message2: Message2Bytes) -> DispatchResult {
        let Waiting { mut session, answered: message1, .. } =
            Self::to_accept(id, &message2).map_err(|_| Error::<T>::NotAwaited)?;
        let until = Self::block().saturating_add(T::ConfirmWithin::get());
        session.stage = SessionStage::Accepted { message1, message2, until };
        Awaited::<T>::remove(&session.to.account, id);
        Awaited::<T>::insert(&session.from.account, id, ());
        Sessions::<T>::insert(id, session);
        Self::deposit_event(Event::SessionAccepted { session: id });
        Ok(())
    }

    /// Takes message 3, and opens the session.
    pub(crate) fn do_confirm(id: SessionId, message3: Message3Bytes) -> DispatchResult {
        let Waiting { mut session, answered: message2, .. } =
            Self::to_confirm(id, &message3).map_err(|_| Error::<T>::NotAwaited)?;
        let confirmation =
            Self::promised(&session, &message2).map_err(|_| Error::<T>::NotAwaited)?;
        session.stage = SessionStage::Open { confirmation, message3, since: Self::block() };
        Awaited::<T>::remove(&session.from.account, id);
        let (owner, to) = (session.from.owner, &session.to.account);
        Self::count_request(&owner, to, |count| count.saturating_sub(1));
        Sessions::<T>::insert(id, session);
        Self::deposit_event(Event::SessionOpened { session: id });
        Ok(())
    }
}

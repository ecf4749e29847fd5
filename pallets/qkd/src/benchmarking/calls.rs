//! Calls with what makes them valid, and who makes them.

use super::setup::*;
use crate::*;
use frame_benchmarking::{BenchmarkError, account};
use frame_support::{
    pallet_prelude::TransactionSource,
    traits::{Authorize, EnsureOrigin},
};
use qedex_primitives::{
    Membership, OwnerId,
    qkd::{EnrolmentId, LinkId, SessionId, WorkerSignature, WorkerStep},
};
use sp_core::sr25519;

/// A link that its second end has not agreed to, with that end's operator.
pub(super) fn half_agreed<T: Config>() -> Result<(T::AccountId, LinkId), BenchmarkError> {
    let (first, second) = (operator::<T>("operator"), operator::<T>("second"));
    let link = put_link::<T>(&first, &second)?;
    Ok((second, link))
}

/// An account that is named for an SAE and has not accepted it, behind the operator that named it.
pub(super) fn named<T: Config>() -> Result<(T::AccountId, T::AccountId, EnrolmentId), BenchmarkError>
{
    let operator = operator::<T>("operator");
    let who: T::AccountId = account("who", 0, 0);
    let enrolment = put_enrolment::<T>(&operator, &who)?;
    Ok((operator, who, enrolment))
}

/// An account that reports of the market's links, and its owner.
pub(super) fn reporter<T: Config>() -> Result<(T::AccountId, OwnerId), BenchmarkError> {
    let (who, _) = member::<T>("who", 0, None)?;
    let owner = T::Membership::owner_of(&who).ok_or("it has an owner")?;
    let (_, enrolment) = Pallet::<T>::sae_of(&who).ok_or("it has an SAE")?;
    super::market::put_market::<T>(enrolment.site, owner);
    Ok((who, owner))
}

/// An account that says all that it can of itself.
pub(super) fn talkative<T: Config>() -> Result<T::AccountId, BenchmarkError> {
    let (who, _) = member::<T>("who", 0, None)?;
    Ok(who)
}

/// A request with its true answer.
pub(super) fn to_accept<T: Config>() -> Result<(Pair<T>, SessionId, Call<T>), BenchmarkError> {
    let pair = pair::<T>(0)?;
    let session = put_request::<T>(&pair)?;
    let answered = message1::<T>(&pair.from, &pair.to, 1);
    let message2 = message2();
    let [_, worker] = &pair.workers;
    let signature = sign::<T>(worker, WorkerStep::Accept, session, &answered, &message2);
    Ok((pair, session, Call::accept_session { session, message2, signature }))
}

/// An answer with its true confirmation.
pub(super) fn to_confirm<T: Config>() -> Result<(SessionId, Call<T>), BenchmarkError> {
    let (pair, session, _) = to_accept::<T>()?;
    Pallet::<T>::do_accept(session, message2())?;
    let message3 = message3();
    let [worker, _] = &pair.workers;
    let signature = sign::<T>(worker, WorkerStep::Confirm, session, &message2(), &message3);
    Ok((session, Call::confirm_session { session, message3, signature }))
}

/// What is in a call once it was let in does not matter for what it takes.
pub(super) fn unsigned() -> WorkerSignature {
    WorkerSignature(sr25519::Signature::default())
}

/// Has a transaction admitted.
pub(super) fn let_in<T: Config>(call: &Call<T>) -> Result<(), BenchmarkError> {
    match call.authorize(TransactionSource::External) {
        Some(Ok(_)) => Ok(()),
        _ => Err(BenchmarkError::Stop("the transaction is valid")),
    }
}

/// Who administers the chain.
pub(super) fn admin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
    T::AdminOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

//! What the benchmarks find on the chain.

use crate::*;
use alloc::vec;
use frame_benchmarking::account;
use frame_support::{
    BoundedVec,
    traits::{Consideration, Get},
};
use frame_system::pallet_prelude::BlockNumberFor;
use q_sah::VERSION;
use qedex_primitives::{
    Calendar, Membership, Moment, Role,
    qkd::{
        AcceptsFrom, BitsPerSecond, EnrolmentId, LinkId, MAX_LISTED, Message1Bytes, Message2Bytes,
        Message3Bytes, SaeId, SessionId, SiteId, WorkerKey, WorkerPayload, WorkerSignature,
        WorkerStep,
    },
};
use sp_io::{crypto, hashing::sha2_256};
use sp_runtime::{
    DispatchError, SaturatedConversion,
    traits::{Convert, Zero},
};

/// When the benchmarks begin.
pub(super) const NOW: Moment = 1_000_000;

/// An account that may run key services, and can pay.
pub(super) fn operator<T: Config>(name: &'static str) -> T::AccountId {
    let who: T::AccountId = account(name, 0, 0);
    T::Membership::grant(&who, Role::ServeKeys);
    fund::<T>(&who);
    who
}

/// An account of an owner that may do nothing. Whether it may serve keys is looked up in the largest policy.
pub(super) fn stranger<T: Config>() -> T::AccountId {
    operator::<T>("operator");
    let who: T::AccountId = account("stranger", 0, 0);
    T::Membership::give_owner(&who);
    who
}

/// Lets `who` pay for whatever it stores here.
pub(super) fn fund<T: Config>(who: &T::AccountId) {
    let footprint = Pallet::<T>::profile_footprint(&full_profile::<T>(None));
    for _ in 0..8 {
        T::Bond::ensure_successful(who, Pallet::<T>::enrolment_footprint());
        T::Bond::ensure_successful(who, footprint);
        T::Deposit::ensure_successful(who, Pallet::<T>::session_footprint());
    }
}

/// Everything that an account can say of itself. It takes requests from `from` as the last one on its
/// list.
pub(super) fn full_profile<T: Config>(from: Option<&T::AccountId>) -> Profile<T::AccountId> {
    let someone: T::AccountId = account("someone", 0, 0);
    let mut listed = vec![someone; MAX_LISTED as usize];
    if let (Some(last), Some(from)) = (listed.last_mut(), from) {
        *last = from.clone();
    }
    Profile {
        worker: Some(WorkerKey(crypto::sr25519_generate(WORKER_KEYS, None))),
        mail: Some(BoundedVec::truncate_from(vec![b'a'; 256])),
        accepts: AcceptsFrom::Listed(BoundedVec::truncate_from(listed)),
    }
}

/// A site of `operator`.
pub(super) fn put_site<T: Config>(operator: &T::AccountId) -> Result<SiteId, DispatchError> {
    let name = BoundedVec::truncate_from(vec![b'a'; 64]);
    Pallet::<T>::do_register_site(operator.clone(), name)?;
    Ok(SiteId(NextSite::<T>::get().saturating_sub(1)))
}

/// A link of `first` to a site of `second`, which has not agreed.
pub(super) fn put_link<T: Config>(
    first: &T::AccountId,
    second: &T::AccountId,
) -> Result<LinkId, DispatchError> {
    let sites = [put_site::<T>(first)?, put_site::<T>(second)?];
    let [own, other] = sites;
    Pallet::<T>::do_register_link(first.clone(), own, other, BitsPerSecond(1))?;
    Ok(LinkId(NextLink::<T>::get().saturating_sub(1)))
}

/// The longest identity of an SAE, with this number.
pub(super) fn longest_sae(number: u32) -> SaeId {
    let mut text = vec![b'a'; 124];
    text.extend(number.to_be_bytes().map(|byte| byte & 0x7f));
    BoundedVec::truncate_from(text)
}

/// An enrolment at a site of `operator` for `account`, which has not accepted.
pub(super) fn put_enrolment<T: Config>(
    operator: &T::AccountId,
    account: &T::AccountId,
) -> Result<EnrolmentId, DispatchError> {
    T::Calendar::set_now(NOW);
    let site = put_site::<T>(operator)?;
    let number = NextEnrolment::<T>::get();
    let expires = NOW.saturating_add(T::MaxSaeTerm::get().div_ceil(2));
    let sae = longest_sae(number);
    Pallet::<T>::do_enrol(operator.clone(), site, sae, account.clone(), expires)?;
    Ok(EnrolmentId(number))
}

/// An account that can open and answer sessions, says of itself all that it can, and takes requests from
/// `from` as the last one on its list. Returns its worker's key as well.
///
/// # Panics
/// Without a keystore, which the benchmark tools provide.
pub(super) fn member<T: Config>(
    name: &'static str,
    number: u32,
    from: Option<&T::AccountId>,
) -> Result<(T::AccountId, WorkerKey), DispatchError> {
    let who: T::AccountId = account(name, number, 0);
    T::Membership::grant(&who, Role::Trade);
    fund::<T>(&who);
    let operator = operator::<T>("operator");
    let enrolment = put_enrolment::<T>(&operator, &who)?;
    Pallet::<T>::do_accept_sae(who.clone(), enrolment)?;
    let Profile { worker, mail, accepts } = full_profile::<T>(from);
    Pallet::<T>::do_set_mail(who.clone(), mail)?;
    Pallet::<T>::do_set_accepts(who.clone(), accepts)?;
    Pallet::<T>::do_set_worker(who.clone(), worker)?;
    Ok((who, worker.ok_or(Error::<T>::NoWorker)?))
}

/// The longest message 1 of the one-time suite.
pub(super) fn message1<T: Config>(
    from: &T::AccountId,
    to: &T::AccountId,
    number: u64,
) -> Message1Bytes {
    let mut bytes = vec![VERSION, Suite::OneTime.code()];
    bytes.extend(T::AccountBytes::convert(from.clone()));
    bytes.extend(T::AccountBytes::convert(to.clone()));
    for kid in 0..4_u8 {
        bytes.extend([kid; 16]);
    }
    bytes.extend(number.to_le_bytes());
    bytes.resize(Message1::length(Suite::OneTime), 7);
    BoundedVec::truncate_from(bytes)
}

pub(super) fn message3() -> Message3Bytes {
    BoundedVec::truncate_from(vec![3; Suite::OneTime.tag_bytes()])
}

/// A message 2 that promises that message 3.
pub(super) fn message2() -> Message2Bytes {
    let mut bytes = vec![2; 32];
    bytes.extend(sha2_256(&message3()));
    bytes.resize(Message2::length(Suite::OneTime), 2);
    BoundedVec::truncate_from(bytes)
}

/// Both ends of a session, and their workers' keys.
pub(super) struct Pair<T: Config> {
    pub from: T::AccountId,
    pub to: T::AccountId,
    pub workers: [WorkerKey; 2],
}

pub(super) fn pair<T: Config>(number: u32) -> Result<Pair<T>, DispatchError> {
    let (from, ours) = member::<T>("from", number, None)?;
    let (to, theirs) = member::<T>("to", number, Some(&from))?;
    Ok(Pair { from, to, workers: [ours, theirs] })
}

/// A request between two accounts.
pub(super) fn put_request<T: Config>(pair: &Pair<T>) -> Result<SessionId, DispatchError> {
    let message = message1::<T>(&pair.from, &pair.to, 1);
    Pallet::<T>::do_open(pair.from.clone(), pair.to.clone(), message)?;
    Ok(SessionId(NextSession::<T>::get().saturating_sub(1)))
}

/// A worker's signature for a step.
pub(super) fn sign<T: Config>(
    key: &WorkerKey,
    step: WorkerStep,
    session: SessionId,
    answered: &[u8],
    message: &[u8],
) -> WorkerSignature {
    let payload = WorkerPayload { step, session, answered, message };
    let genesis = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero());
    let signed = payload.signing_bytes(genesis);
    WorkerSignature(crypto::sr25519_sign(WORKER_KEYS, &key.0, &signed).unwrap_or_default())
}

/// Goes on until no request that was there is answered any more.
pub(super) fn lapse<T: Config>() {
    let after: u64 = T::AcceptWithin::get().saturated_into();
    let now: u64 = frame_system::Pallet::<T>::block_number().saturated_into();
    let later = now.saturating_add(after).saturating_add(1);
    frame_system::Pallet::<T>::set_block_number(later.saturated_into());
}

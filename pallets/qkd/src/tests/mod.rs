//! What the rules of the crate's documentation promise, rule by rule.

mod answers;
mod audits;
mod beacon;
mod bonds;
mod endings;
mod enrolment;
mod genesis;
mod handshake;
mod ledger;
mod profiles;
mod properties;
mod requests;
mod services;
mod views;
mod worker;

use crate::{Call, Error, Event, NextEnrolment, NextSession, SessionOf, Sessions, mock::*};
use frame_support::{BoundedVec, assert_noop, assert_ok};
use q_sah::{
    AccountId as Name, End, Ends, GenesisHash, Initiator, Key, KeyId, Keys, Nonce, Number, Numbers,
    Opened, Responder, SaeId as QsahSaeId, Suite,
};
use qedex_primitives::{
    Moment,
    qkd::{
        EnrolmentId, Message1Bytes, SaeId, SessionId, SessionStage, SiteId, WorkerKey,
        WorkerPayload, WorkerRefusal, WorkerSignature, WorkerStep,
    },
};
use sp_core::{H256, Pair, sr25519};
use sp_runtime::{
    DispatchError, DispatchResult,
    traits::Convert,
    transaction_validity::{InvalidTransaction, TransactionValidityError, UnknownTransaction},
};
use zeroize::Zeroizing;

/// The site at which all SAEs are enrolled.
const SITE: SiteId = SiteId(0);
/// When the enrolments of the tests expire.
const EXPIRY: Moment = START + TERM;

/// Runs a test on a chain without sites and SAEs, and checks the invariants after it.
fn run_bare(test: impl FnOnce()) {
    new_chain().execute_with(|| {
        test();
        check();
    });
}

/// Runs a test on a chain where Anna, Ben and Clara can open and answer sessions, and checks the
/// invariants after it.
fn run(test: impl FnOnce()) {
    run_bare(|| {
        set_up();
        System::reset_events();
        test();
    });
}

fn check() {
    Qkd::do_try_state().unwrap();
    check_holds();
}

fn set_up() {
    assert_ok!(Qkd::register_site(signed(OPERATOR), text("Dorf")));
    for who in [ANNA, BEN, CLARA] {
        join(who);
        assert_ok!(Qkd::set_worker(signed(who), Some(worker_key(who))));
    }
}

/// Enrols the SAE of `who`, who accepts.
fn join(who: AccountId) -> EnrolmentId {
    assert_ok!(Qkd::enrol(signed(OPERATOR), SITE, sae(who), who, EXPIRY));
    let id = EnrolmentId(NextEnrolment::<Test>::get() - 1);
    assert_ok!(Qkd::accept_sae(signed(who), id));
    id
}

fn enrolment_of(who: AccountId) -> EnrolmentId {
    Qkd::sae_of(&who).unwrap().0
}

fn leave(who: AccountId) {
    assert_ok!(Qkd::remove_sae(signed(who), enrolment_of(who)));
}

fn signed(who: AccountId) -> RuntimeOrigin {
    RuntimeOrigin::signed(who)
}

fn root() -> RuntimeOrigin {
    RuntimeOrigin::root()
}

fn events() -> Vec<Event<Test>> {
    System::read_events_for_pallet()
}

fn text<const N: u32>(text: &str) -> BoundedVec<u8, frame_support::traits::ConstU32<N>> {
    text.as_bytes().to_vec().try_into().unwrap()
}

fn sae(who: AccountId) -> SaeId {
    text(&format!("sae-{who}"))
}

fn worker(who: AccountId) -> sr25519::Pair {
    sr25519::Pair::from_string(&format!("//{who}//worker"), None).unwrap()
}

fn worker_key(who: AccountId) -> WorkerKey {
    WorkerKey(worker(who).public())
}

/// A step of the worker of `who`, signed with its key on this chain.
fn sign(
    who: AccountId,
    step: WorkerStep,
    session: SessionId,
    answered: &[u8],
    message: &[u8],
) -> WorkerSignature {
    sign_on(GENESIS, who, step, session, answered, message)
}

fn sign_on(
    genesis: H256,
    who: AccountId,
    step: WorkerStep,
    session: SessionId,
    answered: &[u8],
    message: &[u8],
) -> WorkerSignature {
    let payload = WorkerPayload { step, session, answered, message };
    WorkerSignature(worker(who).sign(&payload.signing_bytes(genesis)))
}

fn ends(from: AccountId, to: AccountId) -> Ends {
    let end = |who| End {
        account: Name(Padded::convert(who)),
        sae: QsahSaeId::new(core::str::from_utf8(&sae(who)).unwrap()).unwrap(),
    };
    Ends::new(GenesisHash(GENESIS.0), end(from), end(to)).unwrap()
}

/// The keys of the session with this number, as the key service delivers them to both ends.
fn keys(suite: Suite, number: u64) -> Keys {
    let key = |place: u8| {
        let mut bytes = [place; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        let mut id = [place; 16];
        id[..8].copy_from_slice(&number.to_le_bytes());
        Key::new(KeyId(id), Zeroizing::new(bytes.to_vec()))
    };
    match suite {
        Suite::Hmac => Keys::hmac(key(1)).unwrap(),
        Suite::OneTime => Keys::one_time([1, 2, 3, 4].map(key)).unwrap(),
    }
}

/// A with message 1.
fn initiator(from: AccountId, to: AccountId, suite: Suite, number: u64) -> Initiator<Opened> {
    let nonce = Nonce([number as u8; 32]);
    Initiator::open(ends(from, to), keys(suite, number), Number(number), nonce).unwrap()
}

/// B with message 2.
fn responder(from: AccountId, to: AccountId, suite: Suite, number: u64) -> Responder {
    let message1 = message1(from, to, suite, number);
    let mut numbers = Numbers::of(Name(Padded::convert(from)));
    let keys = keys(suite, number);
    Responder::answer(ends(from, to), &message1, keys, Nonce([9; 32]), &mut numbers).unwrap()
}

fn message1(from: AccountId, to: AccountId, suite: Suite, number: u64) -> Message1Bytes {
    initiator(from, to, suite, number).message1().to_vec().try_into().unwrap()
}

fn message2(from: AccountId, to: AccountId, suite: Suite, number: u64) -> Vec<u8> {
    responder(from, to, suite, number).message2().to_vec()
}

fn message3(from: AccountId, to: AccountId, suite: Suite, number: u64) -> Vec<u8> {
    let message2 = message2(from, to, suite, number);
    let confirmed = initiator(from, to, suite, number).confirm(&message2).unwrap();
    confirmed.message3().to_vec()
}

/// Asks for a session in suite 1.
fn ask(from: AccountId, to: AccountId, number: u64) -> DispatchResult {
    ask_in(Suite::Hmac, from, to, number)
}

fn ask_in(suite: Suite, from: AccountId, to: AccountId, number: u64) -> DispatchResult {
    Qkd::open_session(signed(from), to, message1(from, to, suite, number))
}

/// The number of the session that was asked for.
fn asked(from: AccountId, to: AccountId, number: u64) -> SessionId {
    assert_ok!(ask(from, to, number));
    latest()
}

fn latest() -> SessionId {
    SessionId(NextSession::<Test>::get() - 1)
}

fn session(id: SessionId) -> SessionOf<Test> {
    Sessions::<Test>::get(id).unwrap()
}

fn suite_of(session: &SessionOf<Test>) -> Suite {
    Suite::from_code(session.suite).unwrap()
}

/// The true answer to a request, signed by B's worker.
fn answer(id: SessionId) -> Call<Test> {
    let session = session(id);
    let SessionStage::Requested { message1, .. } = &session.stage else {
        panic!("no request");
    };
    let (from, to) = (session.from.account, session.to.account);
    let message = message2(from, to, suite_of(&session), session.number);
    let signature = sign(to, WorkerStep::Accept, id, message1, &message);
    accept_call(id, message, signature)
}

/// The true confirmation of an answer, signed by A's worker.
fn confirmation(id: SessionId) -> Call<Test> {
    let session = session(id);
    let SessionStage::Accepted { message2, .. } = &session.stage else {
        panic!("no answer");
    };
    let (from, to) = (session.from.account, session.to.account);
    let message = message3(from, to, suite_of(&session), session.number);
    let signature = sign(from, WorkerStep::Confirm, id, message2, &message);
    confirm_call(id, message, signature)
}

fn accept_call(session: SessionId, message2: Vec<u8>, signature: WorkerSignature) -> Call<Test> {
    Call::accept_session { session, message2: message2.try_into().unwrap(), signature }
}

fn confirm_call(session: SessionId, message3: Vec<u8>, signature: WorkerSignature) -> Call<Test> {
    Call::confirm_session { session, message3: message3.try_into().unwrap(), signature }
}

fn accepted(id: SessionId) {
    assert_eq!(include(answer(id)), Ok(Ok(())));
}

fn confirmed(id: SessionId) {
    assert_eq!(include(confirmation(id)), Ok(Ok(())));
}

fn opened(from: AccountId, to: AccountId, number: u64) -> SessionId {
    let id = asked(from, to, number);
    accepted(id);
    confirmed(id);
    id
}

fn is_open(id: SessionId) -> bool {
    matches!(session(id).stage, SessionStage::Open { .. })
}

/// Refused by pools and blocks alike, and changing nothing.
fn refused(call: Call<Test>, error: impl Into<TransactionValidityError>) {
    let error = error.into();
    assert_eq!(validity(call.clone()), Err(error));
    assert_noop!(include(call), error);
}

fn refused_for(call: Call<Test>, why: WorkerRefusal) {
    match why.may_pass() {
        true => refused(call, UnknownTransaction::Custom(why.code())),
        false => refused(call, InvalidTransaction::Custom(why.code())),
    }
}

/// Goes on by so many blocks.
fn pass(blocks: u64) {
    System::set_block_number(System::block_number() + blocks);
}

/// Lets spare block space look once.
fn sweep() {
    use frame_support::{traits::Hooks, weights::Weight};
    Qkd::on_idle(System::block_number(), Weight::MAX);
}

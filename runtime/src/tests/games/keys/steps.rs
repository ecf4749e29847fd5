//! Whether workers' steps, which nobody pays for when they come, fill pools or blocks for nothing.

use super::{Griefing, scene::*};
use crate::{
    tests::games::{
        document::{Row, qed},
        round::order,
        world::{Offer, create_extension},
    },
    *,
};
use frame_support::{
    dispatch::{DispatchClass, GetDispatchInfo},
    traits::Get,
    weights::Weight,
};
use pallet_qkd::{Call, WeightInfo, WorkerRefusal};
use q_sah::Suite;
use qedex_primitives::{
    PricePerKwh, Side, Wh,
    qkd::{SessionId, WorkerSignature, WorkerStep},
};
use sp_core::sr25519;
use sp_runtime::{
    DispatchError,
    generic::Era,
    transaction_validity::{
        InvalidTransaction, TransactionPriority, TransactionValidityError, UnknownTransaction,
    },
};

/// A step without a signature that holds.
fn unsigned(step: WorkerStep, session: SessionId, message: Vec<u8>) -> Offer {
    let none = WorkerSignature(sr25519::Signature::default());
    Offer::General(step_call(step, session, message, none))
}

fn call_of(offer: &Offer) -> RuntimeCall {
    let (Offer::Signed(_, call) | Offer::General(call)) = offer else { panic!("made elsewhere") };
    call.clone()
}

fn told(why: WorkerRefusal) -> TransactionValidityError {
    match why.may_pass() {
        true => UnknownTransaction::Custom(why.code()).into(),
        false => InvalidTransaction::Custom(why.code()).into(),
    }
}

/// Refused by pools and by blocks.
#[track_caller]
fn refused(scene: &mut Scene, step: &Offer, why: impl Into<TransactionValidityError>) {
    let why = why.into();
    assert_eq!(scene.world.validity(step), Err(why));
    assert_eq!(scene.offer(core::slice::from_ref(step)), [Err(why)]);
}

fn priority(scene: &mut Scene, offer: &Offer) -> TransactionPriority {
    scene.world.validity(offer).expect("a valid transaction").priority
}

/// A row of figures on steps.
fn measured(what: &str, figure: impl AsRef<str>) {
    Row::new(&[what, figure.as_ref()]).stands_in_the_document_under("steps", 1);
}

#[test]
fn a_request_admits_one_step_at_a_time_whoever_brings_it_and_however() {
    let mut scene = Scene::new();
    let id = scene.asked(DAVE, EVE);
    let answer = scene.step(id).expect("an answer");
    let rubbish = scene.rubbish(EVE, id);
    let early = unsigned(WorkerStep::Confirm, id, vec![5; 32]);
    let first = scene.world.validity(&answer).expect("valid");
    assert_eq!(first.priority, configs::qkd::WorkerPriority::get());
    // What surrounds the call is nobody's word: it moves nothing but the time for which it is valid.
    let mut extension = create_extension();
    extension.5 = frame_system::CheckEra::from(Era::mortal(64, 1));
    extension.6 = frame_system::CheckNonce::from(7);
    extension.8 = pallet_transaction_payment::ChargeTransactionPayment::from(1_000 * QED);
    let dressed = UncheckedExtrinsic::new_transaction(call_of(&answer), extension);
    for same in [rubbish, Offer::Made(dressed)] {
        let second = scene.world.validity(&same).expect("valid");
        assert_eq!((&second.provides, second.priority), (&first.provides, first.priority));
    }
    let steps = [&answer, &early].map(|step| scene.world.validity(step).is_ok());
    assert_eq!(steps, [true, false]);
    scene.brings(answer.clone());
    let confirmation = scene.step(id).expect("a confirmation");
    let steps = [&answer, &confirmation].map(|step| scene.world.validity(step).is_ok());
    assert_eq!(steps, [false, true]);
    let second = scene.world.validity(&confirmation).expect("valid");
    assert_ne!(second.provides, first.provides);
    scene.brings(confirmation.clone());
    for step in [&answer, &confirmation] {
        refused(&mut scene, step, told(WorkerRefusal::Done));
    }
    measured("steps of a request that a pool keeps at a time", "1");
}

#[test]
fn a_step_is_refused_by_its_code_before_its_signature_is_looked_at() {
    use WorkerRefusal::*;
    let mut scene = Scene::new();
    let [accept, confirm] = [WorkerStep::Accept, WorkerStep::Confirm];
    let next = SessionId(0);
    scene.mark();
    refused(&mut scene, &unsigned(accept, next, vec![5; 96]), told(NotRequested));
    refused(&mut scene, &unsigned(confirm, next, vec![5; 32]), told(NotRequested));
    let (thief, victim) = (scene.cost(&[]), scene.cost(&[DAVE, EVE]));
    let id = scene.asked(DAVE, EVE);
    refused(&mut scene, &unsigned(accept, id, vec![5; 80]), told(Length));
    refused(&mut scene, &unsigned(confirm, id, vec![5; 32]), told(NotAccepted));
    refused(&mut scene, &unsigned(accept, id, vec![5; 96]), InvalidTransaction::BadProof);
    scene.act(EVE, Call::set_worker { key: None });
    refused(&mut scene, &unsigned(accept, id, vec![5; 96]), told(NoWorker));
    scene.act(EVE, Call::set_worker { key: Some(worker_key(EVE)) });
    let answer = scene.step(id).expect("an answer");
    scene.brings(answer);
    refused(&mut scene, &unsigned(accept, id, vec![5; 96]), told(Done));
    refused(&mut scene, &unsigned(confirm, id, vec![5; 16]), told(Length));
    refused(&mut scene, &unsigned(confirm, id, vec![5; 32]), told(Confirmation));
    let late = scene.asked(DAVE, EVE);
    let enrolment = scene.enrolment_of(DAVE);
    scene.act(DAVE, Call::remove_sae { enrolment });
    refused(&mut scene, &unsigned(accept, late, vec![5; 96]), told(Gone));
    let attack = "steps of sessions that nobody asked for, or with anything else wrong";
    let outcome = "refused by their codes before a signature is looked at".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(true);
}

#[test]
fn a_step_in_the_block_that_ends_its_session_is_refused() {
    let mut scene = Scene::new();
    let id = scene.asked(DAVE, EVE);
    let answer = scene.step(id).expect("an answer");
    let enrolment = scene.enrolment_of(DAVE);
    let remove = Offer::Signed(DAVE, Call::remove_sae { enrolment }.into());
    let done = scene.offer(&[remove, answer]);
    assert_eq!(done, [Ok(Ok(())), Err(told(WorkerRefusal::Ended))]);
}

#[test]
fn a_step_that_is_too_late_is_refused() {
    let mut scene = Scene::new();
    let id = scene.asked(DAVE, EVE);
    let answer = scene.step(id).expect("an answer");
    let last = scene.due(id);
    while scene.block() < last {
        let left = u64::from(last - scene.block());
        let valid = scene.world.validity(&answer).expect("it is not too late");
        assert_eq!(valid.longevity, left.saturating_sub(1).max(1));
        scene.pass(1);
    }
    // One block more may have passed, with which the record was cleared.
    let on_record = scene.session(id).is_some();
    let why = if on_record { WorkerRefusal::TooLate } else { WorkerRefusal::Gone };
    refused(&mut scene, &answer, told(why));
}

#[test]
fn steps_as_signed_calls_cost_their_fees_and_do_nothing() {
    let mut scene = Scene::new();
    let id = scene.asked(DAVE, EVE);
    let answer = scene.step(id).expect("an answer");
    scene.mark();
    let flood = vec![Offer::Signed(FERDIE, call_of(&answer)); 10];
    assert_eq!(scene.offer(&flood), vec![Ok(Err(DispatchError::BadOrigin)); 10]);
    let inside = pallet_utility::Call::batch_all { calls: vec![call_of(&answer)] };
    let bad = scene.tries(FERDIE, inside);
    assert_eq!(bad, Err(DispatchError::BadOrigin));
    let (thief, victim) = (scene.cost(&[FERDIE]), scene.cost(&[DAVE, EVE]));
    scene.brings(answer);
    let attack = "ten answers as signed calls, and one in a batch";
    Griefing { attack, outcome: "`BadOrigin`".into(), thief, victim }.costs_no_less(true);
}

#[test]
fn no_other_call_comes_without_an_account() {
    let mut scene = Scene::new();
    let id = scene.asked(DAVE, EVE);
    let answer = scene.step(id).expect("an answer");
    let calls: [RuntimeCall; 3] = [
        Call::close_session { session: id }.into(),
        pallet_utility::Call::batch { calls: vec![call_of(&answer)] }.into(),
        frame_system::Call::remark { remark: vec![0; 1_000] }.into(),
    ];
    for call in calls {
        let offer = Offer::General(call);
        let why = scene.world.validity(&offer).expect_err("nobody may make it");
        assert_eq!(scene.offer(&[offer]), [Err(why)]);
    }
}

#[test]
fn what_steps_take_of_blocks_is_paid_by_requests() {
    let mut scene = Scene::new();
    let ask = scene.ask(DAVE, EVE, Suite::Hmac, Made::Truly);
    let asks = call_of(&ask).get_dispatch_info();
    assert_eq!(asks.class, DispatchClass::Normal);
    let open = weights::qkd::WeightInfo::<Runtime>::open_session();
    let paid = asks.call_weight.saturating_sub(open);
    scene.mark();
    scene.offer(&[ask]);
    let fee = scene.cost(&[DAVE]).fees;
    let id = scene.latest();
    let (mut taken, mut most) = (Weight::zero(), Weight::zero());
    for _ in 0..2 {
        let step = scene.step(id).expect("the agents agree");
        assert_eq!(call_of(&step).get_dispatch_info().class, DispatchClass::Normal);
        // With a block's first transaction its hooks run, whose weight is theirs.
        let first = frame_system::Call::remark { remark: Vec::new() };
        let done = scene.offer(&[Offer::Signed(FERDIE, first.into()), step]);
        assert_eq!(done, [Ok(Ok(())), Ok(Ok(()))]);
        let weight = scene.world.weights[1];
        (taken, most) = (taken.saturating_add(weight), most.max(weight));
    }
    assert!(taken.all_lte(paid), "{taken:?} of {paid:?}");
    let part = |weight: Weight| format!("{:.3} ms", weight.ref_time() as f64 / 1e9);
    measured("what both steps take of blocks, in time of computation", part(taken));
    measured("of that, paid with the fee of the request", part(paid));
    let limits = configs::system::BlockWeights::get();
    let room = limits.get(DispatchClass::Normal).max_total.expect("a limit").ref_time();
    let steps = room.div_ceil(most.ref_time());
    let owners = steps
        .div_ceil(u64::from(<<Runtime as pallet_qkd::Config>::MaxRequests as Get<u32>>::get()));
    measured("steps that fill the part of a block that is for transactions", steps.to_string());
    measured("owners whose places that many requests take", owners.to_string());
    let fees = fee * Balance::from(steps);
    measured("paid for them before", format!("{} QED", qed(fees)));
    assert!(fees > Balance::from(room), "a block of other transactions costs {room} plancks");
    measured(
        "what as much of other transactions costs, in fees for their weight",
        format!("{} QED", qed(room.into())),
    );
}

#[test]
fn a_small_tip_passes_all_steps() {
    let mut scene = Scene::new();
    let ask = scene.ask(DAVE, EVE, Suite::Hmac, Made::Truly);
    let slot = scene.world.next_gate();
    let order = order(slot, Side::Bid, PricePerKwh(100 * MILLI_QED), Wh(100));
    let dest = MultiAddress::Id(EVE.to_account_id());
    let transfer = pallet_balances::Call::transfer_keep_alive { dest, value: QED }.into();
    let step = configs::qkd::WorkerPriority::get();
    measured("priority of a step", step.to_string());
    let request = call_of(&ask);
    for (what, call) in [("an order", order), ("a transfer", transfer), ("a request", request)] {
        let mut at = |tip| priority(&mut scene, &Offer::Tipped(FERDIE, call.clone(), tip));
        let untipped = at(0);
        let tip = (0..1_000).find(|tip| at(*tip) > step).expect("a small one");
        let what = format!("priority of {what} without a tip, and the tip that passes a step");
        measured(&what, format!("{untipped}; {tip} plancks"));
    }
}

#[test]
fn a_step_of_one_fork_is_none_of_another() {
    // On one fork session 0 is Dave's first request; on another his second, which he sent there.
    let [mut one, mut other, mut same] = [(); 3].map(|()| Scene::new());
    let id = one.asked(DAVE, EVE);
    let answer = one.step(id).expect("an answer");
    let _ = other.ask(DAVE, EVE, Suite::Hmac, Made::Truly);
    assert_eq!(other.asked(DAVE, EVE), id);
    other.mark();
    refused(&mut other, &answer, InvalidTransaction::BadProof);
    let (thief, victim) = (other.cost(&[]), other.cost(&[DAVE, EVE]));
    // The true one is taken there.
    let its_own = other.step(id).expect("an answer");
    other.brings(its_own);
    one.brings(answer.clone());
    let confirmation = one.step(id).expect("a confirmation");
    refused(&mut other, &confirmation, told(WorkerRefusal::Confirmation));
    // Where the same request has the number again, so has the answer: that is what it says.
    assert_eq!(same.asked(DAVE, EVE), id);
    same.brings(answer);
    same.brings(confirmation);
    let attack = "a step of one fork, brought to another where the number is another session's";
    let outcome = "`BadProof`, or code 9; the true one is taken".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(true);
}

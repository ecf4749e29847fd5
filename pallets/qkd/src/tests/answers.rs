//! What workers bring, and what is refused before it enters a pool or a block.

use super::*;
use crate::{MAX_LONGEVITY, TAG_PREFIX};
use codec::Encode;
use frame_support::traits::Authorize;
use sp_runtime::transaction_validity::TransactionSource;

const BAD_PROOF: InvalidTransaction = InvalidTransaction::BadProof;

/// An answer of Ben's to the first request of Anna's, in suite 1, signed by the worker of `who`.
fn answer_by(who: AccountId, id: SessionId) -> Call<Test> {
    let first = message1(ANNA, BEN, Suite::Hmac, 1);
    let message = message2(ANNA, BEN, Suite::Hmac, 1);
    let signature = sign(who, WorkerStep::Accept, id, &first, &message);
    accept_call(id, message, signature)
}

/// A confirmation of the same with this message 3, signed by the worker of `who`.
fn confirmation_by(who: AccountId, id: SessionId, message3: Vec<u8>) -> Call<Test> {
    let second = message2(ANNA, BEN, Suite::Hmac, 1);
    let signature = sign(who, WorkerStep::Confirm, id, &second, &message3);
    confirm_call(id, message3, signature)
}

fn true_message3() -> Vec<u8> {
    message3(ANNA, BEN, Suite::Hmac, 1)
}

#[test]
fn an_answer_and_a_confirmation_open_a_session() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        pass(ACCEPT_WITHIN);
        accepted(id);
        let until = 1 + ACCEPT_WITHIN + CONFIRM_WITHIN;
        let SessionStage::Accepted { until: stored, .. } = session(id).stage else { panic!() };
        assert_eq!(stored, until);
        pass(CONFIRM_WITHIN);
        confirmed(id);
        assert!(is_open(id));
        let last = events().split_off(1);
        let session = id;
        assert_eq!(last, [Event::SessionAccepted { session }, Event::SessionOpened { session }]);
    });
}

#[test]
fn a_step_provides_what_a_second_one_would_and_waits_as_long_as_it_is_taken() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        let valid = validity(answer(id)).unwrap();
        assert_eq!(valid.provides, [(TAG_PREFIX, (id, WorkerStep::Accept)).encode()]);
        assert!(valid.requires.is_empty());
        assert_eq!((valid.priority, valid.longevity), (PRIORITY, ACCEPT_WITHIN));
        assert!(valid.propagate);
        // Another nonce of Ben's is another message, and provides the same with the same priority.
        let first = message1(ANNA, BEN, Suite::Hmac, 1);
        let other = vec![5; 96];
        let signature = sign(BEN, WorkerStep::Accept, id, &first, &other);
        let second = validity(accept_call(id, other, signature)).unwrap();
        assert_eq!((second.provides, second.priority), (valid.provides, valid.priority));
        pass(ACCEPT_WITHIN - 1);
        assert_eq!(validity(answer(id)).unwrap().longevity, 1);
        accepted(id);
        let valid = validity(confirmation(id)).unwrap();
        assert_eq!(valid.provides, [(TAG_PREFIX, (id, WorkerStep::Confirm)).encode()]);
        assert!(valid.longevity <= MAX_LONGEVITY);
    });
}

#[test]
fn a_session_that_is_not_there_is_not_answered() {
    run(|| {
        // It may yet come, so that no pool bans the transaction.
        let id = SessionId(0);
        refused_for(answer_by(BEN, id), WorkerRefusal::NotRequested);
        refused_for(confirmation_by(ANNA, id, true_message3()), WorkerRefusal::NotRequested);
        assert_eq!(asked(ANNA, BEN, 1), id);
        assert_ok!(Qkd::close_session(signed(ANNA), id));
        refused_for(answer_by(BEN, id), WorkerRefusal::Gone);
        refused_for(confirmation_by(ANNA, id, true_message3()), WorkerRefusal::Gone);
    });
}

#[test]
fn an_answer_by_another_worker_is_refused() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        refused(answer_by(ANNA, id), BAD_PROOF);
        refused(answer_by(CLARA, id), BAD_PROOF);
        refused(answer_by(EMIL, id), BAD_PROOF);
        accepted(id);
    });
}

#[test]
fn a_confirmation_by_another_worker_is_refused() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        accepted(id);
        refused(confirmation_by(BEN, id, true_message3()), BAD_PROOF);
        refused(confirmation_by(CLARA, id, true_message3()), BAD_PROOF);
        confirmed(id);
    });
}

#[test]
fn an_answer_comes_once() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        accepted(id);
        refused_for(answer_by(BEN, id), WorkerRefusal::Done);
        confirmed(id);
        refused_for(answer_by(BEN, id), WorkerRefusal::Done);
    });
}

#[test]
fn a_confirmation_comes_once_and_after_the_answer() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        let call = confirmation_by(ANNA, id, true_message3());
        refused_for(call.clone(), WorkerRefusal::NotAccepted);
        accepted(id);
        confirmed(id);
        refused_for(call, WorkerRefusal::Done);
    });
}

#[test]
fn an_answer_that_comes_late_is_refused() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        let call = answer(id);
        pass(ACCEPT_WITHIN + 1);
        refused_for(call, WorkerRefusal::TooLate);
    });
}

#[test]
fn a_confirmation_that_comes_late_is_refused() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        accepted(id);
        let call = confirmation(id);
        pass(CONFIRM_WITHIN + 1);
        refused_for(call, WorkerRefusal::TooLate);
    });
}

#[test]
fn a_session_whose_sae_was_removed_is_neither_answered_nor_confirmed() {
    for who in [ANNA, BEN] {
        run(|| {
            let (first, second) = (asked(ANNA, BEN, 1), asked(ANNA, BEN, 2));
            accepted(first);
            let calls = [confirmation(first), answer(second)];
            leave(who);
            calls.clone().into_iter().for_each(|call| refused_for(call, WorkerRefusal::Ended));
            // Another enrolment brings nothing back.
            join(who);
            calls.into_iter().for_each(|call| refused_for(call, WorkerRefusal::Ended));
        });
    }
}

#[test]
fn a_session_that_has_expired_is_neither_answered_nor_confirmed() {
    run(|| {
        let (first, second) = (asked(ANNA, BEN, 1), asked(ANNA, BEN, 2));
        accepted(first);
        let calls = [confirmation(first), answer(second)];
        Now::set(START + AGE);
        calls.into_iter().for_each(|call| refused_for(call, WorkerRefusal::Ended));
    });
}

#[test]
fn a_message_of_another_length_or_suite_is_refused() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        let first = message1(ANNA, BEN, Suite::Hmac, 1);
        for length in [0, 1, 80, 95] {
            let message = vec![1; length];
            let signature = sign(BEN, WorkerStep::Accept, id, &first, &message);
            refused_for(accept_call(id, message, signature), WorkerRefusal::Length);
        }
        accepted(id);
        for length in [0, 16, 31] {
            refused_for(confirmation_by(ANNA, id, vec![1; length]), WorkerRefusal::Length);
        }
        assert_ok!(ask_in(Suite::OneTime, ANNA, BEN, 2));
        let id = latest();
        let first = message1(ANNA, BEN, Suite::OneTime, 2);
        let message = vec![1; 96];
        let signature = sign(BEN, WorkerStep::Accept, id, &first, &message);
        refused_for(accept_call(id, message, signature), WorkerRefusal::Length);
    });
}

#[test]
fn an_account_without_a_workers_key_takes_no_step() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        let set = |who, key| Qkd::set_worker(signed(who), key).unwrap();
        set(BEN, None);
        refused_for(answer(id), WorkerRefusal::NoWorker);
        set(BEN, Some(worker_key(BEN)));
        accepted(id);
        set(ANNA, None);
        refused_for(confirmation(id), WorkerRefusal::NoWorker);
        set(ANNA, Some(worker_key(ANNA)));
        confirmed(id);
    });
}

#[test]
fn a_key_that_was_replaced_signs_no_more() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        let old = answer(id);
        assert_ok!(Qkd::set_worker(signed(BEN), Some(worker_key(EMIL))));
        refused(old, BAD_PROOF);
        assert_eq!(include(answer_by(EMIL, id)), Ok(Ok(())));
    });
}

#[test]
fn a_message_3_with_any_bit_altered_never_opens_a_session() {
    for suite in [Suite::Hmac, Suite::OneTime] {
        run(|| {
            assert_ok!(ask_in(suite, ANNA, BEN, 1));
            let id = latest();
            accepted(id);
            let (second, third) = (message2(ANNA, BEN, suite, 1), message3(ANNA, BEN, suite, 1));
            for bit in 0..third.len() * 8 {
                let mut altered = third.clone();
                altered[bit / 8] ^= 1 << (bit % 8);
                let signature = sign(ANNA, WorkerStep::Confirm, id, &second, &altered);
                let call = confirm_call(id, altered, signature);
                let error = InvalidTransaction::Custom(WorkerRefusal::Confirmation.code());
                assert_eq!(validity(call.clone()), Err(error.into()));
                assert_eq!(include(call), Err(error.into()));
            }
            assert!(!is_open(id));
            confirmed(id);
        });
    }
}

#[test]
fn a_promise_that_is_another_ones_never_opens_a_session() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        // A thief of Ben's worker key answers with rubbish.
        let first = message1(ANNA, BEN, Suite::Hmac, 1);
        let rubbish = vec![5; 96];
        let signature = sign(BEN, WorkerStep::Accept, id, &first, &rubbish);
        assert_eq!(include(accept_call(id, rubbish.clone(), signature)), Ok(Ok(())));
        let third = true_message3();
        let signature = sign(ANNA, WorkerStep::Confirm, id, &rubbish, &third);
        refused_for(confirm_call(id, third, signature), WorkerRefusal::Confirmation);
        assert!(!is_open(id));
    });
}

#[test]
fn a_signature_of_another_chain_is_refused() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        let first = message1(ANNA, BEN, Suite::Hmac, 1);
        let message = message2(ANNA, BEN, Suite::Hmac, 1);
        let elsewhere = H256::repeat_byte(8);
        let signature = sign_on(elsewhere, BEN, WorkerStep::Accept, id, &first, &message);
        refused(accept_call(id, message, signature), BAD_PROOF);
    });
}

#[test]
fn a_signature_of_another_session_step_or_request_is_refused() {
    run(|| {
        let (first, second) = (asked(ANNA, BEN, 1), asked(ANNA, BEN, 2));
        let Call::accept_session { message2, signature, .. } = answer(first) else { panic!() };
        refused(accept_call(second, message2.to_vec(), signature), BAD_PROOF);
        // The same session, but the other step.
        let message1 = message1(ANNA, BEN, Suite::Hmac, 1);
        let signature = sign(BEN, WorkerStep::Confirm, first, &message1, &message2);
        refused(accept_call(first, message2.to_vec(), signature), BAD_PROOF);
        // The same number, but another request: after a reorganisation another one may have it.
        let signature = sign(BEN, WorkerStep::Accept, first, b"another", &message2);
        refused(accept_call(first, message2.to_vec(), signature), BAD_PROOF);
        // A message that was not signed.
        let signature = sign(BEN, WorkerStep::Accept, first, &message1, &[5; 96]);
        refused(accept_call(first, message2.to_vec(), signature), BAD_PROOF);
    });
}

#[test]
fn a_signature_is_checked_last() {
    run(|| {
        // With a signature of nobody, every other fault is told.
        let none = WorkerSignature(sr25519::Signature::default());
        let id = asked(ANNA, BEN, 1);
        let short = accept_call(id, vec![1; 95], none.clone());
        refused_for(short, WorkerRefusal::Length);
        accepted(id);
        let wrong = confirm_call(id, vec![1; 32], none.clone());
        refused_for(wrong, WorkerRefusal::Confirmation);
        refused(confirm_call(id, true_message3(), none), BAD_PROOF);
    });
}

#[test]
fn a_step_by_a_signed_transaction_is_refused() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        let Call::accept_session { message2, signature, .. } = answer(id) else { panic!() };
        for origin in [signed(BEN), root(), RuntimeOrigin::none()] {
            assert_noop!(
                Qkd::accept_session(origin, id, message2.clone(), signature.clone()),
                DispatchError::BadOrigin
            );
        }
        accepted(id);
        let Call::confirm_session { message3, signature, .. } = confirmation(id) else { panic!() };
        assert_noop!(
            Qkd::confirm_session(signed(ANNA), id, message3, signature),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn a_step_that_a_signed_transaction_brings_pays_its_fee() {
    use frame_support::dispatch::{GetDispatchInfo, Pays};
    run(|| {
        // Otherwise anyone would fill blocks with calls that fail for nothing.
        let id = asked(ANNA, BEN, 1);
        assert_eq!(answer(id).get_dispatch_info().pays_fee, Pays::Yes);
        accepted(id);
        assert_eq!(confirmation(id).get_dispatch_info().pays_fee, Pays::Yes);
    });
}

#[test]
fn no_other_call_is_let_in_without_a_signature() {
    run(|| {
        let call = Call::<Test>::clear_session { session: SessionId(0) };
        assert!(call.authorize(TransactionSource::External).is_none());
    });
}

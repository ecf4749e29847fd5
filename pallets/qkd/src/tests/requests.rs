//! Asking for a session, and what is refused.

use super::*;
use crate::{LastNumber, Requests};
use qedex_primitives::{Role, qkd::AcceptsFrom};

/// A request of Anna to Ben whose message was changed.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> DispatchResult {
    let mut message = message1(ANNA, BEN, Suite::Hmac, 1).into_inner();
    change(&mut message);
    Qkd::open_session(signed(ANNA), BEN, message.try_into().unwrap())
}

#[test]
fn a_request_is_on_record_with_its_message_and_awaits_b() {
    run(|| {
        let id = asked(ANNA, BEN, 7);
        let session = session(id);
        assert_eq!((session.from.account, session.to.account), (ANNA, BEN));
        assert_eq!((session.from.owner, session.to.owner), (owner(ANNA), owner(BEN)));
        assert_eq!((session.suite, session.number), (1, 7));
        assert_eq!(session.expires, START + AGE);
        let message1 = message1(ANNA, BEN, Suite::Hmac, 7);
        let until = 1 + ACCEPT_WITHIN;
        assert_eq!(session.stage, SessionStage::Requested { message1, until });
        assert!(deposited(ANNA) > 2_000);
        assert_eq!(deposited(BEN), 0);
        let event = Event::SessionRequested { session: id, from: ANNA, to: BEN, number: 7 };
        assert_eq!(events(), [event]);
    });
}

#[test]
fn the_first_fee_pays_for_all_three_steps() {
    use crate::WeightInfo;
    use frame_support::dispatch::GetDispatchInfo;
    let message1 = message1(ANNA, BEN, Suite::Hmac, 1);
    let call = Call::<Test>::open_session { peer: BEN, message1 };
    let steps = [
        <() as WeightInfo>::open_session(),
        <() as WeightInfo>::authorize_accept_session(),
        <() as WeightInfo>::accept_session(),
        <() as WeightInfo>::authorize_confirm_session(),
        <() as WeightInfo>::confirm_session(),
        // Each is a transaction besides.
        StepOverhead::get(),
        StepOverhead::get(),
    ];
    let sum = steps
        .into_iter()
        .fold(Default::default(), |sum: frame_support::weights::Weight, step| sum + step);
    assert_eq!(call.get_dispatch_info().call_weight, sum);
}

#[test]
fn who_may_not_trade_opens_no_session() {
    run(|| {
        TestMembership::forbid(ANNA, Role::Trade);
        assert_noop!(ask(ANNA, BEN, 1), Error::<Test>::NotPermitted);
        // It may still answer one.
        accepted(asked(BEN, ANNA, 1));
    });
}

#[test]
fn a_message_of_another_account_is_refused() {
    run(|| {
        let bens = message1(BEN, CLARA, Suite::Hmac, 1);
        let wrong = DispatchError::from(Error::<Test>::WrongSender);
        assert_noop!(Qkd::open_session(signed(ANNA), CLARA, bens), wrong);
    });
}

#[test]
fn swapped_ends_are_refused() {
    run(|| {
        let swapped = message1(BEN, ANNA, Suite::Hmac, 1);
        let wrong = DispatchError::from(Error::<Test>::WrongSender);
        assert_noop!(Qkd::open_session(signed(ANNA), BEN, swapped), wrong);
    });
}

#[test]
fn a_message_to_another_account_is_refused() {
    run(|| {
        let to_ben = message1(ANNA, BEN, Suite::Hmac, 1);
        let wrong = DispatchError::from(Error::<Test>::WrongPeer);
        assert_noop!(Qkd::open_session(signed(ANNA), CLARA, to_ben), wrong);
    });
}

#[test]
fn a_message_of_the_wrong_length_is_refused() {
    run(|| {
        let wrong = DispatchError::from(Error::<Test>::WrongLength);
        assert_noop!(changed(|message| message.clear()), wrong);
        assert_noop!(changed(|message| message.truncate(153)), wrong);
        assert_noop!(changed(|message| message.push(0)), wrong);
        // The other suite is longer.
        assert_noop!(changed(|message| message[1] = 2), wrong);
        assert!(Message1Bytes::try_from(vec![0; 187]).is_err());
    });
}

#[test]
fn a_message_of_another_version_or_suite_is_refused() {
    run(|| {
        assert_noop!(changed(|message| message[0] = 2), Error::<Test>::WrongVersion);
        assert_noop!(changed(|message| message[0] = 0), Error::<Test>::WrongVersion);
        assert_noop!(changed(|message| message[1] = 3), Error::<Test>::WrongSuite);
        assert_noop!(changed(|message| message[1] = 0), Error::<Test>::WrongSuite);
    });
}

#[test]
fn an_account_opens_no_session_with_itself() {
    run(|| {
        let own = changed(|message| {
            let from = message[2..34].to_vec();
            message[34..66].copy_from_slice(&from);
        });
        assert_noop!(own, Error::<Test>::SameEnd);
    });
}

#[test]
fn a_key_that_is_named_twice_is_refused() {
    run(|| {
        let mut message = message1(ANNA, BEN, Suite::OneTime, 1).into_inner();
        let kid = message[66..82].to_vec();
        message[82..98].copy_from_slice(&kid);
        let twice = DispatchError::from(Error::<Test>::KeyNamedTwice);
        let message = message.try_into().unwrap();
        assert_noop!(Qkd::open_session(signed(ANNA), BEN, message), twice);
    });
}

#[test]
fn a_number_that_does_not_rise_is_refused_whomever_it_is_with() {
    run(|| {
        let low = DispatchError::from(Error::<Test>::NumberDoesNotRise);
        assert_noop!(changed(|message| message[82..90].fill(0)), low);
        let id = asked(ANNA, BEN, 5);
        assert_noop!(ask(ANNA, BEN, 5), low);
        assert_noop!(ask(ANNA, CLARA, 5), low);
        assert_noop!(ask(ANNA, CLARA, 4), low);
        // Others count for themselves.
        assert_ok!(ask(BEN, ANNA, 1));
        // For good: neither the end of the session nor another enrolment makes it forgotten.
        assert_ok!(Qkd::close_session(signed(ANNA), id));
        leave(ANNA);
        join(ANNA);
        assert_noop!(ask(ANNA, BEN, 5), low);
        assert_eq!(LastNumber::<Test>::get(ANNA), 5);
        assert_ok!(ask(ANNA, BEN, 6));
    });
}

#[test]
fn a_refused_request_uses_no_number_up() {
    run(|| {
        assert_ok!(Qkd::set_accepts_from(signed(BEN), AcceptsFrom::Nobody));
        assert_noop!(ask(ANNA, BEN, 5), Error::<Test>::NotTaken);
        assert_ok!(ask(ANNA, CLARA, 5));
    });
}

#[test]
fn an_unknown_sae_of_either_end_is_refused() {
    run(|| {
        assert_noop!(ask(DORA, BEN, 1), Error::<Test>::NoSae);
        assert_noop!(ask(ANNA, DORA, 1), Error::<Test>::PeerHasNoSae);
    });
}

#[test]
fn an_sae_that_was_not_accepted_is_refused() {
    run(|| {
        assert_ok!(Qkd::enrol(signed(OPERATOR), SITE, sae(DORA), DORA, EXPIRY));
        assert_ok!(Qkd::set_worker(signed(DORA), Some(worker_key(DORA))));
        assert_noop!(ask(DORA, BEN, 1), Error::<Test>::NoSae);
        assert_noop!(ask(ANNA, DORA, 1), Error::<Test>::PeerHasNoSae);
        assert_ok!(Qkd::accept_sae(signed(DORA), EnrolmentId(3)));
        assert_ok!(ask(DORA, BEN, 1));
    });
}

#[test]
fn a_revoked_sae_of_either_end_is_refused() {
    run(|| {
        assert_ok!(Qkd::remove_sae(signed(OPERATOR), enrolment_of(ANNA)));
        assert_noop!(ask(ANNA, BEN, 1), Error::<Test>::NoSae);
        assert_noop!(ask(BEN, ANNA, 1), Error::<Test>::PeerHasNoSae);
    });
}

#[test]
fn an_expired_sae_of_either_end_is_refused() {
    run(|| {
        leave(ANNA);
        let soon = START + 10;
        assert_ok!(Qkd::enrol(signed(OPERATOR), SITE, sae(ANNA), ANNA, soon));
        assert_ok!(Qkd::accept_sae(signed(ANNA), EnrolmentId(3)));
        Now::set(soon);
        assert_noop!(ask(ANNA, BEN, 1), Error::<Test>::SaeExpired);
        assert_noop!(ask(BEN, ANNA, 1), Error::<Test>::PeerSaeExpired);
        assert_ok!(Qkd::renew_sae(signed(OPERATOR), EnrolmentId(3), soon + 1));
        assert_ok!(ask(ANNA, BEN, 1));
        // No session lasts longer than an enrolment.
        assert_eq!(session(latest()).expires, soon + 1);
    });
}

#[test]
fn an_end_without_a_worker_is_refused() {
    run(|| {
        assert_ok!(Qkd::set_worker(signed(ANNA), None));
        assert_noop!(ask(ANNA, BEN, 1), Error::<Test>::NoWorker);
        assert_noop!(ask(BEN, ANNA, 1), Error::<Test>::PeerHasNoWorker);
    });
}

#[test]
fn an_end_without_an_owner_is_refused() {
    run(|| {
        TestMembership::forget_owner(ANNA);
        assert_noop!(ask(ANNA, BEN, 1), Error::<Test>::UnknownOwner);
        assert_noop!(ask(BEN, ANNA, 1), Error::<Test>::UnknownPeer);
    });
}

#[test]
fn b_says_from_whom_it_takes_requests() {
    run(|| {
        let set = |accepts| Qkd::set_accepts_from(signed(BEN), accepts).unwrap();
        set(AcceptsFrom::Listed(vec![CLARA].try_into().unwrap()));
        assert_noop!(ask(ANNA, BEN, 1), Error::<Test>::NotTaken);
        assert_ok!(ask(CLARA, BEN, 1));
        set(AcceptsFrom::Nobody);
        assert_noop!(ask(CLARA, BEN, 2), Error::<Test>::NotTaken);
        // It may still ask itself.
        assert_ok!(ask(BEN, ANNA, 1));
        set(AcceptsFrom::Anyone);
        assert_ok!(ask(ANNA, BEN, 1));
    });
}

#[test]
fn an_owner_has_few_requests_with_one_peer_and_few_in_all() {
    run(|| {
        let first = asked(ANNA, BEN, 1);
        assert_ok!(ask(ANNA, BEN, 2));
        assert_noop!(ask(ANNA, BEN, 3), Error::<Test>::TooManyRequestsToPeer);
        assert_ok!(ask(ANNA, CLARA, 3));
        assert_noop!(ask(ANNA, CLARA, 4), Error::<Test>::TooManyRequests);
        // One that is answered still counts, one that is open does not.
        accepted(first);
        assert_noop!(ask(ANNA, CLARA, 4), Error::<Test>::TooManyRequests);
        confirmed(first);
        assert_ok!(ask(ANNA, BEN, 4));
        assert_eq!(Requests::<Test>::get(owner(ANNA)), REQUESTS);
    });
}

#[test]
fn several_accounts_of_one_owner_share_its_quotas() {
    run(|| {
        TestMembership::set_owner(CLARA, owner(ANNA));
        assert_ok!(ask(ANNA, BEN, 1));
        assert_ok!(ask(CLARA, BEN, 1));
        assert_noop!(ask(CLARA, BEN, 2), Error::<Test>::TooManyRequestsToPeer);
    });
}

//! How sessions end, and deposits go back.

use super::*;
use crate::{Awaited, Deposits, Requests, RequestsTo, SessionsOf, SweptTo};
use qedex_primitives::qkd::SessionEnd;

/// Nothing is left of sessions, and nothing is held for any.
fn nothing_left() {
    assert_eq!(Sessions::<Test>::iter().count(), 0);
    assert_eq!(SessionsOf::<Test>::iter().count(), 0);
    assert_eq!(Awaited::<Test>::iter().count(), 0);
    assert_eq!(Requests::<Test>::iter().count(), 0);
    assert_eq!(RequestsTo::<Test>::iter().count(), 0);
    assert_eq!(Deposits::<Test>::iter().count(), 0);
    for who in [ANNA, BEN, CLARA] {
        assert_eq!(deposited(who), 0);
    }
}

/// A session in each stage: a request, an answer, and an open one.
fn one_of_each() -> [SessionId; 3] {
    let open = opened(ANNA, BEN, 1);
    let answered = asked(ANNA, BEN, 2);
    accepted(answered);
    [asked(ANNA, BEN, 3), answered, open]
}

fn clear(id: SessionId) -> DispatchResult {
    Qkd::clear_session(signed(EMIL), id)
}

#[test]
fn either_end_closes_a_session_in_every_stage() {
    for who in [ANNA, BEN] {
        run(|| {
            let sessions = one_of_each();
            for id in sessions {
                let not_yours = DispatchError::from(Error::<Test>::NotYourSession);
                assert_noop!(Qkd::close_session(signed(CLARA), id), not_yours);
                assert_ok!(Qkd::close_session(signed(who), id));
                let closed = Event::SessionClosed { session: id, by: who };
                assert_eq!(events().pop(), Some(closed));
                let unknown = DispatchError::from(Error::<Test>::UnknownSession);
                assert_noop!(Qkd::close_session(signed(who), id), unknown);
                check();
            }
            nothing_left();
        });
    }
}

#[test]
fn what_has_not_ended_is_not_cleared() {
    run(|| {
        for id in one_of_each() {
            assert_noop!(clear(id), Error::<Test>::NotEnded);
        }
        assert_noop!(clear(SessionId(9)), Error::<Test>::UnknownSession);
    });
}

#[test]
fn anyone_clears_a_request_that_was_not_answered_in_time() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        pass(ACCEPT_WITHIN);
        assert_noop!(clear(id), Error::<Test>::NotEnded);
        pass(1);
        assert_ok!(clear(id));
        let ended = Event::SessionEnded { session: id, why: SessionEnd::NotAccepted };
        assert_eq!(events().pop(), Some(ended));
        nothing_left();
    });
}

#[test]
fn anyone_clears_an_answer_that_was_not_confirmed_in_time() {
    run(|| {
        let id = asked(ANNA, BEN, 1);
        pass(ACCEPT_WITHIN);
        accepted(id);
        pass(CONFIRM_WITHIN);
        assert_noop!(clear(id), Error::<Test>::NotEnded);
        pass(1);
        assert_ok!(clear(id));
        let ended = Event::SessionEnded { session: id, why: SessionEnd::NotConfirmed };
        assert_eq!(events().pop(), Some(ended));
        nothing_left();
    });
}

#[test]
fn an_open_session_lasts_until_it_is_as_old_as_it_gets() {
    run(|| {
        let id = opened(ANNA, BEN, 1);
        pass(1_000);
        Now::set(START + AGE - 1);
        assert_noop!(clear(id), Error::<Test>::NotEnded);
        Now::set(START + AGE);
        assert_ok!(clear(id));
        let ended = Event::SessionEnded { session: id, why: SessionEnd::Expired };
        assert_eq!(events().pop(), Some(ended));
        nothing_left();
    });
}

#[test]
fn an_open_session_lasts_no_longer_than_the_first_of_both_enrolments() {
    for who in [ANNA, BEN] {
        run(|| {
            leave(who);
            let soon = START + 500;
            assert_ok!(Qkd::enrol(signed(OPERATOR), SITE, sae(who), who, soon));
            assert_ok!(Qkd::accept_sae(signed(who), EnrolmentId(3)));
            let id = opened(ANNA, BEN, 1);
            // That the operator puts it off later does not lengthen the session.
            assert_ok!(Qkd::renew_sae(signed(OPERATOR), EnrolmentId(3), EXPIRY));
            Now::set(soon - 1);
            assert_noop!(clear(id), Error::<Test>::NotEnded);
            Now::set(soon);
            assert_ok!(clear(id));
            nothing_left();
        });
    }
}

#[test]
fn revoking_an_sae_of_either_end_ends_its_sessions_at_once() {
    for who in [ANNA, BEN] {
        for by in [OPERATOR, who] {
            run(|| {
                let sessions = one_of_each();
                assert_ok!(Qkd::remove_sae(signed(by), enrolment_of(who)));
                // Another enrolment brings none of them back.
                join(who);
                for id in sessions {
                    let ended = Some(SessionEnd::SaeRemoved);
                    assert_eq!(Qkd::session(id).unwrap().ended, ended);
                    assert_ok!(clear(id));
                }
                nothing_left();
            });
        }
    }
}

#[test]
fn a_deposit_goes_back_whatever_has_become_of_both_ends() {
    run(|| {
        let sessions = one_of_each();
        for who in [ANNA, BEN] {
            leave(who);
            assert_ok!(Qkd::set_worker(signed(who), None));
            TestMembership::forget_owner(who);
            TestMembership::forbid(who, qedex_primitives::Role::Trade);
        }
        assert_ok!(Qkd::remove_site(signed(OPERATOR), SITE).or_else(|_| {
            // Clara's enrolment is still there.
            leave(CLARA);
            Qkd::remove_site(signed(OPERATOR), SITE)
        }));
        for id in sessions {
            assert_ok!(clear(id));
        }
        nothing_left();
        assert_eq!(deposited(ANNA), 0);
    });
}

#[test]
fn spare_block_space_clears_what_has_ended_and_leaves_the_rest() {
    run(|| {
        let ended = [asked(ANNA, BEN, 1), asked(BEN, ANNA, 1), asked(CLARA, BEN, 1)];
        pass(ACCEPT_WITHIN + 1);
        let open = opened(ANNA, CLARA, 2);
        let request = asked(CLARA, ANNA, 2);
        // Four are looked at in a block, and five are there.
        sweep();
        sweep();
        for id in ended {
            assert!(!Sessions::<Test>::contains_key(id));
        }
        assert!(is_open(open));
        assert!(Sessions::<Test>::contains_key(request));
        assert_eq!(deposited(BEN), 0);
    });
}

#[test]
fn spare_block_space_goes_round_and_round() {
    run(|| {
        for number in 1..=6 {
            opened(ANNA, BEN, number);
        }
        sweep();
        assert!(SweptTo::<Test>::get().is_some());
        sweep();
        assert_eq!(SweptTo::<Test>::get(), None, "the round is over");
        Now::set(START + AGE);
        sweep();
        assert_eq!(Sessions::<Test>::iter().count(), 2);
        sweep();
        nothing_left();
        sweep();
        assert_eq!(SweptTo::<Test>::get(), None);
    });
}

#[test]
fn no_more_is_done_in_a_block_than_it_has_room_for() {
    use crate::WeightInfo;
    use frame_support::{traits::Hooks, weights::Weight};
    run(|| {
        for number in 1..=4 {
            opened(ANNA, BEN, number);
        }
        Now::set(START + AGE);
        let idle = |room| Qkd::on_idle(System::block_number(), room);
        assert_eq!(idle(Weight::zero()), Weight::zero());
        let one = <() as WeightInfo>::sweep(1);
        assert_eq!(idle(one), one);
        assert_eq!(Sessions::<Test>::iter().count(), 3);
        assert_eq!(idle(Weight::MAX), <() as WeightInfo>::sweep(SWEPT));
        nothing_left();
    });
}

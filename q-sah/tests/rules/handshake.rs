//! What goes well, and again after a crash.

use crate::world::*;
use q_sah::*;

#[test]
fn both_ends_open_one_session_and_the_chain_sees_it() {
    for suite in SUITES {
        let (a, b) = both(suite, 1, 1);
        let c = Message2::parse(suite, b.message2()).unwrap().confirmation;
        assert!(check_confirmation(&c, a.message3()));
        let mut b = b.finish(a.message3()).unwrap();
        let mut a = a.into_session();
        assert_eq!(a.id(), b.id());
        assert_eq!(a.suite(), suite);
        assert_eq!(*b.open(&a.seal(b"up").unwrap()).unwrap(), b"up");
        assert_eq!(*a.open(&b.seal(b"down").unwrap()).unwrap(), b"down");
    }
}

#[test]
fn messages_have_the_lengths_that_their_suite_fixes() {
    for suite in SUITES {
        let (a, b) = both(suite, 1, 1);
        assert_eq!(b.message1().as_bytes().len(), Message1::length(suite));
        assert_eq!(b.message2().len(), Message2::length(suite));
        assert_eq!(a.message3().len(), suite.tag_bytes());
    }
}

#[test]
fn message_1_tells_what_to_draw_before_any_key_is_drawn() {
    for suite in SUITES {
        let a = open(suite, 40, 7);
        let message = Message1::parse(a.message1()).unwrap();
        assert_eq!(message.suite(), suite);
        assert_eq!((message.from(), message.to()), (meter().account, broker().account));
        assert_eq!(message.number(), Number(7));
        assert_eq!(message.nonce(), Nonce([140; 32]));
        let ids: Vec<_> = keys(suite, 40).ids().collect();
        assert_eq!(message.keys(), ids);
        assert_eq!(ids.len(), suite.keys());
    }
}

#[test]
fn the_same_message_1_gets_the_same_message_2_and_draws_nothing() {
    for suite in SUITES {
        let mut numbers = numbers();
        let a = open(suite, 1, 1);
        let message = Message1::parse(a.message1()).unwrap();
        assert_eq!(numbers.judge(&message), Ok(Verdict::New));
        let b = answer_noting(a.message1(), suite, 1, &mut numbers).unwrap();
        assert_eq!(numbers.judge(&message), Ok(Verdict::Again));
        assert_eq!(b.again(a.message1()), Ok(b.message2()));
        // Who asks for a second answer with a second key gets none.
        let noted = numbers;
        let again = answer_noting(a.message1(), suite, 1, &mut numbers);
        assert_eq!(again.unwrap_err(), Error::Answered);
        assert_eq!(numbers, noted);
    }
}

#[test]
fn an_end_that_stops_between_any_two_steps_goes_on_with_the_same_messages() {
    for suite in SUITES {
        let mut numbers = numbers();
        let a = open(suite, 1, 1);
        let message1 = a.message1().to_vec();
        let a = Initiator::<Opened>::from_secret_bytes(&a.to_secret_bytes()).unwrap();
        assert_eq!(a.message1(), message1);
        assert_eq!(*a.ends(), ends());

        let b = answer_noting(&message1, suite, 1, &mut numbers).unwrap();
        let message2 = b.message2().to_vec();
        numbers = Numbers::from_bytes(&numbers.to_bytes()).unwrap();
        let b = Responder::from_secret_bytes(&b.to_secret_bytes()).unwrap();
        assert_eq!(numbers.judge(b.message1()), Ok(Verdict::Again));
        assert_eq!(b.again(&message1), Ok(&message2[..]));
        assert_eq!(*b.ends(), ends());

        let a = a.confirm(&message2).unwrap();
        let message3 = a.message3().to_vec();
        let a = Initiator::<Confirmed>::from_secret_bytes(&a.to_secret_bytes()).unwrap();
        assert_eq!(a.message3(), message3);
        assert_eq!(*a.ends(), ends());

        let mut b = b.finish(&message3).unwrap();
        let mut a = a.into_session();
        for _ in 0..3 {
            a = Session::from_secret_bytes(&a.to_secret_bytes()).unwrap();
            b = Session::from_secret_bytes(&b.to_secret_bytes()).unwrap();
            assert_eq!(*b.open(&a.seal(b"up").unwrap()).unwrap(), b"up");
        }
        assert_eq!((a.sent(), a.received(), b.sent(), b.received()), (3, 0, 0, 3));
    }
}

#[test]
fn numbers_may_leave_gaps_and_only_rise() {
    let mut numbers = numbers();
    for (id, number) in [(1, 3), (2, 4), (3, 1_000), (4, u64::MAX)] {
        let a = open(Suite::Hmac, id, number);
        answer_noting(a.message1(), Suite::Hmac, id, &mut numbers).unwrap();
        assert_eq!(numbers.highest(), Number(number));
    }
    assert_eq!(numbers.to_bytes().len(), Numbers::BYTES);
}

#[test]
fn two_sessions_at_once_do_not_meet() {
    for suite in SUITES {
        let (mut a, mut b) = session(suite, 1);
        let (mut other_a, mut other_b) = session(suite, 50);
        assert_ne!(a.id(), other_a.id());
        let frame = a.seal(b"x").unwrap();
        let other = other_a.seal(b"x").unwrap();
        assert_eq!(other_b.open(&frame).unwrap_err(), Error::Mac);
        assert_eq!(b.open(&other).unwrap_err(), Error::Mac);
        b.open(&frame).unwrap();
        other_b.open(&other).unwrap();
    }
}

/// A service that gives one key under two names breaks nothing: the name is in the salt and in T1. In
/// the one-time suite, whose keys are not derived, it would; there the keys of a session are compared.
#[test]
fn the_same_key_bytes_under_two_names_make_two_sessions() {
    let open = |id| {
        let keys = || Keys::hmac(key_of(id, 7)).unwrap();
        let nonce = Nonce([1; 32]);
        let a = Initiator::open(ends(), keys(), Number(1), nonce).unwrap();
        let b = Responder::answer(ends(), a.message1(), keys(), nonce, &mut numbers()).unwrap();
        (a.confirm(b.message2()).unwrap(), b)
    };
    let ((a, b), (other_a, other_b)) = (open(1), open(2));
    assert_eq!(refused(b.finish(other_a.message3())), Error::Mac);
    assert_eq!(refused(other_b.finish(a.message3())), Error::Mac);
    let frame = a.into_session().seal(b"x").unwrap();
    let other = other_a.into_session().seal(b"x").unwrap();
    assert_ne!(frame, other);

    let keys = [key(1), key(2), key_of(3, 1), key(4)];
    assert_eq!(Keys::one_time(keys).unwrap_err(), Error::KeyRepeated);
}

//! Q-SAH and the pallet fit: whole handshakes, with the states of both ends kept as an agent keeps them.

use super::*;

#[test]
fn a_whole_handshake_opens_a_session_in_which_both_ends_speak() {
    for suite in [Suite::Hmac, Suite::OneTime] {
        run(|| {
            // A.
            let a = initiator(ANNA, BEN, suite, 1);
            let message1 = a.message1().to_vec().try_into().unwrap();
            assert_ok!(Qkd::open_session(signed(ANNA), BEN, message1));

            // B sees what is awaited of it, and answers.
            let awaited = Qkd::awaited_of(&BEN, None, 10);
            assert_eq!(awaited.len(), 1);
            let id = awaited[0].id;
            let SessionStage::Requested { message1, .. } = &awaited[0].session.stage else {
                panic!()
            };
            let mut numbers = Numbers::of(Name(Padded::convert(ANNA)));
            let (ends_b, keys_b) = (ends(ANNA, BEN), keys(suite, 1));
            let nonce = Nonce([3; 32]);
            let b = Responder::answer(ends_b, message1, keys_b, nonce, &mut numbers).unwrap();
            let message2 = b.message2().to_vec();
            let signature = sign(BEN, WorkerStep::Accept, id, message1, &message2);
            assert_eq!(include(accept_call(id, message2, signature)), Ok(Ok(())));

            // A sees the answer, and confirms.
            assert!(Qkd::awaited_of(&BEN, None, 10).is_empty());
            let awaited = Qkd::awaited_of(&ANNA, None, 10);
            let SessionStage::Accepted { message2, .. } = &awaited[0].session.stage else {
                panic!()
            };
            let a = a.confirm(message2).unwrap();
            let message3 = a.message3().to_vec();
            let signature = sign(ANNA, WorkerStep::Confirm, id, message2, &message3);
            assert_eq!(include(confirm_call(id, message3, signature)), Ok(Ok(())));

            // B finds message 3 on the chain. Both speak.
            assert!(Qkd::awaited_of(&ANNA, None, 10).is_empty());
            let SessionStage::Open { message3, .. } = session(id).stage else { panic!() };
            let mut b = b.finish(&message3).unwrap();
            let mut a = a.into_session();
            assert_eq!(a.id(), b.id());
            assert_eq!(*b.open(&a.seal(b"1200 Wh").unwrap()).unwrap(), b"1200 Wh");
            assert_eq!(*a.open(&b.seal(b"bill").unwrap()).unwrap(), b"bill");
        });
    }
}

#[test]
fn ends_with_different_keys_open_nothing() {
    run(|| {
        // A lying key service gives Ben other bytes under the same name: he does not answer.
        let a = initiator(ANNA, BEN, Suite::Hmac, 1);
        let key = Key::new(keys(Suite::Hmac, 1).ids().next().unwrap(), Zeroizing::new(vec![1; 32]));
        let other = Keys::hmac(key).unwrap();
        let mut numbers = Numbers::of(Name(Padded::convert(ANNA)));
        let answered =
            Responder::answer(ends(ANNA, BEN), a.message1(), other, Nonce([3; 32]), &mut numbers);
        assert_eq!(answered.err().map(|refused| refused.error), Some(q_sah::Error::Mac));
        let id = asked(ANNA, BEN, 1);
        pass(ACCEPT_WITHIN + 1);
        assert_ok!(Qkd::clear_session(signed(ANNA), id));
    });
}

#[test]
fn sessions_of_one_pair_in_both_directions_do_not_disturb_one_another() {
    run(|| {
        let there = asked(ANNA, BEN, 1);
        assert_ok!(ask_in(Suite::OneTime, BEN, ANNA, 1));
        let back = latest();
        accepted(back);
        accepted(there);
        confirmed(back);
        confirmed(there);
        assert!(is_open(there) && is_open(back));
    });
}

#[test]
fn the_pallet_takes_what_the_vectors_of_both_suites_take() {
    for (suite, lengths) in [(Suite::Hmac, [154, 96, 32]), (Suite::OneTime, [186, 80, 16])] {
        let told = [
            message1(ANNA, BEN, suite, 1).len(),
            message2(ANNA, BEN, suite, 1).len(),
            message3(ANNA, BEN, suite, 1).len(),
        ];
        assert_eq!(told, lengths);
    }
}

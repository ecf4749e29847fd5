//! Bad messages of the handshake: each is refused by name and changes nothing.
//!
//! Some cannot be written at all: message 3 before message 2, a second message 2, frames before
//! message 3. They are `compile_fail` examples of `Initiator` and `Responder`.

use crate::world::*;
use q_sah::*;

/// B refuses it, keeps its numbers and its keys, and then takes the true message with these keys.
#[track_caller]
fn b_refuses(suite: Suite, message: &[u8], expected: impl Fn(Error) -> bool) {
    let mut numbers = numbers();
    let before = numbers;
    let nonce = Nonce([3; 32]);
    let refused =
        Responder::answer(ends(), message, keys(suite, 1), nonce, &mut numbers).unwrap_err();
    assert!(expected(refused.error), "{:?}", refused.error);
    assert_eq!(numbers, before);
    let a = open(suite, 1, 1);
    let b = Responder::answer(ends(), a.message1(), *refused.kept, nonce, &mut numbers).unwrap();
    a.confirm(b.message2()).unwrap();
}

#[test]
fn message_1_altered_in_any_bit_cut_or_extended_is_refused() {
    for suite in SUITES {
        let message = open(suite, 1, 1).message1().to_vec();
        let others: Vec<_> = altered(&message).collect();
        for other in &others {
            b_refuses(suite, other, |error| {
                let flipped = other.len() == message.len();
                matches!(error, Error::Length | Error::Version)
                    || flipped
                        && matches!(
                            error,
                            Error::Suite | Error::Account | Error::Kid | Error::Number | Error::Mac
                        )
                    || error == Error::Suite && other.get(1) != message.get(1)
            });
        }
        let bits = message.len() * 8;
        let text = (message.len() - suite.tag_bytes()) * 8;
        // Nonce and tag are found by the MAC alone.
        for other in &others[text - 256..bits] {
            b_refuses(suite, other, |error| error == Error::Mac);
        }
    }
}

#[test]
fn each_field_of_message_1_is_refused_by_its_name() {
    for suite in SUITES {
        let message = open(suite, 1, 1).message1().to_vec();
        let number = 66 + 16 * suite.keys();
        for (place, expected) in [
            (0, Error::Version),
            (1, Error::Suite),
            (2, Error::Account),
            (34, Error::Account),
            (66, Error::Kid),
            // 1 becomes 129: it rises, and is not authentic.
            (number, Error::Mac),
            (number + 8, Error::Mac),
        ] {
            let mut other = message.clone();
            other[place] ^= 0x80;
            b_refuses(suite, &other, |error| error == expected);
        }
        let mut zero = message.clone();
        zero[number] = 0;
        b_refuses(suite, &zero, |error| error == Error::Number);
        let mut same = message.clone();
        same.copy_within(2..34, 34);
        b_refuses(suite, &same, |error| error == Error::SameEnd);
        let mut swapped = message.clone();
        swapped[2..66].rotate_left(32);
        b_refuses(suite, &swapped, |error| error == Error::Account);
    }
    let mut twice = open(Suite::OneTime, 1, 1).message1().to_vec();
    twice.copy_within(66..82, 82);
    b_refuses(Suite::OneTime, &twice, |error| error == Error::KidRepeated);
    let mut moved = open(Suite::OneTime, 1, 1).message1().to_vec();
    moved[66..98].rotate_left(16);
    b_refuses(Suite::OneTime, &moved, |error| error == Error::Kid);
}

#[test]
fn message_2_altered_in_any_bit_cut_or_extended_is_refused() {
    for suite in SUITES {
        let mut a = open(suite, 1, 1);
        let b = answer(a.message1(), suite, 1).unwrap();
        let stored = a.to_secret_bytes();
        for other in altered(b.message2()) {
            let refused = a.confirm(&other).unwrap_err();
            let flipped = other.len() == b.message2().len();
            assert_eq!(refused.error, if flipped { Error::Mac } else { Error::Length });
            a = *refused.kept;
        }
        assert_eq!(a.to_secret_bytes(), stored);
        a.confirm(b.message2()).unwrap();
    }
}

#[test]
fn message_3_altered_in_any_bit_cut_or_extended_is_refused() {
    for suite in SUITES {
        let (a, mut b) = both(suite, 1, 1);
        let stored = b.to_secret_bytes();
        let c = Message2::parse(suite, b.message2()).unwrap().confirmation;
        for other in altered(a.message3()) {
            assert!(!check_confirmation(&c, &other));
            let refused = b.finish(&other).unwrap_err();
            let flipped = other.len() == a.message3().len();
            assert_eq!(refused.error, if flipped { Error::Mac } else { Error::Length });
            b = *refused.kept;
        }
        assert_eq!(b.to_secret_bytes(), stored);
        b.finish(a.message3()).unwrap();
    }
}

#[test]
fn a_confirmation_other_than_the_promised_one_is_refused_without_a_key() {
    let (a, b) = both(Suite::Hmac, 1, 1);
    let c = Message2::parse(Suite::Hmac, b.message2()).unwrap().confirmation;
    let (other, _) = both(Suite::Hmac, 2, 1);
    assert!(check_confirmation(&c, a.message3()));
    assert!(!check_confirmation(&c, other.message3()));
    assert!(!check_confirmation(&[0; 32], a.message3()));
    // The hash of nothing is nobody's confirmation: no message 3 is empty.
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let nothing = hex::decode(nothing).unwrap().try_into().unwrap();
    assert!(!check_confirmation(&nothing, &[]));
}

#[test]
fn a_number_that_does_not_rise_is_refused() {
    for suite in SUITES {
        let mut numbers = numbers();
        let first = open(suite, 1, 5);
        answer_noting(first.message1(), suite, 1, &mut numbers).unwrap();
        let noted = numbers;
        for number in [1, 4, 5] {
            let late = open(suite, 50, number);
            let message = Message1::parse(late.message1()).unwrap();
            assert_eq!(numbers.judge(&message), Err(Error::Number));
            let result = answer_noting(late.message1(), suite, 50, &mut numbers);
            assert_eq!(result.unwrap_err(), Error::Number);
            assert_eq!(numbers, noted);
        }
    }
}

#[test]
fn an_old_message_1_is_refused_for_ever() {
    let mut numbers = numbers();
    let old = open(Suite::Hmac, 1, 1);
    answer_noting(old.message1(), Suite::Hmac, 1, &mut numbers).unwrap();
    let new = open(Suite::Hmac, 2, 2);
    answer_noting(new.message1(), Suite::Hmac, 2, &mut numbers).unwrap();
    // Even if a key service delivered the old key again.
    let again = answer_noting(old.message1(), Suite::Hmac, 1, &mut numbers);
    assert_eq!(again.unwrap_err(), Error::Number);
}

#[test]
fn zero_is_no_number() {
    let keys = keys(Suite::Hmac, 1);
    let opened = Initiator::open(ends(), keys, Number(0), Nonce([0; 32]));
    assert_eq!(refused(opened), Error::Number);
}

#[test]
fn numbers_are_of_one_account() {
    let message = Message1::parse(open(Suite::Hmac, 1, 1).message1()).unwrap();
    assert_eq!(Numbers::of(broker().account).judge(&message), Err(Error::Account));
}

#[test]
fn a_message_1_for_another_session_gets_no_answer_of_this_one() {
    let (_, b) = both(Suite::Hmac, 1, 1);
    let other = open(Suite::Hmac, 2, 2);
    assert_eq!(b.again(other.message1()), Err(Error::OtherSession));
}

#[test]
fn a_reflected_message_1_is_refused() {
    for suite in SUITES {
        // B answers A; then what A sent comes back to A, which answers B's sessions too.
        let a = open(suite, 1, 1);
        let mut numbers = Numbers::of(broker().account);
        let back = |message: &[u8], numbers: &mut Numbers| {
            let (nonce, ends) = (Nonce([9; 32]), reversed(&ends()));
            refused(Responder::answer(ends, message, keys(suite, 1), nonce, numbers))
        };
        assert_eq!(back(a.message1(), &mut numbers), Error::Account);
        // Nor with the accounts turned round.
        let mut turned = a.message1().to_vec();
        turned[2..66].rotate_left(32);
        assert_eq!(back(&turned, &mut numbers), Error::Mac);
    }
}

#[test]
fn reflected_messages_2_and_3_are_refused() {
    for suite in SUITES {
        let a = open(suite, 1, 1);
        let b = answer(a.message1(), suite, 1).unwrap();
        let message1 = a.message1().to_vec();
        // To A its own message 1, whole and cut to the length of message 2.
        let refused = a.confirm(&message1).unwrap_err();
        assert_eq!(refused.error, Error::Length);
        let refused = refused.kept.confirm(&message1[..Message2::length(suite)]).unwrap_err();
        assert_eq!(refused.error, Error::Mac);
        let a = refused.kept.confirm(b.message2()).unwrap();
        // To B the MACs of messages 1 and 2 as message 3, and c.
        let tag = suite.tag_bytes();
        let message2 = b.message2().to_vec();
        let mut b = b;
        for other in [
            &message1[message1.len() - tag..],
            &message2[message2.len() - tag..],
            &message2[32..32 + tag],
        ] {
            let refused = b.finish(other).unwrap_err();
            assert_eq!(refused.error, Error::Mac);
            b = *refused.kept;
        }
        b.finish(a.message3()).unwrap();
    }
}

#[test]
fn messages_in_the_wrong_order_are_refused() {
    for suite in SUITES {
        let (a, b) = both(suite, 1, 1);
        let (message2, message3) = (b.message2().to_vec(), a.message3().to_vec());
        for wrong in [&message2, &message3] {
            let error = answer(wrong, suite, 1).unwrap_err();
            let expected = [Error::Version, Error::Suite, Error::Length];
            assert!(expected.contains(&error), "{error:?}");
        }
        let waiting = open(suite, 1, 1);
        assert_eq!(refused(waiting.confirm(&message3)), Error::Length);
        let message1 = b.message1().as_bytes().to_vec();
        let refused = b.finish(&message1).unwrap_err();
        assert_eq!(refused.error, Error::Length);
        assert_eq!(refused.kept.finish(&message2).unwrap_err().error, Error::Length);
    }
}

#[test]
fn messages_spliced_between_sessions_are_refused() {
    for suite in SUITES {
        let (first, second) = (open(suite, 1, 1), open(suite, 50, 2));
        let b_first = answer(first.message1(), suite, 1).unwrap();
        let b_second = answer(second.message1(), suite, 50).unwrap();
        // A whole message 2 of the other session, and its halves.
        let (one, two) = (b_first.message2().to_vec(), b_second.message2().to_vec());
        let mut first = first;
        for split in [0, 32, 64] {
            let spliced = [&one[..split], &two[split..]].concat();
            let refused = first.confirm(&spliced).unwrap_err();
            assert_eq!(refused.error, Error::Mac);
            first = *refused.kept;
        }
        let first = first.confirm(&one).unwrap();
        let second = second.confirm(&two).unwrap();
        assert_eq!(refused(b_first.finish(second.message3())), Error::Mac);
        assert_eq!(refused(b_second.finish(first.message3())), Error::Mac);
        // Text and MAC of two messages 1 under the same keys.
        let (other, message) = (open(suite, 1, 2), open(suite, 1, 1));
        let text = message.message1().len() - suite.tag_bytes();
        let spliced = [&other.message1()[..text], &message.message1()[text..]].concat();
        assert_eq!(answer(&spliced, suite, 1).unwrap_err(), Error::Mac);
    }
}

/// Two answers to one message 1, as of an end that lost its state: A takes one, and B's other one does
/// not take its message 3.
#[test]
fn a_message_3_confirms_one_message_2() {
    for suite in SUITES {
        let a = open(suite, 1, 1);
        let b = answer(a.message1(), suite, 1).unwrap();
        let nonce = Nonce([77; 32]);
        let other =
            Responder::answer(ends(), a.message1(), keys(suite, 1), nonce, &mut numbers()).unwrap();
        let a = a.confirm(b.message2()).unwrap();
        assert_eq!(refused(other.finish(a.message3())), Error::Mac);
    }
}

#[test]
fn roles_cannot_be_swapped() {
    for suite in SUITES {
        // Both open a session with the other under the same keys; neither's MACs serve the other.
        let a = open(suite, 1, 1);
        let nonce = Nonce([101; 32]);
        let b = Initiator::open(reversed(&ends()), keys(suite, 1), Number(1), nonce).unwrap();
        let (a1, b1) = (a.message1().to_vec(), b.message1().to_vec());
        let text = a1.len() - suite.tag_bytes();
        let spliced = [&a1[..text], &b1[text..]].concat();
        b_refuses(suite, &spliced, |error| error == Error::Mac);
        b_refuses(suite, &b1, |error| error == Error::Account);
    }
}

/// B expects other ends than A has: whatever differs, the MAC fails.
#[track_caller]
fn other_ends_are_refused(theirs: Ends) {
    for suite in SUITES {
        let a = Initiator::open(theirs.clone(), keys(suite, 1), Number(1), Nonce([1; 32])).unwrap();
        b_refuses(suite, a.message1(), |error| error == Error::Mac);
        // Nor does A take an answer of such a B, which took the message by some mistake.
        let mut numbers = Numbers::of(theirs.from().account);
        let b = Responder::answer(
            theirs.clone(),
            a.message1(),
            keys(suite, 1),
            Nonce([2; 32]),
            &mut numbers,
        );
        let ours = Initiator::open(ends(), keys(suite, 1), Number(1), Nonce([1; 32])).unwrap();
        assert_eq!(refused(ours.confirm(b.unwrap().message2())), Error::Mac);
    }
}

#[test]
fn another_chain_is_refused() {
    other_ends_are_refused(Ends::new(GenesisHash([0x12; 32]), meter(), broker()).unwrap());
}

#[test]
fn another_sae_of_the_same_account_is_refused() {
    let other = |text: &str| SaeId::new(text).unwrap();
    let meter_2 = End { sae: other("sae-meter-2"), ..meter() };
    other_ends_are_refused(Ends::new(GENESIS, meter_2, broker()).unwrap());
    let broker_2 = End { sae: other("sae-broker-2"), ..broker() };
    other_ends_are_refused(Ends::new(GENESIS, meter(), broker_2).unwrap());
}

/// The two names "ab" and "c" are not "a" and "bc": each stands behind its length.
#[test]
fn the_names_of_two_saes_do_not_run_into_one_another() {
    let ends = |a: &str, b: &str| {
        let a = End { sae: SaeId::new(a).unwrap(), ..meter() };
        let b = End { sae: SaeId::new(b).unwrap(), ..broker() };
        Ends::new(GENESIS, a, b).unwrap()
    };
    for suite in SUITES {
        let open = |ends| Initiator::open(ends, keys(suite, 1), Number(1), Nonce([1; 32])).unwrap();
        let a = open(ends("ab", "c"));
        let refused = refused(Responder::answer(
            ends("a", "bc"),
            a.message1(),
            keys(suite, 1),
            Nonce([2; 32]),
            &mut numbers(),
        ));
        assert_eq!(refused, Error::Mac);
    }
}

#[test]
fn another_account_than_a_is_refused() {
    for suite in SUITES {
        let thief = End { account: AccountId([0xcc; 32]), sae: meter().sae };
        let theirs = Ends::new(GENESIS, thief, broker()).unwrap();
        let a = Initiator::open(theirs, keys(suite, 1), Number(1), Nonce([1; 32])).unwrap();
        b_refuses(suite, a.message1(), |error| error == Error::Account);
        // With A's account written over its own.
        let mut forged = a.message1().to_vec();
        forged[2..34].fill(0xaa);
        b_refuses(suite, &forged, |error| error == Error::Mac);
    }
}

#[test]
fn an_end_does_not_speak_with_itself() {
    let same_account = End { account: meter().account, ..broker() };
    let same_sae = End { sae: meter().sae, ..broker() };
    for other in [meter(), same_account, same_sae] {
        assert_eq!(Ends::new(GENESIS, meter(), other), Err(Error::SameEnd));
    }
}

#[test]
fn an_sae_has_a_name_that_fits() {
    assert_eq!(SaeId::new(""), Err(Error::SaeId));
    assert_eq!(SaeId::new(&"x".repeat(MAX_SAE_BYTES + 1)), Err(Error::SaeId));
    assert_eq!(SaeId::new(&"x".repeat(MAX_SAE_BYTES)).unwrap().as_str().len(), MAX_SAE_BYTES);
}

/// A key of another pair, a used one, an unknown or made-up one: the service has none of that name, and
/// whatever else the caller hands in is not what the message names.
#[test]
fn other_keys_than_those_named_are_refused() {
    for suite in SUITES {
        let a = open(suite, 1, 1);
        let mut numbers = numbers();
        let mut answer = |keys| {
            let nonce = Nonce([3; 32]);
            refused(Responder::answer(ends(), a.message1(), keys, nonce, &mut numbers))
        };
        assert_eq!(answer(keys(suite, 2)), Error::Kid);
        let other = if suite == Suite::Hmac { Suite::OneTime } else { Suite::Hmac };
        assert_eq!(answer(keys(other, 1)), Error::Suite);
        // A service that lies about the bytes.
        let wrong = match suite {
            Suite::Hmac => Keys::hmac(key_of(1, 9)),
            Suite::OneTime => Keys::one_time([key_of(1, 9), key(2), key(3), key(4)]),
        };
        assert_eq!(answer(wrong.unwrap()), Error::Mac);
    }
}

/// Each key of the one-time suite has its own message: one that is wrong stops the handshake there, or
/// at the first frame.
#[test]
fn each_key_of_the_one_time_suite_is_needed_at_its_message() {
    for wrong in 0..4 {
        let mut theirs = [key(1), key(2), key(3), key(4)];
        theirs[wrong] = key_of(theirs[wrong].id().0[0], 99);
        let a = open(Suite::OneTime, 1, 1);
        let theirs = Keys::one_time(theirs).unwrap();
        let b = Responder::answer(ends(), a.message1(), theirs, Nonce([2; 32]), &mut numbers());
        match wrong {
            0 => assert_eq!(refused(b), Error::Mac),
            1 => assert_eq!(refused(a.confirm(b.unwrap().message2())), Error::Mac),
            // B promises another message 3 than A has.
            2 => assert_eq!(refused(a.confirm(b.unwrap().message2())), Error::Confirmation),
            _ => {
                let b = b.unwrap();
                let a = a.confirm(b.message2()).unwrap();
                let mut b = b.finish(a.message3()).unwrap();
                let frame = a.into_session().seal(b"x").unwrap();
                assert_eq!(b.open(&frame).unwrap_err(), Error::Mac);
            }
        }
    }
}

#[test]
fn keys_of_a_wrong_length_or_named_twice_are_refused() {
    for length in [0, 16, 31, 33, 64] {
        assert_eq!(Keys::hmac(sized(1, 1, length)).unwrap_err(), Error::KeyLength);
        let keys = [key(1), key(2), sized(3, 3, length), key(4)];
        assert_eq!(Keys::one_time(keys).unwrap_err(), Error::KeyLength);
    }
    let keys = [key(1), key(2), key_of(1, 3), key(4)];
    assert_eq!(Keys::one_time(keys).unwrap_err(), Error::KidRepeated);
}

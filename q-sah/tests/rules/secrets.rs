//! Nothing secret is printed, and stored states are read with care.

use crate::world::*;
use q_sah::*;
use std::fmt::{Debug, Display};

#[track_caller]
fn prints(value: impl Debug, expected: &str) {
    assert_eq!(format!("{value:?}"), expected);
    assert_eq!(format!("{value:#?}"), expected);
}

#[test]
fn what_holds_secrets_prints_its_name_alone() {
    for suite in SUITES {
        prints(key(1), "Key(..)");
        prints(keys(suite, 1), "Keys(..)");
        let (a, b) = both(suite, 1, 1);
        prints(open(suite, 1, 1), "Initiator(..)");
        prints(&a, "Initiator(..)");
        prints(&b, "Responder(..)");
        prints(a.session(), "Session(..)");
        prints(b.finish(&[]).unwrap_err(), "Refused(Length)");
        prints(open(suite, 1, 1).confirm(&[]).unwrap_err(), "Refused(Length)");
    }
}

#[test]
fn errors_say_what_is_wrong_and_no_more() {
    fn texts(error: impl Display + Debug) -> [String; 2] {
        [error.to_string(), format!("{error:?}")]
    }
    let refused = open(Suite::Hmac, 1, 1).confirm(&[0; 96]).unwrap_err();
    assert_eq!(texts(refused), ["the message is not authentic", "Refused(Mac)"]);
    assert_eq!(texts(Error::Gap), ["a frame is missing", "Gap"]);
}

/// Stored bytes that were cut or extended are no state; those that were altered are none, or another
/// one: they are sealed by who stores them.
#[test]
fn stored_states_of_another_kind_or_length_are_refused() {
    for suite in SUITES {
        let (a, b) = both(suite, 1, 1);
        let states = [
            open(suite, 1, 1).to_secret_bytes(),
            a.to_secret_bytes(),
            b.to_secret_bytes(),
            a.session().to_secret_bytes(),
        ];
        type Read = fn(&[u8]) -> Result<(), Error>;
        let read: [Read; 4] = [
            |bytes| Initiator::<Opened>::from_secret_bytes(bytes).map(drop),
            |bytes| Initiator::<Confirmed>::from_secret_bytes(bytes).map(drop),
            |bytes| Responder::from_secret_bytes(bytes).map(drop),
            |bytes| Session::from_secret_bytes(bytes).map(drop),
        ];
        for (place, state) in states.iter().enumerate() {
            for (other, read) in read.iter().enumerate() {
                let expected = if place == other { Ok(()) } else { Err(Error::State) };
                assert_eq!(read(state), expected);
            }
            for other in altered(state).filter(|other| other.len() != state.len()) {
                assert_eq!(read[place](&other), Err(Error::State));
            }
        }
    }
    let numbers = numbers().to_bytes();
    for other in altered(&numbers).filter(|other| other.len() != numbers.len()) {
        assert_eq!(Numbers::from_bytes(&other), Err(Error::State));
    }
}

/// An opened handshake is held against its own message 1.
#[test]
fn an_opened_state_whose_message_1_was_altered_is_refused() {
    for suite in SUITES {
        let state = open(suite, 1, 1).to_secret_bytes();
        let message = state.len() - Message1::length(suite);
        for other in altered(&state).skip(message * 8).take(Message1::length(suite) * 8) {
            let read = Initiator::<Opened>::from_secret_bytes(&other);
            assert_eq!(read.unwrap_err(), Error::State);
        }
    }
}

/// A vector that grows leaves its old bytes behind: the longest state has room from the start.
#[test]
fn stored_states_do_not_outgrow_their_room() {
    let end = |account, letter: &str| End {
        account: AccountId([account; 32]),
        sae: SaeId::new(&letter.repeat(MAX_SAE_BYTES)).unwrap(),
    };
    let ends = Ends::new(GENESIS, end(0xaa, "a"), end(0xbb, "b")).unwrap();
    let keys = || keys(Suite::OneTime, 1);
    let a = Initiator::open(ends.clone(), keys(), Number(1), Nonce([1; 32])).unwrap();
    let b = Responder::answer(ends, a.message1(), keys(), Nonce([2; 32]), &mut numbers());
    let b = b.unwrap();
    let opened = a.to_secret_bytes();
    let a = a.confirm(b.message2()).unwrap();
    for state in [opened, a.to_secret_bytes(), b.to_secret_bytes(), a.session().to_secret_bytes()] {
        assert!(state.len() <= 1_024);
    }
}

//! Letters: one text, one key, one place where it counts.

use crate::world::*;
use proptest::prelude::*;
use q_sah::*;

const SEALS: [Seal; 2] = [Seal::Aead, Seal::OneTime];
const ABOUT: About = About { purpose: Purpose(1), slot: Slot(1_000), trade: Trade(42) };
const TEXT: &[u8] = b"opening: 1200 Wh";

fn letter_key(seal: Seal) -> Key {
    sized(5, 5, seal.key_bytes(TEXT.len()))
}

fn letter(seal: Seal) -> Vec<u8> {
    seal_letter(&ends(), ABOUT, seal, letter_key(seal), TEXT).unwrap()
}

fn open(bytes: &[u8], ends: &Ends, about: About, key: Key) -> Result<Vec<u8>, Error> {
    Ok(Letter::parse(bytes)?.open(ends, about, key)?.to_vec())
}

#[test]
fn a_letter_is_read_by_its_reader() {
    for seal in SEALS {
        let bytes = letter(seal);
        assert_eq!(bytes.len(), TEXT.len() + LETTER_OVERHEAD_BYTES);
        let letter = Letter::parse(&bytes).unwrap();
        assert_eq!((letter.from, letter.to), (meter().account, broker().account));
        assert_eq!((letter.seal, letter.about, letter.key), (seal, ABOUT, KeyId([5; 16])));
        assert_eq!(letter.key_bytes(), seal.key_bytes(TEXT.len()));
        assert_eq!(open(&bytes, &ends(), ABOUT, letter_key(seal)).unwrap(), TEXT);
    }
}

#[test]
fn a_letter_altered_in_any_bit_cut_or_extended_is_refused() {
    for seal in SEALS {
        let bytes = letter(seal);
        let expected = |place: usize| match place {
            0 => &[Error::Version][..],
            // The one seal's code is no bit away from the other's.
            1 => &[Error::Suite],
            2..66 => &[Error::Account],
            66..83 => &[Error::About],
            83..99 => &[Error::Kid],
            _ => &[Error::Mac],
        };
        for (bit, other) in altered(&bytes).take(bytes.len() * 8).enumerate() {
            let error = open(&other, &ends(), ABOUT, letter_key(seal)).unwrap_err();
            assert!(expected(bit / 8).contains(&error), "{bit}: {error:?}");
        }
        for other in altered(&bytes).skip(bytes.len() * 8) {
            let error = open(&other, &ends(), ABOUT, letter_key(seal)).unwrap_err();
            let expected = [
                Error::Length,
                Error::Version,
                Error::Suite,
                Error::Account,
                Error::About,
                Error::Kid,
                Error::KeyLength,
                Error::Mac,
            ];
            assert!(expected.contains(&error), "{error:?}");
        }
    }
}

#[test]
fn a_refused_letter_gives_the_key_back() {
    for seal in SEALS {
        let mut forged = letter(seal);
        *forged.last_mut().unwrap() ^= 1;
        let refused = Letter::parse(&forged).unwrap().open(&ends(), ABOUT, letter_key(seal));
        let refused = refused.unwrap_err();
        assert_eq!(refused.error, Error::Mac);
        assert_eq!(open(&letter(seal), &ends(), ABOUT, *refused.kept).unwrap(), TEXT);
    }
}

#[test]
fn a_letter_about_something_else_is_refused() {
    for seal in SEALS {
        for about in [
            About { purpose: Purpose(2), ..ABOUT },
            About { slot: Slot(1_001), ..ABOUT },
            About { trade: Trade(43), ..ABOUT },
        ] {
            let bytes = letter(seal);
            assert_eq!(open(&bytes, &ends(), about, letter_key(seal)), Err(Error::About));
            // Nor with what it says about itself rewritten.
            let other = seal_letter(&ends(), about, seal, letter_key(seal), TEXT).unwrap();
            let forged = [&other[..99], &bytes[99..]].concat();
            assert_eq!(open(&forged, &ends(), about, letter_key(seal)), Err(Error::Mac));
        }
    }
}

#[test]
fn a_letter_of_other_ends_is_refused() {
    let thief = || End { account: AccountId([0xcc; 32]), sae: meter().sae };
    let other_sae = || End { sae: SaeId::new("sae-meter-2").unwrap(), ..meter() };
    for seal in SEALS {
        let try_ends =
            |other: Ends| open(&letter(seal), &other, ABOUT, letter_key(seal)).unwrap_err();
        assert_eq!(try_ends(reversed(&ends())), Error::Account);
        assert_eq!(try_ends(Ends::new(GENESIS, thief(), broker()).unwrap()), Error::Account);
        assert_eq!(try_ends(Ends::new(GENESIS, other_sae(), broker()).unwrap()), Error::Mac);
        let there = GenesisHash([0x12; 32]);
        assert_eq!(try_ends(Ends::new(there, meter(), broker()).unwrap()), Error::Mac);
    }
}

#[test]
fn a_letter_under_another_key_is_refused() {
    for seal in SEALS {
        let length = seal.key_bytes(TEXT.len());
        let bytes = letter(seal);
        assert_eq!(open(&bytes, &ends(), ABOUT, sized(6, 5, length)), Err(Error::Kid));
        assert_eq!(open(&bytes, &ends(), ABOUT, sized(5, 6, length)), Err(Error::Mac));
        for wrong in [0, 31, length - 1, length + 1] {
            let error = open(&bytes, &ends(), ABOUT, sized(5, 5, wrong));
            assert_eq!(error, Err(Error::KeyLength));
            let refused = seal_letter(&ends(), ABOUT, seal, sized(5, 5, wrong), TEXT);
            assert_eq!(crate::world::refused(refused), Error::KeyLength);
        }
    }
}

/// One key under two names, by a service that errs: the letters have nothing in common, as far as they
/// are derived. A one-time pad that is used twice shows the difference of the texts: that is the
/// service's promise.
#[test]
fn the_same_key_bytes_under_two_names_make_two_letters() {
    let seal = |id| seal_letter(&ends(), ABOUT, Seal::Aead, key_of(id, 7), TEXT).unwrap();
    let (one, two) = (seal(1), seal(2));
    assert_ne!(one[99..], two[99..]);
    let spliced = [&two[..99], &one[99..]].concat();
    assert_eq!(open(&spliced, &ends(), ABOUT, key_of(2, 7)), Err(Error::Mac));
}

#[test]
fn one_seal_does_not_pass_for_the_other() {
    // An empty text takes 32 bytes of key under either.
    let seal = |seal| seal_letter(&ends(), ABOUT, seal, key(5), &[]).unwrap();
    let (aead, one_time) = (seal(Seal::Aead), seal(Seal::OneTime));
    let spliced = [&aead[..99], &one_time[99..]].concat();
    assert_eq!(open(&spliced, &ends(), ABOUT, key(5)), Err(Error::Mac));
    let spliced = [&one_time[..99], &aead[99..]].concat();
    assert_eq!(open(&spliced, &ends(), ABOUT, key(5)), Err(Error::Mac));
    assert_eq!(open(&one_time, &ends(), ABOUT, key(5)), Ok(vec![]));
}

#[test]
fn a_letter_that_is_too_long_is_refused() {
    let text = vec![1; MAX_TEXT_BYTES + 1];
    for seal in SEALS {
        let key = |length| sized(5, 5, seal.key_bytes(length));
        let refused = seal_letter(&ends(), ABOUT, seal, key(text.len()), &text).unwrap_err();
        assert_eq!(refused.error, Error::TooLong);
        let longest = &text[1..];
        let mut bytes = seal_letter(&ends(), ABOUT, seal, key(longest.len()), longest).unwrap();
        assert_eq!(open(&bytes, &ends(), ABOUT, key(longest.len())).unwrap(), longest);
        bytes.push(0);
        assert_eq!(Letter::parse(&bytes).unwrap_err(), Error::TooLong);
    }
}

#[test]
fn nobody_writes_to_himself() {
    let mut bytes = letter(Seal::Aead);
    bytes.copy_within(2..34, 34);
    assert_eq!(Letter::parse(&bytes).unwrap_err(), Error::SameEnd);
}

proptest! {
    #[test]
    fn letters_arrive_as_they_were_written(
        text in prop::collection::vec(any::<u8>(), 0..500),
        one_time: bool, purpose: u8, slot: u64, trade: u64,
    ) {
        let seal = if one_time { Seal::OneTime } else { Seal::Aead };
        let about = About { purpose: Purpose(purpose), slot: Slot(slot), trade: Trade(trade) };
        let key = || sized(5, 5, seal.key_bytes(text.len()));
        let bytes = seal_letter(&ends(), about, seal, key(), &text).unwrap();
        prop_assert_eq!(open(&bytes, &ends(), about, key()), Ok(text));
    }
}

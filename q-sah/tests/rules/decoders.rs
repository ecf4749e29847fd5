//! Whatever bytes come in, nothing panics, and what is read says the same again.

use crate::world::*;
use proptest::prelude::*;
use q_sah::*;

/// Random bytes, and true ones of some kind with a few places overwritten: the latter get further in.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let seeds = || {
        let mut seeds = vec![numbers().to_bytes().to_vec()];
        for suite in SUITES {
            let opened = open(suite, 1, 1);
            seeds.push(opened.to_secret_bytes().to_vec());
            let (a, b) = both(suite, 1, 1);
            seeds.extend([a.to_secret_bytes().to_vec(), b.to_secret_bytes().to_vec()]);
            seeds.extend([b.message1().as_bytes().to_vec(), b.message2().to_vec()]);
            seeds.extend([a.message3().to_vec(), a.session().to_secret_bytes().to_vec()]);
            seeds.push(a.into_session().seal(b"frame").unwrap());
        }
        for seal in [Seal::Aead, Seal::OneTime] {
            let about = About { purpose: Purpose(0), slot: Slot(0), trade: Trade(0) };
            let key = sized(5, 5, seal.key_bytes(6));
            seeds.push(seal_letter(&ends(), about, seal, key, b"letter").unwrap());
        }
        seeds
    };
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4);
    let edited = (prop::sample::select(seeds()), edits, 0..40_usize, any::<bool>()).prop_map(
        |(mut bytes, edits, length, cut)| {
            for (place, byte) in edits {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            let longer = bytes.len() + length;
            let shorter = bytes.len().saturating_sub(length);
            bytes.resize(if cut { shorter } else { longer }, 0);
            bytes
        },
    );
    prop_oneof![prop::collection::vec(any::<u8>(), 0..600), edited]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in bytes()) {
        if let Ok(message) = Message1::parse(&bytes) {
            prop_assert_eq!(message.as_bytes(), &bytes);
            prop_assert_eq!(bytes.len(), Message1::length(message.suite()));
            prop_assert_eq!(message.keys().len(), message.suite().keys());
            let _ = numbers().judge(&message);
            let _ = answer(&bytes, message.suite(), 1);
        }
        for suite in SUITES {
            if let Ok(message) = Message2::parse(suite, &bytes) {
                prop_assert_eq!(bytes.len(), Message2::length(suite));
                let nonce = message.nonce.0;
                prop_assert_eq!(&nonce[..], &bytes[..32]);
            }
        }
        if let Ok(letter) = Letter::parse(&bytes) {
            prop_assert!(letter.key_bytes() <= bytes.len());
            let _ = letter.open(&ends(), letter.about, sized(5, 5, letter.key_bytes()));
        }
        check_confirmation(&[0; 32], &bytes);
        if let Ok(numbers) = Numbers::from_bytes(&bytes) {
            prop_assert_eq!(&numbers.to_bytes()[..], &bytes[..]);
        }
        if let Ok(state) = Initiator::<Opened>::from_secret_bytes(&bytes) {
            prop_assert_eq!(&*state.to_secret_bytes(), &bytes);
        }
        if let Ok(state) = Initiator::<Confirmed>::from_secret_bytes(&bytes) {
            prop_assert_eq!(&*state.to_secret_bytes(), &bytes);
        }
        if let Ok(state) = Responder::from_secret_bytes(&bytes) {
            prop_assert_eq!(&*state.to_secret_bytes(), &bytes);
        }
        if let Ok(mut session) = Session::from_secret_bytes(&bytes) {
            prop_assert_eq!(&*session.to_secret_bytes(), &bytes);
            let _ = session.seal(b"x");
        }
    }

    #[test]
    fn no_bytes_pass_for_a_message_or_a_frame(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for suite in SUITES {
            prop_assert!(open(suite, 1, 1).confirm(&bytes).is_err());
            let (a, b) = both(suite, 1, 1);
            prop_assert!(b.finish(&bytes).is_err());
            prop_assert!(a.into_session().open(&bytes).is_err());
            prop_assert!(answer(&bytes, suite, 1).is_err());
        }
    }
}

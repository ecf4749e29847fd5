//! What the network and a store may hand in: whatever the bytes are, nothing panics, and what is read
//! says the same again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use q_sah::{
    Confirmed, End, Ends, GenesisHash, Initiator, Key, Letter, Message1, Message2, Numbers, Opened,
    Responder, SaeId, Session, Suite, check_confirmation,
};
use zeroize::Zeroizing;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(message) = Message1::parse(bytes) {
        assert_eq!(message.as_bytes(), bytes);
        let _ = Numbers::of(message.from()).judge(&message);
    }
    for suite in [Suite::Hmac, Suite::OneTime] {
        let _ = Message2::parse(suite, bytes);
    }
    check_confirmation(&[0; 32], bytes);
    if let Ok(letter) = Letter::parse(bytes) {
        let end = |account, sae| End { account, sae: SaeId::new(sae).unwrap() };
        let (from, to) = (end(letter.from, "a"), end(letter.to, "b"));
        let ends = Ends::new(GenesisHash([0; 32]), from, to).unwrap();
        let key = Key::new(letter.key, Zeroizing::new(vec![0; letter.key_bytes()]));
        let _ = letter.open(&ends, letter.about, key);
    }
    if let Ok(numbers) = Numbers::from_bytes(bytes) {
        assert_eq!(numbers.to_bytes(), bytes);
    }
    if let Ok(state) = Initiator::<Opened>::from_secret_bytes(bytes) {
        assert_eq!(**state.to_secret_bytes(), *bytes);
    }
    if let Ok(state) = Initiator::<Confirmed>::from_secret_bytes(bytes) {
        assert_eq!(**state.to_secret_bytes(), *bytes);
    }
    if let Ok(state) = Responder::from_secret_bytes(bytes) {
        assert_eq!(**state.to_secret_bytes(), *bytes);
    }
    if let Ok(mut session) = Session::from_secret_bytes(bytes) {
        assert_eq!(**session.to_secret_bytes(), *bytes);
        let _ = session.open(bytes);
        let _ = session.seal(bytes);
    }
});

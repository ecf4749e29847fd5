//! Frames: in order, in one direction, and only so many.

use crate::world::*;
use proptest::prelude::*;
use q_sah::*;

#[test]
fn a_frame_altered_in_any_bit_cut_or_extended_is_refused() {
    let (mut a, mut b) = session(Suite::Hmac, 1);
    b.open(&a.seal(b"first").unwrap()).unwrap();
    let frame = a.seal(b"1200 Wh").unwrap();
    let stored = b.to_secret_bytes();
    for other in altered(&frame) {
        let error = b.open(&other).unwrap_err();
        let whole = other.len() >= FRAME_OVERHEAD_BYTES;
        let counter = other.get(..8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap()));
        let expected = match counter {
            Some(0) if whole => Error::Repeated,
            Some(1) if whole => Error::Mac,
            Some(_) if whole => Error::Gap,
            _ => Error::Length,
        };
        assert_eq!(error, expected);
    }
    assert_eq!(b.to_secret_bytes(), stored);
    assert_eq!(*b.open(&frame).unwrap(), b"1200 Wh");
}

#[test]
fn a_repeated_frame_is_refused() {
    let (mut a, mut b) = session(Suite::Hmac, 1);
    let frames = [b"0", b"1", b"2"].map(|text| a.seal(text).unwrap());
    for frame in &frames {
        b.open(frame).unwrap();
    }
    for frame in &frames {
        assert_eq!(b.open(frame).unwrap_err(), Error::Repeated);
    }
}

#[test]
fn a_receipt_is_of_one_frame_one_direction_and_one_session() {
    let (mut a, mut b) = session(Suite::Hmac, 1);
    let (mut other, _) = session(Suite::Hmac, 2);
    let mut seen = std::collections::HashSet::new();
    for number in 0..FRAMES_A_KEY + 2 {
        assert_eq!(a.awaited_receipt(), b.receipt());
        for receipt in [a.awaited_receipt(), b.awaited_receipt(), other.awaited_receipt()] {
            assert!(seen.insert(receipt), "said twice, at {number}");
        }
        let frame = a.seal(b"x").unwrap();
        b.open(&frame).unwrap();
        let frame = b.seal(b"y").unwrap();
        a.open(&frame).unwrap();
        other.seal(b"z").unwrap();
    }
}

#[test]
fn a_frame_after_a_gap_is_refused() {
    let (mut a, mut b) = session(Suite::Hmac, 1);
    let [first, second, third] = [b"0", b"1", b"2"].map(|text| a.seal(text).unwrap());
    assert_eq!(b.open(&second).unwrap_err(), Error::Gap);
    b.open(&first).unwrap();
    assert_eq!(b.open(&third).unwrap_err(), Error::Gap);
    // Nor if it says that it is the next one.
    let mut renumbered = third.clone();
    renumbered[0] = 1;
    assert_eq!(b.open(&renumbered).unwrap_err(), Error::Mac);
    b.open(&second).unwrap();
    b.open(&third).unwrap();
}

#[test]
fn a_reflected_frame_is_refused() {
    let (mut a, mut b) = session(Suite::Hmac, 1);
    let frame = a.seal(b"x").unwrap();
    assert_eq!(a.open(&frame).unwrap_err(), Error::Mac);
    b.open(&frame).unwrap();
    let back = b.seal(b"x").unwrap();
    assert_eq!(b.open(&back).unwrap_err(), Error::Repeated);
    assert_ne!(frame, back);
}

/// The same keys and nonces once more, on another chain: frames do not pass.
#[test]
fn a_frame_of_another_chain_is_refused() {
    let there = Ends::new(GenesisHash([0x12; 32]), meter(), broker()).unwrap();
    let open = |ends: Ends| {
        let keys = || keys(Suite::Hmac, 1);
        let a = Initiator::open(ends.clone(), keys(), Number(1), Nonce([1; 32])).unwrap();
        let b = Responder::answer(ends, a.message1(), keys(), Nonce([2; 32]), &mut numbers());
        let b = b.unwrap();
        let a = a.confirm(b.message2()).unwrap();
        let b = b.finish(a.message3()).unwrap();
        (a.into_session(), b)
    };
    let ((mut a, _), (_, mut b)) = (open(there), open(ends()));
    assert_eq!(b.open(&a.seal(b"x").unwrap()).unwrap_err(), Error::Mac);
}

#[test]
fn a_text_that_is_too_long_is_refused_and_costs_no_frame() {
    let (mut a, mut b) = session(Suite::Hmac, 1);
    assert_eq!(a.seal(&vec![0; MAX_TEXT_BYTES + 1]).unwrap_err(), Error::TooLong);
    assert_eq!(a.sent(), 0);
    let frame = a.seal(&vec![7; MAX_TEXT_BYTES]).unwrap();
    assert_eq!(frame.len(), MAX_TEXT_BYTES + FRAME_OVERHEAD_BYTES);
    let longer = [&frame[..], &[0]].concat();
    assert_eq!(b.open(&longer).unwrap_err(), Error::TooLong);
    assert_eq!(*b.open(&frame).unwrap(), vec![7; MAX_TEXT_BYTES]);
    assert_eq!(b.open(&a.seal(&[]).unwrap()).unwrap().len(), 0);
}

#[test]
fn keys_change_after_a_fixed_number_of_frames() {
    let (mut a, mut b) = session(Suite::Hmac, 1);
    // Behind the counter, 32 bytes: the head of a stored session takes 40.
    let secret = |session: &Session| session.to_secret_bytes()[40 + 8..][..32].to_vec();
    let mut secrets = vec![secret(&a)];
    for frame in 0..2 * FRAMES_A_KEY + 1 {
        let sealed = a.seal(&frame.to_le_bytes()).unwrap();
        assert_eq!(*b.open(&sealed).unwrap(), frame.to_le_bytes());
        if secrets.last() != Some(&secret(&a)) {
            assert_eq!(a.sent() % FRAMES_A_KEY, 0);
            secrets.push(secret(&a));
        }
    }
    assert_eq!(secrets.len(), 3);
}

#[test]
fn a_session_ends_after_so_many_frames() {
    let (a, b) = session(Suite::Hmac, 1);
    // Both ends stored one frame before the last; the secret does not matter for the rule.
    let late = |session: Session, place: usize| {
        let mut bytes = session.to_secret_bytes();
        bytes[place..place + 8].copy_from_slice(&(MAX_FRAMES - 1).to_le_bytes());
        Session::from_secret_bytes(&bytes).unwrap()
    };
    let (mut a, mut b) = (late(a, 40), late(b, 80));
    assert_eq!((a.sent(), b.received()), (MAX_FRAMES - 1, MAX_FRAMES - 1));
    let last = a.seal(b"last").unwrap();
    assert_eq!(*b.open(&last).unwrap(), b"last");
    assert_eq!(a.seal(b"more").unwrap_err(), Error::Exhausted);
    let mut more = last;
    more[..8].copy_from_slice(&MAX_FRAMES.to_le_bytes());
    assert_eq!(b.open(&more).unwrap_err(), Error::Exhausted);
    // The other direction goes on, and so does a session that was stored at its end.
    a.open(&b.seal(b"down").unwrap()).unwrap();
    let mut a = Session::from_secret_bytes(&a.to_secret_bytes()).unwrap();
    assert_eq!(a.seal(b"more").unwrap_err(), Error::Exhausted);
}

proptest! {
    /// Whatever is said in whichever order, each end hears what the other said.
    #[test]
    fn frames_arrive_as_they_were_sent(
        texts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..200)), 0..20),
    ) {
        let (mut a, mut b) = session(Suite::OneTime, 1);
        for (up, text) in &texts {
            let (from, to) = if *up { (&mut a, &mut b) } else { (&mut b, &mut a) };
            let frame = from.seal(text).unwrap();
            prop_assert_eq!(frame.len(), text.len() + FRAME_OVERHEAD_BYTES);
            prop_assert_eq!(&*to.open(&frame).unwrap(), text);
        }
    }
}

use super::*;
use proptest::prelude::*;

fn bits() -> impl Strategy<Value = Bits> {
    prop::collection::vec(any::<bool>(), 0..200).prop_map(|bits| bits.into_iter().collect())
}

fn clicks() -> impl Strategy<Value = Vec<Announced>> {
    let click = (0u64..1 << 40, any::<bool>(), any::<bool>());
    prop::collection::btree_map(0u64..1 << 50, click, 0..50).prop_map(|clicks| {
        let click = |(pulse, (_, z, bit)): (u64, (u64, bool, bool))| Announced {
            pulse,
            basis: if z { Basis::Z } else { Basis::X },
            z_bit: z && bit,
        };
        clicks.into_iter().map(click).collect()
    })
}

fn questions() -> impl Strategy<Value = Vec<Question>> {
    let question = (any::<u32>(), 0u8..20, 0u32..1 << 15);
    prop::collection::btree_set(question, 0..50).prop_map(|questions| {
        let question = |(frame, pass, node)| Question { frame, pass, node };
        questions.into_iter().map(question).collect()
    })
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        (any::<u64>(), clicks())
            .prop_map(|(pulses, clicks)| Message::Detections { pulses, clicks }),
        (bits(), bits(), bits(), bits()).prop_map(
            |(kept, intensity_low, intensity_high, z_bits)| Message::Sifted {
                kept,
                intensity_low,
                intensity_high,
                z_bits
            }
        ),
        (any::<[u8; 2]>(), any::<[u8; 32]>(), bits())
            .prop_map(|(levels, seed, parities)| Message::Blocks { levels, seed, parities }),
        questions().prop_map(Message::Ask),
        bits().prop_map(Message::Answer),
        any::<[u64; 3]>().prop_map(Message::Corrected),
        (any::<[u8; 32]>(), any::<u128>(), any::<u64>(), bits()).prop_map(
            |(verification_key, tag, length, seed)| Message::Amplify {
                verification_key,
                tag,
                length,
                seed
            }
        ),
        Just(Message::Accept),
        prop::sample::select(&Reason::ALL[..]).prop_map(Message::Discard),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(message in message()) {
        prop_assert_eq!(Message::decode(&message.encode()).unwrap(), message);
    }

    #[test]
    fn a_message_is_written_in_one_way_only(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(message) = Message::decode(&bytes) {
            let written = message.encode();
            prop_assert!(written.len() <= bytes.len());
            prop_assert_eq!(Message::decode(&written).unwrap(), message);
        }
    }

    #[test]
    fn what_is_cut_or_followed_by_more_is_refused(message in message(), byte: u8) {
        let mut bytes = message.encode();
        for cut in 0..bytes.len() {
            prop_assert!(Message::decode(&bytes[..cut]).is_err());
        }
        bytes.push(byte);
        prop_assert!(Message::decode(&bytes).is_err());
    }

    #[test]
    fn a_changed_message_is_another_one_or_none(message in message(), at: prop::sample::Index, bit in 0u8..8) {
        let mut bytes = message.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        prop_assert!(Message::decode(&bytes) != Ok(message));
    }
}

#[test]
fn only_questions_and_answers_are_brief() {
    let brief = |message: Message| message.encode()[0] & BRIEF != 0;
    assert!(brief(Message::Ask(vec![])) && brief(Message::Answer(Bits::default())));
    assert!(!brief(Message::Accept) && !brief(Message::Discard(Reason::Qber)));
    assert!(!brief(Message::Corrected([0; 3])));
}

#[test]
fn counts_that_the_message_cannot_hold_are_refused() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    for kind in [DETECTIONS, SIFTED, ASK, ANSWER] {
        let mut bytes = vec![kind];
        bytes.extend(huge);
        bytes.extend(huge);
        bytes.extend([0; 64]);
        assert!(Message::decode(&bytes).is_err(), "{kind}");
    }
}

#[test]
fn numbers_above_64_bits_are_refused() {
    let beyond = [[0xff; 9].as_slice(), &[2]].concat();
    let last = [[0xff; 9].as_slice(), &[1]].concat();
    let corrected = |number: &[u8]| [&[CORRECTED], number, &[0, 0]].concat();
    assert!(Message::decode(&corrected(&beyond)).is_err());
    assert_eq!(Message::decode(&corrected(&last)), Ok(Message::Corrected([u64::MAX, 0, 0])));
}

#[test]
fn pulses_and_questions_beyond_their_range_are_refused() {
    // Gaps of 2^62 - 1, and one to the next pulse each.
    let gap = [0xfc, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
    let clicks = |n: u8| [&[DETECTIONS, 0, n][..], &gap.repeat(usize::from(n))].concat();
    assert!(Message::decode(&clicks(3)).is_ok());
    assert!(Message::decode(&clicks(4)).is_err());
    assert!(Message::decode(&[&[ASK, 1][..], &gap].concat()).is_err());
}

#[test]
fn a_bit_of_basis_x_is_not_taken() {
    assert!(Message::decode(&[DETECTIONS, 9, 1, 1]).is_err());
    assert!(Message::decode(&[DETECTIONS, 9, 1, 3]).is_ok());
}

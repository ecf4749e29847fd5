use proptest::prelude::*;

use super::*;

fn block() -> impl Strategy<Value = BobBlock> {
    (prop::collection::vec((0u64..5000, any::<[bool; 3]>()), 0..200), 0u64..100).prop_map(
        |(gaps, after)| {
            let mut next = 0;
            let mut detections = Vec::new();
            for (gap, [z, bit, double]) in gaps {
                let basis = if z { Basis::Z } else { Basis::X };
                detections.push(Detection { pulse: next + gap, basis, bit, double });
                next += gap + 1;
            }
            BobBlock::new(next + after, detections).unwrap()
        },
    )
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(block in block()) {
        prop_assert_eq!(BobBlock::decode(&block.encode()), Ok(block));
    }

    #[test]
    fn no_other_message_decodes_to_the_same_block(
        block in block(), at in any::<prop::sample::Index>(), flip in 1u8..=255,
    ) {
        let mut message = block.encode().to_vec();
        let at = at.index(message.len());
        message[at] ^= flip;
        if let Ok(other) = BobBlock::decode(&message) {
            prop_assert_ne!(&other, &block);
            prop_assert_eq!(&*other.encode(), &message);
        }
    }

    #[test]
    fn a_message_cut_anywhere_is_refused(block in block(), at in any::<prop::sample::Index>()) {
        let message = block.encode();
        prop_assert!(BobBlock::decode(&message[..at.index(message.len())]).is_err());
    }

    #[test]
    fn arbitrary_bytes_are_answered(message in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(block) = BobBlock::decode(&message) {
            prop_assert_eq!(&*block.encode(), &message);
        }
    }
}

fn log() -> impl Strategy<Value = AliceBlock> {
    (prop::collection::vec((0u64..5000, any::<[bool; 2]>(), 0u8..3), 0..200), 0u64..100).prop_map(
        |(gaps, after)| {
            let mut next = 0;
            let mut log = Vec::new();
            for (gap, [z, bit], intensity) in gaps {
                let basis = if z { Basis::Z } else { Basis::X };
                log.push(Choice { pulse: next + gap, basis, bit, intensity });
                next += gap + 1;
            }
            AliceBlock::new(next + after, log).unwrap()
        },
    )
}

proptest! {
    #[test]
    fn alices_log_is_decoded_as_it_was_encoded_and_nothing_else_is(
        block in log(), at in any::<prop::sample::Index>(), flip in 1u8..=255,
    ) {
        let encoded = block.encode();
        let decoded = AliceBlock::decode(&encoded).unwrap();
        prop_assert_eq!(decoded.pulses, block.pulses);
        prop_assert!(decoded.log().eq(block.log()));
        let at = at.index(encoded.len());
        prop_assert!(AliceBlock::decode(&encoded[..at]).is_err());
        let mut message = encoded.to_vec();
        message[at] ^= flip;
        if let Ok(other) = AliceBlock::decode(&message) {
            prop_assert_eq!(&*other.encode(), &message);
        }
    }
}

#[test]
fn an_intensity_that_there_is_none_of_is_refused() {
    let message = [VERSION, 10, 1, 3 << 2];
    assert_eq!(AliceBlock::decode(&message).unwrap_err(), DecodeError::Intensity);
    assert!(AliceBlock::decode(&[VERSION, 10, 1, 2 << 2]).is_ok());
}

#[test]
fn each_kind_of_nonsense_has_its_error() {
    let number = [0xff; 9];
    let most = |last: u8| [&[VERSION][..], &number, &[last], &[0]].concat();
    for (message, error) in [
        (vec![], DecodeError::Version),
        (vec![1, 0, 0], DecodeError::Version),
        (vec![VERSION], DecodeError::Short),
        (vec![VERSION, 10, 1], DecodeError::Short),
        (vec![VERSION, 10, 0xff, 0xff, 0xff, 0xff, 0x7f], DecodeError::Short),
        (vec![VERSION, 10, 2, 0x00, 0x80], DecodeError::Short),
        (vec![VERSION, 0x8a, 0x00, 0], DecodeError::Number),
        (most(2), DecodeError::Number),
        (most(0xff), DecodeError::Number),
        (most(1), DecodeError::Pulse),
        (vec![VERSION, 1, 1, 1 << 3], DecodeError::Pulse),
        (vec![VERSION, 1, 2, 0, 0], DecodeError::Pulse),
        (vec![VERSION, 1, 1, 0, 0], DecodeError::Trailing),
    ] {
        assert_eq!(BobBlock::decode(&message), Err(error), "{message:?}");
    }
}

#[test]
fn a_typical_click_takes_two_bytes() {
    let click = |i: u64| Detection {
        pulse: 100 * i,
        basis: Basis::X,
        bit: i.is_multiple_of(3),
        double: false,
    };
    let detections = (0..1000).map(click).collect();
    let block = BobBlock::new(100_000, detections).unwrap();
    assert!(block.encode().len() < 2010);
}

use super::*;
use crate::link::{Choice, Detection};
use proptest::prelude::*;

/// One pulse with a click: bases and bits of both, intensity.
type Event = (bool, bool, bool, bool, u8);

fn basis(z: bool) -> Basis {
    if z { Basis::Z } else { Basis::X }
}

fn blocks(events: &[Event]) -> (AliceBlock, BobBlock) {
    let pulse = |index: usize| 3 * index as u64 + 1;
    let choices = events.iter().enumerate().map(|(index, (sent, _, bit, _, intensity))| Choice {
        pulse: pulse(index),
        basis: basis(*sent),
        bit: *bit,
        intensity: *intensity,
    });
    let detections = events.iter().enumerate().map(|(index, (_, read, _, bit, _))| Detection {
        pulse: pulse(index),
        basis: basis(*read),
        bit: *bit,
        double: false,
    });
    let pulses = pulse(events.len());
    (
        AliceBlock::new(pulses, choices.collect()).unwrap(),
        BobBlock::new(pulses, detections.collect()).unwrap(),
    )
}

fn both(alice_block: &AliceBlock, bob_block: &BobBlock) -> (Sifted, Message, Sifted) {
    let Message::Detections { pulses, clicks } = announce(bob_block) else { unreachable!() };
    let (alice, answer) = alice(alice_block, pulses, &clicks).unwrap();
    let Message::Sifted { kept, intensity_low, intensity_high, z_bits } = &answer else {
        unreachable!()
    };
    let bob = bob(bob_block, kept, [intensity_low, intensity_high], z_bits).unwrap();
    (alice, answer, bob)
}

proptest! {
    #[test]
    fn both_ends_keep_and_count_what_the_events_say(
        events in prop::collection::vec(any::<(bool, bool, bool, bool)>()
            .prop_flat_map(|(a, b, c, d)| (Just(a), Just(b), Just(c), Just(d), 0u8..3)), 0..200),
    ) {
        let (alice_block, bob_block) = blocks(&events);
        let (alice, _, bob) = both(&alice_block, &bob_block);
        let of = |z: bool, error: Option<bool>| -> [u64; 3] {
            core::array::from_fn(|k| {
                let counted = events.iter().filter(|(sent, read, bit, seen, intensity)| {
                    *sent == z && *read == z && usize::from(*intensity) == k
                        && error.is_none_or(|error| error == (bit != seen))
                });
                counted.count() as u64
            })
        };
        let counts = Counts { n_x: of(false, None), n_z: of(true, None), m_z: of(true, Some(true)), m_x: None };
        prop_assert_eq!(alice.counts, counts);
        prop_assert_eq!(bob.counts, counts);
        prop_assert_eq!(&alice.intensities, &bob.intensities);
        prop_assert_eq!(alice.key.len() as u64, counts.n_x.iter().sum::<u64>());
        prop_assert_eq!(bob.errors(&alice.key), of(false, Some(true)));
    }
}

#[test]
fn no_bit_of_basis_x_is_announced() {
    let (_, bob_block) = blocks(&[(false, false, true, true, 0), (true, true, true, true, 0)]);
    let Message::Detections { clicks, .. } = announce(&bob_block) else { unreachable!() };
    assert_eq!(clicks.iter().map(|click| click.z_bit).collect::<Vec<_>>(), [false, true]);
}

#[test]
fn clicks_that_alice_does_not_know_are_refused() {
    let (alice_block, bob_block) = blocks(&[(false, false, true, true, 0)]);
    let Message::Detections { pulses, mut clicks } = announce(&bob_block) else { unreachable!() };
    assert!(alice(&alice_block, pulses + 1, &clicks).is_err());
    clicks[0].pulse += 1;
    assert!(alice(&alice_block, pulses, &clicks).is_err());
}

#[test]
fn answers_that_do_not_fit_the_clicks_are_refused() {
    let events = [(false, false, true, true, 2), (true, true, true, true, 1)];
    let (alice_block, bob_block) = blocks(&events);
    let (_, answer, _) = both(&alice_block, &bob_block);
    let Message::Sifted { kept, intensity_low, intensity_high, z_bits } = answer else {
        unreachable!()
    };
    let refused = |kept: &Bits, low: &Bits, high: &Bits, z_bits: &Bits| {
        bob(&bob_block, kept, [low, high], z_bits).is_err()
    };
    assert!(!refused(&kept, &intensity_low, &intensity_high, &z_bits));
    let ones: Bits = [true; 2].into_iter().collect();
    let short = Bits::zeros(1);
    assert!(refused(&short, &intensity_low, &intensity_high, &z_bits));
    assert!(refused(&kept, &short, &intensity_high, &z_bits));
    assert!(refused(&kept, &intensity_low, &short, &z_bits));
    assert!(refused(&kept, &ones, &ones, &z_bits), "an intensity of number 3");
    assert!(refused(&kept, &intensity_low, &intensity_high, &Bits::default()));
    assert!(refused(&kept, &intensity_low, &intensity_high, &ones));
}

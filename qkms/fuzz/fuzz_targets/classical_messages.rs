//! The classical messages of distillation: whatever a peer sends, and holds tag keys for, is read
//! or refused, and each step that takes it works or refuses it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use qkms::{
    bits::Bits,
    distil::{
        cascade::{Corrector, Responder, Shape},
        sift,
        wire::Message,
    },
    link::{AliceBlock, Basis, BobBlock, Choice, Detection},
};

/// Bits of the string that Cascade works on: two frames.
const BITS: usize = 20_000;
/// Clicks of the block that is sifted.
const CLICKS: u64 = 64;

fn basis(pulse: u64) -> Basis {
    if pulse.is_multiple_of(3) { Basis::Z } else { Basis::X }
}

fn alice_block() -> AliceBlock {
    let choice = |pulse| Choice { pulse, basis: basis(pulse), bit: false, intensity: 1 };
    AliceBlock::new(CLICKS, (0..CLICKS).map(choice).collect()).unwrap()
}

fn bob_block() -> BobBlock {
    let detection = |pulse| Detection { pulse, basis: basis(pulse), bit: true, double: false };
    BobBlock::new(CLICKS, (0..CLICKS).map(detection).collect()).unwrap()
}

/// Corrects zeros by parities and answers that are the peer's to choose.
fn correct(levels: [u8; 2], seed: [u8; 32], parities: &Bits, mut answers: &[u8]) {
    let shape = Shape::new(BITS, levels.map(u32::from), seed).unwrap();
    let Ok(mut corrector) = Corrector::new(shape, Bits::zeros(BITS), parities) else { return };
    loop {
        let asked = corrector.questions().len();
        let Some(answer) = Bits::from_bytes(answers, asked) else { return };
        if asked == 0 || corrector.answers(&answer).is_err() {
            assert_eq!(corrector.finish().len(), BITS);
            return;
        }
        answers = &answers[asked.div_ceil(8)..];
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(message) = Message::decode(bytes) else { return };
    assert_eq!(Message::decode(&message.encode()).as_ref(), Ok(&message));
    match message {
        Message::Detections { pulses, clicks } => {
            if let Ok((sifted, _)) = sift::alice(&alice_block(), pulses, &clicks) {
                assert!(sifted.key.len() <= clicks.len());
            }
        }
        Message::Sifted { kept, intensity_low, intensity_high, z_bits } => {
            let _ = sift::bob(&bob_block(), &kept, [&intensity_low, &intensity_high], &z_bits);
        }
        Message::Blocks { levels, seed, parities } => {
            // Parities that the message lacks are zeros; what follows them are answers.
            let shape = Shape::new(BITS, levels.map(u32::from), seed).unwrap();
            let mut responder = Responder::new(shape, &Bits::zeros(BITS), u64::MAX).unwrap();
            let told = responder.blocks().unwrap().len();
            let (bytes, mut blocks) = (parities.to_bytes(), Bits::zeros(told));
            (0..told.min(parities.len())).for_each(|at| {
                if parities.get(at) == Some(true) {
                    blocks.flip(at);
                }
            });
            let answers = bytes.get(told.div_ceil(8)..).unwrap_or_default();
            correct(levels, seed, &blocks, answers);
        }
        Message::Ask(questions) => {
            let shape = Shape::new(BITS, [5, 9], [0; 32]).unwrap();
            let mut responder = Responder::new(shape, &Bits::zeros(BITS), 100_000).unwrap();
            if let Ok(answers) = responder.answer(&questions) {
                assert_eq!(answers.len(), questions.len());
                assert!(answers.count_ones() == 0 && responder.disclosed() <= 100_000);
            }
        }
        _ => (),
    }
});

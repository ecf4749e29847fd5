use super::*;
use crate::{
    bits::Bits,
    distil::{
        entropy::Entropy,
        estimate::{efficiency, least_disclosure},
        testing::Seeded,
    },
};
use chacha20::rand_core::Rng;
use proptest::prelude::*;
use std::collections::HashSet;

/// A random string, and the same with each bit wrong at the odds of `qber`.
fn strings(random: &mut Seeded, len: usize, qber: f64) -> (Bits, Bits, u64) {
    let words = (0..len.div_ceil(64)).map(|_| random.0.next_u64());
    let right = Bits::from_words(words.collect(), len);
    let mut wrong = right.clone();
    let mut errors = 0;
    for at in 0..len {
        if f64::from(random.0.next_u32()) < qber * 2f64.powi(32) {
            wrong.flip(at);
            errors += 1;
        }
    }
    (right, wrong, errors)
}

struct Run {
    corrected: Bits,
    parities: u64,
    errors: u64,
    rounds: u32,
    questions: Vec<Question>,
}

/// Corrects `wrong` with block sizes for `assumed`.
fn run(random: &mut Seeded, right: &Bits, wrong: Bits, assumed: f64) -> Run {
    let mut seed = [0; SEED_BYTES];
    random.fill(&mut seed).unwrap();
    let shape = || Shape::new(right.len(), Shape::first_levels(assumed), seed).unwrap();
    let mut alice = Responder::new(shape(), right, u64::MAX).unwrap();
    let mut bob = Corrector::new(shape(), wrong, &alice.blocks().unwrap()).unwrap();
    let (mut rounds, mut asked) = (0, Vec::new());
    loop {
        let questions = bob.questions();
        if questions.is_empty() {
            break;
        }
        asked.extend_from_slice(questions);
        let answers = alice.answer(questions).unwrap();
        bob.answers(&answers).unwrap();
        rounds += 1;
    }
    assert_eq!(alice.disclosed(), bob.received());
    let (parities, errors) = (alice.disclosed(), bob.errors());
    Run { corrected: bob.finish(), parities, errors, rounds, questions: asked }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn strings_become_equal_at_no_less_than_the_least_disclosure(
        len in 1usize..40_000, qber in 0.0f64..0.12, assumed in 0.0f64..0.3, seed: u64,
    ) {
        let mut random = Seeded::new(seed);
        let (right, wrong, errors) = strings(&mut random, len, qber);
        let run = run(&mut random, &right, wrong, assumed);
        prop_assert!(run.corrected == right);
        prop_assert_eq!(run.errors, errors);
        prop_assert!(run.parities as f64 >= least_disclosure(len as u64, errors));
    }

    #[test]
    fn no_parity_is_asked_twice_or_follows_from_a_known_one(
        len in 1usize..30_000, qber in 0.0f64..0.1, seed: u64,
    ) {
        let mut random = Seeded::new(seed);
        let (right, wrong, _) = strings(&mut random, len, qber);
        let run = run(&mut random, &right, wrong, qber);
        let mut known = HashSet::new();
        for question in run.questions {
            // Left children only: the right one's parity follows.
            prop_assert_eq!(question.node % 2, 0);
            prop_assert!(known.insert((question.frame, question.pass, question.node)));
        }
    }

    #[test]
    fn a_lying_peer_ends_the_run(len in 1usize..20_000, share in 0.0f64..0.6, seed: u64) {
        let mut random = Seeded::new(seed);
        let (_, wrong, _) = strings(&mut random, len, 0.0);
        let shape = || Shape::new(len, [5, 9], [7; SEED_BYTES]).unwrap();
        let blocks = Responder::new(shape(), &wrong, u64::MAX).unwrap().blocks().unwrap();
        let mut lie = |bits: &Bits| -> Bits {
            bits.iter().map(|bit| bit ^ (f64::from(random.0.next_u32()) < share * 2f64.powi(32))).collect()
        };
        let mut bob = Corrector::new(shape(), wrong, &lie(&blocks)).unwrap();
        // Each round makes parities known, and there are fewer than 2^15 of them per pass.
        for _ in 0..PASSES << 15 {
            let asked = bob.questions().len();
            if asked == 0 || bob.answers(&lie(&Bits::zeros(asked))).is_err() {
                return Ok(());
            }
        }
        prop_assert!(false, "it goes on for ever");
    }
}

/// Rates, and the golden table's efficiencies of original Cascade and of this variant.
const GOLDEN: [(f64, f64, f64); 5] = [
    (0.01, 1.131, 1.049),
    (0.033, 1.155, 1.044),
    (0.05, 1.165, 1.044),
    (0.08, 1.191, 1.060),
    (0.11, 1.214, 1.064),
];

/// `QKMS_CASCADE_BITS` sets the length, 2^20 by default, `QKMS_CASCADE_STRINGS` how many.
#[test]
fn efficiency_stays_near_the_golden_table() {
    let setting = |name, default| std::env::var(name).map_or(default, |set| set.parse().unwrap());
    let len = setting("QKMS_CASCADE_BITS", 1 << 20);
    let repetitions = setting("QKMS_CASCADE_STRINGS", 1);
    println!("{len} bits, {repetitions} strings per rate");
    println!("| QBER | original | golden | here | over the least | round trips | failed |");
    for (qber, original, golden) in GOLDEN {
        let mut random = Seeded::new(qber.to_bits());
        let (mut parities, mut nh, mut least, mut rounds, mut failed) = (0, 0.0, 0.0, 0, 0);
        for _ in 0..repetitions {
            let (right, wrong, errors) = strings(&mut random, len, qber);
            let run = run(&mut random, &right, wrong, qber);
            let bound = least_disclosure(len as u64, errors);
            assert!(run.parities as f64 >= bound);
            failed += u32::from(run.corrected != right);
            parities += run.parities;
            nh += run.parities as f64 / efficiency(len as u64, errors, run.parities);
            least += bound;
            rounds += run.rounds;
        }
        let (f, over) = (parities as f64 / nh, parities as f64 / least);
        let rounds = rounds as usize / repetitions;
        println!("| {qber} | {original} | {golden} | {f:.3} | {over:.3} | {rounds} | {failed} |");
        assert!(f < golden + 0.025, "{qber}: {f}");
        assert!(f < original);
    }
}

#[test]
fn strings_of_another_length_and_wrong_numbers_of_parities_are_refused() {
    let shape = || Shape::new(1000, [5, 9], [0; SEED_BYTES]).unwrap();
    let bits = Bits::zeros(1000);
    assert!(Responder::new(shape(), &Bits::zeros(999), 9999).is_err());
    let mut alice = Responder::new(shape(), &bits, 9999).unwrap();
    let blocks = alice.blocks().unwrap();
    assert!(Corrector::new(shape(), Bits::zeros(1001), &blocks).is_err());
    let short = blocks.slice(1, blocks.len() - 1).unwrap();
    assert!(Corrector::new(shape(), bits.clone(), &short).is_err());
    let mut one_wrong = bits.clone();
    one_wrong.flip(123);
    let mut bob = Corrector::new(shape(), one_wrong, &blocks).unwrap();
    let asked = bob.questions().len();
    assert!(asked > 0 && bob.answers(&Bits::zeros(asked + 1)).is_err());
}

#[test]
fn questions_that_no_honest_peer_asks_are_refused_and_not_counted_as_answers() {
    let shape = Shape::new(40_000, [5, 9], [0; SEED_BYTES]).unwrap();
    let first = shape.blocks(0).start as u32;
    let leaves = (1 << 14..2 << 14).step_by(2);
    let alone = leaves.filter(|leaf| shape.places(leaf + 1).is_empty()).min().unwrap() as u32;
    let mut alice = Responder::new(shape, &Bits::zeros(40_000), 100).unwrap();
    let ask = |frame, pass, node| [Question { frame, pass, node }];
    assert!(alice.answer(&ask(0, 0, 2 * first)).is_ok());
    for question in [
        ask(3, 0, 2 * first),
        ask(u32::MAX, 0, 2 * first),
        ask(0, PASSES as u8, 2 * first),
        ask(0, 0, first),
        ask(0, 0, 2 * first + 1),
        ask(0, 0, 0),
        ask(0, 0, u32::MAX - 1),
        // A leaf whose sibling is empty: frames have 13,334 bits.
        ask(0, 0, alone),
    ] {
        assert!(alice.answer(&question).is_err(), "{question:?}");
    }
}

#[test]
fn no_more_parities_are_told_than_allowed() {
    let shape = || Shape::new(1000, [5, 9], [0; SEED_BYTES]).unwrap();
    let mut alice = Responder::new(shape(), &Bits::zeros(1000), 60).unwrap();
    let told = alice.blocks().unwrap().len() as u64;
    let question = Question { frame: 0, pass: 0, node: 2 * shape().blocks(0).start as u32 };
    assert!(alice.answer(&vec![question; 60 - told as usize]).is_ok());
    assert!(alice.answer(&[question]).is_err());
    assert_eq!(alice.disclosed(), 60);
    assert!(Responder::new(shape(), &Bits::zeros(1000), 10).unwrap().blocks().is_err());
}

#[test]
fn block_sizes_are_the_golden_table_s() {
    // a = lg(1/Q) - 1/2: 6.14, 4.42, 3.82, 3.14, 2.68.
    let levels = GOLDEN.map(|(qber, ..)| Shape::first_levels(qber));
    assert_eq!(levels, [[7, 10], [5, 9], [4, 8], [4, 8], [3, 8]]);
    let shape = Shape::new(1 << 14, [7, 10], [0; SEED_BYTES]).unwrap();
    let sizes: Vec<_> = (0..PASSES).map(|pass| shape.level(pass)).collect();
    assert_eq!(sizes[..5], [7, 10, 12, 13, 13]);
    assert_eq!((shape.frames(), shape.frame_len()), (1, 1 << 14));
    assert!(Shape::new(0, [7, 10], [0; SEED_BYTES]).is_none());
    assert!(Shape::new(MAX_BITS + 1, [7, 10], [0; SEED_BYTES]).is_none());
}

//! Distillation at one core, stage by stage, at the operating points of 10^6 sifted bits and 10 km
//! (golden values): both parties' work on one thread, in secret bits per second.
//!
//! And the Toeplitz product by length, beside the word-parallel schoolbook product.

use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use divan::{Bencher, counter::ItemsCount};
use qkms::{
    bits::Bits,
    distil::{
        Channel, Direction, TagKeys, TagKeysSpent, Transport, TransportError,
        cascade::{Corrector, Question, Responder, Shape},
        toeplitz, verify,
        wire::Message,
    },
};
use std::{collections::VecDeque, fmt};
use zeroize::Zeroizing;

fn main() {
    divan::main();
}

const SIFTED: usize = 1_000_000;

#[derive(Clone, Copy)]
struct Point {
    preset: &'static str,
    qber: f64,
    secret: usize,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.preset)
    }
}

const POINTS: [Point; 2] = [
    Point { preset: "snspd", qber: 0.01, secret: 333_998 },
    Point { preset: "gys", qber: 0.03306, secret: 202_181 },
];

fn random(bits: usize, random: &mut ChaCha8Rng) -> Bits {
    Bits::from_words((0..bits.div_ceil(64)).map(|_| random.next_u64()).collect(), bits)
}

/// A string, and the same with errors.
fn strings(qber: f64) -> (Bits, Bits) {
    let mut generator = ChaCha8Rng::seed_from_u64(1);
    let right = random(SIFTED, &mut generator);
    let mut wrong = right.clone();
    for at in 0..SIFTED {
        if f64::from(generator.next_u32()) < qber * 2f64.powi(32) {
            wrong.flip(at);
        }
    }
    (right, wrong)
}

/// Corrects `wrong`, handing each question and its answer to `exchange`.
fn cascade(
    point: Point,
    right: &Bits,
    wrong: &Bits,
    mut exchange: impl FnMut(&[Question], &Bits),
) -> Bits {
    let shape = || Shape::new(SIFTED, Shape::first_levels(point.qber), [1; 32]).unwrap();
    let mut alice = Responder::new(shape(), right, u64::MAX).unwrap();
    let mut bob = Corrector::new(shape(), wrong.clone(), &alice.blocks().unwrap()).unwrap();
    loop {
        let questions = bob.questions();
        if questions.is_empty() {
            return bob.finish();
        }
        let answers = alice.answer(questions).unwrap();
        exchange(questions, &answers);
        bob.answers(&answers).unwrap();
    }
}

#[divan::bench(args = POINTS)]
fn cascade_both(bencher: Bencher, point: Point) {
    let (right, wrong) = strings(point.qber);
    let counter = ItemsCount::new(point.secret);
    bencher.counter(counter).bench_local(|| cascade(point, &right, &wrong, |_, _| ()));
}

/// Keys that cost nothing, and a wire that only keeps.
struct Free;

impl TagKeys for Free {
    fn take(&mut self, _: Direction, bytes: usize) -> Result<Zeroizing<Vec<u8>>, TagKeysSpent> {
        Ok(Zeroizing::new(vec![7; bytes]))
    }
}

#[derive(Default)]
struct Loop(VecDeque<Vec<u8>>);

impl Transport for Loop {
    fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        self.0.push_back(message.to_vec());
        Ok(())
    }

    fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        self.0.pop_front().map(Into::into).ok_or(TransportError::Closed)
    }
}

/// Writing and tagging every question, answer and the Toeplitz seed: what one party does; the other
/// does as much.
#[divan::bench(args = POINTS)]
fn messages_one(bencher: Bencher, point: Point) {
    let (right, wrong) = strings(point.qber);
    let mut messages = Vec::new();
    cascade(point, &right, &wrong, |questions, answers| {
        messages.push(Message::Ask(questions.to_vec()));
        messages.push(Message::Answer(answers.clone()));
    });
    messages.push(Message::Amplify {
        verification_key: [1; 32],
        tag: 1,
        length: point.secret as u64,
        seed: random(SIFTED + point.secret - 1, &mut ChaCha8Rng::seed_from_u64(2)),
    });
    bencher.counter(ItemsCount::new(point.secret)).bench_local(|| {
        let (mut wire, mut keys) = (Loop::default(), Free);
        let mut channel = Channel::open(1, Direction::AliceToBob, &mut wire, &mut keys).unwrap();
        messages.iter().for_each(|message| channel.send(message.encode()).unwrap());
        channel.tag_bits()
    });
}

#[divan::bench(args = POINTS)]
fn verification_both(bencher: Bencher, point: Point) {
    let (right, _) = strings(point.qber);
    bencher
        .counter(ItemsCount::new(point.secret))
        .bench_local(|| (verify::tag(&[3; 32], &right, 50), verify::tag(&[3; 32], &right, 50)));
}

#[divan::bench(args = POINTS)]
fn amplification_both(bencher: Bencher, point: Point) {
    let (right, _) = strings(point.qber);
    let seed = random(SIFTED + point.secret - 1, &mut ChaCha8Rng::seed_from_u64(2));
    bencher.counter(ItemsCount::new(point.secret)).bench_local(|| {
        (toeplitz::hash(&seed, &right, point.secret), toeplitz::hash(&seed, &right, point.secret))
    });
}

/// Everything from the raw keys on, both parties on one thread, messages written, tagged, checked
/// and read.
#[divan::bench(args = POINTS)]
fn sifted_to_secret_both(bencher: Bencher, point: Point) {
    let (right, wrong) = strings(point.qber);
    let seed = random(SIFTED + point.secret - 1, &mut ChaCha8Rng::seed_from_u64(2));
    bencher.counter(ItemsCount::new(point.secret)).bench_local(|| {
        let (mut to_bob, mut to_alice) = (Loop::default(), Loop::default());
        let mut sent = Vec::new();
        let corrected = cascade(point, &right, &wrong, |questions, answers| {
            sent.push(Message::Ask(questions.to_vec()).encode());
            sent.push(Message::Answer(answers.clone()).encode());
        });
        let tag = verify::tag(&[3; 32], &right, 50);
        let (verification_key, length) = ([3; 32], point.secret as u64);
        let amplify =
            Message::Amplify { verification_key, tag, length, seed: seed.clone() }.encode();
        sent.push(amplify);
        // Both channels tag the whole transcript, as sender or as receiver.
        let (mut keys_a, mut keys_b) = (Free, Free);
        let mut a = Channel::open(1, Direction::AliceToBob, &mut to_bob, &mut keys_a).unwrap();
        let mut b = Channel::open(1, Direction::AliceToBob, &mut to_alice, &mut keys_b).unwrap();
        for message in sent {
            Message::decode(&message).unwrap();
            a.send(message.clone()).unwrap();
            b.send(message).unwrap();
        }
        assert_eq!(tag, verify::tag(&[3; 32], &corrected, 50));
        let keys = [&right, &corrected].map(|bits| toeplitz::hash(&seed, bits, point.secret));
        assert!(keys[0] == keys[1]);
        keys
    });
}

const LENGTHS: [usize; 5] = [100_000, 316_228, 1_000_000, 3_162_278, 10_000_000];

fn operands(bits: usize) -> (Bits, Bits, usize) {
    let output = bits / 3;
    let mut generator = ChaCha8Rng::seed_from_u64(3);
    (random(bits + output - 1, &mut generator), random(bits, &mut generator), output)
}

#[divan::bench(args = LENGTHS)]
fn toeplitz_product(bencher: Bencher, bits: usize) {
    let (seed, input, output) = operands(bits);
    let counter = ItemsCount::new(bits);
    bencher.counter(counter).bench_local(|| toeplitz::hash(&seed, &input, output));
}

/// Adds the seed, moved by whole words, once for each one of the input: 64 moves by bits, and 64
/// bits of the output at a time.
fn schoolbook(seed: &Bits, input: &Bits, output: usize) -> Bits {
    let n = input.len();
    let mut sum = vec![0; output.div_ceil(64)];
    for shift in 0..64 {
        let moved = seed.slice(shift, seed.len() - shift).unwrap();
        // Bit j of the input asks for the seed from bit n - 1 - j on.
        let first = (n - 1 - shift) % 64;
        for at in (first..n - shift).step_by(64).filter(|at| input.get(*at) == Some(true)) {
            let words = moved.words().get((n - 1 - at) / 64..).unwrap_or_default();
            sum.iter_mut().zip(words).for_each(|(sum, word)| *sum ^= word);
        }
    }
    Bits::from_words(sum, output)
}

#[divan::bench(args = [100_000, 1_000_000], sample_count = 3)]
fn toeplitz_schoolbook(bencher: Bencher, bits: usize) {
    let (seed, input, output) = operands(bits);
    assert!(schoolbook(&seed, &input, output) == toeplitz::hash(&seed, &input, output).unwrap());
    let counter = ItemsCount::new(bits);
    bencher.counter(counter).bench_local(|| schoolbook(&seed, &input, output));
}

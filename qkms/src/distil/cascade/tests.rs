use super::*;
use crate::bits::Bits;
use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};

fn strings(random: &mut ChaCha8Rng, n: usize, qber: f64) -> (Bits, Bits, usize) {
    let a = Bits::from_words((0..n.div_ceil(64)).map(|_| random.next_u64()).collect(), n);
    let mut b = a.clone();
    let mut errors = 0;
    for i in 0..n {
        if (random.next_u32() as f64) < qber * 4294967296.0 {
            b.flip(i);
            errors += 1;
        }
    }
    (a, b, errors)
}
fn h(p: f64) -> f64 {
    -p * p.log2() - (1.0 - p) * (1.0 - p).log2()
}

#[test]
fn experiment() {
    for n in [100_000usize, 1_000_000] {
        {
            let (theta, round) = (0, 32);
            for q in [0.01, 0.033, 0.05, 0.08, 0.11] {
                let mut random = ChaCha8Rng::seed_from_u64(7);
                let (mut rounds, mut f, mut bad, mut time) = (0, 0.0, 0, 0.0);
                let trials = 10;
                for _ in 0..trials {
                    let (a, b, errors) = strings(&mut random, n, q);
                    let mut seed = [0; 32];
                    random.fill_bytes(&mut seed);
                    let t = std::time::Instant::now();
                    let levels = Shape::first_levels(q);
                    let mut alice =
                        Responder::new(Shape::new(n, levels, seed).unwrap(), &a, u64::MAX).unwrap();
                    let mut bob = Corrector::new(
                        Shape::new(n, levels, seed).unwrap(),
                        b,
                        &alice.blocks().unwrap(),
                    )
                    .unwrap();
                    loop {
                        let questions = bob.questions();
                        if questions.is_empty() {
                            break;
                        }
                        let answers = alice.answer(questions).unwrap();
                        bob.answers(&answers).unwrap();
                        rounds += 1;
                    }
                    let leak = alice.disclosed();
                    let good = bob.finish() == a;
                    time += t.elapsed().as_secs_f64();
                    f += leak as f64 / (n as f64 * h(errors as f64 / n as f64));
                    bad += usize::from(!good);
                }
                println!(
                    "n {n} theta {theta} {round} q {q}: f {:.4} rounds {} bad {bad} cost {:.4} ns/bit {:.1}",
                    f / trials as f64,
                    rounds / trials,
                    (f + rounds as f64 * round as f64 / n as f64 / h(q)) / trials as f64,
                    time * 1e9 / (trials * n) as f64
                );
            }
        }
    }
}

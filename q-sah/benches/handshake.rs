//! The handshake of both ends, beside mutual TLS 1.3 of both ends, full and resumed, in one process
//! without a network.
//!
//! `cargo bench --locked -p q-sah`. First the medians and their ratios, then each by itself.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing
)]

#[path = "handshake/tls.rs"]
mod tls;

use divan::Bencher;
use q_sah::{
    AccountId, End, Ends, Error, GenesisHash, Initiator, Key, KeyId, Keys, Message2, Nonce, Number,
    Numbers, Responder, SaeId, Session, Suite, check_confirmation,
};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use tls::Tls;
use zeroize::Zeroizing;

/// Runs of each, taken in turns, so that other work on the machine meets all alike.
const RUNS: usize = 2_000;

fn main() {
    compare();
    divan::main();
}

fn ends() -> Ends {
    let end =
        |account, sae| End { account: AccountId([account; 32]), sae: SaeId::new(sae).unwrap() };
    Ends::new(GenesisHash([9; 32]), end(1, "sae-meter-17"), end(2, "sae-broker")).unwrap()
}

fn keys(suite: Suite) -> Keys {
    let key = |id: u8| Key::new(KeyId([id; 16]), Zeroizing::new(vec![id; 32]));
    match suite {
        Suite::Hmac => Keys::hmac(key(1)),
        Suite::OneTime => Keys::one_time([key(1), key(2), key(3), key(4)]),
    }
    .unwrap()
}

/// All that both ends and the chain compute, from the keys to two sessions.
fn q_sah(suite: Suite, ends: &Ends) -> Result<(Session, Session), Error> {
    let a = Initiator::open(ends.clone(), keys(suite), Number(1), Nonce([3; 32]))?;
    let mut numbers = Numbers::of(ends.from().account);
    let keys = keys(suite);
    let b = Responder::answer(ends.clone(), a.message1(), keys, Nonce([4; 32]), &mut numbers)?;
    let a = a.confirm(b.message2())?;
    let c = Message2::parse(suite, b.message2())?.confirmation;
    assert!(check_confirmation(&c, a.message3()));
    let b = b.finish(a.message3())?;
    Ok((a.into_session(), b))
}

fn microseconds(run: impl FnOnce()) -> f64 {
    let began = Instant::now();
    run();
    began.elapsed().as_secs_f64() * 1e6
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// A name, and what is done once.
type Run<'a> = (&'a str, Box<dyn FnMut() + 'a>);

fn compare() {
    let (ends, tls) = (ends(), Tls::new());
    let mut runs: [Run<'_>; 4] = [
        ("Q-SAH, HMAC", Box::new(|| drop(black_box(q_sah(Suite::Hmac, &ends))))),
        ("Q-SAH, one-time", Box::new(|| drop(black_box(q_sah(Suite::OneTime, &ends))))),
        ("TLS 1.3, mutual", Box::new(|| tls.full())),
        ("TLS 1.3, resumed", Box::new(|| tls.resumed())),
    ];
    let mut times: [Vec<f64>; 4] = Default::default();
    let end = Instant::now() + Duration::from_secs(20);
    for _ in 0..RUNS {
        for ((_, run), times) in runs.iter_mut().zip(&mut times) {
            times.push(microseconds(run));
        }
        if Instant::now() > end {
            break;
        }
    }
    let medians = times.map(median);
    let [ours, ..] = medians;
    println!("{:<18} {:>14} {:>12}", "both ends", "microseconds", "to Q-SAH");
    for ((name, _), median) in runs.iter().zip(medians) {
        println!("{name:<18} {median:>14.1} {:>12.1}", median / ours);
    }
    println!();
}

#[divan::bench(args = [Suite::Hmac, Suite::OneTime])]
fn handshake(bencher: Bencher<'_, '_>, suite: Suite) {
    let ends = ends();
    bencher.bench_local(|| q_sah(suite, &ends));
}

#[divan::bench]
fn tls_full(bencher: Bencher<'_, '_>) {
    let tls = Tls::new();
    bencher.bench_local(|| tls.full());
}

#[divan::bench]
fn tls_resumed(bencher: Bencher<'_, '_>) {
    let tls = Tls::new();
    bencher.bench_local(|| tls.resumed());
}

/// A reading's frame, sealed and opened.
#[divan::bench(args = [64, 1_024])]
fn frame(bencher: Bencher<'_, '_>, bytes: usize) {
    let (mut a, mut b) = q_sah(Suite::Hmac, &ends()).unwrap();
    let text = vec![7; bytes];
    // A new session when this one has carried all that it may.
    bencher.bench_local(|| {
        let Ok(frame) = a.seal(&text) else {
            (a, b) = q_sah(Suite::Hmac, &ends()).unwrap();
            return;
        };
        black_box(b.open(&frame).unwrap());
    });
}

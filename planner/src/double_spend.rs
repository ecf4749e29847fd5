//! `qedex plan double-spend`
//!
//! BC-ET-MF's eq. 10 as printed tends to 1 with the confirmations, which is an error. Here with
//! p = 1 - q:
//!
//! - C(q, z), the chance to catch up from z blocks behind and get one ahead: 1 if z < 0 or
//!   q >= 1/2, else (q/p)^(z+1);
//! - DS(q, K, n) = 1 - sum over m = 0..K-n of binom(K+m-1, m) p^K q^m (1 - C(q, K-n-m)), with K
//!   confirmations and n pre-mined blocks.
//!
//! With n = 1 it is Rosenfeld's (*Analysis of hashrate-based double-spending*, 2014). It speaks of
//! the suffix that is not finalised; what GRANDPA has finalised is not undone by any number of
//! blocks.

use crate::error::Error;
use clap::{Args, value_parser};
use serde::Serialize;

/// Options of `plan double-spend`.
#[derive(Debug, Args)]
pub struct DoubleSpend {
    /// The attacker's share of the slots, from 0 to 1.
    #[arg(long, value_name = "Q", value_parser = share)]
    q: f64,
    /// K: how many blocks the victim waits for.
    #[arg(long, value_name = "K", value_parser = value_parser!(u32).range(..=1_000_000))]
    confirmations: u32,
    /// n: how many blocks the attacker has written ahead when the payment is made.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(..=1_000_000))]
    premined: u32,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err("not between 0 and 1".into()) }
}

#[derive(Serialize)]
struct Chance {
    /// That the attacker gets ahead of the honest chain.
    probability: f64,
}

/// The probability DS(q, K, n) that a payment with `confirmations` blocks on top is undone.
fn double_spend(q: f64, confirmations: u32, premined: u32) -> f64 {
    let Some(lead) = confirmations.checked_sub(premined) else {
        return 1.0;
    };
    if q >= 0.5 {
        return 1.0;
    }
    if q <= 0.0 {
        return 0.0;
    }
    // The same sum by what it leaves: the attacker writes m blocks while the honest write K, and
    // either is ahead already or catches up. Each term is positive, so that small probabilities
    // keep their digits; logarithms keep the powers from vanishing.
    let p = 1.0 - q;
    let k = f64::from(confirmations);
    let catch_up = (q / p).ln();
    let mut weight = k * p.ln();
    let mut sum = 0.0_f64;
    for m in 0_u32.. {
        let behind = f64::from(lead) - f64::from(m);
        let ahead = behind < 0.0;
        let term = if ahead { weight } else { weight + catch_up * (behind + 1.0) };
        sum += term.exp();
        let growth = (k + f64::from(m)) / (f64::from(m) + 1.0) * q;
        // From here on the terms fall faster than a geometric series with this ratio.
        if ahead && growth < 1.0 && term.exp() * growth / (1.0 - growth) < sum * 1e-17 {
            break;
        }
        if growth <= 0.0 || (ahead && growth < 1.0 && term.exp() == 0.0) {
            break;
        }
        weight += growth.ln();
    }
    sum.min(1.0)
}

/// Prints the probability.
pub fn run(args: &DoubleSpend) -> Result<(), Error> {
    let probability = double_spend(args.q, args.confirmations, args.premined);
    let lines = format!("{:.6} %", probability * 100.0);
    super::print(args.json, &Chance { probability }, &lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(actual: f64, expected: f64, tolerance: f64) {
        assert!((actual - expected).abs() <= tolerance, "{actual} is not {expected}");
    }

    #[test]
    fn one_premined_block_gives_rosenfelds_table() {
        let table = [
            (0.1, [20.0, 5.6, 1.712, 0.546, 0.178, 0.059]),
            (0.2, [40.0, 20.8, 11.584, 6.669, 3.916, 2.331]),
            (0.3, [60.0, 43.2, 32.616, 25.207, 19.762, 15.645]),
        ];
        for (q, percents) in table {
            for (k, percent) in (1..).zip(percents) {
                close(double_spend(q, k, 1) * 100.0, percent, 0.000_501);
            }
        }
    }

    /// The formula as the module states it, term by term.
    fn as_stated(q: f64, k: u32, n: u32) -> f64 {
        let p = 1.0 - q;
        let catch_up = |z: i64| {
            if z < 0 || q >= 0.5 { 1.0 } else { (q / p).powi(z as i32 + 1) }
        };
        let mut binomial = 1.0;
        let mut kept = 0.0;
        for m in 0..=(i64::from(k) - i64::from(n)) {
            let others = 1.0 - catch_up(i64::from(k) - i64::from(n) - m);
            kept += binomial * p.powi(k as i32) * q.powi(m as i32) * others;
            binomial *= (f64::from(k) + m as f64) / (m as f64 + 1.0);
        }
        1.0 - kept
    }

    #[test]
    fn agrees_with_the_formula_as_stated() {
        for q in [0.0, 0.01, 0.1, 0.25, 0.4, 0.49, 0.5, 0.7, 1.0] {
            for k in 0..30 {
                for n in 0..32 {
                    close(double_spend(q, k, n), as_stated(q, k, n), 1e-9);
                }
            }
        }
    }

    #[test]
    fn half_of_the_slots_always_succeed_and_none_never() {
        for k in [1, 6, 1_000_000] {
            assert_eq!(double_spend(0.5, k, 0), 1.0);
            assert_eq!(double_spend(1.0, k, 0), 1.0);
            assert_eq!(double_spend(0.0, k, 1), 0.0);
        }
        assert_eq!(double_spend(0.0, 3, 4), 1.0);
    }

    #[test]
    fn more_confirmations_never_help_the_attacker() {
        for q in [0.05, 0.2, 0.45] {
            let mut before = 1.0;
            for k in 1..200 {
                let now = double_spend(q, k, 1);
                assert!(now <= before && now >= 0.0, "q {q}, K {k}: {now}");
                before = now;
            }
        }
    }

    #[test]
    fn large_numbers_neither_vanish_nor_overflow() {
        close(double_spend(0.1, 1_000_000, 1), 0.0, 1e-300);
        let chance = double_spend(0.499, 10_000, 1);
        assert!((0.5..1.0).contains(&chance), "{chance}");
        assert!(double_spend(0.499_999, 1_000_000, 0).is_finite());
    }
}

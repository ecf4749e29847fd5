//! What a block's own counts say: whether somebody listens, and how long the key is.
//!
//! **Before correction** (the link's model is asked nothing), in this order:
//! 1. errors in Z beyond the QBER limit: the block is discarded and the link closes;
//! 2. the decoy bound of Lim et al. 2014 without its allowances for chance leaves no single photons
//!    in X or in Z: it has collapsed, as when photon numbers are split. The link closes;
//! 3. the bound with its allowances, before any disclosure, leaves no key: the block is too small.
//!    It yields nothing, and the link stays open, unless the phase error rate exceeds its limit
//!    without allowances as well;
//! 4. phi beyond the phase error limit: the link closes.
//!
//! Errors in X are known after correction and held against the QBER limit then.
//!
//! **Both directions of Cascade.** Alice's parities are counted, each once. Bob's messages leak too,
//! and counting Alice's alone is not sound in general (Tupkary and Lütkenhaus 2023,
//! arXiv:2307.00576). As they propose, the whole error pattern W = A xor B of the raw key is taken
//! as announced: everything that Bob says is a function of W and of Alice's parities, so H(A | E,
//! parities, W) is what has to be bounded. `docs/qkms-distillation.md` shows that Lim's term for
//! single photons, s1X (1 - h(phi)), stays right with W known, and that the term for pulses without
//! a photon, s0X, does not: who sends Bob a photon of her own in place of the vacuum and guesses
//! his basis knows his bit, and W turns it into Alice's. So s0X is counted as leaked:
//!
//! leak = Alice's parities + ceil(s0X) + what the verification tag exceeds Lim's term by + what the
//! block's record tells.
//!
//! **The record** of a block ([`records`](crate::records)) holds a hash of each end's raw string, and how
//! often the most common of Alice's bits, of Bob's bits and of his detectors came. Anybody may read
//! it, so all that these numbers can say is counted as told: [`RECORD_BITS`].

use super::{Params, outcome::Reason, verify};
use crate::link::{Bound, Counts, NoKey, binary_entropy, finite};

/// Bits that a block's record may tell of the raw key: two hashes of 256 bits, and three counts of up
/// to [`MAX_DETECTIONS`](super::wire::MAX_DETECTIONS), 25 bits each.
pub const RECORD_BITS: u64 = 2 * 256 + 3 * 25;

/// The share of errors in Z; 0 without a detection.
pub fn qber_z(counts: &Counts) -> f64 {
    ratio(counts.m_z.iter().sum(), counts.n_z.iter().sum())
}

/// `part` of `whole`; 0 of nothing.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Judges a block before correction.
pub fn judge(params: &Params, counts: &Counts) -> Result<Result<Bound, Reason>, NoKey> {
    if qber_z(counts) > params.limits.qber {
        return Ok(Err(Reason::Qber));
    }
    let seen = SinglePhotons::seen(params, counts);
    if counts.n_x.iter().sum::<u64>() > 0 && (seen.x <= 0.0 || seen.z <= 0.0) {
        return Ok(Err(Reason::DecoyCollapse));
    }
    let limit = params.limits.phase_error;
    match bound(params, counts, 0) {
        Ok(bound) if bound.phi > limit => Ok(Err(Reason::PhaseError)),
        Ok(bound) => Ok(Ok(bound)),
        Err(NoKey::TooShort(_) | NoKey::NoSinglePhotons { .. }) => {
            let phase_error = seen.errors_z / seen.z;
            Ok(Err(if phase_error > limit { Reason::PhaseError } else { Reason::TooFewDetections }))
        }
        Err(error) => Err(error),
    }
}

/// Lim's bound of these counts after `leak` bits.
pub fn bound(params: &Params, counts: &Counts, leak: u64) -> Result<Bound, NoKey> {
    let point = &params.point;
    finite::key_length(&point.intensities, &point.probabilities, counts, leak, params.epsilons)
}

/// Bits known to Eve beside what Lim's length subtracts by itself.
pub fn leak(params: &Params, before: &Bound, parities: u64, tag_bits: u32) -> u64 {
    let unpaid = verify::unpaid(params.epsilons.correctness, tag_bits);
    parities + unpaid + before.s0_x.ceil() as u64 + RECORD_BITS
}

/// The least that any correction of `errors` errors in `bits` bits discloses: lg binom(bits,
/// errors), to 1e-6 by Stirling's series.
pub fn least_disclosure(bits: u64, errors: u64) -> f64 {
    let errors = errors.min(bits);
    let ln_factorial = |n: u64| match n {
        0 | 1 => 0.0,
        2..32 => (2..=n).map(|k| (k as f64).ln()).sum(),
        _ => {
            let n = n as f64;
            n * n.ln() - n + (core::f64::consts::TAU * n).ln() / 2.0 + 1.0 / (12.0 * n)
                - 1.0 / (360.0 * n * n * n)
        }
    };
    let choices = ln_factorial(bits) - ln_factorial(errors) - ln_factorial(bits - errors);
    choices / core::f64::consts::LN_2
}

/// Parities over n h(errors / n): the field's efficiency f. `NaN` without errors.
pub fn efficiency(bits: u64, errors: u64, parities: u64) -> f64 {
    parities as f64 / (bits as f64 * binary_entropy(ratio(errors, bits)))
}

/// Lim's equations 2 to 4 at the counts themselves.
struct SinglePhotons {
    x: f64,
    z: f64,
    errors_z: f64,
}

impl SinglePhotons {
    fn seen(params: &Params, counts: &Counts) -> Self {
        let [mu1, mu2, mu3] = params.point.intensities;
        let tau = |photons: i32| -> f64 {
            let terms = params.point.intensities.iter().zip(&params.point.probabilities);
            terms.map(|(mu, p)| p * (-mu).exp() * mu.powi(photons)).sum()
        };
        let scaled = |counts: &[u64; 3]| {
            let mut scaled = [0.0; 3];
            let settings = params.point.intensities.iter().zip(&params.point.probabilities);
            for ((scaled, count), (mu, p)) in scaled.iter_mut().zip(counts).zip(settings) {
                *scaled = mu.exp() / p * *count as f64;
            }
            scaled
        };
        let squares = mu2 * mu2 - mu3 * mu3;
        let single = |counts: &[u64; 3]| {
            let [n1, n2, n3] = scaled(counts);
            let vacuum = ((mu2 * n3 - mu3 * n2) / (mu2 - mu3)).max(0.0);
            tau(1) * mu1 * (n2 - n3 - squares / (mu1 * mu1) * (n1 - vacuum))
                / (mu1 * (mu2 - mu3) - squares)
        };
        let [_, m2, m3] = scaled(&counts.m_z);
        let errors_z = (tau(1) * (m2 - m3) / (mu2 - mu3)).max(0.0);
        Self { x: single(&counts.n_x), z: single(&counts.n_z), errors_z }
    }
}

#[cfg(test)]
mod tests;

//! Finite keys of decoy-state BB84: Lim, Curty, Walenta, Xu, Zbinden, PRA 89, 022307 (2014),
//! equations 1 to 5, out of a block's own counts.
//!
//! - Three intensities mu1 > mu2 + mu3, mu2 > mu3 >= 0. The key is made of X, phase errors are
//!   bounded by the errors seen in Z.
//! - Counts deviate from their expectation by Hoeffding's inequality,
//!   `n±_k = (e^mu_k / p_k) (n_k ± sqrt(n/2 ln(21/eps_sec)))`, n the sum over k: below, a lower
//!   bound may be negative.
//! - `s0` bounds the detections that stem from no photon, `s1` those from one, `v1` the errors
//!   among the latter in Z; `phi` is the phase error rate of X with the deviation of a random
//!   sample (equation 5).
//! - `l = floor(s0X + s1X (1 - h(phi)) - leak - 6 lg(21/eps_sec) - lg(2/eps_cor))`.
//!
//! One departure, towards a shorter key: the sampling term of equation 5 vanishes where no error
//! was seen, so at least one is assumed (`v1 >= 1` inside `phi`).

use thiserror::Error;

use super::parameter::{ParameterError, ensure};

/// Binary entropy h(p) in bits; 0 at and beyond the ends of [0, 1].
pub fn binary_entropy(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 { 0.0 } else { -p * p.log2() - (1.0 - p) * (1.0 - p).log2() }
}

/// Failure probabilities of a key.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Epsilons {
    /// Secrecy, in (0, 1).
    pub secrecy: f64,
    /// Correctness: that both ends hold different keys and do not notice, in (0, 1).
    pub correctness: f64,
}

impl Default for Epsilons {
    /// 1e-9 and 1e-15, those of section IV of the paper.
    fn default() -> Self {
        Self { secrecy: 1e-9, correctness: 1e-15 }
    }
}

/// What two ends counted in one block: detections at which both measured in the same basis, in the
/// order of the intensities.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Detections in X.
    pub n_x: [u64; 3],
    /// Detections in Z.
    pub n_z: [u64; 3],
    /// Errors in Z.
    pub m_z: [u64; 3],
    /// Errors in X, known once they have been corrected; the bound does not need them.
    pub m_x: Option<[u64; 3]>,
}

/// What the decoy method bounds, and the length that follows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Bound {
    /// Lower bound on detections in X of pulses without a photon.
    pub s0_x: f64,
    /// Lower bound on detections in X of pulses of one photon.
    pub s1_x: f64,
    /// The same in Z.
    pub s1_z: f64,
    /// Upper bound on errors in Z of pulses of one photon.
    pub v1_z: f64,
    /// Upper bound on the phase error rate of X's single photons, at most 1/2.
    pub phi: f64,
    /// Secret bits, rounded down; 0 where there are none.
    pub length: u64,
}

/// Why a block yields no key.
#[derive(Clone, Copy, PartialEq, Debug, Error)]
pub enum NoKey {
    /// Intensities, probabilities or epsilons that the bound is not defined for.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// Errors outnumber detections.
    #[error("more errors than detections are counted")]
    Counts,
    /// The decoy bound leaves no single photon: too few counts, or somebody splits photon numbers.
    #[error("the decoy bound leaves no single photons")]
    NoSinglePhotons {
        /// The bound in X.
        s1_x: f64,
        /// The bound in Z.
        s1_z: f64,
    },
    /// What is secret does not exceed what was disclosed and what the proof costs; the bound's
    /// length is 0.
    #[error("disclosure and the proof's cost exceed what is secret")]
    TooShort(Bound),
}

/// The secret length of a block by its own counts, after `leak_bits` were disclosed to correct X.
///
/// `intensities` are mean photon numbers, `probabilities` those of choosing each; their order is
/// that of the counts. Lengths are exact for counts up to 2^53.
pub fn key_length(
    intensities: &[f64; 3],
    probabilities: &[f64; 3],
    counts: &Counts,
    leak_bits: u64,
    eps: Epsilons,
) -> Result<Bound, NoKey> {
    let more = |(errors, all): (&u64, &u64)| errors > all;
    if counts.m_z.iter().zip(&counts.n_z).any(more)
        || counts.m_x.is_some_and(|m_x| m_x.iter().zip(&counts.n_x).any(more))
    {
        return Err(NoKey::Counts);
    }
    let real = |counts: [u64; 3]| counts.map(|count| count as f64);
    length_of(
        intensities,
        probabilities,
        [real(counts.n_x), real(counts.n_z), real(counts.m_z)],
        leak_bits as f64,
        eps,
    )
}

/// [`key_length`] of counts that need not be whole: `[n_x, n_z, m_z]` as expected of a model.
pub(super) fn length_of(
    intensities: &[f64; 3],
    probabilities: &[f64; 3],
    [n_x, n_z, m_z]: [[f64; 3]; 3],
    leak: f64,
    eps: Epsilons,
) -> Result<Bound, NoKey> {
    check(intensities, probabilities)?;
    let open = |eps: f64| eps > 0.0 && eps < 1.0;
    ensure(open(eps.secrecy) && open(eps.correctness), "epsilons lie between 0 and 1")?;
    let decoys = Decoys { mu: intensities, p: probabilities, log: (21.0 / eps.secrecy).ln() };
    let (s0_x, s1_x) = decoys.photons(n_x);
    let (_, s1_z) = decoys.photons(n_z);
    // Written so that a NaN is no key.
    if !(s1_x > 0.0 && s1_z > 0.0) {
        return Err(NoKey::NoSinglePhotons { s1_x, s1_z });
    }
    let v1_z = decoys.single_photon_errors(m_z);
    let seen = v1_z.max(1.0) / s1_z;
    let phi = if seen >= 0.5 {
        0.5
    } else {
        (seen + sampling_deviation(eps.secrecy, seen, s1_z, s1_x)).min(0.5)
    };
    let cost = 6.0 * (21.0 / eps.secrecy).log2() + (2.0 / eps.correctness).log2();
    let secret = (s0_x + s1_x * (1.0 - binary_entropy(phi)) - leak - cost).floor();
    let mut bound = Bound { s0_x, s1_x, s1_z, v1_z, phi, length: 0 };
    if secret > 0.0 {
        bound.length = secret as u64;
        Ok(bound)
    } else {
        Err(NoKey::TooShort(bound))
    }
}

/// What the paper asks of three intensities and the probabilities of their choice.
pub(super) fn check(mu: &[f64; 3], p: &[f64; 3]) -> Result<(), ParameterError> {
    let [mu1, mu2, mu3] = *mu;
    ensure(
        mu1.is_finite() && mu1 > mu2 + mu3 && mu2 > mu3 && mu3 >= 0.0,
        "intensities are mu1 > mu2 + mu3, mu2 > mu3 >= 0",
    )?;
    ensure(
        p.iter().all(|p| *p > 0.0) && (p.iter().sum::<f64>() - 1.0).abs() < 1e-9,
        "probabilities of intensities are above 0 and sum to 1",
    )
}

/// The decoy method of section III for one choice of intensities.
struct Decoys<'a> {
    mu: &'a [f64; 3],
    p: &'a [f64; 3],
    /// ln(21/eps_sec).
    log: f64,
}

impl Decoys<'_> {
    /// tau_j: the probability that a pulse has j photons, for j of 0 and 1.
    fn tau(&self, j: i32) -> f64 {
        self.mu.iter().zip(self.p).map(|(mu, p)| p * (-mu).exp() * mu.powi(j)).sum()
    }

    /// n-_k and n+_k of all three intensities.
    fn range(&self, counts: [f64; 3]) -> [(f64, f64); 3] {
        let deviation = (counts.iter().sum::<f64>() / 2.0 * self.log).sqrt();
        core::array::from_fn(|k| {
            let scale = self.mu[k].exp() / self.p[k];
            (scale * (counts[k] - deviation), scale * (counts[k] + deviation))
        })
    }

    /// s0 and s1, equations 2 and 3: lower bounds on detections of no and of one photon.
    fn photons(&self, counts: [f64; 3]) -> (f64, f64) {
        let [mu1, mu2, mu3] = *self.mu;
        let [(_, upper1), (lower2, upper2), (lower3, upper3)] = self.range(counts);
        let tau0 = self.tau(0);
        let s0 = (tau0 * (mu2 * lower3 - mu3 * upper2) / (mu2 - mu3)).max(0.0);
        let squares = mu2 * mu2 - mu3 * mu3;
        let s1 =
            self.tau(1) * mu1 * (lower2 - upper3 - squares / (mu1 * mu1) * (upper1 - s0 / tau0))
                / (mu1 * (mu2 - mu3) - squares);
        (s0, s1)
    }

    /// v1, equation 4: an upper bound on errors among detections of one photon.
    fn single_photon_errors(&self, errors: [f64; 3]) -> f64 {
        let [_, mu2, mu3] = *self.mu;
        let [_, (_, upper2), (lower3, _)] = self.range(errors);
        (self.tau(1) * (upper2 - lower3) / (mu2 - mu3)).max(0.0)
    }
}

/// gamma(a, b, c, d) of equation 5: how far the rate `b` of a random sample of `c` may lie below
/// that of the other `d`, but for probability `a`.
fn sampling_deviation(a: f64, b: f64, c: f64, d: f64) -> f64 {
    let spread = (c + d) * (1.0 - b) * b / (c * d * core::f64::consts::LN_2);
    let weight = ((c + d) / (c * d * (1.0 - b) * b) * (21.0 / a).powi(2)).log2();
    (spread * weight).sqrt()
}

#[cfg(test)]
mod tests;

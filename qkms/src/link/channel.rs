//! What becomes of a pulse of n photons at given loss, misalignment and eavesdropper: the
//! probabilities that events are drawn with.
//!
//! - Each of n photons reaches a detector with the transmittance t and goes to the wrong one of the
//!   two with the misalignment e: in Bob's basis, if it is the state's; at even odds otherwise.
//! - Either detector has a dark count with probability p_d, 1 - (1 - p_d)^2 = Y0.
//! - So the right one stays silent with (1 - p_d)(1 - t (1 - e))^n, the wrong one with
//!   (1 - p_d)(1 - t e)^n, both with (1 - p_d)^2 (1 - t)^n: whether anything clicks depends
//!   neither on bases nor on bits.
//! - An Eve who splits photon numbers takes the fibre's place: she makes one photon arrive with
//!   certainty, with the probability that [`Splitting`] has for single and for several photons,
//!   and none otherwise. That fills the gain of the brightest intensity as loss would; dark counts
//!   remain Bob's.

use rand_distr::weighted::WeightedAliasIndex;

use super::{eve::Splitting, preset::OperatingPoint};

/// Loss and errors at one moment.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Channel {
    /// From Alice's output to a click, in [0, 1].
    pub transmittance: f64,
    /// Probability that a photon goes to the wrong detector, in [0, 1/2].
    pub misalignment: f64,
    /// Probability that one detector clicks without light.
    pub dark: f64,
    /// Who takes the place of the fibre.
    pub splits: bool,
}

/// Shares of what clicks, given that something does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pattern {
    /// The right detector alone.
    pub right: f64,
    /// The right one alone or the wrong one alone; the rest is a double click.
    pub single: f64,
}

/// Patterns of a pulse of n photons.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patterns {
    /// The state arrives in Bob's basis.
    pub aligned: Pattern,
    /// It arrives in the other one.
    pub crossed: Pattern,
}

/// Whatever can click at a pulse, and how likely.
pub(super) struct Tables {
    /// Probability that light or darkness makes a detector click at a pulse.
    pub click: f64,
    /// Intensity and photon number of pulses, in the order of the two distributions.
    pub pulses: Vec<(u8, u32)>,
    /// Of pulses at which something clicks; `None` where nothing ever does.
    pub clicking: Option<WeightedAliasIndex<f64>>,
    /// Of pulses at which nothing clicks.
    pub silent: Option<WeightedAliasIndex<f64>>,
    /// By photon number.
    pub patterns: Vec<Patterns>,
}

/// Photon numbers less likely than this never occur: a click in 10^10 even where nothing but dark
/// counts of 10^-8 clicks.
const NEGLIGIBLE: f64 = 1e-18;

/// Probabilities of 0, 1, 2, ... photons at a mean of `mu`, as far as they are not negligible.
pub(super) fn photon_numbers(mu: f64) -> impl Iterator<Item = f64> {
    let first = ((-mu).exp(), 1.0);
    core::iter::successors(Some(first), move |(p, n)| Some((p * mu / n, n + 1.0)))
        .take_while(move |(p, n)| *p > NEGLIGIBLE || *n < mu)
        .map(|(p, _)| p)
}

impl Channel {
    /// Transmittance and photon number that take the place of `photons` photons.
    fn arriving(&self, photons: u32, splitting: &Splitting) -> (f64, i32) {
        match photons {
            _ if !self.splits => (self.transmittance, photons as i32),
            0 => (0.0, 0),
            1 => (splitting.single, 1),
            _ => (splitting.several, 1),
        }
    }

    /// Probability of a click and what it looks like.
    fn patterns(&self, (t, photons): (f64, i32)) -> (f64, Patterns) {
        let lit = 1.0 - self.dark;
        let silent = lit * lit * (1.0 - t).powi(photons);
        // 1 - silent would lose the digits of dark counts. No photon at no loss is no light.
        let lost = if photons > 0 { f64::from(photons) * (-t).ln_1p() } else { 0.0 };
        let click = -(2.0 * (-self.dark).ln_1p() + lost).exp_m1();
        let pattern = |e: f64| {
            let right = lit * (1.0 - t * e).powi(photons) - silent;
            let wrong = lit * (1.0 - t * (1.0 - e)).powi(photons) - silent;
            // Where nothing clicks there is nothing to share out.
            let share = |of: f64| if click > 0.0 { of / click } else { 0.0 };
            Pattern { right: share(right), single: share(right + wrong) }
        };
        (click, Patterns { aligned: pattern(self.misalignment), crossed: pattern(0.5) })
    }

    /// How an Eve who splits photon numbers fills the gain of the brightest intensity.
    fn splitting(&self, point: &OperatingPoint) -> Splitting {
        let signal = point.intensities[0];
        Splitting::filling(-(-self.transmittance * signal).exp_m1(), 0.0, signal)
    }

    /// All that events are drawn from.
    pub fn tables(&self, point: &OperatingPoint) -> Tables {
        let splitting = self.splitting(point);
        let (mut clicks, mut patterns) = (Vec::new(), Vec::new());
        for photons in 0..photon_numbers(point.intensities[0]).count() as u32 {
            let (click, pattern) = self.patterns(self.arriving(photons, &splitting));
            clicks.push(click);
            patterns.push(pattern);
        }
        let (mut pulses, mut clicking, mut silent) = (Vec::new(), Vec::new(), Vec::new());
        for (k, (mu, p)) in (0..).zip(point.intensities.iter().zip(&point.probabilities)) {
            for ((photons, weight), click) in (0..).zip(photon_numbers(*mu)).zip(&clicks) {
                pulses.push((k, photons));
                clicking.push(p * weight * click);
                silent.push(p * weight * (1.0 - click));
            }
        }
        Tables {
            click: clicking.iter().sum::<f64>().min(1.0),
            pulses,
            clicking: WeightedAliasIndex::new(clicking).ok(),
            silent: WeightedAliasIndex::new(silent).ok(),
            patterns,
        }
    }
}

#[cfg(test)]
mod tests;

//! What control chooses for a block, and says to the other end.

use codec::{Decode, Encode};

use crate::link::OperatingPoint;

/// All that control may move of a block. Public: it is said when the block begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Setting {
    /// Bits that the block is to have after sifting, on average: the size that its point is for.
    pub sifted_bits: u64,
    /// The operating point: q_x, the probability of each intensity, mean photons of each, as the bits of
    /// IEEE 754 doubles, so that equal ones are equal.
    pub point: [u64; 7],
    /// Pulses of the block.
    pub pulses: u64,
    /// Pulses a second.
    pub pulse_rate: u64,
}

/// Why a setting that the other end says is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SettingError {
    /// No such point, or another one of that size.
    #[error("the operating point is not among those configured")]
    Point,
    /// Slower or faster than configured.
    #[error("the pulse rate is outside of the range configured")]
    Rate,
    /// Fewer or more pulses than a block of this size may have.
    #[error("the block has too few pulses or too many")]
    Pulses,
}

impl Setting {
    /// A block of `pulses` pulses at `pulse_rate` a second.
    pub(super) fn new(
        sifted_bits: u64,
        point: &OperatingPoint,
        pulses: u64,
        pulse_rate: u64,
    ) -> Self {
        Self { sifted_bits, point: encode(point), pulses, pulse_rate }
    }

    /// Its operating point.
    pub fn point(&self) -> OperatingPoint {
        let [q_x, p1, p2, p3, mu1, mu2, mu3] = self.point.map(f64::from_bits);
        OperatingPoint { q_x, probabilities: [p1, p2, p3], intensities: [mu1, mu2, mu3] }
    }

    /// Seconds that the block's pulses take.
    pub fn seconds(&self) -> f64 {
        self.pulses as f64 / self.pulse_rate.max(1) as f64
    }
}

/// A point as a [`Setting`] has it.
pub(super) fn encode(point: &OperatingPoint) -> [u64; 7] {
    let OperatingPoint { q_x, probabilities: [p1, p2, p3], intensities: [mu1, mu2, mu3] } = *point;
    [q_x, p1, p2, p3, mu1, mu2, mu3].map(f64::to_bits)
}

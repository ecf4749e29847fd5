//! What the tests of a block found.

use codec::{Decode, Encode};
use core::fmt;

use super::min_entropy;

/// A noise source of one end.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default, Encode, Decode)]
pub enum Source {
    /// The bit sent, or read.
    #[default]
    Bit,
    /// The basis chosen.
    Basis,
    /// Alice's intensity.
    Intensity,
    /// Which of Bob's detectors clicked: one, the other, or both.
    Detector,
}

impl Source {
    /// Number of its values.
    pub fn values(self) -> u8 {
        match self {
            Self::Bit | Self::Basis => 2,
            Self::Intensity | Self::Detector => 3,
        }
    }

    /// Its name, a fixed word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bit => "bit",
            Self::Basis => "basis",
            Self::Intensity => "intensity",
            Self::Detector => "detector",
        }
    }
}

/// A test that a source failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Encode, Decode)]
pub enum Test {
    /// Repetition count, SP 800-90B 4.4.1.
    Repetition,
    /// Adaptive proportion, SP 800-90B 4.4.2.
    Proportion,
    /// Repetition count over pairs of samples.
    PairRepetition,
    /// Adaptive proportion over pairs of samples.
    PairProportion,
    /// The share of a block's most common value.
    MostCommon,
}

impl Test {
    /// Its name, fixed words.
    pub fn name(self) -> &'static str {
        match self {
            Self::Repetition => "repetition count",
            Self::Proportion => "adaptive proportion",
            Self::PairRepetition => "repetition count of pairs",
            Self::PairProportion => "adaptive proportion of pairs",
            Self::MostCommon => "most common value",
        }
    }
}

/// Which source failed which test.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Failure {
    /// The source.
    pub source: Source,
    /// The test.
    pub test: Test,
    /// Samples of the block up to the alarm.
    pub samples: u64,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, test, samples } = self;
        write!(f, "{}, {} after {samples} samples", source.name(), test.name())
    }
}

/// What was measured of one source in one block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Measured {
    /// The source.
    pub source: Source,
    /// The min-entropy that it claims, in millionths of a bit a sample, rounded down.
    pub claim: u32,
    /// Samples tested.
    pub samples: u64,
    /// Samples of the value that was most common.
    pub most_common: u64,
}

impl Measured {
    /// The min-entropy a sample by the most common value, in bits; SP 800-90B 6.3.1.
    pub fn min_entropy(&self) -> f64 {
        min_entropy(self.samples, self.most_common)
    }
}

/// The health of one end in one block.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode)]
pub struct Health {
    /// Its three sources. Where one failed, up to the alarm.
    pub sources: [Measured; 3],
    /// Whether the start-up test is over, in this block or before.
    pub started: bool,
    /// The first failure.
    pub failure: Option<Failure>,
}

impl Health {
    /// Whether the block's bits may be used: the start-up test is over, and nothing failed.
    pub fn is_sound(&self) -> bool {
        self.started && self.failure.is_none()
    }
}

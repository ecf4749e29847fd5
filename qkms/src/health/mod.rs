//! Health of the noise sources, before amplification hides what is wrong with them: the tests of
//! NIST SP 800-90B on the raw detections and on Alice's choices.
//!
//! | end | [sources](Source), one sample for each click of the block |
//! |---|---|
//! | Alice | bit, basis and intensity of the pulse that made Bob click |
//! | Bob | bit, basis, and the detector that clicked: one, the other, or both |
//!
//! # Rules
//!
//! - Each source [claims](Claims) a min-entropy H per sample, with a reason. Every cut-off follows
//!   from H, a chance alpha and a window by [formula](cutoff); none is configured.
//! - Each source is held to the repetition count test (4.4.1) and the adaptive proportion test
//!   (4.4.2), sample by sample and, with twice the entropy, pair by pair: a source that alternates
//!   has both its values equally often and never repeats one, but it repeats a pair.
//! - The first [`START_UP`] samples of each source are its start-up test (4.3), with tighter
//!   cut-offs; a block with fewer of them gives no key. Testing then goes on from sample to sample
//!   and from block to block.
//! - Of each block and source the share of the most common value is taken, and with it the
//!   min-entropy of 6.3.1. It fails where a source of the claimed entropy would show such a share
//!   with a chance of at most 2^-50.
//! - After a failure nothing of the block is used, the link closes, and a whole start-up test
//!   comes before the next key.
//!
//! `docs/qkms-entropy.md` has the arithmetic of the chances, and what is found how soon.

mod claims;
mod continuous;
pub mod cutoff;
mod entropy;
mod monitor;
mod report;

pub use claims::Claims;
pub use cutoff::Alpha;
pub use entropy::min_entropy;
pub use monitor::Monitor;
pub use report::{Failure, Health, Measured, Source, Test};

/// Samples of the start-up test, of each source.
pub const START_UP: u64 = 1024;

/// The chances at which tests raise a false alarm: one a sample for the repetition count, one a
/// window for the adaptive proportion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chances {
    /// Of the repetition count test, a sample.
    pub repetition: Alpha,
    /// Of the adaptive proportion test, a window.
    pub proportion: Alpha,
}

/// Of the start-up test: a sound link fails it once in 33 million times.
pub const STARTING: Chances = Chances { repetition: Alpha(40), proportion: Alpha(30) };

/// Of the tests that always run. At 10^7 detections a second, more than any preset's detectors
/// give, both ends together close a sound link once in 110 years.
pub const RUNNING: Chances = Chances { repetition: Alpha(60), proportion: Alpha(50) };

/// Of the share of a block's most common value, a block.
pub const MOST_COMMON: Alpha = Alpha(50);

#[cfg(test)]
mod tests;

//! From detections to secret bits: what the two ends of a link do with a block, over a classical
//! channel that anybody may read and nobody can change unnoticed.
//!
//! | step | from | to | file |
//! |---|---|---|---|
//! | announcement of clicks | Bob | Alice | [`sift`] |
//! | sifting, parameter estimation | Alice | Bob | [`sift`], [`estimate`] |
//! | parities of all blocks; then questions and answers | Alice, both | both | [`cascade`] |
//! | errors found | Bob | Alice | |
//! | verification tag, length, Toeplitz seed | Alice | Bob | [`verify`], [`toeplitz`] |
//! | acceptance | Bob | Alice | |
//!
//! Either may end a block instead, with a [`Reason`]; one whose noise sources are sick
//! [refuses](refuse_as_bob) it before it has told anything. Rules:
//!
//! - Every number comes from this block's counts; the link's model is never asked.
//! - Every message carries a tag under fresh key ([`auth`]).
//! - The length is Lim's bound of the counts observed, less the parities really told and what
//!   [`estimate`] says besides. A block whose length does not exceed the key that its tags took
//!   yields nothing.
//! - What is not key at the end is wiped: raw keys, corrected keys, tag keys, whatever the outcome.
//! - [`alice`] and [`bob`] block; run each on a thread of its own, or in a process of its own.

pub mod auth;
pub mod cascade;
pub mod entropy;
pub mod estimate;
pub mod sift;
pub mod toeplitz;
pub mod transport;
pub mod verify;
pub mod wire;

mod alice;
mod bob;
mod outcome;
mod refusal;
mod session;

pub use alice::alice;
pub use auth::{Channel, ChannelError, Direction, TagKeys, TagKeysSpent};
pub use bob::bob;
pub use entropy::{Entropy, EntropyError, OsEntropy};
pub use outcome::{Accounts, Discarded, Error, Outcome, Reason, SecretBlock};
pub use refusal::{refuse_as_alice, refuse_as_bob};
pub use transport::{Framed, InProcess, Transport, TransportError};

use crate::link::{Counts, Epsilons, OperatingPoint};

/// What both parties agree on beforehand. Public.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Params {
    /// Intensities, their probabilities and the basis bias that the source runs with.
    pub point: OperatingPoint,
    /// Failure probabilities of the key.
    pub epsilons: Epsilons,
    /// Where a block is discarded and the link closes.
    pub limits: Limits,
}

/// Rates at which a block is discarded and its link closes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// Largest QBER in X or Z, in (0, 1/2].
    pub qber: f64,
    /// Largest phi, the bound on the phase error rate of X's single photons, in (0, 1/2].
    pub phase_error: f64,
}

impl Default for Limits {
    /// 8 % and 20 %. Honest blocks of the presets' operating points show up to 3.4 % (and 6.3 % at
    /// the far end of `gys`) and a phi of up to 8.1 %; key ends at some 11 %.
    fn default() -> Self {
        Self { qber: 0.08, phase_error: 0.2 }
    }
}

impl Params {
    /// Refuses what the bound is not defined for, or would never hold.
    pub fn check(&self) -> Result<(), Error> {
        self.point.check().map_err(|error| Error::Parameter(error.to_string()))?;
        let rate = |rate: f64| rate > 0.0 && rate <= 0.5;
        if !rate(self.limits.qber) || !rate(self.limits.phase_error) {
            return Err(Error::Parameter("limits lie in (0, 1/2]".into()));
        }
        let probability = |epsilon: f64| epsilon > 0.0 && epsilon < 1.0;
        let Epsilons { secrecy, correctness } = self.epsilons;
        if !probability(secrecy) || !probability(correctness) || correctness < 1e-30 {
            return Err(Error::Parameter(
                "epsilons lie between 0 and 1, that of correctness not below 1e-30".into(),
            ));
        }
        Ok(())
    }
}

impl Accounts {
    fn new(params: &Params, pulses: u64) -> Self {
        Self {
            pulses,
            detections: 0,
            counts: Counts::default(),
            parities: 0,
            verification_bits: 0,
            leak: 0,
            tag_bits: 0,
            epsilons: params.epsilons,
            bound: None,
            length: 0,
            transcript: [0; 32],
            seeds: [[0; 32]; 3],
        }
    }
}

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

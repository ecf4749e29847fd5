//! Blocks of a simulated quantum link, distilled by the real post-processing.
//!
//! Photons, fibre and detectors are simulated at Alice's end. What Bob's detectors saw goes to
//! Bob's end over a channel that stands for the fibre; the two ends then exchange classical
//! messages over another one. Each block has channels of its own.
//!
//! A block takes the time that its pulses take at the device's pulse rate: the next is not begun
//! before.

use std::{
    io,
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::{
    maker::{BlockMaker, Made, MakeError, Report},
    seed::Seed,
};
use crate::{
    distil::{
        self, Accounts, Entropy, EntropyError, OsEntropy, Outcome, Params, TagKeys, Transport,
    },
    link::{BobBlock, Link},
};

/// The two channels of one block.
pub struct Opened {
    /// Stands for the fibre: from Alice's end to Bob's only.
    pub quantum: Box<dyn Transport + Send>,
    /// The classical channel.
    pub classical: Box<dyn Transport + Send>,
}

/// Opens the channels of a block at one end. Blocks until the other end opens them too.
pub trait Channels: Send + 'static {
    /// Opens the channels of block `block`.
    ///
    /// # Errors
    ///
    /// The other end does not, in time.
    fn open(&mut self, block: u64) -> io::Result<Opened>;
}

/// Alice's end: the source, and the simulation of everything up to Bob's detectors.
pub struct Alice<C> {
    link: Link,
    pulses: u64,
    params: Params,
    entropy: Randomness,
    channels: C,
    /// When the pulses of the last block have all been sent.
    due: Option<Instant>,
}

impl<C: Channels> Alice<C> {
    /// An end that sends `pulses` pulses for each block. With a seed its random choices are
    /// repeatable.
    pub fn new(link: Link, pulses: u64, params: Params, seed: Option<Seed>, channels: C) -> Self {
        let entropy =
            seed.map_or(Randomness::System(OsEntropy), |seed| Randomness::Seeded(seed, 0));
        Self { link, pulses, params, entropy, channels, due: None }
    }
}

impl<C: Channels> BlockMaker for Alice<C> {
    fn make(&mut self, block: u64, keys: &mut dyn TagKeys) -> Result<Made, MakeError> {
        let Opened { mut quantum, mut classical } =
            self.channels.open(block).map_err(MakeError::new)?;
        let seconds = self.pulses as f64 / self.link.parameters().device.pulse_rate;
        let duration = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        self.due = Instant::now().checked_add(duration);
        let (own, bobs) = self.link.block(self.pulses);
        quantum.send(&bobs.encode()).map_err(MakeError::new)?;
        drop(bobs);
        let params = &self.params;
        let outcome = distil::alice(block, own, params, &mut *classical, keys, &mut self.entropy);
        outcome.map(made).map_err(MakeError::new)
    }

    fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// Bob's end: what its detectors saw.
pub struct Bob<C> {
    params: Params,
    channels: C,
}

impl<C: Channels> Bob<C> {
    /// Bob's end.
    pub fn new(params: Params, channels: C) -> Self {
        Self { params, channels }
    }
}

impl<C: Channels> BlockMaker for Bob<C> {
    fn make(&mut self, block: u64, keys: &mut dyn TagKeys) -> Result<Made, MakeError> {
        let Opened { mut quantum, mut classical } =
            self.channels.open(block).map_err(MakeError::new)?;
        let detections = Zeroizing::new(quantum.receive().map_err(MakeError::new)?);
        let own = BobBlock::decode(&detections).map_err(MakeError::new)?;
        drop(detections);
        let outcome = distil::bob(block, own, &self.params, &mut *classical, keys);
        outcome.map(made).map_err(MakeError::new)
    }
}

fn made(outcome: Outcome) -> Made {
    match outcome {
        Outcome::Key(key) => Made::Key {
            bytes: key.bits.to_bytes(),
            bits: key.bits.len() as u64,
            report: report(&key.accounts),
        },
        Outcome::Discarded(discarded) => Made::Discarded {
            reason: word(discarded.reason),
            closes_link: discarded.closes_link(),
            report: report(&discarded.accounts),
        },
    }
}

fn report(accounts: &Accounts) -> Report {
    let sum = |counts: &[u64; 3]| counts.iter().sum::<u64>();
    let (errors, sifted) = match &accounts.counts.m_x {
        Some(m_x) => (sum(m_x), sum(&accounts.counts.n_x)),
        None => (sum(&accounts.counts.m_z), sum(&accounts.counts.n_z)),
    };
    Report {
        pulses: accounts.pulses,
        detections: accounts.detections,
        qber: (sifted > 0).then(|| errors as f64 / sifted as f64),
        phase_error: accounts.bound.map(|bound| bound.phi),
        disclosed: accounts.leak,
    }
}

fn word(reason: distil::Reason) -> &'static str {
    match reason {
        distil::Reason::Qber => "qber",
        distil::Reason::PhaseError => "phase error",
        distil::Reason::DecoyCollapse => "decoy collapse",
        distil::Reason::TooFewDetections => "too few detections",
        distil::Reason::CostExceedsLength => "cost exceeds length",
        distil::Reason::Verification => "verification",
    }
}

enum Randomness {
    System(OsEntropy),
    Seeded(Seed, u64),
}

impl Entropy for Randomness {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        match self {
            Self::System(system) => system.fill(bytes),
            Self::Seeded(seed, count) => {
                *count += 1;
                seed.fill("post-processing", *count, bytes);
                Ok(())
            }
        }
    }
}

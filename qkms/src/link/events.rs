//! A link, event by event: what two ends get to see of each block of pulses.
//!
//! The bits of Alice's modulators and of double clicks are raw key, so that all that is drawn here
//! comes from ChaCha20 under a seed of the operating system. After each block the generator is
//! keyed anew from its own output and fresh bytes of the operating system: what is in memory later
//! does not tell earlier bits.

use chacha20::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use thiserror::Error;
use zeroize::Zeroizing;

use super::{
    AliceBlock, BobBlock, Choice, Detection, ParameterError, parameter::ensure, sampler::Sampler,
    setup::LinkParameters,
};

/// Detections that room is kept for from the start: half a gigabyte.
const MOST_RESERVED: f64 = (1 << 24) as f64;

/// Why there is no link.
#[derive(Debug, Error)]
pub enum LinkError {
    /// A parameter outside of its range.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The operating system has no random bytes.
    #[error("the operating system gives no random bytes: {0}")]
    Random(getrandom::Error),
}

/// A running link. Time is what its pulses take: it goes on from block to block, and so do dead
/// time, afterpulses and drift.
pub struct Link {
    sampler: Sampler,
    rng: ChaCha20Rng,
    /// Repeatable: nothing of the operating system goes into the generator.
    seeded: bool,
}

impl Link {
    /// A link that comes up. With a `seed` everything that it ever gives is repeatable, and no key
    /// of it is secret.
    pub fn new(parameters: LinkParameters, seed: Option<[u8; 32]>) -> Result<Self, LinkError> {
        parameters.check()?;
        let mut key = Zeroizing::new(seed.unwrap_or_default());
        if seed.is_none() {
            getrandom::fill(key.as_mut()).map_err(LinkError::Random)?;
        }
        let rng = ChaCha20Rng::from_seed(*key);
        Ok(Self { sampler: Sampler::new(parameters), rng, seeded: seed.is_some() })
    }

    /// Sends `pulses` pulses, and gives each end its own. Memory grows with the detections: 32
    /// bytes each.
    pub fn block(&mut self, pulses: u64) -> (AliceBlock, BobBlock) {
        let first = self.sampler.pulses();
        let expected = self.sampler.expected(pulses);
        // Six standard deviations and the afterpulses of every preset, so that a block hardly ever
        // has to move to a larger place; bounded, because it need not come to so many.
        let capacity = (1.05 * expected + 6.0 * expected.sqrt()).min(MOST_RESERVED) as usize + 16;
        let (mut alice, mut bob) = (AliceBlock::empty(capacity), BobBlock::empty(capacity));
        (alice.pulses, bob.pulses) = (pulses, pulses);
        while let Some(event) = self.sampler.next(first.saturating_add(pulses), &mut self.rng) {
            let pulse = event.pulse - first;
            alice.push(Choice {
                pulse,
                basis: event.sent_basis,
                bit: event.sent_bit,
                intensity: event.intensity,
            });
            let (basis, bit, double) = (event.basis, event.bit, event.double);
            bob.push(Detection { pulse, basis, bit, double });
        }
        self.rekey();
        (alice, bob)
    }

    /// Puts the generator where its earlier output cannot be told from its state.
    fn rekey(&mut self) {
        let mut key = Zeroizing::new([0; 32]);
        self.rng.fill_bytes(key.as_mut());
        let mut fresh = Zeroizing::new([0; 32]);
        // Without fresh bytes the generator's own output is as good a key as the one before.
        if !self.seeded && getrandom::fill(fresh.as_mut()).is_ok() {
            key.iter_mut().zip(fresh.iter()).for_each(|(key, fresh)| *key ^= fresh);
        }
        self.rng = ChaCha20Rng::from_seed(*key);
    }

    /// What the link is made of at present.
    pub fn parameters(&self) -> &LinkParameters {
        self.sampler.parameters().0
    }

    /// Goes on with other parameters and `excess_loss` dB beside the fibre's loss, from the next
    /// block on. The detectors keep their state and the drift its deviation.
    pub fn configure(
        &mut self,
        parameters: LinkParameters,
        excess_loss: f64,
    ) -> Result<(), ParameterError> {
        parameters.check()?;
        ensure((0.0..=1e3).contains(&excess_loss), "excess loss is 0 to 1000 dB")?;
        self.sampler.configure(parameters, excess_loss);
        Ok(())
    }

    /// Loss in dB beside the fibre's.
    pub fn excess_loss(&self) -> f64 {
        self.sampler.parameters().1
    }
}

#[cfg(test)]
mod tests;

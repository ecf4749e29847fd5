//! Links, keys and channels for tests.

use super::*;
use crate::link::{AliceBlock, BobBlock, Eavesdropper, Link, LinkParameters, Preset};
use chacha20::{
    ChaCha8Rng,
    rand_core::{Rng, SeedableRng},
};
use std::thread;
use zeroize::Zeroizing;

/// Repeatable random numbers.
pub struct Seeded(pub ChaCha8Rng);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }
}

impl Entropy for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

/// Tag keys of one party, with a limit in bytes and a count of what was taken.
pub struct Keys {
    streams: [ChaCha8Rng; 2],
    pub left: usize,
    pub taken: usize,
}

impl Keys {
    /// Sources of one `seed` give the same streams.
    pub fn new(seed: u64, left: usize) -> Self {
        let stream = |direction| ChaCha8Rng::seed_from_u64(2 * seed + direction);
        Self { streams: [stream(0), stream(1)], left, taken: 0 }
    }

    pub fn plenty(seed: u64) -> Self {
        Self::new(seed, usize::MAX)
    }
}

impl TagKeys for Keys {
    fn take(
        &mut self,
        direction: Direction,
        bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, TagKeysSpent> {
        self.left = self.left.checked_sub(bytes).ok_or(TagKeysSpent)?;
        self.taken += bytes;
        let mut key = Zeroizing::new(vec![0; bytes]);
        self.streams[direction as usize].fill_bytes(&mut key);
        Ok(key)
    }
}

pub type Results = (Result<Outcome, Error>, Result<Outcome, Error>);

/// Both runs on one block, over `transports`.
pub fn run(
    number: u64,
    (alice_block, bob_block): (AliceBlock, BobBlock),
    params: &Params,
    (mut to_bob, mut to_alice): (impl Transport + Send, impl Transport + Send),
) -> Results {
    let mut entropy = Seeded::new(number ^ 0x5eed);
    thread::scope(|scope| {
        let bob = scope.spawn(move || {
            bob::bob(number, bob_block, params, &mut to_alice, &mut Keys::plenty(number))
        });
        let mut keys = Keys::plenty(number);
        let alice = alice::alice(number, alice_block, params, &mut to_bob, &mut keys, &mut entropy);
        drop(to_bob);
        (alice, bob.join().unwrap())
    })
}

/// The smallest operating point of `preset`, and its pulses per sifted bit at 10 km.
pub fn params(preset: Preset) -> Params {
    let (_, point) = preset.operating_points()[0];
    Params { point, epsilons: Epsilons::default(), limits: Limits::default() }
}

/// A seeded link without dead time, so that few pulses make many detections.
pub fn link(preset: Preset, km: f64, eve: Option<Eavesdropper>, seed: u8) -> Link {
    let mut device = preset.device();
    device.dead_time = 0.0;
    let point = params(preset).point;
    let parameters = LinkParameters { device, point, km, eve, drift: None };
    Link::new(parameters, Some([seed; 32])).unwrap()
}

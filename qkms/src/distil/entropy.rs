//! Where the parties' random choices come from: Toeplitz seeds, hash keys, shuffles.

use zeroize::Zeroizing;

/// A source of uniformly random bytes.
pub trait Entropy {
    /// Fills `bytes`, all or none.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The source failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the source of random numbers failed")]
pub struct EntropyError;

/// The operating system's generator: the one that keys may rest on.
#[derive(Clone, Copy, Default, Debug)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}

/// `N` random bytes.
pub(super) fn draw<const N: usize>(
    entropy: &mut dyn Entropy,
) -> Result<Zeroizing<[u8; N]>, EntropyError> {
    let mut bytes = Zeroizing::new([0; N]);
    entropy.fill(&mut *bytes)?;
    Ok(bytes)
}

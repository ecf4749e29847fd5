//! What a seed makes repeatable, for tests and demonstrations only.

use chacha20::{
    ChaCha20,
    cipher::{KeyIvInit, StreamCipher},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A seed of one KME. With it every key is predictable: a configuration has to say `insecure`.
pub struct Seed([u8; 32]);

impl Seed {
    /// The seed of a KME, or of a link's end: different for different names.
    pub fn new(seed: u64, name: &str) -> Self {
        Self(digest(&[b"qkms/seed", &seed.to_le_bytes(), name.as_bytes()]))
    }

    /// Fills `bytes`, differently for each use and number.
    pub fn fill(&self, usage: &str, number: u64, bytes: &mut [u8]) {
        let key = digest(&[b"qkms/fill", &self.0, &number.to_le_bytes(), usage.as_bytes()]);
        bytes.fill(0);
        ChaCha20::new(&key.into(), &[0; 12].into()).apply_keystream(bytes);
    }

    /// A UUID, a different one for each use and number.
    pub fn uuid(&self, usage: &str, number: u64) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(usage, number, &mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }

    /// 32 bytes, different ones for each use.
    pub fn derive(&self, usage: &str) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.fill(usage, 0, &mut bytes);
        bytes
    }
}

fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

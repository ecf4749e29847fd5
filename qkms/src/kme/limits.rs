//! How much one request may ask for.

/// What a peer's reservation, or its order to relay keys, may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most keys.
    pub keys: u64,
    /// The most slaves.
    pub slaves: u64,
    /// The least and the largest number of bytes of a key.
    pub len: (u64, u64),
}

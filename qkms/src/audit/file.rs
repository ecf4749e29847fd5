//! The file of an audit, as bytes.
//!
//! `qkms/audit/1` and a line feed, the SCALE encoding of an [`AuditFile`], and SHA-256 of all that.

use codec::{Decode, DecodeAll, Encode};
use sha2::{Digest, Sha256};

use super::Challenge;
use crate::records::{Keys, PublicKey, Signed};

const MAGIC: &[u8] = b"qkms/audit/1\n";

/// An epoch's records, and its sacrificed block opened whole. Nothing in it is secret any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuditFile {
    /// The KME at the transmitter.
    pub alice: String,
    /// The KME at the receiver.
    pub bob: String,
    /// The key by which Alice's KME signs.
    pub alice_key: PublicKey,
    /// The key by which Bob's KME signs.
    pub bob_key: PublicKey,
    /// All records of the epoch.
    pub records: Vec<Signed>,
    /// The challenge.
    pub challenge: Challenge,
    /// The number of the block that was picked.
    pub block: u64,
    /// Alice's raw string, as her record hashes it.
    pub alice_raw: Vec<u8>,
    /// Bob's raw string.
    pub bob_raw: Vec<u8>,
    /// All classical messages, each after its header.
    pub messages: Vec<u8>,
    /// The key that Alice's end had.
    pub key_at_alice: Vec<u8>,
    /// The key that Bob's end had.
    pub key_at_bob: Vec<u8>,
}

/// Why bytes are no audit file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// They do not begin as one.
    #[error("this is no audit file of version 1")]
    Kind,
    /// Their hash is not the one at their end.
    #[error("the file was cut or altered: its hash is another one")]
    Altered,
    /// They hold something else.
    #[error("the file cannot be read: it holds something else than an audit")]
    Content,
}

impl AuditFile {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        self.encode_to(&mut bytes);
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        let content = bytes.strip_prefix(MAGIC).ok_or(FileError::Kind)?;
        let (mut content, hash) = content.split_last_chunk::<32>().ok_or(FileError::Altered)?;
        let hashed = bytes.get(..bytes.len() - 32).unwrap_or_default();
        if *Sha256::digest(hashed) != *hash {
            return Err(FileError::Altered);
        }
        Self::decode_all(&mut content).map_err(|_| FileError::Content)
    }

    /// The keys that it names.
    pub fn keys(&self) -> Keys {
        Keys { alice: self.alice_key, bob: self.bob_key }
    }
}

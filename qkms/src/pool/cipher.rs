//! The encryption of block bytes at rest.
//!
//! ChaCha20 (RFC 8439) under a key of the store's own, with the block's number as nonce: a number is used
//! for one block only. What is kept of a block for an audit has nonces of its own. Stores that share a key
//! file have different keys, which follow from the file's and from the names of the stores. Encryption
//! keeps key bytes out of the database's cache and of the file's unused pages; whoever has both the key
//! file and the store has the keys.

use std::{
    ffi::OsStr,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{MetadataExt, OpenOptionsExt},
    },
    path::Path,
};

use chacha20::{
    ChaCha20,
    cipher::{KeyIvInit, StreamCipher, StreamCipherSeek},
};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The key of a store.
pub struct StoreKey(Zeroizing<[u8; 32]>);

impl StoreKey {
    /// Reads the key file; none if it is missing.
    ///
    /// # Errors
    ///
    /// A file that others than its owner may read, that has another length than 32 bytes, or that
    /// cannot be read.
    pub fn read(path: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.mode() & 0o077 != 0 => {
                return Err(io::Error::other("the file's mode must be 0600"));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let bytes = Zeroizing::new(fs::read(path)?);
        let mut key = Zeroizing::new([0u8; 32]);
        if bytes.len() != key.len() {
            return Err(io::Error::other("the file must have 32 bytes"));
        }
        key.copy_from_slice(&bytes);
        Ok(Some(Self(key)))
    }

    /// Reads the key file, or makes one with a key of the operating system's generator.
    ///
    /// # Errors
    ///
    /// Those of [`Self::read`], and a file that cannot be made.
    pub fn open(path: &Path) -> io::Result<Self> {
        if let Some(key) = Self::read(path)? {
            return Ok(key);
        }
        let mut key = Zeroizing::new([0u8; 32]);
        getrandom::fill(&mut *key).map_err(io::Error::other)?;
        let draft = path.with_extension("new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(&*key)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(Self(key))
    }

    /// The key of the store in a file of that name: SHA-256 of a prefix, this key and the name.
    pub(super) fn of_store(&self, name: &OsStr) -> Self {
        let mut digest = Sha256::new_with_prefix(b"qkms/store key/1");
        digest.update(self.0.as_slice());
        digest.update(name.as_bytes());
        let mut key = Zeroizing::new([0u8; 32]);
        digest.finalize_into((&mut *key).into());
        Self(key)
    }

    /// What tells this key from others, and nothing else of it.
    pub(super) fn check(&self) -> [u8; 32] {
        Sha256::new_with_prefix(b"qkms/store check/1")
            .chain_update(self.0.as_slice())
            .finalize()
            .into()
    }

    /// Its bytes, for who seals otherwise than the pools do.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Encrypts or decrypts what is kept of block `block` until its epoch is closed; its nonce is none
    /// of a block's bytes.
    pub(super) fn apply_opening(&self, block: u64, bytes: &mut [u8]) {
        self.stream(1, block, 0, bytes);
    }

    /// Encrypts or decrypts bytes of block `block` that begin at byte `offset`.
    pub(super) fn apply(&self, block: u64, offset: u64, bytes: &mut [u8]) {
        self.stream(0, block, offset, bytes);
    }

    fn stream(&self, kind: u8, block: u64, offset: u64, bytes: &mut [u8]) {
        let mut nonce = [0u8; 12];
        nonce[0] = kind;
        nonce[4..].copy_from_slice(&block.to_le_bytes());
        let mut cipher = ChaCha20::new((&*self.0).into(), (&nonce).into());
        cipher.seek(offset);
        cipher.apply_keystream(bytes);
    }
}

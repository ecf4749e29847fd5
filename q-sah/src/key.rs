//! Keys of the key service, before their use.

use crate::Error;
use alloc::{boxed::Box, vec::Vec};
use core::fmt;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of a key of the handshake: 256 bits.
pub const KEY_BYTES: usize = 32;
/// Keys that a session of the one-time suite takes: one a message, and one for its traffic.
pub const ONE_TIME_KEYS: usize = 4;

/// How the three messages of a handshake are authenticated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Suite {
    /// HMAC-SHA-256 under keys that HKDF derives from one key of the key service. Tags of 32 bytes.
    Hmac,
    /// One-time Poly1305, each message under a key of its own, which nothing else uses. Tags of 16 bytes.
    OneTime,
}

impl Suite {
    /// How a message names it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Hmac => 1,
            Self::OneTime => 2,
        }
    }

    /// The suite of this name.
    ///
    /// # Errors
    ///
    /// [`Error::Suite`] if there is none.
    pub const fn from_code(code: u8) -> Result<Self, Error> {
        match code {
            1 => Ok(Self::Hmac),
            2 => Ok(Self::OneTime),
            _ => Err(Error::Suite),
        }
    }

    /// Keys of [`KEY_BYTES`] that a session takes.
    pub const fn keys(self) -> usize {
        match self {
            Self::Hmac => 1,
            Self::OneTime => ONE_TIME_KEYS,
        }
    }

    /// Bytes of a tag.
    pub const fn tag_bytes(self) -> usize {
        match self {
            Self::Hmac => 32,
            Self::OneTime => 16,
        }
    }
}

/// The name of a key at the key service: a UUID, in the order of its text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub struct KeyId(pub [u8; 16]);

/// A key as the key service delivered it. It is wiped on drop, is not copied, and prints nothing.
pub struct Key {
    id: KeyId,
    bytes: Zeroizing<Vec<u8>>,
}

impl Key {
    /// Takes a key.
    pub fn new(id: KeyId, bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { id, bytes }
    }

    /// Its name.
    pub fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key, if it has the length of those of a handshake.
    pub(crate) fn secret(&self) -> Result<Secret, Error> {
        Secret::of(&self.bytes).ok_or(Error::KeyLength)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Key(..)")
    }
}

/// The keys of one session, wiped on drop.
pub struct Keys {
    suite: Suite,
    keys: Vec<(KeyId, Secret)>,
}

impl Keys {
    /// The key of a session of [`Suite::Hmac`].
    ///
    /// # Errors
    ///
    /// [`Error::KeyLength`] if it has not [`KEY_BYTES`].
    pub fn hmac(key: Key) -> Result<Self, Error> {
        Self::of(Suite::Hmac, &[key])
    }

    /// The keys of a session of [`Suite::OneTime`], in the order of the messages, the one for the
    /// traffic last.
    ///
    /// # Errors
    ///
    /// [`Error::KeyLength`] if one has not [`KEY_BYTES`]; [`Error::KidRepeated`] if two have the same
    /// name; [`Error::KeyRepeated`] if two have the same bytes.
    pub fn one_time(keys: [Key; ONE_TIME_KEYS]) -> Result<Self, Error> {
        Self::of(Suite::OneTime, &keys)
    }

    fn of(suite: Suite, keys: &[Key]) -> Result<Self, Error> {
        for (position, key) in (1_usize..).zip(keys) {
            for other in keys.iter().skip(position) {
                if key.id == other.id {
                    return Err(Error::KidRepeated);
                }
                if key.bytes.ct_eq(&other.bytes).into() {
                    return Err(Error::KeyRepeated);
                }
            }
        }
        let keys = keys.iter().map(|key| Ok((key.id, key.secret()?)));
        Ok(Self { suite, keys: keys.collect::<Result<_, Error>>()? })
    }

    /// Their suite.
    pub fn suite(&self) -> Suite {
        self.suite
    }

    /// Their names, in order.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.keys.iter().map(|(id, _)| *id)
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> + '_ {
        self.keys.iter().map(|(_, secret)| secret)
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Keys(..)")
    }
}

/// Thirty-two secret bytes on the heap, where a move leaves no copy behind. Wiped on drop.
pub(crate) struct Secret(Box<[u8; KEY_BYTES]>);

impl Secret {
    pub fn zero() -> Self {
        Self(Box::new([0; KEY_BYTES]))
    }

    pub fn of(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; KEY_BYTES] = bytes.try_into().ok()?;
        let mut secret = Self::zero();
        secret.0.copy_from_slice(bytes);
        Some(secret)
    }

    pub fn copy(&self) -> Self {
        let mut secret = Self::zero();
        secret.0.copy_from_slice(self.bytes());
        secret
    }

    pub fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    pub fn bytes_mut(&mut self) -> &mut [u8; KEY_BYTES] {
        &mut self.0
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

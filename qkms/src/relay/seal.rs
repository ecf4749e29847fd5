//! How keys are hidden and proven on their way.
//!
//! - **Pad.** Salt and keys are XORed with as many bytes of the link's key, which are used for nothing
//!   else. Who does not know the pad learns nothing, whatever he can compute.
//! - **Tag.** POLYVAL under 16 fresh bytes of the link's key, of the whole message and its length, XOR 16
//!   more (Wegman and Carter 1981). A message that was altered or invented passes with a chance of
//!   at most (L + 1) 2^-128, L its blocks of 16 bytes. The line is mutual TLS besides.
//! - **Signatures.** Ed25519 (RFC 8032) of origin and target over the order and a SHA-256 of salt and
//!   keys. They hold against whoever cannot compute discrete logarithms or find collisions now;
//!   nothing that is secret later rests on them. Nobody is shown the hash itself; whoever could compute
//!   anything could test guesses of salt and keys against a signature, and 48 bytes of salt leave
//!   about 2^128 salts that fit any keys.

use std::{io, path::Path};

use codec::Encode;
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use polyval::{
    Polyval,
    universal_hash::{KeyInit, UniversalHash},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::{ExtKeys, Order, TAG_KEY_BYTES};
use crate::{
    pool::{Pad, cipher::StoreKey},
    records::{Hash, PublicKey, Signature},
};

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statement {
    /// By the origin: these are the keys.
    Sent(Hash),
    /// By the target: these keys are held.
    Held(Hash),
    /// By the origin: no key of this order may be told.
    Void,
}

impl Statement {
    fn covered(self, order: &Order) -> Vec<u8> {
        let (domain, hash): (&[u8], _) = match self {
            Self::Sent(hash) => (b"qkms/relay/1/sent", hash),
            Self::Held(hash) => (b"qkms/relay/1/held", hash),
            Self::Void => (b"qkms/relay/1/void", Hash::default()),
        };
        let mut bytes = domain.to_vec();
        bytes.extend_from_slice(&hash);
        order.encode_to(&mut bytes);
        bytes
    }

    /// Whether `signature` is of this statement by `key`.
    pub fn holds(self, order: &Order, key: &PublicKey, signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        VerifyingKey::from_bytes(key)
            .is_ok_and(|key| key.verify_strict(&self.covered(order), &signature).is_ok())
    }
}

/// The private key by which a KME signs as origin and as target. Wiped on drop.
pub struct RelayKey(SigningKey);

impl RelayKey {
    /// The key of a secret seed.
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key of a file of 32 bytes and mode 0600, which is made if it is missing.
    ///
    /// # Errors
    ///
    /// A file that others may read, of another length, or that can be neither read nor made.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::new(StoreKey::open(path)?.expose()))
    }

    /// Its file in a KME's folder.
    pub const FILE: &str = "relay.key";

    /// The public key.
    pub fn public(&self) -> PublicKey {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a statement about an order.
    pub fn sign(&self, statement: Statement, order: &Order) -> Signature {
        self.0.sign(&statement.covered(order)).to_bytes()
    }
}

/// The hash of salt and keys.
pub fn hash(clear: &[u8]) -> Hash {
    Sha256::new_with_prefix(b"qkms/relay/1/keys").chain_update(clear).finalize().into()
}

/// Hides salt and keys for the next site. None if the pad has another length than they take.
pub fn seal(
    order: Order,
    max_age: Option<u64>,
    signature: Signature,
    clear: &[u8],
    pad: &Pad,
) -> Option<ExtKeys> {
    let (hiding, key) = split(&pad.bytes, clear.len())?;
    let sealed = clear.iter().zip(hiding).map(|(byte, pad)| byte ^ pad).collect();
    let ranges = pad.ranges.clone();
    let mut message = ExtKeys { order, max_age, signature, pad: ranges, sealed, tag: [0; 16] };
    message.tag = tag(&message, key);
    Some(message)
}

/// Salt and keys of a message. None if its tag is wrong, or the pad has another length.
pub fn open(message: &ExtKeys, pad: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (hiding, key) = split(pad, message.sealed.len())?;
    if !bool::from(tag(message, key).ct_eq(&message.tag)) {
        return None;
    }
    let clear = message.sealed.iter().zip(hiding).map(|(byte, pad)| byte ^ pad);
    Some(Zeroizing::new(clear.collect()))
}

/// The part of a pad that hides, and the tag's key.
fn split(pad: &[u8], clear: usize) -> Option<(&[u8], &[u8; TAG_KEY_BYTES])> {
    let (hiding, key) = pad.split_at_checked(clear)?;
    Some((hiding, key.try_into().ok()?))
}

fn tag(message: &ExtKeys, key: &[u8; TAG_KEY_BYTES]) -> [u8; 16] {
    let ExtKeys { order, max_age, signature, pad, sealed, tag: _ } = message;
    let covered = (order, max_age, signature, pad, sealed).encode();
    let [h, mask] = [0, 16].map(|from| {
        let mut part = Zeroizing::new([0; 16]);
        part.iter_mut().zip(key.iter().skip(from)).for_each(|(to, byte)| *to = *byte);
        part
    });
    let mut hash = Polyval::new((&*h).into());
    hash.update_padded(&covered);
    let mut length = [0; 16];
    for (to, byte) in length.iter_mut().zip((covered.len() as u64).to_le_bytes()) {
        *to = byte;
    }
    hash.update(&[length.into()]);
    let mut tag: [u8; 16] = hash.finalize().into();
    tag.iter_mut().zip(mask.iter()).for_each(|(byte, mask)| *byte ^= mask);
    tag
}

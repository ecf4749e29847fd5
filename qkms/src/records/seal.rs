//! Signatures of both ends.

use codec::{Decode, Encode};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use super::{Record, merkle};
use crate::pool::End;

/// An Ed25519 public key.
pub type PublicKey = [u8; 32];
/// An Ed25519 signature.
pub type Signature = [u8; 64];

/// What a signature covers begins with this, and the record follows.
const DOMAIN: &[u8] = b"qkms/record/1/signature";

fn covered(record: &Record) -> Vec<u8> {
    let mut bytes = DOMAIN.to_vec();
    record.encode_to(&mut bytes);
    bytes
}

/// The private key by which a KME signs records. Wiped on drop.
pub struct Sealer(SigningKey);

impl Sealer {
    /// The key of a secret seed.
    pub fn new(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public key.
    pub fn public(&self) -> PublicKey {
        self.0.verifying_key().to_bytes()
    }

    /// Signs a record.
    pub fn sign(&self, record: &Record) -> Signature {
        self.0.sign(&covered(record)).to_bytes()
    }
}

/// The public keys of both ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Keys {
    /// Of Alice's KME.
    pub alice: PublicKey,
    /// Of Bob's.
    pub bob: PublicKey,
}

impl Keys {
    /// The key of an end.
    pub fn of(&self, end: End) -> &PublicKey {
        match end {
            End::Alice => &self.alice,
            End::Bob => &self.bob,
        }
    }
}

/// A record with the signatures of both ends.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Signed {
    /// The record.
    pub record: Record,
    /// By Alice's KME.
    pub alice: Signature,
    /// By Bob's.
    pub bob: Signature,
}

impl Signed {
    /// The end whose signature is not by its key, if there is one.
    pub fn unsigned(&self, keys: &Keys) -> Option<End> {
        let covered = covered(&self.record);
        let ends = [(End::Alice, &self.alice), (End::Bob, &self.bob)];
        let wrong = ends.into_iter().find(|(end, signature)| {
            let signature = ed25519_dalek::Signature::from_bytes(signature);
            let key = VerifyingKey::from_bytes(keys.of(*end));
            key.is_err() || key.is_ok_and(|key| key.verify_strict(&covered, &signature).is_err())
        });
        wrong.map(|(end, _)| end)
    }

    /// The root of an epoch's records.
    pub fn root(epoch: &[Self]) -> super::Hash {
        let leaves: Vec<Vec<u8>> = epoch.iter().map(Encode::encode).collect();
        merkle::root(&leaves)
    }
}

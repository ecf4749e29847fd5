//! Meters and what they sign.

use crate::{SlotIndex, Wh};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{H256, ed25519, sr25519};

/// A registered meter.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct MeterId(pub u32);

/// The public key by which a meter's readings are checked.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum MeterKey {
    /// Schnorr over Ristretto, signing context `substrate`.
    Sr25519(sr25519::Public),
    /// EdDSA over Curve25519.
    Ed25519(ed25519::Public),
}

/// A meter's signature.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum MeterSignature {
    /// By an sr25519 key.
    Sr25519(sr25519::Signature),
    /// By an ed25519 key.
    Ed25519(ed25519::Signature),
}

impl MeterSignature {
    /// Whether this is `key`'s signature over `message`.
    pub fn verify(&self, message: &[u8], key: &MeterKey) -> bool {
        match (self, key) {
            (Self::Sr25519(signature), MeterKey::Sr25519(public)) => {
                sp_io::crypto::sr25519_verify(signature, message, public)
            }
            (Self::Ed25519(signature), MeterKey::Ed25519(public)) => {
                sp_io::crypto::ed25519_verify(signature, message, public)
            }
            _ => false,
        }
    }
}

/// What a meter signs: the SCALE encoding of `(READING_CONTEXT, genesis hash, payload)`.
pub const READING_CONTEXT: [u8; 16] = *b"qedex/reading/v1";

/// What flowed through one meter in one delivery slot.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct ReadingPayload {
    /// The meter.
    pub meter: MeterId,
    /// The delivery slot.
    pub slot: SlotIndex,
    /// Energy generated in the slot.
    pub generated: Wh,
    /// Energy consumed in the slot.
    pub consumed: Wh,
}

impl ReadingPayload {
    /// The bytes that the meter signs: bound to this purpose and to this chain.
    pub fn signing_bytes(&self, genesis: H256) -> alloc::vec::Vec<u8> {
        (READING_CONTEXT, genesis, self).encode()
    }
}

/// What the meters say, as other pallets see it.
pub trait EnergyLedger<AccountId> {
    /// What `account` delivered in `slot`: generation less own consumption over all its
    /// meters, never below zero. `None` unless every active meter of the account has a
    /// reading of that slot: silence of a consuming meter must not pay.
    fn delivered(account: &AccountId, slot: SlotIndex) -> Option<Wh>;

    /// Makes `delivered(account, slot)` be `energy`, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn set_delivered(account: &AccountId, slot: SlotIndex, energy: Wh);
}

//! What meters sign, and what sellers commit to.

use super::{H256, api::runtime_types as types, keys::Signer};
use crate::{error::Error, market::Account};
use codec::{Decode, Encode};
use qedex_math::Wh;
use rand::{TryRngCore, rngs::OsRng};
use std::fmt;
use subxt::config::{Hasher, substrate::BlakeTwo256};
use types::bounded_collections::bounded_vec::BoundedVec;
use zeroize::Zeroizing;

/// The domain of a meter's signature over a reading.
const READING_CONTEXT: [u8; 16] = *b"qedex/reading/v1";

/// The domain of a seller's commitment to its meter's bill.
const BILL_CONTEXT: [u8; 13] = *b"qedex/bill/v1";

/// A meter's signature, as the chain encodes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode)]
pub enum Signature {
    /// By an sr25519 key.
    Sr25519([u8; 64]),
    /// By an ed25519 key.
    Ed25519([u8; 64]),
}

impl Signature {
    /// Without the scheme.
    pub const fn bytes(&self) -> &[u8; 64] {
        match self {
            Self::Sr25519(bytes) | Self::Ed25519(bytes) => bytes,
        }
    }
}

/// More bytes than any bill has with all that is hashed beside it.
const PREIMAGE: usize = 2_048;

/// What flowed through a meter in a delivery slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reading {
    /// The meter's number.
    pub meter: u32,
    /// The delivery slot.
    pub slot: u64,
    /// What left through the connection.
    pub generated: Wh,
    /// What entered.
    pub consumed: Wh,
}

impl Reading {
    /// The bytes that the meter signs, bound to their purpose and to the chain.
    pub fn signing_bytes(&self, genesis: H256) -> Vec<u8> {
        (READING_CONTEXT, genesis.0, self).encode()
    }

    /// Signs with the meter's key.
    pub fn sign(self, genesis: H256, key: &impl Signer) -> SignedReading {
        SignedReading { reading: self, signature: key.signature(&self.signing_bytes(genesis)) }
    }
}

/// A reading with its meter's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedReading {
    /// What was read.
    pub reading: Reading,
    /// The signature.
    pub signature: Signature,
}

impl SignedReading {
    /// As the chain takes it.
    pub(super) fn for_chain(&self) -> types::qedex_primitives::metering::SignedReading {
        types::qedex_primitives::metering::SignedReading {
            payload: types::qedex_primitives::metering::ReadingPayload {
                meter: types::qedex_primitives::metering::MeterId(self.reading.meter),
                slot: types::qedex_primitives::calendar::SlotIndex(self.reading.slot),
                generated: types::qedex_math::units::Wh(self.reading.generated.0),
                consumed: types::qedex_math::units::Wh(self.reading.consumed.0),
            },
            signature: match self.signature {
                Signature::Sr25519(bytes) => {
                    types::qedex_primitives::metering::MeterSignature::Sr25519(bytes)
                }
                Signature::Ed25519(bytes) => {
                    types::qedex_primitives::metering::MeterSignature::Ed25519(bytes)
                }
            },
        }
    }
}

/// The most readings that a bill has.
pub const MAX_BILL_READINGS: usize = 8;

/// A seller's bill of one slot: a signed reading of each of its meters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill(Vec<SignedReading>);

/// What hides a bill: 32 random bytes, a secret until they are revealed. It is never shown, and
/// wiped from memory when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce(Zeroizing<[u8; 32]>);

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(secret)")
    }
}

impl Nonce {
    /// A fresh one from the system's random numbers.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        OsRng
            .try_fill_bytes(&mut *bytes)
            .map_err(|e| Error::Answer(format!("the system has no random numbers: {e}")))?;
        Ok(Self(bytes))
    }

    /// These bytes.
    pub const fn of(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Bill {
    /// The bill that consists of `readings`, by meter: one to eight, of different meters and of one
    /// slot.
    pub fn of(mut readings: Vec<SignedReading>) -> Result<Self, Error> {
        let bad = |what: String| Err(Error::BadInput(what));
        if !(1..=MAX_BILL_READINGS).contains(&readings.len()) {
            return bad(format!(
                "a bill has 1 to {MAX_BILL_READINGS} readings, not {}",
                readings.len()
            ));
        }
        readings.sort_by_key(|signed| signed.reading.meter);
        for (one, next) in readings.iter().zip(readings.iter().skip(1)) {
            let (one, next) = (one.reading, next.reading);
            if one.meter == next.meter {
                return bad(format!("meter {} has two readings in the bill", one.meter));
            }
            if one.slot != next.slot {
                return bad(format!(
                    "the bill has readings of slots {} and {}",
                    one.slot, next.slot
                ));
            }
        }
        Ok(Self(readings))
    }

    /// Its readings, by meter.
    pub fn readings(&self) -> &[SignedReading] {
        &self.0
    }

    /// As the chain takes it.
    pub(super) fn for_chain(&self) -> BoundedVec<types::qedex_primitives::metering::SignedReading> {
        BoundedVec(self.0.iter().map(SignedReading::for_chain).collect())
    }

    /// The commitment of `seller` to this bill of `slot`: the Blake2b hash over the domain, the
    /// genesis hash, the seller, the slot, the bill and a nonce.
    pub fn commitment(&self, genesis: H256, seller: Account, slot: u64, nonce: &Nonce) -> H256 {
        let bill: Vec<_> = self.0.iter().map(|signed| (signed.reading, signed.signature)).collect();
        // Large enough not to move, which would leave a copy of the nonce behind.
        let mut preimage = Zeroizing::new(Vec::with_capacity(PREIMAGE));
        (BILL_CONTEXT, genesis.0, seller, slot, bill, nonce.bytes()).encode_to(&mut *preimage);
        BlakeTwo256.hash(&preimage)
    }
}

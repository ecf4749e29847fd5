//! What meters sign, and what sellers commit to.

use super::{H256, api::runtime_types as types, keys::Signer};
use codec::{Decode, Encode};
use qedex_math::Wh;
use subxt::config::{Hasher, substrate::BlakeTwo256};

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
        SignedReading {
            reading: self,
            signature: key.signature(&self.signing_bytes(genesis)),
        }
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

    /// The seller's commitment to this reading as its bill: the Blake2b hash over the domain,
    /// the genesis hash, the seller, the slot, the signed reading and a nonce.
    pub fn commitment(&self, genesis: H256, seller: [u8; 32], nonce: [u8; 32]) -> H256 {
        let bill = (self.reading, self.signature);
        let preimage = (
            BILL_CONTEXT,
            genesis.0,
            seller,
            self.reading.slot,
            bill,
            nonce,
        );
        BlakeTwo256.hash(&preimage.encode())
    }
}

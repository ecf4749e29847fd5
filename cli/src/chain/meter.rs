//! What meters sign, and what sellers commit to.

use super::{H256, api::runtime_types as types, keys::Keypair};
use codec::{Decode, Encode};
use qedex_math::Wh;
use subxt::config::{Hasher, substrate::BlakeTwo256};

/// The domain of a meter's signature over a reading.
const READING_CONTEXT: [u8; 16] = *b"qedex/reading/v1";

/// The domain of a seller's commitment to its meter's bill.
const BILL_CONTEXT: [u8; 13] = *b"qedex/bill/v1";

/// The kind of signature that this program makes, as the chain numbers it.
const SR25519: u8 = 0;

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
    pub fn sign(self, genesis: H256, key: &Keypair) -> SignedReading {
        let signature = key.sign(&self.signing_bytes(genesis)).0;
        SignedReading {
            reading: self,
            signature,
        }
    }
}

/// A reading with its meter's sr25519 signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedReading {
    /// What was read.
    pub reading: Reading,
    /// The signature.
    pub signature: [u8; 64],
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
            signature: types::qedex_primitives::metering::MeterSignature::Sr25519(self.signature),
        }
    }

    /// The seller's commitment to this reading as its bill: the Blake2b hash over the domain,
    /// the genesis hash, the seller, the slot, the signed reading and a nonce.
    pub fn commitment(&self, genesis: H256, seller: [u8; 32], nonce: [u8; 32]) -> H256 {
        let bill = (self.reading, SR25519, self.signature);
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

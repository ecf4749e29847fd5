//! What meters sign, and what sellers commit to.

use super::{H256, api::runtime_types::bounded_collections::bounded_vec::BoundedVec, keys::Signer};
use crate::error::Error;
use qedex_primitives::{
    MAX_BILL_READINGS, OwnerId, ReadingPayload, SignedReading, SlotIndex, bill,
};
use rand::{TryRngCore, rngs::OsRng};
use std::fmt;
use subxt::{
    config::{Hasher, substrate::BlakeTwo256},
    utils::Static,
};
use zeroize::Zeroizing;

/// Signs a reading with the meter's key, for the chain with this genesis hash.
pub fn sign(payload: ReadingPayload, genesis: H256, key: &impl Signer) -> SignedReading {
    let signature = key.signature(&payload.signing_bytes(sp_core::H256(genesis.0)));
    SignedReading { payload, signature }
}

/// A seller's bill of one slot: a signed reading of each of its meters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill(qedex_primitives::Bill);

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
        let bad = |what: String| Error::BadInput(what);
        readings.sort_by_key(|signed| signed.payload.meter);
        for (one, next) in readings.iter().zip(readings.iter().skip(1)) {
            let (one, next) = (one.payload, next.payload);
            if one.meter == next.meter {
                return Err(bad(format!("meter {} has two readings in the bill", one.meter.0)));
            }
            if one.slot != next.slot {
                let (one, next) = (one.slot.0, next.slot.0);
                return Err(bad(format!("the bill has readings of slots {one} and {next}")));
            }
        }
        let count = readings.len();
        match qedex_primitives::Bill::try_from(readings) {
            Ok(bill) if !bill.is_empty() => Ok(Self(bill)),
            _ => Err(bad(format!("a bill has 1 to {MAX_BILL_READINGS} readings, not {count}"))),
        }
    }

    /// Its readings, by meter.
    pub fn readings(&self) -> &[SignedReading] {
        &self.0
    }

    /// As the chain takes it.
    pub(crate) fn for_chain(&self) -> BoundedVec<Static<SignedReading>> {
        BoundedVec(self.0.iter().cloned().map(Static).collect())
    }

    /// The commitment of `owner`, who sold, to this bill of `slot` under a nonce, as the chain
    /// computes it.
    pub fn commitment(&self, genesis: H256, owner: OwnerId, slot: u64, nonce: &Nonce) -> H256 {
        let genesis = sp_core::H256(genesis.0);
        let preimage = bill::preimage(genesis, owner, SlotIndex(slot), &self.0, nonce.bytes());
        // It holds the nonce.
        BlakeTwo256.hash(&Zeroizing::new(preimage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use qedex_primitives::{MeterId, MeterSignature, Wh};

    #[test]
    fn what_is_no_bill_is_refused() {
        let signed = |meter, slot| SignedReading {
            payload: ReadingPayload {
                meter: MeterId(meter),
                slot: SlotIndex(slot),
                generated: Wh(890),
                consumed: Wh(12),
            },
            signature: MeterSignature::Sr25519([9; 64].into()),
        };
        for readings in [
            vec![],
            vec![signed(1, 5), signed(1, 5)],
            vec![signed(1, 5), signed(2, 6)],
            (0..9).map(|meter| signed(meter, 5)).collect(),
        ] {
            assert!(matches!(Bill::of(readings), Err(Error::BadInput(_))));
        }
        assert!(Bill::of((0..8).map(|meter| signed(meter, 5)).collect()).is_ok());
    }

    #[test]
    fn a_nonce_is_drawn_anew_and_never_shown() {
        let (one, other) = (Nonce::random().unwrap(), Nonce::random().unwrap());
        assert_ne!(one.bytes(), other.bytes());
        assert_eq!(format!("{one:?}"), "Nonce(secret)");
    }
}

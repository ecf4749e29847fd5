//! What a seller commits to, and what it opens.

use crate::{Bill, SlotIndex};
use alloc::vec::Vec;
use codec::Encode;
use sp_core::H256;

// The host hashes for the runtime.
#[cfg(not(feature = "frame"))]
use sp_crypto_hashing::blake2_256;
#[cfg(feature = "frame")]
use sp_io::hashing::blake2_256;

/// What sets commitments apart from everything else that is hashed.
pub const BILL_CONTEXT: [u8; 13] = *b"qedex/bill/v1";

/// What hides a bill, whose few likely values could be tried out otherwise: 32 random bytes, a
/// secret until they are revealed.
pub type Nonce = [u8; 32];

/// The commitment of `seller` to its bill of `slot`: `blake2_256` of the SCALE encoding of
/// ([`BILL_CONTEXT`], genesis hash, seller, slot, bill, nonce).
///
/// Bound to chain, seller and slot, so that it can be neither copied nor used again.
pub fn commitment<AccountId: Encode>(
    genesis: H256,
    seller: &AccountId,
    slot: SlotIndex,
    bill: &Bill,
    nonce: &Nonce,
) -> H256 {
    blake2_256(&preimage(genesis, seller, slot, bill, nonce)).into()
}

/// The bytes whose hash a commitment is. Whoever keeps the nonce secret has to wipe them: they lie in
/// one piece of memory, which never moved.
pub fn preimage<AccountId: Encode>(
    genesis: H256,
    seller: &AccountId,
    slot: SlotIndex,
    bill: &Bill,
    nonce: &Nonce,
) -> Vec<u8> {
    let preimage = (BILL_CONTEXT, genesis, seller, slot, bill, nonce);
    let mut bytes = Vec::with_capacity(preimage.encoded_size());
    preimage.encode_to(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MeterId, MeterSignature, ReadingPayload, SignedReading, Wh};
    use sp_core::sr25519;

    fn bill(generated: u64) -> Bill {
        Bill::truncate_from(vec![SignedReading {
            payload: ReadingPayload {
                meter: MeterId(7),
                slot: SlotIndex(3),
                generated: Wh(generated),
                consumed: Wh(1),
            },
            signature: MeterSignature::Sr25519(sr25519::Signature::from_raw([5; 64])),
        }])
    }

    /// Every part of it changes it: nothing can be swapped for something else.
    #[test]
    fn it_binds_chain_seller_slot_bill_and_nonce() {
        let of = |genesis, seller: u64, slot, generated, nonce| {
            commitment(
                H256::repeat_byte(genesis),
                &seller,
                SlotIndex(slot),
                &bill(generated),
                &[nonce; 32],
            )
        };
        let all = [
            of(1, 2, 3, 4, 5),
            of(9, 2, 3, 4, 5),
            of(1, 9, 3, 4, 5),
            of(1, 2, 9, 4, 5),
            of(1, 2, 3, 9, 5),
            of(1, 2, 3, 4, 9),
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(all.iter().skip(n + 1).all(|other| other != one));
        }
        assert_eq!(of(1, 2, 3, 4, 5), all[0]);
    }

    /// The documented encoding, byte by byte.
    #[test]
    fn it_is_the_hash_of_the_documented_bytes() {
        let mut bytes = b"qedex/bill/v1".to_vec();
        bytes.extend([1; 32]);
        bytes.extend(2u64.to_le_bytes());
        bytes.extend(3u64.to_le_bytes());
        bytes.push(1 << 2); // one reading
        bytes.extend(7u32.to_le_bytes());
        bytes.extend(3u64.to_le_bytes());
        bytes.extend(4u64.to_le_bytes());
        bytes.extend(1u64.to_le_bytes());
        bytes.push(0); // sr25519
        bytes.extend([5; 64]);
        bytes.extend([6; 32]);
        let expected = H256(blake2_256(&bytes));
        let found = commitment(H256::repeat_byte(1), &2u64, SlotIndex(3), &bill(4), &[6; 32]);
        assert_eq!(found, expected);
    }
}

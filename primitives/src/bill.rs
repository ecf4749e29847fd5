//! What a seller commits to, and what it opens.

use crate::{Bill, OwnerId, SlotIndex};
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

/// The commitment of `owner`, who sold, to its bill of `slot`: `blake2_256` of the SCALE encoding of
/// ([`BILL_CONTEXT`], genesis hash, owner, slot, bill, nonce).
///
/// Bound to chain, owner and slot, so that it can be neither copied nor used again. What an account
/// committed to before owners sold is the same under [`OwnerId::of_account`].
pub fn commitment(
    genesis: H256,
    owner: OwnerId,
    slot: SlotIndex,
    bill: &Bill,
    nonce: &Nonce,
) -> H256 {
    blake2_256(&preimage(genesis, owner, slot, bill, nonce)).into()
}

/// The bytes whose hash a commitment is. Whoever keeps the nonce secret has to wipe them: they lie in
/// one piece of memory, which never moved.
pub fn preimage(
    genesis: H256,
    owner: OwnerId,
    slot: SlotIndex,
    bill: &Bill,
    nonce: &Nonce,
) -> Vec<u8> {
    let preimage = (BILL_CONTEXT, genesis, owner, slot, bill, nonce);
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
    fn it_binds_chain_owner_slot_bill_and_nonce() {
        let of = |genesis, owner, slot, generated, nonce| {
            commitment(
                H256::repeat_byte(genesis),
                OwnerId([owner; 32]),
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
        bytes.extend([2; 32]);
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
        let found =
            commitment(H256::repeat_byte(1), OwnerId([2; 32]), SlotIndex(3), &bill(4), &[6; 32]);
        assert_eq!(found, expected);
    }

    /// What an account committed to before owners did is the same bytes.
    #[test]
    fn an_account_commits_as_its_own_owner_to_what_it_always_did() {
        let account = sp_core::crypto::AccountId32::new([2; 32]);
        let before =
            (BILL_CONTEXT, H256::repeat_byte(1), &account, SlotIndex(3), bill(4), [6u8; 32]);
        let owner = OwnerId::of_account(&account);
        let now = preimage(H256::repeat_byte(1), owner, SlotIndex(3), &bill(4), &[6; 32]);
        assert_eq!(now, before.encode());
        assert_eq!(OwnerId::of_account(&7u64).0[..9], [7, 0, 0, 0, 0, 0, 0, 0, 0]);
    }
}

//! Merkle roots as of RFC 6962, section 2.1: SHA-256, with leaves and nodes in domains of their own,
//! so that no node can be taken for a leaf.

use sha2::{Digest, Sha256};

use super::Hash;

/// The root over `leaves` in their order; that of no leaves is the hash of nothing.
pub fn root<L: AsRef<[u8]>>(leaves: &[L]) -> Hash {
    match leaves {
        [] => Sha256::digest(b"").into(),
        [leaf] => Sha256::new_with_prefix([0u8]).chain_update(leaf).finalize().into(),
        _ => {
            // The largest power of two below their number.
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let node = Sha256::new_with_prefix([1u8]).chain_update(root(left));
            node.chain_update(root(right)).finalize().into()
        }
    }
}

//! What answers for the entropy beacon until its pallet does: [`Beacon`].
//!
//! The rest of the runtime names it and nothing else of this file, so that another type can take its place
//! here alone. A test holds that.

use crate::{BlockNumber, Runtime, System, configs::qkd::EPOCH_LENGTH};
use qedex_primitives::EntropyBeacon;
use sp_core::H256;

/// The public random value per epoch.
pub type Beacon = PastBlockHashes;

/// A beacon made of past block hashes: the value of an epoch is the hash of its last block.
///
/// It stands in for the beacon that is fed by quantum entropy. The author of that block can
/// choose among the blocks that it could write, so nothing of value may depend on it.
pub struct PastBlockHashes;

impl EntropyBeacon for PastBlockHashes {
    fn latest() -> u64 {
        let ended = System::block_number().checked_div(EPOCH_LENGTH);
        u64::from(ended.unwrap_or_default().saturating_sub(1))
    }

    fn value(epoch: u64) -> Option<H256> {
        let after = epoch.checked_add(1)?.checked_mul(u64::from(EPOCH_LENGTH))?;
        let last = BlockNumber::try_from(after.checked_sub(1)?).ok()?;
        if last >= System::block_number() {
            return None;
        }
        let hash = frame_system::BlockHash::<Runtime>::get(last);
        (hash != H256::default()).then_some(hash)
    }
}

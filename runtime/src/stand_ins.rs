//! What answers for the key service until its pallet is there: [`KeyBudget`] and [`Beacon`].
//!
//! The rest of the runtime names these two and nothing else of it, so that the pallet takes their
//! place in this file alone. A test holds that.

use crate::{BlockNumber, Runtime, System, dynamic_params::keys};
use frame_support::{
    BoundedVec,
    pallet_prelude::{ConstU32, ValueQuery},
    storage_alias,
    traits::{Get, OnTimestampSet},
};
use qedex_primitives::{
    EntropyBeacon, EntropyDraw, Moment, SlotIndex,
    beacon::{BeaconSource, BeaconValue},
};
use sp_core::H256;

/// The market's share of the key pools.
pub type KeyBudget = CouncilKeyBudget;

/// The public random value per epoch.
pub type Beacon = PastBlockHashes;

/// Keys that the council says are there whenever a gate opens.
///
/// It stands in for the key pools of a quantum key distribution service: it limits the cleared
/// volume by the same rule, but no key stands behind it.
pub struct CouncilKeyBudget;

impl qedex_primitives::KeyBudget for CouncilKeyBudget {
    fn available(_: SlotIndex) -> u64 {
        keys::MarketKeysPerSlot::get()
    }

    fn consume(_: SlotIndex, _: u64) {
        // The budget is a rate per slot, not a stock.
    }
}

/// A beacon made of past block hashes: the value of an epoch is the hash of its last block.
///
/// It stands in for the beacon that is fed by quantum entropy. The author of that block can
/// choose among the blocks that it could write, so nothing of value may depend on it.
pub struct PastBlockHashes;

/// The length of an epoch in blocks: one minute.
pub(crate) const EPOCH_LENGTH: BlockNumber = crate::MINUTES;

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

/// The length of an epoch of the draw in blocks: far below the time for complaints.
const DRAW_EPOCH: BlockNumber = 2;

/// How many epochs of the draw are kept.
const DRAW_EPOCHS: u32 = 32;

/// An epoch of the draw: its number, when it began and, once it has ended, the hash of its last block.
type DrawEpoch = (BlockNumber, Moment, Option<H256>);

/// The latest epochs of the draw, the oldest first.
#[storage_alias(verbatim)]
type DrawEpochs = StorageValue<StandIns, BoundedVec<DrawEpoch, ConstU32<DRAW_EPOCHS>>, ValueQuery>;

/// An epoch begins in the first block of each [`DRAW_EPOCH`], as soon as that one has its time.
impl OnTimestampSet<Moment> for PastBlockHashes {
    fn on_timestamp_set(now: Moment) {
        let number = System::block_number();
        if number.checked_rem(DRAW_EPOCH) != Some(0) {
            return;
        }
        let last = frame_system::BlockHash::<Runtime>::get(number.saturating_sub(1));
        DrawEpochs::mutate(|epochs| {
            if let Some((_, _, value)) = epochs.last_mut() {
                *value = Some(last);
            }
            if epochs.is_full() {
                epochs.remove(0);
            }
            let index = number.checked_div(DRAW_EPOCH).unwrap_or_default();
            // There is a place: one was made.
            let _ = epochs.try_push((index, now, None));
        });
    }
}

impl EntropyDraw for PastBlockHashes {
    fn first_after(moment: Moment) -> Option<BeaconValue> {
        let epochs = DrawEpochs::get();
        let place = epochs.iter().position(|(_, began, _)| *began > moment)?;
        if place == 0 && epochs.is_full() {
            return None;
        }
        let (epoch, _, value) = epochs.get(place)?;
        let source = BeaconSource::BlockHash;
        value.map(|value| BeaconValue { epoch: u64::from(*epoch), value, source })
    }
}

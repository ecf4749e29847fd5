//! The entropy beacon: how long its epochs take, who could have included a reveal, and what takes its place
//! where keys give no value.

use crate::{
    AccountId, Auction, Authorship, Runtime, Session, System,
    dynamic_params::beacon::{BarredEpochs, EpochTenths},
};
use frame_support::traits::Get;
use qedex_primitives::{Calendar, EntropyFallback, Millis};
use sp_core::H256;

/// The public random value per epoch.
pub type Beacon = crate::Qkd;

/// The least and the most that an epoch takes, in tenths of a delivery slot.
const TENTHS: (u32, u32) = (4, 20);

/// How long an epoch takes: so many tenths of a delivery slot as the council says, four at least and two
/// slots at most.
pub struct EpochLength;

impl Get<Millis> for EpochLength {
    fn get() -> Millis {
        let (least, most) = TENTHS;
        let tenths = Millis::from(EpochTenths::get().clamp(least, most));
        <Auction as Calendar>::slot_length().saturating_mul(tenths).div_euclid(10)
    }
}

/// From how many of the next epochs a withheld reveal bars.
pub struct Barred;

impl Get<u32> for Barred {
    fn get() -> u32 {
        BarredEpochs::get()
    }
}

/// The fallback: the hash of the block before.
///
/// The author of that block can choose among the blocks that it could write, so nothing of value may depend on
/// it.
pub struct PastBlockHashes;

impl EntropyFallback for PastBlockHashes {
    fn entropy() -> H256 {
        System::parent_hash()
    }
}

/// Those of the schedule who write blocks, out of a set of validators of whom less than a third may fail.
pub struct BlockAuthors;

impl qedex_primitives::BlockAuthors<AccountId> for BlockAuthors {
    fn author() -> Option<AccountId> {
        // A block that ends a session takes no transactions of users.
        let slot = *pallet_aura::CurrentSlot::<Runtime>::get();
        let brought = pallet_pov::CurrentSchedule::<Runtime>::get()?.start? > slot;
        if brought { None } else { Authorship::author() }
    }

    fn bearable() -> u32 {
        let validators = u32::try_from(Session::validators().len()).unwrap_or(u32::MAX);
        validators.saturating_sub(1).div_euclid(3)
    }
}

//! What earlier layouts become: the market's prices take the place of the rules' own, removals concern
//! owners, and who votes on finality is on record here.

mod v3;

pub use v3::{MigrateV2ToV3, UncheckedV2ToV3};

use self::v3::RulesV2;
use crate::{Config, CurrentRules, Pallet, Removals, RemovedOf};
#[cfg(feature = "try-runtime")]
use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::marker::PhantomData;
use frame_support::{
    migrations::VersionedMigration,
    storage::unhashed,
    traits::{Get, UncheckedOnRuntimeUpgrade},
    weights::Weight,
};
use qedex_primitives::{Membership, PricePerKwh};
use sp_runtime::Permill;

/// What the admin origin tuned before: prices by band as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct RulesV1 {
    pub(crate) floor: u32,
    pub(crate) largest: Permill,
    pub(crate) max_run: u32,
    pub(crate) window: u32,
    pub(crate) downtime: Permill,
    pub(crate) author_share: Permill,
    pub(crate) prices: [PricePerKwh; 3],
}

impl From<RulesV1> for RulesV2 {
    fn from(old: RulesV1) -> Self {
        let RulesV1 { floor, largest, max_run, window, downtime, author_share, prices: _ } = old;
        Self { floor, largest, max_run, window, downtime, author_share }
    }
}

/// Version 1 had prices by band among its rules, version 2 has the market's; and version 2 knows
/// removed accounts by their owners as well, whom membership has to know before. Everything else is
/// kept: schedules, sets, removals, requests to leave and what was written.
pub struct UncheckedV1ToV2<T>(PhantomData<T>);

/// [`UncheckedV1ToV2`] on a chain of version 1, which it makes one of version 2. A second run does
/// nothing.
pub type MigrateV1ToV2<T> =
    VersionedMigration<1, 2, UncheckedV1ToV2<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

impl<T: Config> UncheckedOnRuntimeUpgrade for UncheckedV1ToV2<T> {
    fn on_runtime_upgrade() -> Weight {
        // In the layout of version 2, which the next step reads.
        let key = CurrentRules::<T>::hashed_key();
        if let Some(old) = unhashed::get::<RulesV1>(&key) {
            unhashed::put(&key, &RulesV2::from(old));
        } else if CurrentRules::<T>::exists() {
            log::error!(target: "runtime::pov", "the rules cannot be read: they are the default");
            CurrentRules::<T>::kill();
        }
        let mut removed: u64 = 0;
        for who in Removals::<T>::iter_keys() {
            removed = removed.saturating_add(1);
            if let Some(owner) = T::Membership::owner_of(&who) {
                RemovedOf::<T>::insert(owner, &who, ());
            }
        }
        // Each account and its owner; and that there are no more.
        let reads = removed.saturating_mul(2).saturating_add(2);
        T::DbWeight::get().reads_writes(reads, removed.saturating_add(1))
    }

    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<Vec<u8>, sp_runtime::TryRuntimeError> {
        let old: Option<RulesV1> = unhashed::get(&CurrentRules::<T>::hashed_key());
        Ok(old.map(RulesV2::from).encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(state: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        let now: Option<RulesV2> = unhashed::get(&CurrentRules::<T>::hashed_key());
        frame_support::ensure!(now.encode() == state, "rules were lost");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Removal, RemovalReason, Rules, mock::*};
    use frame_support::traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion};

    #[test]
    fn the_rules_stay_and_their_prices_go() {
        run(&[1, 2, 3, 4], || {
            let rules = rules();
            let old = RulesV1 {
                floor: rules.floor,
                largest: rules.largest,
                max_run: rules.max_run,
                window: rules.window,
                downtime: rules.downtime,
                author_share: Permill::from_percent(40),
                prices: [PricePerKwh(1), PricePerKwh(2), PricePerKwh(3)],
            };
            let key = CurrentRules::<Test>::hashed_key();
            unhashed::put(&key, &old);
            StorageVersion::new(1).put::<Pov>();
            MigrateV1ToV2::<Test>::on_runtime_upgrade();
            assert_eq!(Pov::on_chain_storage_version(), 2);
            let stored = || unhashed::get_raw(&key);
            let between = stored();
            MigrateV1ToV2::<Test>::on_runtime_upgrade();
            assert_eq!(stored(), between, "a second run does nothing");
            MigrateV2ToV3::<Test>::on_runtime_upgrade();
            let Rules { probation, patience, .. } = Rules::default();
            let author_share = Permill::from_percent(40);
            let expected = Rules { author_share, probation, patience, ..rules };
            assert_eq!(CurrentRules::<Test>::get(), expected);
            assert_eq!(stored(), Some(expected.encode()), "nothing is left of the prices");
            // Blocks are written all the while.
            advance_sessions(2, &[]);
            assert_eq!(Session::validators(), [1, 2, 3, 4]);
        });
    }

    #[test]
    fn whoever_is_removed_is_so_by_its_owner() {
        run(&[1, 2, 3, 4], || {
            let reason = RemovalReason::Decided;
            for who in [8, 9] {
                Removals::<Test>::insert(who, Removal { reason, session: 0, effective: true });
            }
            TestMembership::set_owner(9, owner(7));
            StorageVersion::new(1).put::<Pov>();
            MigrateV1ToV2::<Test>::on_runtime_upgrade();
            // 8 has no owner.
            assert_eq!(RemovedOf::<Test>::iter_keys().collect::<Vec<_>>(), [(owner(7), 9)]);
            assert!(Removals::<Test>::contains_key(8) && Removals::<Test>::contains_key(9));
            Pov::readmit(RuntimeOrigin::root(), 9).unwrap();
            assert_eq!(RemovedOf::<Test>::iter_keys().count(), 0);
        });
    }
}

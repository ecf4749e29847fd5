//! Who votes on finality is on record here, newcomers are admitted and on probation, and the silent leave.

use crate::{
    Admitted, Config, CurrentRules, KeptSets, LeastVoters, NextVoters, Pallet, Rules, VoterKey,
    VoterSets, Voters, pallet::AccountsOf,
};
use alloc::vec::Vec;
use codec::{Decode, Encode};
use core::marker::PhantomData;
use frame_support::{
    BoundedVec,
    migrations::VersionedMigration,
    storage::unhashed,
    traits::{Get, UncheckedOnRuntimeUpgrade},
    weights::Weight,
};
use sp_runtime::Permill;

/// What the admin origin tuned before: nothing about who joins and who is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub(crate) struct RulesV2 {
    pub(crate) floor: u32,
    pub(crate) largest: Permill,
    pub(crate) max_run: u32,
    pub(crate) window: u32,
    pub(crate) downtime: Permill,
    pub(crate) author_share: Permill,
}

impl From<RulesV2> for Rules {
    fn from(old: RulesV2) -> Self {
        let RulesV2 { floor, largest, max_run, window, downtime, author_share } = old;
        let Self { probation, patience, .. } = Self::default();
        Self { floor, largest, max_run, window, downtime, author_share, probation, patience }
    }
}

/// In version 2 every validator voted. In version 3 those of the present set go on voting and those of the
/// queued one get their votes with it; all of them are admitted. Newcomers' rules are the default, and so
/// is the least size. Double votes of earlier sessions cannot be proven any more.
pub struct UncheckedV2ToV3<T>(PhantomData<T>);

/// [`UncheckedV2ToV3`] on a chain of version 2, which it makes one of version 3. A second run does nothing.
pub type MigrateV2ToV3<T> =
    VersionedMigration<2, 3, UncheckedV2ToV3<T>, Pallet<T>, <T as frame_system::Config>::DbWeight>;

impl<T: Config> UncheckedOnRuntimeUpgrade for UncheckedV2ToV3<T> {
    fn on_runtime_upgrade() -> Weight {
        let key = CurrentRules::<T>::hashed_key();
        if let Some(old) = unhashed::get::<RulesV2>(&key) {
            CurrentRules::<T>::put(Rules::from(old));
        } else if CurrentRules::<T>::exists() {
            log::error!(target: "runtime::pov", "the rules cannot be read: they are the default");
            CurrentRules::<T>::kill();
        }
        LeastVoters::<T>::put(crate::DEFAULT_LEAST_VOTERS);
        let present = pallet_session::Validators::<T>::get();
        let queued: Vec<_> =
            pallet_session::QueuedKeys::<T>::get().into_iter().map(|(who, _)| who).collect();
        let mut admitted: u64 = 0;
        for who in present.iter().chain(&queued) {
            admitted = admitted.saturating_add(1);
            Admitted::<T>::insert(who, ());
        }
        // GRANDPA was told of them in this order, and has the keys that are in use.
        let keys = pallet_grandpa::Pallet::<T>::grandpa_authorities();
        let voters: Vec<(T::AccountId, VoterKey)> =
            present.iter().cloned().zip(keys.into_iter().map(|(key, _)| key)).collect();
        let session = pallet_session::CurrentIndex::<T>::get();
        VoterSets::<T>::insert(session, BoundedVec::truncate_from(voters));
        KeptSets::<T>::put((session, session));
        Voters::<T>::put(AccountsOf::<T>::truncate_from(present));
        NextVoters::<T>::put(AccountsOf::<T>::truncate_from(queued));
        // The count of the admitted is written with each; and the rules, the lists and what is kept.
        T::DbWeight::get().reads_writes(admitted.saturating_mul(2).saturating_add(6), {
            admitted.saturating_mul(2).saturating_add(7)
        })
    }

    #[cfg(feature = "try-runtime")]
    fn pre_upgrade() -> Result<Vec<u8>, sp_runtime::TryRuntimeError> {
        let old: Option<RulesV2> = unhashed::get(&CurrentRules::<T>::hashed_key());
        Ok(old.map_or_else(Rules::default, Rules::from).encode())
    }

    #[cfg(feature = "try-runtime")]
    fn post_upgrade(state: Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
        frame_support::ensure!(CurrentRules::<T>::get().encode() == state, "rules were lost");
        Pallet::<T>::do_try_state()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Probation, mock::*};
    use frame_support::traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion};

    /// A chain as version 2 left it: with the layout of its rules, and nothing of who votes.
    fn forget() -> RulesV2 {
        let Rules { floor, largest, max_run, window, downtime, author_share, .. } = rules();
        let old = RulesV2 { floor, largest, max_run, window, downtime, author_share };
        unhashed::put(&CurrentRules::<Test>::hashed_key(), &old);
        Voters::<Test>::kill();
        NextVoters::<Test>::kill();
        KeptSets::<Test>::kill();
        LeastVoters::<Test>::kill();
        let _ = VoterSets::<Test>::clear(u32::MAX, None);
        let _ = Admitted::<Test>::clear(u32::MAX, None);
        StorageVersion::new(2).put::<Pov>();
        old
    }

    #[test]
    fn whoever_validates_goes_on_voting_and_whoever_is_queued_votes_next() {
        run(&[1, 2, 3, 4], || {
            advance_sessions(2, &[]);
            let queued = [1, 2, 3, 4, 9].map(|who| (who, keys(who))).to_vec();
            pallet_session::QueuedKeys::<Test>::put(&queued);
            pallet_session::QueuedChanged::<Test>::put(true);
            TestMembership::permit(9, Role::Validate);
            TestMembership::set_owner(9, owner(9));
            pallet_session::NextKeys::<Test>::insert(9, keys(9));
            let old = forget();
            MigrateV2ToV3::<Test>::on_runtime_upgrade();
            assert_eq!(Pov::on_chain_storage_version(), 3);
            assert_eq!(CurrentRules::<Test>::get(), Rules::from(old));
            assert_eq!(Voters::<Test>::get().into_inner(), [1, 2, 3, 4]);
            assert_eq!(NextVoters::<Test>::get().into_inner(), [1, 2, 3, 4, 9]);
            let kept: Vec<_> = VoterSets::<Test>::get(2).into_inner();
            assert_eq!(kept, [1, 2, 3, 4].map(|who| (who, vote_key(who))));
            Pov::do_try_state().unwrap();
            MigrateV2ToV3::<Test>::on_runtime_upgrade();
            assert_eq!(Admitted::<Test>::count(), 5);
            // Whoever was queued gets its vote with the set, and was never on probation.
            advance_sessions(1, &[]);
            assert_eq!(Voters::<Test>::get().into_inner(), [1, 2, 3, 4, 9]);
            assert_eq!(Probation::<Test>::iter().count(), 0);
        });
    }
}

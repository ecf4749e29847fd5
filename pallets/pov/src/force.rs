//! The way back when so many voters are gone that nothing becomes final.

use crate::{
    Admitted, Config, Error, Event, LONGEST_DELAY, Leaving, NextVoters, Pallet, Probation,
    Removals, Silence, VoterKey, Voters,
    pallet::{AccountOf, AccountsOf},
};
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::{dispatch::DispatchResult, ensure};
use frame_system::pallet_prelude::BlockNumberFor;
use sp_runtime::traits::{OpaqueKeys, Saturating};

/// Accounts with their session keys.
type WithKeys<T> = Vec<(AccountOf<T>, <T as pallet_session::Config>::Keys)>;

impl<T: Config> Pallet<T> {
    /// The session keys of each, if it can be a voter.
    fn keys_to_force(validators: &[AccountOf<T>]) -> Result<WithKeys<T>, Error<T>> {
        let distinct: BTreeSet<_> = validators.iter().collect();
        ensure!(distinct.len() == validators.len(), Error::<T>::NamedTwice);
        distinct
            .into_iter()
            .map(|who| {
                ensure!(!Removals::<T>::contains_key(who), Error::<T>::Removed);
                let keys =
                    pallet_session::NextKeys::<T>::get(who).ok_or(Error::<T>::NoSessionKeys)?;
                Ok((who.clone(), keys))
            })
            .collect()
    }

    pub(crate) fn do_force_set(
        validators: Vec<AccountOf<T>>,
        last_final: BlockNumberFor<T>,
        set_id: u64,
        delay: BlockNumberFor<T>,
    ) -> DispatchResult {
        ensure!(!validators.is_empty(), Error::<T>::NoVoters);
        ensure!(AccountsOf::<T>::try_from(validators.clone()).is_ok(), Error::<T>::TooManyVoters);
        let now = frame_system::Pallet::<T>::block_number();
        ensure!(last_final < now, Error::<T>::NotBeforeThisBlock);
        ensure!(set_id <= pallet_grandpa::CurrentSetId::<T>::get(), Error::<T>::UnknownSet);
        ensure!(delay <= LONGEST_DELAY.into(), Error::<T>::DelayTooLong);
        let keys = Self::keys_to_force(&validators)?;
        let voters: Vec<(AccountOf<T>, VoterKey)> = keys
            .iter()
            .filter_map(|(who, keys)| {
                keys.get(sp_consensus_grandpa::KEY_TYPE).map(|key| (who.clone(), key))
            })
            .collect();
        ensure!(voters.len() == keys.len(), Error::<T>::NoSessionKeys);
        let list = voters.iter().map(|(_, key)| (key.clone(), 1)).collect();
        // Says so if another change is pending, or one was forced a moment ago.
        pallet_grandpa::Pallet::<T>::schedule_change(list, delay, Some(last_final))?;

        // Clients count on from the set that made the last block final, whatever changes they were still
        // to hear of.
        let session = pallet_session::CurrentIndex::<T>::get();
        let forced = set_id.saturating_add(1);
        pallet_grandpa::CurrentSetId::<T>::put(forced);
        pallet_grandpa::SetIdSession::<T>::insert(set_id, session.saturating_sub(1));
        pallet_grandpa::SetIdSession::<T>::insert(forced, session);
        pallet_grandpa::Stalled::<T>::kill();

        let names: Vec<_> = voters.iter().map(|(who, _)| who.clone()).collect();
        // Whoever was in the set and is not any more has to be admitted anew.
        let before = pallet_session::Validators::<T>::get();
        for who in before.into_iter().chain(Voters::<T>::get()) {
            Admitted::<T>::remove(who);
        }
        for who in &names {
            Leaving::<T>::remove(who);
            Silence::<T>::remove(who);
            Admitted::<T>::insert(who, ());
        }
        let _ = Probation::<T>::clear(u32::MAX, None);
        // Votes stand still until a block is final that only the new set can make so.
        Self::note_voters(session, voters, now.saturating_add(delay), AccountsOf::<T>::default());
        let bounded = AccountsOf::<T>::truncate_from(names.clone());
        Voters::<T>::put(&bounded);
        NextVoters::<T>::put(bounded);
        pallet_session::QueuedKeys::<T>::put(keys);
        pallet_session::QueuedChanged::<T>::put(true);
        Self::complete_departures();
        Self::deposit_event(Event::SetForced { validators: names, last_final, set_id: forced });
        Ok(())
    }
}

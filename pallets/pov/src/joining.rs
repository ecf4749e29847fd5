//! Who joins: admission, probation, and a vote after it; and who is silent for too long.

use crate::{
    Admitted, Config, CurrentRules, Error, Event, Leaving, Pallet, Probation, Removals, Silence,
    pallet::AccountOf, votes::count,
};
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use qedex_math::finality::joiners;
use qedex_primitives::{Membership, OwnerId, Role};

/// How many accounts may be admitted, per validator that there may be.
pub(crate) const ADMITTED_PER_VALIDATOR: u32 = 2;

impl<T: Config> Pallet<T> {
    pub(crate) fn do_admit(who: AccountOf<T>) -> DispatchResult {
        ensure!(!Admitted::<T>::contains_key(&who), Error::<T>::AlreadyAdmitted);
        let most = T::MaxValidators::get().saturating_mul(ADMITTED_PER_VALIDATOR);
        ensure!(Admitted::<T>::count() < most, Error::<T>::TooManyAdmitted);
        Admitted::<T>::insert(&who, ());
        Self::deposit_event(Event::AccountAdmitted { who });
        Ok(())
    }

    pub(crate) fn do_withdraw_admission(who: AccountOf<T>) -> DispatchResult {
        ensure!(Admitted::<T>::contains_key(&who), Error::<T>::NotAdmitted);
        ensure!(!Self::is_in_a_set(&who), Error::<T>::InASet);
        Admitted::<T>::remove(&who);
        Self::deposit_event(Event::AdmissionWithdrawn { who });
        Ok(())
    }

    /// Whether `who` was silent for longer than the rules bear.
    pub(crate) fn is_overdue(who: &AccountOf<T>) -> bool {
        let patience = CurrentRules::<T>::get().patience;
        Silence::<T>::get(who).is_some_and(|sessions| sessions >= patience)
    }

    /// Drops `who`, who was silent for too long.
    pub(crate) fn drop_silent(who: &AccountOf<T>) {
        Admitted::<T>::remove(who);
        Silence::<T>::remove(who);
        Self::deposit_event(Event::Dropped { who: who.clone() });
    }

    /// Counts, at the end of a session in which enough blocks were written, whether `who` wrote any.
    pub(crate) fn note_session(who: &AccountOf<T>, authored: u32, due: u32, counts: bool) {
        if authored > 0 {
            Silence::<T>::remove(who);
            if counts {
                Probation::<T>::mutate_extant(who, |sessions| {
                    *sessions = sessions.saturating_add(1)
                });
            }
        } else if counts && due > 0 {
            let sessions = Silence::<T>::get(who).unwrap_or_default();
            Silence::<T>::insert(who, sessions.saturating_add(1));
        }
    }

    /// Whether `who` may be or become a validator and gets a seat beside the owners of `taken`, to whom its
    /// owner is added then.
    fn is_fit(who: &AccountOf<T>, taken: &mut BTreeSet<OwnerId>) -> bool {
        !Removals::<T>::contains_key(who)
            && !Leaving::<T>::contains_key(who)
            && T::Membership::may(who, Role::Validate)
            && T::Membership::owner_of(who).is_some_and(|owner| Self::take_seat(owner, taken))
    }

    /// Those who have stood their probation, in the order of their ids, and wrote blocks until now.
    pub(crate) fn graduates() -> Vec<AccountOf<T>> {
        let needed = CurrentRules::<T>::get().probation;
        let mut owners: BTreeSet<_> =
            crate::Voters::<T>::get().iter().filter_map(T::Membership::owner_of).collect();
        let mut ready: Vec<_> = Probation::<T>::iter()
            .filter(|(who, sessions)| *sessions >= needed && !Silence::<T>::contains_key(who))
            .map(|(who, _)| who)
            .collect();
        ready.sort();
        ready.retain(|who| Self::is_fit(who, &mut owners));
        ready
    }

    /// Those on probation who stay in the set beside `voters`. Without a vote nobody is held.
    pub(crate) fn on_probation(voters: &[AccountOf<T>]) -> Vec<AccountOf<T>> {
        let mut owners: BTreeSet<_> = voters.iter().filter_map(T::Membership::owner_of).collect();
        let mut all: Vec<_> = Probation::<T>::iter_keys().collect();
        all.sort();
        let (stay, go): (Vec<_>, Vec<_>) = all
            .into_iter()
            .partition(|who| Self::is_fit(who, &mut owners) && !Self::is_overdue(who));
        for who in &go {
            Probation::<T>::remove(who);
            if Self::is_overdue(who) {
                Self::drop_silent(who);
            }
        }
        stay
    }

    /// Who of those who are not `present` joins beside `voters` and those who are on `probation`: is admitted,
    /// has session keys, is neither removed nor leaving, has no vote any more, may validate, and has an
    /// owner of its own of whose accounts none is removed. Otherwise whoever is removed would come back by
    /// another account. No more are on probation at a time than could join the voters at once: otherwise
    /// those who never write a block would have most of the slots.
    pub(crate) fn newcomers(
        voters: &[AccountOf<T>],
        probation: &[AccountOf<T>],
        present: &[AccountOf<T>],
    ) -> Vec<AccountOf<T>> {
        let staying = || voters.iter().chain(probation);
        let mut owners: BTreeSet<_> = staying().filter_map(T::Membership::owner_of).collect();
        let mut candidates: Vec<_> = Admitted::<T>::iter_keys()
            .filter(|who| !present.contains(who) && !staying().any(|other| other == who))
            .filter(|who| pallet_session::NextKeys::<T>::contains_key(who))
            .filter(|who| !Self::is_voter(who))
            .collect();
        // One owner's accounts: the smallest id joins.
        candidates.sort();
        candidates.retain(|who| Self::is_fit(who, &mut owners));
        let sit = count(voters).saturating_add(count(probation));
        let room = T::MaxValidators::get().saturating_sub(sit);
        let most = joiners(count(voters), 0).saturating_sub(count(probation)).min(room);
        candidates.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        candidates
    }
}

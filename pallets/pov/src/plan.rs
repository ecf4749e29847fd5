//! Who is in the set: joining, leaving and being removed.

use crate::{
    Config, CurrentSchedule, Error, Event, Forgiven, Leaving, Pallet, Removal, RemovalReason,
    Removals, RemovedOf, Repair, WeightInfo,
    pallet::{AccountOf, WeightOf},
};
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::{
    dispatch::{DispatchClass, DispatchResult},
    ensure,
    traits::Get,
};
use frame_system::RawOrigin;
use qedex_primitives::{Membership, OwnerId, Role};
use sp_staking::SessionIndex;

/// How many accounts with session keys are looked at for newcomers, per validator that there may
/// be. Only those whom the policy admits can register keys.
pub(crate) const CANDIDATES_PER_VALIDATOR: usize = 4;

/// The room for validators on this chain.
fn room<T: Config>() -> usize {
    usize::try_from(T::MaxValidators::get()).unwrap_or(usize::MAX)
}

impl<T: Config> Pallet<T> {
    /// How many of `validators` may leave at once: a third of them, and none below the minimum.
    fn may_leave(validators: usize) -> usize {
        let least = usize::try_from(T::MinValidators::get()).unwrap_or(usize::MAX);
        // Three is not zero.
        let third = validators.checked_div(3).unwrap_or_default();
        third.min(validators.saturating_sub(least))
    }

    /// Whether one more validator of the present set can be removed in effect.
    fn one_more_may_go(validators: &[AccountOf<T>]) -> bool {
        let out = validators.iter().filter(|who| Self::is_out(who)).count();
        out < Self::may_leave(validators.len())
    }

    /// Notes that `who` is removed, and among its owner's accounts.
    fn note_removal(who: &AccountOf<T>, removal: Removal) {
        Removals::<T>::insert(who, removal);
        if let Some(owner) = T::Membership::owner_of(who) {
            RemovedOf::<T>::insert(owner, who, ());
        }
    }

    /// Whether `owner` gets a seat beside the owners of `taken`, to whom it is added then: not if it
    /// is one of them, and not while an account of it is removed.
    pub(crate) fn take_seat(owner: OwnerId, taken: &mut BTreeSet<OwnerId>) -> bool {
        RemovedOf::<T>::iter_key_prefix(owner).next().is_none() && taken.insert(owner)
    }

    /// Removes `who`, who is in the present set, in effect: out of Aura with this block.
    fn take_out(who: &AccountOf<T>, reason: RemovalReason, session: SessionIndex) {
        let effective = true;
        Self::note_removal(who, Removal { reason, session, effective });
        Self::deposit_event(Event::Removed { who: who.clone(), reason });
        Self::disable(who);
        let scheduled = CurrentSchedule::<T>::get()
            .is_some_and(|schedule| schedule.authors.iter().any(|author| author.who == *who));
        if scheduled {
            Repair::<T>::put(true);
            // The repair comes at the end of the block, when nobody pays for it any more.
            frame_system::Pallet::<T>::register_extra_weight_unchecked(
                WeightOf::<T>::repair(),
                DispatchClass::Mandatory,
            );
        }
    }

    /// Tells the session pallet that `who` must not write blocks.
    pub(crate) fn disable(who: &AccountOf<T>) {
        if let Some(index) = pallet_session::Pallet::<T>::validator_id_to_index(who) {
            pallet_session::Pallet::<T>::disable_index(index);
        }
    }

    pub(crate) fn do_remove(who: &AccountOf<T>) -> DispatchResult {
        let validators = pallet_session::Validators::<T>::get();
        let sits = validators.contains(who);
        ensure!(
            sits || pallet_session::NextKeys::<T>::contains_key(who),
            Error::<T>::NotAValidator
        );
        let standing = Removals::<T>::get(who);
        ensure!(standing.is_none_or(|removal| !removal.effective), Error::<T>::AlreadyRemoved);
        ensure!(!sits || Self::one_more_may_go(&validators), Error::<T>::TooManyWouldLeave);
        let session = pallet_session::CurrentIndex::<T>::get();
        Self::take_out(who, RemovalReason::Decided, session);
        Ok(())
    }

    /// Removes `who` for an equivocation in `session`. If too many would leave at once, the removal
    /// is held: the validator gets no more than the floor, and each session tries again.
    pub(crate) fn remove_equivocator(who: &AccountOf<T>, session: SessionIndex) {
        Self::deposit_event(Event::Equivocated { who: who.clone(), session });
        let reason = RemovalReason::Equivocation;
        let now = pallet_session::CurrentIndex::<T>::get();
        let validators = pallet_session::Validators::<T>::get();
        if !validators.contains(who) || Self::one_more_may_go(&validators) {
            Self::take_out(who, reason, now);
            return;
        }
        Self::note_removal(who, Removal { reason, session: now, effective: false });
        Self::deposit_event(Event::Held { who: alloc::vec![who.clone()] });
    }

    /// Whether `who` was removed and is not any more.
    pub(crate) fn do_readmit(who: &AccountOf<T>) -> bool {
        if Removals::<T>::take(who).is_none() {
            return false;
        }
        if let Some(owner) = T::Membership::owner_of(who) {
            RemovedOf::<T>::remove(owner, who);
        }
        Forgiven::<T>::insert(who, pallet_session::CurrentIndex::<T>::get());
        if let Some(index) = pallet_session::Pallet::<T>::validator_id_to_index(who) {
            pallet_session::Pallet::<T>::reenable_index(index);
        }
        Self::deposit_event(Event::Readmitted { who: who.clone() });
        true
    }

    /// Whether `who` is in a set that is in use or planned.
    pub(crate) fn is_in_a_set(who: &AccountOf<T>) -> bool {
        pallet_session::Validators::<T>::get().contains(who)
            || pallet_session::QueuedKeys::<T>::get().iter().any(|(queued, _)| queued == who)
    }

    pub(crate) fn do_leave(who: AccountOf<T>) -> DispatchResult {
        if !Self::is_in_a_set(&who) {
            pallet_session::Pallet::<T>::purge_keys(RawOrigin::Signed(who.clone()).into())?;
            Leaving::<T>::remove(&who);
            return Ok(());
        }
        ensure!(!Leaving::<T>::contains_key(&who), Error::<T>::AlreadyLeaving);
        Leaving::<T>::insert(&who, pallet_session::CurrentIndex::<T>::get());
        Self::deposit_event(Event::LeaveRequested { who });
        Ok(())
    }

    /// Purges the session keys of those who wanted to leave and are in no set any more. Each was in
    /// one when it asked, so that there are no more than two sets of them.
    pub(crate) fn complete_departures() {
        let leaving: Vec<_> = Leaving::<T>::iter_keys().collect();
        for who in leaving {
            if Self::is_in_a_set(&who) {
                continue;
            }
            Leaving::<T>::remove(&who);
            let origin = RawOrigin::Signed(who.clone()).into();
            if let Err(error) = pallet_session::Pallet::<T>::purge_keys(origin) {
                log::warn!(target: "runtime::pov", "keys of {who:?} not purged: {error:?}");
            }
        }
    }

    /// Those of `validators`, in the order of their ids, who may not validate any more, or whose owner
    /// has a seat already or is to have none. Nobody, if a third or more would be that: then it is
    /// not they who went wrong. Those who are removed go anyway, and count on neither side.
    fn unseated(validators: &[AccountOf<T>]) -> Vec<AccountOf<T>> {
        let judged: Vec<_> =
            validators.iter().filter(|who| !Removals::<T>::contains_key(*who)).collect();
        let count = judged.len();
        let mut owners = BTreeSet::new();
        let unseated: Vec<_> = judged
            .into_iter()
            .filter(|who| {
                let seat = T::Membership::may(who, Role::Validate)
                    && T::Membership::owner_of(who)
                        .is_none_or(|owner| Self::take_seat(owner, &mut owners));
                !seat
            })
            .cloned()
            .collect();
        let few = unseated.len().saturating_mul(3) < count;
        if few { unseated } else { Vec::new() }
    }

    /// Those of `validators` who are to go, those first whose turn it is: removals before those
    /// without a seat before requests, the earlier ones first, then by id. If requests came first,
    /// whoever may not validate any more would stay for as long as a friend leaves and comes back.
    fn to_go(validators: &[AccountOf<T>]) -> Vec<AccountOf<T>> {
        let unseated = Self::unseated(validators);
        let mut going: Vec<(u8, bool, SessionIndex, AccountOf<T>)> = validators
            .iter()
            .filter_map(|who| {
                let (turn, waits, session) = if let Some(removal) = Removals::<T>::get(who) {
                    (0, !removal.effective, removal.session)
                } else if unseated.contains(who) {
                    (1, true, SessionIndex::default())
                } else if let Some(session) = Leaving::<T>::get(who) {
                    (2, true, session)
                } else {
                    return None;
                };
                Some((turn, waits, session, who.clone()))
            })
            .collect();
        going.sort();
        going.into_iter().map(|(.., who)| who).collect()
    }

    /// Who may join a set of `staying`, out of which `present` is not everybody: has session keys, is
    /// neither removed nor leaving, may validate, and has an owner of its own of whose accounts none
    /// is removed. Otherwise whoever is removed would come back by another account.
    fn newcomers(staying: &[AccountOf<T>], present: &[AccountOf<T>]) -> Vec<AccountOf<T>> {
        let mut owners: BTreeSet<_> = staying.iter().filter_map(T::Membership::owner_of).collect();
        let mut candidates: Vec<_> = pallet_session::NextKeys::<T>::iter_keys()
            .take(room::<T>().saturating_mul(CANDIDATES_PER_VALIDATOR))
            .filter(|who| !present.contains(who))
            .collect();
        // One owner's accounts: the smallest id joins.
        candidates.sort();
        candidates
            .into_iter()
            .filter(|who| !Removals::<T>::contains_key(who) && !Leaving::<T>::contains_key(who))
            .filter(|who| T::Membership::may(who, Role::Validate))
            .filter(|who| {
                T::Membership::owner_of(who)
                    .is_some_and(|owner| Self::take_seat(owner, &mut owners))
            })
            .take(room::<T>().saturating_sub(staying.len()))
            .collect()
    }

    /// Plans the set of `session` from the present one; `None` if it stays as it is. How many may
    /// leave is a share of the present set, whoever joins: it is they who agreed until now.
    pub(crate) fn planned_set(session: SessionIndex) -> Option<Vec<AccountOf<T>>> {
        let present = pallet_session::Validators::<T>::get();
        let mut leaving = Self::to_go(&present);
        let held = leaving.split_off(leaving.len().min(Self::may_leave(present.len())));
        if !held.is_empty() {
            Self::deposit_event(Event::Held { who: held });
        }
        for who in &leaving {
            if let Some(removal) = Removals::<T>::get(who)
                && !removal.effective
            {
                Self::take_out(who, removal.reason, removal.session);
            }
        }
        let mut next: Vec<_> =
            present.iter().filter(|who| !leaving.contains(who)).cloned().collect();
        let joining = Self::newcomers(&next, &present);
        if leaving.is_empty() && joining.is_empty() {
            return None;
        }
        next.extend(joining.iter().cloned());
        next.sort();
        Self::deposit_event(Event::SetPlanned { session, joining, leaving });
        Some(next)
    }

    /// The set of genesis: whoever has session keys.
    pub(crate) fn genesis_set() -> Option<Vec<AccountOf<T>>> {
        let mut validators: Vec<_> =
            pallet_session::NextKeys::<T>::iter_keys().take(room::<T>()).collect();
        validators.sort();
        (!validators.is_empty()).then_some(validators)
    }
}

//! Who is in the set: leaving, being removed, and what set is planned.

use crate::{
    Admitted, Config, CurrentSchedule, Error, Event, Forgiven, LeastVoters, Leaving, NextVoters,
    Outgoing, Pallet, Probation, Removal, RemovalReason, Removals, RemovedOf, Repair, Silence,
    Stalled, Voters, WeightInfo,
    pallet::{AccountOf, AccountsOf, WeightOf},
    votes::count,
};
use alloc::{collections::BTreeSet, vec::Vec};
use frame_support::{
    dispatch::{DispatchClass, DispatchResult},
    ensure,
    traits::Get,
};
use frame_system::RawOrigin;
use qedex_math::finality::{Turnover, Waiting};
use qedex_primitives::{Membership, OwnerId, Role};
use sp_staking::SessionIndex;

impl<T: Config> Pallet<T> {
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

    /// Takes that back.
    pub(crate) fn enable(who: &AccountOf<T>) {
        if let Some(index) = pallet_session::Pallet::<T>::validator_id_to_index(who) {
            pallet_session::Pallet::<T>::reenable_index(index);
        }
    }

    pub(crate) fn do_remove(who: &AccountOf<T>) -> DispatchResult {
        ensure!(
            Self::is_in_a_set(who) || pallet_session::NextKeys::<T>::contains_key(who),
            Error::<T>::NotAValidator
        );
        let standing = Removals::<T>::get(who);
        ensure!(standing.is_none_or(|removal| !removal.effective), Error::<T>::AlreadyRemoved);
        ensure!(
            !Self::is_voter(who) || Self::bears(core::slice::from_ref(who)),
            Error::<T>::TooManyWouldLeave
        );
        let session = pallet_session::CurrentIndex::<T>::get();
        Self::take_out(who, RemovalReason::Decided, session);
        Ok(())
    }

    /// Removes `who` for what was proven of `session`. If too many would leave at once, the removal
    /// is held: the validator gets no more than the floor, and each session tries again.
    pub(crate) fn punish(who: &AccountOf<T>, reason: RemovalReason, session: SessionIndex) {
        Self::deposit_event(Event::Equivocated { who: who.clone(), session });
        let now = pallet_session::CurrentIndex::<T>::get();
        if !Self::is_voter(who) || Self::bears(core::slice::from_ref(who)) {
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
        Self::enable(who);
        Self::deposit_event(Event::Readmitted { who: who.clone() });
        true
    }

    /// Whether `who` is in a set that is in use or planned, or was until a change that was not final when
    /// the session began.
    pub(crate) fn is_in_a_set(who: &AccountOf<T>) -> bool {
        Self::is_voter(who)
            || Outgoing::<T>::get().is_some_and(|(_, voters)| voters.contains(who))
            || pallet_session::Validators::<T>::get().contains(who)
            || pallet_session::QueuedKeys::<T>::get().iter().any(|(queued, _)| queued == who)
    }

    pub(crate) fn do_leave(who: AccountOf<T>) -> DispatchResult {
        if !Self::is_in_a_set(&who) {
            pallet_session::Pallet::<T>::purge_keys(RawOrigin::Signed(who.clone()).into())?;
            Self::forget_member(&who);
            return Ok(());
        }
        ensure!(!Leaving::<T>::contains_key(&who), Error::<T>::AlreadyLeaving);
        if Self::is_voter(&who) {
            ensure!(Self::bears(core::slice::from_ref(&who)), Error::<T>::TooManyWouldLeave);
            let stays = |other: &&AccountOf<T>| {
                **other != who && !Self::is_out(other) && !Leaving::<T>::contains_key(*other)
            };
            let left = NextVoters::<T>::get().iter().filter(stays).count();
            let left = u32::try_from(left).unwrap_or(u32::MAX);
            ensure!(left >= LeastVoters::<T>::get(), Error::<T>::TooFewWouldBeLeft);
        }
        Leaving::<T>::insert(&who, pallet_session::CurrentIndex::<T>::get());
        Self::deposit_event(Event::LeaveRequested { who });
        Ok(())
    }

    /// Forgets what is known of an account that left.
    fn forget_member(who: &AccountOf<T>) {
        Leaving::<T>::remove(who);
        Admitted::<T>::remove(who);
        Silence::<T>::remove(who);
    }

    /// Purges the session keys of those who wanted to leave and are in no set any more. Each was in
    /// one when it asked, so that there are few of them.
    pub(crate) fn complete_departures() {
        let leaving: Vec<_> = Leaving::<T>::iter_keys().collect();
        for who in leaving {
            if Self::is_in_a_set(&who) {
                continue;
            }
            Self::forget_member(&who);
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

    /// Those of `voters` who are gone for good, or are so from now on: who of them is to leave the set, those
    /// first whose turn it is, and who has to stay because too many would be gone. Removals come before
    /// those without a seat, these before the silent, and these before requests, the earlier ones first,
    /// then by id. If requests came first, whoever may not validate any more would stay for as long as a
    /// friend leaves and comes back.
    fn to_go(voters: &[AccountOf<T>]) -> (Vec<AccountOf<T>>, Vec<AccountOf<T>>) {
        let unseated = Self::unseated(voters);
        let mut going: Vec<(u8, SessionIndex, AccountOf<T>)> = voters
            .iter()
            .filter_map(|who| {
                let (turn, session) = if let Some(removal) = Removals::<T>::get(who) {
                    (u8::from(!removal.effective), removal.session)
                } else if unseated.contains(who) {
                    (2, SessionIndex::default())
                } else if Self::is_overdue(who) {
                    (3, SessionIndex::default())
                } else {
                    (4, Leaving::<T>::get(who)?)
                };
                Some((turn, session, who.clone()))
            })
            .collect();
        going.sort();
        let (mut leaving, mut held) = (Vec::new(), Vec::new());
        // Those who are not gone yet go only as far as the bound permits.
        let mut going_now = Vec::new();
        for (.., who) in going {
            if !Self::is_gone(&who) {
                going_now.push(who.clone());
                if !Self::bears(&going_now) {
                    going_now.pop();
                    held.push(who);
                    continue;
                }
            }
            leaving.push(who);
        }
        (leaving, held)
    }

    /// Plans who votes from the next session on, out of `voters` and those who have stood their probation:
    /// who stays, and who gets a vote.
    fn planned_votes(voters: &[AccountOf<T>]) -> (Vec<AccountOf<T>>, Vec<AccountOf<T>>) {
        let (mut leaving, mut held) = Self::to_go(voters);
        let ready = Self::graduates();
        let gone = voters.iter().filter(|who| Self::is_gone(who) || leaving.contains(who)).count();
        let Turnover { leave, join } = Waiting {
            voters: count(voters),
            gone: u32::try_from(gone).unwrap_or(u32::MAX),
            leaving: count(&leaving),
            ready: count(&ready),
            least: LeastVoters::<T>::get(),
            most: T::MaxValidators::get(),
        }
        .turnover();
        for who in &leaving {
            if let Some(removal) = Removals::<T>::get(who)
                && !removal.effective
            {
                Self::take_out(who, removal.reason, removal.session);
            }
        }
        let leave = usize::try_from(leave).unwrap_or(usize::MAX).min(leaving.len());
        held.extend(leaving.split_off(leave));
        if !held.is_empty() {
            Self::deposit_event(Event::Held { who: held });
        }
        for who in leaving.iter().filter(|who| !Self::is_out(who)) {
            if Self::is_overdue(who) {
                Self::drop_silent(who);
            }
        }
        let staying = voters.iter().filter(|who| !leaving.contains(who)).cloned().collect();
        let join = usize::try_from(join).unwrap_or(usize::MAX);
        (staying, ready.into_iter().take(join).collect())
    }

    /// Plans the set of `session` from the present one; `None` if neither it nor who votes changes. While
    /// votes stand still nothing does.
    pub(crate) fn planned_set(session: SessionIndex) -> Option<Vec<AccountOf<T>>> {
        if Stalled::<T>::get() {
            return None;
        }
        let present = pallet_session::Validators::<T>::get();
        let voters = Voters::<T>::get().into_inner();
        let (mut next_voters, gaining) = Self::planned_votes(&voters);
        let losing: Vec<_> = voters.into_iter().filter(|who| !next_voters.contains(who)).collect();
        next_voters.extend(gaining.iter().cloned());
        next_voters.sort();
        for who in &gaining {
            Probation::<T>::remove(who);
        }
        let probation = Self::on_probation(&next_voters);
        let newcomers = Self::newcomers(&next_voters, &probation, &present);
        let mut next: Vec<_> = next_voters.iter().chain(&probation).cloned().collect();
        for who in &newcomers {
            Probation::<T>::insert(who, 0);
        }
        next.extend(newcomers);
        next.sort();
        if !losing.is_empty() || !gaining.is_empty() {
            NextVoters::<T>::put(AccountsOf::<T>::truncate_from(next_voters));
            Self::deposit_event(Event::VotesPlanned { session, gaining, losing });
        } else if next == present {
            return None;
        }
        let not_in = |one: &[AccountOf<T>], other: &[AccountOf<T>]| -> Vec<_> {
            one.iter().filter(|who| !other.contains(who)).cloned().collect()
        };
        let (joining, leaving) = (not_in(&next, &present), not_in(&present, &next));
        for who in &leaving {
            Silence::<T>::remove(who);
        }
        if !joining.is_empty() || !leaving.is_empty() {
            Self::deposit_event(Event::SetPlanned { session, joining, leaving });
        }
        Some(next)
    }

    /// The set of genesis: whoever has session keys.
    pub(crate) fn genesis_set() -> Option<Vec<AccountOf<T>>> {
        let room = usize::try_from(T::MaxValidators::get()).unwrap_or(usize::MAX);
        let mut validators: Vec<_> =
            pallet_session::NextKeys::<T>::iter_keys().take(room).collect();
        validators.sort();
        (!validators.is_empty()).then_some(validators)
    }
}

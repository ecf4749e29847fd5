//! What must be true of the storage after every block.

use crate::{
    Authored, Config, CurrentRules, CurrentSchedule, DueBefore, KeptSets, Leaving, NextVoters,
    Pallet, PastSessions, Probation, Removals, RemovedOf, Repair, SessionSlots, SetAfter,
    VoterSets, Voters,
};
use frame_support::{ensure, traits::Get};
use qedex_primitives::Membership;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. The rules are in range, and there is a set of validators.
    /// 2. The schedule names each validator once, in the order of ids, and each of its slots has an
    ///    author; everybody has as many as its share says, and all shares sum up to a session.
    /// 3. Aura's list is the schedule, rotated so that each slot has its author.
    /// 4. Nobody whose removal is in effect is in the schedule, but for one to be repaired or one
    ///    that has nobody else.
    /// 5. No more past sessions are kept than there may be.
    /// 6. Whoever is removed is so among its owner's accounts, and nobody else is.
    /// 7. Whoever is in the queued set and not in the present one has an owner, whom nobody else in it
    ///    has, and of whose accounts none was removed before the set was planned.
    /// 8. Only validators of the present set have written blocks or had slots in this session, and
    ///    only those of a set want to leave.
    /// 9. Those who vote are the last set on record, and the sets on record follow each other.
    /// 10. Each planned voter is in the queued set, and whoever else is in it is on probation.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let slots = SessionSlots::<T>::get();
        ensure!(
            CurrentRules::<T>::get().is_valid(slots, T::MaxWindow::get()),
            "a rule is out of its range"
        );
        let Some(schedule) = CurrentSchedule::<T>::get() else {
            return Ok(());
        };
        ensure!(!pallet_session::Validators::<T>::get().is_empty(), "there are no validators");
        ensure!(
            schedule
                .authors
                .iter()
                .zip(schedule.authors.iter().skip(1))
                .all(|(a, b)| a.who < b.who),
            "the authors are not in order, each once"
        );
        ensure!(schedule.order.len() == slots as usize, "a schedule is not as long as a session");
        for (position, author) in schedule.authors.iter().enumerate() {
            let slots =
                schedule.order.iter().filter(|entry| usize::from(**entry) == position).count();
            ensure!(
                slots == author.slots as usize,
                "an author has another number of slots than its share"
            );
        }
        ensure!(
            schedule.order.iter().all(|entry| usize::from(*entry) < schedule.authors.len()),
            "a slot has no author"
        );
        let list = pallet_aura::Authorities::<T>::get();
        ensure!(list.into_inner() == Self::aura_list(&schedule), "Aura's list is not the schedule");
        ensure!(
            Repair::<T>::get()
                || schedule.authors.iter().all(|author| Self::is_out(&author.who))
                || !schedule.authors.iter().any(|author| Self::is_out(&author.who)),
            "a removed validator is in the schedule"
        );
        ensure!(
            PastSessions::<T>::iter_keys().count() <= T::HistoryLength::get() as usize,
            "too many past sessions are kept"
        );
        Self::check_removals()?;
        Self::check_queue()?;
        Self::check_votes()?;
        let present = pallet_session::Validators::<T>::get();
        ensure!(
            Authored::<T>::iter_keys()
                .chain(DueBefore::<T>::iter_keys())
                .all(|who| present.contains(&who)),
            "slots of somebody who is no validator are counted"
        );
        ensure!(
            Leaving::<T>::iter_keys().all(|who| Self::is_in_a_set(&who)),
            "somebody who is in no set wants to leave"
        );
        Ok(())
    }

    /// Whether removals by account and by owner say the same.
    fn check_removals() -> Result<(), TryRuntimeError> {
        for who in Removals::<T>::iter_keys() {
            ensure!(
                T::Membership::owner_of(&who)
                    .is_none_or(|owner| RemovedOf::<T>::contains_key(owner, &who)),
                "a removed account is not among its owner's"
            );
        }
        for (owner, who) in RemovedOf::<T>::iter_keys() {
            ensure!(
                Removals::<T>::contains_key(&who) && T::Membership::owner_of(&who) == Some(owner),
                "an account of an owner is not removed, or not the owner's"
            );
        }
        Ok(())
    }

    /// Whether who votes is who is on record, and everybody else of the planned set is on probation.
    fn check_votes() -> Result<(), TryRuntimeError> {
        let (oldest, latest) = KeptSets::<T>::get();
        let kept = VoterSets::<T>::get(latest);
        let voters = Voters::<T>::get();
        ensure!(
            kept.iter().map(|(who, _)| who).eq(voters.iter()),
            "the voters are not those on record"
        );
        let mut since = oldest;
        while since != latest {
            ensure!(!VoterSets::<T>::get(since).is_empty(), "a set of voters is lost");
            let next = SetAfter::<T>::get(since).ok_or("a set of voters has no next one")?;
            ensure!(next > since, "sets of voters are out of order");
            since = next;
        }
        ensure!(
            SetAfter::<T>::iter_keys().all(|set| set >= oldest)
                && VoterSets::<T>::iter_keys().all(|set| set >= oldest),
            "a set of voters is kept for too long"
        );
        let next = NextVoters::<T>::get();
        let queued = pallet_session::QueuedKeys::<T>::get();
        ensure!(
            next.iter().all(|who| queued.iter().any(|(queued, _)| queued == who)),
            "a planned voter is not in the queued set"
        );
        ensure!(
            queued.iter().all(|(who, _)| next.contains(who) != Probation::<T>::contains_key(who)),
            "somebody of the queued set neither votes nor is on probation, or both"
        );
        Ok(())
    }

    /// Whether those who join with the queued set may.
    fn check_queue() -> Result<(), TryRuntimeError> {
        let present = pallet_session::Validators::<T>::get();
        let now = pallet_session::CurrentIndex::<T>::get();
        let queued = pallet_session::QueuedKeys::<T>::get();
        let on_probation = |who: &T::AccountId| Probation::<T>::contains_key(who);
        for (who, _) in queued.iter().filter(|(who, _)| !present.contains(who) && on_probation(who))
        {
            let owner = T::Membership::owner_of(who).ok_or("who joins has no owner")?;
            let alike = queued
                .iter()
                .filter(|(other, _)| T::Membership::owner_of(other) == Some(owner))
                .count();
            ensure!(alike == 1, "who joins has the owner of another validator");
            // The queued set was planned when this session began.
            ensure!(
                RemovedOf::<T>::iter_key_prefix(owner)
                    .filter_map(Removals::<T>::get)
                    .all(|removal| removal.session >= now),
                "who joins has an owner who was removed before"
            );
        }
        Ok(())
    }
}

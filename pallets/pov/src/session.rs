//! What the session pallet asks: when a session ends, who is in the next, and what follows.

use crate::{
    AuraSlot, Authored, Config, CurrentRules, CurrentSchedule, DueBefore, Pallet, PastSession,
    PastSessions, PastShare, Repair, SessionSlots,
    pallet::{AccountOf, KeyOf},
    schedule::Scored,
};
use alloc::vec::Vec;
use core::marker::PhantomData;
use frame_support::{
    BoundedVec,
    traits::{EstimateNextSessionRotation, Get, OneSessionHandler},
    weights::Weight,
};
use frame_system::pallet_prelude::BlockNumberFor;
use pallet_session::historical;
use qedex_primitives::{Membership, Role};
use sp_core::H256;
use sp_runtime::{
    Permill,
    traits::{Convert, SaturatedConversion},
};
use sp_staking::SessionIndex;

impl<T: Config> Pallet<T> {
    /// The slot with which the present session ends.
    fn last_slot() -> Option<AuraSlot> {
        let start = CurrentSchedule::<T>::get()?.start?;
        Some(start.saturating_add(u64::from(SessionSlots::<T>::get()).saturating_sub(1)))
    }

    /// Notes the first slot of the session of genesis: that of the first block.
    pub(crate) fn begin_first_session() {
        if let Some(mut schedule) = CurrentSchedule::<T>::get()
            && schedule.start.is_none()
        {
            let slot = Self::current_slot();
            schedule.start = Some(slot);
            schedule.since = Some(slot);
            CurrentSchedule::<T>::put(schedule);
        }
    }

    /// Ends the present session: puts it into the history and says who missed too many slots.
    fn close_session() -> Vec<AccountOf<T>> {
        let Some(schedule) = CurrentSchedule::<T>::get() else {
            return Vec::new();
        };
        let slot = Self::current_slot();
        let tolerated = CurrentRules::<T>::get().downtime;
        let mut down = Vec::new();
        let mut shares = Vec::new();
        let due_now = Self::due_since_last_change(&schedule, slot);
        for (author, (who, due)) in schedule.authors.iter().zip(due_now) {
            let due = DueBefore::<T>::take(&who).saturating_add(due);
            let authored = Authored::<T>::take(&who);
            let missed = due.saturating_sub(authored);
            // Rounded down, so that nobody is down by rounding.
            if missed > 0 && missed > tolerated.mul_floor(due) {
                down.push(who.clone());
            }
            shares.push(PastShare { who, score: author.score, slots: author.slots, due, authored });
        }
        // Those who were removed on the way are in the schedule no more, and maybe not in the set of
        // the session that begins.
        let _ = DueBefore::<T>::clear(u32::MAX, None);
        let _ = Authored::<T>::clear(u32::MAX, None);
        PastSessions::<T>::insert(
            schedule.session,
            PastSession {
                first: schedule.start.unwrap_or(slot),
                last: slot,
                seed: schedule.seed,
                shares: BoundedVec::truncate_from(shares),
            },
        );
        if let Some(old) = schedule.session.checked_sub(T::HistoryLength::get()) {
            PastSessions::<T>::remove(old);
        }
        down
    }

    /// Scores `validators` and joins the keys to the result, without those who are out.
    fn with_scores(
        validators: Vec<(AccountOf<T>, KeyOf<T>)>,
        down: &[AccountOf<T>],
    ) -> Vec<Scored<T>> {
        let names = validators.iter().map(|(who, _)| who.clone()).collect();
        let mut validators = validators;
        validators.sort_by(|a, b| a.0.cmp(&b.0));
        // Both are in the order of ids.
        Self::scored(names, down)
            .into_iter()
            .zip(validators)
            .map(|((who, score, reduced), (_, key))| (who, key, score, reduced))
            .collect()
    }

    /// Ends the present session and installs the schedule of the one that begins.
    pub(crate) fn rotate(validators: Vec<(AccountOf<T>, KeyOf<T>)>) {
        let down = Self::close_session();
        for (who, _) in &validators {
            if Self::is_out(who) {
                Self::disable(who);
            }
        }
        let (out, left): (Vec<_>, Vec<_>) =
            validators.into_iter().partition(|(who, _)| Self::is_out(who));
        // Somebody has to write blocks.
        let validators = if left.is_empty() { out } else { left };
        let scored = Self::with_scores(validators, &down);
        let session = pallet_session::CurrentIndex::<T>::get();
        let start = Self::current_slot().saturating_add(1);
        let seed = Self::seed(session, start);
        Repair::<T>::kill();
        if !scored.is_empty() {
            Self::install(Self::computed(session, Some(start), Some(start), seed, scored));
        }
        Self::complete_departures();
    }
}

impl<T: Config> sp_runtime::BoundToRuntimeAppPublic for Pallet<T> {
    type Public = KeyOf<T>;
}

impl<T: Config> OneSessionHandler<AccountOf<T>> for Pallet<T> {
    type Key = KeyOf<T>;

    /// Equal shares, in an order that the zero seed draws.
    fn on_genesis_session<'a, I>(validators: I)
    where
        I: 'a + Iterator<Item = (&'a AccountOf<T>, Self::Key)>,
        AccountOf<T>: 'a,
    {
        let mut scored: Vec<Scored<T>> =
            validators.map(|(who, key)| (who.clone(), key, 0, None)).collect();
        if scored.is_empty() {
            return;
        }
        scored.sort_by(|a, b| a.0.cmp(&b.0));
        let schedule = Self::computed(0, None, None, H256::zero(), scored);
        pallet_aura::Pallet::<T>::initialize_authorities(&Self::aura_list(&schedule));
        CurrentSchedule::<T>::put(schedule);
    }

    /// The schedule is new in every session, whether or not the set has changed.
    fn on_new_session<'a, I>(_changed: bool, validators: I, _queued: I)
    where
        I: 'a + Iterator<Item = (&'a AccountOf<T>, Self::Key)>,
        AccountOf<T>: 'a,
    {
        Self::rotate(validators.map(|(who, key)| (who.clone(), key)).collect());
    }

    /// Aura is told by a schedule without the validator. `_index` means nothing to it.
    fn on_disabled(_index: u32) {}
}

impl<T: Config> pallet_session::SessionManager<AccountOf<T>> for Pallet<T> {
    fn new_session(session: SessionIndex) -> Option<Vec<AccountOf<T>>> {
        Self::planned_set(session)
    }
    fn new_session_genesis(_: SessionIndex) -> Option<Vec<AccountOf<T>>> {
        Self::genesis_set()
    }
    fn start_session(_: SessionIndex) {}
    fn end_session(ended: SessionIndex) {
        // Proofs of offences need the validators of past sessions, and no longer than they can be
        // reported.
        let horizon = ended.saturating_sub(T::ReportableSessions::get());
        historical::Pallet::<T>::prune_up_to(horizon);
    }
}

impl<T: Config> historical::SessionManager<AccountOf<T>, ()> for Pallet<T> {
    fn new_session(session: SessionIndex) -> Option<Vec<(AccountOf<T>, ())>> {
        let set = <Self as pallet_session::SessionManager<_>>::new_session(session)?;
        Some(set.into_iter().map(|who| (who, ())).collect())
    }
    fn new_session_genesis(session: SessionIndex) -> Option<Vec<(AccountOf<T>, ())>> {
        let set = <Self as pallet_session::SessionManager<_>>::new_session_genesis(session)?;
        Some(set.into_iter().map(|who| (who, ())).collect())
    }
    fn start_session(session: SessionIndex) {
        <Self as pallet_session::SessionManager<_>>::start_session(session);
    }
    fn end_session(session: SessionIndex) {
        <Self as pallet_session::SessionManager<_>>::end_session(session);
    }
}

impl<T: Config> pallet_session::ShouldEndSession<BlockNumberFor<T>> for Pallet<T> {
    /// By slot, not by block: blocks that nobody wrote do not make a session longer.
    fn should_end_session(_now: BlockNumberFor<T>) -> bool {
        Self::last_slot().is_some_and(|last| Self::current_slot() >= last)
    }
}

impl<T: Config> EstimateNextSessionRotation<BlockNumberFor<T>> for Pallet<T> {
    fn average_session_length() -> BlockNumberFor<T> {
        SessionSlots::<T>::get().into()
    }

    fn estimate_current_session_progress(_now: BlockNumberFor<T>) -> (Option<Permill>, Weight) {
        let slots = u64::from(SessionSlots::<T>::get());
        let progress = Self::last_slot().map(|last| {
            let left = last.saturating_sub(Self::current_slot());
            Permill::from_rational(slots.saturating_sub(left), slots)
        });
        (progress, T::DbWeight::get().reads(3))
    }

    fn estimate_next_session_rotation(
        now: BlockNumberFor<T>,
    ) -> (Option<BlockNumberFor<T>>, Weight) {
        use sp_runtime::traits::Saturating;
        let next = Self::last_slot().map(|last| {
            let left = last.saturating_sub(Self::current_slot());
            now.saturating_add(left.saturated_into())
        });
        (next, T::DbWeight::get().reads(3))
    }
}

/// Whose session keys the session pallet takes: those of accounts that satisfy the `validate`
/// policy, and of those who have keys already and change them.
pub struct ValidatorOf<T>(PhantomData<T>);

impl<T: Config> Convert<AccountOf<T>, Option<AccountOf<T>>> for ValidatorOf<T> {
    fn convert(who: AccountOf<T>) -> Option<AccountOf<T>> {
        let known = pallet_session::NextKeys::<T>::contains_key(&who)
            || T::Membership::may(&who, Role::Validate);
        known.then_some(who)
    }
}

//! What the session pallet asks: when a session ends, who is in the next, and what follows.

use crate::{
    AuraSlot, Authored, Config, CurrentRules, CurrentSchedule, DueBefore, LastAuthors, Pallet,
    PastSession, PastSessions, PastShare, Repair, SessionSlots,
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

    /// Ends the present session: puts it into the history and counts who wrote blocks and who did not,
    /// unless finality `lags` or less than half of the slots had blocks.
    fn close_session(lags: bool) {
        let Some(schedule) = CurrentSchedule::<T>::get() else {
            return;
        };
        let slot = Self::current_slot();
        let first = schedule.start.unwrap_or(slot);
        let slots = slot.saturating_add(1).saturating_sub(first);
        let blocks =
            Authored::<T>::iter_values().fold(0_u64, |sum, one| sum.saturating_add(one.into()));
        let counts = !lags && blocks.saturating_mul(2) >= slots;
        let mut shares = Vec::new();
        let due_now = Self::due_since_last_change(&schedule, slot);
        for (author, (who, due)) in schedule.authors.iter().zip(due_now) {
            let due = DueBefore::<T>::take(&who).saturating_add(due);
            let authored = Authored::<T>::take(&who);
            Self::note_session(&who, authored, due, counts);
            shares.push(PastShare { who, score: author.score, slots: author.slots, due, authored });
        }
        // Those who were removed on the way are in the schedule no more, and maybe not in the set of
        // the session that begins.
        let _ = DueBefore::<T>::clear(u32::MAX, None);
        let _ = Authored::<T>::clear(u32::MAX, None);
        PastSessions::<T>::insert(
            schedule.session,
            PastSession {
                first,
                last: slot,
                seed: schedule.seed,
                shares: BoundedVec::truncate_from(shares),
            },
        );
        let keys = schedule.authors.into_iter().map(|author| (author.who, author.key));
        LastAuthors::<T>::put((schedule.session, BoundedVec::truncate_from(keys.collect())));
        if let Some(old) = schedule.session.checked_sub(T::HistoryLength::get()) {
            PastSessions::<T>::remove(old);
        }
    }

    /// Who missed too many slots of `session`.
    fn down_in(session: SessionIndex) -> Vec<AccountOf<T>> {
        let tolerated = CurrentRules::<T>::get().downtime;
        let shares = PastSessions::<T>::get(session).map(|past| past.shares).unwrap_or_default();
        let down = shares.into_iter().filter(|share| {
            let missed = share.due.saturating_sub(share.authored);
            // Rounded down, so that nobody is down by rounding.
            missed > 0 && missed > tolerated.mul_floor(share.due)
        });
        down.map(|share| share.who).collect()
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

    /// Ends `session`.
    pub(crate) fn finish(session: SessionIndex) {
        let lags = Self::look_at_finality(session);
        Self::close_session(lags);
    }

    /// Installs the schedule of the session that begins.
    pub(crate) fn rotate(validators: Vec<(AccountOf<T>, KeyOf<T>)>) {
        let session = pallet_session::CurrentIndex::<T>::get();
        let down = session.checked_sub(1).map(Self::down_in).unwrap_or_default();
        let (out, left): (Vec<_>, Vec<_>) =
            validators.into_iter().partition(|(who, _)| Self::is_out(who));
        // Somebody has to write blocks, and Aura takes none of whoever is disabled.
        let validators = if left.is_empty() {
            out.iter().for_each(|(who, _)| Self::enable(who));
            out
        } else {
            out.iter().for_each(|(who, _)| Self::disable(who));
            left
        };
        let scored = Self::with_scores(validators, &down);
        let start = Self::current_slot().saturating_add(1);
        let seed = Self::seed(session, start);
        Repair::<T>::kill();
        if !scored.is_empty() {
            Self::install(Self::computed(session, Some(start), Some(start), seed, scored));
        }
        Self::complete_departures();
        Self::forget_statements();
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
    fn start_session(session: SessionIndex) {
        // That of genesis was begun by its votes.
        if session > 0 {
            Self::switch_votes(session);
        }
    }
    fn end_session(ended: SessionIndex) {
        Self::finish(ended);
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

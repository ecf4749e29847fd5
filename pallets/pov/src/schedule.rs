//! From scores to Aura's list, and from a slot back to its author.

use crate::{
    AuraSlot, Author, Authored, Change, Config, CurrentRules, CurrentSchedule, DueBefore, Event,
    LastChange, Pallet, Reduction, Removals, Repair, Schedule, ScheduleOf, SessionSlots,
    pallet::{AccountOf, KeyOf},
};
use alloc::{vec, vec::Vec};
use codec::{Decode, Encode};
use frame_support::{
    BoundedVec,
    traits::{DisabledValidators, FindAuthor, Get},
};
use qedex_math::schedule::{Limits, apportion, arrange};
use qedex_primitives::EntropyBeacon;
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};
use sp_core::H256;
use sp_io::hashing::blake2_256;
use sp_runtime::ConsensusEngineId;
use sp_staking::SessionIndex;

/// What a seed is derived for, so that the same beacon value gives other numbers elsewhere.
const SEED_CONTEXT: [u8; 16] = *b"qedex/schedule/1";

/// How many epochs back the beacon is asked, where the latest is not known.
const BEACON_EPOCHS: u64 = 4;

/// A validator with its Aura key, its score, and why it was reduced.
pub(crate) type Scored<T> = (AccountOf<T>, KeyOf<T>, u64, Option<Reduction>);

/// The position in a schedule's order that `slot` has.
fn position(slot: AuraSlot, aligned: AuraSlot, length: usize) -> Option<usize> {
    let length = u64::try_from(length).ok()?;
    // Below the length, which is a usize.
    usize::try_from(slot.checked_sub(aligned)?.checked_rem(length)?).ok()
}

impl<T: Config> Pallet<T> {
    /// The slot of the block that is being executed.
    pub(crate) fn current_slot() -> AuraSlot {
        *pallet_aura::CurrentSlot::<T>::get()
    }

    /// Whether `who` is removed, and that has taken effect.
    pub(crate) fn is_out(who: &AccountOf<T>) -> bool {
        Removals::<T>::get(who).is_some_and(|removal| removal.effective)
    }

    /// What orders the schedule of `session` that governs from `since` on.
    ///
    /// The beacon's latest value; where it has none, the hash of the block before, which its author
    /// can choose among those that it could write.
    pub(crate) fn seed(session: SessionIndex, since: AuraSlot) -> H256 {
        let epoch = T::Beacon::latest();
        let value = (0..BEACON_EPOCHS)
            .filter_map(|back| epoch.checked_sub(back))
            .find_map(T::Beacon::value);
        let entropy = value.map_or_else(
            || frame_system::Pallet::<T>::parent_hash().encode(),
            |value| value.encode(),
        );
        H256((SEED_CONTEXT, session, since, entropy).using_encoded(blake2_256))
    }

    /// The shares and the order of a session.
    pub(crate) fn computed(
        session: SessionIndex,
        start: Option<AuraSlot>,
        since: Option<AuraSlot>,
        seed: H256,
        scored: Vec<Scored<T>>,
    ) -> ScheduleOf<T> {
        let (rules, slots) = (CurrentRules::<T>::get(), SessionSlots::<T>::get());
        let claimants = u32::try_from(scored.len()).unwrap_or(u32::MAX);
        let limits = Limits { slots, floor: rules.floor, largest: rules.largest.mul_floor(slots) }
            .relaxed(claimants);
        let scores: Vec<u64> = scored.iter().map(|(_, _, score, _)| *score).collect();
        // Relaxed limits can be kept by whoever there is.
        let shares = apportion(&scores, limits).unwrap_or_else(|_| vec![0; scores.len()]);
        let order = arrange(&shares, rules.max_run, seed.as_fixed_bytes());
        let authors = scored
            .into_iter()
            .zip(shares)
            .map(|((who, key, score, reduced), slots)| Author { who, key, score, reduced, slots })
            .collect();
        Schedule {
            session,
            start,
            since,
            aligned: since.unwrap_or_default(),
            seed,
            authors: BoundedVec::truncate_from(authors),
            order: BoundedVec::truncate_from(
                order.into_iter().filter_map(|author| u16::try_from(author).ok()).collect(),
            ),
        }
    }

    /// A schedule as Aura reads it: the author of slot s stands at s modulo the list's length.
    pub(crate) fn aura_list(schedule: &ScheduleOf<T>) -> Vec<KeyOf<T>> {
        let length = schedule.order.len();
        let rotation = u64::try_from(length)
            .ok()
            .and_then(|length| schedule.aligned.checked_rem(length))
            .and_then(|rotation| usize::try_from(rotation).ok())
            .unwrap_or_default();
        let mut order: Vec<u16> = schedule.order.to_vec();
        order.rotate_right(rotation.min(length));
        order
            .into_iter()
            .filter_map(|author| schedule.authors.get(usize::from(author)))
            .map(|author| author.key.clone())
            .collect()
    }

    /// Makes `schedule` govern from the next slot on.
    pub(crate) fn install(schedule: ScheduleOf<T>) {
        let slot = Self::current_slot();
        // Asked before the schedule that chose this block's author is gone.
        let author = Self::author_at(slot);
        LastChange::<T>::put(Change { slot, author });
        let list = BoundedVec::truncate_from(Self::aura_list(&schedule));
        pallet_aura::Pallet::<T>::change_authorities(list);
        Self::deposit_event(Event::Scheduled {
            session: schedule.session,
            since: schedule.since.unwrap_or_default(),
            seed: schedule.seed,
            shares: schedule
                .authors
                .iter()
                .map(|author| (author.who.clone(), author.score, author.slots))
                .collect(),
        });
        for author in &schedule.authors {
            if let Some(reason) = author.reduced {
                let who = author.who.clone();
                Self::deposit_event(Event::Reduced { who, reason });
            }
        }
        CurrentSchedule::<T>::put(schedule);
    }

    /// Replaces the present schedule by one without those that were removed, from the next slot on.
    /// The session ends when it would have ended.
    pub(crate) fn repair() {
        let slot = Self::current_slot();
        if LastChange::<T>::get().is_some_and(|change| change.slot >= slot) {
            // One change a block: the next block does it.
            return;
        }
        Repair::<T>::kill();
        let Some(schedule) = CurrentSchedule::<T>::get() else {
            return;
        };
        let left: Vec<Scored<T>> = schedule
            .authors
            .iter()
            .filter(|author| !Self::is_out(&author.who))
            .map(|author| {
                let (who, key) = (author.who.clone(), author.key.clone());
                (who, key, author.score, author.reduced)
            })
            .collect();
        if left.is_empty() || left.len() == schedule.authors.len() {
            return;
        }
        for (who, due) in Self::due_since_last_change(&schedule, slot) {
            if due > 0 {
                DueBefore::<T>::mutate(who, |before| *before = before.saturating_add(due));
            }
        }
        let since = slot.saturating_add(1);
        let seed = Self::seed(schedule.session, since);
        let repaired = Self::computed(schedule.session, schedule.start, Some(since), seed, left);
        Self::install(repaired);
    }

    /// How many slots up to and including `last` were each author's own since the schedule governs.
    pub(crate) fn due_since_last_change(
        schedule: &ScheduleOf<T>,
        last: AuraSlot,
    ) -> Vec<(AccountOf<T>, u32)> {
        let length = u64::try_from(schedule.order.len()).unwrap_or_default();
        let since = schedule.since.unwrap_or(schedule.aligned);
        let passed = last.saturating_add(1).saturating_sub(since);
        let rounds = passed.checked_div(length).unwrap_or_default();
        let rest = passed.checked_rem(length).unwrap_or_default();
        let mut due: Vec<u64> = schedule
            .authors
            .iter()
            .map(|author| rounds.saturating_mul(author.slots.into()))
            .collect();
        // Fewer than the order is long.
        for slot in since..since.saturating_add(rest) {
            let author = position(slot, schedule.aligned, schedule.order.len())
                .and_then(|position| schedule.order.get(position));
            if let Some(due) = author.and_then(|author| due.get_mut(usize::from(*author))) {
                *due = due.saturating_add(1);
            }
        }
        let whole = |due| u32::try_from(due).unwrap_or(u32::MAX);
        schedule
            .authors
            .iter()
            .zip(due)
            .map(|(author, due)| (author.who.clone(), whole(due)))
            .collect()
    }

    /// The author of `slot`. In the block that brought the present schedule, and for it ever after,
    /// that is whom the schedule before had chosen.
    pub fn author_at(slot: AuraSlot) -> Option<AccountOf<T>> {
        if let Some(change) = LastChange::<T>::get()
            && slot <= change.slot
        {
            return change.author.filter(|_| slot == change.slot);
        }
        let schedule = CurrentSchedule::<T>::get()?;
        let position = position(slot, schedule.aligned, schedule.order.len())?;
        Self::author_in(&schedule, position)
    }

    fn author_in(schedule: &ScheduleOf<T>, position: usize) -> Option<AccountOf<T>> {
        let author = schedule.order.get(position)?;
        let author = schedule.authors.get(usize::from(*author))?;
        Some(author.who.clone())
    }

    /// The author at an index of Aura's list.
    pub(crate) fn author_at_index(schedule: &ScheduleOf<T>, index: u32) -> Option<AccountOf<T>> {
        // The first slot from the alignment on that has this index.
        let length = u64::try_from(schedule.order.len()).ok()?;
        let rotation = schedule.aligned.checked_rem(length)?;
        let position =
            u64::from(index).saturating_add(length).saturating_sub(rotation).checked_rem(length)?;
        Self::author_in(schedule, usize::try_from(position).ok()?)
    }
}

impl<T: Config> FindAuthor<T::AccountId> for Pallet<T> {
    fn find_author<'a, I>(digests: I) -> Option<T::AccountId>
    where
        I: 'a + IntoIterator<Item = (ConsensusEngineId, &'a [u8])>,
    {
        digests
            .into_iter()
            .find(|(engine, _)| *engine == AURA_ENGINE_ID)
            .and_then(|(_, mut data)| Slot::decode(&mut data).ok())
            .and_then(|slot| Self::author_at(*slot))
    }
}

impl<T: Config> DisabledValidators for Pallet<T> {
    /// `index` is one of Aura's list; that of the session pallet is one of its validators.
    fn is_disabled(index: u32) -> bool {
        CurrentSchedule::<T>::get()
            .and_then(|schedule| Self::author_at_index(&schedule, index))
            .and_then(|who| pallet_session::Pallet::<T>::validator_id_to_index(&who))
            .is_some_and(<pallet_session::Pallet<T> as DisabledValidators>::is_disabled)
    }

    fn disabled_validators() -> Vec<u32> {
        let length = pallet_aura::Pallet::<T>::authorities_len();
        (0..u32::try_from(length).unwrap_or(<T as pallet_aura::Config>::MaxAuthorities::get()))
            .filter(|index| Self::is_disabled(*index))
            .collect()
    }
}

impl<T: Config, N> pallet_authorship::EventHandler<T::AccountId, N> for Pallet<T> {
    fn note_author(author: T::AccountId) {
        Authored::<T>::mutate(author, |blocks| *blocks = blocks.saturating_add(1));
    }
}

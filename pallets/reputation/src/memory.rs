//! Which raters of a ratee are remembered one by one.

use crate::{Config, Counts, Event, Experience, Memories, Memory, PROBES, Pairs, Pallet, Places};
use frame_support::traits::Get;
use qedex_primitives::{Membership, OwnerId, reputation::RememberedRater};

/// A rater who may be forgotten.
struct Candidate {
    /// What it missed, and its last day: the least is forgotten.
    rank: (u64, u32),
    place: u32,
    rater: OwnerId,
    sum: Counts,
}

impl<T: Config> Pallet<T> {
    /// Finds a place for a new rater of `ratee`: a free one, or that of a rater who is forgotten.
    /// Whether there is one. At most [`PROBES`] others are looked at.
    pub(crate) fn make_room(ratee: OwnerId, rater: OwnerId, today: u32) -> bool {
        let mut memory = Memories::<T>::get(ratee);
        let place = if memory.raters < T::MaxRaters::get() {
            let place = memory.raters;
            memory.raters = memory.raters.saturating_add(1);
            place
        } else {
            let Some(place) = Self::forget_one(ratee, &mut memory, today) else {
                return false;
            };
            place
        };
        Places::<T>::insert(ratee, place, rater);
        Memories::<T>::insert(ratee, memory);
        true
    }

    /// Forgets one of the next raters in the ring and says what its place was. `None` if all of them
    /// have rated today; the next search begins where this one ended.
    fn forget_one(ratee: OwnerId, memory: &mut Memory, today: u32) -> Option<u32> {
        let mut found: Option<Candidate> = None;
        let mut place = memory.hand;
        for _ in 0..PROBES {
            place = place.checked_rem(memory.raters).unwrap_or_default();
            let candidate = Places::<T>::get(ratee, place)
                .and_then(|rater| Some((Pairs::<T>::get(ratee, rater)?, rater)));
            if let Some((pair, rater)) = candidate
                && pair.last_day != today
            {
                let rank = (pair.sum.missed, pair.last_day);
                if found.as_ref().is_none_or(|least| rank < least.rank) {
                    found = Some(Candidate { rank, place, rater, sum: pair.sum });
                }
            }
            place = place.saturating_add(1);
        }
        memory.hand = place.checked_rem(memory.raters).unwrap_or_default();
        let Some(Candidate { place, rater, sum, .. }) = found else {
            Memories::<T>::insert(ratee, *memory);
            return None;
        };
        memory.forgotten = memory.forgotten.saturating_add(sum);
        Pairs::<T>::remove(ratee, rater);
        Self::deposit_event(Event::RaterForgotten { ratee, rater });
        Some(place)
    }

    /// Notes a rating by somebody who is not remembered.
    pub(crate) fn add_forgotten(ratee: OwnerId, rating: Counts) {
        Memories::<T>::mutate(ratee, |memory| {
            memory.forgotten = memory.forgotten.saturating_add(rating);
        });
    }

    /// The remembered raters of the owner of `who`, at most [`Config::MaxRaters`].
    pub fn raters_of(who: &T::AccountId) -> impl Iterator<Item = RememberedRater> {
        T::Membership::owner_of(who).into_iter().flat_map(Self::remembered)
    }

    /// The remembered raters of `ratee`, at most [`Config::MaxRaters`].
    pub fn remembered(ratee: OwnerId) -> impl Iterator<Item = RememberedRater> {
        (0..Memories::<T>::get(ratee).raters).filter_map(move |place| {
            let rater = Places::<T>::get(ratee, place)?;
            let pair = Pairs::<T>::get(ratee, rater)?;
            let experience = Experience::<T>::get(rater);
            Some(RememberedRater { rater, ratings: pair.sum, experience })
        })
    }
}

//! How a trade becomes a rating, and ratings a standing.

use crate::{Config, Counts, Event, Pair, Pairs, Pallet, SLOTS_PER_DAY, Totals};
use frame_support::traits::Get;
use qedex_math::standing;
use qedex_primitives::{Calendar, Membership, Ratings, Standing, Verdict, Wh};
use sp_runtime::Permill;

impl<T: Config> Pallet<T> {
    /// The present day, numbered from the Unix epoch.
    pub(crate) fn today() -> u32 {
        let length = T::Calendar::slot_length().saturating_mul(SLOTS_PER_DAY);
        let day = T::Calendar::now().checked_div(length).unwrap_or_default();
        u32::try_from(day).unwrap_or(u32::MAX)
    }

    /// Whether the accounts are one, or are known to be of one owner.
    pub(crate) fn are_one(a: &T::AccountId, b: &T::AccountId) -> bool {
        a == b
            || T::Membership::owner_of(a)
                .is_some_and(|owner| T::Membership::owner_of(b) == Some(owner))
    }

    /// What a trade counts for.
    pub(crate) fn weigh(traded: Wh, verdict: Verdict) -> Counts {
        let missed = match verdict {
            Verdict::Kept => Wh::ZERO,
            Verdict::Missed(energy) => energy.min(traded),
        };
        let weight = standing::rating_weight(traded, Wh(T::FullRating::get()));
        let (kept, missed) = standing::split(weight, traded, missed);
        Counts { kept, missed }
    }

    /// The standing of `who`.
    pub(crate) fn standing_of(who: &T::AccountId) -> Permill {
        let Counts { kept, missed } = Totals::<T>::get(who);
        Permill::from_parts(standing::standing_ppm(kept, missed))
    }
}

impl<T: Config> Ratings<T::AccountId> for Pallet<T> {
    fn record(rater: &T::AccountId, ratee: &T::AccountId, traded: Wh, verdict: Verdict) {
        let rating = Self::weigh(traded, verdict);
        if rating == Counts::default() || Self::are_one(rater, ratee) {
            return;
        }
        let today = Self::today();
        let pair = Pairs::<T>::get(ratee, rater);
        let (sum, replaced) = match pair {
            None => (Counts::default(), Counts::default()),
            Some(pair) if pair.last_day != today => (pair.sum, Counts::default()),
            Some(pair) if rating.missed > pair.last.missed => (pair.sum, pair.last),
            // The day's rating stands.
            Some(_) => return,
        };
        Pairs::<T>::insert(
            ratee,
            rater,
            Pair {
                sum: sum.replace(replaced, rating),
                last: rating,
                last_day: today,
            },
        );
        Totals::<T>::mutate(ratee, |counts| *counts = counts.replace(replaced, rating));
        Self::deposit_event(Event::Rated {
            ratee: ratee.clone(),
            rater: rater.clone(),
            kept: rating.kept,
            missed: rating.missed,
        });
    }
}

impl<T: Config> Standing<T::AccountId> for Pallet<T> {
    fn of(who: &T::AccountId) -> Permill {
        Self::standing_of(who)
    }
}

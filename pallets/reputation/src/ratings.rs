//! How a trade becomes a rating, and ratings a standing.

use crate::{Config, Counts, Event, Experience, Pair, Pairs, Pallet, StandingParameters, Totals};
use frame_support::traits::Get;
use qedex_math::{standing, tariff::SLOTS_PER_DAY};
use qedex_primitives::{
    Admission, Calendar, Membership, Misses, OwnerId, Ratings, Role, Standing, Verdict, Wh,
};
use sp_runtime::Permill;

impl<T: Config> Pallet<T> {
    /// The present day, numbered from the Unix epoch.
    pub(crate) fn today() -> u32 {
        let length = T::Calendar::slot_length().saturating_mul(SLOTS_PER_DAY);
        let day = T::Calendar::now().checked_div(length).unwrap_or_default();
        u32::try_from(day).unwrap_or(u32::MAX)
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

    /// What all ratings of the owner of `who` amount to; nothing without an owner.
    pub fn counts_of(who: &T::AccountId) -> Counts {
        T::Membership::owner_of(who).map(Totals::<T>::get).unwrap_or_default()
    }

    /// The standing of the owner of `who`.
    pub fn standing_of(who: &T::AccountId) -> Permill {
        let Counts { kept, missed } = Self::counts_of(who);
        Permill::from_parts(standing::standing_ppm(kept, missed))
    }

    /// Counts a rating.
    fn count(ratee: OwnerId, rater: OwnerId, rating: Counts) {
        Totals::<T>::mutate(ratee, |counts| *counts = counts.saturating_add(rating));
        Experience::<T>::mutate(rater, |all| *all = all.saturating_add(rating.all()));
        let Counts { kept, missed } = rating;
        Self::deposit_event(Event::Rated { ratee, rater, kept, missed });
    }

    /// Counts the rating of a rater that is not remembered, and remembers it if there is room.
    fn count_new(ratee: OwnerId, rater: OwnerId, rating: Counts, today: u32) {
        if Self::make_room(ratee, rater, today) {
            let pair = Pair { sum: rating, kept_last: rating.kept, last_day: today };
            Pairs::<T>::insert(ratee, rater, pair);
            Self::count(ratee, rater, rating);
        } else if rating.missed > 0 {
            // Without memory nobody knows what the rater has counted today; but no crowd of
            // friendly raters must cover a default.
            let missed = Counts { kept: 0, ..rating };
            Self::add_forgotten(ratee, missed);
            Self::count(ratee, rater, missed);
        }
    }
}

impl<T: Config> Ratings<T::AccountId> for Pallet<T> {
    fn record(rater: &T::AccountId, ratee: &T::AccountId, traded: Wh, verdict: Verdict) {
        let rating = Self::weigh(traded, verdict);
        if rating == Counts::default() {
            return;
        }
        let owners = (T::Membership::owner_of(rater), T::Membership::owner_of(ratee));
        let (Some(rater), Some(ratee)) = owners else {
            return;
        };
        if rater == ratee {
            return;
        }
        let today = Self::today();
        let Some(pair) = Pairs::<T>::get(ratee, rater) else {
            return Self::count_new(ratee, rater, rating, today);
        };
        let before = if pair.last_day == today { pair.kept_last } else { 0 };
        let left = standing::FULL.saturating_sub(before);
        let rating = Counts { kept: rating.kept.min(left), ..rating };
        if rating == Counts::default() {
            return;
        }
        let pair = Pair {
            sum: pair.sum.saturating_add(rating),
            kept_last: before.saturating_add(rating.kept),
            last_day: today,
        };
        Pairs::<T>::insert(ratee, rater, pair);
        Self::count(ratee, rater, rating);
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn fill_memory(ratee: &T::AccountId) {
        if let Some(owner) = T::Membership::owner_of(ratee) {
            crate::benchmarking::fill::<T>(owner);
        }
    }
}

impl<T: Config> Misses for Pallet<T> {
    fn record_miss(owner: OwnerId) {
        // Nobody has rated it, so that nobody's memory has it.
        let missed = Counts { kept: 0, missed: standing::FULL };
        Self::add_forgotten(owner, missed);
        Totals::<T>::mutate(owner, |counts| *counts = counts.saturating_add(missed));
        Self::deposit_event(Event::Missed { owner, missed: missed.missed });
    }
}

impl<T: Config> Standing<T::AccountId> for Pallet<T> {
    fn of(who: &T::AccountId) -> Permill {
        Self::standing_of(who)
    }
}

impl<T: Config> Admission<T::AccountId> for Pallet<T> {
    fn admits(who: &T::AccountId, role: Role) -> bool {
        let parameters = StandingParameters::<T>::get();
        let least = match role {
            Role::Trade => parameters.least_to_trade,
            Role::Sell => parameters.least_to_sell,
            Role::InstallMeters
            | Role::Broker
            | Role::Validate
            | Role::Aggregate
            | Role::ServeKeys => return true,
        };
        least.is_zero() || Self::standing_of(who) >= least
    }
}

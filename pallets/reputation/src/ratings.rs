//! How a trade becomes a rating, and ratings a standing.

use crate::{
    Config, Counts, Event, Experience, Pair, Pairs, Pallet, Rater, StandingParameters, Totals,
};
use frame_support::traits::Get;
use qedex_math::{standing, tariff::SLOTS_PER_DAY};
use qedex_primitives::{
    Admission, Calendar, Membership, OwnerId, Ratings, Role, Standing, Verdict, Wh,
};
use sp_runtime::Permill;

impl<T: Config> Pallet<T> {
    /// The present day, numbered from the Unix epoch.
    pub(crate) fn today() -> u32 {
        let length = T::Calendar::slot_length().saturating_mul(SLOTS_PER_DAY);
        let day = T::Calendar::now().checked_div(length).unwrap_or_default();
        u32::try_from(day).unwrap_or(u32::MAX)
    }

    /// Who rates when `account`, of this owner, does.
    pub(crate) fn rater(account: &T::AccountId, owner: Option<OwnerId>) -> Rater<T::AccountId> {
        owner.map_or_else(|| Rater::Account(account.clone()), Rater::Owner)
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
    pub fn standing_of(who: &T::AccountId) -> Permill {
        let Counts { kept, missed } = Totals::<T>::get(who);
        Permill::from_parts(standing::standing_ppm(kept, missed))
    }

    /// Counts a rating, in the place of `replaced`.
    fn count(
        ratee: &T::AccountId,
        rater: &Rater<T::AccountId>,
        account: &T::AccountId,
        replaced: Counts,
        rating: Counts,
    ) {
        Totals::<T>::mutate(ratee, |counts| *counts = counts.replace(replaced, rating));
        Experience::<T>::mutate(rater, |all| {
            *all = all.saturating_sub(replaced.all()).saturating_add(rating.all());
        });
        Self::deposit_event(Event::Rated {
            ratee: ratee.clone(),
            rater: account.clone(),
            kept: rating.kept,
            missed: rating.missed,
        });
    }

    /// Counts the rating of a rater that is not remembered, and remembers it if there is room.
    fn count_new(
        ratee: &T::AccountId,
        rater: &Rater<T::AccountId>,
        account: &T::AccountId,
        rating: Counts,
        today: u32,
    ) {
        if Self::make_room(ratee, rater, today) {
            let pair = Pair { sum: rating, last: rating, last_day: today };
            Pairs::<T>::insert(ratee, rater, pair);
            Self::count(ratee, rater, account, Counts::default(), rating);
        } else if rating.missed > 0 {
            // Without memory nobody knows whether the rater has counted today; but no crowd of
            // friendly raters must cover a default.
            let missed = Counts { kept: 0, ..rating };
            Self::add_forgotten(ratee, missed);
            Self::count(ratee, rater, account, Counts::default(), missed);
        }
    }
}

impl<T: Config> Ratings<T::AccountId> for Pallet<T> {
    fn record(account: &T::AccountId, ratee: &T::AccountId, traded: Wh, verdict: Verdict) {
        let rating = Self::weigh(traded, verdict);
        if rating == Counts::default() || account == ratee {
            return;
        }
        let owner = T::Membership::owner_of(account);
        if owner.is_some() && T::Membership::owner_of(ratee) == owner {
            return;
        }
        let rater = Self::rater(account, owner);
        let today = Self::today();
        let Some(pair) = Pairs::<T>::get(ratee, &rater) else {
            return Self::count_new(ratee, &rater, account, rating, today);
        };
        let replaced = if pair.last_day != today {
            Counts::default()
        } else if rating.missed > pair.last.missed {
            pair.last
        } else {
            // The day's rating stands.
            return;
        };
        let pair = Pair { sum: pair.sum.replace(replaced, rating), last: rating, last_day: today };
        Pairs::<T>::insert(ratee, &rater, pair);
        Self::count(ratee, &rater, account, replaced, rating);
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn fill_memory(ratee: &T::AccountId) {
        crate::benchmarking::fill::<T>(ratee);
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
            Role::InstallMeters | Role::Broker | Role::Validate | Role::Aggregate => return true,
        };
        least.is_zero() || Self::standing_of(who) >= least
    }
}

//! What must be true of the storage after every block.

use crate::{
    Config, Counts, Experience, HoldReason, Memories, Pairs, Pallet, Places, StandingParameters,
    Totals, TrustDeposits,
};
use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
    traits::{Get, fungible::InspectHold},
};
use qedex_math::standing::FULL;
use qedex_primitives::OwnerId;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. Nobody rates itself.
    /// 2. A pair has ratings; what was kept on its last day is at most a full one, and part of its
    ///    sum.
    /// 3. A ratee's totals are the sum over its remembered raters and those forgotten.
    /// 4. The remembered raters stand at the places from 0 on, each at one, and there are not more
    ///    of them than may be.
    /// 5. A rater's experience is at least the sum of its remembered ratings.
    /// 6. Trust deposits are what is held for them, and not empty.
    /// 7. The parameters are such as may be set.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let mut sums = BTreeMap::<OwnerId, (Counts, u32)>::new();
        let mut given = BTreeMap::<OwnerId, u64>::new();
        for (ratee, rater, pair) in Pairs::<T>::iter() {
            ensure!(rater != ratee, "an owner rated itself");
            ensure!(pair.sum.all() > 0, "a pair without a rating");
            ensure!(
                pair.kept_last <= FULL.min(pair.sum.kept),
                "what was kept on a day is oversized, or not part of the sum"
            );
            let (sum, raters) = sums.entry(ratee).or_default();
            *sum = sum.saturating_add(pair.sum);
            *raters = raters.saturating_add(1);
            let experience = given.entry(rater).or_default();
            *experience = experience.saturating_add(pair.sum.all());
        }
        for (ratee, totals) in Totals::<T>::iter() {
            let (sum, raters) = sums.remove(&ratee).unwrap_or_default();
            let memory = Memories::<T>::get(ratee);
            ensure!(
                sum.saturating_add(memory.forgotten) == totals,
                "totals are not the sum over the raters"
            );
            ensure!(
                memory.raters == raters && raters <= T::MaxRaters::get(),
                "raters are not counted, or too many"
            );
            ensure!(
                Self::remembered(ratee).count() == raters as usize
                    && Places::<T>::iter_prefix(ratee).count() == raters as usize,
                "raters do not stand at their places"
            );
        }
        ensure!(sums.is_empty(), "ratings without totals");
        for (rater, least) in given {
            ensure!(
                Experience::<T>::get(rater) >= least,
                "a rater is less experienced than its ratings say"
            );
        }
        for (who, deposit) in TrustDeposits::<T>::iter() {
            let held = T::Currency::balance_on_hold(&HoldReason::TrustDeposit.into(), &who);
            ensure!(
                deposit.amount > 0 && held == deposit.amount,
                "a trust deposit is not what is held"
            );
        }
        let parameters = StandingParameters::<T>::get();
        ensure!(Self::check(&parameters).is_ok(), "trust cannot be computed with the parameters");
        Ok(())
    }
}

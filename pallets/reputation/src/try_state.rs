//! What must be true of the storage after every block.

use crate::{Config, Counts, Pairs, Pallet, Totals};
use alloc::collections::BTreeMap;
use frame_support::ensure;
use qedex_math::standing::FULL;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. Nobody rates itself.
    /// 2. The last rating of a pair is not empty, at most a full one, and part of its sum.
    /// 3. A ratee's totals are the sum over its raters.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let mut sums = BTreeMap::<T::AccountId, Counts>::new();
        for (ratee, rater, pair) in Pairs::<T>::iter() {
            ensure!(ratee != rater, "an account rated itself");
            let last = pair.last.kept.saturating_add(pair.last.missed);
            ensure!((1..=FULL).contains(&last), "empty or oversized rating");
            ensure!(
                pair.last.kept <= pair.sum.kept && pair.last.missed <= pair.sum.missed,
                "a pair's last rating is not part of its sum"
            );
            let sum = sums.entry(ratee).or_default();
            *sum = sum.saturating_add(pair.sum);
        }
        for (ratee, totals) in Totals::<T>::iter() {
            ensure!(
                sums.remove(&ratee) == Some(totals),
                "totals are not the sum over the raters"
            );
        }
        ensure!(sums.is_empty(), "ratings without totals");
        Ok(())
    }
}

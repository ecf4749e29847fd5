//! What authors say of finality, and whether it lags.

use crate::{
    Config, Error, Event, LARGEST_LAG, Outgoing, Pallet, Stalled, Statement, Statements, Voters,
    votes::count,
};
use alloc::vec::Vec;
use frame_support::{dispatch::DispatchResult, ensure};
use frame_system::pallet_prelude::BlockNumberFor;
use qedex_math::finality::bearable;
use sp_runtime::traits::{One, Saturating};
use sp_staking::SessionIndex;

/// The (f + 1)-th highest, if there are so many.
fn nth_highest<N: Ord>(mut values: Vec<N>, f: u32) -> Option<N> {
    values.sort_by(|a, b| b.cmp(a));
    values.into_iter().nth(usize::try_from(f).unwrap_or(usize::MAX))
}

impl<T: Config> Pallet<T> {
    /// Notes what the author of this block says.
    pub(crate) fn note_statement(number: BlockNumberFor<T>) -> DispatchResult {
        let Some(author) = Self::author_at(Self::current_slot()) else {
            return Ok(());
        };
        let at = frame_system::Pallet::<T>::block_number();
        let before = Statements::<T>::get(&author);
        ensure!(before.is_none_or(|before| before.at < at), Error::<T>::StatedTwice);
        let number = number.min(at.saturating_sub(One::one()));
        let session = pallet_session::CurrentIndex::<T>::get();
        Statements::<T>::insert(author, Statement { number, at, session });
        Ok(())
    }

    /// What the voters last stated.
    fn stated() -> Vec<Statement<BlockNumberFor<T>>> {
        Voters::<T>::get().iter().filter_map(Statements::<T>::get).collect()
    }

    /// How many voters may be silent, or lie.
    fn may_lie() -> u32 {
        bearable(count(&Voters::<T>::get()))
    }

    /// Whether one voter that does not lie says that block `number` is final.
    pub(crate) fn is_final(number: BlockNumberFor<T>) -> bool {
        let numbers = Self::stated().into_iter().map(|statement| statement.number).collect();
        nth_highest(numbers, Self::may_lie()).is_some_and(|last| last >= number)
    }

    /// Whether finality lagged at the end of `session`. What is old, because few write blocks, is compared
    /// with the block in which it was said.
    fn lags(session: SessionIndex) -> bool {
        let said: Vec<_> =
            Self::stated().into_iter().filter(|statement| statement.session == session).collect();
        let f = Self::may_lie();
        let last = nth_highest(said.iter().map(|statement| statement.number).collect(), f);
        let at = nth_highest(said.iter().map(|statement| statement.at).collect(), f);
        let lag = at.zip(last).map(|(at, last)| at.saturating_sub(last));
        lag.is_none_or(|lag| lag > LARGEST_LAG.into())
    }

    /// Decides at the end of `session` whether votes stand still; says whether finality lagged.
    pub(crate) fn look_at_finality(session: SessionIndex) -> bool {
        let lags = Self::lags(session);
        let pending = Outgoing::<T>::get().is_some_and(|(block, _)| !Self::is_final(block));
        if !pending {
            Outgoing::<T>::kill();
        }
        let stalled = lags || pending;
        if stalled != Stalled::<T>::get() {
            Stalled::<T>::put(stalled);
            Self::deposit_event(if stalled {
                Event::StallBegan { session }
            } else {
                Event::StallEnded { session }
            });
        }
        lags
    }

    /// Forgets what those said who do not write blocks any more.
    pub(crate) fn forget_statements() {
        let present = pallet_session::Validators::<T>::get();
        let gone: Vec<_> =
            Statements::<T>::iter_keys().filter(|who| !present.contains(who)).collect();
        for who in gone {
            Statements::<T>::remove(who);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_liars_raise_nothing_and_the_lowest_hold_nothing_back() {
        assert_eq!(nth_highest(vec![9, 1, 5, 7], 1), Some(7));
        assert_eq!(nth_highest(vec![9], 1), None);
        assert_eq!(nth_highest(vec![3], 0), Some(3));
    }
}

//! What clients ask.

use crate::{
    Config, Pallet, PastSessions,
    pallet::{AccountOf, PastSessionOf},
};
use alloc::vec::Vec;
use frame_support::traits::Get;
use qedex_primitives::pov::{MAX_PAST_SESSIONS, SessionIndex, ValidatorScore};

impl<T: Config> Pallet<T> {
    /// The score that each present validator would have if the session ended now, and why it would
    /// be reduced. Downtime counts only when the session has ended.
    pub fn scores() -> Vec<ValidatorScore<AccountOf<T>>> {
        Self::scored(pallet_session::Validators::<T>::get(), &[])
            .into_iter()
            .map(|(who, score, reduced)| ValidatorScore { who, score, reduced })
            .collect()
    }

    /// Expected and actual shares in the sessions from `first` on that are kept, in ascending order:
    /// at most `count`, and at most [`MAX_PAST_SESSIONS`].
    pub fn past_sessions(first: SessionIndex, count: u32) -> Vec<(SessionIndex, PastSessionOf<T>)> {
        let current = pallet_session::CurrentIndex::<T>::get();
        let oldest = current.saturating_sub(T::HistoryLength::get());
        (first.max(oldest)..current)
            .filter_map(|session| Some((session, PastSessions::<T>::get(session)?)))
            .take(count.min(MAX_PAST_SESSIONS) as usize)
            .collect()
    }
}

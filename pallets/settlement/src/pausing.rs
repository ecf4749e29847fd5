//! Pauses: each says when it ends.

use crate::{Config, Error, Event, LatestPause, MAX_PAUSE, Pallet, Pause};
use frame_support::{ensure, pallet_prelude::DispatchResult};
use qedex_primitives::{Calendar, Moment};

impl<T: Config> Pallet<T> {
    /// The pause that is on, if one is.
    pub fn pause_on() -> Option<Pause> {
        let now = T::Calendar::now();
        LatestPause::<T>::get().filter(|pause| pause.is_on(now))
    }

    /// Whether settlement rests.
    pub(crate) fn is_paused() -> bool {
        Self::pause_on().is_some()
    }

    /// Pauses until `until`, or moves the end of the pause that is on.
    pub(crate) fn pause(until: Moment) -> DispatchResult {
        let now = T::Calendar::now();
        ensure!(until > now, Error::<T>::PauseOver);
        let since = match LatestPause::<T>::get() {
            Some(pause) if pause.is_on(now) => pause.since,
            Some(pause) => {
                // Of a slot at least: the block in which a pause ends loses what passed since the one
                // before, so that pauses of a moment in each block would let no time pass.
                let next = pause.next(T::Calendar::slot_length());
                ensure!(now >= next, Error::<T>::PausedTooRecently);
                now
            }
            None => now,
        };
        ensure!(until.saturating_sub(since) <= MAX_PAUSE, Error::<T>::PauseTooLong);
        LatestPause::<T>::put(Pause { since, until });
        Self::deposit_event(Event::SettlementPaused { until });
        Ok(())
    }

    /// Ends the pause that is on.
    pub(crate) fn resume() -> DispatchResult {
        let pause = Self::pause_on().ok_or(Error::<T>::NotPaused)?;
        LatestPause::<T>::put(Pause { until: T::Calendar::now(), ..pause });
        Self::deposit_event(Event::SettlementResumed);
        Ok(())
    }
}

//! What must be true of the storage after every block.

use crate::{Config, CurrentRules, CurrentSchedule, Pallet, PastSessions, Repair, SessionSlots};
use frame_support::{ensure, traits::Get};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. The rules are in range, and there is a set of validators.
    /// 2. The schedule names each validator once, in the order of ids, and each of its slots has an
    ///    author; everybody has as many as its share says, and all shares sum up to a session.
    /// 3. Aura's list is the schedule, rotated so that each slot has its author.
    /// 4. Nobody whose removal is in effect is in the schedule, but for one to be repaired or one
    ///    that has nobody else.
    /// 5. No more past sessions are kept than there may be.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let slots = SessionSlots::<T>::get();
        ensure!(
            CurrentRules::<T>::get().is_valid(slots, T::MaxWindow::get()),
            "a rule is out of its range"
        );
        let Some(schedule) = CurrentSchedule::<T>::get() else {
            return Ok(());
        };
        ensure!(!pallet_session::Validators::<T>::get().is_empty(), "there are no validators");
        ensure!(
            schedule
                .authors
                .iter()
                .zip(schedule.authors.iter().skip(1))
                .all(|(a, b)| a.who < b.who),
            "the authors are not in order, each once"
        );
        ensure!(schedule.order.len() == slots as usize, "a schedule is not as long as a session");
        for (position, author) in schedule.authors.iter().enumerate() {
            let slots =
                schedule.order.iter().filter(|entry| usize::from(**entry) == position).count();
            ensure!(
                slots == author.slots as usize,
                "an author has another number of slots than its share"
            );
        }
        ensure!(
            schedule.order.iter().all(|entry| usize::from(*entry) < schedule.authors.len()),
            "a slot has no author"
        );
        let list = pallet_aura::Authorities::<T>::get();
        ensure!(list.into_inner() == Self::aura_list(&schedule), "Aura's list is not the schedule");
        ensure!(
            Repair::<T>::get()
                || schedule.authors.iter().all(|author| Self::is_out(&author.who))
                || !schedule.authors.iter().any(|author| Self::is_out(&author.who)),
            "a removed validator is in the schedule"
        );
        ensure!(
            PastSessions::<T>::iter_keys().count() <= T::HistoryLength::get() as usize,
            "too many past sessions are kept"
        );
        Ok(())
    }
}

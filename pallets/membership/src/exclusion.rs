//! Who is excluded, from what, and until when.

use crate::{
    Config, Decision, Error, Event, Exclusion, Exclusions, MAX_EXCLUSION, MIN_EXCLUSION, Owners,
    Pallet,
};
use frame_support::ensure;
use qedex_primitives::{
    Calendar, ExclusionReason, Millis, Moment, OwnerId, ReasonText, Role, Sanctions,
};
use sp_runtime::DispatchResult;

impl Exclusion {
    /// From what and until when it keeps who wants to act in `role` at `now`, or in no role that
    /// is named.
    pub(crate) fn bars(
        self,
        role: Option<Role>,
        now: Moment,
    ) -> impl Iterator<Item = (ExclusionReason, Moment)> {
        let trades = matches!(role, Some(Role::Trade | Role::Sell));
        let defaulted = self.defaulted_until.filter(|_| trades);
        let defaulted = defaulted.map(|until| (ExclusionReason::Defaulted, until));
        let decided = self.decided.map(|one| (ExclusionReason::Decided(one.reason), one.until));
        defaulted.into_iter().chain(decided).filter(move |(_, until)| now < *until)
    }

    /// Whether no part of it counts any more.
    fn has_ended(&self, now: Moment) -> bool {
        let decided = self.decided.as_ref().map(|decision| decision.until);
        decided.into_iter().chain(self.defaulted_until).all(|until| now >= until)
    }
}

impl<T: Config> Pallet<T> {
    /// Excludes the owner of `who` from everything that a policy guards for `duration` from now on,
    /// in place of what was decided before. What it is excluded from for defaults stays.
    pub(crate) fn do_blacklist(
        who: &T::AccountId,
        reason: ReasonText,
        duration: Millis,
    ) -> DispatchResult {
        let permitted = (MIN_EXCLUSION..=MAX_EXCLUSION).contains(&duration);
        ensure!(permitted, Error::<T>::ExclusionOutOfRange);
        let owner = Owners::<T>::get(who).ok_or(Error::<T>::NoOwner)?.owner;
        let until = T::Calendar::now().saturating_add(duration);
        Exclusions::<T>::mutate(owner, |entry| {
            let exclusion = entry.get_or_insert_default();
            exclusion.decided = Some(Decision { reason: reason.clone(), until });
        });
        let reason = ExclusionReason::Decided(reason);
        Self::deposit_event(Event::Blacklisted { owner, until, reason });
        Ok(())
    }

    /// Takes the owner of `who` off the blacklist: before all of it has ended only if `early`.
    pub(crate) fn do_lift_exclusion(who: &T::AccountId, early: bool) -> DispatchResult {
        let owner = Owners::<T>::get(who).ok_or(Error::<T>::NoOwner)?.owner;
        let exclusion = Exclusions::<T>::get(owner).ok_or(Error::<T>::NotBlacklisted)?;
        let ended = exclusion.has_ended(T::Calendar::now());
        ensure!(early || ended, Error::<T>::ExclusionInForce);
        Exclusions::<T>::remove(owner);
        Self::deposit_event(Event::ExclusionLifted { owner });
        Ok(())
    }

    /// Excludes `owner` from trading and selling, unless it is for longer already.
    fn exclude_for_default(owner: OwnerId, duration: Millis) {
        let duration = duration.clamp(MIN_EXCLUSION, MAX_EXCLUSION);
        let until = T::Calendar::now().saturating_add(duration);
        let mut exclusion = Exclusions::<T>::get(owner).unwrap_or_default();
        if exclusion.defaulted_until.is_some_and(|before| before >= until) {
            return;
        }
        exclusion.defaulted_until = Some(until);
        Exclusions::<T>::insert(owner, exclusion);
        let reason = ExclusionReason::Defaulted;
        Self::deposit_event(Event::Blacklisted { owner, until, reason });
    }
}

impl<T: Config> Sanctions<T::AccountId> for Pallet<T> {
    fn blacklist_for_default(who: &T::AccountId, duration: Millis) -> DispatchResult {
        if let Some(owned) = Owners::<T>::get(who) {
            Self::exclude_for_default(owned.owner, duration);
        }
        Ok(())
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn prepare_exclusion(who: &T::AccountId) {
        crate::benchmarking::exclude_worst_case::<T>(who);
    }
}

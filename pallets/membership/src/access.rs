//! Who may do what, at the present time, and who is excluded.

use crate::{
    Attributes, Blacklist, Config, Credentials, Event, Exclusion, ExclusionReason, Holders,
    MAX_EXCLUSION, MIN_EXCLUSION, Pallet, Policies, Roles,
};
use qedex_math::policy;
use qedex_primitives::{
    AttributeId, Calendar, Membership, Millis, Moment, OwnerId, PolicyId, Role, Sanctions,
};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    /// Whether an exclusion of `who` is in force at `now`.
    pub(crate) fn is_excluded(who: &T::AccountId, now: Moment) -> bool {
        Blacklist::<T>::get(who).is_some_and(|exclusion| now < exclusion.until)
    }

    /// Whether `who` has a credential of `attribute` that is of the present version and not
    /// expired at `now`. The blacklist is the caller's to ask, once for all attributes.
    pub(crate) fn has_attribute(who: &T::AccountId, attribute: AttributeId, now: Moment) -> bool {
        let Some(credential) = Credentials::<T>::get(who, attribute) else {
            return false;
        };
        now < credential.expires
            && Attributes::<T>::get(attribute)
                .is_some_and(|info| info.version == credential.version)
    }

    /// Whether `who` satisfies `policy` now. Nobody satisfies a policy that does not exist.
    pub(crate) fn satisfies_policy(who: &T::AccountId, policy: PolicyId) -> bool {
        let now = T::Calendar::now();
        if Self::is_excluded(who, now) {
            return false;
        }
        Policies::<T>::get(policy).is_some_and(|nodes| {
            policy::evaluate(&nodes, |attribute| Self::has_attribute(who, attribute, now))
        })
    }

    /// Whether `who` may act in `role` now.
    pub(crate) fn may_act(who: &T::AccountId, role: Role) -> bool {
        Roles::<T>::get(role).is_some_and(|policy| Self::satisfies_policy(who, policy))
    }

    /// Excludes `who` for `duration` from now on, in place of what stood before.
    pub(crate) fn exclude(who: T::AccountId, reason: ExclusionReason, duration: Millis) {
        let until = T::Calendar::now().saturating_add(duration);
        let exclusion = Exclusion { reason, until };
        Blacklist::<T>::insert(&who, &exclusion);
        Self::deposit_event(Event::Blacklisted {
            who,
            until,
            reason: exclusion.reason,
        });
    }
}

impl<T: Config> Membership<T::AccountId> for Pallet<T> {
    fn satisfies(who: &T::AccountId, policy: PolicyId) -> bool {
        Self::satisfies_policy(who, policy)
    }

    fn may(who: &T::AccountId, role: Role) -> bool {
        Self::may_act(who, role)
    }

    fn owner_of(who: &T::AccountId) -> Option<OwnerId> {
        Holders::<T>::get(who).map(|holder| holder.owner)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn grant(who: &T::AccountId, role: Role) {
        crate::benchmarking::grant_worst_case::<T>(who, role);
    }
}

impl<T: Config> Sanctions<T::AccountId> for Pallet<T> {
    fn blacklist_for_default(who: &T::AccountId, duration: Millis) -> DispatchResult {
        let duration = duration.clamp(MIN_EXCLUSION, MAX_EXCLUSION);
        let until = T::Calendar::now().saturating_add(duration);
        if Self::is_excluded(who, until) {
            // The exclusion that stands lasts longer.
            return Ok(());
        }
        Self::exclude(who.clone(), ExclusionReason::Defaulted, duration);
        Ok(())
    }
}

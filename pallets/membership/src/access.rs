//! Who may do what, at the present time, and who is excluded.

use crate::{
    Attributes, Blacklist, Config, Credentials, Event, Exclusion, ExclusionReason, Holders,
    MAX_EXCLUSION, MIN_EXCLUSION, Pallet, Policies, Roles,
};
use alloc::collections::BTreeSet;
use qedex_math::policy::{self, PolicyNode};
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

    /// The attributes that the policy of `role` names.
    fn attributes_of_role(role: Role) -> BTreeSet<AttributeId> {
        let nodes = Roles::<T>::get(role).and_then(Policies::<T>::get);
        let named = |node: &PolicyNode<AttributeId>| match node {
            PolicyNode::Attribute(attribute) => Some(*attribute),
            PolicyNode::AtLeast { .. } => None,
        };
        nodes.iter().flatten().filter_map(named).collect()
    }

    /// Removes the credentials of `who` of these attributes, and says how many there were.
    fn revoke_each<'a>(
        who: &T::AccountId,
        attributes: impl IntoIterator<Item = &'a AttributeId>,
    ) -> u32 {
        let mut revoked = 0_u32;
        for attribute in attributes {
            if Self::do_revoke(who.clone(), *attribute).is_ok() {
                revoked = revoked.saturating_add(1);
            }
        }
        revoked
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

    fn revoke_selling(who: &T::AccountId) -> u32 {
        let selling = Self::attributes_of_role(Role::Sell);
        let trading = Self::attributes_of_role(Role::Trade);
        let beyond = selling.difference(&trading);
        match Self::revoke_each(who, beyond) {
            0 => Self::revoke_each(who, &selling),
            revoked => revoked,
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn prepare_revocation(who: &T::AccountId) {
        crate::benchmarking::grant_worst_case::<T>(who, Role::Sell);
    }
}

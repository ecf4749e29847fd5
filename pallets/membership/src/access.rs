//! Who may do what, at the present time, and who is excluded.

use crate::{
    Attributes, Blacklist, Config, Credentials, Error, Event, Exclusion, Holders, MAX_EXCLUSION,
    MIN_EXCLUSION, Pallet, Policies, PolicyOf, Roles,
};
use alloc::{collections::BTreeSet, vec, vec::Vec};
use frame_support::ensure;
use qedex_math::policy::{self, PolicyNode};
use qedex_primitives::{
    AttributeId, Calendar, ExclusionReason, Explanation, Lack, Membership, Millis, Moment,
    Obstacle, OwnerId, PolicyId, Role, Sanctions,
};
use sp_runtime::DispatchResult;

impl<T: Config> Pallet<T> {
    /// The exclusion of `who` that is in force at `now`, if there is one.
    fn exclusion(who: &T::AccountId, now: Moment) -> Option<Exclusion> {
        Blacklist::<T>::get(who).filter(|exclusion| now < exclusion.until)
    }

    /// Why `who` does not have `attribute` at `now`; nothing if it does. The blacklist is the
    /// caller's to ask, once for all attributes.
    pub(crate) fn lacks(who: &T::AccountId, attribute: AttributeId, now: Moment) -> Option<Lack> {
        let Some(info) = Attributes::<T>::get(attribute) else {
            return Some(Lack::UnknownAttribute);
        };
        let Some(credential) = Credentials::<T>::get(who, attribute) else {
            return Some(Lack::MissingCredential);
        };
        if now >= credential.expires {
            return Some(Lack::Expired { since: credential.expires });
        }
        (credential.version != info.version)
            .then_some(Lack::OutdatedVersion { held: credential.version, present: info.version })
    }

    /// Whether `who` satisfies `policy` now. Nobody satisfies a policy that does not exist.
    pub fn satisfies_policy(who: &T::AccountId, policy: PolicyId) -> bool {
        let now = T::Calendar::now();
        if Self::exclusion(who, now).is_some() {
            return false;
        }
        Policies::<T>::get(policy).is_some_and(|nodes| {
            policy::evaluate(&nodes, |attribute| Self::lacks(who, attribute, now).is_none())
        })
    }

    /// Whether `who` may act in `role` now.
    pub fn may_act(who: &T::AccountId, role: Role) -> bool {
        Roles::<T>::get(role).is_some_and(|policy| Self::satisfies_policy(who, policy))
    }

    /// What `policy` says about `who` now, and why.
    pub fn explain_policy(who: &T::AccountId, policy: PolicyId) -> Explanation {
        let now = T::Calendar::now();
        let mut obstacles = Vec::new();
        if let Some(Exclusion { reason, until }) = Self::exclusion(who, now) {
            obstacles.push(Obstacle::Blacklisted { reason, until });
        }
        let parts = Policies::<T>::get(policy).and_then(|nodes| {
            policy::explain(&nodes, |attribute| Self::lacks(who, attribute, now)).ok()
        });
        match &parts {
            None => obstacles.push(Obstacle::UnknownPolicy),
            Some(parts) => {
                let mut told = BTreeSet::new();
                for part in parts.iter().filter(|part| part.blocks) {
                    if let (PolicyNode::Attribute(attribute), Some(why)) = (part.node, part.why)
                        && told.insert(attribute)
                    {
                        obstacles.push(Obstacle::Lacks { attribute, why });
                    }
                }
            }
        }
        Explanation {
            passes: obstacles.is_empty(),
            policy: Some(policy),
            obstacles,
            parts: parts.unwrap_or_default(),
        }
    }

    /// What the policy of `role` says about `who` now, and why.
    pub fn explain_role(who: &T::AccountId, role: Role) -> Explanation {
        match Roles::<T>::get(role) {
            Some(policy) => Self::explain_policy(who, policy),
            None => Explanation {
                passes: false,
                policy: None,
                obstacles: vec![Obstacle::RoleWithoutPolicy],
                parts: Vec::new(),
            },
        }
    }

    /// The attributes that the policy of `role` names.
    pub(crate) fn attributes_of_role(role: Role) -> BTreeSet<AttributeId> {
        let nodes = Roles::<T>::get(role).and_then(Policies::<T>::get);
        nodes.iter().flat_map(Self::attributes_of).collect()
    }

    /// The attributes that a policy names.
    pub(crate) fn attributes_of(nodes: &PolicyOf<T>) -> BTreeSet<AttributeId> {
        let named = |node: &PolicyNode<AttributeId>| match node {
            PolicyNode::Attribute(attribute) => Some(*attribute),
            PolicyNode::AtLeast { .. } => None,
        };
        nodes.iter().filter_map(named).collect()
    }

    /// Excludes `who` for `duration` from now on, in place of what stood before.
    pub(crate) fn exclude(who: T::AccountId, reason: ExclusionReason, duration: Millis) {
        let until = T::Calendar::now().saturating_add(duration);
        let exclusion = Exclusion { reason, until };
        Blacklist::<T>::insert(&who, &exclusion);
        Self::deposit_event(Event::Blacklisted { who, until, reason: exclusion.reason });
    }

    /// Takes `who` off the blacklist: before the end of the exclusion only if `early`.
    pub(crate) fn do_lift_exclusion(who: T::AccountId, early: bool) -> DispatchResult {
        let exclusion = Blacklist::<T>::get(&who).ok_or(Error::<T>::NotBlacklisted)?;
        let ended = T::Calendar::now() >= exclusion.until;
        ensure!(early || ended, Error::<T>::ExclusionInForce);
        Blacklist::<T>::remove(&who);
        Self::deposit_event(Event::ExclusionLifted { who });
        Ok(())
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
        if Self::exclusion(who, until).is_some() {
            // The exclusion that stands lasts longer.
            return Ok(());
        }
        Self::exclude(who.clone(), ExclusionReason::Defaulted, duration);
        Ok(())
    }

    fn revoke_selling(who: &T::AccountId) -> u32 {
        let selling = Self::attributes_of_role(Role::Sell);
        let trading = Self::attributes_of_role(Role::Trade);
        match Self::revoke_each(who, selling.difference(&trading)) {
            0 => Self::revoke_each(who, &selling),
            revoked => revoked,
        }
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn prepare_revocation(who: &T::AccountId) {
        // Two policies that name the same: nothing is for selling alone, and all of it goes.
        crate::benchmarking::grant_worst_case::<T>(who, Role::Trade);
        crate::benchmarking::grant_worst_case::<T>(who, Role::Sell);
        crate::benchmarking::bond_credentials::<T>(who);
    }
}

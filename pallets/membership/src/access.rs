//! Who may do what, at the present time.

use crate::{
    Attributes, Config, Credentials, Exclusions, Owners, Pallet, Policies, PolicyOf, Roles,
};
use alloc::{collections::BTreeSet, vec, vec::Vec};
use qedex_math::policy::{self, PolicyNode};
use qedex_primitives::{
    AttributeId, Calendar, Explanation, Lack, Membership, Moment, Obstacle, OwnerId, PolicyId, Role,
};

impl<T: Config> Pallet<T> {
    /// What keeps `who` from acting in `role`, or in no role that is named, whatever its attributes.
    fn bars(who: &T::AccountId, role: Option<Role>, now: Moment) -> Vec<Obstacle> {
        let Some(owned) = Owners::<T>::get(who) else {
            return vec![Obstacle::NoOwner];
        };
        let shut = owned.is_shut().then_some(Obstacle::Shut);
        let excluded = Exclusions::<T>::get(owned.owner).into_iter();
        let excluded = excluded
            .flat_map(|exclusion| exclusion.bars(role, now))
            .map(|(reason, until)| Obstacle::Blacklisted { reason, until });
        shut.into_iter().chain(excluded).collect()
    }

    /// Why `who` does not have `attribute` at `now`; nothing if it does. Owner and blacklist
    /// are the caller's to ask, once for all attributes.
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
        Self::passes(who, None, policy)
    }

    /// Whether `who` may act in `role` now.
    pub fn may_act(who: &T::AccountId, role: Role) -> bool {
        Roles::<T>::get(role).is_some_and(|policy| Self::passes(who, Some(role), policy))
    }

    fn passes(who: &T::AccountId, role: Option<Role>, policy: PolicyId) -> bool {
        let now = T::Calendar::now();
        Self::bars(who, role, now).is_empty()
            && Policies::<T>::get(policy).is_some_and(|nodes| {
                policy::evaluate(&nodes, |attribute| Self::lacks(who, attribute, now).is_none())
            })
    }

    /// What `policy` says about `who` now, and why.
    pub fn explain_policy(who: &T::AccountId, policy: PolicyId) -> Explanation {
        Self::explain(who, None, policy)
    }

    fn explain(who: &T::AccountId, role: Option<Role>, policy: PolicyId) -> Explanation {
        let now = T::Calendar::now();
        let mut obstacles = Self::bars(who, role, now);
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
            Some(policy) => Self::explain(who, Some(role), policy),
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
}

impl<T: Config> Membership<T::AccountId> for Pallet<T> {
    fn satisfies(who: &T::AccountId, policy: PolicyId) -> bool {
        Self::satisfies_policy(who, policy)
    }

    fn may(who: &T::AccountId, role: Role) -> bool {
        Self::may_act(who, role)
    }

    fn owner_of(who: &T::AccountId) -> Option<OwnerId> {
        Owners::<T>::get(who).map(|owned| owned.owner)
    }

    fn speaks_for(who: &T::AccountId) -> Option<OwnerId> {
        Self::owned(who).ok().map(|owned| owned.owner)
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn grant(who: &T::AccountId, role: Role) {
        crate::benchmarking::grant_worst_case::<T>(who, role);
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn give_owner(who: &T::AccountId) {
        crate::benchmarking::put_owner::<T>(who);
    }
}

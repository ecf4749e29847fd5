//! What must be true of the storage after every block.

use crate::{
    Attributes, Config, Credentials, Holders, MAX_POLICY_DEPTH, NextAttribute, NextPolicy, Pallet,
    Policies, Roles,
};
use alloc::collections::BTreeMap;
use frame_support::ensure;
use qedex_math::policy::{self, PolicyNode};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. The numbers of attributes and of policies lie below the next free ones.
    /// 2. A credential is of a registered attribute, and of no version that is yet to come.
    /// 3. An account's record counts its credentials exactly; without any there is no record.
    /// 4. A policy is well-formed, and its attributes are registered.
    /// 5. A role requires a policy that exists.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let next_attribute = NextAttribute::<T>::get();
        for id in Attributes::<T>::iter_keys() {
            ensure!(id.0 < next_attribute, "attribute beyond the next number");
        }

        let mut counts = BTreeMap::<T::AccountId, u32>::new();
        for (who, attribute, credential) in Credentials::<T>::iter() {
            let info = Attributes::<T>::get(attribute).ok_or("credential of no attribute")?;
            ensure!(
                credential.version <= info.version,
                "credential of a version to come"
            );
            let count = counts.entry(who).or_default();
            *count = count.saturating_add(1);
        }
        for (who, holder) in Holders::<T>::iter() {
            ensure!(
                counts.remove(&who) == Some(holder.credentials),
                "record miscounts credentials"
            );
        }
        ensure!(counts.is_empty(), "credentials without a record");

        let next_policy = NextPolicy::<T>::get();
        for (id, nodes) in Policies::<T>::iter() {
            ensure!(id.0 < next_policy, "policy beyond the next number");
            ensure!(
                policy::validate(&nodes, MAX_POLICY_DEPTH).is_ok(),
                "malformed policy"
            );
            for node in &nodes {
                if let PolicyNode::Attribute(attribute) = node {
                    ensure!(
                        Attributes::<T>::contains_key(attribute),
                        "policy over no attribute"
                    );
                }
            }
        }
        for (_, policy) in Roles::<T>::iter() {
            ensure!(
                Policies::<T>::contains_key(policy),
                "role without its policy"
            );
        }
        Ok(())
    }
}

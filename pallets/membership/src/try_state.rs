//! What must be true of the storage after every block.

use crate::{
    Attributes, Bond, Config, Credentials, HoldReason, Holders, NextAttribute, NextPolicy, Pallet,
    Policies, PolicyBonds, Roles,
};
use alloc::collections::BTreeMap;
use frame_support::{ensure, traits::fungible::InspectHold};
use qedex_math::policy;
use qedex_primitives::{AttributeId, Balance};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. The numbers of attributes and of policies lie below the next free ones.
    /// 2. A credential is of a registered attribute, and of no version that is yet to come.
    /// 3. An account's record counts its credentials exactly; without any there is no record. An
    ///    attribute counts its credentials exactly.
    /// 4. A policy is well-formed, and its attributes have been registered at some time.
    /// 5. A role requires a policy that exists, all of whose attributes do.
    /// 6. What is held of an account for storage is the sum of its bonds; every bond is of an item
    ///    that exists.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let next_attribute = NextAttribute::<T>::get();
        for id in Attributes::<T>::iter_keys() {
            ensure!(id.0 < next_attribute, "attribute beyond the next number");
        }

        let mut bonds = BTreeMap::<T::AccountId, Balance>::new();
        let mut add = |bond: Bond<T::AccountId>| {
            let total = bonds.entry(bond.payer).or_default();
            *total = total.saturating_add(bond.amount);
        };
        let mut by_account = BTreeMap::<T::AccountId, u32>::new();
        let mut by_attribute = BTreeMap::<AttributeId, u32>::new();
        for (who, attribute, credential) in Credentials::<T>::iter() {
            let info = Attributes::<T>::get(attribute).ok_or("credential of no attribute")?;
            ensure!(credential.version <= info.version, "credential of a version to come");
            for count in
                [by_account.entry(who).or_default(), by_attribute.entry(attribute).or_default()]
            {
                *count = count.saturating_add(1);
            }
            credential.bond.map(&mut add);
        }
        for (who, holder) in Holders::<T>::iter() {
            ensure!(
                by_account.remove(&who) == Some(holder.credentials),
                "record miscounts credentials"
            );
        }
        ensure!(by_account.is_empty(), "credentials without a record");
        for (attribute, info) in Attributes::<T>::iter() {
            ensure!(
                by_attribute.remove(&attribute).unwrap_or(0) == info.credentials,
                "attribute miscounts credentials"
            );
        }

        Self::try_policies()?;
        for (policy, bond) in PolicyBonds::<T>::iter() {
            ensure!(Policies::<T>::contains_key(policy), "bond for a policy that is gone");
            add(bond);
        }
        for (payer, total) in bonds {
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Storage.into(), &payer) == total,
                "bonds differ from what is held"
            );
        }
        Ok(())
    }

    fn try_policies() -> Result<(), TryRuntimeError> {
        let next_attribute = NextAttribute::<T>::get();
        let next_policy = NextPolicy::<T>::get();
        for (id, nodes) in Policies::<T>::iter() {
            ensure!(id.0 < next_policy, "policy beyond the next number");
            ensure!(policy::validate(&nodes, Self::policy_limits()).is_ok(), "malformed policy");
            ensure!(
                Self::attributes_of(&nodes).iter().all(|attribute| attribute.0 < next_attribute),
                "policy over an attribute that never was"
            );
        }
        for (role, policy) in Roles::<T>::iter() {
            ensure!(Policies::<T>::contains_key(policy), "role without its policy");
            ensure!(
                Self::attributes_of_role(role).iter().all(Attributes::<T>::contains_key),
                "role over no attribute"
            );
        }
        Ok(())
    }
}

//! What must be true of the storage after every block.

use crate::{
    AccountsOf, Attributes, Bond, Config, Credentials, Exclusion, Exclusions, HoldReason,
    HolderCounts, Namings, NextAttribute, NextPolicy, Owners, Pallet, Policies, PolicyBonds, Roles,
    Tenures, Voidings,
};
use alloc::collections::BTreeMap;
use frame_support::{
    ensure,
    traits::{Get, fungible::InspectHold},
};
use qedex_math::policy;
use qedex_primitives::{AttributeId, Balance, OwnerId};
use sp_runtime::TryRuntimeError;

/// What is held of each account.
type Bonds<T> = BTreeMap<<T as frame_system::Config>::AccountId, Balance>;

fn add<T: Config>(bonds: &mut Bonds<T>, bond: Option<Bond<T::AccountId>>) {
    if let Some(bond) = bond {
        let total = bonds.entry(bond.payer).or_default();
        *total = total.saturating_add(bond.amount);
    }
}

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. The numbers of attributes and of policies lie below the next free ones.
    /// 2. A credential is of a registered attribute, of no version that is yet to come, and of an
    ///    account that has an owner. An attribute counts its credentials exactly.
    /// 3. Of each attribute, an owner's tenure has the latest version of its accounts' credentials and
    ///    counts those that have it; there is one where a credential of the present version is. An
    ///    attribute counts the owners with such a one exactly, and the established among them.
    /// 4. An account that is listed for an owner has that owner, and is listed once; an account that has
    ///    an owner is listed, unless the list is full. No list is empty.
    /// 5. A naming is of an account without an owner; there are at most as many as can be.
    /// 6. An exclusion is of an owner with accounts, and excludes from something.
    /// 7. A request to void is of a registered attribute.
    /// 8. A policy is well-formed, and its attributes have been registered at some time.
    /// 9. A role requires a policy that exists, all of whose attributes do.
    /// 10. What is held of an account for storage is the sum of its bonds; every bond is of an item
    ///     that exists.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        let next_attribute = NextAttribute::<T>::get();
        for id in Attributes::<T>::iter_keys() {
            ensure!(id.0 < next_attribute, "attribute beyond the next number");
        }
        let mut bonds = Bonds::<T>::new();
        Self::try_owners(&mut bonds)?;
        Self::try_credentials(&mut bonds)?;
        for attribute in Voidings::<T>::iter_keys() {
            ensure!(Attributes::<T>::contains_key(attribute), "voiding of no attribute");
        }
        Self::try_policies()?;
        for (policy, bond) in PolicyBonds::<T>::iter() {
            ensure!(Policies::<T>::contains_key(policy), "bond for a policy that is gone");
            add::<T>(&mut bonds, Some(bond));
        }
        for (payer, total) in bonds {
            ensure!(
                T::Currency::balance_on_hold(&HoldReason::Storage.into(), &payer) == total,
                "bonds differ from what is held"
            );
        }
        Ok(())
    }

    fn try_owners(bonds: &mut Bonds<T>) -> Result<(), TryRuntimeError> {
        for (owner, accounts) in AccountsOf::<T>::iter() {
            ensure!(!accounts.is_empty(), "an owner without accounts is listed");
            for (place, account) in accounts.iter().enumerate() {
                let owned = Owners::<T>::get(account).ok_or("a listed account has no owner")?;
                ensure!(owned.owner == owner, "an account is listed for another owner");
                ensure!(
                    !accounts.iter().skip(place).skip(1).any(|other| other == account),
                    "listed twice"
                );
            }
        }
        for (account, owned) in Owners::<T>::iter() {
            let accounts = AccountsOf::<T>::get(owned.owner);
            let listed = accounts.contains(&account) || accounts.is_full();
            ensure!(listed, "an account is not listed for its owner");
            add::<T>(bonds, owned.bond);
        }
        ensure!(Namings::<T>::count() <= T::MaxNamings::get(), "too many namings");
        for (account, naming) in Namings::<T>::iter() {
            ensure!(!Owners::<T>::contains_key(account), "naming of an account with an owner");
            add::<T>(bonds, Some(naming.bond));
        }
        for (owner, exclusion) in Exclusions::<T>::iter() {
            ensure!(AccountsOf::<T>::contains_key(owner), "exclusion of nobody");
            ensure!(exclusion != Exclusion::default(), "exclusion from nothing");
        }
        Ok(())
    }

    fn try_credentials(bonds: &mut Bonds<T>) -> Result<(), TryRuntimeError> {
        let mut by_attribute = BTreeMap::<AttributeId, u32>::new();
        // The latest version of each owner, and how many accounts have it.
        let mut latest = BTreeMap::<(AttributeId, OwnerId), (u32, u32)>::new();
        for (who, attribute, credential) in Credentials::<T>::iter() {
            let info = Attributes::<T>::get(attribute).ok_or("credential of no attribute")?;
            let version = credential.version;
            ensure!(version <= info.version, "credential of a version to come");
            let count = by_attribute.entry(attribute).or_default();
            *count = count.saturating_add(1);
            let owner = Owners::<T>::get(who).ok_or("credential of nobody")?.owner;
            let (of, accounts) = latest.entry((attribute, owner)).or_default();
            if version > *of {
                (*of, *accounts) = (version, 0);
            }
            if version == *of {
                *accounts = accounts.saturating_add(1);
            }
            add::<T>(bonds, credential.bond);
        }
        let today = Self::today();
        for (attribute, info) in Attributes::<T>::iter() {
            ensure!(
                by_attribute.remove(&attribute).unwrap_or(0) == info.credentials,
                "attribute miscounts credentials"
            );
            let (mut owners, mut established) = (0_u32, 0_u32);
            for (owner, tenure) in Tenures::<T>::iter_prefix(attribute) {
                ensure!(
                    latest.remove(&(attribute, owner)) == Some((tenure.version, tenure.accounts)),
                    "a tenure miscounts credentials"
                );
                if tenure.version == info.version {
                    owners = owners.saturating_add(1);
                    let counts = u32::from(tenure.established_on <= today);
                    established = established.saturating_add(counts);
                }
            }
            let tally = HolderCounts::<T>::get(attribute).tally;
            ensure!(tally.owners() == owners, "attribute miscounts owners");
            ensure!(tally.established(today) == established, "miscounts the established");
        }
        for ((attribute, _), (version, _)) in latest {
            let present = Attributes::<T>::get(attribute).map(|info| info.version);
            ensure!(present != Some(version), "a credential that holds without a tenure");
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

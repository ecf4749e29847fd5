//! The community at the first block.

use crate::{Attributes, Config, GenesisConfig, Owners, Pallet};
use alloc::string::String;
use frame_support::BoundedVec;
use qedex_primitives::{AttributeId, Millis, Moment, OwnerId};
use serde::{Deserialize, Serialize};

/// An attribute that exists from the first block on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisAttribute<AccountId> {
    /// Its short name, at most 32 bytes.
    pub name: String,
    /// What it means, at most 256 bytes.
    pub description: String,
    /// Who issues credentials of it.
    pub issuer: AccountId,
    /// For how long a credential is issued at most, in milliseconds. Those of genesis may last
    /// longer.
    pub term: Millis,
}

/// An account that has an owner from the first block on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisAccount<AccountId> {
    /// Which.
    pub account: AccountId,
    /// Who owns it.
    pub owner: OwnerId,
}

/// A credential that exists from the first block on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisCredential<AccountId> {
    /// Who holds it.
    pub who: AccountId,
    /// Of which attribute.
    pub attribute: AttributeId,
    /// From when on it does not hold any more, in milliseconds since the Unix epoch.
    pub expires: Moment,
}

impl<T: Config> GenesisConfig<T> {
    /// Writes the community into storage, by the same rules as the calls but without bonds.
    ///
    /// # Panics
    /// If a rule is broken: a chain must not start with a community that it would refuse.
    pub(crate) fn build_membership(&self) {
        for attribute in &self.attributes {
            let name = BoundedVec::try_from(attribute.name.clone().into_bytes())
                .unwrap_or_else(|_| panic!("genesis: name too long: {}", attribute.name));
            let description = BoundedVec::try_from(attribute.description.clone().into_bytes())
                .unwrap_or_else(|_| panic!("genesis: description too long: {}", attribute.name));
            let issuer = attribute.issuer.clone();
            Pallet::<T>::do_register_attribute(name, description, issuer, attribute.term)
                .unwrap_or_else(|e| panic!("genesis: attribute {}: {e:?}", attribute.name));
        }
        for (number, nodes) in self.policies.iter().enumerate() {
            let nodes = BoundedVec::try_from(nodes.clone())
                .unwrap_or_else(|_| panic!("genesis: policy {number} has too many nodes"));
            Pallet::<T>::do_create_policy(nodes, None)
                .unwrap_or_else(|e| panic!("genesis: policy {number}: {e:?}"));
        }
        for (role, policy) in &self.roles {
            Pallet::<T>::do_set_role(*role, *policy)
                .unwrap_or_else(|e| panic!("genesis: role {role:?}: {e:?}"));
        }
        if let Some(registrar) = &self.registrar {
            Pallet::<T>::do_set_registrar(registrar.clone());
        }
        for GenesisAccount { account, owner } in &self.accounts {
            assert!(!Owners::<T>::contains_key(account), "genesis: {account:?} is named twice");
            Pallet::<T>::put_account(account.clone(), *owner, None)
                .unwrap_or_else(|e| panic!("genesis: owner of {account:?}: {e:?}"));
        }
        for GenesisCredential { who, attribute, expires } in &self.credentials {
            let info = Attributes::<T>::get(attribute).unwrap_or_else(|| {
                panic!("genesis: credential of unknown attribute {attribute:?}")
            });
            Pallet::<T>::do_issue(*attribute, &info, None, who.clone(), *expires)
                .unwrap_or_else(|e| panic!("genesis: credential of {who:?}: {e:?}"));
            // Whoever is there from the beginning has been so for long enough.
            Pallet::<T>::establish(*attribute, who);
        }
    }
}

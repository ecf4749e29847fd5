//! The community at the first block.

use crate::{Config, GenesisConfig, Pallet};
use alloc::string::String;
use frame_support::BoundedVec;
use qedex_primitives::{AttributeId, Moment, OwnerId};
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
    /// Who owns the account.
    pub owner: OwnerId,
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
            Pallet::<T>::do_register_attribute(name, description, attribute.issuer.clone())
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
        for credential in &self.credentials {
            assert!(
                crate::Attributes::<T>::contains_key(credential.attribute),
                "genesis: credential of unknown attribute {:?}",
                credential.attribute
            );
            Pallet::<T>::do_issue(
                credential.attribute,
                0,
                None,
                credential.who.clone(),
                credential.expires,
                credential.owner,
            )
            .unwrap_or_else(|e| panic!("genesis: credential of {:?}: {e:?}", credential.who));
        }
    }
}

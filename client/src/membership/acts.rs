//! The calls, each as a transaction of its own or within another one.

use super::{
    super::{
        act::Act,
        api::{self, runtime_types as types},
        calls::{Inner, NewCredential},
    },
    Role,
};
use crate::market::Account;
use qedex_math::policy::PolicyNode;
use subxt::{tx::Payload, utils::AccountId32};
use types::{
    bounded_collections::bounded_vec::BoundedVec,
    pallet_membership::pallet::Call,
    qedex_primitives::membership::{AttributeId, OwnerId, PolicyId},
};

macro_rules! act {
    ($call:ident { $($field:ident: $value:expr),* $(,)? }) => {
        Act::new(
            api::tx().membership().$call($($value),*),
            Inner::Membership(Call::$call { $($field: $value),* }),
        )
    };
}

fn chain_node(node: PolicyNode<u32>) -> types::qedex_math::policy::PolicyNode<AttributeId> {
    use types::qedex_math::policy::PolicyNode as ChainNode;
    match node {
        PolicyNode::Attribute(attribute) => ChainNode::Attribute(AttributeId(attribute)),
        PolicyNode::AtLeast { k, of } => ChainNode::AtLeast { k, of },
    }
}

fn text(text: &str) -> BoundedVec<u8> {
    BoundedVec(text.as_bytes().to_vec())
}

fn id(account: Account) -> AccountId32 {
    AccountId32(account)
}

fn ids(accounts: &[Account]) -> BoundedVec<AccountId32> {
    BoundedVec(accounts.iter().copied().map(AccountId32).collect())
}

fn new_credentials(all: &[NewCredential]) -> BoundedVec<(AccountId32, u64, OwnerId)> {
    let new = |(who, expires, owner): &NewCredential| (id(*who), *expires, OwnerId(*owner));
    BoundedVec(all.iter().map(new).collect())
}

fn chain_nodes(
    nodes: &[PolicyNode<u32>],
) -> BoundedVec<types::qedex_math::policy::PolicyNode<AttributeId>> {
    BoundedVec(nodes.iter().copied().map(chain_node).collect())
}

/// Registers an attribute.
pub fn register_attribute(
    name: &str,
    description: &str,
    issuer: Account,
) -> Act<impl Payload + use<>> {
    act!(register_attribute {
        name: text(name),
        description: text(description),
        issuer: id(issuer),
    })
}

/// Replaces an attribute's issuer.
pub fn set_issuer(attribute: u32, issuer: Account) -> Act<impl Payload> {
    act!(set_issuer { attribute: AttributeId(attribute), issuer: id(issuer) })
}

/// Removes an attribute.
pub fn remove_attribute(attribute: u32) -> Act<impl Payload> {
    act!(remove_attribute { attribute: AttributeId(attribute) })
}

/// Voids all credentials of an attribute.
pub fn bump_version(attribute: u32) -> Act<impl Payload> {
    act!(bump_version { attribute: AttributeId(attribute) })
}

/// Issues credentials.
pub fn issue_batch(attribute: u32, all: &[NewCredential]) -> Act<impl Payload + use<>> {
    act!(issue_batch { attribute: AttributeId(attribute), credentials: new_credentials(all) })
}

/// Lifts credentials to the present version.
pub fn reissue(attribute: u32, accounts: &[Account]) -> Act<impl Payload + use<>> {
    act!(reissue { attribute: AttributeId(attribute), accounts: ids(accounts) })
}

/// Revokes a credential.
pub fn revoke(who: Account, attribute: u32) -> Act<impl Payload> {
    act!(revoke { who: id(who), attribute: AttributeId(attribute) })
}

/// Removes a credential that lapsed long ago.
pub fn remove_lapsed(who: Account, attribute: u32) -> Act<impl Payload> {
    act!(remove_lapsed { who: id(who), attribute: AttributeId(attribute) })
}

/// Creates a policy.
pub fn create_policy(nodes: &[PolicyNode<u32>]) -> Act<impl Payload + use<>> {
    act!(create_policy { nodes: chain_nodes(nodes) })
}

/// Removes a policy.
pub fn remove_policy(policy: u32) -> Act<impl Payload> {
    act!(remove_policy { policy: PolicyId(policy) })
}

/// Makes a role require a policy.
pub fn set_role(role: Role, policy: u32) -> Act<impl Payload> {
    act!(set_role { role: role.on_chain(), policy: PolicyId(policy) })
}

/// Excludes an account.
pub fn blacklist(who: Account, reason: &str, duration: u64) -> Act<impl Payload + use<>> {
    act!(blacklist { who: id(who), reason: text(reason), duration: duration })
}

/// Takes an account off the blacklist.
pub fn lift_exclusion(who: Account) -> Act<impl Payload> {
    act!(lift_exclusion { who: id(who) })
}

//! The calls.

use super::{
    super::api::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
    Role,
};
use crate::market::Account;
use qedex_math::policy::PolicyNode;
use qedex_primitives::{AttributeId, PolicyId};
use subxt::{
    tx::Payload,
    utils::{AccountId32, Static},
};

pub use crate::calls::issue_batch;

fn text(text: &str) -> BoundedVec<u8> {
    BoundedVec(text.as_bytes().to_vec())
}

fn id(account: Account) -> AccountId32 {
    AccountId32(account)
}

fn ids(accounts: &[Account]) -> BoundedVec<AccountId32> {
    BoundedVec(accounts.iter().copied().map(AccountId32).collect())
}

fn attribute_id(attribute: u32) -> Static<AttributeId> {
    Static(AttributeId(attribute))
}

/// Registers an attribute.
pub fn register_attribute(name: &str, description: &str, issuer: Account) -> impl Payload + use<> {
    api::tx().membership().register_attribute(text(name), text(description), id(issuer))
}

/// Replaces an attribute's issuer.
pub fn set_issuer(attribute: u32, issuer: Account) -> impl Payload {
    api::tx().membership().set_issuer(attribute_id(attribute), id(issuer))
}

/// Removes an attribute.
pub fn remove_attribute(attribute: u32) -> impl Payload {
    api::tx().membership().remove_attribute(attribute_id(attribute))
}

/// Voids all credentials of an attribute.
pub fn bump_version(attribute: u32) -> impl Payload {
    api::tx().membership().bump_version(attribute_id(attribute))
}

/// Lifts credentials to the present version.
pub fn reissue(attribute: u32, accounts: &[Account]) -> impl Payload + use<> {
    api::tx().membership().reissue(attribute_id(attribute), ids(accounts))
}

/// Revokes a credential.
pub fn revoke(who: Account, attribute: u32) -> impl Payload {
    api::tx().membership().revoke(id(who), attribute_id(attribute))
}

/// Removes a credential that lapsed long ago.
pub fn remove_lapsed(who: Account, attribute: u32) -> impl Payload {
    api::tx().membership().remove_lapsed(id(who), attribute_id(attribute))
}

/// Creates a policy.
pub fn create_policy(nodes: &[PolicyNode<u32>]) -> impl Payload + use<> {
    api::tx().membership().create_policy(BoundedVec(nodes.iter().copied().map(Static).collect()))
}

/// Removes a policy.
pub fn remove_policy(policy: u32) -> impl Payload {
    api::tx().membership().remove_policy(Static(PolicyId(policy)))
}

/// Makes a role require a policy.
pub fn set_role(role: Role, policy: u32) -> impl Payload {
    api::tx().membership().set_role(Static(role), Static(PolicyId(policy)))
}

/// Excludes an account.
pub fn blacklist(who: Account, reason: &str, duration: u64) -> impl Payload + use<> {
    api::tx().membership().blacklist(id(who), text(reason), duration)
}

/// Takes an account off the blacklist.
pub fn lift_exclusion(who: Account) -> impl Payload {
    api::tx().membership().lift_exclusion(id(who))
}

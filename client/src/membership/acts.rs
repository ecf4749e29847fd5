//! The calls.

use super::{
    super::api::{self, runtime_types::bounded_collections::bounded_vec::BoundedVec},
    Role,
};
use crate::market::Account;
use qedex_math::policy::PolicyNode;
use qedex_primitives::{AttributeId, OwnerId, PolicyId};
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

/// Registers an attribute, whose credentials last for `term` milliseconds at most.
pub fn register_attribute(
    name: &str,
    description: &str,
    issuer: Account,
    term: u64,
) -> impl Payload + use<> {
    let (name, description) = (text(name), text(description));
    api::tx().membership().register_attribute(name, description, id(issuer), term)
}

/// Lets credentials of an attribute last for `term` milliseconds at most.
pub fn set_term(attribute: u32, term: u64) -> impl Payload {
    api::tx().membership().set_term(attribute_id(attribute), term)
}

/// Lets the issuer end the credentials of so many owners beyond the allowance.
pub fn allow_endings(attribute: u32, owners: u32) -> impl Payload {
    api::tx().membership().allow_endings(attribute_id(attribute), owners)
}

/// Takes back one's request to void an attribute.
pub fn withdraw_voiding(attribute: u32) -> impl Payload {
    api::tx().membership().withdraw_voiding(attribute_id(attribute))
}

/// Makes an account the registrar.
pub fn set_registrar(registrar: Account) -> impl Payload {
    api::tx().membership().set_registrar(id(registrar))
}

/// Files that an account is an owner's.
pub fn name_owner(account: Account, owner: OwnerId) -> impl Payload {
    api::tx().membership().name_owner(id(account), Static(owner))
}

/// Consents to be an owner's: to join its accounts, or as its first one.
pub fn consent_owner(owner: OwnerId, joins: bool) -> impl Payload {
    api::tx().membership().consent_owner(Static(owner), joins)
}

/// Approves that an account joins those of one's owner.
pub fn approve_account(account: Account) -> impl Payload {
    api::tx().membership().approve_account(id(account))
}

/// Ends the pending naming of an account's owner.
pub fn end_naming(account: Account) -> impl Payload {
    api::tx().membership().end_naming(id(account))
}

/// Proposes to shut an account for good.
pub fn propose_shutting(account: Account) -> impl Payload {
    api::tx().membership().propose_shutting(id(account))
}

/// Takes that back.
pub fn withdraw_shutting(account: Account) -> impl Payload {
    api::tx().membership().withdraw_shutting(id(account))
}

/// Shuts an account for good, as the registrar proposes.
pub fn shut_account(account: Account) -> impl Payload {
    api::tx().membership().shut_account(id(account))
}

/// Replaces an attribute's issuer.
pub fn set_issuer(attribute: u32, issuer: Account) -> impl Payload {
    api::tx().membership().set_issuer(attribute_id(attribute), id(issuer))
}

/// Removes an attribute.
pub fn remove_attribute(attribute: u32) -> impl Payload {
    api::tx().membership().remove_attribute(attribute_id(attribute))
}

/// Voids all credentials of an attribute, or asks for that where it takes somebody else as well.
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

/// Removes a credential that has expired.
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

/// Excludes an account's owner.
pub fn blacklist(who: Account, reason: &str, duration: u64) -> impl Payload + use<> {
    api::tx().membership().blacklist(id(who), text(reason), duration)
}

/// Takes an account's owner off the blacklist.
pub fn lift_exclusion(who: Account) -> impl Payload {
    api::tx().membership().lift_exclusion(id(who))
}

//! What stands before a call is measured.

use crate::*;
use alloc::{vec, vec::Vec};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    traits::{
        Get,
        fungible::{Inspect, Unbalanced},
        tokens::Precision,
    },
};
use qedex_math::policy::PolicyNode;
use qedex_primitives::{AttributeId, Balance, Calendar, OwnerId, PolicyId, Role};
use sp_io::hashing::blake2_256;

/// The clock of a benchmark, and an expiry within the longest term from then on.
pub(crate) const NOW: u64 = 1;
pub(crate) const FAR_FUTURE: u64 = MAX_TERM;

pub(crate) fn full_text<S: Get<u32>>() -> BoundedVec<u8, S> {
    BoundedVec::truncate_from(vec![b'x'; S::get() as usize])
}

pub(crate) fn owner_for<T: Config>(who: &T::AccountId) -> OwnerId {
    OwnerId(who.using_encoded(blake2_256))
}

/// Gives `who` enough for many bonds.
pub(crate) fn endow<T: Config>(who: &T::AccountId) {
    let bonds = Pallet::<T>::bond_for(1_000).saturating_mul(1_000);
    let amount: Balance = T::Currency::minimum_balance().saturating_add(bonds);
    let issuance = T::Currency::total_issuance();
    if T::Currency::increase_balance(who, amount, Precision::Exact).is_ok() {
        T::Currency::set_total_issuance(issuance.saturating_add(amount));
    }
}

/// An account that can pay bonds.
pub(crate) fn payer<T: Config>(number: u32) -> T::AccountId {
    let payer: T::AccountId = account("payer", number, 0);
    endow::<T>(&payer);
    payer
}

/// The caller, who can pay bonds.
pub(crate) fn caller<T: Config>() -> T::AccountId {
    let caller: T::AccountId = whitelisted_caller();
    endow::<T>(&caller);
    caller
}

/// An attribute of the greatest size with a number of one's choice.
pub(crate) fn put_attribute<T: Config>(attribute: AttributeId, issuer: &T::AccountId) {
    Attributes::<T>::insert(
        attribute,
        AttributeInfo {
            issuer: issuer.clone(),
            version: 0,
            credentials: 0,
            term: MAX_TERM,
            name: full_text(),
            description: full_text(),
        },
    );
    NextAttribute::<T>::mutate(|next| *next = (*next).max(attribute.0.saturating_add(1)));
}

/// Names the owner of `who`, if it has none.
pub(crate) fn put_owner<T: Config>(who: &T::AccountId) {
    if !Owners::<T>::contains_key(who) {
        assert!(Pallet::<T>::put_account(who.clone(), owner_for::<T>(who), None).is_ok());
    }
}

/// A credential of the present version that expires at `expires`, at nobody's expense. What was
/// held for an earlier one stays held for it.
pub(crate) fn put_credential<T: Config>(who: &T::AccountId, attribute: AttributeId, expires: u64) {
    put_owner::<T>(who);
    let version = Attributes::<T>::get(attribute).map_or(0, |info| info.version);
    let before = Credentials::<T>::get(who, attribute);
    if before.is_none() {
        Pallet::<T>::gain(attribute, owner_for::<T>(who), version);
        Attributes::<T>::mutate_extant(attribute, |info| {
            info.credentials = info.credentials.saturating_add(1);
        });
    }
    let credential =
        Credential { version, expires, bond: before.and_then(|credential| credential.bond) };
    Credentials::<T>::insert(who, attribute, credential);
}

/// A credential for which `payer` stands.
pub(crate) fn put_bonded<T: Config>(
    who: &T::AccountId,
    attribute: AttributeId,
    expires: u64,
    payer: &T::AccountId,
) {
    put_credential::<T>(who, attribute, expires);
    bond_credential::<T>(who, attribute, payer);
}

pub(crate) fn bond_credential<T: Config>(
    who: &T::AccountId,
    attribute: AttributeId,
    payer: &T::AccountId,
) {
    let bond = Pallet::<T>::take_bond(payer, Pallet::<T>::credential_bond()).ok();
    assert!(bond.is_some(), "the payer is endowed");
    if let Some(credential) = Credentials::<T>::get(who, attribute) {
        let credential = Credential { bond, ..credential };
        Credentials::<T>::insert(who, attribute, credential);
    }
}

/// Uses up what may be ended today of `attribute`, of which roles without it do not bar more.
pub(crate) fn exhaust<T: Config>(attribute: AttributeId, issuer: &T::AccountId) {
    set_all_roles::<T>(issuer);
    HolderCounts::<T>::mutate(attribute, |count| {
        let endings = Endings { day: Pallet::<T>::today(), owners: 1, most: 1 };
        let admin_endings = endings;
        *count = HolderCount { endings, admin_endings, leave: None, ..count.clone() };
    });
}

/// A pending naming of `account` that `registrar` files.
pub(crate) fn file<T: Config>(registrar: &T::AccountId, account: &T::AccountId, owner: OwnerId) {
    endow::<T>(registrar);
    Registrar::<T>::put(registrar);
    let filed = Pallet::<T>::do_name_owner(registrar.clone(), account.clone(), owner);
    assert!(filed.is_ok(), "the registrar is endowed");
}

/// Lets a pending naming wait for one of the two only.
pub(crate) fn agree<T: Config>(account: &T::AccountId) {
    if let Some(naming) = Namings::<T>::get(account) {
        // Whose word it is has to be found out, where it is an account's.
        let first = AccountsOf::<T>::get(naming.owner).first().cloned();
        let approved = first.map_or(Approver::Admin, Approver::Account);
        let naming = Naming { consented: true, approved: Some(approved), ..naming };
        Namings::<T>::insert(account, naming);
    }
}

/// Gives an owner as many accounts as leave room for one.
pub(crate) fn crowd<T: Config>(owner: OwnerId) -> Vec<T::AccountId> {
    let number = T::MaxAccountsPerOwner::get().saturating_sub(1).max(1);
    let all: Vec<T::AccountId> = (0..number).map(|number| account("of", number, 0)).collect();
    for account in &all {
        assert!(Pallet::<T>::put_account(account.clone(), owner, None).is_ok());
    }
    all
}

/// Puts the state of an account.
pub(crate) fn put_state<T: Config>(account: &T::AccountId, state: AccountState<T::AccountId>) {
    Owners::<T>::mutate_extant(account, |owned| owned.state = state);
}

/// The largest policy: an AND over as many attributes as fit, numbered from `first`.
pub(crate) fn largest_policy<T: Config>(first: u32, nodes: u32) -> PolicyOf<T> {
    let parts = nodes.saturating_sub(1).clamp(1, u32::from(u8::MAX));
    let mut policy: Vec<_> = (0..parts)
        .map(|number| PolicyNode::Attribute(AttributeId(first.saturating_add(number))))
        .collect();
    if nodes > 1 {
        let parts = parts as u8;
        policy.push(PolicyNode::AtLeast { k: parts, of: parts });
    }
    BoundedVec::truncate_from(policy)
}

/// Puts the largest policy on record, over registered attributes numbered from `first`.
pub(crate) fn put_policy<T: Config>(first: u32, issuer: &T::AccountId) -> PolicyId {
    let policy = PolicyId(NextPolicy::<T>::get());
    NextPolicy::<T>::put(policy.0.saturating_add(1));
    let nodes = largest_policy::<T>(first, T::MaxPolicyNodes::get());
    for attribute in Pallet::<T>::attributes_of(&nodes) {
        if !Attributes::<T>::contains_key(attribute) {
            put_attribute::<T>(attribute, issuer);
        }
    }
    Policies::<T>::insert(policy, nodes);
    policy
}

/// Points every role to a largest policy of its own. None names an attribute below 10.
pub(crate) fn set_all_roles<T: Config>(issuer: &T::AccountId) {
    for (number, role) in (0_u32..).zip(Role::ALL) {
        let first = T::MaxPolicyNodes::get().saturating_mul(number);
        let policy = put_policy::<T>(first.saturating_add(10), issuer);
        Roles::<T>::insert(role, policy);
    }
}

/// Makes `may(who, role)` true at the greatest cost: by the largest policy, all of whose
/// attributes are needed, beside an exclusion that has lapsed.
pub(crate) fn grant_worst_case<T: Config>(who: &T::AccountId, role: Role) {
    let policy = Roles::<T>::get(role).unwrap_or_else(|| {
        let number = NextPolicy::<T>::get();
        NextPolicy::<T>::put(number.saturating_add(1));
        PolicyId(number)
    });
    let nodes = largest_policy::<T>(0, T::MaxPolicyNodes::get());
    for attribute in Pallet::<T>::attributes_of(&nodes) {
        if !Attributes::<T>::contains_key(attribute) {
            put_attribute::<T>(attribute, who);
        }
        put_credential::<T>(who, attribute, FAR_FUTURE);
    }
    Policies::<T>::insert(policy, nodes);
    Roles::<T>::insert(role, policy);
    put_owner::<T>(who);
    put_exclusion::<T>(who, 0);
}

/// Gives `who` an owner that was excluded from all.
pub(crate) fn exclude_worst_case<T: Config>(who: &T::AccountId) {
    put_owner::<T>(who);
    put_exclusion::<T>(who, 0);
}

/// Excludes the owner of `who` from all, until then.
pub(crate) fn put_exclusion<T: Config>(who: &T::AccountId, until: u64) {
    let decided = Some(Decision { reason: full_text(), until });
    let exclusion = Exclusion { defaulted_until: Some(until), decided };
    Exclusions::<T>::insert(owner_for::<T>(who), exclusion);
}

/// An issuer, an attribute of its own, and `n` accounts that have another one; each gets a
/// credential again for which another account stands so far. Whatever is ended today is beyond
/// the allowance.
pub(crate) fn holders_to_renew<T: Config>(
    n: u32,
) -> (T::AccountId, AttributeId, Vec<T::AccountId>) {
    let issuer = caller::<T>();
    let (first, second) = (AttributeId(0), AttributeId(1));
    put_attribute::<T>(first, &issuer);
    put_attribute::<T>(second, &issuer);
    T::Calendar::set_now(NOW);
    let holders = (0..n)
        .map(|number| {
            let who: T::AccountId = account("who", number, 0);
            put_credential::<T>(&who, first, FAR_FUTURE);
            put_bonded::<T>(&who, second, FAR_FUTURE, &payer::<T>(number));
            who
        })
        .collect();
    exhaust::<T>(second, &issuer);
    (issuer, second, holders)
}

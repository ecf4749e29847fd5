//! Worst cases of the calls, and of what other pallets ask.

use crate::*;
use alloc::{vec, vec::Vec};
use codec::Encode;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    traits::{
        EnsureOrigin, Get,
        fungible::{Inspect, Unbalanced},
        tokens::Precision,
    },
};
use frame_system::RawOrigin;
use qedex_math::policy::PolicyNode;
use qedex_primitives::{AttributeId, Balance, Calendar, OwnerId, PolicyId, Role};
use sp_io::hashing::blake2_256;

const FAR_FUTURE: u64 = u64::MAX;

fn full_text<S: Get<u32>>() -> BoundedVec<u8, S> {
    BoundedVec::truncate_from(vec![b'x'; S::get() as usize])
}

fn owner_for<T: Config>(who: &T::AccountId) -> OwnerId {
    OwnerId(who.using_encoded(blake2_256))
}

/// Gives `who` enough for many bonds.
fn endow<T: Config>(who: &T::AccountId) {
    let bonds = Pallet::<T>::bond_for(1_000).saturating_mul(1_000);
    let amount: Balance = T::Currency::minimum_balance().saturating_add(bonds);
    let issuance = T::Currency::total_issuance();
    if T::Currency::increase_balance(who, amount, Precision::Exact).is_ok() {
        T::Currency::set_total_issuance(issuance.saturating_add(amount));
    }
}

/// An account that can pay bonds.
fn payer<T: Config>(number: u32) -> T::AccountId {
    let payer: T::AccountId = account("payer", number, 0);
    endow::<T>(&payer);
    payer
}

/// The caller, who can pay bonds.
fn caller<T: Config>() -> T::AccountId {
    let caller: T::AccountId = whitelisted_caller();
    endow::<T>(&caller);
    caller
}

/// An attribute of the greatest size with a number of one's choice.
fn put_attribute<T: Config>(attribute: AttributeId, issuer: &T::AccountId) {
    Attributes::<T>::insert(
        attribute,
        AttributeInfo {
            issuer: issuer.clone(),
            version: 0,
            credentials: 0,
            name: full_text(),
            description: full_text(),
        },
    );
    NextAttribute::<T>::mutate(|next| *next = (*next).max(attribute.0.saturating_add(1)));
}

/// A credential of the present version that expires at `expires`, at nobody's expense. What was
/// held for an earlier one stays held for it.
fn put_credential<T: Config>(who: &T::AccountId, attribute: AttributeId, expires: u64) {
    let version = Attributes::<T>::get(attribute).map_or(0, |info| info.version);
    let before = Credentials::<T>::get(who, attribute);
    if before.is_none() {
        let owner = owner_for::<T>(who);
        Holders::<T>::mutate(who, |entry| {
            let credentials = entry.map_or(0, |holder| holder.credentials);
            *entry = Some(Holder {
                owner: entry.map_or(owner, |holder| holder.owner),
                credentials: credentials.saturating_add(1),
            });
        });
        Attributes::<T>::mutate_extant(attribute, |info| {
            info.credentials = info.credentials.saturating_add(1);
        });
    }
    let credential =
        Credential { version, expires, bond: before.and_then(|credential| credential.bond) };
    Credentials::<T>::insert(who, attribute, credential);
}

/// A credential for which `payer` stands.
fn put_bonded<T: Config>(
    who: &T::AccountId,
    attribute: AttributeId,
    expires: u64,
    payer: &T::AccountId,
) {
    put_credential::<T>(who, attribute, expires);
    bond_credential::<T>(who, attribute, payer);
}

fn bond_credential<T: Config>(who: &T::AccountId, attribute: AttributeId, payer: &T::AccountId) {
    let bond = Pallet::<T>::take_bond(payer, Pallet::<T>::credential_bond()).ok();
    assert!(bond.is_some(), "the payer is endowed");
    if let Some(credential) = Credentials::<T>::get(who, attribute) {
        let credential = Credential { bond, ..credential };
        Credentials::<T>::insert(who, attribute, credential);
    }
}

/// Lets another account stand for each credential of `who` for which nobody stands.
pub(crate) fn bond_credentials<T: Config>(who: &T::AccountId) {
    let all: Vec<_> = Credentials::<T>::iter_prefix(who).collect();
    for (attribute, credential) in all {
        if credential.bond.is_none() {
            bond_credential::<T>(who, attribute, &payer::<T>(attribute.0));
        }
    }
}

/// The largest policy: an AND over as many attributes as fit, numbered from `first`.
fn largest_policy<T: Config>(first: u32, nodes: u32) -> PolicyOf<T> {
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
fn put_policy<T: Config>(first: u32, issuer: &T::AccountId) -> PolicyId {
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
fn set_all_roles<T: Config>(issuer: &T::AccountId) {
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
    Blacklist::<T>::insert(
        who,
        Exclusion { reason: ExclusionReason::Decided(full_text()), until: 0 },
    );
}

#[benchmarks]
mod benchmarks {
    use super::*;

    fn admin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
        T::AdminOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)
    }

    #[benchmark]
    fn register_attribute() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let issuer: T::AccountId = whitelisted_caller();
        let number = NextAttribute::<T>::get();

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, full_text(), full_text(), issuer);

        assert!(Attributes::<T>::contains_key(AttributeId(number)));
        Ok(())
    }

    // Whoever pays also pays for a failed check of the admin origin.
    #[benchmark]
    fn create_policy(n: Linear<1, { T::MaxPolicyNodes::get() }>) {
        let creator = caller::<T>();
        for number in 0..n {
            put_attribute::<T>(AttributeId(number), &creator);
        }
        let policy = PolicyId(NextPolicy::<T>::get());
        let nodes = largest_policy::<T>(0, n);

        #[extrinsic_call]
        _(RawOrigin::Signed(creator), nodes);

        assert!(Policies::<T>::contains_key(policy));
        assert!(PolicyBonds::<T>::contains_key(policy));
    }

    #[benchmark]
    fn set_role() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let policy = put_policy::<T>(0, &whitelisted_caller());

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, Role::Broker, policy);

        assert_eq!(Roles::<T>::get(Role::Broker), Some(policy));
        Ok(())
    }

    #[benchmark]
    fn blacklist() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let who: T::AccountId = account("who", 0, 0);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, who.clone(), full_text(), MAX_EXCLUSION);

        assert!(Blacklist::<T>::contains_key(who));
        Ok(())
    }

    /// An issuer, an attribute of its own, and `n` accounts that have another one; each gets a
    /// credential again for which another account stands so far.
    fn holders_to_renew<T: Config>(n: u32) -> (T::AccountId, AttributeId, Vec<T::AccountId>) {
        let issuer = caller::<T>();
        let (first, second) = (AttributeId(0), AttributeId(1));
        put_attribute::<T>(first, &issuer);
        put_attribute::<T>(second, &issuer);
        T::Calendar::set_now(1);
        let holders = (0..n)
            .map(|number| {
                let who: T::AccountId = account("who", number, 0);
                put_credential::<T>(&who, first, FAR_FUTURE);
                put_bonded::<T>(&who, second, FAR_FUTURE, &payer::<T>(number));
                who
            })
            .collect();
        (issuer, second, holders)
    }

    #[benchmark]
    fn issue() {
        let (issuer, attribute, _) = holders_to_renew::<T>(1);
        let who: T::AccountId = account("who", 0, 0);
        let owner = owner_for::<T>(&who);

        #[extrinsic_call]
        _(RawOrigin::Signed(issuer.clone()), who.clone(), attribute, FAR_FUTURE, owner);

        let bond = Credentials::<T>::get(who, attribute).and_then(|credential| credential.bond);
        assert_eq!(bond.map(|bond| bond.payer), Some(issuer));
    }

    #[benchmark]
    fn issue_batch(n: Linear<1, { T::MaxIssueBatch::get() }>) {
        let (issuer, attribute, holders) = holders_to_renew::<T>(n);
        let batch: Vec<_> =
            holders.iter().map(|who| (who.clone(), FAR_FUTURE, owner_for::<T>(who))).collect();

        #[extrinsic_call]
        _(RawOrigin::Signed(issuer.clone()), attribute, BoundedVec::truncate_from(batch));

        let bonds =
            holders.into_iter().filter_map(|who| Credentials::<T>::get(who, attribute)?.bond);
        assert_eq!(bonds.filter(|bond| bond.payer == issuer).count(), n as usize);
    }

    #[benchmark]
    fn revoke() {
        let issuer: T::AccountId = whitelisted_caller();
        let attribute = AttributeId(0);
        put_attribute::<T>(attribute, &issuer);
        let who: T::AccountId = account("who", 0, 0);
        put_bonded::<T>(&who, attribute, FAR_FUTURE, &payer::<T>(0));

        // The issuer pays for a failed check of the admin origin as well.
        #[extrinsic_call]
        _(RawOrigin::Signed(issuer), who.clone(), attribute);

        assert!(!Credentials::<T>::contains_key(who, attribute));
    }

    #[benchmark]
    fn bump_version() {
        let issuer: T::AccountId = whitelisted_caller();
        let attribute = AttributeId(0);
        put_attribute::<T>(attribute, &issuer);

        #[extrinsic_call]
        _(RawOrigin::Signed(issuer), attribute);

        assert_eq!(Attributes::<T>::get(attribute).map(|info| info.version), Some(1));
    }

    #[benchmark]
    fn set_issuer() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let attribute = AttributeId(0);
        put_attribute::<T>(attribute, &whitelisted_caller());
        let issuer: T::AccountId = account("issuer", 0, 0);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, attribute, issuer.clone());

        let info = Attributes::<T>::get(attribute);
        assert_eq!(info.map(|info| info.issuer), Some(issuer));
        Ok(())
    }

    #[benchmark]
    fn remove_attribute() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let issuer: T::AccountId = whitelisted_caller();
        let attribute = AttributeId(0);
        put_attribute::<T>(attribute, &issuer);
        set_all_roles::<T>(&issuer);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, attribute);

        assert!(!Attributes::<T>::contains_key(attribute));
        Ok(())
    }

    #[benchmark]
    fn remove_policy() {
        let creator = caller::<T>();
        set_all_roles::<T>(&creator);
        let policy = put_policy::<T>(0, &creator);
        let bond = Pallet::<T>::take_bond(&creator, Pallet::<T>::bond_for(1_000)).ok();
        if let Some(bond) = bond {
            PolicyBonds::<T>::insert(policy, bond);
        }

        #[extrinsic_call]
        _(RawOrigin::Signed(creator), policy);

        assert!(!Policies::<T>::contains_key(policy));
        assert!(!PolicyBonds::<T>::contains_key(policy));
    }

    #[benchmark]
    fn reissue(n: Linear<1, { T::MaxIssueBatch::get() }>) {
        let (issuer, attribute, holders) = holders_to_renew::<T>(n);
        Attributes::<T>::mutate_extant(attribute, |info| info.version = 1);

        #[extrinsic_call]
        _(RawOrigin::Signed(issuer), attribute, BoundedVec::truncate_from(holders.clone()));

        for who in holders {
            let credential = Credentials::<T>::get(who, attribute);
            assert_eq!(credential.map(|credential| credential.version), Some(1));
        }
    }

    #[benchmark]
    fn remove_lapsed() {
        let anyone: T::AccountId = whitelisted_caller();
        let attribute = AttributeId(0);
        put_attribute::<T>(attribute, &anyone);
        let who: T::AccountId = account("who", 0, 0);
        put_bonded::<T>(&who, attribute, 1, &payer::<T>(0));
        T::Calendar::set_now(LAPSE_GRACE.saturating_add(1));

        #[extrinsic_call]
        _(RawOrigin::Signed(anyone), who.clone(), attribute);

        assert!(!Credentials::<T>::contains_key(who, attribute));
    }

    #[benchmark]
    fn lift_exclusion() {
        let who: T::AccountId = account("who", 0, 0);
        let exclusion = Exclusion { reason: ExclusionReason::Decided(full_text()), until: 1 };
        Blacklist::<T>::insert(&who, exclusion);
        T::Calendar::set_now(1);

        // Anyone pays for a failed check of the admin origin as well.
        #[extrinsic_call]
        _(RawOrigin::Signed(whitelisted_caller()), who.clone());

        assert!(!Blacklist::<T>::contains_key(who));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::mock::ExtBuilder::default().build(),
        crate::mock::Test
    );
}

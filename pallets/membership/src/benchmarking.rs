//! Worst cases of the calls, and of the policy check that other pallets make.

use crate::*;
use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{BoundedVec, traits::EnsureOrigin, traits::Get};
use frame_system::RawOrigin;
use qedex_math::policy::PolicyNode;
use qedex_primitives::{AttributeId, Calendar, OwnerId, PolicyId, Role};
use sp_io::hashing::blake2_256;

use codec::Encode;

const FAR_FUTURE: u64 = u64::MAX;

fn full_text<S: Get<u32>>() -> BoundedVec<u8, S> {
    BoundedVec::truncate_from(vec![b'x'; S::get() as usize])
}

fn owner_for<T: Config>(who: &T::AccountId) -> OwnerId {
    OwnerId(who.using_encoded(blake2_256))
}

/// An attribute of the greatest size with a number of one's choice.
fn put_attribute<T: Config>(attribute: AttributeId, issuer: &T::AccountId) {
    Attributes::<T>::insert(
        attribute,
        AttributeInfo {
            issuer: issuer.clone(),
            version: 0,
            name: full_text(),
            description: full_text(),
        },
    );
    NextAttribute::<T>::mutate(|next| *next = (*next).max(attribute.0.saturating_add(1)));
}

fn put_credential<T: Config>(who: &T::AccountId, attribute: AttributeId) {
    let version = Attributes::<T>::get(attribute).map_or(0, |info| info.version);
    if !Credentials::<T>::contains_key(who, attribute) {
        let owner = owner_for::<T>(who);
        Holders::<T>::mutate(who, |entry| {
            let credentials = entry.map_or(0, |holder| holder.credentials);
            *entry = Some(Holder {
                owner: entry.map_or(owner, |holder| holder.owner),
                credentials: credentials.saturating_add(1),
            });
        });
    }
    let expires = FAR_FUTURE;
    Credentials::<T>::insert(who, attribute, Credential { version, expires });
}

/// The largest policy: an AND over as many attributes as fit.
fn largest_policy<T: Config>(nodes: u32) -> PolicyOf<T> {
    let parts = nodes.saturating_sub(1).clamp(1, u32::from(u8::MAX));
    let mut policy: Vec<_> = (0..parts)
        .map(|number| PolicyNode::Attribute(AttributeId(number)))
        .collect();
    if nodes > 1 {
        let parts = parts as u8;
        policy.push(PolicyNode::AtLeast {
            k: parts,
            of: parts,
        });
    }
    BoundedVec::truncate_from(policy)
}

/// Makes `may(who, role)` true at the greatest cost: by the largest policy, all of whose
/// attributes are needed, beside an exclusion that has lapsed.
pub(crate) fn grant_worst_case<T: Config>(who: &T::AccountId, role: Role) {
    let policy = Roles::<T>::get(role).unwrap_or_else(|| {
        let number = NextPolicy::<T>::get();
        NextPolicy::<T>::put(number.saturating_add(1));
        PolicyId(number)
    });
    let nodes = largest_policy::<T>(T::MaxPolicyNodes::get());
    for node in &nodes {
        if let PolicyNode::Attribute(attribute) = node {
            if !Attributes::<T>::contains_key(attribute) {
                put_attribute::<T>(*attribute, who);
            }
            put_credential::<T>(who, *attribute);
        }
    }
    Policies::<T>::insert(policy, nodes);
    Roles::<T>::insert(role, policy);
    Blacklist::<T>::insert(
        who,
        Exclusion {
            reason: ExclusionReason::Decided(full_text()),
            until: 0,
        },
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

    #[benchmark]
    fn create_policy(n: Linear<1, { T::MaxPolicyNodes::get() }>) -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let issuer: T::AccountId = whitelisted_caller();
        for number in 0..n {
            put_attribute::<T>(AttributeId(number), &issuer);
        }
        let number = NextPolicy::<T>::get();
        let nodes = largest_policy::<T>(n);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, nodes);

        assert!(Policies::<T>::contains_key(PolicyId(number)));
        Ok(())
    }

    #[benchmark]
    fn set_role() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let policy = PolicyId(NextPolicy::<T>::get());
        NextPolicy::<T>::put(policy.0.saturating_add(1));
        let issuer: T::AccountId = whitelisted_caller();
        let nodes = largest_policy::<T>(T::MaxPolicyNodes::get());
        for number in 0..T::MaxPolicyNodes::get() {
            put_attribute::<T>(AttributeId(number), &issuer);
        }
        Policies::<T>::insert(policy, nodes);

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
        _(
            origin as T::RuntimeOrigin,
            who.clone(),
            full_text(),
            MAX_EXCLUSION,
        );

        assert!(Blacklist::<T>::contains_key(who));
        Ok(())
    }

    #[benchmark]
    fn issue() {
        let issuer: T::AccountId = whitelisted_caller();
        let (first, second) = (AttributeId(0), AttributeId(1));
        put_attribute::<T>(first, &issuer);
        put_attribute::<T>(second, &issuer);
        T::Calendar::set_now(1);
        let who: T::AccountId = account("who", 0, 0);
        put_credential::<T>(&who, first);
        let owner = owner_for::<T>(&who);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(issuer),
            who.clone(),
            second,
            FAR_FUTURE,
            owner,
        );

        assert!(Credentials::<T>::contains_key(who, second));
    }

    #[benchmark]
    fn issue_batch(n: Linear<1, { T::MaxIssueBatch::get() }>) {
        let issuer: T::AccountId = whitelisted_caller();
        let (first, second) = (AttributeId(0), AttributeId(1));
        put_attribute::<T>(first, &issuer);
        put_attribute::<T>(second, &issuer);
        T::Calendar::set_now(1);
        let batch: Vec<_> = (0..n)
            .map(|number| {
                let who: T::AccountId = account("who", number, 0);
                put_credential::<T>(&who, first);
                let owner = owner_for::<T>(&who);
                (who, FAR_FUTURE, owner)
            })
            .collect();

        #[extrinsic_call]
        _(
            RawOrigin::Signed(issuer),
            second,
            BoundedVec::truncate_from(batch),
        );

        let last: T::AccountId = account("who", n.saturating_sub(1), 0);
        assert!(Credentials::<T>::contains_key(last, second));
    }

    #[benchmark]
    fn revoke() {
        let issuer: T::AccountId = whitelisted_caller();
        let attribute = AttributeId(0);
        put_attribute::<T>(attribute, &issuer);
        let who: T::AccountId = account("who", 0, 0);
        put_credential::<T>(&who, attribute);

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

        assert_eq!(
            Attributes::<T>::get(attribute).map(|info| info.version),
            Some(1)
        );
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::mock::ExtBuilder::default().build(),
        crate::mock::Test
    );
}

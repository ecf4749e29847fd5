//! Worst cases of the calls, and of what other pallets ask.

mod setup;

pub(crate) use setup::{exclude_worst_case, grant_worst_case, put_owner};

use crate::*;
use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    traits::{EnsureOrigin, Get},
};
use frame_system::RawOrigin;
use qedex_primitives::{AttributeId, Calendar, PolicyId, Role};
use setup::*;

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
        _(origin as T::RuntimeOrigin, full_text(), full_text(), issuer, MAX_TERM);

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
        put_owner::<T>(&who);
        put_exclusion::<T>(&who, 0);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, who.clone(), full_text(), MAX_EXCLUSION);

        let exclusion = Exclusions::<T>::get(owner_for::<T>(&who));
        assert!(exclusion.and_then(|exclusion| exclusion.decided).is_some_and(|one| one.until > 0));
        Ok(())
    }

    #[benchmark]
    fn issue() {
        let (issuer, attribute, _) = holders_to_renew::<T>(1);
        let who: T::AccountId = account("who", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(issuer.clone()), who.clone(), attribute, FAR_FUTURE - 1);

        let bond = Credentials::<T>::get(who, attribute).and_then(|credential| credential.bond);
        assert_eq!(bond.map(|bond| bond.payer), Some(issuer));
    }

    #[benchmark]
    fn issue_batch(n: Linear<1, { T::MaxIssueBatch::get() }>) {
        let (issuer, attribute, holders) = holders_to_renew::<T>(n);
        let batch: Vec<_> = holders.iter().map(|who| (who.clone(), FAR_FUTURE - 1)).collect();

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
        exhaust::<T>(attribute, &issuer);

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
        put_credential::<T>(&issuer, attribute, FAR_FUTURE);
        // A request that has lapsed, and roles that do not need it.
        let asked = Voiding { by: Asker::Issuer(issuer.clone()), version: 0, expires: 0 };
        Voidings::<T>::insert(attribute, asked);
        set_all_roles::<T>(&issuer);

        #[extrinsic_call]
        _(RawOrigin::Signed(issuer), attribute);

        assert_eq!(Attributes::<T>::get(attribute).map(|info| info.version), Some(1));
    }

    #[benchmark]
    fn set_issuer() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let attribute = AttributeId(0);
        let before: T::AccountId = whitelisted_caller();
        put_attribute::<T>(attribute, &before);
        put_credential::<T>(&before, attribute, FAR_FUTURE);
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
        T::Calendar::set_now(1);

        #[extrinsic_call]
        _(RawOrigin::Signed(anyone), who.clone(), attribute);

        assert!(!Credentials::<T>::contains_key(who, attribute));
    }

    #[benchmark]
    fn lift_exclusion() {
        let who: T::AccountId = account("who", 0, 0);
        put_owner::<T>(&who);
        put_exclusion::<T>(&who, 1);
        T::Calendar::set_now(1);

        // Anyone pays for a failed check of the admin origin as well.
        #[extrinsic_call]
        _(RawOrigin::Signed(whitelisted_caller()), who.clone());

        assert!(!Exclusions::<T>::contains_key(owner_for::<T>(&who)));
    }

    #[benchmark]
    fn set_registrar() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let registrar: T::AccountId = whitelisted_caller();

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, registrar.clone());

        assert_eq!(Registrar::<T>::get(), Some(registrar));
        Ok(())
    }

    // A void naming of another registrar gives way.
    #[benchmark]
    fn name_owner() {
        let who: T::AccountId = account("who", 0, 0);
        let owner = owner_for::<T>(&who);
        crowd::<T>(owner);
        file::<T>(&payer::<T>(0), &who, owner);
        let registrar = caller::<T>();
        Registrar::<T>::put(&registrar);

        #[extrinsic_call]
        _(RawOrigin::Signed(registrar.clone()), who.clone(), owner);

        let naming = Namings::<T>::get(who);
        assert_eq!(naming.map(|naming| naming.bond.payer), Some(registrar));
    }

    #[benchmark]
    fn consent_owner() {
        let who: T::AccountId = whitelisted_caller();
        let owner = owner_for::<T>(&who);
        crowd::<T>(owner);
        file::<T>(&payer::<T>(0), &who, owner);
        agree::<T>(&who);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), owner, true);

        assert!(Owners::<T>::contains_key(who));
    }

    // All of the owner's accounts are shut, and each is looked at.
    #[benchmark]
    fn approve_account() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let who: T::AccountId = account("who", 0, 0);
        let owner = owner_for::<T>(&who);
        for account in crowd::<T>(owner) {
            put_state::<T>(&account, AccountState::Shut);
        }
        file::<T>(&payer::<T>(0), &who, owner);
        agree::<T>(&who);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, who.clone());

        assert!(Owners::<T>::contains_key(who));
        Ok(())
    }

    #[benchmark]
    fn end_naming() {
        let caller: T::AccountId = whitelisted_caller();
        let who: T::AccountId = account("who", 0, 0);
        let owner = owner_for::<T>(&caller);
        put_owner::<T>(&caller);
        file::<T>(&payer::<T>(0), &who, owner);

        #[extrinsic_call]
        _(RawOrigin::Signed(caller), who.clone());

        assert!(!Namings::<T>::contains_key(who));
    }

    #[benchmark]
    fn propose_shutting() {
        let registrar: T::AccountId = whitelisted_caller();
        Registrar::<T>::put(&registrar);
        let who: T::AccountId = account("who", 0, 0);
        put_owner::<T>(&who);
        put_state::<T>(&who, AccountState::ShuttingProposed(who.clone()));

        #[extrinsic_call]
        _(RawOrigin::Signed(registrar.clone()), who.clone());

        let state = Owners::<T>::get(who).map(|owned| owned.state);
        assert_eq!(state, Some(AccountState::ShuttingProposed(registrar)));
    }

    #[benchmark]
    fn withdraw_shutting() {
        let registrar: T::AccountId = whitelisted_caller();
        Registrar::<T>::put(&registrar);
        let who: T::AccountId = account("who", 0, 0);
        put_owner::<T>(&who);
        put_state::<T>(&who, AccountState::ShuttingProposed(registrar.clone()));

        #[extrinsic_call]
        _(RawOrigin::Signed(registrar), who.clone());

        let state = Owners::<T>::get(who).map(|owned| owned.state);
        assert_eq!(state, Some(AccountState::Open));
    }

    #[benchmark]
    fn shut_account() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let registrar: T::AccountId = account("registrar", 0, 0);
        Registrar::<T>::put(&registrar);
        let who: T::AccountId = account("who", 0, 0);
        put_owner::<T>(&who);
        put_state::<T>(&who, AccountState::ShuttingProposed(registrar));

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, who.clone());

        assert!(Owners::<T>::get(who).is_some_and(|owned| owned.is_shut()));
        Ok(())
    }

    #[benchmark]
    fn set_term() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let attribute = AttributeId(0);
        put_attribute::<T>(attribute, &whitelisted_caller());

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, attribute, MIN_TERM);

        assert_eq!(Attributes::<T>::get(attribute).map(|info| info.term), Some(MIN_TERM));
        Ok(())
    }

    #[benchmark]
    fn allow_endings() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let attribute = AttributeId(0);
        let issuer: T::AccountId = whitelisted_caller();
        put_attribute::<T>(attribute, &issuer);
        put_credential::<T>(&issuer, attribute, FAR_FUTURE);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, attribute, 7);

        let leave = HolderCounts::<T>::get(attribute).leave;
        assert_eq!(leave.map(|leave| leave.owners), Some(7));
        Ok(())
    }

    // The issuer pays for a failed check of the admin origin as well.
    #[benchmark]
    fn withdraw_voiding() {
        let issuer: T::AccountId = whitelisted_caller();
        let attribute = AttributeId(0);
        put_attribute::<T>(attribute, &issuer);
        let asked = Voiding { by: Asker::Issuer(issuer.clone()), version: 0, expires: FAR_FUTURE };
        Voidings::<T>::insert(attribute, asked);

        #[extrinsic_call]
        _(RawOrigin::Signed(issuer), attribute);

        assert!(!Voidings::<T>::contains_key(attribute));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::mock::ExtBuilder::default().build(),
        crate::mock::Test
    );
}

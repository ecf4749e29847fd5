//! What version 1 had on record, before and after.

use super::*;
use crate::{
    AccountState, AccountsOf, Attributes, Bond, Credential, Credentials, Decision, Exclusion,
    ExclusionReason, Exclusions, HolderCounts, MAX_TERM, MIN_TERM, Owned, Owners, Registrar,
    Tenures,
    migration::{V1ToV2, v1},
};
use frame_support::traits::{
    GetStorageVersion, OnRuntimeUpgrade, StorageVersion, fungible::MutateHold,
};

/// Writes what version 1 had.
fn before() {
    let attribute = |name: &[u8], version, credentials| v1::AttributeInfo {
        issuer: REGISTRAR,
        version,
        credentials,
        name: BoundedVec::truncate_from(name.to_vec()),
        description: BoundedVec::default(),
    };
    v1::Attributes::<Test>::insert(PROSUMER, attribute(b"prosumer", 3, 8));
    v1::Attributes::<Test>::insert(SOLAR, attribute(b"solar", 0, 1));
    crate::NextAttribute::<Test>::put(2);
    let holder = |owner, credentials| v1::Holder { owner, credentials };
    v1::Holders::<Test>::insert(ANNA, holder(ANNAS_OWNER, 2));
    v1::Holders::<Test>::insert(BEN, holder(ANNAS_OWNER, 1));
    // More accounts of one owner than can be listed.
    for who in 20..26 {
        v1::Holders::<Test>::insert(who, holder(BENS_OWNER, 1));
    }
    let bond = || Some(Bond { payer: REGISTRAR, amount: 77 });
    let credential = |version, expires| Credential { version, expires, bond: bond() };
    Credentials::<Test>::insert(ANNA, PROSUMER, credential(3, START + 40 * DAY));
    Credentials::<Test>::insert(ANNA, SOLAR, credential(0, u64::MAX));
    Credentials::<Test>::insert(BEN, PROSUMER, credential(2, START + 50 * DAY));
    for who in 20..26 {
        Credentials::<Test>::insert(who, PROSUMER, credential(3, START - 1));
    }
    assert_ok!(Balances::hold(&crate::HoldReason::Storage.into(), &REGISTRAR, 9 * 77));
    let excluded = |reason, until| v1::Exclusion { reason, until };
    let decided = || ExclusionReason::Decided(b"tampering".to_vec().try_into().unwrap());
    v1::Blacklist::<Test>::insert(ANNA, excluded(decided(), START + 7));
    v1::Blacklist::<Test>::insert(BEN, excluded(ExclusionReason::Defaulted, START + 5));
    v1::Blacklist::<Test>::insert(20, excluded(decided(), START + 3));
    v1::Blacklist::<Test>::insert(21, excluded(decided(), START + 9));
    // Without an owner: its last credential is gone.
    v1::Blacklist::<Test>::insert(DORA, excluded(ExclusionReason::Defaulted, START + 9));
}

/// The chain of version 1 just before the upgrade.
fn chain_of_version_1(test: impl FnOnce()) {
    let genesis = crate::GenesisConfig::default();
    ExtBuilder { genesis }.build().execute_with(|| {
        StorageVersion::new(1).put::<Membership>();
        before();
        test();
        Membership::do_try_state().unwrap();
    });
}

fn migrate() {
    V1ToV2::<Test>::on_runtime_upgrade();
}

#[test]
fn every_account_keeps_the_owner_it_had() {
    chain_of_version_1(|| {
        migrate();
        assert_eq!(Membership::on_chain_storage_version(), StorageVersion::new(2));
        let named = |owner| Owned { owner, state: AccountState::Open, bond: None };
        for who in [ANNA, BEN] {
            assert_eq!(Owners::<Test>::get(who), Some(named(ANNAS_OWNER)));
        }
        let mut accounts: Vec<_> = AccountsOf::<Test>::get(ANNAS_OWNER).into();
        accounts.sort();
        assert_eq!(accounts, [ANNA, BEN]);
        // Those beyond the list keep their owner, and nobody can join them.
        for who in 20..26 {
            assert_eq!(owner_of(who), Some(BENS_OWNER));
        }
        assert_eq!(AccountsOf::<Test>::get(BENS_OWNER).len(), 4);
        assert_ok!(Membership::set_registrar(root(), REGISTRAR));
        assert_noop!(
            Membership::name_owner(signed(REGISTRAR), DORA, BENS_OWNER),
            Error::<Test>::TooManyAccounts
        );
        assert_eq!(v1::Holders::<Test>::iter().count(), 0);
    });
}

#[test]
fn nobody_is_registrar_until_the_admin_says_who() {
    chain_of_version_1(|| {
        migrate();
        assert_eq!(Registrar::<Test>::get(), None);
    });
}

#[test]
fn exclusions_move_to_the_owner_and_the_longest_counts() {
    chain_of_version_1(|| {
        migrate();
        let decided =
            |until| Some(Decision { reason: b"tampering".to_vec().try_into().unwrap(), until });
        assert_eq!(
            Exclusions::<Test>::get(ANNAS_OWNER),
            Some(Exclusion { defaulted_until: Some(START + 5), decided: decided(START + 7) })
        );
        assert_eq!(
            Exclusions::<Test>::get(BENS_OWNER),
            Some(Exclusion { defaulted_until: None, decided: decided(START + 9) })
        );
        assert_eq!(Exclusions::<Test>::iter().count(), 2);
    });
}

#[test]
fn credentials_stay_and_are_counted_as_held_for_long() {
    chain_of_version_1(|| {
        let all = || Credentials::<Test>::iter().collect::<Vec<_>>();
        let had = all();
        migrate();
        assert_eq!(all(), had);
        // The latest version that an owner's accounts hold is what it holds.
        let tenure = Tenures::<Test>::get(PROSUMER, ANNAS_OWNER).unwrap();
        assert_eq!((tenure.version, tenure.accounts, tenure.established_on), (3, 1, 0));
        let count = HolderCounts::<Test>::get(PROSUMER);
        assert_eq!((count.tally.owners(), count.tally.established(0)), (2, 2));
        assert_eq!(held(REGISTRAR), 9 * 77);
    });
}

#[test]
fn an_attributes_term_is_no_shorter_than_its_longest_credential() {
    chain_of_version_1(|| {
        migrate();
        let prosumer = Attributes::<Test>::get(PROSUMER).unwrap();
        assert_eq!((prosumer.issuer, prosumer.version, prosumer.credentials), (REGISTRAR, 3, 8));
        assert_eq!(&prosumer.name[..], b"prosumer");
        assert_eq!(prosumer.term, 50 * DAY);
        assert_eq!(Attributes::<Test>::get(SOLAR).unwrap().term, MAX_TERM);
        assert!(prosumer.term > MIN_TERM);
    });
}

#[test]
fn a_second_run_changes_nothing() {
    chain_of_version_1(|| {
        migrate();
        let root = || sp_io::storage::root(sp_runtime::StateVersion::V1);
        let once = root();
        migrate();
        assert_eq!(root(), once);
    });
}

#[test]
fn a_new_chain_has_nothing_to_migrate() {
    run(|| {
        let root = || sp_io::storage::root(sp_runtime::StateVersion::V1);
        let genesis = root();
        migrate();
        assert_eq!(root(), genesis);
    });
}

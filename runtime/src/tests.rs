//! The composition as a whole.

use crate::*;
use alloc::vec;
use sp_runtime::BuildStorage;

mod authoring;
mod beacon;
mod chain;
mod deputies;
mod documents;
mod games;
mod invariants;
mod membership;
mod metering;
mod objections;
mod questions;
mod releases;
mod seam;
mod upgrade;
mod versions;

fn preset(name: &str) -> serde_json::Value {
    let patch = presets::get_preset(&name.into()).expect("the preset exists");
    serde_json::from_slice(&patch).expect("a preset is JSON")
}

fn externalities(name: &str) -> sp_io::TestExternalities {
    let mut genesis = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serializes");
    json_merge(&mut genesis, preset(name));
    let genesis: RuntimeGenesisConfig = serde_json::from_value(genesis).expect("deserializes");
    genesis.build_storage().expect("a genesis that the pallets accept").into()
}

fn json_merge(base: &mut serde_json::Value, patch: serde_json::Value) {
    match (base, patch) {
        (serde_json::Value::Object(base), serde_json::Value::Object(patch)) => {
            for (key, value) in patch {
                json_merge(base.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (base, patch) => *base = patch,
    }
}

/// How many different keys Aura's list has.
fn distinct_authorities() -> usize {
    let list = pallet_aura::Authorities::<Runtime>::get();
    assert_eq!(list.len(), presets::TEST_SESSION_SLOTS as usize);
    let keys: std::collections::BTreeSet<_> = list.into_iter().collect();
    keys.len()
}

#[test]
fn the_development_chain_has_one_validator_and_a_sudo_key() {
    externalities("development").execute_with(|| {
        assert_eq!(pallet_session::Validators::<Runtime>::get().len(), 1);
        assert_eq!(distinct_authorities(), 1);
        assert_eq!(Grandpa::grandpa_authorities().len(), 1);
        assert!(pallet_sudo::Key::<Runtime>::get().is_some());
    });
}

#[test]
fn the_local_network_has_four_validators_and_no_sudo_key() {
    externalities("local_testnet").execute_with(|| {
        assert_eq!(pallet_session::Validators::<Runtime>::get().len(), 4);
        assert_eq!(distinct_authorities(), 4);
        assert_eq!(Grandpa::grandpa_authorities().len(), 4);
        assert_eq!(AuthorityDiscovery::authorities().len(), 4);
        assert!(pallet_sudo::Key::<Runtime>::get().is_none());
    });
}

/// Three bear nobody: on a network the set does not fall below four, wherever the genesis does not say so.
#[test]
fn the_smallest_set_of_a_network_bears_one_who_is_silent() {
    let least = || pallet_pov::LeastVoters::<Runtime>::get();
    externalities("local_testnet").execute_with(|| assert_eq!(least(), 4));
    externalities("development").execute_with(|| assert_eq!(least(), 1));
    assert_eq!(pallet_pov::GenesisConfig::<Runtime>::default().least_voters, 4);
    assert_eq!(qedex_math::finality::bearable(pallet_pov::DEFAULT_LEAST_VOTERS), 1);
}

#[test]
fn genesis_validators_vote_are_admitted_and_can_be_proven_to_have_voted() {
    use frame_support::traits::KeyOwnerProofSystem;
    externalities("local_testnet").execute_with(|| {
        let validators = pallet_session::Validators::<Runtime>::get();
        assert_eq!(pallet_pov::Voters::<Runtime>::get().into_inner(), validators);
        assert!(validators.iter().all(pallet_pov::Admitted::<Runtime>::contains_key));
        for (key, _) in Grandpa::grandpa_authorities() {
            let proof = Pov::prove((sp_consensus_grandpa::KEY_TYPE, key)).unwrap();
            assert_eq!((proof.session, proof.since, proof.voters), (0, 0, 4));
        }
    });
}

#[test]
fn the_community_of_genesis_may_trade() {
    use qedex_primitives::{Membership as AccessControl, Role};
    use sp_keyring::Sr25519Keyring as Key;
    externalities("development").execute_with(|| {
        let may = |key: Key, role| {
            <Membership as AccessControl<AccountId>>::may(&key.to_account_id(), role)
        };
        assert!(may(Key::Dave, Role::Trade) && may(Key::Dave, Role::Sell));
        assert!(may(Key::Bob, Role::InstallMeters) && !may(Key::Bob, Role::Trade));
        assert!(may(Key::Charlie, Role::Broker) && !may(Key::Charlie, Role::InstallMeters));
        assert!(may(Key::Alice, Role::Validate) && !may(Key::Alice, Role::Trade));
        // Three prosumers, and the validator.
        assert_eq!(pallet_metering::Meters::<Runtime>::iter().count(), 4);
    });
}

#[test]
fn the_deposit_of_the_presets_covers_the_largest_harm_and_the_fee_for_what_is_missing() {
    let fee = pallet_settlement::Rules::default().shortfall_fee;
    for (_, terms) in presets::market_terms().lists() {
        let harm = terms.cap.0 - terms.floor.0 - terms.grid_fee.0;
        let needed = harm + fee.mul_ceil(terms.cap.0);
        assert!(terms.deposit_rate.mul_floor(terms.cap.0) >= needed);
    }
}

#[test]
fn the_bands_of_the_presets_move_money() {
    use qedex_primitives::{Band, Prices};
    externalities("development").execute_with(|| {
        let [off, mid, on] = [Band::Off, Band::Mid, Band::On].map(Auction::price_of);
        assert!(off < mid && mid < on);
    });
}

#[test]
fn the_funds_exist_at_genesis_so_that_nothing_burns() {
    use configs::money::{CommunityFund, EntropyFund, GridAccount};
    externalities("development").execute_with(|| {
        for fund in [GridAccount::get(), EntropyFund::get(), CommunityFund::get()] {
            assert!(Balances::free_balance(fund) >= EXISTENTIAL_DEPOSIT);
        }
    });
}

#[test]
fn a_deputy_gives_away_none_of_its_principal_s_meters() {
    use configs::accounts::ProxyType;
    use frame_support::traits::InstanceFilter;
    use qedex_primitives::ChangeId;
    let (change, hash) = (ChangeId(0), Hash::zero());
    let confirm = RuntimeCall::Metering(pallet_metering::Call::confirm_change { change, hash });
    let withdraw = RuntimeCall::Metering(pallet_metering::Call::withdraw_confirmation { change });
    for kind in [ProxyType::NonTransfer, ProxyType::Trading] {
        assert!(!kind.filter(&confirm), "{kind:?}");
    }
    assert!(ProxyType::Any.filter(&confirm) && ProxyType::NonTransfer.filter(&withdraw));
}

#[test]
fn a_block_has_at_most_one_second_of_computation() {
    let limit = configs::block::BlockWeights::get().max_block.ref_time();
    assert_eq!(limit, frame_support::weights::constants::WEIGHT_REF_TIME_PER_SECOND);
}

/// With `QEDEX_WRITE_METADATA=FILE` the test also writes the latest to that file.
#[test]
fn metadata_is_served_in_versions_14_to_16() {
    for version in 14..=16 {
        assert!(Runtime::metadata_at_version(version).is_some(), "version {version}");
    }
    if let Some(path) = std::env::var_os("QEDEX_WRITE_METADATA") {
        let latest = Runtime::metadata_at_version(16).expect("it is served");
        std::fs::write(path, latest.as_slice()).expect("the file can be written");
    }
}

#[test]
fn a_blacklisted_installer_cannot_act_through_a_deputy() {
    use configs::accounts::ProxyType;
    use frame_support::assert_ok;
    use pallet_metering::{Change, MeterRatings};
    use qedex_primitives::{MeterId, Wh};
    use sp_keyring::Sr25519Keyring as Key;
    externalities("development").execute_with(|| {
        System::set_block_number(1);
        let signed = |key: Key| RuntimeOrigin::signed(key.to_account_id());
        let address = |key: Key| MultiAddress::Id(key.to_account_id());
        assert_ok!(Proxy::add_proxy(
            signed(Key::Bob),
            address(Key::Ferdie),
            ProxyType::NonTransfer,
            0
        ));
        let propose = |out: u64| {
            let ratings = MeterRatings { out: Wh(out), into: Wh(1_000) };
            let change = Change::Rate { meter: MeterId(0), ratings };
            let call = RuntimeCall::Metering(pallet_metering::Call::propose_change { change });
            let real = address(Key::Bob);
            assert_ok!(Proxy::proxy(signed(Key::Ferdie), real, None, alloc::boxed::Box::new(call)));
            let executed =
                System::events().into_iter().rev().find_map(|record| match record.event {
                    RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => {
                        Some(result)
                    }
                    _ => None,
                });
            executed.expect("the deputy acted")
        };
        assert_ok!(propose(1));
        let hour = 3_600_000;
        let reason = Default::default();
        let bob = Key::Bob.to_account_id();
        assert_ok!(Membership::blacklist(RuntimeOrigin::root(), bob, reason, hour));
        let refused = pallet_metering::Error::<Runtime>::NotAnInstaller;
        assert_eq!(propose(2), Err(refused.into()));
    });
}

#[test]
fn ten_thousand_policies_cost_more_than_a_poor_account_has() {
    use frame_support::assert_ok;
    use sp_keyring::Sr25519Keyring as Key;
    externalities("development").execute_with(|| {
        // A household with 100 QED, which pay 333 kWh from the grid.
        let poor = AccountId::from([7; 32]);
        let alice = RuntimeOrigin::signed(Key::Alice.to_account_id());
        let funds = MultiAddress::Id(poor.clone());
        assert_ok!(Balances::transfer_keep_alive(alice, funds, 100 * QED));
        let attribute = qedex_primitives::AttributeId(0);
        let policy = vec![qedex_math::policy::PolicyNode::Attribute(attribute)];
        let policy = frame_support::BoundedVec::truncate_from(policy);
        let create = || {
            Membership::create_policy(RuntimeOrigin::signed(poor.clone()), policy.clone()).is_ok()
        };
        let made = (0..10_000).filter(|_| create()).count();
        assert!(made < 1_000, "{made}");
    });
}

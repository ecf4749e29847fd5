//! Who writes blocks, in the composition.

use super::externalities;
use crate::*;
use frame_support::{
    assert_noop, assert_ok,
    dispatch::GetDispatchInfo,
    traits::{Contains, Get, KeyOwnerProofSystem},
};
use qedex_primitives::{SlotIndex, Wh};
use sp_consensus_grandpa::{Equivocation, EquivocationProof, KEY_TYPE, localized_payload};
use sp_keyring::{Ed25519Keyring, Sr25519Keyring as Key};
use sp_runtime::{Permill, traits::Dispatchable};

#[test]
fn sessions_last_at_least_five_minutes_unless_genesis_shortens_them() {
    let millis = u64::from(pallet_pov::DEFAULT_SESSION_SLOTS) * MILLISECONDS_PER_BLOCK;
    assert!(millis >= 5 * 60 * 1_000);
    sp_io::TestExternalities::default().execute_with(|| {
        assert_eq!(pallet_pov::SessionSlots::<Runtime>::get(), pallet_pov::DEFAULT_SESSION_SLOTS);
    });
}

#[test]
fn genesis_gives_each_validator_an_equal_share() {
    externalities("local_testnet").execute_with(|| {
        let schedule = pallet_pov::CurrentSchedule::<Runtime>::get().unwrap();
        assert_eq!(schedule.authors.len(), 4);
        assert!(schedule.authors.iter().all(|author| author.slots == 5));
    });
}

/// One price list: what moves the market moves the scores.
#[test]
fn bands_cost_what_the_market_takes_them_to_cost() {
    use qedex_primitives::{Band, Prices, Tariff};
    externalities("development").execute_with(|| {
        let price = <Runtime as pallet_pov::Config>::Prices::price_of;
        for slot in [SlotIndex(1_000), SlotIndex(96 * 1_000 + 30)] {
            let terms = Auction::terms(slot).expect("there are terms");
            assert_eq!(price(<Metering as Tariff>::band(slot)), terms.cap);
        }
        assert!(price(Band::Off).0 > 0);
    });
}

#[test]
fn every_validator_of_the_presets_has_a_meter_an_owner_and_the_right_to_validate() {
    use qedex_primitives::{Membership as AccessControl, Role};
    for preset in ["development", "local_testnet"] {
        externalities(preset).execute_with(|| {
            for who in pallet_session::Validators::<Runtime>::get() {
                assert!(!Metering::connections_of(&who).is_empty());
                assert!(<Membership as AccessControl<AccountId>>::owner_of(&who).is_some());
                assert!(<Membership as AccessControl<AccountId>>::may(&who, Role::Validate));
            }
        });
    }
}

#[test]
fn scores_follow_the_readings_of_the_validators_meters() {
    externalities("local_testnet").execute_with(|| {
        pallet_timestamp::Now::<Runtime>::put(1_000_000 * presets::TEST_SLOT_LENGTH);
        let last = SlotIndex(1_000_000 - 11);
        let generated = [(Key::Alice, 8_000), (Key::Bob, 4_000), (Key::Charlie, 1_000)];
        for (who, energy) in generated {
            let meter = Metering::connections_of(&who.to_account_id())[0];
            let owner = pallet_metering::Meters::<Runtime>::get(meter).unwrap();
            let owner = owner.latest().unwrap().owner;
            let reading = qedex_primitives::Flow { generated: Wh(energy), consumed: Wh(0) };
            for slot in (0..4).map(|back| SlotIndex(last.0 - back)) {
                pallet_metering::Readings::<Runtime>::insert(slot, meter, reading);
                pallet_metering::OwnerTotals::<Runtime>::insert(
                    slot,
                    owner,
                    pallet_metering::Totals::default().with(&reading),
                );
            }
        }
        let scores = Pov::scores();
        for (who, energy) in generated {
            let score = scores.iter().find(|s| s.who == who.to_account_id()).unwrap().score;
            let expected = qedex_math::score::generation_score(500_000, Wh(energy));
            assert_eq!(score, expected, "{who}");
        }
        // Dave is silent.
        let dave = Key::Dave.to_account_id();
        assert_eq!(scores.iter().find(|s| s.who == dave).unwrap().score, 0);
    });
}

#[test]
fn session_keys_cannot_be_purged_behind_the_back_of_the_rules() {
    let purge = RuntimeCall::Session(pallet_session::Call::purge_keys {});
    assert!(!configs::system::KeysStay::contains(&purge));
    assert!(configs::system::KeysStay::contains(&RuntimeCall::Pov(pallet_pov::Call::leave {})));
    externalities("local_testnet").execute_with(|| {
        let alice = RuntimeOrigin::signed(Key::Alice.to_account_id());
        assert_noop!(
            purge.clone().dispatch(alice.clone()).map_err(|e| e.error),
            frame_system::Error::<Runtime>::CallFiltered
        );
        // Nor in a batch: it stops there.
        let batch = RuntimeCall::Utility(pallet_utility::Call::batch_all { calls: vec![purge] });
        assert!(batch.get_dispatch_info().call_weight.ref_time() > 0);
        assert!(batch.dispatch(alice).is_err());
        assert_eq!(pallet_session::NextKeys::<Runtime>::iter_keys().count(), 4);
    });
}

/// A node that is started as `--alice` makes its keys of that seed, and finds itself in the genesis.
#[test]
fn the_session_keys_of_genesis_are_those_that_a_node_makes_of_the_same_seed() {
    use codec::{DecodeAll, Encode};
    use sp_core::crypto::key_types;
    use sp_keystore::{KeystoreExt, testing::MemoryKeystore};
    use sp_session::runtime_decl_for_session_keys::SessionKeysV2;
    let mut externalities = externalities("local_testnet");
    externalities.register_extension(KeystoreExt::new(MemoryKeystore::new()));
    externalities.execute_with(|| {
        let alice = Key::Alice.to_account_id();
        let made = Runtime::generate_session_keys(alice.encode(), Some(b"//Alice".to_vec())).keys;
        let known = pallet_session::NextKeys::<Runtime>::get(&alice).unwrap();
        assert_eq!(SessionKeys::decode_all(&mut &made[..]), Ok(known.clone()));
        let raw = Runtime::decode_session_keys(made).unwrap();
        let types: Vec<_> = raw.iter().map(|(_, key_type)| *key_type).collect();
        assert_eq!(types, [key_types::AURA, key_types::GRANDPA, key_types::AUTHORITY_DISCOVERY]);
        assert!(AuthorityDiscovery::authorities().contains(&known.authority_discovery));
    });
}

#[test]
fn only_whom_the_policy_admits_can_register_session_keys() {
    use sp_runtime::traits::Convert;
    externalities("development").execute_with(|| {
        let admitted = |who: Key| {
            <Runtime as pallet_session::Config>::ValidatorIdOf::convert(who.to_account_id())
        };
        assert!(admitted(Key::Alice).is_some());
        assert!(admitted(Key::Eve).is_none());
    });
}

/// Two votes of `voter` in one round of the present set.
fn double_vote(voter: Ed25519Keyring) -> EquivocationProof<Hash, BlockNumber> {
    let (round, set) = (1, pallet_grandpa::CurrentSetId::<Runtime>::get());
    let vote = |target_number, byte| {
        let prevote =
            finality_grandpa::Prevote { target_hash: Hash::repeat_byte(byte), target_number };
        let message = finality_grandpa::Message::Prevote(prevote.clone());
        let signature = voter.sign(&localized_payload(round, set, &message));
        (prevote, signature.into())
    };
    let equivocation = finality_grandpa::Equivocation {
        round_number: round,
        identity: voter.public().into(),
        first: vote(1, 1),
        second: vote(2, 2),
    };
    EquivocationProof::new(set, Equivocation::Prevote(equivocation))
}

#[test]
fn a_proven_equivocation_takes_its_author_out_of_aura_in_the_same_block() {
    use frame_support::traits::OnFinalize;
    externalities("local_testnet").execute_with(|| {
        System::set_block_number(1);
        pallet_aura::CurrentSlot::<Runtime>::put(sp_consensus_aura::Slot::from(7));
        let voter = Ed25519Keyring::Bob;
        let key: sp_consensus_grandpa::AuthorityId = voter.public().into();
        let owner = Pov::prove((KEY_TYPE, key)).unwrap();
        let report = |proof| {
            Grandpa::report_equivocation_unsigned(
                RuntimeOrigin::none(),
                alloc::boxed::Box::new(proof),
                owner,
            )
        };
        assert_ok!(report(double_vote(voter)));
        Pov::on_finalize(1);
        let bob: sp_consensus_aura::sr25519::AuthorityId = Key::Bob.public().into();
        let list = pallet_aura::Authorities::<Runtime>::get();
        assert!(!list.contains(&bob));
        assert_eq!(list.len(), presets::TEST_SESSION_SLOTS as usize);
        assert_eq!(pallet_session::Validators::<Runtime>::get().len(), 4);
        assert_eq!(
            report(double_vote(voter)).unwrap_err().error,
            pallet_grandpa::Error::<Runtime>::DuplicateOffenceReport.into()
        );
    });
}

#[test]
fn fees_are_shared_between_author_and_fund_and_nothing_burns() {
    use configs::money::{CommunityFund, ShareFees};
    use frame_support::traits::{
        OnUnbalanced,
        fungible::Balanced,
        tokens::{Fortitude, Precision, Preservation},
    };
    externalities("local_testnet").execute_with(|| {
        System::set_block_number(1);
        let payer = Key::Eve.to_account_id();
        let issuance = Balances::total_issuance();
        let pay = |amount| {
            let before = Balances::free_balance(CommunityFund::get());
            let fee = <Balances as Balanced<AccountId>>::withdraw(
                &payer,
                amount,
                Precision::Exact,
                Preservation::Preserve,
                Fortitude::Polite,
            );
            ShareFees::on_unbalanced(fee.unwrap());
            Balances::free_balance(CommunityFund::get()) - before
        };
        assert_eq!(pay(1_001), 1_001);
        pallet_pov::CurrentRules::<Runtime>::mutate(|rules| {
            rules.author_share = Permill::from_percent(20);
        });
        // Nobody is known to have written this block.
        assert_eq!(pay(1_001), 1_001);
        let slot = sp_consensus_aura::Slot::from(3);
        let digest = sp_runtime::DigestItem::PreRuntime(
            sp_consensus_aura::AURA_ENGINE_ID,
            codec::Encode::encode(&slot),
        );
        System::deposit_log(digest);
        let author = Authorship::author().unwrap();
        let before = Balances::free_balance(&author);
        assert_eq!(pay(1_001), 801);
        assert_eq!(Balances::free_balance(&author) - before, 200);
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

/// The session pallet declares the block that ends a session full, whatever its work is.
#[test]
fn the_dearest_end_of_a_session_fits_into_a_block() {
    use pallet_pov::WeightInfo;
    type Weights = weights::pov::WeightInfo<Runtime>;
    let validators: u32 = <Runtime as pallet_pov::Config>::MaxValidators::get();
    let authorities: u32 = <Runtime as pallet_aura::Config>::MaxAuthorities::get();
    let work = Weights::each_block() + Weights::rotate(validators, authorities);
    let room = configs::block::BlockWeights::get().max_block;
    assert!(work.ref_time() <= room.ref_time(), "{work:?} of {room:?}");
}

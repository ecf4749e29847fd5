//! Who may do what, through the whole runtime.

use crate::*;
use configs::{accounts::ProxyType, governance::CouncilCollective};
use frame_support::{assert_noop, assert_ok, traits::InstanceFilter};
use pallet_energy_membership::{Call, Error, Namings};
use qedex_primitives::{AttributeId, Membership as AccessControl, OwnerId, Role};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::traits::Dispatchable;

const PROSUMER: AttributeId = AttributeId(0);

fn signed(key: Key) -> RuntimeOrigin {
    RuntimeOrigin::signed(key.to_account_id())
}

fn may(key: Key, role: Role) -> bool {
    <Membership as AccessControl<AccountId>>::may(&key.to_account_id(), role)
}

fn owner_of(key: Key) -> Option<OwnerId> {
    <Membership as AccessControl<AccountId>>::owner_of(&key.to_account_id())
}

fn at_development_genesis(test: impl FnOnce()) {
    super::externalities("development").execute_with(|| {
        System::set_block_number(1);
        test();
    });
}

/// A motion by its hash and number.
type Motion = (Hash, u32);

/// Proposes a call to the council as Alice, to be decided by two of three.
fn propose(call: RuntimeCall) -> Motion {
    let call = alloc::boxed::Box::new(call);
    let number = pallet_collective::ProposalCount::<Runtime, CouncilCollective>::get();
    assert_ok!(Council::propose(signed(Key::Alice), 2, call, 1_000));
    let open = pallet_collective::Proposals::<Runtime, CouncilCollective>::get();
    (*open.last().expect("a motion"), number)
}

fn aye((hash, number): Motion, by: &[Key]) {
    for member in by {
        assert_ok!(Council::vote(signed(*member), hash, number, true));
    }
}

fn close((hash, number): Motion) -> frame_support::dispatch::DispatchResultWithPostInfo {
    let weight = frame_support::weights::Weight::MAX;
    Council::close(signed(Key::Eve), hash, number, weight, 1_000)
}

#[test]
fn absent_votes_are_noes_even_when_the_prime_says_aye() {
    use configs::governance::MotionDuration;
    at_development_genesis(|| {
        let members = [Key::Alice, Key::Bob, Key::Charlie].map(|key| key.to_account_id()).to_vec();
        let prime = Some(Key::Alice.to_account_id());
        assert_ok!(Council::set_members(RuntimeOrigin::root(), members, prime, 3));
        let who = Key::Eve.to_account_id();
        let motion = || {
            let reason = Default::default();
            let duration = 3_600_000;
            propose(Call::blacklist { who: who.clone(), reason, duration }.into())
        };
        // The prime alone votes, and it votes aye: before, that passed it.
        let first = motion();
        aye(first, &[Key::Alice]);
        assert!(close(first).is_err(), "its time is not up");
        System::set_block_number(1 + MotionDuration::get());
        assert_ok!(close(first));
        assert!(may(Key::Eve, Role::Trade));
        // Two of three are enough whoever is absent.
        let second = motion();
        aye(second, &[Key::Alice, Key::Bob]);
        assert_ok!(close(second));
        assert!(!may(Key::Eve, Role::Trade));
    });
}

/// Before, a deputy that did everything but move tokens could have joined a stranger to one's owner.
#[test]
fn no_deputy_decides_whose_somebody_is_but_one_for_everything() {
    let account = Key::Eve.to_account_id();
    let owner = OwnerId([7; 32]);
    for call in [
        Call::name_owner { account: account.clone(), owner },
        Call::consent_owner { owner, joins: true },
        Call::approve_account { account: account.clone() },
        Call::end_naming { account: account.clone() },
        Call::propose_shutting { account: account.clone() },
        Call::withdraw_shutting { account },
    ] {
        let call = RuntimeCall::Membership(call);
        assert!(!ProxyType::NonTransfer.filter(&call) && !ProxyType::Trading.filter(&call));
        assert!(ProxyType::Any.filter(&call));
    }
    let issue = Call::revoke { who: Key::Eve.to_account_id(), attribute: PROSUMER };
    assert!(ProxyType::NonTransfer.filter(&issue.into()));
}

/// Owner ids are public. Before, any issuer could give one to an attacker's account, whose bid of
/// 100 Wh then took the victim's side in every slot.
#[test]
fn an_owner_id_is_no_weapon() {
    at_development_genesis(|| {
        let (thief, victim) = (Key::AliceStash, Key::Dave);
        let owner = owner_of(victim).expect("a prosumer of genesis");
        let account = thief.to_account_id();
        // Bob issues something, and is not the registrar.
        assert_ok!(Membership::set_issuer(
            RuntimeOrigin::root(),
            PROSUMER,
            Key::Bob.to_account_id()
        ));
        assert_noop!(
            Membership::issue(signed(Key::Bob), account.clone(), PROSUMER, 1_000),
            Error::<Runtime>::NoOwner
        );
        assert_noop!(
            Membership::name_owner(signed(Key::Bob), account.clone(), owner),
            Error::<Runtime>::NotTheRegistrar
        );
        // Not even the registrar joins it to the victim's.
        assert_ok!(Membership::name_owner(signed(Key::Alice), account.clone(), owner));
        assert_ok!(Membership::consent_owner(signed(thief), owner, true));
        assert_noop!(
            Membership::approve_account(signed(Key::Alice), account),
            Error::<Runtime>::NotOfTheOwner
        );
        assert_eq!(owner_of(thief), None);
        assert!(!may(thief, Role::Trade));
        assert_eq!(Namings::<Runtime>::count(), 1);
    });
}

/// Before, one issuer's `bump_version(prosumer)` closed the market at once.
#[test]
fn an_issuer_alone_does_not_close_the_market() {
    at_development_genesis(|| {
        let prosumers = [Key::Dave, Key::Eve, Key::Ferdie];
        assert_ok!(Membership::bump_version(signed(Key::Alice), PROSUMER));
        let revoke =
            |key: Key| Membership::revoke(signed(Key::Alice), key.to_account_id(), PROSUMER);
        assert_ok!(revoke(Key::Ferdie));
        let refused = Error::<Runtime>::BeyondAllowance;
        assert_noop!(revoke(Key::Eve), refused);
        assert_eq!(prosumers.into_iter().filter(|key| may(*key, Role::Trade)).count(), 2);
        // With two thirds of the council it does.
        let motion = propose(Call::bump_version { attribute: PROSUMER }.into());
        aye(motion, &[Key::Alice, Key::Charlie]);
        assert_ok!(close(motion));
        assert!(!prosumers.into_iter().any(|key| may(key, Role::Trade)));
    });
}

#[test]
fn registrar_and_council_shut_an_account_together() {
    at_development_genesis(|| {
        let account = Key::Eve.to_account_id();
        assert_ok!(Membership::propose_shutting(signed(Key::Alice), account.clone()));
        let motion = propose(Call::shut_account { account }.into());
        aye(motion, &[Key::Bob, Key::Charlie]);
        assert_ok!(close(motion));
        assert!(!may(Key::Eve, Role::Trade));
        assert!(owner_of(Key::Eve).is_some());
    });
}

/// A thief's: a motion whose threshold is too low to do anything, proposed in place of the one that
/// everybody waits for, or a hundred of them.
#[test]
fn nobody_proposes_what_cannot_pass_or_fills_the_agenda_for_nothing() {
    at_development_genesis(|| {
        let alice = Key::Alice.to_account_id();
        let propose = |threshold, number: u32| {
            let remark = number.to_le_bytes().to_vec();
            let proposal = alloc::boxed::Box::new(frame_system::Call::remark { remark }.into());
            let call = pallet_collective::Call::propose { threshold, proposal, length_bound: 100 };
            let call: RuntimeCall = RuntimeCall::Council(call);
            call.dispatch(signed(Key::Alice)).map(|_| ()).map_err(|error| error.error)
        };
        // Of three members two are two thirds.
        let filtered = frame_system::Error::<Runtime>::CallFiltered;
        assert_eq!(propose(1, 0), Err(filtered.into()));
        let held = || Balances::reserved_balance(&alice);
        let before = held();
        for number in 0..8 {
            assert_eq!(propose(2, number), Ok(()));
        }
        assert_eq!(held(), before);
        assert_eq!(propose(2, 8), Ok(()));
        assert_eq!(held(), before + QED);
    });
}

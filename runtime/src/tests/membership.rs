//! Who may do what, through the whole runtime.

use crate::*;
use configs::governance::CouncilCollective;
use frame_support::assert_ok;
use pallet_energy_membership::Call;
use qedex_primitives::{Membership as AccessControl, Role};
use sp_keyring::Sr25519Keyring as Key;

fn signed(key: Key) -> RuntimeOrigin {
    RuntimeOrigin::signed(key.to_account_id())
}

fn may(key: Key, role: Role) -> bool {
    <Membership as AccessControl<AccountId>>::may(&key.to_account_id(), role)
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

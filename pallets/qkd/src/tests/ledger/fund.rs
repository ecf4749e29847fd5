//! Whom the entropy fund pays.

use super::*;
use qedex_primitives::Role;

/// Runs a test in which there is money that was nobody's before.
fn run_fund(test: impl FnOnce()) {
    use frame_support::traits::fungible::Mutate;
    new_chain().execute_with(|| {
        set_up_market();
        assert_ok!(<Balances as Mutate<_>>::mint_into(&FUND, 1_000));
        test();
        Qkd::do_try_state().unwrap();
    });
}

fn pay(to: AccountId) -> DispatchResult {
    Qkd::pay_from_entropy_fund(root(), to, 100)
}

#[test]
fn the_council_pays_whoever_has_no_part_in_scarcity() {
    run_fund(|| {
        let before = Balances::free_balance(EMIL);
        assert_noop!(Qkd::pay_from_entropy_fund(signed(EMIL), EMIL, 100), DispatchError::BadOrigin);
        assert_ok!(pay(EMIL));
        assert_eq!(
            (Balances::free_balance(EMIL), Balances::free_balance(FUND)),
            (before + 100, 900)
        );
        assert_eq!(events().pop(), Some(Event::EntropyFundPaid { to: EMIL, amount: 100 }));
        // The fund stays alive.
        assert!(Qkd::pay_from_entropy_fund(root(), EMIL, 900).is_err());
        assert_eq!(Balances::free_balance(FUND), 900);
    });
}

#[test]
fn it_pays_no_account_of_an_owner_that_has_ever_reported() {
    run_fund(|| {
        // Dora is another account of Anna's owner.
        TestMembership::set_owner(DORA, owner(ANNA));
        say(ANNA, 1, 1);
        leave(ANNA);
        skip_epochs(1_000_000);
        for who in [ANNA, DORA] {
            assert_noop!(pay(who), Error::<Test>::PaysNoReporter);
        }
    });
}

#[test]
fn it_pays_no_account_of_an_owner_that_runs_a_key_service() {
    run_fund(|| {
        TestMembership::set_owner(DORA, owner(OPERATOR));
        // A site counts, though the role is gone; and the role, though there is no site.
        TestMembership::forbid(OPERATOR, Role::ServeKeys);
        TestMembership::permit(EMIL, Role::ServeKeys);
        for who in [OPERATOR, DORA, OTHER_OPERATOR, EMIL] {
            assert_noop!(pay(who), Error::<Test>::PaysNoOperator);
        }
        TestMembership::forbid(EMIL, Role::ServeKeys);
        assert_ok!(Qkd::register_site(signed(OTHER_OPERATOR), text("north")));
        assert_ok!(Qkd::remove_site(signed(OTHER_OPERATOR), SiteId(2)));
        assert_noop!(pay(OTHER_OPERATOR), Error::<Test>::PaysNoOperator);
    });
}

#[test]
fn it_pays_no_account_of_an_owner_that_has_led() {
    run_fund(|| {
        TestMembership::set_owner(DORA, owner(EMIL));
        Led::mutate(|all| all.insert(owner(EMIL)));
        for who in [EMIL, DORA] {
            assert_noop!(pay(who), Error::<Test>::PaysNoLeader);
        }
    });
}

#[test]
fn it_pays_nobody_whom_nobody_knows() {
    run_fund(|| {
        assert_noop!(pay(99), Error::<Test>::NobodysAccount);
    });
}

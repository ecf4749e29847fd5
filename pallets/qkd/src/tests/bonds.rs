//! Storage is paid for, and paid back.

use super::*;
use qedex_primitives::qkd::{AcceptsFrom, BitsPerSecond, LinkId};

fn spend_all(who: AccountId) {
    use frame_support::traits::fungible::{Inspect, Mutate};
    let free = <Balances as Inspect<_>>::balance(&who) - 1;
    let preservation = frame_support::traits::tokens::Preservation::Preserve;
    assert_ok!(<Balances as Mutate<_>>::transfer(&who, &99, free, preservation));
}

#[test]
fn an_operator_pays_for_each_item_and_gets_it_back_with_its_removal() {
    new_chain().execute_with(|| {
        assert_ok!(Qkd::register_site(signed(OPERATOR), text("here")));
        let one = bonded(OPERATOR);
        assert!(one > 1_000, "base and bytes");
        assert_ok!(Qkd::register_site(signed(OPERATOR), text("there")));
        assert_eq!(bonded(OPERATOR), 2 * one);
        let rate = BitsPerSecond(1);
        assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, SiteId(1), rate));
        let two = bonded(OPERATOR);
        assert!(two > 2 * one);
        let id = join(ANNA);
        assert!(bonded(OPERATOR) > two);
        assert_eq!(bonded(ANNA), 0);
        check();
        assert_ok!(Qkd::remove_sae(root(), id));
        assert_ok!(Qkd::remove_link(root(), LinkId(0)));
        assert_ok!(Qkd::remove_site(root(), SITE));
        assert_ok!(Qkd::remove_site(root(), SiteId(1)));
        assert_eq!(bonded(OPERATOR), 0);
        check();
    });
}

#[test]
fn an_account_pays_for_what_it_says_of_itself_by_its_length() {
    run_bare(|| {
        assert_ok!(Qkd::set_mail(signed(EMIL), Some(text("a"))));
        let short = bonded(EMIL);
        assert_ok!(Qkd::set_mail(signed(EMIL), Some(text("abc"))));
        assert_eq!(bonded(EMIL), short + 2);
        let listed = AcceptsFrom::Listed(vec![ANNA; 64].try_into().unwrap());
        assert_ok!(Qkd::set_accepts_from(signed(EMIL), listed));
        assert!(bonded(EMIL) > short + 64 * 8);
        assert_ok!(Qkd::set_accepts_from(signed(EMIL), AcceptsFrom::Anyone));
        assert_eq!(bonded(EMIL), short + 2);
        assert_ok!(Qkd::set_mail(signed(EMIL), None));
        assert_eq!(bonded(EMIL), 0);
    });
}

#[test]
fn who_cannot_pay_stores_nothing() {
    new_chain().execute_with(|| {
        assert_ok!(Qkd::register_site(signed(OPERATOR), text("here")));
        assert_ok!(Qkd::register_site(signed(OPERATOR), text("there")));
        spend_all(OPERATOR);
        spend_all(EMIL);
        let poor = DispatchError::from(Error::<Test>::CannotPayBond);
        assert_noop!(Qkd::register_site(signed(OPERATOR), text("more")), poor);
        let rate = BitsPerSecond(1);
        assert_noop!(Qkd::register_link(signed(OPERATOR), SITE, SiteId(1), rate), poor);
        assert_noop!(Qkd::enrol(signed(OPERATOR), SITE, sae(ANNA), ANNA, EXPIRY), poor);
        assert_noop!(Qkd::set_worker(signed(EMIL), Some(worker_key(EMIL))), poor);
        assert_noop!(Qkd::set_mail(signed(EMIL), Some(text("a"))), poor);
        assert_noop!(Qkd::set_accepts_from(signed(EMIL), AcceptsFrom::Nobody), poor);
        Qkd::do_try_state().unwrap();
    });
}

#[test]
fn who_has_no_deposit_opens_no_session() {
    new_chain().execute_with(|| {
        set_up();
        spend_all(ANNA);
        assert_noop!(ask(ANNA, BEN, 1), Error::<Test>::CannotPayDeposit);
        assert_ok!(ask(BEN, ANNA, 1));
        Qkd::do_try_state().unwrap();
    });
}

#[test]
fn a_deposit_that_something_else_has_taken_part_of_keeps_nothing_on_record() {
    use frame_support::traits::{fungible::MutateHold, tokens::Precision};
    new_chain().execute_with(|| {
        set_up();
        let id = asked(ANNA, BEN, 1);
        assert_ok!(Balances::release(&SessionReason::get(), &ANNA, 1, Precision::Exact));
        assert_ok!(Qkd::close_session(signed(ANNA), id));
        assert_eq!(deposited(ANNA), 0);
        check();
    });
}

//! Defence is cheap and possible: what a bid sets aside, what orders leave free, and who pays fees.

use super::*;
use crate::Call;
use frame_support::dispatch::{DispatchClass, GetDispatchInfo, Pays};
use sp_runtime::traits::Dispatchable;

/// Leaves Anna with the existential deposit and so much.
fn leave_anna(amount: Balance) {
    let given = Balances::free_balance(ANNA) - ED - amount;
    assert_ok!(Balances::transfer_keep_alive(RuntimeOrigin::signed(ANNA), COMMUNITY, given));
}

/// Selma sells a kWh to Anna, whose bid has set `reserve` aside and who has nothing else; Selma commits, and
/// the chain runs to the freeze.
fn sell_to_poor_anna(reserve: Balance) {
    trade_with_reserve(0, ANNA, SELMA, 1_000, reserve);
    leave_anna(0);
    run_to_commitments(SLOT);
    assert_ok!(commit_to(SELMA, 1_000));
    run_to_freeze();
    System::reset_events();
}

fn trade_with_reserve(
    id: TradeId,
    buyer: AccountId,
    seller: AccountId,
    energy: u64,
    reserve: Balance,
) {
    let trade = qedex_primitives::NewTrade { reserve, ..new_trade(id, buyer, seller, energy) };
    assert_ok!(Settlement::hold(&buyer, trade.payment + reserve));
    assert_ok!(Settlement::hold(&seller, trade.deposit));
    assert_ok!(Settlement::open_trade(SLOT, &terms(SLOT), trade));
}

#[test]
fn who_has_bid_all_it_has_complains_all_the_same() {
    build_and_execute(|| {
        sell_to_poor_anna(bond(1_000));
        assert_eq!(Balances::free_balance(ANNA), ED);
        assert_ok!(complain(ANNA, 0));
        let complained = System::read_events_for_pallet::<Event<Test>>().into_iter().any(|event| {
            matches!(event, Event::Complained { bond: held, added: 0, .. } if held == bond(1_000))
        });
        assert!(complained, "it says that nothing was free before");
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Unanswered)]);
        let amounts = settled()[0].4;
        assert_eq!((amounts.bond_back, amounts.reserve_back), (bond(1_000), 0));
        assert_nothing_left();
    });
}

#[test]
fn without_a_reserve_a_complaint_takes_free_balance() {
    build_and_execute(|| {
        sell_to_poor_anna(bond(1_000) - 1);
        assert_noop!(complain(ANNA, 0), sp_runtime::TokenError::FundsUnavailable);
    });
}

#[test]
fn what_no_complaint_takes_goes_back_with_the_trade() {
    for (bill, reads) in [(1_000, true), (500, true), (1_000, false)] {
        build_and_execute(|| {
            trade_with_reserve(0, ANNA, SELMA, 1_000, 7);
            if reads {
                deliver(SELMA, bill);
            } else {
                run_to_commitments(SLOT);
                assert_ok!(commit_to(SELMA, bill));
            }
            run_to_end();
            assert_eq!(settled()[0].4.reserve_back, 7);
            assert_nothing_left();
        });
    }
}

#[test]
fn a_tiny_trade_costs_a_complaint_of_one_kwh() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 100)], 100);
        assert_eq!(Settlement::bond(SLOT, 0), Some(bond(1_000)));
        assert!(bond(100) == bond(1_000) && bond(1_001) > bond(1_000));
    });
}

#[test]
fn an_order_leaves_the_fees_of_evidence() {
    build_and_execute(|| {
        EvidenceReserve::set(50);
        leave_anna(150);
        assert_noop!(Settlement::hold(&ANNA, 101), Error::<Test>::NothingLeftForEvidence);
        assert_ok!(Settlement::hold(&ANNA, 100));
        assert_eq!(Balances::free_balance(ANNA), ED + 50);
        assert_noop!(Settlement::hold(&ANNA, 1), Error::<Test>::NothingLeftForEvidence);
        // A complaint may take of it: that is what it is for.
        assert_ok!(Settlement::release(&ANNA, 100));
    });
}

#[test]
fn what_is_frozen_pays_no_fees() {
    use frame_support::traits::fungible::MutateFreeze;
    build_and_execute(|| {
        EvidenceReserve::set(50);
        assert_ok!(Balances::set_freeze(&7, &ANNA, FUNDS));
        assert_noop!(Settlement::hold(&ANNA, 100), Error::<Test>::NothingLeftForEvidence);
        assert_ok!(Balances::set_freeze(&7, &ANNA, FUNDS - 50));
        assert_ok!(Settlement::hold(&ANNA, 100));
        assert_ok!(Settlement::release(&ANNA, 100));
    });
}

/// Whether a call pays its fee, as it is dispatched.
fn pays(who: AccountId, call: Call<Test>) -> Pays {
    match RuntimeCall::Settlement(call).dispatch(RuntimeOrigin::signed(who)) {
        Ok(info) => info.pays_fee,
        Err(refused) => refused.post_info.pays_fee,
    }
}

fn reveals(energy: u64) -> Call<Test> {
    let bill = bill_in(SLOT, SELMA, energy);
    Call::reveal { slot: SLOT, seller: SELMA, bill, nonce: NONCE }
}

#[test]
fn evidence_that_is_taken_costs_no_fee() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 1_000);
        run_to_commitments(SLOT);
        let commitment = commitment_in(SLOT, SELMA, &bill_in(SLOT, SELMA, 1_000));
        let commits = || Call::commit { slot: SLOT, commitment };
        assert_eq!(pays(SVEN, commits()), Pays::Yes, "a stranger's");
        assert_eq!(pays(SELMA, commits()), Pays::No);
        assert_eq!(pays(SELMA, commits()), Pays::Yes, "a second one");
        run_to_freeze();
        let complains = || Call::complain { slot: SLOT, id: 0 };
        assert_eq!(pays(BEN, complains()), Pays::Yes, "a stranger's");
        assert_eq!(pays(ANNA, complains()), Pays::No);
        assert_eq!(pays(ANNA, complains()), Pays::Yes, "a second one");
        assert_eq!(pays(SELMA, reveals(1_000)), Pays::Yes, "too early");
        run_to_end_of_complaints();
        assert_eq!(pays(BEN, reveals(999)), Pays::Yes, "not what was committed to");
        assert_eq!(pays(BEN, reveals(1_000)), Pays::No, "whoever brings it");
        assert_eq!(pays(SELMA, reveals(1_000)), Pays::Yes, "a second one");
        run_to_end();
    });
}

#[test]
fn evidence_is_operational_and_nothing_else_is() {
    let (slot, bill) = (SLOT, bill_in(SLOT, SELMA, 1));
    let evidence = [
        Call::<Test>::commit { slot, commitment: H256::zero() },
        Call::complain { slot, id: 0 },
        Call::reveal { slot, seller: SELMA, bill, nonce: NONCE },
    ];
    for call in evidence {
        assert_eq!(call.get_dispatch_info().class, DispatchClass::Operational, "{call:?}");
    }
    let acknowledge = Call::<Test>::acknowledge { slot, id: 0 };
    assert_eq!(acknowledge.get_dispatch_info().class, DispatchClass::Normal);
}

#[test]
fn work_is_paid_to_the_community_fund() {
    build_and_execute(|| {
        let fund = free(COMMUNITY);
        assert_ok!(Settlement::hold(&ANNA, 100));
        assert_noop!(Settlement::take(&ANNA, 101), Error::<Test>::EscrowTooSmall);
        assert_ok!(Settlement::take(&ANNA, 30));
        assert_eq!((Settlement::held_for_orders(&ANNA), free(COMMUNITY)), (70, fund + 30));
        assert_ok!(Settlement::charge(&ANNA, 5));
        assert_eq!((total(ANNA), free(COMMUNITY)), (FUNDS - 35, fund + 35));
        assert_noop!(Settlement::charge(&ANNA, FUNDS), sp_runtime::TokenError::FundsUnavailable);
        EvidenceReserve::set(Balances::free_balance(ANNA) - ED);
        let nothing_left = Error::<Test>::NothingLeftForEvidence;
        assert_noop!(Settlement::charge(&ANNA, 1), nothing_left);
        assert_ok!(Settlement::take(&ANNA, 0));
        assert_ok!(Settlement::charge(&ANNA, 0));
        assert_ok!(Settlement::release(&ANNA, 70));
    });
}

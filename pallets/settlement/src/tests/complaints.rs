//! Complaints, and the bills that answer them.

use super::*;
use crate::Complaint;
use qedex_primitives::{MeterId, SlotTimes};
use sp_runtime::TokenError;

const CARL: AccountId = 3;

fn schedule() -> SlotTimes {
    TestCalendar::schedule(SLOT)
}

#[test]
fn a_complaint_holds_the_bond_and_asks_the_seller() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500), (BEN, 100)], 600);
        assert_eq!(Settlement::bond(SLOT, 0), Some(bond(500)));
        assert_ok!(complain(ANNA, 0));
        let (from, due) = (schedule().complaints_until, schedule().final_at);
        assert_eq!(
            System::read_events_for_pallet::<Event<Test>>(),
            [Event::Complained {
                slot: SLOT,
                id: 0,
                buyer: ANNA,
                seller: SELMA,
                bond: bond(500),
                added: bond(500),
                from,
                due,
            }]
        );
        assert_eq!(on_hold(ANNA), payment(500) + bond(500));
        let complaint = Complaint { bond: bond(500), needs: Wh(500), due };
        assert_eq!(Trades::<Test>::get(SLOT, 0).unwrap().complaint, Some(complaint));
        assert_eq!(Trades::<Test>::get(SLOT, 1).unwrap().complaint, None);
        assert!(Sellers::<Test>::get(SLOT, owner(SELMA)).unwrap().complained);
        assert_eq!(Rated::get(), []);
    });
}

#[test]
fn complaints_are_taken_from_the_freeze_until_their_end() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500), (BEN, 100), (CARL, 200)], 800);
        Now::set(schedule().readings_until - 1);
        assert_noop!(complain(ANNA, 0), Error::<Test>::NotInComplaintWindow);
        Now::set(schedule().readings_until);
        assert_ok!(complain(ANNA, 0));
        Now::set(schedule().complaints_until - 1);
        assert_ok!(complain(BEN, 1));
        Now::set(schedule().complaints_until);
        assert_noop!(complain(CARL, 2), Error::<Test>::NotInComplaintWindow);
    });
}

#[test]
fn the_buyer_complains_once_about_an_open_trade() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        for other in [BEN, SELMA, 99] {
            assert_noop!(complain(other, 0), Error::<Test>::NotTheBuyer);
        }
        assert_noop!(complain(ANNA, 1), Error::<Test>::NoSuchTrade);
        assert_noop!(
            Settlement::complain(RuntimeOrigin::signed(ANNA), SLOT.next(), 0),
            Error::<Test>::NoSuchTrade
        );
        assert_noop!(
            Settlement::complain(RuntimeOrigin::root(), SLOT, 0),
            DispatchError::BadOrigin
        );
        assert_ok!(complain(ANNA, 0));
        assert_noop!(complain(ANNA, 0), Error::<Test>::AlreadyComplained);
    });
}

#[test]
fn who_cannot_afford_the_bond_cannot_complain() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        let spare = free(ANNA) - ED - bond(500) + 1;
        let give = |from, to, amount| {
            Balances::transfer_keep_alive(RuntimeOrigin::signed(from), to, amount)
        };
        assert_ok!(give(ANNA, BEN, spare));
        assert_noop!(complain(ANNA, 0), TokenError::FundsUnavailable);
        assert_ok!(give(BEN, ANNA, 1));
        assert_ok!(complain(ANNA, 0));
        assert_eq!(free(ANNA), ED);
    });
}

#[test]
fn without_commitment_or_with_public_readings_there_is_nothing_to_complain_of() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, BEN, SVEN, 500);
        run_to_commitments(SLOT);
        assert_ok!(commit_to(SVEN, 500));
        deliver(SVEN, 400);
        run_to(schedule().readings_until - 1);
        // The freeze is due, and nobody has come by yet.
        Now::set(schedule().readings_until);
        for (buyer, id) in [(ANNA, 0), (BEN, 1)] {
            assert_noop!(complain(buyer, id), Error::<Test>::NothingToComplainOf);
        }
        poll();
        assert_eq!(outcomes(), [(0, Outcome::Defaulted), (1, Outcome::Short)]);
    });
}

#[test]
fn a_complaint_is_taken_before_the_freeze_has_come_by() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to_commitments(SLOT);
        assert_ok!(commit_to(SELMA, 500));
        run_to(schedule().readings_until - 1);
        Now::set(schedule().readings_until);
        assert_ok!(complain(ANNA, 0));
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 500));
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Refuted)]);
    });
}

/// Nobody knows who is to blame: the seller that did not open, or the buyer that did not look.
#[test]
fn a_refuted_complaint_costs_both_the_bond_and_rates_nobody() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 500));
        run_to(schedule().final_at - 1);
        assert_eq!(settled(), []);
        run_to_end();
        let amounts = amounts_refuted(500);
        assert_eq!(settled(), [(SLOT, 0, Outcome::Refuted, Wh(500), amounts)]);
        assert_eq!(free(ANNA), FUNDS - payment(500) - bond(500));
        assert_eq!(free(SELMA), FUNDS + amounts.to_seller - bond(500));
        assert_eq!(free(COMMUNITY), ED + 2 * bond(500));
        assert_eq!(Rated::get(), []);
        assert_eq!(defaults_of(owner(SELMA)), 0);
        assert_nothing_left();
    });
}

/// Of its deposit as much as the bond, at most the deposit.
#[test]
fn a_refuted_complaint_costs_the_seller_no_more_than_its_deposit() {
    build_and_execute(|| {
        let rules = crate::Rules {
            offline_share: sp_runtime::Permill::from_percent(50),
            ..Default::default()
        };
        crate::RuleChanges::<Test>::put(frame_support::BoundedVec::truncate_from(vec![(0, rules)]));
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 500));
        run_to_end();
        let amounts = settled()[0].4;
        assert_eq!(amounts.bond_to_community_fund, payment(1_000) + deposit(1_000));
        assert_eq!((amounts.sellers_bond, amounts.deposit_back), (deposit(500), 0));
        assert_nothing_left();
    });
}

#[test]
fn a_bill_that_falls_short_pays_the_metered_part_and_loses_the_missing_part_s_deposit() {
    for metered in [200, 0] {
        build_and_execute(|| {
            sell_and_commit(&[(ANNA, 500)], metered);
            assert_ok!(complain(ANNA, 0));
            run_to_end_of_complaints();
            assert_ok!(reveal(SELMA, metered));
            run_to_end();
            let amounts = Amounts { bond_back: bond(500), ..amounts_concealed(metered, 500) };
            assert_eq!(settled(), [(SLOT, 0, Outcome::Concealed, Wh(metered), amounts)]);
            assert_eq!(free(ANNA), FUNDS - payment(500) + amounts.refund + amounts.compensation);
            let lost = deposit(500) - amounts.deposit_back;
            assert_eq!(free(SELMA), FUNDS + amounts.to_seller - lost);
            let missing = Wh(500 - metered);
            let missed = (ANNA, SELMA, Wh(500), Verdict::Missed(missing));
            assert_eq!(Rated::get(), [missed]);
            assert_eq!(defaults_of(owner(SELMA)), 1, "it hid what was missing");
            assert_nothing_left();
        });
    }
}

#[test]
fn hiding_costs_more_than_telling_and_silence_more_than_hiding() {
    let ends_with = |commits: bool, reveals: bool| {
        let mut found = 0;
        build_and_execute(|| {
            trade(0, ANNA, SELMA, 500);
            run_to_commitments(SLOT);
            if commits {
                assert_ok!(commit_to(SELMA, 200));
            } else {
                deliver(SELMA, 200);
            }
            run_to_freeze();
            if commits {
                assert_ok!(complain(ANNA, 0));
            }
            run_to_end_of_complaints();
            if reveals {
                assert_ok!(reveal(SELMA, 200));
            }
            run_to_end();
            found = free(SELMA);
        });
        found
    };
    assert!(ends_with(false, false) > ends_with(true, true));
    assert!(ends_with(true, true) > ends_with(true, false));
}

#[test]
fn an_unanswered_complaint_is_a_default() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        run_to(schedule().final_at - 1);
        assert_eq!(settled(), []);
        run_to_end();
        let amounts = Amounts { bond_back: bond(500), ..amounts_of_default(500) };
        assert_eq!(settled(), [(SLOT, 0, Outcome::Unanswered, Wh(0), amounts)]);
        assert_eq!(free(ANNA), FUNDS + amounts.compensation);
        assert_eq!(free(SELMA), FUNDS - deposit(500));
        assert_eq!(free(COMMUNITY), ED + amounts.forfeited);
        let missed = (ANNA, SELMA, Wh(500), Verdict::Missed(Wh(500)));
        assert_eq!(Rated::get(), [missed]);
        assert_eq!(defaults_of(owner(SELMA)), 1);
        assert_nothing_left();
    });
}

#[test]
fn one_bill_is_allotted_to_all_open_trades_by_number() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 300), (BEN, 300), (CARL, 300), (BEN, 50)], 450);
        for (buyer, id) in [(CARL, 2), (ANNA, 0)] {
            assert_ok!(complain(buyer, id));
        }
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 450));
        run_to_end();
        let metered: Vec<_> = settled().iter().map(|one| (one.2, one.3.0)).collect();
        let concealed = |metered| (Outcome::Concealed, metered);
        // Those that nobody complained about as well.
        let expected = [(Outcome::Refuted, 300), concealed(150), concealed(0), concealed(0)];
        assert_eq!(metered, expected);
        assert_eq!(settled()[1].4, amounts_concealed(150, 300));
        assert_nothing_left();
    });
}

/// Who lies to many and answers nobody gets nothing of anybody, however few complain.
#[test]
fn no_answer_decides_all_open_trades() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 300), (BEN, 300), (CARL, 200)], 0);
        assert_ok!(complain(BEN, 1));
        run_to_end();
        let unanswered = Amounts { bond_back: bond(300), ..amounts_of_default(300) };
        assert_eq!(
            settled(),
            [
                (SLOT, 0, Outcome::Forfeited, Wh(0), amounts_forfeited(300)),
                (SLOT, 1, Outcome::Unanswered, Wh(0), unanswered),
                (SLOT, 2, Outcome::Forfeited, Wh(0), amounts_forfeited(200)),
            ]
        );
        assert_eq!(free(SELMA), FUNDS - deposit(800));
        // Not back to those who did not complain: they would provoke defaults together for one bond.
        assert_eq!(free(ANNA), FUNDS - payment(300));
        assert_eq!(free(CARL), FUNDS - payment(200));
        let missed = |who, energy| (who, SELMA, Wh(energy), Verdict::Missed(Wh(energy)));
        assert_eq!(Rated::get(), [missed(ANNA, 300), missed(BEN, 300), missed(CARL, 200)]);
        assert_eq!(defaults_of(owner(SELMA)), 1);
        assert_nothing_left();
    });
}

#[test]
fn a_bill_that_covers_all_leaves_those_who_did_not_complain_as_if_it_were_a_reading() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 300), (BEN, 300)], 600);
        assert_ok!(complain(ANNA, 0));
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 600));
        run_to_end();
        assert_eq!(settled()[1], (SLOT, 1, Outcome::Delivered, Wh(300), amounts_for(300, 300)));
        assert_nothing_left();
    });
}

/// An early answer would tell the other buyers who does not answer.
#[test]
fn bills_are_revealed_from_the_end_of_complaints_until_the_end() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        assert_noop!(reveal(SELMA, 500), Error::<Test>::NotInRevealWindow);
        run_to(schedule().complaints_until - 1);
        assert_noop!(reveal(SELMA, 500), Error::<Test>::NotInRevealWindow);
        run_to(schedule().final_at - 1);
        assert_ok!(reveal(SELMA, 500));
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Refuted)]);
    });
}

#[test]
fn a_bill_stays_private_unless_somebody_complains() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        run_to_end_of_complaints();
        for who in [SELMA, ANNA, SVEN, 99] {
            assert_noop!(reveal_by(who, SELMA, 500), Error::<Test>::NotAsked);
        }
        let bill = bill_in(SLOT, SELMA, 500);
        let by_root = Settlement::reveal(RuntimeOrigin::root(), SLOT, SELMA, bill, NONCE);
        assert_eq!(plain(by_root), Err(DispatchError::BadOrigin));
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Trusted)]);
    });
}

/// A broker, a neighbour, another buyer: bytes that hash to the commitment are the answer.
#[test]
fn whoever_holds_bill_and_nonce_reveals() {
    for who in [SELMA, ANNA, SVEN, 99] {
        build_and_execute(|| {
            sell_and_commit(&[(ANNA, 500)], 500);
            assert_ok!(complain(ANNA, 0));
            run_to_end_of_complaints();
            System::reset_events();
            // Not without them, and not of an account that sells nothing.
            assert_noop!(reveal_by(who, SELMA, 499), Error::<Test>::NotAsCommitted);
            for stranger in [ANNA, SVEN, 99] {
                assert_noop!(reveal_by(who, stranger, 500), Error::<Test>::NotASeller);
            }
            assert_ok!(reveal_by(who, SELMA, 500));
            let shown =
                Event::Revealed { slot: SLOT, owner: owner(SELMA), by: who, delivered: Wh(500) };
            assert_eq!(System::read_events_for_pallet::<Event<Test>>(), [shown]);
            assert_noop!(reveal(SELMA, 500), Error::<Test>::AlreadyRevealed);
            run_to_end();
            assert_eq!(outcomes(), [(0, Outcome::Refuted)]);
            assert_nothing_left();
        });
    }
}

#[test]
fn what_does_not_match_is_refused_and_what_matches_may_follow() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        run_to_end_of_complaints();
        for other in [0, 499, 501] {
            assert_noop!(reveal(SELMA, other), Error::<Test>::NotAsCommitted);
        }
        let bill = bill_in(SLOT, SELMA, 500);
        assert_noop!(
            Settlement::reveal(RuntimeOrigin::signed(SELMA), SLOT, SELMA, bill, [8; 32]),
            Error::<Test>::NotAsCommitted
        );
        assert_ok!(reveal(SELMA, 500));
    });
}

/// Who commits to what proves nothing has nothing to reveal.
#[test]
fn a_bill_that_proves_nothing_is_refused_by_name() {
    let good = || bill_in(SLOT, SELMA, 500).into_inner().pop().unwrap();
    let mut of_another_meter = good();
    of_another_meter.payload.meter = MeterId(12);
    let mut of_another_slot = good();
    of_another_slot.payload.slot = SLOT.next();
    let mut too_much = good();
    too_much.payload.generated = Wh(CAPACITY.0 + 1);
    let mut unsigned = good();
    unsigned.signature = signature(2);
    for (readings, error) in [
        (vec![], Error::<Test>::WrongMeters),
        (vec![good(), good()], Error::<Test>::WrongMeters),
        (vec![of_another_meter], Error::<Test>::WrongMeters),
        (vec![of_another_slot], Error::<Test>::WrongSlot),
        (vec![too_much], Error::<Test>::OverCapacity),
        (vec![unsigned], Error::<Test>::BadSignature),
    ] {
        build_and_execute(|| {
            let bill = qedex_primitives::Bill::truncate_from(readings.clone());
            trade(0, ANNA, SELMA, 500);
            run_to_commitments(SLOT);
            let commitment = commitment_in(SLOT, SELMA, &bill);
            let seller = || RuntimeOrigin::signed(SELMA);
            assert_ok!(Settlement::commit(seller(), SLOT, commitment));
            run_to_freeze();
            assert_ok!(complain(ANNA, 0));
            run_to_end_of_complaints();
            assert_noop!(Settlement::reveal(seller(), SLOT, SELMA, bill, NONCE), error);
            run_to(schedule().final_at);
            assert_eq!(outcomes(), [(0, Outcome::Unanswered)]);
        });
    }
}

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
        let due = schedule().readings_until + 2 * SLOT_LENGTH;
        assert_eq!(
            System::read_events_for_pallet::<Event<Test>>(),
            [Event::Complained {
                slot: SLOT,
                id: 0,
                buyer: ANNA,
                seller: SELMA,
                bond: bond(500),
                due,
            }]
        );
        assert_eq!(on_hold(ANNA), payment(500) + bond(500));
        let complaint = Complaint { bond: bond(500), due };
        assert_eq!(Trades::<Test>::get(SLOT, 0).unwrap().complaint, Some(complaint));
        assert_eq!(Trades::<Test>::get(SLOT, 1).unwrap().complaint, None);
        assert_eq!(Sellers::<Test>::get(SLOT, owner(SELMA)).unwrap().answer_until, Some(due));
        assert_eq!(Rated::get(), []);
    });
}

#[test]
fn complaints_are_taken_from_the_freeze_until_their_end() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500), (ANNA, 100), (ANNA, 200)], 800);
        Now::set(schedule().readings_until - 1);
        assert_noop!(complain(ANNA, 0), Error::<Test>::NotInComplaintWindow);
        Now::set(schedule().readings_until);
        assert_ok!(complain(ANNA, 0));
        Now::set(schedule().complaints_until - 1);
        assert_ok!(complain(ANNA, 1));
        assert_eq!(
            Trades::<Test>::get(SLOT, 1).unwrap().complaint.unwrap().due,
            schedule().final_at - 1
        );
        Now::set(schedule().complaints_until);
        assert_noop!(complain(ANNA, 2), Error::<Test>::NotInComplaintWindow);
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
fn a_revealed_bill_leaves_nothing_to_complain_of() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500), (BEN, 100)], 600);
        assert_ok!(complain(ANNA, 0));
        assert_ok!(reveal(SELMA, 600));
        assert_noop!(complain(BEN, 1), Error::<Test>::NothingToComplainOf);
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
        assert_ok!(reveal(SELMA, 500));
        run_to_end_of_complaints();
        assert_eq!(outcomes(), [(0, Outcome::Refuted)]);
    });
}

#[test]
fn a_refuted_complaint_loses_the_bond_to_the_seller() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        assert_ok!(reveal(SELMA, 500));
        run_to(schedule().complaints_until - 1);
        assert_eq!(settled(), []);
        run_to_end_of_complaints();
        let amounts = Amounts { bond_to_seller: bond(500), ..amounts_for(500, 500) };
        assert_eq!(settled(), [(SLOT, 0, Outcome::Refuted, Wh(500), amounts)]);
        assert_eq!(free(ANNA), FUNDS - payment(500) - bond(500));
        assert_eq!(free(SELMA), FUNDS + amounts.to_seller + bond(500));
        let blamed = (SELMA, ANNA, Wh(500), Verdict::Missed(Wh(500)));
        assert_eq!(Rated::get(), [blamed]);
        assert_eq!(Defaults::<Test>::get(owner(SELMA)), 0);
        assert_nothing_left();
    });
}

#[test]
fn a_bill_that_falls_short_pays_the_metered_part_and_gives_the_bond_back() {
    for metered in [200, 0] {
        build_and_execute(|| {
            sell_and_commit(&[(ANNA, 500)], metered);
            assert_ok!(complain(ANNA, 0));
            assert_ok!(reveal(SELMA, metered));
            run_to_end_of_complaints();
            let amounts = Amounts { bond_back: bond(500), ..amounts_for(metered, 500) };
            assert_eq!(settled(), [(SLOT, 0, Outcome::Short, Wh(metered), amounts)]);
            assert_eq!(free(ANNA), FUNDS - payment(500) + amounts.refund + amounts.compensation);
            assert_eq!(free(SELMA), FUNDS + amounts.to_seller - amounts.compensation);
            let missing = Wh(500 - metered);
            let missed = (ANNA, SELMA, Wh(500), Verdict::Missed(missing));
            assert_eq!(Rated::get(), [missed]);
            assert_eq!(Defaults::<Test>::get(owner(SELMA)), 0, "it has answered");
            assert_nothing_left();
        });
    }
}

#[test]
fn an_unanswered_complaint_is_a_default() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        run_to_end_of_complaints();
        let amounts = Amounts { bond_back: bond(500), ..amounts_of_default(500) };
        assert_eq!(settled(), [(SLOT, 0, Outcome::Unanswered, Wh(0), amounts)]);
        assert_eq!(free(ANNA), FUNDS + amounts.compensation);
        assert_eq!(free(SELMA), FUNDS - deposit(500));
        assert_eq!(free(COMMUNITY), ED + amounts.forfeited);
        let missed = (ANNA, SELMA, Wh(500), Verdict::Missed(Wh(500)));
        assert_eq!(Rated::get(), [missed]);
        assert_eq!(Defaults::<Test>::get(owner(SELMA)), 1);
        assert_nothing_left();
    });
}

#[test]
fn one_bill_is_allotted_to_the_complaints_by_number() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 300), (BEN, 300), (CARL, 300)], 450);
        for (buyer, id) in [(CARL, 2), (BEN, 1), (ANNA, 0)] {
            assert_ok!(complain(buyer, id));
        }
        assert_ok!(reveal(SELMA, 450));
        run_to_end_of_complaints();
        let metered: Vec<_> = settled().iter().map(|one| (one.2, one.3.0)).collect();
        assert_eq!(metered, [(Outcome::Refuted, 300), (Outcome::Short, 150), (Outcome::Short, 0)]);
        assert_nothing_left();
    });
}

#[test]
fn what_is_revealed_before_the_end_of_complaints_decides_the_other_trades_too() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 300), (BEN, 300), (CARL, 300)], 450);
        Now::set(schedule().complaints_until - 1);
        assert_ok!(complain(CARL, 2));
        assert_ok!(reveal(SELMA, 450));
        stand_still_until(schedule().complaints_until - 1);
        // That standing still counts for nothing, so the end of complaints is later.
        run_to(schedule().complaints_until + 4 * SLOT_LENGTH);
        assert_eq!(outcomes(), [(0, Outcome::Delivered), (1, Outcome::Short), (2, Outcome::Short)]);
        assert_eq!(settled()[1].4, amounts_for(150, 300));
        assert_nothing_left();
    });
}

#[test]
fn what_is_revealed_after_the_end_of_complaints_decides_no_other_trade() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 300), (BEN, 300)], 100);
        run_to(schedule().complaints_until - 1);
        assert_ok!(complain(ANNA, 0));
        run_to_end_of_complaints();
        assert_eq!(outcomes(), [(1, Outcome::Trusted)]);
        assert_ok!(reveal(SELMA, 100));
        run_to(schedule().final_at);
        assert_eq!(outcomes()[1..], [(0, Outcome::Short)]);
        assert_nothing_left();
    });
}

#[test]
fn a_reveal_is_due_two_slots_after_the_complaint() {
    for (late, outcome) in [(false, Outcome::Refuted), (true, Outcome::Unanswered)] {
        build_and_execute(|| {
            sell_and_commit(&[(ANNA, 500)], 500);
            assert_ok!(complain(ANNA, 0));
            let due = Now::get() + 2 * SLOT_LENGTH;
            if late {
                run_to(due);
                assert_noop!(reveal(SELMA, 500), Error::<Test>::TooLate);
            } else {
                run_to(due - 1);
                assert_ok!(reveal(SELMA, 500));
            }
            run_to(schedule().final_at);
            assert_eq!(outcomes(), [(0, outcome)]);
        });
    }
}

#[test]
fn a_late_bill_answers_only_the_complaints_that_are_not_overdue() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 100), (BEN, 100), (CARL, 100)], 300);
        assert_ok!(complain(ANNA, 0));
        run_to(schedule().readings_until + 3 * SLOT_LENGTH);
        assert_ok!(complain(BEN, 1));
        assert_ok!(reveal(SELMA, 300));
        run_to(schedule().final_at);
        assert_eq!(
            outcomes(),
            [(0, Outcome::Unanswered), (1, Outcome::Refuted), (2, Outcome::Delivered)]
        );
        assert_eq!(Defaults::<Test>::get(owner(SELMA)), 1);
        assert_nothing_left();
    });
}

#[test]
fn a_complaint_that_is_overdue_at_the_end_of_complaints_is_decided_there() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 100), (BEN, 100)], 200);
        assert_ok!(complain(ANNA, 0));
        run_to(schedule().readings_until + 3 * SLOT_LENGTH);
        assert_ok!(complain(BEN, 1));
        run_to_end_of_complaints();
        assert_eq!(outcomes(), [(0, Outcome::Unanswered)]);
        run_to(schedule().final_at - 1);
        assert_eq!(outcomes().len(), 1);
        run_to(schedule().final_at);
        assert_eq!(outcomes()[1..], [(1, Outcome::Unanswered)]);
        assert_eq!(Defaults::<Test>::get(owner(SELMA)), 1, "one slot, one default");
        assert_nothing_left();
    });
}

#[test]
fn a_bill_stays_private_unless_somebody_complains() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_noop!(reveal(SELMA, 500), Error::<Test>::NoComplaint);
        for stranger in [ANNA, SVEN, 99] {
            assert_noop!(reveal(stranger, 500), Error::<Test>::NotASeller);
        }
        let bill = bill_in(SLOT, SELMA, 500);
        assert_noop!(
            Settlement::reveal(RuntimeOrigin::root(), SLOT, bill, NONCE),
            DispatchError::BadOrigin
        );
        assert_ok!(complain(ANNA, 0));
        System::reset_events();
        assert_ok!(reveal(SELMA, 500));
        assert_eq!(
            System::read_events_for_pallet::<Event<Test>>(),
            [Event::Revealed { slot: SLOT, owner: owner(SELMA), by: SELMA, delivered: Wh(500) }]
        );
        assert_noop!(reveal(SELMA, 500), Error::<Test>::AlreadyRevealed);
    });
}

#[test]
fn what_does_not_match_is_refused_and_what_matches_may_follow() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        for other in [0, 499, 501] {
            assert_noop!(reveal(SELMA, other), Error::<Test>::NotAsCommitted);
        }
        let bill = bill_in(SLOT, SELMA, 500);
        assert_noop!(
            Settlement::reveal(RuntimeOrigin::signed(SELMA), SLOT, bill, [8; 32]),
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
            assert_noop!(Settlement::reveal(seller(), SLOT, bill, NONCE), error);
            run_to(schedule().final_at);
            assert_eq!(outcomes(), [(0, Outcome::Unanswered)]);
        });
    }
}

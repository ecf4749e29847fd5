//! "What happens to my money if ...": one test for each row of `docs/money.md` about a trade, of
//! the same name. Those about orders stand in the auction.
//!
//! Anna buys 500 Wh of Selma: 0.1 QED are held of Anna and 0.105 of Selma. All of it delivered, Selma
//! gets 0.085, the grid 0.01 and the entropy fund 0.005.

mod draws;
mod pairs;

use super::*;

/// What everybody has gained or lost in thousandths of a QED, when nothing is held any more: Anna,
/// Selma, the grid, the entropy fund and the community fund.
fn changes() -> [i128; 5] {
    assert_nothing_left();
    let milli = |amount: Balance, before: Balance| {
        let change = amount as i128 - before as i128;
        assert_eq!(change % (QED as i128 / 1_000 / 10), 0, "a tenth of a milli");
        change / (QED as i128 / 10_000)
    };
    [
        milli(free(ANNA), FUNDS),
        milli(free(SELMA), FUNDS),
        milli(free(GRID), ED),
        milli(free(ENTROPY), ED),
        milli(free(COMMUNITY), ED),
    ]
}

/// The changes of `changes`, in tenths of a thousandth of a QED, when all is delivered and paid.
const PAID: [i128; 5] = [-1_000, 850, 100, 50, 0];
/// When nothing is delivered and the deposit is lost.
const LOST: [i128; 5] = [500, -1_050, 0, 0, 550];

fn run(test: impl FnOnce()) {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        assert_eq!(on_hold(ANNA), QED / 10);
        assert_eq!(on_hold(SELMA), QED * 105 / 1_000);
        test();
    });
}

/// Selma commits to a bill of this energy.
fn commit_to(energy: u64) {
    run_to_commitments(SLOT);
    let commitment = commitment_in(SLOT, SELMA, &bill_in(SLOT, SELMA, energy));
    assert_ok!(Settlement::commit(RuntimeOrigin::signed(SELMA), SLOT, commitment));
}

fn complain() {
    run_to_freeze();
    let before = free(ANNA);
    assert_ok!(Settlement::complain(RuntimeOrigin::signed(ANNA), SLOT, 0));
    // That of a kWh, for which the trade is too small: 5 % of 0.41 QED over 95 %, rounded up.
    assert_eq!(before - free(ANNA), 21_578_947_369);
}

/// Selma reveals a bill of this energy when complaints have ended.
fn reveal(energy: u64) {
    let book = Books::<Test>::get(SLOT).unwrap();
    run_to(TestCalendar::schedule(SLOT).later(book.lost).complaints_until);
    assert_ok!(super::reveal(SELMA, energy));
}

fn run_to_the_end() {
    run_to(TestCalendar::schedule(SLOT).final_at);
}

#[test]
fn the_meters_show_all_of_it() {
    run(|| {
        deliver(SELMA, 500);
        run_to_freeze();
        assert_eq!(changes(), PAID);
    });
}

#[test]
fn the_meters_show_a_part() {
    run(|| {
        deliver(SELMA, 200);
        run_to_freeze();
        // 200 Wh paid; for 300 Wh the difference to the grid's price, 0.03 QED, and a tenth of that price.
        assert_eq!(changes(), [-400 + 300, 340 - 300 - 90, 40, 20, 90]);
    });
}

#[test]
fn the_meters_show_nothing() {
    run(|| {
        deliver(SELMA, 0);
        run_to_freeze();
        assert_eq!(changes(), [500, -650, 0, 0, 150]);
    });
}

#[test]
fn the_seller_stays_silent() {
    run(|| {
        run_to_freeze();
        assert_eq!(changes(), LOST);
    });
}

#[test]
fn the_seller_commits_and_nobody_complains() {
    run(|| {
        commit_to(0);
        run_to_the_end();
        assert_eq!(changes(), PAID, "whether the commitment is true or not");
    });
}

#[test]
fn the_buyer_acknowledges() {
    run(|| {
        run_to_commitments(SLOT);
        assert_ok!(Settlement::acknowledge(RuntimeOrigin::signed(ANNA), SLOT, 0));
        assert_eq!(changes(), PAID, "at once");
    });
}

#[test]
fn the_buyer_complains_and_the_bill_shows_all_of_it() {
    run(|| {
        commit_to(500);
        complain();
        reveal(500);
        run_to_the_end();
        let bond = 21_578_947_369;
        assert_eq!(free(ANNA), FUNDS - QED / 10 - bond);
        assert_eq!(free(SELMA), FUNDS + QED * 85 / 1_000 - bond);
        assert_eq!(free(COMMUNITY), ED + 2 * bond);
        assert_nothing_left();
    });
}

#[test]
fn the_buyer_complains_and_the_bill_shows_a_part() {
    run(|| {
        commit_to(200);
        complain();
        reveal(200);
        run_to_the_end();
        // Of the deposit three fifths are lost, 0.063 QED: 0.03 to Anna.
        assert_eq!(changes(), [-400 + 300, 340 - 630, 40, 20, 330]);
    });
}

#[test]
fn the_buyer_complains_and_the_seller_does_not_answer() {
    run(|| {
        commit_to(500);
        complain();
        run_to_the_end();
        assert_eq!(changes(), LOST);
    });
}

#[test]
fn somebody_else_complains_and_the_bill_shows_a_part_of_mine() {
    run(|| {
        trade(1, BEN, SELMA, 500);
        commit_to(300);
        run_to_freeze();
        assert_ok!(Settlement::complain(RuntimeOrigin::signed(BEN), SLOT, 1));
        reveal(300);
        run_to_the_end();
        // Anna's trade has the lower number: 300 Wh are hers.
        assert_eq!(free(ANNA), FUNDS - QED * 60 / 1_000 + QED * 20 / 1_000);
        assert_eq!(outcomes(), [(0, Outcome::Concealed), (1, Outcome::Concealed)]);
        assert_eq!(free(BEN), FUNDS + QED * 50 / 1_000);
        assert_nothing_left();
    });
}

#[test]
fn somebody_else_complains_and_the_bill_shows_all_of_mine() {
    run(|| {
        trade(1, BEN, SELMA, 500);
        commit_to(500);
        run_to_freeze();
        assert_ok!(Settlement::complain(RuntimeOrigin::signed(BEN), SLOT, 1));
        reveal(500);
        run_to_the_end();
        assert_eq!(outcomes(), [(0, Outcome::Delivered), (1, Outcome::Concealed)]);
        assert_eq!(free(ANNA), FUNDS - QED / 10);
        assert_nothing_left();
    });
}

#[test]
fn somebody_else_complains_and_the_seller_does_not_answer() {
    run(|| {
        trade(1, BEN, SELMA, 500);
        commit_to(1_000);
        run_to_freeze();
        assert_ok!(Settlement::complain(RuntimeOrigin::signed(BEN), SLOT, 1));
        run_to_the_end();
        assert_eq!(outcomes(), [(0, Outcome::Forfeited), (1, Outcome::Unanswered)]);
        assert_eq!(free(ANNA), FUNDS - QED / 10, "pays, since it did not complain");
        assert_eq!(free(SELMA), FUNDS - QED * 210 / 1_000, "is not paid, and loses both deposits");
        assert_eq!(free(GRID), ED + QED / 100);
        assert_nothing_left();
    });
}

#[test]
fn somebody_else_reveals_the_bill_that_the_seller_opened() {
    run(|| {
        commit_to(500);
        complain();
        run_to_end_of_complaints();
        assert_ok!(reveal_by(BEN, SELMA, 500));
        run_to_the_end();
        assert_eq!(outcomes(), [(0, Outcome::Refuted)]);
        assert_nothing_left();
    });
}

#[test]
fn a_meter_of_the_seller_is_silent() {
    run(|| {
        deliver_in_part(SLOT, SELMA, 200);
        run_to_freeze();
        assert_eq!(changes(), [-400 + 300, 340 - 300 - 90, 40, 20, 90], "as if they showed a part");
    });
}

#[test]
fn the_seller_commits_and_a_meter_is_silent() {
    run(|| {
        commit_to(500);
        deliver_in_part(SLOT, SELMA, 0);
        run_to_freeze();
        assert_eq!(outcomes(), [], "one reading on the chain, whoever brought it, decides nothing");
        run_to_the_end();
        assert_eq!(changes(), PAID);
    });
}

#[test]
fn the_seller_commits_and_the_meters_show_a_part() {
    run(|| {
        commit_to(500);
        deliver(SELMA, 200);
        run_to_freeze();
        assert_eq!(changes(), [-400 + 300, 340 - 300 - 90, 40, 20, 90], "they outweigh it");
    });
}

#[test]
fn two_complain_and_the_bill_shows_all_of_mine_alone() {
    run(|| {
        trade(1, BEN, SELMA, 500);
        commit_to(500);
        complain();
        assert_ok!(Settlement::complain(RuntimeOrigin::signed(BEN), SLOT, 1));
        reveal(500);
        run_to_the_end();
        assert_eq!(outcomes(), [(0, Outcome::Refuted), (1, Outcome::Concealed)]);
        assert_eq!(free(ANNA), FUNDS - QED / 10 - 21_578_947_369, "my bond is lost");
        assert_eq!(free(BEN), FUNDS + QED * 50 / 1_000, "the other's is not");
        assert_nothing_left();
    });
}

#[test]
fn i_acknowledge_and_somebody_else_s_complaint_is_not_answered() {
    run(|| {
        trade(1, BEN, SELMA, 500);
        commit_to(1_000);
        run_to_freeze();
        assert_ok!(Settlement::acknowledge(RuntimeOrigin::signed(ANNA), SLOT, 0));
        assert_ok!(Settlement::complain(RuntimeOrigin::signed(BEN), SLOT, 1));
        run_to_the_end();
        assert_eq!(outcomes(), [(0, Outcome::Acknowledged), (1, Outcome::Unanswered)]);
        assert_eq!(free(ANNA), FUNDS - QED / 10);
        assert_eq!(free(SELMA), FUNDS + QED * 85 / 1_000 - QED * 105 / 1_000);
        assert_nothing_left();
    });
}

#[test]
fn i_do_not_acknowledge_and_the_seller_owes_an_answer() {
    run(|| {
        trade(1, BEN, SELMA, 500);
        commit_to(1_000);
        run_to_freeze();
        assert_ok!(Settlement::complain(RuntimeOrigin::signed(BEN), SLOT, 1));
        let late = Settlement::acknowledge(RuntimeOrigin::signed(ANNA), SLOT, 0);
        assert_eq!(late, Err(crate::Error::<Test>::AnswerOwed.into()));
        reveal(1_000);
        run_to_the_end();
        assert_eq!(outcomes(), [(0, Outcome::Delivered), (1, Outcome::Refuted)]);
        assert_eq!(free(ANNA), FUNDS - QED / 10, "pays by what the answer says");
        assert_nothing_left();
    });
}

#[test]
fn what_was_acknowledged_is_not_there_for_another_trade() {
    run(|| {
        trade(1, BEN, SELMA, 500);
        run_to_commitments(SLOT);
        assert_ok!(Settlement::acknowledge(RuntimeOrigin::signed(ANNA), SLOT, 0));
        deliver(SELMA, 500);
        run_to_freeze();
        assert_eq!(outcomes(), [(0, Outcome::Acknowledged), (1, Outcome::Short)]);
        assert_eq!(settled()[1].4, amounts_for(0, 500));
        assert_nothing_left();
    });
}

#[test]
fn the_deposit_does_not_reach_for_harm_and_fee() {
    build_and_execute(|| {
        let mut trade = new_trade(0, ANNA, SELMA, 500);
        trade.deposit = QED * 52 / 1_000;
        assert_ok!(Settlement::hold(&ANNA, trade.payment));
        assert_ok!(Settlement::hold(&SELMA, trade.deposit));
        assert_ok!(Settlement::open_trade(SLOT, &terms(SLOT), trade));
        deliver(SELMA, 0);
        run_to_freeze();
        // The harm of 0.05 QED comes first, and 0.002 are left of the fee of 0.015.
        assert_eq!(changes(), [500, -520, 0, 0, 20]);
    });
}

#[test]
fn a_payment_cannot_be_made() {
    build_and_execute(|| {
        // A trade that contradicts itself, as clearing makes none.
        let mut odd = new_trade(0, ANNA, SELMA, 500);
        odd.seller_price = BUYER_PRICE;
        assert_ok!(Settlement::hold(&ANNA, odd.payment));
        assert_ok!(Settlement::hold(&SELMA, odd.deposit));
        assert_ok!(Settlement::open_trade(SLOT, &terms(SLOT), odd));
        deliver(SELMA, 500);
        run_to_freeze();
        assert_eq!(outcomes(), [(0, Outcome::Annulled)]);
        assert_eq!(changes(), [0; 5]);
    });
}

#[test]
fn the_seller_is_excluded_meanwhile() {
    run(|| {
        // It has defaulted in an earlier slot, and does in another one now.
        defaulted_before(owner(SELMA));
        trade_in(SLOT.next(), 0, BEN, SELMA, 100);
        deliver_in(SLOT.next(), SELMA, 100);
        run_to_freeze();
        assert_eq!(Excluded::get().len(), 1);
        run_to(TestCalendar::schedule(SLOT.next()).readings_until);
        assert_eq!(outcomes()[1], (0, Outcome::Delivered), "the open trade goes on");
        assert_eq!(free(BEN), FUNDS - payment(100));
        assert_nothing_left();
    });
}

#[test]
fn the_chain_stands_still_while_evidence_is_due() {
    run(|| {
        let schedule = TestCalendar::schedule(SLOT);
        stand_still_until(schedule.readings_until);
        assert_eq!(settled(), []);
        deliver(SELMA, 500);
        run_to(schedule.readings_until + 4 * SLOT_LENGTH);
        assert_eq!(changes(), PAID, "that time does not count");
    });
}

#[test]
fn the_chain_stands_still_while_an_answer_is_due() {
    run(|| {
        commit_to(500);
        complain();
        stand_still_until(Now::get() + 5 * SLOT_LENGTH);
        // That time does not count: the seller still answers.
        reveal(500);
        run_to(Now::get() + 2 * SLOT_LENGTH);
        assert_eq!(outcomes(), [(0, Outcome::Refuted)]);
        assert_nothing_left();
    });
}

#[test]
fn another_account_of_the_seller_sells_the_same_energy() {
    run(|| {
        for account in [SELMA, SVEN] {
            TestMembership::set_owner(account, OwnerId([7; 32]));
        }
        trade_in(SLOT.next(), 0, BEN, SVEN, 200);
        trade_in(SLOT.next(), 1, ANNA, SELMA, 500);
        deliver_in(SLOT.next(), SELMA, 500);
        deliver(SELMA, 500);
        run_to(TestCalendar::schedule(SLOT.next()).readings_until);
        let short = (1, Outcome::Short);
        assert_eq!(outcomes(), [(0, Outcome::Delivered), (0, Outcome::Delivered), short]);
        assert_eq!(settled()[2].4, amounts_for(300, 500), "what Ben's trade left");
        assert_nothing_left();
    });
}

#[test]
fn the_council_pauses_settlement() {
    run(|| {
        deliver(SELMA, 500);
        pause(true);
        run_to(TestCalendar::schedule(SLOT).final_at);
        assert_eq!(outcomes(), [], "nothing moves");
        pause(false);
        poll();
        assert_eq!(changes(), PAID, "the meters decide all the same");
    });
}

#[test]
fn my_balance_is_frozen_for_something_else() {
    run(|| {
        for who in [ANNA, SELMA] {
            let freeze = <Balances as frame_support::traits::fungible::MutateFreeze<_>>::set_freeze;
            assert_ok!(freeze(&7, &who, FUNDS));
        }
        deliver(SELMA, 500);
        run_to_freeze();
        assert_eq!(changes(), PAID);
    });
}

#[test]
fn my_order_would_leave_nothing_for_evidence() {
    build_and_execute(|| {
        EvidenceReserve::set(QED);
        let before = free(ANNA);
        let hold = Settlement::hold(&ANNA, FUNDS - QED);
        assert_eq!(hold, Err(Error::<Test>::NothingLeftForEvidence.into()));
        assert_eq!((free(ANNA), on_hold(ANNA)), (before, 0));
        EvidenceReserve::set(0);
    });
}

/// Anna buys 500 Wh of Selma with all that she has, and her bid has set the bond aside.
fn run_with_a_reserve(test: impl FnOnce()) {
    build_and_execute(|| {
        let trade =
            qedex_primitives::NewTrade { reserve: bond(500), ..new_trade(0, ANNA, SELMA, 500) };
        assert_ok!(Settlement::hold(&ANNA, trade.payment + trade.reserve));
        assert_ok!(Settlement::hold(&SELMA, trade.deposit));
        assert_ok!(Settlement::open_trade(SLOT, &terms(SLOT), trade));
        test();
    });
}

#[test]
fn i_have_bid_all_that_i_have_and_complain() {
    run_with_a_reserve(|| {
        commit_to(500);
        run_to_freeze();
        let (before, held) = (free(ANNA), on_hold(ANNA));
        assert_ok!(super::complain(ANNA, 0));
        assert_eq!((free(ANNA), on_hold(ANNA)), (before, held), "nothing more is held");
        run_to_end();
        assert_eq!(changes(), LOST);
    });
}

#[test]
fn my_bid_set_a_bond_aside_and_i_do_not_complain() {
    run_with_a_reserve(|| {
        commit_to(500);
        run_to_end();
        assert_eq!(changes(), PAID);
    });
}

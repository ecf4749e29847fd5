//! Thieves, and what becomes of them.

use super::*;
use qedex_primitives::{Bill, Nonce, SlotTimes};

const CARL: AccountId = 3;

fn schedule() -> SlotTimes {
    TestCalendar::schedule(SLOT)
}

fn show(seller: AccountId, slot: SlotIndex, bill: Bill, nonce: Nonce) -> DispatchResult {
    plain(Settlement::reveal(RuntimeOrigin::signed(seller), slot, seller, bill, nonce))
}

/// Selma commits to `commitment`, is complained about, shows `bill` and is refused with `error`: she
/// has not answered, and loses her deposit.
fn fails_with(commitment: H256, bill: Bill, error: Error<Test>) {
    trade(0, ANNA, SELMA, 500);
    run_to_commitments(SLOT);
    let seller = RuntimeOrigin::signed(SELMA);
    assert_ok!(Settlement::commit(seller, SLOT, commitment));
    run_to_freeze();
    assert_ok!(complain(ANNA, 0));
    run_to_end_of_complaints();
    assert_noop!(show(SELMA, SLOT, bill, NONCE), error);
    run_to(schedule().final_at);
    assert_eq!(outcomes(), [(0, Outcome::Unanswered)]);
    assert_eq!(free(SELMA), FUNDS - deposit(500));
    assert_nothing_left();
}

#[test]
fn another_slots_bill_is_no_answer() {
    let other = || bill_in(SLOT.next(), SELMA, 500);
    // Committed to for this slot, it is of the wrong one; committed to for its own, it does not match.
    build_and_execute(|| {
        let commitment = commitment_in(SLOT, SELMA, &other());
        fails_with(commitment, other(), Error::<Test>::WrongSlot);
    });
    build_and_execute(|| {
        let commitment = commitment_in(SLOT.next(), SELMA, &other());
        fails_with(commitment, other(), Error::<Test>::NotAsCommitted);
    });
    build_and_execute(|| {
        let commitment = commitment_in(SLOT, SELMA, &bill_in(SLOT, SELMA, 100));
        fails_with(commitment, other(), Error::<Test>::NotAsCommitted);
    });
}

#[test]
fn a_bill_that_the_meter_did_not_sign_is_no_answer() {
    build_and_execute(|| {
        let mut reading = bill_in(SLOT, SELMA, 500).into_inner().pop().unwrap();
        reading.signature = signature(2);
        let forged = Bill::truncate_from(vec![reading]);
        let commitment = commitment_in(SLOT, SELMA, &forged);
        fails_with(commitment, forged, Error::<Test>::BadSignature);
    });
}

/// What the meter signed for another slot does not become of this one by changing what it says.
#[test]
fn a_bill_signed_for_another_slot_is_no_answer() {
    build_and_execute(|| {
        let mut reading = bill_in(SLOT.next(), SELMA, 500).into_inner().pop().unwrap();
        reading.payload.slot = SLOT;
        // The signature is over the slot too; that of the mock cannot know.
        reading.signature = signature(2);
        let bent = Bill::truncate_from(vec![reading]);
        let commitment = commitment_in(SLOT, SELMA, &bent);
        fails_with(commitment, bent, Error::<Test>::BadSignature);
    });
}

#[test]
fn a_copied_commitment_cannot_be_opened() {
    build_and_execute(|| {
        // Sven's commitment is on chain for all to see, and his opening with his buyers.
        let bill = bill_in(SLOT, SVEN, 500);
        let copied = commitment_in(SLOT, SVEN, &bill);
        fails_with(copied, bill, Error::<Test>::NotAsCommitted);
    });
}

#[test]
fn another_sellers_opening_cannot_be_committed_to() {
    build_and_execute(|| {
        let bill = bill_in(SLOT, SVEN, 500);
        let own = commitment_in(SLOT, SELMA, &bill);
        fails_with(own, bill, Error::<Test>::WrongMeters);
    });
}

#[test]
fn a_commitment_of_another_chain_cannot_be_opened() {
    build_and_execute(|| {
        let bill = bill_in(SLOT, SELMA, 500);
        let elsewhere = qedex_primitives::bill::commitment(
            H256::repeat_byte(9),
            owner(SELMA),
            SLOT,
            &bill,
            &NONCE,
        );
        fails_with(elsewhere, bill, Error::<Test>::NotAsCommitted);
    });
}

#[test]
fn a_better_bill_cannot_replace_the_one_committed_to() {
    build_and_execute(|| {
        let commitment = commitment_in(SLOT, SELMA, &bill_in(SLOT, SELMA, 100));
        let better = bill_in(SLOT, SELMA, 500);
        fails_with(commitment, better, Error::<Test>::NotAsCommitted);
    });
}

#[test]
fn nobody_complains_twice_late_early_or_for_another() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500), (BEN, 100)], 600);
        Now::set(schedule().readings_until - 1);
        assert_noop!(complain(ANNA, 0), Error::<Test>::NotInComplaintWindow);
        Now::set(schedule().readings_until);
        assert_noop!(complain(ANNA, 1), Error::<Test>::NotTheBuyer);
        assert_ok!(complain(ANNA, 0));
        assert_noop!(complain(ANNA, 0), Error::<Test>::AlreadyComplained);
        Now::set(schedule().complaints_until);
        assert_noop!(complain(BEN, 1), Error::<Test>::NotInComplaintWindow);
    });
}

#[test]
fn nobody_complains_about_public_readings() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to_commitments(SLOT);
        assert_ok!(commit_to(SELMA, 500));
        deliver(SELMA, 500);
        run_to(schedule().readings_until - 1);
        Now::set(schedule().readings_until);
        assert_noop!(complain(ANNA, 0), Error::<Test>::NothingToComplainOf);
    });
}

#[test]
fn a_seller_excluded_in_mid_trade_still_commits_and_reveals() {
    build_and_execute(|| {
        let (first, second) = (SLOT, SLOT.next());
        defaulted_before(owner(SELMA));
        trade_in(first, 0, ANNA, SELMA, 100);
        trade_in(second, 0, ANNA, SELMA, 500);
        let third = SlotIndex(SLOT.0 + 3);
        trade_in(third, 0, BEN, SELMA, 500);
        run_to_commitments(second);
        let commit = |slot| {
            let commitment = commitment_in(slot, SELMA, &bill_in(slot, SELMA, 500));
            Settlement::commit(RuntimeOrigin::signed(SELMA), slot, commitment)
        };
        assert_ok!(commit(second));
        run_to_freeze();
        assert_eq!(Excluded::get(), [(SELMA, EXCLUSION)]);
        // A trade whose time to commit comes after that,
        run_to_commitments(third);
        assert_ok!(commit(third));
        // and one about which a buyer complains after it.
        run_to(TestCalendar::schedule(second).readings_until);
        let buyer = RuntimeOrigin::signed(ANNA);
        assert_ok!(Settlement::complain(buyer, second, 0));
        run_to(TestCalendar::schedule(second).complaints_until);
        assert_ok!(show(SELMA, second, bill_in(second, SELMA, 500), NONCE));
        run_to(TestCalendar::schedule(third).final_at);
        let outcomes: Vec<_> = settled().iter().map(|one| (one.0, one.2)).collect();
        assert_eq!(
            outcomes,
            [(first, Outcome::Defaulted), (second, Outcome::Refuted), (third, Outcome::Trusted)]
        );
        assert_nothing_left();
    });
}

#[test]
fn no_reveal_counts_after_it_was_due() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        assert_ok!(complain(ANNA, 0));
        run_to(schedule().final_at - 1);
        // The end is due, and nobody has come by yet.
        Now::set(schedule().final_at);
        assert_noop!(reveal(SELMA, 500), Error::<Test>::NotInRevealWindow);
        poll();
        assert_eq!(outcomes(), [(0, Outcome::Unanswered)]);
    });
}

/// A friend that buys little and complains shows nobody who is off-line while others may complain yet:
/// answers come when complaints have ended.
#[test]
fn a_friends_complaint_tells_nothing_while_others_may_complain() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500), (CARL, 1)], 501);
        assert_ok!(complain(CARL, 1));
        run_to(schedule().complaints_until - 1);
        assert_noop!(reveal(SELMA, 501), Error::<Test>::NotInRevealWindow);
        assert_eq!(settled(), []);
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 501));
        assert_noop!(complain(ANNA, 0), Error::<Test>::NotInComplaintWindow);
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Delivered), (1, Outcome::Refuted)]);
    });
}

/// Nobody gets less for having no friends: n of them with one bond between them provoke a default, and
/// all but one of them pay for it.
#[test]
fn friends_do_not_provoke_a_default_at_a_part_of_its_price() {
    let friends_gain = |complaining: u32| {
        let mut gained = 0;
        build_and_execute(|| {
            let friends = [1, 2, 3, 4, 5];
            sell_and_commit(&friends.map(|friend| (friend, 100)), 500);
            for id in 0..complaining {
                assert_ok!(complain(friends[id as usize], id));
            }
            run_to_end();
            let have: i128 = friends.iter().map(|who| free(*who) as i128).sum();
            // What they bought flowed: it saved them the grid's price.
            let saved = CAP.cost_floor(Wh(500)).unwrap() as i128;
            gained = have - 5 * FUNDS as i128 + saved;
        });
        gained
    };
    let honest = friends_gain(0);
    // Of a seller that is off-line each complaint wins as much as the first.
    let one = friends_gain(1) - honest;
    for complaining in 2..=5 {
        assert_eq!(friends_gain(complaining) - honest, i128::from(complaining) * one);
    }
}

/// What Anna has in the end who bought 500 Wh that were delivered, if she complains or not.
fn anna_ends_with(complains: bool, online: bool) -> i128 {
    let mut found = 0;
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 500)], 500);
        if complains {
            assert_ok!(complain(ANNA, 0));
        }
        if complains && online {
            run_to_end_of_complaints();
            assert_ok!(reveal(SELMA, 500));
        }
        run_to(schedule().final_at);
        found = free(ANNA) as i128;
    });
    found
}

/// With as many sellers off-line as the rules assume, complaining without cause earns nothing.
#[test]
fn provoking_a_default_by_complaining_does_not_pay() {
    let honest = anna_ends_with(false, true);
    let caught = honest - anna_ends_with(true, true);
    let lucky = anna_ends_with(true, false) - honest;
    assert!(caught > 0 && lucky > 0);
    // One seller in twenty is off-line.
    assert!(19 * caught >= lucky, "{caught} lost 19 times, {lucky} won once");
    // The bond assumes that all of the deposit could be won; the buyer only gets its harm.
    let harm = amounts_of_default(500).compensation as i128;
    assert_eq!(lucky, payment(500) as i128 + harm);
    assert_eq!(caught, bond(500) as i128);
}

#[test]
fn several_unanswered_complaints_of_a_slot_are_one_default() {
    build_and_execute(|| {
        sell_and_commit(&[(ANNA, 100), (BEN, 100), (CARL, 100), (4, 100)], 0);
        for (buyer, id) in [(ANNA, 0), (BEN, 1)] {
            assert_ok!(complain(buyer, id));
        }
        run_to(schedule().complaints_until - 1);
        assert_ok!(complain(CARL, 2));
        run_to_end();
        assert_eq!(outcomes().len(), 4);
        assert_eq!(outcomes()[3], (3, Outcome::Forfeited));
        assert_eq!(defaults_of(owner(SELMA)), 1);
        assert_eq!(Excluded::get(), []);
    });
}

/// What was sold and acknowledged cannot be sold again: an account that buys back from itself what it
/// sold to others only puts them behind.
#[test]
fn energy_is_delivered_once_however_its_trades_end() {
    build_and_execute(|| {
        trade(0, CARL, SELMA, 500);
        trade(1, ANNA, SELMA, 500);
        run_to_commitments(SLOT);
        assert_ok!(acknowledge(CARL, 0));
        assert_ok!(commit_to(SELMA, 500));
        run_to_freeze();
        assert_ok!(complain(ANNA, 1));
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 500));
        run_to_end();
        let of_anna = settled()[1];
        assert_eq!((of_anna.2, of_anna.3), (Outcome::Concealed, Wh(0)));
        assert!(free(ANNA) > FUNDS, "compensated");
    });
}

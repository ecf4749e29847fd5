//! Who reveals its bill though nobody complains.

use super::*;
use crate::{RuleChanges, Rules};
use qedex_primitives::{SlotTimes, beacon::BeaconSource, settlement::is_drawn};
use sp_runtime::Permill;

fn schedule() -> SlotTimes {
    TestCalendar::schedule(SLOT)
}

/// Everybody who commits is drawn with this chance.
fn chance(percent: u32) {
    let rules = Rules { draw_chance: Permill::from_percent(percent), ..Default::default() };
    RuleChanges::<Test>::put(frame_support::BoundedVec::truncate_from(vec![(0, rules)]));
}

/// The beacon has a value of an epoch whose reveals opened then.
fn beacon(opened: u64, value: u8) {
    Beacon::mutate(|all| all.push((opened, H256::repeat_byte(value))));
}

/// Selma sells and commits, and is drawn when complaints have ended.
fn sell_and_be_drawn(trades: &[(AccountId, u64)], bill: u64) {
    chance(100);
    sell_and_commit(trades, bill);
    beacon(schedule().readings_until + 1, 1);
    run_to_end_of_complaints();
}

#[test]
fn a_covering_bill_settles_as_a_reading_and_nobody_pays_for_the_draw() {
    build_and_execute(|| {
        sell_and_be_drawn(&[(ANNA, 300), (BEN, 200)], 500);
        assert_ok!(reveal(SELMA, 500));
        run_to_end();
        assert_eq!(
            settled(),
            [
                (SLOT, 0, Outcome::Delivered, Wh(300), amounts_for(300, 300)),
                (SLOT, 1, Outcome::Delivered, Wh(200), amounts_for(200, 200)),
            ]
        );
        let kept = |who, energy| (who, SELMA, Wh(energy), Verdict::Kept);
        assert_eq!(Rated::get(), [kept(ANNA, 300), kept(BEN, 200)]);
        assert_nothing_left();
    });
}

#[test]
fn a_bill_that_falls_short_costs_more_than_a_reading_would_have() {
    build_and_execute(|| {
        sell_and_be_drawn(&[(ANNA, 300), (BEN, 200)], 400);
        assert_ok!(reveal(SELMA, 400));
        run_to_end();
        assert_eq!(settled()[0].2, Outcome::Delivered);
        let concealed = (SLOT, 1, Outcome::Concealed, Wh(100), amounts_concealed(100, 200));
        assert_eq!(settled()[1], concealed);
        assert_nothing_left();
    });
}

/// As long as there is no value, nobody knows who owes an answer; then who is drawn is not acknowledged.
#[test]
fn who_is_drawn_is_acknowledged_no_more() {
    build_and_execute(|| {
        chance(100);
        sell_and_commit(&[(ANNA, 300), (BEN, 200), (BEN, 100)], 600);
        assert_ok!(acknowledge(BEN, 2));
        beacon(schedule().readings_until + 1, 1);
        run_to(schedule().complaints_until - 1);
        assert_noop!(acknowledge(ANNA, 0), Error::<Test>::AnswerOwed);
        assert_noop!(acknowledge(BEN, 1), Error::<Test>::AnswerOwed);
        run_to_end_of_complaints();
        assert_ok!(reveal(SELMA, 600));
        run_to_end();
        let delivered = Outcome::Delivered;
        assert_eq!(outcomes(), [(2, Outcome::Acknowledged), (0, delivered), (1, delivered)]);
        assert_nothing_left();
    });
}

/// Silent when drawn: every buyer is treated as if it had complained, and holds no bond for it.
#[test]
fn silence_when_drawn_refunds_and_compensates_everybody() {
    build_and_execute(|| {
        chance(100);
        sell_and_commit(&[(ANNA, 300), (BEN, 200)], 500);
        beacon(schedule().readings_until + 1, 1);
        assert_ok!(complain(ANNA, 0));
        run_to_end();
        let of_anna = Amounts { bond_back: bond(300), ..amounts_of_default(300) };
        assert_eq!(
            settled(),
            [
                (SLOT, 0, Outcome::Unanswered, Wh(0), of_anna),
                (SLOT, 1, Outcome::Unanswered, Wh(0), amounts_of_default(200)),
            ]
        );
        assert_eq!(free(BEN), FUNDS + amounts_of_default(200).compensation);
        assert_eq!(defaults_of(owner(SELMA)), 1);
        assert_nothing_left();
    });
}

#[test]
fn who_is_drawn_is_told_and_may_be_asked() {
    build_and_execute(|| {
        chance(100);
        sell_and_commit(&[(ANNA, 300)], 300);
        let asked = || Settlement::sales_of(&SELMA)[0].asked;
        assert!(!asked());
        beacon(schedule().readings_until + 1, 7);
        System::reset_events();
        run_to(Now::get() + SLOT_LENGTH);
        let value = H256::repeat_byte(7);
        let source = BeaconSource::Keys;
        let drawn = Event::RevealsDrawn { slot: SLOT, epoch: 0, value, source };
        assert_eq!(System::read_events_for_pallet::<Event<Test>>(), [drawn]);
        assert!(asked());
        assert_eq!(Books::<Test>::get(SLOT).unwrap().draw, Some(value));
        // Reveals have their time all the same, and it takes bill and nonce.
        assert_noop!(reveal(SELMA, 300), Error::<Test>::NotInRevealWindow);
        run_to_end_of_complaints();
        assert_noop!(reveal_by(99, SELMA, 299), Error::<Test>::NotAsCommitted);
        assert_ok!(reveal_by(99, SELMA, 300));
    });
}

#[test]
fn the_first_value_that_nobody_knew_at_the_freeze_draws_and_stays() {
    build_and_execute(|| {
        chance(100);
        sell_and_commit(&[(ANNA, 300)], 300);
        let draw = || Books::<Test>::get(SLOT).unwrap().draw;
        beacon(schedule().readings_until - 1, 1);
        beacon(schedule().readings_until, 2);
        run_to(Now::get() + SLOT_LENGTH);
        assert_eq!(draw(), None, "it was being revealed before the freeze");
        beacon(schedule().readings_until + 1, 3);
        beacon(schedule().readings_until + 2, 4);
        run_to(Now::get() + SLOT_LENGTH);
        assert_eq!(draw(), Some(H256::repeat_byte(3)));
        // It is kept though the beacon forgets it.
        Beacon::take();
        run_to_end_of_complaints();
        assert_eq!(draw(), Some(H256::repeat_byte(3)));
    });
}

#[test]
fn without_a_value_before_the_end_of_complaints_nobody_is_drawn() {
    build_and_execute(|| {
        chance(100);
        sell_and_commit(&[(ANNA, 300)], 300);
        run_to(schedule().complaints_until - 1);
        Now::set(schedule().complaints_until);
        beacon(schedule().readings_until + 1, 1);
        poll();
        assert_eq!(Books::<Test>::get(SLOT).unwrap().draw, None);
        assert_noop!(reveal(SELMA, 300), Error::<Test>::NotAsked);
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Trusted)]);
    });
}

/// Else a value that everybody knows would draw in a slot whose evidence is still to come.
#[test]
fn a_freeze_that_an_outage_has_put_off_waits_for_a_later_value() {
    build_and_execute(|| {
        chance(100);
        trade(0, ANNA, SELMA, 300);
        run_to_commitments(SLOT);
        assert_ok!(commit_to(SELMA, 300));
        stand_still_until(Now::get() + 3 * SLOT_LENGTH);
        beacon(schedule().readings_until + 1, 1);
        run_to(schedule().complaints_until);
        assert_eq!(Books::<Test>::get(SLOT).unwrap().draw, None);
        beacon(schedule().readings_until + 3 * SLOT_LENGTH + 1, 2);
        run_to(schedule().complaints_until + SLOT_LENGTH);
        assert_eq!(Books::<Test>::get(SLOT).unwrap().draw, Some(H256::repeat_byte(2)));
    });
}

/// Each owner for itself: of many sellers those are asked on whom the draw falls, and no others.
#[test]
fn each_owner_is_drawn_by_itself() {
    build_and_execute(|| {
        chance(50);
        let sellers: Vec<_> = (11..=20).collect();
        for (id, seller) in (0..).zip(&sellers) {
            trade(id, ANNA, *seller, 100);
        }
        run_to_commitments(SLOT);
        // The last one publishes; it has nothing to reveal.
        sellers.iter().take(9).for_each(|seller| commit_to(*seller, 100).unwrap());
        deliver(20, 100);
        run_to_freeze();
        beacon(schedule().readings_until + 1, 1);
        run_to_end();
        let half = Permill::from_percent(50);
        let falls = |seller| is_drawn(H256::repeat_byte(1), SLOT, owner(seller), half);
        for (_, id, outcome, ..) in settled() {
            let expected = match sellers[id as usize] {
                20 => Outcome::Delivered,
                seller if falls(seller) => Outcome::Unanswered,
                _ => Outcome::Trusted,
            };
            assert_eq!(outcome, expected);
        }
        let drawn = sellers.iter().filter(|seller| **seller < 20 && falls(**seller)).count();
        assert!((1..9).contains(&drawn), "{drawn} of nine");
        assert_nothing_left();
    });
}

#[test]
fn with_no_chance_nobody_is_drawn() {
    build_and_execute(|| {
        chance(0);
        sell_and_commit(&[(ANNA, 300)], 300);
        beacon(schedule().readings_until + 1, 1);
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Trusted)]);
    });
}

/// Readings are not taken any more when it is known who is drawn.
#[test]
fn who_is_drawn_cannot_publish_any_more() {
    build_and_execute(|| {
        sell_and_be_drawn(&[(ANNA, 300)], 0);
        assert!(!Settlement::times_of(SLOT).unwrap().is_reading_window(Now::get()));
        assert!(Books::<Test>::get(SLOT).unwrap().draw.is_some());
        run_to_end();
        assert_eq!(outcomes(), [(0, Outcome::Unanswered)]);
    });
}

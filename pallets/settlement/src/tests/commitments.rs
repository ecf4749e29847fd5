//! Private evidence.

use super::*;
use sp_runtime::DispatchError;

#[test]
fn a_seller_commits_once_between_delivery_and_readings() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        let schedule = TestCalendar::schedule(SLOT);
        assert_noop!(commit(SELMA, SLOT), Error::<Test>::NotInCommitmentWindow);
        Now::set(schedule.delivery_ends - 1);
        assert_noop!(commit(SELMA, SLOT), Error::<Test>::NotInCommitmentWindow);
        Now::set(schedule.commitments_until);
        assert_noop!(commit(SELMA, SLOT), Error::<Test>::NotInCommitmentWindow);
        Now::set(schedule.delivery_ends);
        System::reset_events();
        assert_ok!(commit(SELMA, SLOT));
        let commitment = H256::repeat_byte(1);
        assert_eq!(
            System::read_events_for_pallet::<Event<Test>>(),
            [Event::Committed { slot: SLOT, owner: owner(SELMA), by: SELMA, commitment }]
        );
        assert_eq!(Sellers::<Test>::get(SLOT, owner(SELMA)).unwrap().commitment, Some(commitment));
        Now::set(schedule.commitments_until - 1);
        assert_noop!(commit(SELMA, SLOT), Error::<Test>::AlreadyCommitted);
    });
}

#[test]
fn only_who_sold_commits() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to_commitments(SLOT);
        for stranger in [ANNA, SVEN, 99] {
            assert_noop!(commit(stranger, SLOT), Error::<Test>::NotASeller);
        }
        assert_noop!(commit(SELMA, SLOT.next()), Error::<Test>::NotASeller);
        assert_noop!(
            Settlement::commit(RuntimeOrigin::root(), SLOT, H256::zero()),
            DispatchError::BadOrigin
        );
    });
}

#[test]
fn a_commitment_that_nobody_complained_about_is_trusted_in_the_end() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to_commitments(SLOT);
        assert_ok!(commit(SELMA, SLOT));
        run_to(TestCalendar::schedule(SLOT).final_at - 1);
        assert_eq!(settled(), []);
        assert_eq!(on_hold(ANNA), payment(500));
        run_to_end();
        assert_eq!(settled(), [(SLOT, 0, Outcome::Trusted, Wh(500), amounts_for(500, 500))]);
        assert_eq!(Rated::get(), [(ANNA, SELMA, Wh(500), Verdict::Kept)]);
        assert_nothing_left();
    });
}

#[test]
fn readings_beat_a_commitment() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        run_to_commitments(SLOT);
        assert_ok!(commit(SELMA, SLOT));
        deliver(SELMA, 200);
        run_to_freeze();
        assert_eq!(settled(), [(SLOT, 0, Outcome::Short, Wh(200), amounts_for(200, 500))]);
        assert_nothing_left();
    });
}

#[test]
fn a_commitment_covers_all_trades_of_its_seller_and_no_other() {
    build_and_execute(|| {
        trade(0, ANNA, SELMA, 500);
        trade(1, ANNA, SVEN, 100);
        trade(2, BEN, SELMA, 300);
        run_to_commitments(SLOT);
        assert_ok!(commit(SELMA, SLOT));
        run_to_freeze();
        assert_eq!(outcomes(), [(1, Outcome::Defaulted)]);
        run_to_end();
        assert_eq!(outcomes()[1..], [(0, Outcome::Trusted), (2, Outcome::Trusted)]);
        assert_nothing_left();
    });
}

#[test]
fn a_commitment_is_for_one_slot() {
    build_and_execute(|| {
        trade_in(SLOT, 0, ANNA, SELMA, 500);
        trade_in(SLOT.next(), 0, ANNA, SELMA, 500);
        run_to_commitments(SLOT);
        assert_ok!(commit(SELMA, SLOT));
        run_to(TestCalendar::schedule(SLOT.next()).final_at);
        let of = |slot| settled().into_iter().find(|trade| trade.0 == slot).unwrap().2;
        assert_eq!(of(SLOT), Outcome::Trusted);
        assert_eq!(of(SLOT.next()), Outcome::Defaulted);
    });
}

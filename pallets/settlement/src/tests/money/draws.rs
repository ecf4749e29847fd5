//! Rows about sellers on whom the draw falls.

use super::*;

/// The draw falls on Selma.
pub(super) fn draw() {
    let rules = crate::Rules {
        draw_chance: sp_runtime::Permill::one(),
        ..Books::<Test>::get(SLOT).unwrap().rules
    };
    Books::<Test>::mutate_extant(SLOT, |book| book.rules = rules);
    Beacon::set(vec![(TestCalendar::schedule(SLOT).readings_until + 1, H256::repeat_byte(1))]);
}

#[test]
fn the_seller_is_drawn_and_the_bill_shows_all_of_it() {
    run(|| {
        commit_to(500);
        draw();
        run_to_freeze();
        reveal(500);
        run_to_the_end();
        assert_eq!(changes(), PAID);
    });
}

#[test]
fn the_seller_is_drawn_and_the_bill_shows_a_part() {
    run(|| {
        commit_to(200);
        draw();
        run_to_freeze();
        reveal(200);
        run_to_the_end();
        assert_eq!(changes(), [-400 + 300, 340 - 630, 40, 20, 330]);
    });
}

#[test]
fn the_seller_is_drawn_and_does_not_answer() {
    run(|| {
        commit_to(500);
        draw();
        run_to_the_end();
        assert_eq!(changes(), LOST);
    });
}

#[test]
fn the_seller_is_drawn_and_a_complaint_besides_proves_wrong() {
    run(|| {
        commit_to(500);
        draw();
        complain();
        reveal(500);
        run_to_the_end();
        assert_eq!(outcomes(), [(0, Outcome::Refuted)], "nobody had to complain");
        assert_eq!(free(ANNA), FUNDS - QED / 10 - 21_578_947_369);
        assert_nothing_left();
    });
}

#[test]
fn the_beacon_has_no_value_in_time() {
    run(|| {
        commit_to(0);
        draw();
        Beacon::take();
        run_to_end_of_complaints();
        Beacon::set(vec![(Now::get(), H256::repeat_byte(1))]);
        run_to_the_end();
        assert_eq!(changes(), PAID, "nobody is drawn");
    });
}

//! Rows about several trades of one buyer with one seller, and about what draws.

use super::{draws::draw, *};

/// Anna has bought 500 Wh of Selma twice.
fn run_twice(test: impl FnOnce()) {
    run(|| {
        trade(1, ANNA, SELMA, 500);
        test();
    });
}

/// Anna complains about the second trade: that is about both.
fn complain_about_both() {
    run_to_freeze();
    let before = free(ANNA);
    assert_ok!(Settlement::complain(RuntimeOrigin::signed(ANNA), SLOT, 1));
    // They are a kWh together: the same as for one of them alone.
    assert_eq!(before - free(ANNA), 21_578_947_369);
}

#[test]
fn i_complain_about_several_trades_for_one_bond() {
    run_twice(|| {
        commit_to(1_000);
        complain_about_both();
        reveal(1_000);
        run_to_the_end();
        assert_eq!(outcomes(), [(0, Outcome::Refuted), (1, Outcome::Refuted)]);
        assert_eq!(free(ANNA), FUNDS - QED / 5 - 21_578_947_369);
        assert_eq!(free(SELMA), FUNDS + QED * 170 / 1_000 - 21_578_947_369);
        assert_nothing_left();
    });
    run_twice(|| {
        commit_to(1_000);
        complain_about_both();
        run_to_the_end();
        assert_eq!(changes(), LOST.map(|lost| 2 * lost), "no answer loses both");
    });
}

#[test]
fn i_complain_about_several_trades_and_the_bill_shows_all_of_one_alone() {
    run_twice(|| {
        commit_to(700);
        complain_about_both();
        reveal(700);
        run_to_the_end();
        assert_eq!(outcomes(), [(0, Outcome::Delivered), (1, Outcome::Concealed)]);
        // All of the first; of the second what a bill shows of which a part is missing. The bond is back.
        let part = [-400 + 300, 340 - 630, 40, 20, 330];
        let sum: Vec<_> = PAID.iter().zip(part).map(|(paid, part)| paid + part).collect();
        assert_eq!(changes().to_vec(), sum);
    });
}

#[test]
fn keys_draw_after_a_block_s_hash_has() {
    run(|| {
        commit_to(500);
        draw();
        let (hash, keys) = (H256::repeat_byte(1), H256::repeat_byte(2));
        ByHash::mutate(|all| all.insert(hash));
        run_to_freeze();
        run_to(Now::get() + SLOT_LENGTH);
        assert_eq!(Books::<Test>::get(SLOT).unwrap().draw, Some(hash));
        Beacon::mutate(|all| all.push((Now::get(), keys)));
        reveal(500);
        let book = Books::<Test>::get(SLOT).unwrap();
        assert_eq!((book.draw, book.drawn_by_keys), (Some(keys), true));
        run_to_the_end();
        assert_eq!(changes(), PAID);
    });
}

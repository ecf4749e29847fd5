//! What slots are promised, and how it comes back.

use super::*;

/// The market's share is a hundred keys.
fn run_filled(test: impl FnOnce()) {
    run_market(|| {
        filled_with(200);
        System::reset_events();
        test();
    });
}

#[test]
fn no_key_is_promised_to_two_slots() {
    run_filled(|| {
        assert_eq!(opens(4, 33), Ok(33));
        assert_eq!(available(), 67);
        assert_eq!(opens(5, 60), Ok(60));
        assert_eq!(opens(6, 60), Ok(7), "as many as there are");
        assert_eq!(available(), 0);
        assert_eq!(opens(7, 1), Ok(0), "an orderly slot without keys");
        assert_eq!(promised(), (100, 0));
        let reserved = Event::KeysReserved { slot: SlotIndex(6), keys: 7, backed: true };
        assert_eq!(events()[2], reserved);
        let slots: Vec<_> = Qkd::reservations().iter().map(|one| one.slot.0).collect();
        assert_eq!(slots, [4, 5, 6, 7]);
    });
}

#[test]
fn to_look_changes_nothing() {
    run_filled(|| {
        let before = sp_io::storage::root(sp_runtime::StateVersion::V1);
        assert_eq!((available(), ledger().available), (100, 100));
        assert_eq!(sp_io::storage::root(sp_runtime::StateVersion::V1), before);
    });
}

#[test]
fn what_clearing_does_not_use_comes_back_at_once_and_the_rest_when_the_slot_is_final() {
    run_filled(|| {
        assert_eq!(opens(4, 40), Ok(40));
        settle(4, 10);
        assert_eq!((available(), promised()), (90, (10, 10)));
        assert_eq!(
            events().pop(),
            Some(Event::KeysSettled { slot: SlotIndex(4), used: 10, returned: 30 })
        );
        release(4);
        assert_eq!((available(), promised()), (100, (0, 0)));
        assert_eq!(Qkd::reservation(SlotIndex(4)), None);
        assert_eq!(events().pop(), Some(Event::KeysReleased { slot: SlotIndex(4), keys: 10 }));
    });
}

#[test]
fn an_annulled_slot_gives_all_of_them_back() {
    run_filled(|| {
        assert_eq!(opens(4, 40), Ok(40));
        settle(4, 0);
        assert_eq!((available(), promised()), (100, (0, 0)));
        release(4);
        assert_eq!(promised(), (0, 0));
    });
}

#[test]
fn a_slot_that_could_not_be_paired_to_its_end_gives_more_back() {
    run_filled(|| {
        assert_eq!(opens(4, 40), Ok(40));
        settle(4, 30);
        settle(4, 5);
        assert_eq!((available(), promised()), (95, (5, 5)));
        // No later word raises it.
        settle(4, 40);
        assert_eq!((available(), promised()), (95, (5, 5)));
        release(4);
        assert_eq!(promised(), (0, 0));
    });
}

#[test]
fn a_slot_that_was_never_settled_is_released_all_the_same() {
    run_filled(|| {
        assert_eq!(opens(4, 40), Ok(40));
        release(4);
        assert_eq!((available(), promised()), (100, (0, 0)));
        // What is not promised is nobody's.
        settle(4, 3);
        release(4);
        assert_eq!(promised(), (0, 0));
    });
}

#[test]
fn what_was_drawn_leaves_the_promise_with_the_first_report_after_it() {
    run_filled(|| {
        assert_eq!(opens(4, 40), Ok(40));
        settle(4, 40);
        assert_eq!(available(), 60);
        // Twenty were drawn at both ends, of which the market's half counts for its trades.
        next_epoch();
        all_say(180, 200);
        let link = ledger().links.remove(0);
        assert_eq!((link.keys, link.promised, link.left), (180, 30, 60));
        assert_eq!(available(), 60, "neither more nor less can be promised");
        // The slot is final: of its forty keys ten had left the promise.
        release(4);
        assert_eq!((available(), promised()), (90, (0, 0)));
    });
}

#[test]
fn only_what_both_ends_saw_was_drawn() {
    run_filled(|| {
        assert_eq!(opens(4, 40), Ok(40));
        settle(4, 40);
        next_epoch();
        for who in [ANNA, BEN, CLARA] {
            say(who, 100, 200);
        }
        assert_eq!(ledger().links[0].promised, 40);
        for who in [FRED, GINA, HUGO] {
            say(who, 190, 200);
        }
        assert_eq!(ledger().links[0].promised, 35);
    });
}

#[test]
fn no_more_leaves_the_promise_than_trades_use() {
    run_filled(|| {
        assert_eq!(opens(4, 10), Ok(10));
        settle(4, 10);
        // Sessions draw far more.
        next_epoch();
        all_say(100, 200);
        let link = ledger().links.remove(0);
        assert_eq!((link.promised, link.left), (0, 50));
        // An open gate's promise stands whatever is drawn.
        assert_eq!(opens(5, 20), Ok(20));
        next_epoch();
        all_say(60, 200);
        let link = ledger().links.remove(0);
        assert_eq!((link.promised, link.left), (20, 10));
        release(4);
        assert_eq!(ledger().links[0].promised, 20);
    });
}

#[test]
fn what_sessions_draw_of_their_share_takes_nothing_from_the_market() {
    run_filled(|| {
        assert_eq!(opens(4, 100), Ok(100));
        settle(4, 100);
        // All of the sessions' half is drawn, and half of that counts for trades that have drawn nothing
        // yet: there are as many keys left as they use.
        next_epoch();
        all_say(100, 200);
        let link = ledger().links.remove(0);
        assert_eq!((link.keys, link.promised, link.left), (100, 50, 0));
        assert_eq!(opens(5, 1), Ok(0));
    });
}

#[test]
fn without_reports_a_slot_opens_without_keys_and_promises_stand() {
    run_filled(|| {
        assert_eq!(opens(4, 40), Ok(40));
        skip_epochs(3);
        assert_eq!(available(), 0);
        assert_eq!(opens(5, 40), Ok(0));
        settle(4, 40);
        assert_eq!(promised(), (40, 40), "what a slot was promised it keeps");
        all_say(200, 200);
        assert_eq!(available(), 60);
        release(4);
        release(5);
    });
}

#[test]
fn a_link_that_comes_late_counts_what_is_promised_already() {
    run_filled(|| {
        assert_eq!(opens(4, 40), Ok(40));
        put_link(LinkId(1));
        assert_ok!(Qkd::admit_link(root(), LinkId(1), TERMS));
        assert_eq!(available(), 0);
        next_epoch();
        for who in REPORTERS {
            let second = LinkReport { link: LinkId(1), ..report(100, 100) };
            assert_ok!(says(who, &[report(200, 200), second]));
        }
        let left: Vec<_> = ledger().links.iter().map(|link| (link.promised, link.left)).collect();
        assert_eq!(left, [(40, 60), (40, 10)]);
        assert_eq!(opens(5, 100), Ok(10));
    });
}

#[test]
fn a_smaller_share_makes_promises_smaller_from_the_next_gate_on() {
    run_filled(|| {
        assert_eq!(opens(4, 60), Ok(60));
        let rules = KeyRules { market_share: Permill::from_percent(25), ..RULES };
        assert_ok!(Qkd::set_key_rules(root(), rules));
        assert_eq!((available(), promised()), (0, (60, 0)));
        settle(4, 20);
        assert_eq!(available(), 30);
    });
}

//! What validators earn, and what reduces them to the floor.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use qedex_math::{
    PricePerKwh,
    score::{generation_score, saving_score},
};
use qedex_primitives::{Band, Flow, Prices, SlotIndex, Wh};
use sp_runtime::{DispatchError, Permill};

fn flow(generated: u64, consumed: u64) -> Flow {
    Flow { generated: Wh(generated), consumed: Wh(consumed) }
}

fn score(who: AccountId) -> u64 {
    let scores = Pov::scores();
    scores.into_iter().find(|scored| scored.who == who).unwrap().score
}

fn reduction(who: AccountId) -> Option<Reduction> {
    let authors = CurrentSchedule::<Test>::get().unwrap().authors;
    let author = authors.iter().find(|author| author.who == who).unwrap();
    assert!(author.reduced.is_none() || author.score == 0);
    author.reduced
}

fn slots(who: AccountId) -> u32 {
    let authors = CurrentSchedule::<Test>::get().unwrap().authors;
    authors.iter().find(|author| author.who == who).map_or(0, |author| author.slots)
}

#[test]
fn the_window_ends_with_the_last_final_slot() {
    run(&[1, 2, 3, 4], || {
        let last = Pov::last_final_slot().unwrap();
        // A slot is final 11 slots after it began.
        assert_eq!(last, SlotIndex(Now::get() / DELIVERY - 11));
        for (slot, counts) in [(1, false), (0, true), (-3, true), (-4, false)] {
            SlotFlows::set([((1, last.0.wrapping_add_signed(slot)), flow(10_000, 0))].into());
            assert_eq!(score(1) > 0, counts, "slot {slot}");
        }
    });
}

#[test]
fn own_demand_is_served_at_each_connection_and_at_no_other() {
    run(&[1, 2, 3, 4], || {
        let last = Pov::last_final_slot().unwrap().0;
        Standings::set([(1, Permill::from_percent(50))].into());
        Flows::set([(1, flow(15_000, 5_000))].into());
        SecondFlows::set([(1, flow(2_000, 12_000))].into());
        assert_eq!(score(1), generation_score(500_000, Wh(10_000)));
        // What is saved, of all that was consumed.
        Bands::set((0..4).map(|back| (last - back, Band::On)).collect());
        let price = TestPrices::price_of;
        let expected = saving_score(500_000, Wh(17_000), price(Band::On), price(Band::Off));
        assert_eq!(score(1), expected);
    });
}

#[test]
fn a_score_is_the_mean_of_what_applies_in_each_slot() {
    run(&[1, 2, 3, 4], || {
        let last = Pov::last_final_slot().unwrap().0;
        Standings::set([(1, Permill::from_percent(80))].into());
        Bands::set([(last, Band::On), (last - 1, Band::Mid)].into());
        Flows::set([(1, flow(15_000, 5_000))].into());
        let price = TestPrices::price_of;
        let expected = [Band::On, Band::Mid]
            .map(|band| saving_score(800_000, Wh(5_000), price(band), price(Band::Off)))
            .iter()
            .sum::<u64>()
            + 2 * generation_score(800_000, Wh(10_000));
        assert_eq!(score(1), expected / 4);
        assert!(price(Band::On) > price(Band::Mid) && price(Band::Mid) > PricePerKwh(0));
    });
}

#[test]
fn without_a_meter_a_score_is_zero_and_shares_of_zeros_are_equal() {
    run(&[1, 2, 3, 4], || {
        assert!(Pov::scores().iter().all(|scored| scored.score == 0 && scored.reduced.is_none()));
        advance_sessions(1, &[]);
        assert!((1..=4).all(|who| slots(who) == 5));
    });
}

#[test]
fn readings_that_change_change_the_next_session() {
    run(&[1, 2, 3, 4], || {
        Flows::set([(1, flow(30_000, 0)), (2, flow(1_000, 0))].into());
        advance_sessions(1, &[]);
        let before = (slots(1), slots(2));
        Flows::set([(1, flow(1_000, 0)), (2, flow(30_000, 0))].into());
        assert_eq!((slots(1), slots(2)), before);
        advance_sessions(1, &[]);
        assert_eq!((slots(2), slots(1)), before);
        assert!(before.0 > before.1);
    });
}

#[test]
fn floor_and_largest_share_are_kept_and_give_way() {
    run(&[1, 2, 3, 4], || {
        Flows::set([(1, flow(1_000_000, 0))].into());
        advance_sessions(1, &[]);
        // Half of twenty at most; the others share alike.
        assert_eq!((1..=4).map(slots).collect::<Vec<_>>(), [10, 4, 3, 3]);
        let greedy = Rules { floor: 6, largest: Permill::from_percent(10), ..rules() };
        assert_ok!(Pov::set_rules(RuntimeOrigin::root(), greedy));
        advance_sessions(1, &[]);
        assert_eq!((1..=4).map(slots).collect::<Vec<_>>(), [5, 5, 5, 5]);
    });
    run(&[1], || {
        advance_sessions(2, &[]);
        assert_eq!(slots(1), SLOTS);
    });
}

#[test]
fn a_lapsed_credential_reduces_to_the_floor_at_once() {
    run(&[1, 2, 3, 4], || {
        Flows::set((1..=4).map(|who| (who, flow(20_000, 0))).collect());
        TestMembership::forbid(4, Role::Validate);
        advance_sessions(1, &[]);
        assert_eq!(reduction(4), Some(Reduction::NotPermitted));
        assert_eq!((1..=4).map(slots).collect::<Vec<_>>(), [6, 6, 6, 2]);
    });
}

#[test]
fn all_credentials_at_once_are_equal_shares_and_nobody_leaves() {
    run(&[1, 2, 3, 4], || {
        TestMembership::forbid_all(Role::Validate);
        advance_sessions(3, &[]);
        assert_eq!((1..=4).map(slots).collect::<Vec<_>>(), [5, 5, 5, 5]);
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
    });
}

#[test]
fn downtime_reduces_to_the_floor_for_one_session() {
    run(&[1, 2, 3, 4], || {
        Flows::set((1..=4).map(|who| (who, flow(20_000, 0))).collect());
        advance_sessions(1, &[]);
        assert_eq!(slots(3), 5);
        advance_sessions(1, &[3]);
        assert_eq!((reduction(3), slots(3)), (Some(Reduction::Downtime), 2));
        assert_eq!(Session::validators(), [1, 2, 3, 4]);
        advance_sessions(1, &[]);
        assert_eq!((reduction(3), slots(3)), (None, 5));
    });
}

#[test]
fn downtime_that_is_tolerated_changes_nothing() {
    run(&[1, 2, 3, 4], || {
        advance_sessions(1, &[]);
        let schedule = CurrentSchedule::<Test>::get().unwrap();
        let third = schedule.authors.iter().position(|author| author.who == 3).unwrap();
        let mut missed = 0;
        for position in 0..u64::from(SLOTS) {
            let slot = schedule.start.unwrap() + position;
            // Two of five slots missed.
            if usize::from(schedule.order[position as usize]) == third && missed < 2 {
                missed += 1;
                continue;
            }
            end_block();
            next_block(slot);
        }
        let past = PastSessions::<Test>::get(1).unwrap();
        assert_eq!(past.shares[third].due - past.shares[third].authored, 2);
        assert_eq!(reduction(3), None);
    });
}

#[test]
fn of_one_owner_only_the_first_validator_is_scored() {
    run(&[1, 2, 3, 4], || {
        Flows::set((1..=4).map(|who| (who, flow(20_000, 0))).collect());
        TestMembership::set_owner(4, owner(2));
        advance_sessions(1, &[]);
        assert_eq!(reduction(2), None);
        assert_eq!((reduction(4), slots(4)), (Some(Reduction::SameOwner), 2));
    });
}

#[test]
fn rules_out_of_range_are_refused_and_change_nothing() {
    run(&[1, 2, 3, 4], || {
        let bad = [
            Rules { floor: 0, ..rules() },
            Rules { floor: SLOTS + 1, ..rules() },
            Rules { largest: Permill::zero(), ..rules() },
            Rules { max_run: 0, ..rules() },
            Rules { window: 0, ..rules() },
            Rules { window: 33, ..rules() },
        ];
        for rules in bad {
            assert_noop!(
                Pov::set_rules(RuntimeOrigin::root(), rules),
                Error::<Test>::RulesOutOfRange
            );
        }
        assert_noop!(Pov::set_rules(RuntimeOrigin::signed(1), rules()), DispatchError::BadOrigin);
        assert_ok!(Pov::set_rules(RuntimeOrigin::root(), rules()));
        System::assert_last_event(Event::RulesSet { rules: rules() }.into());
    });
}

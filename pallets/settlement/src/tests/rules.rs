//! What the council may tune, and how far that reaches.

use super::*;
use crate::{MAX_RULE_CHANGES, RuleChanges, Rules};
use proptest::prelude::*;
use qedex_primitives::{Millis, Moment, Windows};
use qedex_primitives::{
    membership::{MAX_EXCLUSION, MIN_EXCLUSION},
    settlement::MAX_DEFAULTS,
};
use sp_runtime::{BuildStorage, Permill};

fn rules(offline_percent: u32) -> Rules {
    Rules { offline_share: Permill::from_percent(offline_percent), ..Default::default() }
}

fn set_rules(rules: Rules) -> DispatchResult {
    Settlement::set_rules(RuntimeOrigin::root(), rules)
}

/// How far back a slot may need the rules.
const SPAN: Millis = SLOT_LENGTH * Windows::MAX_SPAN as u64;

#[test]
fn each_rule_has_its_range() {
    let with = |offline_ppm, defaults_to_exclusion, exclusion| Rules {
        offline_share: Permill::from_parts(offline_ppm),
        defaults_to_exclusion,
        exclusion,
        ..Default::default()
    };
    let costing = |parts| Rules { shortfall_fee: Permill::from_parts(parts), ..Default::default() };
    let valid = [
        Rules::default(),
        with(10_000, 1, MIN_EXCLUSION),
        with(500_000, MAX_DEFAULTS, MAX_EXCLUSION),
        costing(0),
        costing(500_000),
        Rules { draw_chance: Permill::zero(), ..Default::default() },
        Rules { draw_chance: Permill::one(), ..Default::default() },
        Rules { default_share: Permill::one(), ..Default::default() },
    ];
    let invalid = [
        with(9_999, 2, MIN_EXCLUSION),
        with(500_001, 2, MIN_EXCLUSION),
        with(50_000, 0, MIN_EXCLUSION),
        with(50_000, MAX_DEFAULTS + 1, MIN_EXCLUSION),
        with(50_000, 2, MIN_EXCLUSION - 1),
        with(50_000, 2, MAX_EXCLUSION + 1),
        costing(500_001),
    ];
    build_and_execute(|| {
        for rules in valid {
            System::reset_events();
            assert_ok!(set_rules(rules));
            System::assert_last_event(Event::RulesChanged { rules }.into());
            assert_eq!(Settlement::rules(), rules);
        }
        for rules in invalid {
            assert_noop!(set_rules(rules), Error::<Test>::InvalidRules);
        }
    });
}

#[test]
fn the_defaults_are_those_of_the_design() {
    let rules = Rules::default();
    assert_eq!(rules.offline_share, Permill::from_percent(5));
    assert_eq!(rules.defaults_to_exclusion, 2);
    assert_eq!(rules.exclusion, 24 * 60 * 60 * 1_000);
    assert_eq!(rules.shortfall_fee, Permill::from_percent(10));
    assert_eq!(rules.draw_chance, Permill::from_percent(10));
    assert_eq!(rules.default_share, Permill::from_percent(10));
}

/// The fee would cost nothing where nothing of the deposit is left beside the harm.
#[test]
fn deposits_are_raised_before_the_fee_is() {
    build_and_execute(|| {
        Covered::set(Permill::from_percent(10));
        let costing =
            |percent| Rules { shortfall_fee: Permill::from_percent(percent), ..Default::default() };
        assert_noop!(set_rules(costing(11)), Error::<Test>::DepositsTooSmall);
        assert_ok!(set_rules(costing(10)));
    });
}

#[test]
fn only_the_council_sets_rules() {
    build_and_execute(|| {
        for origin in [RuntimeOrigin::signed(ANNA), RuntimeOrigin::none()] {
            assert_noop!(Settlement::set_rules(origin, Rules::default()), DispatchError::BadOrigin);
        }
    });
}

#[test]
#[should_panic(expected = "genesis: settlement")]
fn a_genesis_with_rules_out_of_range_is_refused() {
    let _ = crate::GenesisConfig::<Test> { rules: rules(0), ..Default::default() }.build_storage();
}

#[test]
fn a_slot_keeps_the_rules_under_which_its_gate_opened() {
    build_and_execute(|| {
        // The gate of the slot after the next two opens at this very moment.
        let slots = [0, 1, 2, 3].map(|n| SlotIndex(SLOT.0 + n));
        let gate = |slot| TestCalendar::schedule(slot).gate_opens;
        assert_eq!(gate(slots[3]), Now::get());
        assert_ok!(set_rules(rules(20)));
        Now::mutate(|now| *now += 1);
        assert_ok!(set_rules(rules(30)));
        for slot in slots {
            trade_in(slot, 0, ANNA, SELMA, 100);
        }
        let of = |slot| Books::<Test>::get(slot).unwrap().rules;
        assert_eq!(
            slots.map(of),
            [Rules::default(), Rules::default(), Rules::default(), rules(20)]
        );
        assert_eq!(Settlement::rules(), rules(30));
        // Later trades of a slot have the same.
        trade_in(slots[0], 1, BEN, SELMA, 100);
        assert_eq!(of(slots[0]), Rules::default());
    });
}

#[test]
fn the_rules_of_the_slot_set_bond_and_exclusion() {
    build_and_execute(|| {
        let strict = Rules {
            offline_share: Permill::from_percent(50),
            defaults_to_exclusion: 1,
            exclusion: MIN_EXCLUSION,
            ..Default::default()
        };
        assert_ok!(set_rules(strict));
        let slot = SlotIndex(SLOT.0 + 3);
        trade_in(slot, 0, ANNA, SELMA, 100);
        trade_in(slot, 1, BEN, SVEN, 100);
        // These hold for later slots only.
        Now::mutate(|now| *now += 1);
        assert_ok!(set_rules(Rules::default()));
        run_to_commitments(slot);
        assert_ok!(commit(SELMA, slot));
        run_to(TestCalendar::schedule(slot).readings_until);
        assert_eq!(Excluded::get(), [(SVEN, MIN_EXCLUSION)]);
        let at_stake = payment(1_000) + deposit(1_000);
        assert_eq!(Settlement::bond(slot, 0), Some(at_stake));
        assert_ok!(Settlement::complain(RuntimeOrigin::signed(ANNA), slot, 0));
        assert_eq!(on_hold(ANNA), payment(100) + at_stake);
    });
}

#[test]
fn of_two_changes_in_a_block_the_last_holds() {
    build_and_execute(|| {
        assert_ok!(set_rules(rules(20)));
        assert_ok!(set_rules(rules(30)));
        assert_eq!(
            RuleChanges::<Test>::get().into_inner(),
            [(0, Rules::default()), (Now::get(), rules(30))]
        );
    });
}

#[test]
fn changes_on_record_are_bounded_and_forgotten_when_no_slot_needs_them() {
    build_and_execute(|| {
        let first = Now::get();
        for n in 1..MAX_RULE_CHANGES {
            assert_ok!(set_rules(rules(n)));
            Now::mutate(|now| *now += 1_000);
        }
        assert_noop!(set_rules(rules(20)), Error::<Test>::TooManyChanges);
        // The second on record is as old as a slot can need; only the one before it is not needed.
        Now::set(first + SPAN - 1);
        assert_noop!(set_rules(rules(20)), Error::<Test>::TooManyChanges);
        Now::set(first + SPAN);
        assert_ok!(set_rules(rules(20)));
        assert_eq!(RuleChanges::<Test>::get()[0], (first, rules(1)));
        Now::mutate(|now| *now += 2 * SPAN);
        assert_ok!(set_rules(rules(21)));
        assert_eq!(
            RuleChanges::<Test>::get().into_inner(),
            [(first + SPAN, rules(20)), (Now::get(), rules(21))]
        );
    });
}

#[test]
fn the_invariants_notice_wrong_rules() {
    type Changes = Vec<(Moment, Rules)>;
    for changes in [
        Changes::new(),
        vec![(0, rules(0))],
        vec![(5, rules(5)), (5, rules(6))],
        vec![(6, rules(5)), (5, rules(6))],
    ] {
        build().execute_with(|| {
            assert_ok!(Settlement::do_try_state());
            RuleChanges::<Test>::put(frame_support::BoundedVec::truncate_from(changes));
            assert!(Settlement::do_try_state().is_err());
        });
    }
}

proptest! {
    /// What is forgotten is never needed: as if all changes were kept.
    #[test]
    fn any_slot_that_may_still_open_finds_its_rules(
        changes in prop::collection::vec((1..SPAN / 4, 1..=50_u32), 1..60),
        back in 0..=SPAN,
    ) {
        build_and_execute(|| {
            let mut all = vec![(0, Rules::default())];
            for (after, percent) in changes {
                Now::mutate(|now| *now += after);
                if set_rules(rules(percent)).is_ok() {
                    all.push((Now::get(), rules(percent)));
                }
                let moment = Now::get() - back;
                let (_, expected) = all.iter().rev().find(|(since, _)| *since <= moment).unwrap();
                assert_eq!(Settlement::rules_at(moment), *expected);
            }
        });
    }
}

//! The leader's terms: by the council, by the aggregator, by the rule for the default terms.

use super::*;
use crate::{ANNOUNCED_AHEAD, Announced, TermsRule};
use qedex_primitives::{Band, LeaderTerms};
use sp_runtime::Permill;

const RULE: TermsRule =
    TermsRule { mid_cap: price(320), on_cap: price(350), most_wh_per_key: Wh(1_500) };

/// A deposit that covers the harm at every grid price of the rule.
const COVERED: LeaderTerms = LeaderTerms { deposit_rate: Permill::from_percent(80), ..TERMS };

fn announce(who: AccountId, slot: SlotIndex, terms: LeaderTerms) -> DispatchResult {
    call(who, Call::announce_terms { slot, terms })
}

fn set_rule(rule: Option<TermsRule>) {
    assert_ok!(Auction::set_terms_rule(RuntimeOrigin::root(), rule));
}

fn leader_of(slot: SlotIndex) -> LeaderTerms {
    poll_at(schedule(slot).gate_opens);
    record(slot).terms.leader
}

#[test]
fn announced_terms_hold_for_their_slot_alone() {
    run(|| {
        let next = SLOT.next();
        let narrow = LeaderTerms { floor: price(100), cap: price(250), ..TERMS };
        assert_ok!(announce(AGGREGATOR, next.next(), narrow));
        assert_eq!(Auction::terms(next.next()), Some(narrow));
        assert_eq!(leader_of(next), TERMS);
        assert_eq!(leader_of(next.next()), narrow);
        assert_eq!(Announced::<Test>::iter().count(), 0);
        assert_eq!(leader_of(next.next().next()), TERMS);
    });
}

#[test]
fn only_the_aggregator_announces_and_only_for_slots_ahead() {
    run(|| {
        let next = SLOT.next();
        assert_noop!(announce(1, next, TERMS), Error::<Test>::NotPermitted);
        assert_noop!(announce(AGGREGATOR, SLOT, TERMS), Error::<Test>::NotAhead);
        let far = SlotIndex(next.0 + ANNOUNCED_AHEAD);
        assert_noop!(announce(AGGREGATOR, far, TERMS), Error::<Test>::NotAhead);
        // The gate is due, though no block has opened it.
        Clock::set(schedule(next).gate_opens);
        assert_noop!(announce(AGGREGATOR, next, TERMS), Error::<Test>::NotAhead);
    });
}

#[test]
fn announced_terms_stay_inside_what_the_council_allows() {
    run(|| {
        let next = SLOT.next();
        let beyond = [
            LeaderTerms { floor: price(79), ..COVERED },
            LeaderTerms { cap: price(301), ..COVERED },
            LeaderTerms { grid_fee: price(21), ..TERMS },
            LeaderTerms { least_order: Wh(300), ..TERMS },
            LeaderTerms { wh_per_key: Wh(1_001), ..TERMS },
        ];
        for terms in beyond {
            assert_noop!(announce(AGGREGATOR, next, terms), Error::<Test>::BeyondLimits);
        }
        let cheap = LeaderTerms { deposit_rate: Permill::from_percent(69), ..TERMS };
        assert_noop!(announce(AGGREGATOR, next, cheap), Error::<Test>::BeyondLimits);
        let bad = LeaderTerms { lot: Wh(0), ..TERMS };
        assert_noop!(announce(AGGREGATOR, next, bad), Error::<Test>::InconsistentTerms);
    });
}

#[test]
fn announced_terms_that_the_council_has_ruled_out_since_are_void() {
    run(|| {
        let next = SLOT.next();
        let low = LeaderTerms { floor: price(90), ..TERMS };
        assert_ok!(announce(AGGREGATOR, next, low));
        let higher = LeaderTerms { floor: price(95), ..TERMS };
        assert_ok!(Auction::set_terms(RuntimeOrigin::root(), higher));
        assert_eq!(leader_of(next), higher);
    });
}

#[test]
fn the_grid_price_follows_the_band() {
    ExtBuilder::default().terms(COVERED).build_and_execute(|| {
        set_rule(Some(RULE));
        let mut slot = SLOT;
        for (band, cap) in [(Band::Off, 300), (Band::Mid, 320), (Band::On, 350)] {
            BandOfAll::set(band);
            slot = slot.next();
            assert_eq!(leader_of(slot), LeaderTerms { cap: price(cap), ..COVERED });
        }
        set_rule(None);
        assert_eq!(leader_of(slot.next()), COVERED);
    });
}

#[test]
fn a_key_covers_more_after_slots_in_which_keys_were_scarce() {
    ExtBuilder::default().terms(COVERED).keys(1).build_and_execute(|| {
        set_rule(Some(RULE));
        let mut slot = SLOT;
        let mut stretched = vec![];
        for _ in 0..10 {
            // Twice as much as a key covers.
            assert_ok!(place_in(slot, 1, Side::Bid, price(300), 3_000));
            assert_ok!(place_in(slot, 2, Side::Ask, price(100), 3_000));
            poll_at(schedule(slot.next()).gate_opens);
            slot = slot.next();
            stretched.push(record(slot).terms.leader.wh_per_key.0);
        }
        // The gate of the third slot opens while the first one closes.
        assert_eq!(stretched[..4], [1_000, 1_000, 1_000, 1_250]);
        assert_eq!(stretched.last(), Some(&1_500), "{stretched:?}");
    });
}

#[test]
fn a_rule_whose_terms_contradict_themselves_is_refused() {
    run(|| {
        let root = RuntimeOrigin::root;
        for rule in [
            TermsRule { on_cap: price(90), ..RULE },
            TermsRule { most_wh_per_key: Wh(999), ..RULE },
            // At this grid price a deposit of 70 % does not cover the harm.
            TermsRule { on_cap: price(900), ..RULE },
        ] {
            assert_noop!(
                Auction::set_terms_rule(root(), Some(rule)),
                Error::<Test>::InconsistentTerms
            );
        }
        assert_noop!(
            Auction::set_terms_rule(RuntimeOrigin::signed(1), None),
            sp_runtime::DispatchError::BadOrigin
        );
    });
}

//! The one way of a slot's keys: promised, settled, released.

use super::*;
use crate::{InFlight, NextSlot};
use frame_support::{traits::Hooks, weights::Weight};
use qedex_primitives::{KeyAdmission, Leadership, SlotsInFlight};
use sp_runtime::Permill;

fn promised(slot: SlotIndex) -> Option<u64> {
    KeysPromised::get().get(&slot).copied()
}

/// Two buyers and two sellers of a kilowatt-hour each.
fn two_pairs() {
    for who in 1..=2 {
        bid(who, 300, 1_000);
        ask(who + 2, 100, 1_000);
    }
}

#[test]
fn keys_are_promised_at_the_gate_settled_at_clearing_and_released_at_the_end() {
    ExtBuilder::default().keys(10).build_and_execute(|| {
        assert_eq!((promised(SLOT), record(SLOT).terms.keys), (Some(10), 10));
        assert!(Auction::is_in_flight(SLOT) && !Auction::is_in_flight(SlotIndex(999)));
        two_pairs();
        close_gate();
        assert_eq!(promised(SLOT), Some(2), "eight can be promised again");
        poll_at(schedule(SLOT).final_at - 1);
        assert_eq!(promised(SLOT), Some(2));
        let end = schedule(SLOT).final_at;
        poll_at(end);
        assert_eq!(promised(SLOT), None);
        assert!(!Auction::is_in_flight(SLOT));
    });
}

#[test]
fn an_annulled_slot_gives_its_keys_back() {
    ExtBuilder::default().keys(10).build_and_execute(|| {
        two_pairs();
        poll_at(schedule(SLOT).delivery_starts);
        assert_eq!(promised(SLOT), Some(0));
    });
}

#[test]
fn what_a_standstill_leaves_unpaired_gives_its_keys_back() {
    run(|| {
        two_pairs();
        Clock::set(schedule(SLOT).gate_closes);
        let steps = |n| STEP.saturating_mul(n);
        poll_within(steps(1 + 3 + 1 + 4));
        assert_eq!(promised(SLOT), Some(2));
        Clock::set(schedule(SLOT).delivery_ends - 1);
        poll_within(steps(1 + 1 + 1 + 2));
        assert_eq!((trades().len(), promised(SLOT)), (1, Some(2)));
        poll_at(schedule(SLOT).delivery_ends);
        assert_eq!((trades().len(), promised(SLOT)), (1, Some(1)));
        let mut used = KeysUsed::get();
        used.retain(|(slot, _)| *slot == SLOT);
        assert_eq!(used, [(SLOT, 2), (SLOT, 1)]);
    });
}

#[test]
fn a_trade_that_is_refused_gives_its_key_back() {
    run(|| {
        RefusedBuyers::set(vec![1]);
        two_pairs();
        close_gate();
        assert_eq!((trades().len(), promised(SLOT)), (1, Some(1)));
    });
}

#[test]
fn a_slot_that_is_promised_nothing_goes_its_way_without_trades() {
    run(|| {
        KeysRefused::set(true);
        let next = SLOT.next();
        poll_at(schedule(next).gate_opens);
        assert_eq!((promised(next), record(next).terms.keys), (None, 0));
        for (who, side, limit) in [(1, Side::Bid, 300), (2, Side::Ask, 100)] {
            assert_ok!(place_in(next, who, side, price(limit), 1_000));
        }
        poll_at(schedule(next).gate_closes);
        assert_eq!((trades(), phase(next)), (vec![], Phase::Matched));
        nothing_is_left_in_the_book();
        poll_at(schedule(next).final_at);
        assert!(!Auction::is_in_flight(next));
    });
}

#[test]
fn the_work_on_keys_waits_for_its_weight() {
    run(|| {
        KeyWeight::set(STEP);
        let next = SLOT.next();
        Clock::set(schedule(next).gate_opens);
        let steps = |n| STEP.saturating_mul(n);
        poll_within(steps(1 + 1));
        assert!(!Auction::is_in_flight(next), "opening it takes two steps");
        poll_within(steps(1 + 2));
        assert!(Auction::is_in_flight(next));
        poll();
        // The end of a slot waits as well.
        Clock::set(schedule(SLOT).final_at);
        NextSlot::<Test>::put(SlotIndex(5_000));
        let looks = InFlight::<Test>::get().len() as u64;
        while phase(SLOT) != Phase::Matched {
            poll_within(steps(1 + looks + 1));
        }
        poll_within(steps(1 + 1));
        assert_eq!(promised(SLOT), Some(0));
        poll_within(steps(1 + 2));
        assert_eq!(promised(SLOT), None);
    });
}

#[test]
#[should_panic = "fits into a quarter of a block"]
fn work_on_keys_that_never_fits_is_noticed() {
    run(|| {
        KeyWeight::set(Weight::MAX);
        <Auction as Hooks<u64>>::integrity_test();
    });
}

#[test]
fn who_has_ever_announced_has_led_for_good() {
    run(|| {
        assert!(!Auction::has_led(&owner(AGGREGATOR)));
        let slot = SLOT.next();
        let admission = KeyAdmission { share: Permill::one(), wh_per_key: Wh(1_000) };
        assert_ok!(call(AGGREGATOR, Call::announce { slot, admission }));
        assert!(Auction::has_led(&owner(AGGREGATOR)));
        assert_ok!(call(AGGREGATOR, Call::withdraw_announcement { slot }));
        poll_at(schedule(slot).final_at);
        assert!(Auction::has_led(&owner(AGGREGATOR)));
        assert!(!Auction::has_led(&owner(1)));
    });
}

//! The leader leads by quantity: what it announces, and what a slot gets of it.

use super::*;
use crate::{ANNOUNCED_AHEAD, Announcements, CurrentLimits, MAX_FAILURES, StandingOrders};
use qedex_primitives::{KeyAdmission, LeaderLimits, Windows};
use sp_runtime::Permill;

/// A tenth of the keys at least; a key covers one to two kWh.
const LIMITS: LeaderLimits = LeaderLimits {
    least_share: Permill::from_percent(10),
    least_wh_per_key: Wh(1_000),
    most_wh_per_key: Wh(2_000),
};

fn admission(percent: u32, energy: u64) -> KeyAdmission {
    KeyAdmission { share: Permill::from_percent(percent), wh_per_key: Wh(energy) }
}

fn announce(who: AccountId, slot: SlotIndex, admission: KeyAdmission) -> DispatchResult {
    call(who, Call::announce { slot, admission })
}

/// A market with these limits and so many keys.
fn led(keys: u64, test: impl FnOnce()) {
    run(|| {
        CurrentLimits::<Test>::put(LIMITS);
        Keys::set(keys);
        test();
    });
}

/// Opens a slot: its keys, the energy per key, and who leads it.
fn opened(slot: SlotIndex) -> (u64, u64, bool) {
    poll_at(schedule(slot).gate_opens);
    let record = record(slot);
    (record.terms.keys, record.terms.leader.wh_per_key.0, record.leader.is_some())
}

#[test]
fn an_announcement_admits_its_share_for_its_slot_alone() {
    led(100, || {
        let next = SLOT.next();
        assert_ok!(announce(AGGREGATOR, next.next(), admission(50, 1_500)));
        assert_eq!(
            last_event(),
            Event::Announced { slot: next.next(), admission: admission(50, 1_500), by: AGGREGATOR }
        );
        assert_eq!(Auction::announcement(next.next()).unwrap().by, AGGREGATOR);
        assert_eq!(opened(next), (33, 1_000, false), "one part in three, at the least energy");
        assert_eq!(opened(next.next()), (50, 1_500, true));
        assert_eq!(Announcements::<Test>::iter().count(), 0);
        assert_eq!(opened(next.next().next()), (33, 1_000, false));
    });
}

#[test]
fn a_slot_gets_one_part_in_as_many_as_are_open_at_once() {
    led(100, || {
        let windows = Windows { gate_opens: 5, gate_closes: 3, ..Default::default() };
        assert_ok!(Auction::set_windows(RuntimeOrigin::root(), windows));
        assert_eq!(opened(SlotIndex(1_002)), (50, 1_000, false));
    });
}

#[test]
fn where_there_is_a_key_a_slot_gets_one() {
    led(2, || {
        let next = SLOT.next();
        assert_ok!(announce(AGGREGATOR, next, admission(10, 1_000)));
        assert_eq!(opened(next).0, 1, "a tenth of two");
        assert_eq!(opened(next.next()).0, 1, "a third of two");
        Keys::set(0);
        assert_eq!(opened(next.next().next()).0, 0);
    });
}

#[test]
fn only_the_aggregator_announces_and_only_for_slots_ahead() {
    led(100, || {
        let next = SLOT.next();
        let good = admission(50, 1_500);
        assert_noop!(announce(1, next, good), Error::<Test>::NotPermitted);
        assert_noop!(announce(AGGREGATOR, SLOT, good), Error::<Test>::NotAhead);
        let far = SlotIndex(next.0 + ANNOUNCED_AHEAD);
        assert_noop!(announce(AGGREGATOR, far, good), Error::<Test>::NotAhead);
        assert_ok!(announce(AGGREGATOR, SlotIndex(far.0 - 1), good));
        // The gate is due, though no block has opened it.
        Clock::set(schedule(next).gate_opens);
        assert_noop!(announce(AGGREGATOR, next, good), Error::<Test>::NotAhead);
        TestMembership::forget_owner(AGGREGATOR);
        let later = next.next().next();
        assert_noop!(announce(AGGREGATOR, later, good), Error::<Test>::NotPermitted);
    });
}

#[test]
fn announcements_stay_inside_what_the_council_allows() {
    led(100, || {
        let next = SLOT.next();
        for beyond in [admission(9, 1_500), admission(50, 999), admission(50, 2_001)] {
            assert_noop!(announce(AGGREGATOR, next, beyond), Error::<Test>::BeyondLimits);
        }
        for within in [admission(10, 1_000), admission(100, 2_000)] {
            assert_ok!(announce(AGGREGATOR, next, within));
        }
        CurrentLimits::<Test>::kill();
        let refused = announce(AGGREGATOR, next, admission(50, 1_500));
        assert_noop!(refused, Error::<Test>::BeyondLimits);
    });
}

#[test]
fn an_announcement_that_the_council_has_ruled_out_since_counts_as_none() {
    led(100, || {
        let next = SLOT.next();
        assert_ok!(announce(AGGREGATOR, next, admission(20, 1_500)));
        let higher = LeaderLimits { least_share: Permill::from_percent(25), ..LIMITS };
        assert_ok!(Auction::set_leader_limits(RuntimeOrigin::root(), higher));
        assert_eq!(opened(next), (33, 1_000, false));
        // Who does not lead may trade.
        TestMembership::permit(AGGREGATOR, Role::Trade);
        Free::insert(AGGREGATOR, ENDOWMENT);
        assert_ok!(place_in(next, AGGREGATOR, Side::Bid, price(200), 500));
    });
}

#[test]
fn an_announcement_of_who_has_lost_the_role_counts_as_none() {
    led(100, || {
        let next = SLOT.next();
        assert_ok!(announce(AGGREGATOR, next, admission(50, 1_500)));
        TestMembership::forbid(AGGREGATOR, Role::Aggregate);
        // And leaves its place to another one.
        TestMembership::permit(9, Role::Aggregate);
        assert_ok!(announce(9, next.next(), admission(50, 1_500)));
        assert_eq!(opened(next), (33, 1_000, false));
        assert_eq!(opened(next.next()), (50, 1_500, true));
    });
}

#[test]
fn nobody_is_let_out_of_leading_by_another_aggregator() {
    led(100, || {
        let next = SLOT.next();
        TestMembership::permit(9, Role::Aggregate);
        assert_ok!(announce(AGGREGATOR, next, admission(50, 1_500)));
        let refused = announce(9, next, admission(50, 1_500));
        assert_noop!(refused, Error::<Test>::LedByAnother);
        assert_ok!(announce(AGGREGATOR, next, admission(60, 1_500)));
        // Another account of the same owner may, and its owner leads as before.
        TestMembership::set_owner(9, owner(AGGREGATOR));
        assert_ok!(announce(9, next, admission(70, 1_500)));
        assert_eq!(opened(next), (70, 1_500, true));
        assert_eq!(record(next).leader, Some(owner(AGGREGATOR)));
    });
}

#[test]
fn the_owner_of_the_leader_has_no_orders_in_its_slot() {
    led(100, || {
        let (next, after) = (SLOT.next(), SLOT.next().next());
        // An account of the same owner that may trade, and has a standing order.
        TestMembership::set_owner(1, owner(AGGREGATOR));
        let order = NewOrder { side: Side::Bid, limit: price(200), energy: Wh(500) };
        assert_ok!(call(1, Call::set_standing_order { order }));
        for _ in 0..2 {
            assert_ok!(announce(AGGREGATOR, next, admission(50, 1_500)));
        }
        opened(next);
        for side in [Side::Bid, Side::Ask] {
            let refused = place_in(next, 1, side, price(200), 500);
            assert_noop!(refused, Error::<Test>::LeadsThisSlot);
        }
        assert_eq!(Orders::<Test>::iter().count(), 0, "nor its standing order");
        assert_eq!(StandingOrders::<Test>::get(1).unwrap().failures, 0);
        assert_ok!(place_in(SLOT, 1, Side::Bid, price(200), 500));
        opened(after);
        assert_eq!(Orders::<Test>::iter_prefix((after, Side::Bid)).count(), 1);
    });
}

#[test]
fn an_announcement_is_taken_back_until_the_gate_opens() {
    led(100, || {
        let (next, after) = (SLOT.next(), SLOT.next().next());
        let withdraw = |who, slot| call(who, Call::withdraw_announcement { slot });
        assert_noop!(withdraw(AGGREGATOR, next), Error::<Test>::NotAnnounced);
        assert_ok!(announce(AGGREGATOR, next, admission(50, 1_500)));
        // Another slot's place in the ring.
        let same_place = SlotIndex(next.0 + ANNOUNCED_AHEAD);
        assert_noop!(withdraw(AGGREGATOR, same_place), Error::<Test>::NotAnnounced);
        TestMembership::permit(9, Role::Aggregate);
        assert_noop!(withdraw(9, next), Error::<Test>::NotYourAnnouncement);
        assert_ok!(withdraw(AGGREGATOR, next));
        let withdrawn = Event::AnnouncementWithdrawn { slot: next, by: AGGREGATOR };
        assert_eq!(last_event(), withdrawn);
        assert_eq!(Announcements::<Test>::iter().count(), 0);
        assert_noop!(withdraw(AGGREGATOR, next), Error::<Test>::NotAnnounced);
        // Another one may lead now; its word is taken back by an account of its owner without the role.
        assert_ok!(announce(9, next, admission(40, 1_500)));
        TestMembership::set_owner(1, owner(9));
        assert_ok!(withdraw(1, next));
        assert_eq!(opened(next), (33, 1_000, false), "as if nothing had been announced");
        assert_ok!(announce(AGGREGATOR, after, admission(50, 1_500)));
        // The gate is due, though no block has opened it.
        Clock::set(schedule(after).gate_opens);
        assert_noop!(withdraw(AGGREGATOR, after), Error::<Test>::NotAhead);
        assert_eq!(opened(after), (50, 1_500, true));
        assert_noop!(withdraw(AGGREGATOR, after), Error::<Test>::NotAnnounced);
    });
}

#[test]
fn who_has_no_owner_that_is_known_takes_back_its_own_alone() {
    led(100, || {
        let next = SLOT.next();
        assert_ok!(announce(AGGREGATOR, next, admission(50, 1_500)));
        for who in [STRANGER, AGGREGATOR] {
            TestMembership::forget_owner(who);
        }
        let withdraw = |who| call(who, Call::withdraw_announcement { slot: next });
        assert_noop!(withdraw(STRANGER), Error::<Test>::NotYourAnnouncement);
        assert_ok!(withdraw(AGGREGATOR));
    });
}

#[test]
fn leading_every_slot_does_not_end_the_leaders_standing_order() {
    led(100, || {
        TestMembership::set_owner(1, owner(AGGREGATOR));
        let order = NewOrder { side: Side::Bid, limit: price(200), energy: Wh(500) };
        assert_ok!(call(1, Call::set_standing_order { order }));
        let mut slot = SLOT;
        for _ in 0..=MAX_FAILURES {
            slot = slot.next();
            assert_ok!(announce(AGGREGATOR, slot, admission(50, 1_500)));
            opened(slot);
        }
        assert!(StandingOrders::<Test>::contains_key(1));
    });
}

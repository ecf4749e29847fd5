//! How meters change keys and hands, and leave.

use super::*;
use crate::{ConnectionsOf, MAX_ASSIGNMENTS, MeterByKey};
use qedex_primitives::{Rated, Windows};

fn rated_out(account: AccountId, slot: SlotIndex) -> u64 {
    <Metering as Rated<AccountId>>::rated_out(&account, slot).0
}

/// The list of the connections of this account's owner.
fn list_of(account: AccountId) -> Vec<MeterId> {
    ConnectionsOf::<Test>::get(owner(account)).into_inner()
}

/// The first slot whose gate is closed still while `SLOT` is delivered.
const UNOPENED: SlotIndex = SlotIndex(SLOT.0 + 5);

#[test]
fn a_new_key_signs_from_the_first_unopened_slot_on_and_the_old_one_until_then() {
    run(|| {
        begin(SLOT);
        assert_ok!(rotate(BENS, "fresh"));
        let meter = Meters::<Test>::get(BENS).unwrap();
        let slots: Vec<_> =
            meter.assignments.iter().map(|one| (one.key, one.from, one.until)).collect();
        let (old, fresh) = (sr_key("bens"), sr_key("fresh"));
        assert_eq!(slots, [(old, SlotIndex(0), Some(UNOPENED)), (fresh, UNOPENED, None)]);
        assert_eq!(latest(BENS).account, BEN);
        let rotated = Event::KeyRotated { meter: BENS, key: fresh, from: UNOPENED };
        assert_eq!(events()[3], rotated);

        let last = SlotIndex(UNOPENED.0 - 1);
        open_window(last);
        refused(signed_by("fresh", BENS, last, 1), Error::BadSignature);
        submit(signed_by("bens", BENS, last, 1));
        open_window(UNOPENED);
        refused(signed_by("bens", BENS, UNOPENED, 1), Error::BadSignature);
        submit(signed_by("fresh", BENS, UNOPENED, 1));
        assert_eq!(delivered(BEN, last), Some(Wh(1)));
        assert_eq!(delivered(BEN, UNOPENED), Some(Wh(1)));
    });
}

#[test]
fn a_key_may_be_of_the_other_kind() {
    run(|| {
        begin(SLOT);
        assert_ok!(agree(Change::RotateKey { meter: BENS, key: ed_key("fresh") }));
        assert_eq!(MeterByKey::<Test>::get(ed_key("fresh")), Some(BENS));
    });
}

#[test]
fn a_rotated_out_key_is_not_used_again() {
    run(|| {
        begin(SLOT);
        assert_ok!(rotate(BENS, "fresh"));
        finalise(SLOT);
        assert_noop!(rotate(BENS, "bens"), Error::<Test>::KeyTaken);
        assert_noop!(rotate(FIRST, "bens"), Error::<Test>::KeyTaken);
        assert_noop!(register(CLARA, "bens"), Error::<Test>::KeyTaken);
        assert_eq!(MeterByKey::<Test>::get(sr_key("bens")), Some(BENS));
    });
}

#[test]
fn a_transfer_waits_for_the_first_slot_whose_gate_has_not_opened() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        let transferred = Event::MeterTransferred {
            meter: BENS,
            old_account: BEN,
            new_account: CLARA,
            owner: owner(CLARA),
            from: UNOPENED,
        };
        assert_eq!(events()[4], transferred);
        for (slot, owner, other) in [
            (SLOT, BEN, CLARA),
            (SlotIndex(UNOPENED.0 - 1), BEN, CLARA),
            (UNOPENED, CLARA, BEN),
            (UNOPENED.next(), CLARA, BEN),
        ] {
            open_window(slot);
            submit(reading(BENS, slot, 700, 0));
            assert_eq!(delivered(owner, slot), Some(Wh(700)), "{slot:?}");
            assert_eq!(delivered(other, slot), None, "{slot:?}");
        }
    });
}

#[test]
fn wider_gates_postpone_a_transfer() {
    run(|| {
        TestWindows::set(Windows { gate_opens: 10, ..Windows::default() });
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        assert_eq!(latest(BENS).from, later(SLOT, 11));
    });
}

#[test]
fn the_connections_of_both_owners_are_known_while_it_matters() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        assert_eq!(Metering::connections_of(&BEN), [BENS], "until it has passed on");
        assert_eq!(Metering::connections_of(&CLARA), [BENS]);
        begin(UNOPENED);
        assert_eq!(Metering::connections_of(&BEN), []);
        // The former one stays on the list for the bills of its slots,
        assert_eq!(list_of(BEN), [BENS]);
        // and leaves when an assignment needs the place of his.
        for number in 0..MAX_ASSIGNMENTS {
            finalise(later(UNOPENED, 20 * u64::from(number)));
            assert_ok!(transfer(BENS, if number % 2 == 0 { ANNA } else { CLARA }));
        }
        assert_eq!(list_of(BEN), []);
    });
}

#[test]
fn a_meter_may_return_to_its_owner() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        finalise(UNOPENED);
        assert_ok!(transfer(BENS, BEN));
        assert_eq!(list_of(BEN), [BENS]);
        assert_eq!(Metering::connections_of(&CLARA), [BENS], "until then");
    });
}

#[test]
fn another_account_of_the_owner_may_answer_for_a_meter() {
    run(|| {
        begin(SLOT);
        TestMembership::set_owner(CLARA, owner(BEN));
        // One owner is concerned, whose word is enough once.
        let id = filed(INSTALLER, Change::Transfer { meter: BENS, account: CLARA });
        assert_eq!(pending(id).new_owner, None);
        assert_ok!(confirm(CLARA, id));
        assert_noop!(confirm(BEN, id), Error::<Test>::AlreadyConfirmed);
        assert_ok!(confirm(SECOND_INSTALLER, id));
        assert_eq!((latest(BENS).account, latest(BENS).owner), (CLARA, owner(BEN)));
        open_window(UNOPENED);
        submit(reading(BENS, UNOPENED, 700, 0));
        assert_eq!(delivered(BEN, UNOPENED), Some(Wh(700)));
        assert_eq!(delivered(CLARA, UNOPENED), Some(Wh(700)));
    });
}

#[test]
fn other_ratings_hold_from_the_first_unopened_slot_on() {
    run(|| {
        begin(SLOT);
        assert_ok!(rate(BENS, 100, 200));
        let rated = Event::MeterRated { meter: BENS, ratings: rating(100, 200), from: UNOPENED };
        assert_eq!(events()[3], rated);
        let last = SlotIndex(UNOPENED.0 - 1);
        assert_eq!(rated_out(BEN, last), RATING.0);
        assert_eq!(rated_out(BEN, UNOPENED), 100);
        open_window(last);
        submit(reading(BENS, last, RATING.0, 0));
        open_window(UNOPENED);
        refused(reading(BENS, UNOPENED, 101, 0), Error::OverRating);
        refused(reading(BENS, UNOPENED, 0, 201), Error::OverRating);
        assert_eq!(Metering::known_flow(&BEN, UNOPENED).unwrap().consumed, crate::HOUSEHOLD);
        submit(reading(BENS, UNOPENED, 100, 200));
    });
}

#[test]
fn what_is_rated_out_is_the_sum_over_the_owner_s_connections_of_the_slot() {
    run(|| {
        begin(SLOT);
        assert_eq!(rated_out(ANNA, SLOT), 2 * RATING.0);
        assert_eq!(rated_out(CARRIER, SLOT), 0);
        assert_eq!(rated_out(99, SLOT), 0, "who has no owner has nothing");
        assert_ok!(decommission(SECOND));
        assert_ok!(agree(behind(ANNA, "plant", "first")));
        assert_eq!(rated_out(ANNA, SLOT), 2 * RATING.0);
        assert_eq!(rated_out(ANNA, UNOPENED), RATING.0);
    });
}

#[test]
fn a_decommissioned_meter_reads_no_slot_from_then_on() {
    run(|| {
        begin(SLOT);
        assert_ok!(decommission(BENS));
        let ended = Event::MeterDecommissioned { meter: BENS, from: UNOPENED };
        assert_eq!(events()[3], ended);
        let last = SlotIndex(UNOPENED.0 - 1);
        open_window(last);
        submit(reading(BENS, last, 700, 0));
        assert_eq!(delivered(BEN, last), Some(Wh(700)));
        open_window(UNOPENED);
        refused(reading(BENS, UNOPENED, 700, 0), Error::Decommissioned);
        assert_eq!(delivered(BEN, UNOPENED), None);
        assert_eq!(Metering::connections_of(&BEN), []);
    });
}

#[test]
fn the_other_connections_of_an_owner_speak_for_it_after_a_decommissioning() {
    run(|| {
        begin(SLOT);
        assert_ok!(decommission(SECOND));
        open_window(UNOPENED);
        submit(reading(FIRST, UNOPENED, 700, 0));
        assert_eq!(delivered(ANNA, UNOPENED), Some(Wh(700)));
    });
}

#[test]
fn a_decommissioned_meter_stays_so() {
    run(|| {
        begin(SLOT);
        assert_ok!(decommission(BENS));
        finalise(later(UNOPENED, 20));
        assert_noop!(decommission(BENS), Error::<Test>::Decommissioned);
        assert_noop!(transfer(BENS, CLARA), Error::<Test>::Decommissioned);
        assert_noop!(rotate(BENS, "fresh"), Error::<Test>::Decommissioned);
        assert_noop!(rate(BENS, 1, 1), Error::<Test>::Decommissioned);
    });
}

/// Rates a meter anew in each of as many slots as assignments are kept beside the first one.
fn rate_in_slot_after_slot(meter: MeterId) {
    for number in 1..MAX_ASSIGNMENTS {
        begin(later(SLOT, u64::from(number) - 1));
        assert_ok!(rate(meter, u64::from(number), 1));
    }
}

#[test]
fn a_meter_changes_in_as_many_slots_as_assignments_are_kept_before_anything_is_final() {
    run(|| {
        rate_in_slot_after_slot(BENS);
        begin(later(SLOT, 7));
        let full = || Error::<Test>::UnfinishedAssignments;
        assert_noop!(rate(BENS, 99, 1), full());
        assert_noop!(transfer(BENS, CLARA), full());
        assert_noop!(rotate(BENS, "fresh"), full());
        // The first of them ends before the first unopened slot of then.
        let last = SlotIndex(UNOPENED.0 - 1);
        finalise(later(last, SCORED));
        Now::mutate(|now| *now -= 1);
        assert_noop!(rate(BENS, 99, 1), full());
        finalise(later(last, SCORED));
        Oldest::set(Some(last));
        assert_noop!(rate(BENS, 99, 1), full());
        Oldest::set(Some(UNOPENED));
        assert_ok!(rate(BENS, 99, 1));
        // In the same slot it needs no other place, nor does the end of a service in any.
        assert_ok!(rate(BENS, 98, 1));
        begin(later(SLOT, 16 + SCORED));
        assert_ok!(decommission(BENS));
    });
}

#[test]
fn every_assignment_that_is_kept_judges_its_own_slots() {
    run(|| {
        rate_in_slot_after_slot(BENS);
        for number in 1..MAX_ASSIGNMENTS {
            let slot = later(UNOPENED, u64::from(number) - 1);
            open_window(slot);
            refused(reading(BENS, slot, u64::from(number) + 1, 0), Error::OverRating);
            submit(reading(BENS, slot, u64::from(number), 0));
        }
    });
}

#[test]
fn a_change_that_has_not_begun_gives_way_to_the_next_one() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, CLARA));
        assert_ok!(rotate(BENS, "fresh"));
        let meter = Meters::<Test>::get(BENS).unwrap();
        let kept: Vec<_> = meter
            .assignments
            .iter()
            .map(|one| (one.account, one.key, one.from, one.until))
            .collect();
        assert_eq!(
            kept,
            [
                (BEN, sr_key("bens"), SlotIndex(0), Some(UNOPENED)),
                (CLARA, sr_key("fresh"), UNOPENED, None),
            ]
        );
        // She hands it on before she has had it.
        assert_ok!(transfer(BENS, ANNA));
        assert_eq!(list_of(CLARA), []);
        assert_eq!(list_of(ANNA), [FIRST, SECOND, BENS]);
        assert_eq!(list_of(BEN), [BENS]);
    });
}

#[test]
fn a_new_meter_is_changed_before_it_has_begun() {
    run(|| {
        begin(SLOT);
        assert_ok!(register(CLARA, "new"));
        let new = MeterId(3);
        assert_ok!(rotate(new, "newer"));
        let meter = Meters::<Test>::get(new).unwrap();
        let slots: Vec<_> = meter.assignments.iter().map(|one| (one.key, one.from)).collect();
        assert_eq!(slots, [(sr_key("newer"), UNOPENED)]);
        // It serves for one slot at least.
        assert_ok!(decommission(new));
        assert_eq!(latest(new).until, Some(UNOPENED.next()));
    });
}

#[test]
fn an_end_is_not_put_off_by_other_changes() {
    run(|| {
        begin(SLOT);
        for number in 1..20 {
            assert_ok!(rate(BENS, number, 1));
        }
        assert_ok!(decommission(BENS));
        let meter = Meters::<Test>::get(BENS).unwrap();
        assert_eq!(meter.assignments.len(), 1);
        assert_eq!(latest(BENS).until, Some(UNOPENED));
    });
}

#[test]
fn a_change_names_a_meter_that_exists_and_something_else_than_it_has() {
    run(|| {
        begin(SLOT);
        let unknown = || Error::<Test>::UnknownMeter;
        assert_noop!(rotate(MeterId(9), "fresh"), unknown());
        assert_noop!(transfer(MeterId(9), CLARA), unknown());
        assert_noop!(rate(MeterId(9), 1, 1), unknown());
        assert_noop!(decommission(MeterId(9)), unknown());
        assert_noop!(transfer(BENS, BEN), Error::<Test>::SameAccount);
        assert_noop!(rate(BENS, RATING.0, RATING.0), Error::<Test>::SameRatings);
        assert_noop!(transfer(BENS, 99), Error::<Test>::UnknownOwner);
    });
}

#[test]
fn former_connections_count_among_an_owners_until_their_last_slot_is_final_and_scored() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, ANNA));
        // Anna has three now, which is all that she can have.
        assert_ok!(decommission(SECOND));
        let full = || Error::<Test>::TooManyConnections;
        assert_noop!(register(ANNA, "new"), full());
        let last = SlotIndex(UNOPENED.0 - 1);
        finalise(later(last, SCORED));
        Now::mutate(|now| *now -= 1);
        assert_noop!(register(ANNA, "new"), full());
        finalise(later(last, SCORED));
        assert_ok!(register(ANNA, "new"));
        assert_eq!(list_of(ANNA), [FIRST, BENS, MeterId(3)]);
    });
}

//! The thief's own sequences, and what each still earns. Prices are those of the presets: in the middle
//! of the corridor a seller gets 0.18 QED per kWh, and what is missing costs its buyer up to 0.28.

use super::*;
use qedex_primitives::{BillAudit, BillError, Calendar, EnergyFlow, Rated};

/// The first slot whose gate is closed still while `SLOT` is delivered.
const UNOPENED: SlotIndex = SlotIndex(SLOT.0 + 5);

fn flow(account: AccountId, slot: SlotIndex) -> Option<qedex_primitives::Totals> {
    <Metering as EnergyFlow<AccountId>>::flow(&account, slot)
}

/// What one installer, alone, gets of anything: a change that waits.
fn comes_to_nothing(change: Change<AccountId>) {
    let id = filed(INSTALLER, change);
    assert_noop!(confirm(INSTALLER, id), Error::<Test>::NotIndependent);
    assert!(is_pending(id));
}

/// Audit 2, first trick: 3.0 QED before, nothing now.
#[test]
fn an_installer_voids_nobody_s_signature_by_a_new_key() {
    run(|| {
        begin(SLOT);
        // Ben has sold in the slots to come. An accomplice has bought, and would complain.
        comes_to_nothing(Change::RotateKey { meter: BENS, key: sr_key("thief's") });
        for n in 0..8 {
            let slot = later(SLOT, n);
            open_window(slot);
            refused(signed_by("thief's", BENS, slot, 0), Error::BadSignature);
            submit(reading(BENS, slot, 700, 0));
            assert_eq!(delivered(BEN, slot), Some(Wh(700)));
        }
    });
}

/// Even with a second installer and a council in league, no slot that is on sale is touched, and an
/// owner that looks once a day refuses it.
#[test]
fn a_new_key_touches_no_slot_that_is_on_sale() {
    run(|| {
        begin(SLOT);
        let id = filed(INSTALLER, Change::RotateKey { meter: BENS, key: sr_key("thief's") });
        assert_ok!(confirm(SECOND_INSTALLER, id));
        assert_noop!(stand_in(id, Party::Owner), Error::<Test>::OwnerMayStillAnswer);
        sleep_on_it();
        let now = TestCalendar::current_slot();
        assert_ok!(stand_in(id, Party::Owner));
        for n in 0..5 {
            open_window(later(now, n));
            submit(reading(BENS, later(now, n), 700, 0));
        }
        open_window(later(now, 5));
        refused(reading(BENS, later(now, 5), 700, 0), Error::BadSignature);
    });
}

/// Audit 2, second trick: eight mute meters shut a seller out for 0.115 QED each.
#[test]
fn an_installer_puts_no_mute_meter_on_a_seller() {
    run(|| {
        begin(SLOT);
        for number in 0..3 {
            comes_to_nothing(registration(BEN, &format!("mute-{number}")));
        }
        assert_eq!(Metering::connections_of(&BEN), [BENS]);
        open_window(UNOPENED);
        submit(reading(BENS, UNOPENED, 700, 0));
        assert_eq!(delivered(BEN, UNOPENED), Some(Wh(700)));
        // Nor do they keep a real one away.
        assert_ok!(agree_with(SECOND_INSTALLER, THIRD_INSTALLER, registration(BEN, "real")));
        // One behind its connection, to which it might agree, is on no bill and is missed by nobody.
        let id = filed(SECOND_INSTALLER, behind(BEN, "mute", "bens"));
        assert_ok!(confirm(BEN, id));
        assert_ok!(confirm(THIRD_INSTALLER, id));
        let slot = later(UNOPENED, 8);
        open_window(slot);
        let bill = vec![reading(BENS, slot, 700, 0), signed_by("real", MeterId(3), slot, 0)];
        let bill = bill.try_into().unwrap();
        assert_eq!(<Metering as BillAudit<AccountId>>::audit(&BEN, slot, &bill), Ok(Wh(700)));
    });
}

/// Audit 2, third trick: a validator's silence counted a gigawatt-hour a slot.
#[test]
fn an_installer_lets_no_competitor_seem_to_consume_a_gigawatt_hour() {
    run(|| {
        begin(SLOT);
        let kind = MeterKind::Connection(connection("imagined"));
        let ratings = MeterRatings { out: Wh(1), into: crate::MAX_RATING };
        let key = sr_key("mute");
        comes_to_nothing(Change::Register { account: BEN, key, kind, ratings });
        comes_to_nothing(Change::Rate { meter: BENS, ratings });
        open_window(UNOPENED);
        assert_eq!(flow(BEN, UNOPENED).unwrap().consumed, RATING);
    });
}

/// Audit 2, fourth trick: 1.8 QED per 10 kWh and slot, for twelve slots at least.
#[test]
fn an_installer_hands_no_plant_to_an_accomplice_and_no_load_to_a_victim() {
    run(|| {
        begin(SLOT);
        // Clara is the accomplice, and agrees to anything.
        for (meter, account) in [(BENS, CLARA), (FIRST, BEN)] {
            let id = filed(INSTALLER, Change::Transfer { meter, account });
            let owner = latest(meter).account;
            if account == CLARA {
                assert_ok!(confirm(CLARA, id));
            } else {
                assert_ok!(confirm(owner, id));
            }
            // A second installer in league is not enough either: a victim's word is lacking.
            assert_ok!(confirm(SECOND_INSTALLER, id));
            assert!(is_pending(id));
        }
        open_window(UNOPENED);
        submit(reading(BENS, UNOPENED, 700, 0));
        assert_eq!((delivered(BEN, UNOPENED), delivered(CLARA, UNOPENED)), (Some(Wh(700)), None));
    });
}

/// Audit 2, fifth trick: perfect evidence for energy that never was, 540 QED a day.
#[test]
fn an_installer_registers_no_meter_made_of_software_for_an_accomplice() {
    run(|| {
        begin(SLOT);
        let id = filed(INSTALLER, registration(CLARA, "software"));
        assert_ok!(confirm(CLARA, id));
        assert!(is_pending(id));
        assert_eq!(<Metering as Rated<AccountId>>::rated_out(&CLARA, UNOPENED), Wh(0));
        open_window(UNOPENED);
        refused(signed_by("software", MeterId(3), UNOPENED, 5_000), Error::UnknownMeter);
        // What stays open: with a second installer in league it sells what it is rated for, and all
        // three are on record with the meter.
        assert_ok!(confirm(SECOND_INSTALLER, id));
        let made = latest(MeterId(3));
        assert_eq!(made.owner, owner(CLARA));
        assert_eq!(made.installer, installer(INSTALLER));
        assert_eq!(made.second, Some(installer(SECOND_INSTALLER)));
    });
}

/// Audit a: one installer decided a trade by a correction, its own purchase included.
#[test]
fn a_correction_decides_no_trade() {
    run(|| {
        submit(reading(BENS, SLOT, 5_000, 0));
        // The installer has bought of Ben, and would be compensated for what is missing.
        assert_ok!(record(SECOND_INSTALLER, BENS, 0, 5_000));
        assert_eq!(delivered(BEN, SLOT), Some(Wh(5_000)));
        freeze(SLOT);
        assert_eq!(delivered(BEN, SLOT), Some(Wh(5_000)));
        let bill = vec![reading(BENS, SLOT, 5_000, 0)].try_into().unwrap();
        assert_eq!(<Metering as BillAudit<AccountId>>::audit(&BEN, SLOT, &bill), Ok(Wh(5_000)));
    });
}

/// Audit 11: an accomplice "corrects" 5,000 Wh to 4,999, and the honest installer came too late.
#[test]
fn an_accomplice_s_correction_takes_no_honest_one_s_place() {
    run(|| {
        submit(reading(BENS, SLOT, 5_000, 0));
        assert_ok!(record(INSTALLER, BENS, 4_999, 0));
        freeze(SLOT);
        assert_ok!(record(SECOND_INSTALLER, BENS, 0, 0));
        let [told] = Metering::readings_of(BENS, SLOT, SLOT.next()).try_into().unwrap();
        let said: Vec<_> = told.corrections.iter().map(|one| one.flow.generated.0).collect();
        assert_eq!(said, [4_999, 0]);
    });
}

/// Audit b: a thief's change was locked in for twelve slots, and nobody could undo it.
#[test]
fn a_thief_s_change_is_undone_at_once() {
    run(|| {
        begin(SLOT);
        // All three are in league, or were deceived.
        assert_ok!(transfer(BENS, CLARA));
        assert_ok!(rotate(BENS, "thief's"));
        // It is noticed in the same slot. Two honest installers and the council end it, whatever its
        // owner says, and the connection is free for an honest meter from the same slot on.
        let id = filed(SECOND_INSTALLER, Change::Decommission { meter: BENS });
        assert_ok!(confirm(THIRD_INSTALLER, id));
        assert_noop!(Metering::refuse_change(signed(CLARA), id), Error::<Test>::CannotBeRefused);
        assert_ok!(stand_in(id, Party::Owner));
        // It has not served the thief in any slot.
        assert_eq!((latest(BENS).account, latest(BENS).until), (BEN, Some(UNOPENED)));
        assert_eq!(Metering::connections_of(&CLARA), []);
        let kind = MeterKind::Connection(connection("bens"));
        let key = sr_key("honest");
        let anew = Change::Register { account: BEN, key, kind, ratings: RATINGS };
        assert_ok!(agree_with(SECOND_INSTALLER, THIRD_INSTALLER, anew));
        assert_eq!(latest(MeterId(3)).from, UNOPENED);
    });
}

/// Audit 10: the sold-twice roof, two accounts of one owner. The roof has a meter of its own on one
/// account, and the house one on the other: 0.18 QED per kWh that the house used itself before.
#[test]
fn a_roof_is_not_sold_twice_by_two_accounts_of_one_owner() {
    run(|| {
        begin(SLOT);
        TestMembership::set_owner(CLARA, owner(BEN));
        // House and roof are at one connection, so the roof's meter sits behind it.
        let kind = MeterKind::Connection(connection("bens"));
        let key = sr_key("roof");
        let roof = Change::Register { account: CLARA, key, kind, ratings: RATINGS };
        assert_noop!(agree(roof), Error::<Test>::ConnectionTaken);
        assert_ok!(agree(behind(CLARA, "roof", "bens")));
        open_window(UNOPENED);
        submit(signed_by("roof", MeterId(3), UNOPENED, 3_000));
        // The house uses 2,300 of them; 700 leave.
        submit(reading(BENS, UNOPENED, 700, 0));
        assert_eq!(delivered(BEN, UNOPENED), Some(Wh(700)));
        assert_eq!(delivered(CLARA, UNOPENED), Some(Wh(700)), "the same ones");
        assert_eq!(<Metering as Rated<AccountId>>::rated_out(&CLARA, UNOPENED), RATING);
    });
}

/// The same by two persons: earns nothing while both are honest about the connection. Under a made-up
/// number two installers have to be in league with them: what they sell is what the roof is rated for.
#[test]
fn a_roof_is_not_sold_twice_by_two_persons() {
    run(|| {
        begin(SLOT);
        assert_ok!(agree(behind(CLARA, "roof", "bens")));
        open_window(UNOPENED);
        submit(signed_by("roof", MeterId(3), UNOPENED, 3_000));
        submit(reading(BENS, UNOPENED, 700, 0));
        assert_eq!(delivered(BEN, UNOPENED), Some(Wh(700)));
        assert_eq!(delivered(CLARA, UNOPENED), None);
        assert_eq!(flow(CLARA, UNOPENED), None);
        assert_eq!(<Metering as Rated<AccountId>>::rated_out(&CLARA, UNOPENED), Wh(0));
        let bill = vec![signed_by("roof", MeterId(3), UNOPENED, 3_000)].try_into().unwrap();
        let audit = <Metering as BillAudit<AccountId>>::audit(&CLARA, UNOPENED, &bill);
        assert_eq!(audit, Err(BillError::WrongMeters));
    });
}

/// The same by an unregistered load. At the connection it is in what the meter reads, and earns
/// nothing; at a connection of its own it is another customer of the grid, who pays the grid.
#[test]
fn an_unregistered_load_behind_the_connection_is_in_what_its_meter_reads() {
    run(|| {
        // 3,000 on the roof, 2,300 used by a load that nobody registered: this is what leaves.
        submit(reading(BENS, SLOT, 700, 0));
        assert_eq!(delivered(BEN, SLOT), Some(Wh(700)));
        // Had it been in the same slot in and out, it is netted at the connection.
        submit(reading(FIRST, SLOT, 3_000, 2_300));
        submit(reading(SECOND, SLOT, 0, 0));
        assert_eq!(delivered(ANNA, SLOT), Some(Wh(700)));
    });
}

/// Audit 16: gates were opened to c + 20 and the windows shortened; a change landed at c + 5.
#[test]
fn shorter_windows_let_no_change_land_in_a_slot_that_is_on_sale() {
    run(|| {
        begin(SLOT);
        Next::set(Some(later(SLOT, 21)));
        for change in [
            Change::RotateKey { meter: BENS, key: sr_key("fresh") },
            Change::Transfer { meter: FIRST, account: CLARA },
            Change::Decommission { meter: SECOND },
        ] {
            assert_ok!(agree(change));
        }
        open_window(later(SLOT, 20));
        for reading in [BENS, FIRST, SECOND].map(|id| reading(id, later(SLOT, 20), 700, 0)) {
            submit(reading);
        }
        assert_eq!(delivered(BEN, later(SLOT, 20)), Some(Wh(700)));
        assert_eq!(delivered(ANNA, later(SLOT, 20)), Some(Wh(1_400)));
    });
}

/// Audit j: a slot was closed, and wider windows opened it again for a late reading.
#[test]
fn wider_windows_open_no_slot_again_that_was_closed() {
    use frame_support::{
        traits::Hooks,
        weights::{Weight, WeightMeter},
    };
    use qedex_primitives::Windows;
    run(|| {
        let poll = || Metering::on_poll(1, &mut WeightMeter::with_limit(Weight::MAX));
        begin(SLOT);
        poll();
        freeze(SLOT);
        poll();
        TestWindows::set(Windows { readings_until: 8, complaints_until: 9, ..Windows::default() });
        assert!(TestCalendar::schedule(SLOT).is_reading_window(Now::get()));
        refused(reading(BENS, SLOT, 700, 0), Error::NotInReadingWindow);
        assert_eq!(delivered(BEN, SLOT), None);
        // The slot after it was not closed yet.
        submit(reading(BENS, SLOT.next(), 700, 0));
    });
}

/// What was delivered while the chain was being started is read like everything else.
#[test]
fn a_slot_from_before_the_first_block_takes_readings_in_its_window() {
    use frame_support::{traits::Hooks, weights::WeightMeter};
    run(|| {
        open_window(SLOT);
        Metering::on_poll(1, &mut WeightMeter::new());
        assert!(crate::Agenda::<Test>::get().unwrap().close > SLOT);
        submit(reading(BENS, SLOT, 700, 0));
    });
}

/// A found-out meter whose owner confirms nothing.
#[test]
fn a_found_out_meter_is_ended_against_its_owner() {
    run(|| {
        begin(SLOT);
        let id = filed(INSTALLER, Change::Decommission { meter: BENS });
        assert_ok!(confirm(SECOND_INSTALLER, id));
        assert!(is_pending(id), "the owner says nothing");
        assert_noop!(Metering::refuse_change(signed(BEN), id), Error::<Test>::CannotBeRefused);
        assert_ok!(stand_in(id, Party::Owner));
        open_window(UNOPENED);
        refused(reading(BENS, UNOPENED, 700, 0), Error::Decommissioned);
        assert_eq!(delivered(BEN, UNOPENED), None);
    });
}

/// A village with one installer: the council stands for the second one, and the owner has to agree.
#[test]
fn a_village_with_one_installer_goes_on_with_its_council() {
    run(|| {
        begin(SLOT);
        TestMembership::forbid_all(Role::InstallMeters);
        TestMembership::permit(INSTALLER, Role::InstallMeters);
        let id = filed(INSTALLER, registration(CLARA, "new"));
        assert_ok!(stand_in(id, Party::SecondInstaller));
        assert_ok!(confirm(CLARA, id));
        assert_eq!(Metering::connections_of(&CLARA), [MeterId(3)]);
        // What it cannot do is to end a meter against its owner: one installer and the council are
        // not enough, however long they wait.
        let id = filed(INSTALLER, Change::Decommission { meter: BENS });
        assert_ok!(stand_in(id, Party::Owner));
        sleep_on_it();
        assert_noop!(stand_in(id, Party::SecondInstaller), Error::<Test>::CouncilStandsAlready);
        assert!(is_pending(id));
    });
}

/// Pendings as spam: so many at a time, each with a bond, and none in anybody's way.
#[test]
fn pendings_are_no_spam() {
    run(|| {
        begin(SLOT);
        TestMembership::set_owner(THIRD_INSTALLER, owner(INSTALLER));
        for number in 0..MOST_PENDING {
            let by = if number % 2 == 0 { INSTALLER } else { THIRD_INSTALLER };
            filed(by, registration(BEN, &format!("spam-{number}")));
        }
        let full = || Error::<Test>::TooManyPending;
        for by in [INSTALLER, THIRD_INSTALLER] {
            assert_noop!(propose(by, registration(BEN, "more")), full());
        }
        // Another owner's are not kept out, and what was filed takes no place.
        TestMembership::permit(CARRIER, Role::InstallMeters);
        let mine = registration(BEN, "spam-0");
        assert_ok!(agree_with(SECOND_INSTALLER, CARRIER, mine));
        // Its victim refuses what is left of it, or anyone clears it a week later.
        assert_ok!(Metering::refuse_change(signed(BEN), ChangeId(0)));
        assert_ok!(propose(INSTALLER, registration(BEN, "again")));
        Now::mutate(|now| *now += LIFETIME * SLOT_LENGTH);
        for id in [1, 2, 3, 5] {
            assert_ok!(Metering::clear_change(signed(BEN), ChangeId(id)));
        }
        assert_eq!(PendingChanges::<Test>::iter().count(), 0);
    });
}

/// The silence of a connection lowers its owner's score as long as the slot is scored: not even changes
/// that push the connection off all lists let it be forgotten earlier.
#[test]
fn silence_is_not_forgotten_with_the_connection_that_was_silent() {
    run(|| {
        begin(SLOT);
        assert_ok!(transfer(BENS, ANNA));
        assert_ok!(decommission(SECOND));
        // She has three connections, which is all that she can have, and says nothing by one of them.
        let last = SlotIndex(UNOPENED.0 - 1);
        open_window(last);
        submit(reading(FIRST, last, 900, 100));
        let told = flow(ANNA, last).unwrap();
        assert_eq!((told.surplus, told.consumed, told.readings), (Wh(800), Wh(5_100), 2));
        for slot in 0..=SCORED {
            finalise(later(last, slot));
            assert_eq!(flow(ANNA, last), Some(told));
            // The last of these slots has just become final, and the first one is scored no more.
            assert_eq!(register(ANNA, "new").is_ok(), slot == SCORED);
        }
        assert_eq!(flow(ANNA, last).unwrap().consumed, Wh(100));
    });
}

/// The same by changes of one meter, of which as many are remembered as there is room for.
#[test]
fn silence_is_not_forgotten_with_the_rating_that_it_cost() {
    run(|| {
        for number in 1..crate::MAX_ASSIGNMENTS {
            begin(later(SLOT, u64::from(number) - 1));
            assert_ok!(rate(BENS, 1, u64::from(number)));
        }
        let last = SlotIndex(UNOPENED.0 - 1);
        for slot in 0..=SCORED {
            finalise(later(last, slot));
            assert_eq!(flow(BEN, last).unwrap().consumed, RATING);
            assert_eq!(rate(BENS, 2, 2).is_ok(), slot == SCORED);
        }
        assert_eq!(flow(BEN, last), None);
    });
}

/// A connection that takes energy in has its own demand, and lowers nobody's export at another one,
/// whether it speaks or not.
#[test]
fn neither_silence_nor_demand_at_one_connection_is_export_at_another() {
    run(|| {
        submit(reading(FIRST, SLOT, 900, 100));
        let silent = flow(ANNA, SLOT).unwrap();
        submit(reading(SECOND, SLOT, 0, 300));
        let told = flow(ANNA, SLOT).unwrap();
        assert_eq!((silent.surplus, told.surplus), (Wh(800), Wh(800)));
        assert_eq!((silent.consumed, told.consumed), (Wh(100 + RATING.0), Wh(400)));
        assert_eq!(delivered(ANNA, SLOT), Some(told.surplus), "as settlement has it");
    });
}

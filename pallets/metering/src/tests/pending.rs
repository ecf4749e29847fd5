//! How changes wait for their confirmations.

mod ends;

use super::*;
use crate::{ChangeBonds, ChangesOf, HoldReason, KeysOf, MeterByKey};
use frame_support::traits::fungible::InspectHold;
use qedex_primitives::Balance;
use sp_runtime::DispatchError::BadOrigin;

fn rotation(name: &str) -> Change<AccountId> {
    Change::RotateKey { meter: BENS, key: sr_key(name) }
}

fn handover() -> Change<AccountId> {
    Change::Transfer { meter: BENS, account: CLARA }
}

const END: Change<AccountId> = Change::Decommission { meter: BENS };

fn downwards() -> Change<AccountId> {
    Change::Rate { meter: BENS, ratings: rating(100, RATING.0) }
}

/// One change of each kind.
fn all_kinds() -> [Change<AccountId>; 5] {
    [registration(BEN, "new"), rotation("fresh"), handover(), downwards(), END]
}

fn at_stake(who: AccountId) -> Balance {
    Balances::balance_on_hold(&HoldReason::Storage.into(), &who)
}

#[test]
fn a_change_is_filed_confirmed_twice_and_takes_effect() {
    for change in all_kinds() {
        run(|| {
            begin(SLOT);
            let before = Meters::<Test>::get(BENS);
            let id = filed(INSTALLER, change.clone());
            let hash = change.hash(GENESIS, id);
            assert_eq!(pending(id).hash, hash);
            let is_transfer = change == handover();
            let new_owner = is_transfer.then(|| owner(CLARA));
            let proposed = Event::ChangeProposed {
                change: id,
                hash,
                installer: INSTALLER,
                owner: owner(BEN),
                new_owner,
            };
            assert_eq!(events(), [proposed]);
            assert_ok!(confirm(SECOND_INSTALLER, id));
            let confirmed = |party, by| Event::ChangeConfirmed { change: id, party, by: Some(by) };
            assert_eq!(events()[1], confirmed(Party::SecondInstaller, SECOND_INSTALLER));
            if is_transfer {
                assert_ok!(confirm(CLARA, id));
                assert_eq!(events()[2], confirmed(Party::NewOwner, CLARA));
            }
            assert_eq!(Meters::<Test>::get(BENS), before, "nothing has changed yet");
            assert!(is_pending(id) && !took_effect(id));
            assert_ok!(confirm(BEN, id));
            assert!(!is_pending(id) && took_effect(id));
            assert_noop!(confirm(BEN, id), Error::<Test>::UnknownChange);
        });
    }
}

#[test]
fn a_change_needs_everybody_s_word_whoever_speaks_first() {
    for order in [
        [BEN, CLARA, SECOND_INSTALLER],
        [SECOND_INSTALLER, CLARA, BEN],
        [CLARA, BEN, SECOND_INSTALLER],
    ] {
        run(|| {
            begin(SLOT);
            let id = filed(INSTALLER, handover());
            for by in order {
                assert_eq!(latest(BENS).account, BEN);
                assert_ok!(confirm(by, id));
            }
            assert_eq!(latest(BENS).account, CLARA);
        });
    }
}

#[test]
fn only_an_installer_of_a_known_owner_files_a_change() {
    run(|| {
        assert_noop!(propose(BEN, rotation("fresh")), Error::<Test>::NotAnInstaller);
        assert_noop!(Metering::propose_change(RuntimeOrigin::root(), END), BadOrigin);
        TestMembership::forget_owner(INSTALLER);
        assert_noop!(propose(INSTALLER, END), Error::<Test>::UnknownOwner);
    });
}

#[test]
fn nobody_files_a_change_that_concerns_oneself() {
    run(|| {
        TestMembership::permit(BEN, Role::InstallMeters);
        TestMembership::permit(CLARA, Role::InstallMeters);
        TestMembership::permit(CARRIER, Role::InstallMeters);
        TestMembership::set_owner(CARRIER, owner(BEN));
        for by in [BEN, CARRIER] {
            for change in all_kinds() {
                assert_noop!(propose(by, change), Error::<Test>::NotIndependent);
            }
        }
        assert_noop!(propose(CLARA, handover()), Error::<Test>::NotIndependent);
    });
}

#[test]
fn a_change_is_not_confirmed_by_its_own_installer() {
    run(|| {
        TestMembership::set_owner(THIRD_INSTALLER, owner(INSTALLER));
        let id = filed(INSTALLER, rotation("fresh"));
        // Nor by another account of the same owner.
        for by in [INSTALLER, THIRD_INSTALLER] {
            assert_noop!(confirm(by, id), Error::<Test>::NotIndependent);
        }
    });
}

#[test]
fn an_installer_of_the_owner_speaks_for_the_owner_and_never_as_the_second_one() {
    run(|| {
        TestMembership::set_owner(THIRD_INSTALLER, owner(BEN));
        let id = filed(INSTALLER, rotation("fresh"));
        assert_ok!(confirm(THIRD_INSTALLER, id));
        assert_eq!((pending(id).by_owner, pending(id).second), (Some(THIRD_INSTALLER), None));
        for by in [BEN, THIRD_INSTALLER] {
            assert_noop!(confirm(by, id), Error::<Test>::AlreadyConfirmed);
        }
        // The same of who gets a meter.
        TestMembership::set_owner(SECOND_INSTALLER, owner(CLARA));
        let id = filed(INSTALLER, handover());
        assert_ok!(confirm(SECOND_INSTALLER, id));
        assert_noop!(confirm(CLARA, id), Error::<Test>::AlreadyConfirmed);
        assert_eq!(pending(id).second, None);
    });
}

#[test]
fn a_change_is_not_confirmed_twice_by_one_party() {
    run(|| {
        let id = filed(INSTALLER, rotation("fresh"));
        assert_ok!(confirm(SECOND_INSTALLER, id));
        for by in [SECOND_INSTALLER, THIRD_INSTALLER] {
            assert_noop!(confirm(by, id), Error::<Test>::AlreadyConfirmed);
        }
        let second = stand_in(id, Party::SecondInstaller);
        assert_eq!(second, Err(Error::<Test>::AlreadyConfirmed.into()));
    });
}

#[test]
fn a_change_is_confirmed_by_its_own_hash_alone() {
    run(|| {
        let id = filed(INSTALLER, rotation("fresh"));
        let other = filed(INSTALLER, rotation("fresher"));
        let wrong = || Error::<Test>::WrongHash;
        let same_change_other_number = rotation("fresh").hash(GENESIS, other);
        let other_chain = rotation("fresh").hash(H256::zero(), id);
        for hash in [pending(other).hash, same_change_other_number, other_chain, H256::zero()] {
            assert_noop!(Metering::confirm_change(signed(BEN), id, hash), wrong());
            assert_noop!(
                Metering::confirm_change_as_council(
                    RuntimeOrigin::root(),
                    id,
                    hash,
                    Party::SecondInstaller
                ),
                wrong()
            );
        }
    });
}

#[test]
fn who_has_nothing_to_do_with_it_confirms_nothing() {
    run(|| {
        let id = filed(INSTALLER, rotation("fresh"));
        assert_noop!(confirm(CLARA, id), Error::<Test>::MayNotConfirm);
        assert_noop!(confirm(99, id), Error::<Test>::UnknownOwner);
        TestMembership::forget_owner(SECOND_INSTALLER);
        assert_noop!(confirm(SECOND_INSTALLER, id), Error::<Test>::UnknownOwner);
        let hash = pending(id).hash;
        assert_noop!(Metering::confirm_change(RuntimeOrigin::root(), id, hash), BadOrigin);
        let as_council = Metering::confirm_change_as_council(signed(BEN), id, hash, Party::Owner);
        assert_eq!(as_council, Err(BadOrigin));
        assert_noop!(confirm(BEN, ChangeId(9)), Error::<Test>::UnknownChange);
    });
}

#[test]
fn a_bond_is_held_until_the_end_of_a_change_whatever_the_end_is() {
    run(|| {
        begin(SLOT);
        let bond = BOND_BASE + BOND_PER_BYTE * Balance::from(Metering::change_footprint().size);
        let issuance = Balances::total_issuance();
        let withdraw = |id| Metering::withdraw_change(signed(INSTALLER), id);
        let refuse = |id| Metering::refuse_change(signed(BEN), id);
        let agree = |id| confirm(BEN, id).and_then(|()| confirm(SECOND_INSTALLER, id));
        let clear = |id| {
            Now::mutate(|now| *now += LIFETIME * SLOT_LENGTH);
            Metering::clear_change(signed(CARRIER), id)
        };
        let ends: [&dyn Fn(ChangeId) -> DispatchResult; 4] = [&withdraw, &refuse, &agree, &clear];
        for (n, end) in ends.into_iter().enumerate() {
            let id = filed(INSTALLER, rotation(&format!("key {n}")));
            assert_eq!(at_stake(INSTALLER), bond);
            assert_ok!(end(id));
            assert_eq!(at_stake(INSTALLER), 0);
            assert!(!ChangeBonds::<Test>::contains_key(id));
            assert!(ChangesOf::<Test>::get(owner(INSTALLER)).is_empty());
        }
        assert_eq!(Balances::total_issuance(), issuance);
    });
}

#[test]
fn a_pending_change_reserves_nothing() {
    run(|| {
        begin(SLOT);
        // Its key and its connection go to somebody else meanwhile.
        let mine = filed(INSTALLER, registration(CLARA, "new"));
        assert_ok!(confirm(CLARA, mine));
        assert_ok!(agree_with(SECOND_INSTALLER, THIRD_INSTALLER, registration(BEN, "new")));
        assert_noop!(confirm(SECOND_INSTALLER, mine), Error::<Test>::KeyTaken);
        let place = MeterKind::Connection(connection("new"));
        let key = sr_key("other");
        let same = Change::Register { account: CLARA, key, kind: place, ratings: RATINGS };
        let mine = filed(INSTALLER, same);
        assert_ok!(confirm(CLARA, mine));
        assert_noop!(confirm(SECOND_INSTALLER, mine), Error::<Test>::ConnectionTaken);
        // And its place on its owner's list.
        let fourth = filed(INSTALLER, registration(ANNA, "fourth"));
        assert_ok!(confirm(ANNA, fourth));
        assert_ok!(agree_with(SECOND_INSTALLER, THIRD_INSTALLER, registration(ANNA, "third")));
        assert_noop!(confirm(SECOND_INSTALLER, fourth), Error::<Test>::TooManyConnections);
        assert_eq!(MeterByKey::<Test>::get(sr_key("fourth")), None);
        // Where there is place again, it is as good as ever.
        assert_ok!(decommission(SECOND));
        finalise(later(SLOT, 5 + SCORED));
        assert_ok!(confirm(SECOND_INSTALLER, fourth));
    });
}

#[test]
fn two_rotations_to_one_key_end_with_one() {
    run(|| {
        begin(SLOT);
        let [one, other] = [INSTALLER, SECOND_INSTALLER].map(|by| filed(by, rotation("fresh")));
        for id in [one, other] {
            assert_ok!(confirm(BEN, id));
        }
        assert_ok!(confirm(THIRD_INSTALLER, one));
        assert_noop!(confirm(THIRD_INSTALLER, other), Error::<Test>::KeyTaken);
        assert_eq!(KeysOf::<Test>::get(BENS).len(), 2);
    });
}

#[test]
fn a_change_of_a_meter_that_changed_hands_is_filed_anew() {
    run(|| {
        begin(SLOT);
        let id = filed(INSTALLER, rotation("fresh"));
        assert_ok!(confirm(BEN, id));
        assert_ok!(transfer(BENS, CLARA));
        let changed = || Error::<Test>::ChangedHands;
        for by in [SECOND_INSTALLER, CLARA, BEN] {
            assert_noop!(confirm(by, id), changed());
        }
        sleep_on_it();
        assert_noop!(stand_in(id, Party::SecondInstaller), changed());
        assert_ok!(Metering::withdraw_change(signed(INSTALLER), id));
    });
}

#[test]
fn both_installers_are_installers_still_when_a_change_takes_effect() {
    for gone in [INSTALLER, SECOND_INSTALLER] {
        run(|| {
            let id = filed(INSTALLER, rotation("fresh"));
            assert_ok!(confirm(SECOND_INSTALLER, id));
            TestMembership::forbid(gone, Role::InstallMeters);
            assert_noop!(confirm(BEN, id), Error::<Test>::NotAnInstaller);
            TestMembership::permit(gone, Role::InstallMeters);
            // Nor has it become the owner of what it changes.
            TestMembership::set_owner(gone, owner(BEN));
            assert_noop!(confirm(BEN, id), Error::<Test>::NotIndependent);
            TestMembership::set_owner(gone, owner(gone));
            assert_ok!(confirm(BEN, id));
        });
    }
}

#[test]
fn who_cannot_pay_the_bond_files_no_change() {
    run(|| {
        TestMembership::permit(ANNA, Role::InstallMeters);
        assert_noop!(propose(ANNA, END), Error::<Test>::CannotPayBond);
    });
}

#[test]
fn an_account_that_is_shut_speaks_for_nobody() {
    run(|| {
        TestMembership::set_owner(CARRIER, owner(BEN));
        let id = filed(INSTALLER, rotation("fresh"));
        let ending = filed(INSTALLER, END);
        assert_ok!(confirm(CARRIER, ending));
        TestMembership::shut(CARRIER);
        let unknown = Error::<Test>::UnknownOwner;
        assert_noop!(confirm(CARRIER, id), unknown);
        assert_noop!(Metering::refuse_change(signed(CARRIER), id), Error::<Test>::UnknownOwner);
        let back = Metering::withdraw_confirmation(signed(CARRIER), ending);
        assert_eq!(back, Err(Error::<Test>::UnknownOwner.into()));
        // Another account of the owner does.
        assert_ok!(confirm(BEN, id));
        TestMembership::shut(SECOND_INSTALLER);
        assert_noop!(confirm(SECOND_INSTALLER, id), Error::<Test>::UnknownOwner);
    });
}

#[test]
fn what_a_shut_account_has_confirmed_counts_no_more() {
    run(|| {
        begin(SLOT);
        TestMembership::set_owner(CARRIER, owner(BEN));
        TestMembership::set_owner(ANNA, owner(CLARA));
        // Whoever has the keys of both owners' accounts confirms, and waits.
        let id = filed(INSTALLER, handover());
        assert_ok!(confirm(CARRIER, id));
        assert_ok!(confirm(ANNA, id));
        for account in [CARRIER, ANNA] {
            TestMembership::shut(account);
        }
        System::reset_events();
        assert_ok!(confirm(SECOND_INSTALLER, id));
        let withdrawn = |party| Event::ConfirmationWithdrawn { change: id, party };
        let by = Some(SECOND_INSTALLER);
        let confirmed = Event::ChangeConfirmed { change: id, party: Party::SecondInstaller, by };
        let expected = [withdrawn(Party::Owner), withdrawn(Party::NewOwner), confirmed];
        assert_eq!(events(), expected);
        assert_eq!((pending(id).by_owner, pending(id).by_new_owner), (None, None));
        assert_eq!(latest(BENS).account, BEN);
        // The owners say it again, by accounts that are theirs still, or refuse it.
        assert_ok!(confirm(BEN, id));
        assert_ok!(confirm(CLARA, id));
        assert_eq!(latest(BENS).account, CLARA);
    });
}

#[test]
fn what_lowers_a_meter_is_not_dodged_by_handing_it_on() {
    for change in [END, downwards()] {
        run(|| {
            begin(SLOT);
            let id = filed(INSTALLER, change);
            assert_ok!(confirm(BEN, id));
            assert_ok!(transfer(BENS, CLARA));
            // It concerns Clara now, and Ben's word is not hers.
            assert_noop!(confirm(BEN, id), Error::<Test>::MayNotConfirm);
            assert_ok!(confirm(SECOND_INSTALLER, id));
            assert!(!took_effect(id));
            let pending = pending(id);
            assert_eq!((pending.owner, pending.by_owner), (owner(CLARA), None));
            let cannot = Error::<Test>::CannotBeRefused;
            assert_noop!(Metering::refuse_change(signed(CLARA), id), cannot);
            // Nor does it help to hand it on again.
            assert_ok!(transfer(BENS, ANNA));
            assert_ok!(stand_in(id, Party::Owner));
            assert!(took_effect(id));
        });
    }
}

#[test]
fn whoever_has_a_meter_by_now_seals_no_change_of_it() {
    run(|| {
        begin(SLOT);
        let id = filed(INSTALLER, END);
        assert_ok!(confirm(SECOND_INSTALLER, id));
        // The second installer takes the meter over: its word is dropped, and it speaks as the owner.
        let change = Change::Transfer { meter: BENS, account: SECOND_INSTALLER };
        assert_ok!(agree_with(THIRD_INSTALLER, INSTALLER, change));
        assert_ok!(confirm(SECOND_INSTALLER, id));
        assert_eq!((pending(id).second, pending(id).by_owner), (None, Some(SECOND_INSTALLER)));
        assert_ok!(confirm(THIRD_INSTALLER, id));
        assert!(took_effect(id));
    });
    run(|| {
        begin(SLOT);
        let id = filed(INSTALLER, END);
        let change = Change::Transfer { meter: BENS, account: INSTALLER };
        assert_ok!(agree_with(THIRD_INSTALLER, SECOND_INSTALLER, change));
        assert_noop!(confirm(SECOND_INSTALLER, id), Error::<Test>::NotIndependent);
        assert_noop!(stand_in(id, Party::Owner), Error::<Test>::NotIndependent);
    });
}

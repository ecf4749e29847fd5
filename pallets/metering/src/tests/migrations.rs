//! How what was stored by the first layout is brought into the second.

use super::*;
use crate::{
    ConnectionNumber, ConnectionsOf, Corrections, MeterAt, MeterBonds, NextMeter, OwnerTotals,
    OwnersSince, Readings, SlotTotals,
    migrations::{MigrateV1ToV2, v1},
};
use frame_support::{
    StorageHasher, Twox64Concat,
    traits::{GetStorageVersion, Hooks, OnRuntimeUpgrade, StorageVersion},
    weights::Weight,
};
use qedex_primitives::{BillAudit, BillError, Flow};
use sp_runtime::StateVersion;

/// The first slot whose gate is closed still while `SLOT` is delivered.
const UNOPENED: SlotIndex = SlotIndex(SLOT.0 + 5);

fn flow(generated: u64, consumed: u64) -> Flow {
    Flow { generated: Wh(generated), consumed: Wh(consumed) }
}

fn assigned(account: AccountId, name: &str, from: SlotIndex) -> v1::Assignment<AccountId> {
    v1::Assignment {
        owner: account,
        key: sr_key(name),
        installer: installer(INSTALLER),
        from,
        until: None,
    }
}

/// Stores a meter by the first layout, with what else belongs to it.
fn store(id: u32, current: v1::Assignment<AccountId>, previous: Option<v1::Assignment<AccountId>>) {
    let id = MeterId(id);
    for assignment in previous.iter().chain([&current]) {
        Metering::remember(id, assignment.key);
        v1::MetersOf::<Test>::mutate(assignment.owner, |list| {
            let _ = list.try_push(id);
        });
    }
    let registered_by = installer(INSTALLER);
    v1::Meters::<Test>::insert(
        id,
        v1::Meter { capacity: RATING, registered_by, current, previous },
    );
    NextMeter::<Test>::put(id.0 + 1);
}

fn store_totals(slot: SlotIndex, account: AccountId, generated: u64, consumed: u64, readings: u32) {
    let totals = v1::Totals { generated: Wh(generated), consumed: Wh(consumed), readings };
    v1::AccountTotals::<Test>::insert(slot, account, totals.clone());
    v1::SlotTotals::<Test>::mutate(slot, |entry| {
        let before = entry.take().unwrap_or_default();
        *entry = Some(v1::Totals {
            generated: before.generated.saturating_add(totals.generated),
            consumed: before.consumed.saturating_add(totals.consumed),
            readings: before.readings + readings,
        });
    });
}

fn migrate() {
    MigrateV1ToV2::<Test>::on_runtime_upgrade();
}

fn root() -> Vec<u8> {
    sp_io::storage::root(StateVersion::V1)
}

/// A chain of the first layout, in the reading window of `SLOT`.
fn run_v1(test: impl FnOnce()) {
    ExtBuilder { genesis: Default::default() }.build_and_execute(|| {
        StorageVersion::new(1).put::<Metering>();
        test();
    });
}

fn number(id: u32) -> ConnectionNumber {
    connection(&format!("V1N{id:07}"))
}

#[test]
fn a_meter_becomes_one_at_a_connection_of_its_owner() {
    run_v1(|| {
        begin(SLOT);
        let mut before = assigned(BEN, "old", SlotIndex(0));
        before.until = Some(later(SLOT, 2));
        store(0, assigned(BEN, "new", later(SLOT, 2)), Some(before));
        assert_eq!(Metering::on_chain_storage_version(), 1);

        migrate();

        assert_eq!(Metering::on_chain_storage_version(), 2);
        let meter = Meters::<Test>::get(MeterId(0)).unwrap();
        assert_eq!(meter.kind, MeterKind::Connection(number(0)));
        assert_eq!(number(0), connection("V1N0000000"));
        let kept: Vec<_> = meter
            .assignments
            .iter()
            .map(|one| (one.account, one.owner, one.key, one.ratings, one.from, one.until))
            .collect();
        assert_eq!(
            kept,
            [
                (BEN, owner(BEN), sr_key("old"), RATINGS, SlotIndex(0), Some(later(SLOT, 2))),
                (BEN, owner(BEN), sr_key("new"), RATINGS, later(SLOT, 2), None),
            ]
        );
        assert_eq!(latest(MeterId(0)).installer, installer(INSTALLER));
        assert_eq!(MeterAt::<Test>::get(number(0)), Some(MeterId(0)));
        assert_eq!(Metering::connections_of(&BEN), [MeterId(0)]);
        assert_eq!(v1::MetersOf::<Test>::iter().count(), 0);
        assert_eq!(events(), []);
        // It goes on: readings of open slots, by the key of each.
        for (slot, key) in [(later(SLOT, 1), "old"), (later(SLOT, 2), "new")] {
            open_window(slot);
            submit(signed_by(key, MeterId(0), slot, 700));
            assert_eq!(delivered(BEN, slot), Some(Wh(700)));
        }
    });
}

#[test]
fn a_second_run_changes_nothing() {
    run_v1(|| {
        store(0, assigned(BEN, "bens", SlotIndex(0)), None);
        Readings::<Test>::insert(SLOT, MeterId(0), flow(700, 0));
        Metering::note_kept(SLOT);
        store_totals(SLOT, BEN, 700, 0, 1);
        migrate();
        let after = root();
        migrate();
        assert_eq!(root(), after);
    });
}

#[test]
fn a_chain_of_the_second_layout_is_left_alone() {
    run(|| {
        let before = root();
        migrate();
        assert_eq!(root(), before);
    });
}

#[test]
fn totals_are_summed_up_anew_by_owner() {
    run_v1(|| {
        // Two accounts of one owner, and a net that crossed connections.
        TestMembership::set_owner(CLARA, owner(ANNA));
        store(0, assigned(ANNA, "roof", SlotIndex(0)), None);
        store(1, assigned(ANNA, "house", SlotIndex(0)), None);
        store(2, assigned(CLARA, "shed", SlotIndex(0)), None);
        for (id, read) in [(0, flow(900, 100)), (1, flow(0, 300)), (2, flow(50, 0))] {
            Readings::<Test>::insert(SLOT, MeterId(id), read);
        }
        Metering::note_kept(SLOT);
        store_totals(SLOT, ANNA, 900, 400, 2);
        store_totals(SLOT, CLARA, 50, 0, 1);

        migrate();

        // The slot is the accounts' still.
        assert_eq!((delivered(ANNA, SLOT), delivered(CLARA, SLOT)), (Some(Wh(500)), Some(Wh(50))));
        let totals = OwnerTotals::<Test>::get(SLOT, owner(ANNA)).unwrap();
        let [generated, consumed, surplus] = [950, 400, 850].map(Wh);
        assert_eq!(totals, crate::Totals { generated, consumed, surplus, readings: 3 });
        assert_eq!(SlotTotals::<Test>::get(SLOT), Some(totals));
        assert_eq!(v1::AccountTotals::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_correction_becomes_a_record_and_the_reading_what_was_signed() {
    for after_freeze in [false, true] {
        run_v1(|| {
            store(0, assigned(BEN, "bens", SlotIndex(0)), None);
            Readings::<Test>::insert(SLOT, MeterId(0), flow(300, 0));
            Metering::note_kept(SLOT);
            store_totals(SLOT, BEN, 300, 0, 1);
            v1::Corrections::<Test>::insert(
                SLOT,
                MeterId(0),
                v1::Correction {
                    original: flow(700, 0),
                    installer: SECOND_INSTALLER,
                    after_freeze,
                },
            );
            if after_freeze {
                let frozen = v1::Totals { generated: Wh(700), consumed: Wh(0), readings: 1 };
                v1::FrozenTotals::<Test>::insert(SLOT, BEN, frozen);
            }

            migrate();

            assert_eq!(Readings::<Test>::get(SLOT, MeterId(0)), Some(flow(700, 0)));
            let [record] =
                Corrections::<Test>::get(SLOT, MeterId(0)).into_inner().try_into().unwrap();
            assert_eq!((record.flow, record.at), (flow(300, 0), 0));
            assert_eq!(record.by.account, SECOND_INSTALLER);
            assert_eq!(record.by.owner, owner(SECOND_INSTALLER));
            // What is not settled yet is settled by the meter's word.
            assert_eq!(delivered(BEN, SLOT), Some(Wh(700)));
            assert_eq!(v1::FrozenTotals::<Test>::iter().count(), 0);
        });
    }
}

#[test]
fn a_meter_of_an_account_without_an_owner_ends_its_service() {
    run_v1(|| {
        begin(SLOT);
        TestMembership::forget_owner(CLARA);
        store(0, assigned(CLARA, "nobody's", SlotIndex(0)), None);
        store(1, assigned(BEN, "bens", SlotIndex(0)), None);
        Readings::<Test>::insert(SlotIndex(SLOT.0 - 1), MeterId(0), flow(5, 0));
        Metering::note_kept(SlotIndex(SLOT.0 - 1));
        store_totals(SlotIndex(SLOT.0 - 1), CLARA, 5, 0, 1);

        migrate();

        assert_eq!(events(), [Event::MeterDecommissioned { meter: MeterId(0), from: UNOPENED }]);
        assert_eq!(latest(MeterId(0)).until, Some(UNOPENED));
        assert_eq!(latest(MeterId(1)).until, None);
        // What was sold by it is delivered.
        assert_eq!(delivered(CLARA, SlotIndex(SLOT.0 - 1)), Some(Wh(5)));
        // Nobody comes by it, not even who is named later.
        TestMembership::set_owner(CLARA, owner(CLARA));
        assert_eq!(Metering::connections_of(&CLARA), []);
        assert_eq!(delivered(CLARA, SlotIndex(SLOT.0 - 1)), Some(Wh(5)));
        // It is removed like any other.
        begin(later(UNOPENED, RETENTION + 1));
        for _ in 0..10 {
            Metering::on_idle(1, Weight::MAX);
        }
        assert_ok!(Metering::remove_meter(signed(CARRIER), MeterId(0)));
    });
}

#[test]
fn an_owner_with_more_meters_than_a_bill_has_room_for_keeps_the_first_ones() {
    run_v1(|| {
        begin(SLOT);
        // Four accounts of one owner, with a meter each.
        for (id, account) in [ANNA, BEN, CLARA, CARRIER].into_iter().enumerate() {
            TestMembership::set_owner(account, owner(ANNA));
            store(id as u32, assigned(account, &id.to_string(), SlotIndex(0)), None);
        }
        migrate();
        let listed = ConnectionsOf::<Test>::get(owner(ANNA)).into_inner();
        assert_eq!(listed, [MeterId(0), MeterId(1), MeterId(2)]);
        assert_eq!(events(), [Event::MeterDecommissioned { meter: MeterId(3), from: UNOPENED }]);
        // It sits where it sat, and what was sold by it is delivered.
        let last = Meters::<Test>::get(MeterId(3)).unwrap();
        assert_eq!(last.kind, MeterKind::Connection(number(3)));
        let sold = later(SLOT, 4);
        open_window(sold);
        submit(signed_by("3", MeterId(3), sold, 700));
        assert_eq!((delivered(CARRIER, sold), delivered(ANNA, sold)), (Some(Wh(700)), None));
        open_window(UNOPENED);
        refused(signed_by("3", MeterId(3), UNOPENED, 700), Error::Decommissioned);
    });
}

#[test]
fn a_former_owner_s_list_ends_no_meter() {
    run_v1(|| {
        begin(SLOT);
        for account in [BEN, CARRIER] {
            TestMembership::set_owner(account, owner(ANNA));
        }
        // Anna's was the meter that is Clara's now, and she has as many as there is room for.
        let mut hers = assigned(ANNA, "old", SlotIndex(0));
        hers.until = Some(SLOT);
        store(0, assigned(CLARA, "new", SLOT), Some(hers));
        for (id, account) in [(1, ANNA), (2, BEN), (3, CARRIER)] {
            store(id, assigned(account, &id.to_string(), SlotIndex(0)), None);
        }
        migrate();
        assert_eq!(events(), []);
        assert_eq!(Metering::connections_of(&ANNA), [1, 2, 3].map(MeterId));
        assert_eq!(Metering::connections_of(&CLARA), [MeterId(0)]);
        // What she sold by it in the slot before is delivered all the same, net of her other one.
        let sold = SlotIndex(SLOT.0 - 1);
        open_window(sold);
        submit(signed_by("old", MeterId(0), sold, 700));
        assert_eq!(delivered(ANNA, sold), None);
        let payload = payload(MeterId(1), sold, 0, 200);
        submit(SignedReading { payload, signature: sign_as("1", &payload, GENESIS) });
        assert_eq!(delivered(ANNA, sold), Some(Wh(500)));
    });
}

/// A roof with a meter of its own and a house with another one, as the first layout had them.
#[test]
fn what_was_sold_net_of_several_meters_is_delivered_net_and_they_are_registered_anew() {
    run_v1(|| {
        begin(SLOT);
        store(0, assigned(ANNA, "roof", SlotIndex(0)), None);
        store(1, assigned(ANNA, "house", SlotIndex(0)), None);
        store(2, assigned(BEN, "bens", SlotIndex(0)), None);
        migrate();
        let ended = |id| Event::MeterDecommissioned { meter: MeterId(id), from: UNOPENED };
        assert_eq!(events(), [ended(0), ended(1)]);
        assert_eq!(OwnersSince::<Test>::get(), UNOPENED);
        assert_eq!(latest(MeterId(2)).until, None);

        let by = |name: &str, id, slot, generated, consumed| {
            let payload = payload(MeterId(id), slot, generated, consumed);
            SignedReading { payload, signature: sign_as(name, &payload, GENESIS) }
        };
        let sold = later(SLOT, 4);
        let roof = || by("roof", 0, sold, 3_000, 0);
        let house = || by("house", 1, sold, 0, 2_300);
        let audit = |readings: Vec<SignedReading>| {
            let bill = readings.try_into().unwrap();
            <Metering as BillAudit<AccountId>>::audit(&ANNA, sold, &bill)
        };
        open_window(sold);
        assert_eq!(audit(vec![roof(), house()]), Ok(Wh(700)));
        // The house's silence does not pay.
        assert_eq!(audit(vec![roof()]), Err(BillError::WrongMeters));
        let unsigned = by("roof", 1, sold, 0, 0);
        assert_eq!(audit(vec![roof(), unsigned]), Err(BillError::BadSignature));
        let published = || <Metering as EnergyLedger<AccountId>>::published(&ANNA, sold);
        submit(roof());
        assert_eq!((delivered(ANNA, sold), published()), (None, None));
        submit(house());
        assert_eq!((delivered(ANNA, sold), published()), (Some(Wh(700)), Some(Wh(700))));

        // Registered anew where it sits, the house alone delivers.
        begin(SLOT);
        assert_ok!(register(ANNA, "connection"));
        open_window(UNOPENED);
        submit(signed_by("connection", MeterId(3), UNOPENED, 700));
        assert_eq!(delivered(ANNA, UNOPENED), Some(Wh(700)));
        refused(by("roof", 0, UNOPENED, 3_000, 0), Error::Decommissioned);
    });
}

#[test]
fn evidence_of_an_account_is_spoilt_by_no_other_account_of_its_owner() {
    run_v1(|| {
        begin(SLOT);
        TestMembership::set_owner(CLARA, owner(BEN));
        store(0, assigned(BEN, "roof", SlotIndex(0)), None);
        store(1, assigned(CLARA, "house", SlotIndex(0)), None);
        migrate();
        assert_eq!(events(), []);
        // The house, on an account that has sold nothing, is silent.
        for (slot, known) in [(SLOT, true), (later(SLOT, 4), true), (UNOPENED, false)] {
            open_window(slot);
            submit(signed_by("roof", MeterId(0), slot, 700));
            assert_eq!(delivered(BEN, slot), known.then_some(Wh(700)), "{slot:?}");
            assert_eq!(delivered(CLARA, slot), None);
            let bill = vec![signed_by("roof", MeterId(0), slot, 700)].try_into().unwrap();
            let audit = <Metering as BillAudit<AccountId>>::audit(&BEN, slot, &bill);
            assert_eq!(audit, if known { Ok(Wh(700)) } else { Err(BillError::WrongMeters) });
        }
    });
}

#[test]
fn bills_of_an_account_without_an_owner_are_audited_as_they_were() {
    run_v1(|| {
        begin(SLOT);
        TestMembership::forget_owner(CLARA);
        store(0, assigned(CLARA, "nobody's", SlotIndex(0)), None);
        migrate();
        for (slot, proven) in
            [(later(SLOT, 4), Ok(Wh(700))), (UNOPENED, Err(BillError::WrongMeters))]
        {
            let bill = vec![signed_by("nobody's", MeterId(0), slot, 700)].try_into().unwrap();
            assert_eq!(<Metering as BillAudit<AccountId>>::audit(&CLARA, slot, &bill), proven);
        }
    });
}

#[test]
fn a_meter_of_several_that_has_not_begun_serves_nobody() {
    use frame_support::traits::{Consideration, Footprint};
    run_v1(|| {
        begin(SLOT);
        store(0, assigned(ANNA, "roof", SlotIndex(0)), None);
        store(1, assigned(ANNA, "house", UNOPENED), None);
        let bond = <Test as crate::Config>::Bond::new(&INSTALLER, Footprint::from_parts(1, 1));
        MeterBonds::<Test>::insert(MeterId(1), (INSTALLER, bond.unwrap()));
        migrate();
        let ended = |id, from| Event::MeterDecommissioned { meter: MeterId(id), from };
        assert_eq!(events(), [ended(0, UNOPENED), ended(1, UNOPENED.next())]);
        assert_eq!(Metering::connections_of(&ANNA), [MeterId(0)]);
        open_window(UNOPENED);
        submit(signed_by("house", MeterId(1), UNOPENED, 700));
        assert_eq!(delivered(ANNA, UNOPENED), None);
    });
}

#[test]
fn a_bond_is_given_back_as_it_was_taken() {
    use crate::HoldReason;
    use frame_support::traits::{Consideration, fungible::InspectHold};
    run_v1(|| {
        begin(SLOT);
        store(0, assigned(BEN, "bens", SlotIndex(0)), None);
        let of_then = frame_support::traits::Footprint::from_parts(1, 1_234);
        let bond = <Test as crate::Config>::Bond::new(&INSTALLER, of_then).unwrap();
        MeterBonds::<Test>::insert(MeterId(0), (INSTALLER, bond));
        migrate();
        assert_ok!(decommission(MeterId(0)));
        finalise(later(SLOT, 5 + SCORED));
        assert_ok!(Metering::remove_meter(signed(CARRIER), MeterId(0)));
        assert_eq!(Balances::balance_on_hold(&HoldReason::Storage.into(), &INSTALLER), 0);
    });
}

/// The documented keys: a client that has the first layout's metadata finds what was there.
#[test]
fn the_first_layout_lay_where_its_metadata_says() {
    run_v1(|| {
        store(0, assigned(BEN, "bens", SlotIndex(0)), None);
        let prefix = frame_support::storage::storage_prefix(b"Metering", b"Meters");
        let key = [&prefix[..], &Twox64Concat::hash(&codec::Encode::encode(&MeterId(0)))].concat();
        assert!(frame_support::storage::unhashed::exists(&key));
        migrate();
    });
}

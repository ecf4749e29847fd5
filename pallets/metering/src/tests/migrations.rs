//! How what was stored by the first layout is brought into the second.

use super::*;
use crate::{
    ConnectionNumber, ConnectionsOf, Corrections, MeterAt, MeterBonds, NextMeter, OwnerTotals,
    Readings, SlotTotals,
    migrations::{MigrateV1ToV2, v1},
};
use frame_support::{
    StorageHasher, Twox64Concat,
    traits::{GetStorageVersion, Hooks, OnRuntimeUpgrade, StorageVersion},
    weights::Weight,
};
use qedex_primitives::Flow;
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
    connection(&format!("v1-{id:07}"))
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
        assert_eq!(number(0), connection("v1-0000000"));
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

        let totals = OwnerTotals::<Test>::get(SLOT, owner(ANNA)).unwrap();
        let [generated, consumed, surplus] = [950, 400, 850].map(Wh);
        assert_eq!(totals, crate::Totals { generated, consumed, surplus, readings: 3 });
        assert_eq!(SlotTotals::<Test>::get(SLOT), Some(totals));
        assert_eq!(v1::AccountTotals::<Test>::iter().count(), 0);
        assert_eq!(delivered(CLARA, SLOT), Some(Wh(850)));
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
        // Nobody comes by it, not even who is named later.
        TestMembership::set_owner(CLARA, owner(CLARA));
        assert_eq!(Metering::connections_of(&CLARA), []);
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
        TestMembership::set_owner(CLARA, owner(ANNA));
        for id in 0..4 {
            let account = if id < 2 { ANNA } else { CLARA };
            store(id, assigned(account, &id.to_string(), SlotIndex(0)), None);
        }
        migrate();
        let listed = ConnectionsOf::<Test>::get(owner(ANNA)).into_inner();
        assert_eq!(listed, [MeterId(0), MeterId(1), MeterId(2)]);
        let last = Meters::<Test>::get(MeterId(3)).unwrap();
        assert_eq!(last.kind, MeterKind::Behind(number(3)));
        assert_eq!(events(), [Event::MeterDecommissioned { meter: MeterId(3), from: UNOPENED }]);
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
        finalise(later(SLOT, 5));
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

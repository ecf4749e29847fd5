//! How meters come to the chain.

use super::*;
use crate::{
    Assignment, GenesisConfig, GenesisMeter, MAX_CAPACITY, Meter, MeterByKey, Meters, MetersOf,
    NextMeter,
};

fn register(owner: AccountId, name: &str) -> sp_runtime::DispatchResult {
    Metering::register_meter(signed(INSTALLER), owner, sr_key(name), CAPACITY)
}

#[test]
fn an_installer_registers_a_meter_that_is_active_from_the_first_unopened_slot_on() {
    run(|| {
        begin(SLOT);
        assert_ok!(register(CLARA, "new"));
        let id = MeterId(3);
        let active_from = later(SLOT, 5);
        assert_eq!(
            Meters::<Test>::get(id),
            Some(Meter {
                capacity: CAPACITY,
                registered_by: installer(INSTALLER),
                current: Assignment {
                    owner: CLARA,
                    key: sr_key("new"),
                    installer: installer(INSTALLER),
                    from: active_from,
                    until: None,
                },
                previous: None,
            })
        );
        assert_eq!(MeterByKey::<Test>::get(sr_key("new")), Some(id));
        assert_eq!(Metering::meters_of(&CLARA), [id]);
        assert_eq!(
            events(),
            [Event::MeterRegistered {
                meter: id,
                owner: CLARA,
                installer: INSTALLER,
                capacity: CAPACITY,
                active_from,
            }]
        );
    });
}

#[test]
fn who_may_not_install_meters_registers_none() {
    run(|| {
        assert_noop!(
            Metering::register_meter(signed(ANNA), ANNA, sr_key("new"), CAPACITY),
            Error::<Test>::NotAnInstaller
        );
        assert_noop!(
            Metering::register_meter(RuntimeOrigin::root(), ANNA, sr_key("new"), CAPACITY),
            sp_runtime::DispatchError::BadOrigin
        );
        TestMembership::forbid_all(Role::InstallMeters);
        assert_noop!(register(ANNA, "new"), Error::<Test>::NotAnInstaller);
    });
}

#[test]
fn nobody_seals_a_meter_of_ones_own() {
    run(|| {
        assert_noop!(register(INSTALLER, "new"), Error::<Test>::NotIndependent);
        // Nor that of another account of the same legal owner.
        TestMembership::set_owner(CLARA, owner(INSTALLER));
        assert_noop!(register(CLARA, "new"), Error::<Test>::NotIndependent);
        assert_ok!(Metering::register_meter(
            signed(SECOND_INSTALLER),
            CLARA,
            sr_key("new"),
            CAPACITY
        ));
    });
}

#[test]
fn who_is_not_known_yet_gets_no_meter() {
    run(|| {
        TestMembership::forget_owner(CLARA);
        assert_noop!(register(CLARA, "new"), Error::<Test>::NotIndependent);
        TestMembership::set_owner(CLARA, owner(CLARA));
        TestMembership::forget_owner(INSTALLER);
        assert_noop!(register(CLARA, "new"), Error::<Test>::NotIndependent);
    });
}

#[test]
fn a_key_is_one_meters() {
    run(|| {
        assert_noop!(register(CLARA, "first"), Error::<Test>::KeyTaken);
        assert_noop!(register(ANNA, "first"), Error::<Test>::KeyTaken);
        assert_noop!(
            Metering::register_meter(signed(INSTALLER), CLARA, ed_key("second"), CAPACITY),
            Error::<Test>::KeyTaken
        );
    });
}

#[test]
fn a_capacity_is_neither_zero_nor_absurd() {
    run(|| {
        for capacity in [Wh::ZERO, Wh(MAX_CAPACITY.0 + 1), Wh(u64::MAX)] {
            assert_noop!(
                Metering::register_meter(signed(INSTALLER), CLARA, sr_key("new"), capacity),
                Error::<Test>::CapacityOutOfRange
            );
        }
        assert_ok!(Metering::register_meter(signed(INSTALLER), CLARA, sr_key("new"), MAX_CAPACITY));
    });
}

#[test]
fn an_account_has_a_bounded_number_of_meters() {
    run(|| {
        assert_ok!(register(ANNA, "third"));
        assert_noop!(register(ANNA, "fourth"), Error::<Test>::TooManyMeters);
        assert_ok!(register(BEN, "fourth"));
    });
}

#[test]
fn meter_numbers_do_not_wrap_around() {
    run(|| {
        NextMeter::<Test>::put(u32::MAX);
        assert_noop!(register(CLARA, "new"), Error::<Test>::NumbersExhausted);
    });
}

#[test]
fn the_meters_of_genesis_are_active_from_the_beginning() {
    run(|| {
        assert_eq!(MetersOf::<Test>::get(ANNA).into_inner(), [FIRST, SECOND]);
        let meter = Meters::<Test>::get(FIRST).unwrap();
        assert_eq!(meter.current.from, SlotIndex(0));
        assert_eq!(meter.registered_by.account, INSTALLER);
    });
}

#[test]
fn an_empty_genesis_is_valid() {
    let genesis = GenesisConfig::default();
    ExtBuilder { genesis }.build_and_execute(|| {
        assert_eq!(NextMeter::<Test>::get(), 0);
    });
}

#[test]
#[should_panic(expected = "KeyTaken")]
fn genesis_refuses_a_key_twice() {
    let mut builder = ExtBuilder::default();
    let twice: GenesisMeter<AccountId> = builder.genesis.meters[0].clone();
    builder.genesis.meters.push(twice);
    builder.build();
}

#[test]
#[should_panic(expected = "CapacityOutOfRange")]
fn genesis_refuses_a_capacity_out_of_range() {
    let mut builder = ExtBuilder::default();
    builder.genesis.meters[0].capacity = Wh::ZERO;
    builder.build();
}

#[test]
fn genesis_reads_as_camel_case_json() {
    let json = r#"{ "meters": [{
        "owner": 12,
        "key": { "Sr25519": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY" },
        "capacity": 5000,
        "installer": 1
    }] }"#;
    let genesis: GenesisConfig<Test> = serde_json::from_str(json).unwrap();
    assert_eq!(genesis.meters[0].key, sr_key("Alice"));
    ExtBuilder { genesis }.build_and_execute(|| {
        assert_eq!(Metering::meters_of(&CLARA), [MeterId(0)]);
    });
}

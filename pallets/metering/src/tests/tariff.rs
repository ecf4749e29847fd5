//! How slots get their tariff band.

use super::*;
use crate::{Bands, CurrentTariff, GenesisConfig, TariffRule};
use frame_support::{
    traits::Hooks,
    weights::{Weight, WeightMeter},
};
use qedex_primitives::{Band, DayRange, Tariff, Windows};

/// Four hours of slots, of which `SLOT` (40 of its day) is one.
const MID: DayRange = DayRange { from: 40, until: 56 };

fn rule(threshold: u64, look_back: u8, mid: &[DayRange]) -> TariffRule {
    TariffRule { threshold: Wh(threshold), look_back, mid: mid.to_vec().try_into().unwrap() }
}

fn set(rule: TariffRule) -> sp_runtime::DispatchResult {
    Metering::set_tariff(RuntimeOrigin::root(), rule)
}

fn band(slot: SlotIndex) -> Band {
    <Metering as Tariff>::band(slot)
}

fn read(slot: SlotIndex, consumed: u64) {
    open_window(slot);
    submit(reading(FIRST, slot, 0, consumed));
}

/// Sets the clock to the opening of the gate of `slot`.
fn open_gate(slot: SlotIndex) {
    Now::set(TestWindows::get().schedule(slot, SLOT_LENGTH).gate_opens);
}

/// The latest slot that is frozen when the gate of `slot` opens.
fn latest_closed(slot: SlotIndex) -> SlotIndex {
    SlotIndex(slot.0 - 9)
}

#[test]
fn without_a_rule_every_slot_is_off_peak() {
    run(|| {
        read(SLOT, RATING.0);
        open_gate(later(SLOT, 9));
        assert_eq!(band(later(SLOT, 9)), Band::Off);
    });
}

#[test]
fn the_band_follows_the_metered_demand_of_the_latest_closed_slot() {
    run(|| {
        assert_ok!(set(rule(1_000, 1, &[])));
        read(SLOT, 1_000);
        read(SLOT.next(), 999);
        open_gate(later(SLOT, 9));
        assert_eq!(band(later(SLOT, 9)), Band::On);
        open_gate(later(SLOT, 10));
        assert_eq!(band(later(SLOT, 10)), Band::Off, "below the threshold");
        assert_eq!(
            events().last(),
            Some(&Event::BandFixed {
                slot: later(SLOT, 10),
                band: Band::Off,
                demand: Some(Wh(999)),
            })
        );
    });
}

#[test]
fn the_demand_is_the_mean_of_those_known_among_the_latest_closed_slots() {
    run(|| {
        assert_ok!(set(rule(201, 3, &[])));
        read(SLOT, 100);
        // The slot after it has no reading.
        read(later(SLOT, 2), 301);
        open_gate(later(SLOT, 11));
        assert_eq!(latest_closed(later(SLOT, 11)), later(SLOT, 2));
        assert_eq!(band(later(SLOT, 11)), Band::Off, "the mean is 200");
        open_gate(later(SLOT, 12));
        assert_eq!(band(later(SLOT, 12)), Band::On, "301 alone is known");
    });
}

#[test]
fn without_any_demand_known_the_schedule_decides_alone() {
    run(|| {
        assert_ok!(set(rule(0, 8, &[MID])));
        assert_eq!(SLOT.0 % 96, 40);
        for (slot, expected) in [
            (SlotIndex(SLOT.0 - 1), Band::Off),
            (SLOT, Band::Mid),
            (later(SLOT, 15), Band::Mid),
            (later(SLOT, 16), Band::Off),
        ] {
            open_gate(slot);
            assert_eq!(band(slot), expected);
        }
    });
}

#[test]
fn orders_do_not_enter_and_neither_does_generation() {
    run(|| {
        assert_ok!(set(rule(1_000, 1, &[])));
        submit(reading(FIRST, SLOT, RATING.0, 0));
        open_gate(later(SLOT, 9));
        assert_eq!(band(later(SLOT, 9)), Band::Off);
    });
}

#[test]
fn a_band_is_fixed_when_the_gate_opens_and_stays() {
    run(|| {
        let slot = later(SLOT, 9);
        assert_ok!(set(rule(1_000, 1, &[])));
        read(SLOT, 2_000);
        open_gate(slot);
        assert_eq!(band(slot), Band::On);
        assert_eq!(Bands::<Test>::get(slot), Some(Band::On));
        let fixed = events().len();
        assert_ok!(set(rule(1_000_000, 1, &[])));
        assert_eq!(band(slot), Band::On);
        assert_eq!(events().len(), fixed + 1, "it is fixed once");
        open_gate(slot.next());
        assert_eq!(band(slot.next()), Band::Off);
    });
}

#[test]
fn before_the_gate_opens_the_band_is_foretold_and_not_fixed() {
    run(|| {
        assert_ok!(set(rule(1_000, 1, &[])));
        read(SLOT, 2_000);
        freeze(SLOT);
        let slot = later(SLOT, 20);
        assert_eq!(band(slot), Band::On, "by what is known now");
        assert_eq!(Metering::expected_band(slot), Band::On);
        assert_eq!(Bands::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_view_fixes_nothing() {
    run(|| {
        assert_ok!(set(rule(1_000, 1, &[])));
        open_gate(SLOT);
        assert_eq!(Metering::expected_band(SLOT), Band::Off);
        assert_eq!(Bands::<Test>::iter().count(), 0);
    });
}

#[test]
fn a_band_does_not_depend_on_when_it_is_worked_out() {
    run(|| {
        assert_ok!(set(rule(1_000, 1, &[])));
        read(SLOT, 2_000);
        read(SLOT.next(), 10);
        // The chain stood still, and by now a later slot is closed too.
        begin(later(SLOT, 9));
        assert_eq!(band(later(SLOT, 9)), Band::On);
        assert_eq!(band(later(SLOT, 10)), Band::Off);
    });
}

#[test]
fn a_reading_that_is_not_frozen_yet_moves_no_band() {
    run(|| {
        assert_ok!(set(rule(1_000, 8, &[])));
        read(SLOT, 2_000);
        // The gate of this slot opens in the middle of the reading window.
        let slot = later(SLOT, 8);
        open_gate(slot);
        assert_eq!(band(slot), Band::Off);
    });
}

#[test]
fn slots_of_other_windows_count_when_they_are_frozen() {
    run(|| {
        assert_ok!(set(rule(1_000, 1, &[])));
        TestWindows::set(Windows { gate_opens: 2, ..Windows::default() });
        read(SLOT, 2_000);
        let slot = later(SLOT, 7);
        open_gate(slot);
        assert_eq!(band(slot), Band::On);
        open_gate(slot.next());
        assert_eq!(band(slot.next()), Band::Off);
    });
}

#[test]
fn a_correction_moves_no_band() {
    run(|| {
        assert_ok!(set(rule(1_000, 1, &[])));
        read(SLOT, 900);
        assert_ok!(record(SECOND_INSTALLER, FIRST, 0, 2_000));
        freeze(SLOT);
        assert_ok!(record(THIRD_INSTALLER, FIRST, 0, 3_000));
        open_gate(later(SLOT, 9));
        assert_eq!(band(later(SLOT, 9)), Band::Off);
    });
}

#[test]
fn the_hook_fixes_the_bands_of_all_gates_that_opened() {
    run(|| {
        assert_ok!(set(rule(1_000, 1, &[MID])));
        begin(SLOT);
        for _ in 0..2 {
            Metering::on_poll(1, &mut WeightMeter::with_limit(Weight::MAX));
        }
        let fixed = |n| Bands::<Test>::get(later(SLOT, n));
        assert!((0..=4).all(|n| fixed(n) == Some(Band::Mid)));
        assert_eq!(fixed(5), None, "its gate is closed still");
    });
}

#[test]
fn bands_leave_with_their_slots() {
    run(|| {
        begin(SLOT);
        for _ in 0..2 {
            Metering::on_poll(1, &mut WeightMeter::with_limit(Weight::MAX));
        }
        assert_eq!(Bands::<Test>::iter().count(), 5);
        begin(later(SLOT, RETENTION + 3));
        Metering::on_idle(1, Weight::MAX);
        assert_eq!(Bands::<Test>::iter().count(), 2);
        // A band that has gone is told by what is known now, and not fixed again.
        assert_eq!(band(SLOT), Band::Off);
        assert_eq!(Bands::<Test>::get(SLOT), None);
    });
}

#[test]
fn only_the_admin_sets_a_rule_and_only_a_valid_one() {
    run(|| {
        let good = rule(36_000, 4, &[MID]);
        assert_noop!(
            Metering::set_tariff(signed(INSTALLER), good.clone()),
            sp_runtime::DispatchError::BadOrigin
        );
        let range = |from, until| DayRange { from, until };
        for bad in [
            rule(36_000, 0, &[MID]),
            rule(36_000, 9, &[MID]),
            rule(36_000, 4, &[range(40, 40)]),
            rule(36_000, 4, &[range(90, 97)]),
            rule(36_000, 4, &[MID, MID]),
        ] {
            assert_noop!(set(bad), Error::<Test>::InvalidTariff);
        }
        assert_ok!(set(good.clone()));
        assert_eq!(CurrentTariff::<Test>::get(), Some(good.clone()));
        assert_eq!(events(), [Event::TariffSet { rule: good }]);
    });
}

#[test]
fn genesis_sets_a_rule() {
    let json = r#"{ "meters": [], "tariff": {
        "threshold": 36000, "lookBack": 4, "mid": [{ "from": 40, "until": 56 }]
    } }"#;
    let genesis: GenesisConfig<Test> = serde_json::from_str(json).unwrap();
    ExtBuilder { genesis }.build_and_execute(|| {
        assert_eq!(CurrentTariff::<Test>::get(), Some(rule(36_000, 4, &[MID])));
    });
}

#[test]
#[should_panic(expected = "tariff")]
fn genesis_refuses_a_rule_that_the_call_would_refuse() {
    let genesis = GenesisConfig { meters: vec![], tariff: Some(rule(36_000, 0, &[])) };
    ExtBuilder { genesis }.build();
}

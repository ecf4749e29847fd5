use super::*;

fn community() -> Community {
    Community::load(None).unwrap()
}

/// Surplus, deficit, tradable energy in kWh and the quarter-hours with at least a lot to trade.
fn totals(quarter_hours: &[QuarterHour]) -> (u64, u64, u64, usize) {
    let kwh = |of: fn(&QuarterHour) -> Wh| {
        (quarter_hours.iter().map(|q| of(q).0).sum::<u64>() + 500) / 1_000
    };
    (
        kwh(QuarterHour::surplus),
        kwh(QuarterHour::deficit),
        kwh(QuarterHour::tradable),
        quarter_hours.iter().filter(|q| q.tradable().0 >= 100).count(),
    )
}

#[test]
fn without_batteries_the_weeks_are_those_of_the_data_s_own_notice() {
    let community = community();
    let week = |at: usize| community.simulate(&community.weeks[at], false).unwrap();
    let near = |a: u64, b: u64| a.abs_diff(b) <= 1;
    let july = totals(&week(0));
    assert!(near(july.0, 4_153) && near(july.1, 22_983) && near(july.2, 4_057), "{july:?}");
    assert_eq!(july.3, 394);
    let january = totals(&week(1));
    assert!(near(january.2, 321), "{january:?}");
    assert_eq!(january.3, 136);
}

#[test]
fn batteries_keep_energy_for_their_owners() {
    let community = community();
    let without = totals(&community.simulate(&community.weeks[0], false).unwrap());
    let with = totals(&community.simulate(&community.weeks[0], true).unwrap());
    assert!(with.0 < without.0 && with.1 < without.1, "{with:?} {without:?}");
    // What was not sold was not bought either, but for what the batteries still hold.
    let capacity: u64 = community.participants.iter().map(|p| p.battery_wh).sum();
    let kept = (without.0 - with.0).abs_diff(without.1 - with.1);
    assert!(kept * 1_000 <= capacity, "{kept}");
}

#[test]
fn a_battery_charges_to_its_limit_and_gives_back_what_it_took() {
    let mut battery = Battery::new(8_000);
    assert_eq!(battery.charge(1_500), 500);
    assert_eq!(battery.discharge(400), 0);
    assert_eq!(battery.discharge(5_000), 4_400);
    assert_eq!(battery.discharge(5_000), 5_000);
    for _ in 0..8 {
        battery.charge(1_000);
    }
    assert_eq!(battery.charge(1_000), 1_000, "a full battery takes nothing");
}

#[test]
fn energy_is_rounded_to_the_nearest_watt_hour() {
    assert_eq!(energy(1_000_000, 4_000), 1_000);
    assert_eq!(energy(500_000, 4), 1);
    assert_eq!(energy(499_999, 4), 0);
}

#[test]
fn a_meter_sees_a_surplus_or_a_deficit_within_its_rated_capacity() {
    let community = community();
    for week in &community.weeks {
        for quarter_hour in community.simulate(week, true).unwrap() {
            for (participant, flow) in community.participants.iter().zip(&quarter_hour.flows) {
                assert!(flow.generated.is_zero() || flow.consumed.is_zero());
                let capacity = participant.meter_capacity();
                assert!(flow.generated <= capacity && flow.consumed <= capacity);
            }
        }
    }
}

#[test]
fn play_begins_where_it_is_told_with_batteries_followed_from_monday() {
    let community = community();
    let all = community.simulate(&community.weeks[0], true).unwrap();
    let some = community.quarter_hours(&"11:00".parse().unwrap(), 8).unwrap();
    assert_eq!(some, all[44..52]);
    assert!(some.iter().all(|q| q.tradable().0 >= 100));
}

#[test]
fn play_beyond_the_data_is_refused() {
    let community = community();
    for (from, slots) in [("2016-07-17T23:45", 2), ("2017-01-01T00:00", 1)] {
        let error = community.quarter_hours(&from.parse().unwrap(), slots).unwrap_err();
        assert!(error.to_string().contains(from), "{error}");
    }
}

#[test]
fn a_missing_directory_is_named() {
    let error = Community::load(Some(Path::new("/no/such/place"))).unwrap_err();
    assert!(error.to_string().contains("/no/such/place"), "{error}");
}

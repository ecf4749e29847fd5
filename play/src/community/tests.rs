use super::*;

fn community() -> Community {
    Community::load(None, None).unwrap()
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
    let week = |at: usize| community.simulate(&community.weeks[at], false);
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
    let without = totals(&community.simulate(&community.weeks[0], false));
    let with = totals(&community.simulate(&community.weeks[0], true));
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
    assert_eq!(energy(PEAK, 4_000), 1_000);
    assert_eq!(energy(PEAK / 2, 4), 1);
    assert_eq!(energy(PEAK / 2 - 1, 4), 0);
    assert_eq!(energy(PEAK, u64::MAX), u64::MAX / 4 + 1);
}

#[test]
fn a_meter_sees_a_surplus_or_a_deficit_within_its_rated_capacity() {
    let community = community();
    for week in &community.weeks {
        for quarter_hour in community.simulate(week, true) {
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
    let all = community.simulate(&community.weeks[0], true);
    let some = community.quarter_hours(Some(&"11:00".parse().unwrap()), 8).unwrap();
    assert_eq!(some, all[44..52]);
    assert!(some.iter().all(|q| q.tradable().0 >= 100));
}

#[test]
fn play_beyond_the_data_is_refused() {
    let community = community();
    for (from, slots) in [("2016-07-17T23:45", 2), ("2017-01-01T00:00", 1)] {
        let error = community.quarter_hours(Some(&from.parse().unwrap()), slots).unwrap_err();
        assert!(error.to_string().contains(from), "{error}");
    }
}

#[test]
fn a_missing_directory_is_named() {
    let error = Community::load(Some(Path::new("/no/such/place")), None).unwrap_err();
    assert!(error.to_string().contains("/no/such/place"), "{error}");
}

/// A directory of `tables/tests/cases`.
fn case(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tables/tests/cases").join(name)
}

/// The quarter-hours of the latest week of a case, or what is said of it.
fn week_of(name: &str, zone: &str) -> Result<Vec<QuarterHour>, String> {
    let zone = (!zone.is_empty()).then(|| zone.parse().unwrap());
    let directory = case(name);
    let community = Community::load(Some(&directory), zone.as_ref())
        .map_err(|error| error.to_string().replace(&format!("{}/", directory.display()), ""))?;
    Ok(community.whole_weeks().swap_remove(0))
}

#[test]
fn a_week_with_decimals_of_any_length_and_days_first_is_played() {
    let expected = week_of("01-simbench-raw/semicolons-german-dates", "").unwrap();
    assert_eq!(expected.len(), 8);
    assert_eq!(expected[0].time, "2016-07-11T10:00");
    // A quarter-hour at a quarter of 4 kW; at an eighth of 3 kW less half of 8 kW, of which the battery of 5 kWh
    // takes an eighth; at an eighth of 6 kW less half of 10 kW.
    let flow = |generated, consumed| Flow { generated: Wh(generated), consumed: Wh(consumed) };
    assert_eq!(expected[0].flows, [flow(0, 250), flow(1_000 - 94 - 625, 0), flow(1_250 - 188, 0)]);

    let fine = week_of("01-simbench-raw/seven-and-eight-decimals", "").unwrap();
    // 0.0138889 of 10 kW are 34.72225 Wh, and 0.00277778 of them 6.94445.
    assert_eq!(fine[0].flows[2], flow(0, 188 - 35));
    assert_eq!(fine[1].flows[2], flow(0, 188 - 7));
    assert_eq!(fine[2..], expected[2..]);
    let tiny = week_of("01-simbench-raw/tiny-float-as-e-notation", "").unwrap();
    assert_eq!(tiny[0].flows[2], flow(0, 188));
}

#[test]
fn a_week_that_is_no_row_of_quarter_hours_is_refused_with_file_and_line() {
    for (name, zone, said) in [
        ("01-simbench-raw/null-tail", "", "line 10: \"NULL\" is no time like 2016-07-11T10:00"),
        ("02-dst-in-week-file/autumn-hour-twice", "", "line 8: 2016-10-30T02:00 comes twice"),
        (
            "02-dst-in-week-file/autumn-hour-twice",
            "Europe/Berlin",
            "line 4: 2016-10-30T02:00 occurs twice in Europe/Berlin",
        ),
        (
            "02-dst-in-week-file/spring-hour-missing",
            "",
            "line 6: 4 quarter-hours are missing, 2016-03-27T02:00 to 2016-03-27T02:45",
        ),
        (
            "03-row-count/hole-of-three-rows",
            "",
            "line 4: 3 quarter-hours are missing, 2016-07-11T10:30 to 2016-07-11T11:00",
        ),
        (
            "03-row-count/newest-first",
            "",
            "line 3: 2016-07-11T11:30 lies before 2016-07-11T11:45 in line 2: the newest comes first",
        ),
        ("03-row-count/trailing-empty-cells", "", "line 10: LA is missing"),
    ] {
        let error = week_of(name, zone).unwrap_err();
        let expected = format!("the community's data: 2016-07-11_week_15min.csv, {said}");
        assert!(error.starts_with(&expected), "{error}");
    }
    // Where clocks go forward, the hour that they skip is missing rightly.
    let spring = week_of("02-dst-in-week-file/spring-hour-missing", "Europe/Berlin").unwrap();
    assert_eq!(spring.len(), 8);
}

const COMMUNITY: &str = "participant,kind,load_profile,load_peak_kw,pv_profile,pv_kwp,battery_kwh\n\
                         h1,household,LA,4.0,SUN,8,0\n";

/// A directory of these files, and what is made of it.
fn load(files: &[(&str, &str)]) -> Result<Community, String> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    let place = directory.path().display().to_string();
    Community::load(Some(directory.path()), None)
        .map_err(|error| error.to_string().replace(&format!("{place}/"), "").replace(&place, "DIR"))
}

#[test]
fn weeks_of_any_name_number_and_length_are_played_the_latest_first() {
    let old = "time,LA,SUN,WIND\n2020-05-01T10:00,0.5,0,-0.1\n2020-05-01T10:15,0.25,0,-0.2\n";
    let new = "time (Europe/Berlin);SUN;LA\n02.05.2020 10:00;0,5;0,5\n";
    let community = load(&[
        ("who.csv", COMMUNITY),
        ("a.csv", old),
        ("may.CSV", new),
        ("readme.txt", "x"),
        (".hidden.csv", "y"),
    ])
    .unwrap();
    let weeks = community.whole_weeks();
    assert_eq!(weeks.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(weeks[0][0].time, "2020-05-02T10:00");
    assert_eq!(weeks[0][0].flows, [Flow { generated: Wh(500), consumed: Wh(0) }]);
    let first = community.quarter_hours(None, 1).unwrap();
    assert_eq!(first, weeks[0]);
    let start = "2020-05-01T10:15".parse().unwrap();
    assert_eq!(community.quarter_hours(Some(&start), 1).unwrap(), weeks[1][1..]);
    let beyond = community.quarter_hours(None, 2).unwrap_err().to_string();
    assert!(
        beyond.contains("2020-05-02T10:00 to 2020-05-02T10:00 and 2020-05-01T10:00"),
        "{beyond}"
    );
}

#[test]
fn a_time_with_an_offset_is_found_by_its_instant_and_by_the_clock() {
    let week = "time,LA,SUN\n\
                2016-10-30T02:30+02:00,0.1,0\n2016-10-30T02:45+02:00,0.2,0\n\
                2016-10-30T02:00+01:00,0.3,0\n2016-10-30T02:15+01:00,0.4,0\n2016-10-30T02:30+01:00,0.5,0\n";
    let community = load(&[("who.csv", COMMUNITY), ("week.csv", week)]).unwrap();
    let at = |start: &str| {
        let found = community.quarter_hours(Some(&start.parse().unwrap()), 1);
        found.map(|quarters| quarters[0].time.clone()).map_err(|error| error.to_string())
    };
    assert_eq!(at("2016-10-30T01:00Z").as_deref(), Ok("2016-10-30T02:00+01:00"));
    assert_eq!(at("2016-10-30T02:45").as_deref(), Ok("2016-10-30T02:45+02:00"));
    assert_eq!(at("02:15").as_deref(), Ok("2016-10-30T02:15+01:00"));
    let error = at("2016-10-30T02:30").unwrap_err();
    assert!(error.contains("2016-10-30T02:30 occurs twice: name it with its offset"), "{error}");
}

#[test]
fn files_that_make_up_no_community_are_refused_by_name() {
    let week = "time,LA,SUN\n2020-05-01T10:00,0.5,0\n";
    let two = format!("{COMMUNITY}h1,household,LA,1,,0,0\n");
    for (files, said) in [
        (&[("w.csv", week)][..], "DIR: no file has participants (a column participant)"),
        (&[("who.csv", COMMUNITY)], "DIR: no file has a week (a column time)"),
        (
            &[("a.csv", COMMUNITY), ("b.csv", COMMUNITY), ("w.csv", week)],
            "DIR: both a.csv and b.csv have participants",
        ),
        (
            &[("who.csv", COMMUNITY), ("a.csv", week), ("b.csv", week)],
            "DIR: both a.csv and b.csv have 2020-05-01T10:00",
        ),
        (
            &[("who.csv", COMMUNITY), ("w.csv", "date,LA,SUN\n")],
            "w.csv, line 1: these are neither participants (a column participant) nor a week (a column time)",
        ),
        (
            &[("who.csv", COMMUNITY), ("w.csv", "time,LA\n2020-05-01T10:00,0.5\n")],
            "w.csv, line 1: there is no column SUN, which h1 follows",
        ),
        (&[("who.csv", COMMUNITY), ("w.csv", "time,LA,SUN\n")], "w.csv: there is no quarter-hour"),
        (
            &[("who.csv", COMMUNITY), ("w.csv", "time,LA,SUN\n2020-05-01T10:00,-0.5,0\n")],
            "w.csv, line 2: LA -0.5 is below 0 of the profile's peak",
        ),
        (
            &[("who.csv", COMMUNITY), ("w.csv", "time,LA,SUN\n2020-05-01T10:00,1.5,0\n")],
            "w.csv, line 2: LA 1.5 is above the largest, 1 of the profile's peak",
        ),
        (
            &[("who.csv", &two), ("w.csv", week)],
            "who.csv, line 3: h1 comes twice: it stands in line 2 already",
        ),
    ] {
        let error = load(files).map(|_| ()).unwrap_err();
        assert_eq!(error, format!("the community's data: {said}"));
    }
}

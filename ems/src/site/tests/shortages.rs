//! What a site without a plan is told.

use super::*;

fn told(site: &Site) -> String {
    plan(site, &LIMITS).unwrap_err().to_string()
}

/// The house of `docs/commands.md`.
fn house() -> Site {
    let text = r#"{"hours": 24, "dt_h": 1, "price_buy": [], "price_sell": [], "load_e": [],
        "grid": {"import_max": 11, "export_max": 7},
        "battery": {"capacity": 10, "start": 2, "charge_max": 5, "discharge_max": 5, "charge_eff": 0.95,
            "discharge_eff": 0.95},
        "ev": [{"energy": 20, "from": 0, "by": 7, "charge_min": 1.4, "charge_max": 11}]}"#;
    let mut site = read(text);
    (site.price_buy, site.price_sell) = (vec![0.2; 24], vec![0.08; 24]);
    site.load_e = vec![0.4; 24];
    site
}

const FIRST: &str = "is the first that cannot be served";

/// The ramp of the battery has it end its giving in the hours after: no power in hour 18 alone is enough.
#[test]
fn electricity_that_lacks_over_many_hours_is_named() {
    let mut site = winter();
    site.grid.import_max = 5.0;
    let expected =
        format!("no plan: hour 18 {FIRST}: 24.600 kWh of electricity are missing up to its end");
    assert_eq!(told(&site), expected);
}

#[test]
fn each_balance_that_fails_is_named() {
    let mut site = winter();
    site.load_h.as_mut().unwrap()[18] = 500.0;
    let heat = "500.000 kW of heat, and at most 304.000 kW can be had";
    assert_eq!(told(&site), format!("no plan: hour 18 {FIRST}: {heat}"));
    site.grid.import_max = 5.0;
    let both = "24.600 kWh of electricity are missing up to its end; 196.000 kWh of heat are missing up to its end";
    assert_eq!(told(&site), format!("no plan: hour 18 {FIRST}: {both}"));

    let mut site = bare(&[0.1], &[0.0], 3.0);
    site.grid.import_max = 1.0;
    (site.load_h, site.load_c) = (Some(vec![4.0]), Some(vec![5.0]));
    site.boiler = Some(Boiler { max: 1.5, eff: 1.0, fuel: Fuel::Electricity });
    let each = "3.500 kW of electricity are missing; 4.000 kW of heat, and at most 1.500 kW can be had; 5.000 kW of cooling, and at most 0.000 kW can be had";
    assert_eq!(told(&site), format!("no plan: hour 0 {FIRST}: {each}"));
}

/// Less cooling would do as well, since the chiller takes electricity; but the chiller is large enough.
#[test]
fn electricity_is_named_before_what_is_made_of_it() {
    let mut site = summer();
    site.mt = None;
    site.grid.import_max = 10.0;
    let Err(SiteError::Infeasible(shortage)) = plan(&site, &LIMITS) else { panic!() };
    let expected = format!("hour 1 {FIRST}: 0.657 kW of electricity are missing");
    assert_eq!(shortage.to_string(), expected);
    // So much it is: the hour is served with a little more, and not with a little less.
    let Shortage::Step { step: 1, missing, .. } = shortage else { panic!() };
    let [Missing::Power { balance: Balance::Electricity, power, load: None }] = missing[..] else {
        panic!("{missing:?}")
    };
    for (sun, first) in [(power - 1e-3, "hour 1 "), (power + 1e-3, "hour 2 ")] {
        site.pv.as_mut().unwrap()[1] += sun;
        assert!(told(&site).starts_with(&format!("no plan: {first}")), "{}", told(&site));
        site.pv.as_mut().unwrap()[1] -= sun;
    }
}

#[test]
fn a_vehicle_that_waits_for_electricity_is_named() {
    let mut site = house();
    assert!(plan(&site, &LIMITS).is_ok());
    site.grid.import_max = 0.1;
    // 2.8 for the house and 20 for the vehicle, less 0.7 from the grid and 1.9 out of the battery.
    let expected = format!(
        "no plan: hour 6 {FIRST}: 20.200 kWh of electricity are missing up to its end; vehicle 1 is to be charged by then"
    );
    assert_eq!(told(&site), expected);
    site.ev.push(site.ev[0]);
    assert!(told(&site).ends_with("; vehicle 1 and vehicle 2 are to be charged by then"));
}

#[test]
fn a_vehicle_that_no_electricity_charges_is_named() {
    let mut site = house();
    site.grid.import_max = 100.0;
    site.ev.push(Vehicle { energy: 1.0, ..site.ev[0] });
    let cannot =
        "vehicle 2 is to have 1.000 kWh by then, and 1.400 kWh is the nearest that it can have";
    assert_eq!(told(&site), format!("no plan: hour 6 {FIRST}: {cannot}"));
    site.ev[1] = Vehicle { energy: 80.0, ..site.ev[0] };
    let cannot =
        "vehicle 2 is to have 80.000 kWh by then, and 77.000 kWh is the nearest that it can have";
    assert_eq!(told(&site), format!("no plan: hour 6 {FIRST}: {cannot}"));
}

#[test]
fn a_store_that_cannot_be_kept_is_named() {
    let mut site = bare(&[0.1, 0.1], &[0.0; 2], 1.0);
    let store = Store {
        capacity: 10.0,
        level_min: 0.5,
        start: 5.0,
        charge_max: 0.25,
        charge_min: 0.0,
        charge_eff: 1.0,
        loss: 0.1,
        ramp: None,
        active_max: None,
        ..house().battery.unwrap()
    };
    site.battery = Some(store);
    let falls = "the battery falls below its least level by 0.250 kWh";
    assert_eq!(told(&site), format!("no plan: hour 0 {FIRST}: {falls}"));
    // With room below, they end where they must not.
    site.battery = Some(Store { level_min: 0.0, ..store });
    site.tst = site.battery;
    let ends = "the battery and the store of heat do not end as they began";
    assert_eq!(told(&site), format!("no plan: every hour can be served, but {ends}"));
}

#[test]
fn a_search_that_takes_longer_than_it_may_names_no_balance() {
    let mut site = summer();
    site.ice = None;
    let none = Limits { time: Duration::ZERO, gap: 0.0 };
    let error = relief::find(&site, &none).unwrap_err();
    assert_eq!(error, SiteError::Unexplained(0));
    let told =
        "there is no plan, and why was not found out in 0 seconds: a longer --time-limit may tell";
    assert_eq!(error.to_string(), told);
}

//! The two days of `data/cche`, against what HiGHS proves of them.

use super::*;

/// The plan of `site` costs what it should: to 0.1 %, and never less.
fn costs(site: &Site, least: f64) {
    let plan = plan(site, &LIMITS).unwrap();
    assert!(plan.cost > least - 5e-5 && plan.cost < least * 1.001, "{} for {least}", plan.cost);
    // What was proven is true: the least cost lies above it.
    assert!(plan.bound < least + 1e-4, "a bound of {} for {least}", plan.bound);
    assert!(plan.gap <= LIMITS.gap, "{}", plan.gap);
    assert_eq!(breaches(site, &plan.series), Vec::<String>::new());
}

fn both(change: impl Fn(&mut Site), least: [f64; 2]) {
    for (mut site, least) in [summer(), winter()].into_iter().zip(least) {
        change(&mut site);
        costs(&site, least);
    }
}

#[test]
fn all_devices_together_cost_the_least() {
    both(|_| (), [232.7658, 273.3712]);
}

#[test]
fn each_device_is_worth_what_it_saves() {
    both(|site| site.battery = None, [243.4752, 286.6824]);
    both(|site| site.mt = None, [281.7831, 434.2413]);
    both(|site| site.tst = None, [232.7658, 277.1126]);
}

#[test]
fn a_battery_of_six_hours_is_worth_less() {
    let six = |site: &mut Site| {
        if let Some(battery) = &mut site.battery {
            battery.active_max = Some(6.0);
        }
    };
    both(six, [234.7476, 276.7343]);
}

#[test]
fn a_smaller_connection_costs_more() {
    both(|site| site.grid.import_max = 60.0, [233.9658, 273.6070]);
}

#[test]
fn without_ice_the_first_hour_that_is_too_hot_is_told() {
    let mut site = summer();
    site.ice = None;
    let Err(SiteError::Infeasible(shortage)) = plan(&site, &LIMITS) else { panic!() };
    let Shortage::Step { step: 12, hour: 12, missing, .. } = &shortage else {
        panic!("{shortage:?}")
    };
    let [Missing::Power { balance: Balance::Cold, power, load: Some(load) }] = missing[..] else {
        panic!("{shortage:?}")
    };
    assert!((load - 94.0).abs() < 1e-6 && (power - 4.0).abs() < 1e-6, "{shortage:?}");
    let told = "hour 12 is the first that cannot be served: 94.000 kW of cooling, and at most 90.000 kW can be had";
    assert_eq!(shortage.to_string(), told);
}

#[test]
fn a_kilowatt_hour_is_worth_what_the_day_costs_more_with_it() {
    let expected = [[0.12, 0.20, 0.20, 0.30], [0.0844, 0.2216, 0.22, 0.30]];
    for (site, expected) in [summer(), winter()].iter().zip(expected) {
        let (_, worth) = marginals(site, &EXACT, 1.0).unwrap();
        for (hour, expected) in [4, 9, 14, 18].into_iter().zip(expected) {
            let Marginal { more: Some(more), less: Some(less) } = worth[hour] else { panic!() };
            assert!((more - expected).abs() < 5e-5, "hour {hour}: {more} for {expected}");
            assert!((less - expected).abs() < 5e-5, "hour {hour}: {less} for {expected}");
        }
    }
}

#[test]
fn the_model_for_other_solvers_has_every_row_and_switch() {
    let text = as_mps(&winter()).unwrap();
    assert_eq!(text.lines().filter(|line| line.starts_with(" BV ")).count(), 24 * 5);
    assert_eq!(text.lines().filter(|line| line.starts_with(" E electricity_")).count(), 24);
    assert_eq!(text.lines().filter(|line| line.starts_with(" rhs electricity_")).count(), 24);
    assert!(text.contains("\n rhs battery_active 14\n"), "{text}");
    assert!(text.ends_with("\nENDATA\n"));
}

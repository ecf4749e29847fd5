//! Sites so small that their best plan can be told by hand, or by trying all switches.

use super::*;
use crate::{
    program::{self, Unsolved},
    site::model::Model,
};
use proptest::prelude::*;

fn battery() -> Store {
    Store {
        capacity: 10.0,
        level_min: 0.2,
        level_max: 0.8,
        start: 2.0,
        charge_min: 0.0,
        charge_max: 10.0,
        discharge_min: 0.0,
        discharge_max: 10.0,
        charge_eff: 0.9,
        discharge_eff: 0.9,
        loss: 0.0,
        ramp: None,
        active_max: None,
    }
}

/// Between S1's two prices, 0.50 and 1.05 yuan.
#[test]
fn a_battery_buys_cheap_and_sells_dear_what_its_losses_leave() {
    let mut site = bare(&[0.5, 1.05], &[0.5, 1.05], 0.0);
    site.battery = Some(battery());
    let made = plan(&site, &EXACT).unwrap();
    assert!((made.series.import[0] - 6.0 / 0.9).abs() < 1e-6, "{made:?}");
    assert!((made.series.export[1] - 5.4).abs() < 1e-6, "{made:?}");
    assert!((made.cost + 2.336_666_667).abs() < 1e-6, "{made:?}");
    // Below 1 / 0.81 no cycle pays.
    for (dear, moves) in [(0.61, false), (0.63, true)] {
        site.price_buy[1] = dear;
        site.price_sell[1] = dear;
        let made = plan(&site, &EXACT).unwrap();
        assert_eq!(made.series.battery.charge[0] > 1e-6, moves, "{dear}: {made:?}");
    }
}

#[test]
fn nobody_earns_by_drawing_and_feeding_in_at_once() {
    // Feeding in earns more than drawing costs: without the rule, 100 kW would go round in a circle.
    let site = bare(&[0.1, 0.1], &[0.3, 0.3], 5.0);
    let made = plan(&site, &EXACT).unwrap();
    assert!((made.cost - 1.0).abs() < 1e-9, "{made:?}");
}

#[test]
fn a_vehicle_charges_while_it_is_there_and_cheap() {
    let mut site = bare(&[0.1, 0.3, 0.2, 0.25, 0.05], &[0.0; 5], 1.0);
    site.ev = vec![Vehicle {
        energy: 9.0,
        from: 1.0,
        by: 4.0,
        charge_min: 2.0,
        charge_max: 7.0,
        charge_eff: 0.9,
    }];
    let made = plan(&site, &EXACT).unwrap();
    let expected = [0.0, 0.0, 7.0, 3.0, 0.0];
    for (power, expected) in made.series.ev[0].iter().zip(expected) {
        assert!((power - expected).abs() < 1e-6, "{made:?}");
    }
    site.ev[0].energy = 19.0;
    let error = plan(&site, &EXACT).unwrap_err().to_string();
    let told = "no plan: hour 3 is the first that cannot be served: vehicle 1 is to have 19.000 kWh by then, and 18.900 kWh is the nearest that it can have";
    assert_eq!(error, told);
    site.load_e = vec![1.0; 5];
    site.ev[0].energy = 18.9;
    assert!(plan(&site, &EXACT).is_ok());
}

#[test]
fn an_electric_boiler_takes_its_heat_from_the_balance() {
    let mut site = bare(&[0.2], &[0.0], 1.0);
    site.load_h = Some(vec![6.0]);
    site.boiler = Some(Boiler { max: 10.0, eff: 3.0, fuel: Fuel::Electricity });
    let made = plan(&site, &EXACT).unwrap();
    assert!((made.series.import[0] - 3.0).abs() < 1e-9, "{made:?}");
    site.boiler = Some(Boiler { max: 10.0, eff: 0.9, fuel: Fuel::Gas });
    site.gas_price = 0.06;
    let made = plan(&site, &EXACT).unwrap();
    assert!((made.cost - 0.6).abs() < 1e-9, "{made:?}");
}

#[test]
fn quarters_of_an_hour_lose_what_the_hour_loses_and_gain_freedom() {
    let mut hourly = bare(&[0.1, 0.2, 0.4], &[0.0; 3], 6.0);
    hourly.battery = Some(Store { loss: 0.1, start: 4.0, charge_min: 2.0, ..battery() });
    let mut quarters = hourly.clone();
    quarters.dt_h = 0.25;
    for series in [&mut quarters.price_buy, &mut quarters.price_sell, &mut quarters.load_e] {
        *series = series.iter().flat_map(|value| [*value; 4]).collect();
    }
    let (whole, parts) = (plan(&hourly, &EXACT).unwrap(), plan(&quarters, &EXACT).unwrap());
    assert_eq!(parts.series.import.len(), 12);
    assert!(parts.cost < whole.cost + 0.05, "{} {}", parts.cost, whole.cost);
    let idle = |site: &Site| {
        let held = Series {
            import: site.load_e.clone(),
            export: vec![0.0; site.steps()],
            ..Series::default()
        };
        cost(site, &held)
    };
    assert!((idle(&hourly) - idle(&quarters)).abs() < 1e-9);
}

fn small() -> impl Strategy<Value = Site> {
    let numbers = prop::collection::vec(0u8..40, 9);
    (numbers, 0u8..4, any::<bool>()).prop_map(|(numbers, least, sells)| {
        let of =
            |from: usize, by: f64| numbers[from..from + 3].iter().map(move |n| f64::from(*n) * by);
        let buy: Vec<f64> = of(0, 0.01).map(|price| price + 0.01).collect();
        let sell: Vec<f64> = buy.iter().map(|buy| if sells { *buy } else { 0.3 * buy }).collect();
        let mut site = bare(&buy, &sell, 0.0);
        site.load_e = of(3, 0.5).collect();
        site.load_h = Some(of(6, 0.25).collect());
        site.gas_price = 0.06;
        site.mt = Some(Turbine {
            eff: 0.3,
            loss: 0.05,
            recovery: 0.8,
            min: 3.0 + f64::from(least),
            max: 9.0,
        });
        site.boiler = Some(Boiler { max: 20.0, eff: 0.9, fuel: Fuel::Gas });
        site.battery = Some(Store {
            charge_min: f64::from(least),
            discharge_min: 1.0,
            start: 4.0,
            ramp: Some(6.0),
            ..battery()
        });
        site
    })
}

/// The least cost over all switches, each set tried by itself.
fn tried(site: &Site) -> f64 {
    let program = Model::new(site, site.steps(), true).program;
    let switches = program.size().1;
    let costs = (0..1u32 << switches).filter_map(|set| {
        match program::solve(&program.with_switches(set), &EXACT) {
            Ok(solved) => Some(solved.cost),
            Err(Unsolved::Infeasible) => None,
            Err(other) => panic!("{other}"),
        }
    });
    costs.fold(f64::INFINITY, f64::min)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn no_set_of_switches_costs_less_than_the_plan(site in small()) {
        let made = plan(&site, &EXACT).unwrap();
        let least = tried(&site);
        prop_assert!((made.cost - least).abs() < 1e-6, "{} {least}", made.cost);
        prop_assert!(made.gap < 1e-6);
    }
}

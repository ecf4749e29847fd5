use super::*;

fn refused(change: impl Fn(&mut Site)) -> String {
    let mut site = winter();
    change(&mut site);
    let error = plan(&site, &LIMITS).unwrap_err();
    assert!(matches!(error, SiteError::Field { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn a_number_below_zero_or_none_is_refused_by_its_place() {
    assert_eq!(refused(|s| s.load_e[3] = -1.0), "load_e[3]: -1 is no number from 0 on");
    assert_eq!(refused(|s| s.price_buy[0] = f64::NAN), "price_buy[0]: NaN is no number from 0 on");
    assert_eq!(
        refused(|s| s.pv.as_mut().unwrap()[23] = f64::INFINITY),
        "pv[23]: inf is no number from 0 on"
    );
    assert_eq!(refused(|s| s.grid.import_max = -5.0), "grid.import_max: -5 is no number from 0 on");
    let error = refused(|s| s.mt.as_mut().unwrap().eff = 0.0);
    assert_eq!(error, "mt.eff: is zero");
}

#[test]
fn a_series_of_another_length_is_refused() {
    let error = refused(|s| {
        s.load_h.as_mut().unwrap().pop();
    });
    assert_eq!(error, "load_h: has 23 values, and there are 24 steps");
    assert_eq!(refused(|s| s.dt_h = 0.25), "price_buy: has 24 values, and there are 96 steps");
    assert_eq!(refused(|s| s.dt_h = 0.5), "dt_h: 0.5 is neither 1 nor 0.25 hours");
    assert_eq!(refused(|s| s.hours = 0), "hours: 0 hours are not from 1 to 192 steps");
    assert_eq!(
        refused(|s| s.hours = u32::MAX),
        "hours: 4294967295 hours are not from 1 to 192 steps"
    );
    assert_eq!(refused(|s| s.valley = Some(vec![24])), "valley: step 24 is none of the 24");
}

#[test]
fn bounds_that_cross_and_a_start_outside_of_them_are_refused() {
    let store = |change: fn(&mut Store)| refused(|s| change(s.battery.as_mut().unwrap()));
    assert_eq!(
        store(|b| b.level_min = 0.9),
        "battery.level_min: 0.9 is more than battery.level_max, 0.8"
    );
    assert_eq!(store(|b| b.level_max = 1.1), "battery.level_max: 1.1 is more than the whole, 1");
    assert_eq!(
        store(|b| b.start = 10.0),
        "battery.start: 10 kWh are outside the level's 24 to 96 kWh"
    );
    assert_eq!(
        store(|b| b.charge_min = 40.0),
        "battery.charge_min: 40 is more than battery.charge_max, 30"
    );
    assert_eq!(store(|b| b.charge_eff = 1.2), "battery.charge_eff: 1.2 is more than 1");
    assert_eq!(store(|b| b.loss = 1.0), "battery.loss: 1 is not below 1");
    assert_eq!(
        refused(|s| s.mt.as_mut().unwrap().min = 61.0),
        "mt.min: 61 is more than mt.max, 60"
    );
    assert_eq!(refused(|s| s.gas_price = 0.0), "gas_price: is missing, and something burns gas");
    let ice = Ice { capacity: 1.0, make_max: 1.0, melt_max: 1.0, loss: 0.0, start: 0.0 };
    assert_eq!(refused(|s| s.ice = Some(ice)), "ice: there is no chiller that makes it");
}

#[test]
fn a_field_that_nobody_knows_is_refused() {
    let text = r#"{"hours": 1, "dt_h": 1, "price_buy": [0.2], "price_sell": [0], "load_e": [1], "batery": 1,
        "grid": {"import_max": 1, "export_max": 1}}"#;
    let error = serde_json::from_str::<Site>(text).unwrap_err().to_string();
    assert!(error.contains("unknown field `batery`"), "{error}");
}

#[test]
fn a_plan_that_takes_longer_than_it_may_is_none() {
    let none = Limits { time: Duration::ZERO, gap: 0.0 };
    assert_eq!(plan(&winter(), &none), Err(SiteError::Time(0)));
}

#[test]
fn a_store_that_cannot_come_back_is_told_so() {
    let mut site = bare(&[0.1, 0.1], &[0.0; 2], 1.0);
    // Loses more than it may take.
    site.battery = Some(Store {
        capacity: 10.0,
        level_min: 0.0,
        level_max: 1.0,
        start: 10.0,
        charge_min: 0.0,
        charge_max: 0.5,
        discharge_min: 0.0,
        discharge_max: 1.0,
        charge_eff: 1.0,
        discharge_eff: 1.0,
        loss: 0.1,
        ramp: None,
        active_max: None,
    });
    let error = plan(&site, &LIMITS).unwrap_err();
    assert_eq!(error, SiteError::Infeasible(Shortage::End { stores: vec![Kept::Battery] }));
    let told = "no plan: every hour can be served, but the battery does not end as it began";
    assert_eq!(error.to_string(), told);
    site.grid.import_max = 0.5;
    site.battery = None;
    let error = plan(&site, &LIMITS).unwrap_err().to_string();
    let told = "no plan: hour 0 is the first that cannot be served: 1.000 kW of electricity, and at most 0.500 kW can be had";
    assert_eq!(error, told);
    assert_eq!(
        refused(|s| s.grid.export_max = f64::NAN),
        "grid.export_max: NaN is no number from 0 on"
    );
}

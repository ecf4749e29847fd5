//! The plan is held against each equation: what breaks one is found.

use super::*;

/// Every value of `series`, one at a time, moved a little.
fn moved(series: &Series) -> Vec<(String, Series)> {
    type Pick = fn(&mut Series) -> &mut Vec<f64>;
    let picks: [(&str, Pick); 17] = [
        ("import", |s| &mut s.import),
        ("export", |s| &mut s.export),
        ("pv", |s| &mut s.pv),
        ("wt", |s| &mut s.wt),
        ("mt", |s| &mut s.mt),
        ("boiler", |s| &mut s.boiler),
        ("vented", |s| &mut s.vented),
        ("cooling", |s| &mut s.cooling),
        ("battery in", |s| &mut s.battery.charge),
        ("battery out", |s| &mut s.battery.discharge),
        ("battery level", |s| &mut s.battery.level),
        ("tst in", |s| &mut s.tst.charge),
        ("tst out", |s| &mut s.tst.discharge),
        ("tst level", |s| &mut s.tst.level),
        ("ice made", |s| &mut s.ice.charge),
        ("ice melt", |s| &mut s.ice.discharge),
        ("ice level", |s| &mut s.ice.level),
    ];
    let mut all = Vec::new();
    for (name, pick) in picks {
        for step in 0..pick(&mut series.clone()).len() {
            let mut other = series.clone();
            pick(&mut other)[step] += 0.001;
            all.push((format!("{name} at {step}"), other));
        }
    }
    all
}

#[test]
fn no_value_of_a_plan_can_be_another() {
    for site in [summer(), winter()] {
        let made = plan(&site, &LIMITS).unwrap();
        let moved = moved(&made.series);
        // Summer has no boiler and no store of heat; winter has no chiller and no ice.
        assert_eq!(moved.len(), 24 * 13);
        for (what, other) in moved {
            assert!(!breaches(&site, &other).is_empty(), "{what} may be moved");
        }
    }
}

/// A plan of a site that may do more breaks what the stricter site may not.
#[test]
fn each_limit_is_looked_at() {
    type Change = fn(&mut Site);
    fn battery(site: &mut Site) -> &mut Store {
        site.battery.as_mut().unwrap()
    }
    fn tst(site: &mut Site) -> &mut Store {
        site.tst.as_mut().unwrap()
    }
    let cases: [(&str, Site, Change); 17] = [
        ("import is", summer(), |s| s.grid.import_max = 40.0),
        ("mt is", winter(), |s| s.mt.as_mut().unwrap().max = 40.0),
        ("boiler is", winter(), |s| s.boiler.as_mut().unwrap().max = 1.0),
        ("cooling is", summer(), |s| s.chiller.as_mut().unwrap().max = 60.0),
        ("chiller is", summer(), |s| s.chiller.as_mut().unwrap().min = 80.0),
        ("ice made", summer(), |s| s.ice.as_mut().unwrap().make_max = 0.5),
        ("ice melt", summer(), |s| s.ice.as_mut().unwrap().melt_max = 0.5),
        ("ice is", summer(), |s| s.ice.as_mut().unwrap().capacity = 19.0),
        ("when it must not", summer(), |s| s.valley = Some(vec![])),
        ("pv is", summer(), |s| s.pv.as_mut().unwrap()[12] = 1.0),
        ("battery level", summer(), |s| battery(s).level_max = 0.5),
        ("battery charge", summer(), |s| battery(s).charge_max = 6.0),
        ("battery discharge", summer(), |s| battery(s).discharge_max = 6.0),
        ("battery changes faster", summer(), |s| battery(s).ramp = Some(2.0)),
        ("battery is active", summer(), |s| battery(s).active_max = Some(3.0)),
        ("battery holds", summer(), |s| battery(s).charge_eff = 0.9),
        ("heat store holds", winter(), |s| tst(s).loss = 0.05),
    ];
    for (told, site, stricter) in cases {
        let made = plan(&site, &LIMITS).unwrap();
        let mut strict = site;
        stricter(&mut strict);
        let found = breaches(&strict, &made.series);
        assert!(found.iter().any(|what| what.contains(told)), "{told}: {found:?}");
    }
}

#[test]
fn what_a_plan_costs_is_what_its_flows_cost() {
    let site = winter();
    let made = plan(&site, &LIMITS).unwrap();
    let mut dearer = site.clone();
    dearer.gas_price = 0.08;
    let gas =
        made.series.mt.iter().sum::<f64>() / 0.3 + made.series.boiler.iter().sum::<f64>() / 0.9;
    let more = cost(&dearer, &made.series) - made.cost;
    assert!((more - 0.02 * gas).abs() < 1e-9, "{more}");
}

#[test]
fn a_store_that_keeps_something_for_itself_is_found() {
    let mut site = bare(&[0.1, 0.2], &[0.0; 2], 3.0);
    site.battery = Some(Store { charge_min: 0.0, charge_eff: 1.0, ..summer().battery.unwrap() });
    let mut series = plan(&site, &EXACT).unwrap().series;
    assert_eq!(breaches(&site, &series), Vec::<String>::new());
    // Charged, paid for, and never given back.
    series.battery =
        Run { charge: vec![0.0, 6.0], discharge: vec![0.0; 2], level: vec![60.0, 66.0] };
    (series.import, series.export) = (vec![3.0, 9.0], vec![0.0; 2]);
    assert_eq!(breaches(&site, &series), ["battery ends with 66 kWh and began with 60"]);
}

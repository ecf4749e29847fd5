use chacha20::{ChaCha20Rng, rand_core::SeedableRng};

use super::choices::points;
use crate::{
    control::{
        Choices, Settings,
        trial::{
            Day, Report, Scenario, Setup, day::DayError, photons::Photons, plot, run,
            run::Comparison,
        },
    },
    distil::{self, Reason},
    link::{Epsilons, Preset},
};

fn compare(preset: Preset, scenario: Scenario) -> Comparison {
    let day = Day::read_built_in(0).unwrap();
    let setup = Setup { preset, km: 10.0, peak: 0.7, settings: Settings::default(), seed: 1 };
    run(&setup, scenario, &day).unwrap()
}

#[test]
fn control_serves_as_many_requests_as_the_full_rate_with_at_most_half_of_its_pulses() {
    for preset in [Preset::Gys, Preset::Snspd] {
        for scenario in Scenario::ALL {
            let comparison = compare(preset, scenario);
            let [adaptive, full, mean, on_off] = &comparison.reports[..] else { panic!() };
            let told = |report: &Report| {
                let Report { unserved, pulses, last_fill, .. } = report;
                format!("{}: {unserved} unserved, {pulses:e}, {last_fill:.2}; ", report.controller)
            };
            let what: String = comparison.reports.iter().map(told).collect();
            let what = format!("{preset} {}: {what}", scenario.name());
            println!("{what}");
            assert!(adaptive.unserved <= full.unserved, "{what}");
            assert!(adaptive.pulses <= full.pulses / 2.0, "{what}");
            // They met the same requests.
            for other in [full, mean, on_off] {
                assert_eq!(adaptive.asked, other.asked, "{what}");
            }
            assert!(full.wasted > 0, "{what}");
            // Nor is it bought by pools that are left empty.
            assert!(adaptive.last_fill > 0.6, "{what}");
        }
    }
}

#[test]
fn an_eavesdropper_stops_control_within_a_block_as_it_does_the_full_rate() {
    let comparison = compare(Preset::Gys, Scenario::Eavesdropper);
    for report in comparison.reports.iter().take(2) {
        assert!(report.discarded >= 1, "{report:?}");
        // From the block that shows it to the end of the hour nothing is sent.
        let at = 12 * 12 + 11;
        assert_eq!(report.rates[at], 0.0, "{report:?}");
    }
}

#[test]
fn blocks_of_the_trial_are_judged_and_measured_as_those_of_the_service() {
    let device = Preset::Gys.device();
    let point = points(Preset::Gys, 10.0)[1];
    let choices = Choices::new(vec![point], 1.0, 2e6);
    let setting = choices.setting(&point, 2e6);
    let params = distil::Params {
        point: point.point,
        epsilons: Epsilons::default(),
        limits: distil::Limits::default(),
    };
    let mut rng = ChaCha20Rng::from_seed([1; 32]);
    let block = |scenario, start, rng: &mut ChaCha20Rng| {
        Photons::new(device, 10.0, scenario, params, rng).block(&setting, start, rng)
    };
    let (outcome, reason) = block(Scenario::Day, 0.0, &mut rng);
    assert_eq!(reason, None);
    let deviation = (outcome.bits as f64 / point.bits - 1.0).abs();
    assert!(deviation < 0.1, "{} {}", outcome.bits, point.bits);
    let clicks = point.ready * point.clicks;
    assert!((outcome.detections as f64 - clicks).abs() < 6.0 * clicks.sqrt());
    let noon = 12.25 * 3600.0;
    let (outcome, reason) = block(Scenario::Eavesdropper, noon, &mut rng);
    assert_eq!((outcome.bits, reason), (0, Some(Reason::Qber)));
    let (outcome, reason) = block(Scenario::Loss, noon, &mut rng);
    assert_eq!(reason, None);
    let half = outcome.detections as f64 / clicks;
    assert!((half - 0.5012).abs() < 0.002, "{half}");
}

#[test]
fn the_demand_of_a_day_is_that_of_its_table() {
    let community = "participant,load_profile,load_peak_kw,pv_profile,pv_kwp\n\
                     a,L,4,P,2\nb,L,2,,0\n";
    let mut week = "time,L,P\n".to_owned();
    for slot in 0..96 {
        week.push_str(&format!("t{slot},0.5,{}\n", if slot == 40 { 1.5 } else { 0.0 }));
    }
    let day = Day::read(community, &week, 0).unwrap();
    // At slot 40 a has 250 (3 - 2) Wh too much, b lacks 250: two sessions, 2.5 trades.
    assert!((day.0[40] - 4.5).abs() < 1e-9 && day.0[41] == 2.0);
    assert!((day.keys() - (95.0 * 2.0 + 4.5)).abs() < 1e-9);
    let refused = |community: &str, week: &str, at| Day::read(community, week, at).unwrap_err();
    assert!(matches!(refused(community, &week, 1), DayError::Short(1)));
    assert!(matches!(refused("x\n1\n", &week, 0), DayError::Column(_)));
    assert!(matches!(refused(&community.replace("L,4", "M,4"), &week, 0), DayError::Column(_)));
    assert!(matches!(refused(&community.replace("L,4", "L,x"), &week, 0), DayError::Number(_)));
    assert!(matches!(refused(community, &week.replace("0.5", "0.5,9"), 0), DayError::Table(_)));
    assert!(Day::read_built_in(6).is_ok() && Day::read_built_in(7).is_err());
}

#[test]
fn a_run_repeats_and_its_plot_shows_every_controller() {
    let comparison = compare(Preset::Gys, Scenario::Bursts);
    assert_eq!(comparison, compare(Preset::Gys, Scenario::Bursts));
    let figure = plot::figure(&comparison, "bursts");
    for report in &comparison.reports {
        assert!(figure.contains(&format!(">{}<", report.controller)));
    }
    assert_eq!(figure.matches("<polyline").count(), 10);
    assert!(figure.len() < 60_000 && !figure.contains("NaN"));
}

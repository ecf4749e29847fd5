//! Events against formulas: every gain and every error rate within four standard errors, at five
//! distances of each preset, with and without each eavesdropper.

use super::{Tally, assert_near, expected::expected, plain};
use crate::link::{
    ClosedForm, Eavesdropper, Link, LinkParameters, Preset, golden::detections_asked,
};

const DISTANCES: [(Preset, [f64; 5]); 3] = [
    (Preset::Gys, [0.0, 10.0, 50.0, 100.0, 125.0]),
    (Preset::Lim2014, [0.0, 10.0, 50.0, 100.0, 150.0]),
    (Preset::Snspd, [0.0, 10.0, 50.0, 100.0, 200.0]),
];

/// As many pulses as give the detections asked for, and what both ends counted of them.
fn send(parameters: LinkParameters, seed: u8) -> (f64, Tally) {
    let pulses = (detections_asked() as f64 / expected(&parameters).all).ceil();
    let (alice, bob) = Link::new(parameters, Some([seed; 32])).unwrap().block(pulses as u64);
    (pulses, Tally::of(&alice, &bob))
}

/// Compares a tally with clicks and errors per pulse of each intensity `k` that is to be compared.
fn compare(
    (pulses, tally): &(f64, Tally),
    parameters: &LinkParameters,
    intensities: core::ops::Range<usize>,
    rates: impl Fn(usize) -> (f64, f64),
    what: &str,
) {
    // Afterpulses come in bunches: each click stands for 1/(1 - p) of them on average.
    let spread = 1.0 / (1.0 - parameters.device.afterpulse);
    let point = &parameters.point;
    for k in intensities {
        let (click, error) = rates(k);
        let sent = pulses * point.probabilities[k];
        let what = format!("{what}, intensity {k}");
        assert_near(tally.clicks[k], sent * click, spread, &format!("clicks, {what}"));
        for (basis, q) in [point.q_x, 1.0 - point.q_x].into_iter().enumerate() {
            let both = sent * q * q;
            let what = format!("basis {basis}, {what}");
            assert_near(tally.sifted[basis][k], both * click, spread, &format!("sifted, {what}"));
            assert_near(tally.errors[basis][k], both * error, spread, &format!("errors, {what}"));
        }
    }
}

/// Closed form and exact expectation of one eavesdropper at all distances. The closed form of
/// splitting has no dark count at a blocked pulse, which the decoy's gain shows on a long link: of
/// it the signal is compared.
fn holds(eve: Option<Eavesdropper>, first_seed: u8) {
    let compared = if eve == Some(Eavesdropper::PhotonNumberSplitting) { 0..1 } else { 0..3 };
    let cases = DISTANCES.into_iter().flat_map(|(preset, at)| at.map(|km| (preset, km)));
    for ((preset, km), seed) in cases.zip(first_seed..) {
        let parameters = LinkParameters { eve, ..plain(preset, km) };
        let sent = send(parameters, seed);
        let closed = ClosedForm::new(parameters.device, km, eve).unwrap();
        let [signal, ..] = parameters.point.intensities;
        let by_formula = |k: usize| closed.gain_and_errors(parameters.point.intensities[k], signal);
        compare(&sent, &parameters, compared.clone(), by_formula, &format!("{preset} {km} km"));
        let exact = expected(&parameters);
        let exactly = |k: usize| (exact.click[k], exact.error[k]);
        compare(&sent, &parameters, 0..3, exactly, &format!("{preset} {km} km exactly"));
    }
}

#[test]
fn gains_and_error_rates_are_the_closed_forms_without_eve() {
    holds(None, 1);
}

#[test]
fn gains_and_error_rates_are_the_closed_forms_under_interception() {
    holds(Some(Eavesdropper::InterceptResend { share: 0.1 }), 21);
    holds(Some(Eavesdropper::InterceptResend { share: 1.0 }), 41);
}

#[test]
fn gains_and_error_rates_are_the_closed_forms_under_splitting() {
    holds(Some(Eavesdropper::PhotonNumberSplitting), 61);
}

#[test]
fn dead_time_and_afterpulses_give_the_corrected_expectation() {
    // `gys` has neither.
    for (preset, at) in &DISTANCES[1..] {
        for (km, seed) in at.iter().zip(81..) {
            let parameters = LinkParameters { device: preset.device(), ..plain(*preset, *km) };
            let sent = send(parameters, seed);
            let exact = expected(&parameters);
            let exactly = |k: usize| (exact.click[k], exact.error[k]);
            compare(&sent, &parameters, 0..3, exactly, &format!("{preset} {km} km"));
        }
    }
}

#[test]
fn dead_time_bounds_counts_as_an_independent_script_computes() {
    for (pulse_rate, counts) in [(1e7, 1.19175e6), (1e8, 5.75010e6), (1e9, 9.31177e6)] {
        let mut parameters = plain(Preset::Snspd, 10.0);
        parameters.device = crate::link::Device { pulse_rate, ..Preset::Snspd.device() };
        let per_second = pulse_rate * expected(&parameters).all;
        assert!((per_second / counts - 1.0).abs() < 1e-5, "{per_second}");
    }
}

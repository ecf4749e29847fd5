use super::*;
use crate::link::Preset;

fn channel(transmittance: f64) -> Channel {
    Channel { transmittance, misalignment: 0.033, dark: 1e-6, splits: false }
}

/// Click and error of pulses of intensity `k` out of the tables, both ends in the same basis.
fn summed(channel: &Channel, point: &OperatingPoint, k: usize) -> (f64, f64) {
    let tables = channel.tables(point);
    let splitting = channel.splitting(point);
    let mut sums = (0.0, 0.0);
    for (n, p) in (0..).zip(photon_numbers(point.intensities[k])) {
        let (click, _) = channel.patterns(channel.arriving(n, &splitting));
        let Pattern { right, single } = tables.patterns[n as usize].aligned;
        sums.0 += p * click;
        sums.1 += p * click * ((single - right) + (1.0 - single) / 2.0);
    }
    sums
}

#[test]
fn photon_numbers_add_up_to_poissonian_light() {
    let (channel, point) = (channel(0.2), Preset::Gys.finite());
    for (k, mu) in point.intensities.into_iter().enumerate() {
        let (click, error) = summed(&channel, &point, k);
        let silent =
            |share: f64| (1.0 - channel.dark) * (-channel.transmittance * mu * share).exp();
        assert!((click / (1.0 - silent(0.0) * silent(1.0)) - 1.0).abs() < 1e-9);
        // Golden file 4: what double clicks leave of the error.
        let (wrong, right) = (1.0 - silent(0.033), 1.0 - silent(0.967));
        let expected = wrong * (1.0 - right) + wrong * right / 2.0;
        assert!((error / expected - 1.0).abs() < 1e-6, "{error} {expected}");
    }
}

#[test]
fn double_clicks_raise_errors_as_an_independent_script_computes() {
    let preset = Preset::Snspd;
    for (km, times) in [(0.0, 1.00727), (10.0, 1.00290)] {
        let t = preset.device().transmittance(km);
        let channel = Channel { transmittance: t, misalignment: 0.01, dark: 0.0, splits: false };
        let point = OperatingPoint { intensities: [0.6, 0.24, 0.0], ..preset.finite() };
        let (_, error) = summed(&channel, &point, 0);
        let closed = 0.01 * -(-t * 0.6).exp_m1();
        assert!((error / closed - times).abs() < 5e-6, "{}", error / closed);
    }
}

#[test]
fn splitting_keeps_the_gain_and_takes_nothing_from_darkness() {
    let point = Preset::Gys.finite();
    let honest = channel(0.01);
    let split = Channel { splits: true, ..honest };
    let (gain, kept) = (summed(&honest, &point, 0).0, summed(&split, &point, 0).0);
    assert!((kept / gain - 1.0).abs() < 1e-9);
    assert!(summed(&split, &point, 1).0 < 0.7 * summed(&honest, &point, 1).0);
    let (vacuum, darkness) = (summed(&split, &point, 2).0, 1.0 - (1.0f64 - 1e-6).powi(2));
    assert!((vacuum / darkness - 1.0).abs() < 1e-9);
}

#[test]
fn without_loss_every_photon_clicks_and_no_photon_is_darkness() {
    let lossless = channel(1.0);
    let point = Preset::Gys.finite();
    let (click, _) = lossless.patterns((1.0, 0));
    assert!((click / 2e-6 - 1.0).abs() < 1e-5);
    let (click, _) = lossless.patterns((1.0, 3));
    assert_eq!(click, 1.0);
    assert!((summed(&lossless, &point, 0).0 - (1.0 - (-0.4f64).exp())).abs() < 1e-5);
}

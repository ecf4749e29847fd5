use super::*;
use crate::link::{
    Preset,
    golden::{assert_printed, cut_off},
};

fn link(preset: Preset, km: f64, eve: Option<Eavesdropper>) -> ClosedForm {
    ClosedForm::new(preset.device(), km, eve).unwrap()
}

/// km, gain, QBER, asymptotic rate, Y1L, e1U, decoy rate.
const GYS: [[&str; 7]; 8] = [
    ["0", "2.137009e-2", ".033037", "2.554577e-3", "4.438483e-2", ".035153", "2.414245e-3"],
    ["10", "1.323185e-2", ".033060", "1.567051e-3", "2.736080e-2", ".035189", "1.479197e-3"],
    ["25", "6.429380e-3", ".033123", "7.543932e-4", "1.324524e-2", ".035241", "7.113164e-4"],
    ["50", "1.924950e-3", ".033412", "2.225952e-4", "3.954807e-3", ".035398", "2.096250e-4"],
    ["75", "5.762515e-4", ".034378", "6.434830e-5", "1.181795e-3", ".035884", "6.046310e-5"],
    ["100", "1.732602e-4", ".037582", "1.718436e-5", "3.539934e-4", ".037492", "1.602005e-5"],
    ["125", "5.292036e-5", ".048002", "3.205972e-6", "1.068672e-4", ".042797", "2.854719e-6"],
    ["140", "2.649981e-5", ".062959", "2.464546e-7", "5.261496e-5", ".050633", "7.377906e-8"],
];
/// km, gain, QBER, asymptotic rate, decoy rate.
const LIM2014: [[&str; 5]; 6] = [
    ["0", "4.576381e-2", ".024051", "1.260248e-2", "1.070743e-2"],
    ["10", "2.911475e-2", ".024059", "7.915180e-3", "6.677757e-3"],
    ["25", "1.469589e-2", ".024079", "3.950058e-3", "3.311575e-3"],
    ["50", "4.670728e-3", ".024166", "1.243397e-3", "1.037419e-3"],
    ["100", "4.691422e-4", ".025305", "1.210661e-4", "1.002700e-4"],
    ["150", "4.804689e-5", ".036401", "9.142832e-6", "7.033808e-6"],
];
const SNSPD: [[&str; 5]; 6] = [
    ["0", "2.591818e-1", ".010000", "1.098863e-1", "1.006566e-1"],
    ["10", "1.724512e-1", ".010000", "6.861062e-2", "6.146876e-2"],
    ["25", "9.050733e-2", ".010000", "3.405627e-2", "2.980827e-2"],
    ["50", "2.955448e-2", ".010000", "1.069384e-2", "9.186016e-3"],
    ["100", "2.995514e-3", ".010002", "1.066101e-3", "9.079835e-4"],
    ["200", "3.000955e-5", ".010163", "1.061784e-5", "9.027890e-6"],
];

fn holds(preset: Preset, [km, gain, qber, asymptotic, decoy]: [&str; 5]) {
    let (link, point) = (link(preset, km.parse().unwrap(), None), preset.asymptotic());
    assert_printed(link.gain(&point), gain);
    assert_printed(link.qber(&point), qber);
    assert_printed(link.rate_asymptotic(&point), asymptotic);
    assert_printed(link.rate_decoy(&point), decoy);
}

#[test]
fn gains_error_rates_and_key_rates_are_those_of_an_independent_script() {
    for [km, gain, qber, asymptotic, y1, e1, decoy] in GYS {
        holds(Preset::Gys, [km, gain, qber, asymptotic, decoy]);
        let bounds =
            link(Preset::Gys, km.parse().unwrap(), None).decoy_bounds(&Preset::Gys.asymptotic());
        assert_printed(bounds.single_photon_yield, y1);
        assert_printed(bounds.single_photon_error, e1);
    }
    LIM2014.into_iter().for_each(|row| holds(Preset::Lim2014, row));
    SNSPD.into_iter().for_each(|row| holds(Preset::Snspd, row));
}

#[test]
fn rates_end_where_an_independent_script_has_them_end() {
    for (preset, asymptotic, decoy) in [
        (Preset::Gys, "142.014", "140.619"),
        (Preset::Lim2014, "181.564", "176.781"),
        (Preset::Snspd, "327.803", "323.167"),
    ] {
        let point = preset.asymptotic();
        let end = cut_off(|km| link(preset, km, None).rate_asymptotic(&point), 400.0);
        assert_printed(end, asymptotic);
        assert_printed(cut_off(|km| link(preset, km, None).rate_decoy(&point), 400.0), decoy);
    }
}

#[test]
fn decoy_bounds_deviate_as_ma_et_al_print_for_40_km() {
    let link = link(Preset::Gys, 40.0, None);
    let point = VacuumWeak { sifted: 0.5, signal: 0.48, decoy: 0.12 };
    let (y1, errors) = link.single_photon();
    let bounds = link.decoy_bounds(&point);
    assert_printed(100.0 * (1.0 - bounds.single_photon_yield / y1), "3.510");
    assert_printed(100.0 * (bounds.single_photon_error / (errors / y1) - 1.0), "16.78");
}

/// km and the rate for each block size.
type FiniteRows = [[&'static str; 5]; 5];
const GYS_FINITE: FiniteRows = [
    ["0", "1.2961e-3", "1.8043e-3", "1.9563e-3", "2.0035e-3"],
    ["10", "6.5601e-4", "1.0648e-3", "1.1852e-3", "1.2224e-3"],
    ["25", "1.7260e-4", "4.7160e-4", "5.5676e-4", "5.8326e-4"],
    ["50", "0", "1.0411e-4", "1.5271e-4", "1.6807e-4"],
    ["100", "0", "0", "5.3302e-6", "1.0594e-5"],
];
const LIM2014_FINITE: FiniteRows = [
    ["0", "6.0331e-3", "7.3207e-3", "7.7033e-3", "7.8218e-3"],
    ["10", "3.4211e-3", "4.4734e-3", "4.7805e-3", "4.8752e-3"],
    ["25", "1.3334e-3", "2.1219e-3", "2.3432e-3", "2.4108e-3"],
    ["50", "5.4347e-5", "5.7861e-4", "7.0869e-4", "7.4731e-4"],
    ["100", "0", "6.9810e-7", "5.3933e-5", "6.7799e-5"],
];
const SNSPD_FINITE: FiniteRows = [
    ["0", "3.4632e-2", "7.1054e-2", "7.9139e-2", "8.2242e-2"],
    ["10", "3.5745e-3", "4.0861e-2", "4.7685e-2", "5.0225e-2"],
    ["25", "0", "1.7088e-2", "2.2461e-2", "2.4324e-2"],
    ["50", "0", "2.1881e-3", "6.3373e-3", "7.4521e-3"],
    ["100", "0", "0", "2.0322e-4", "7.1155e-4"],
];

#[test]
fn finite_rates_of_expected_counts_are_those_of_an_independent_script() {
    for (preset, sizes, rows) in [
        (Preset::Gys, [1e9, 1e10, 1e11, 1e12], GYS_FINITE),
        (Preset::Lim2014, [1e9, 1e10, 1e11, 1e12], LIM2014_FINITE),
        (Preset::Snspd, [1e8, 1e9, 1e10, 1e12], SNSPD_FINITE),
    ] {
        for [km, rates @ ..] in rows {
            let link = link(preset, km.parse().unwrap(), None);
            for (pulses, rate) in sizes.into_iter().zip(rates) {
                let found = link.rate_finite(&preset.finite(), pulses, Epsilons::default());
                if rate == "0" {
                    assert_eq!(found, 0.0, "{preset} {km} km {pulses:e}");
                } else {
                    assert_printed(found, rate);
                }
            }
        }
    }
}

#[test]
fn finite_rates_end_where_an_independent_script_has_them_end() {
    for (preset, pulses, end) in [
        (Preset::Gys, 1e10, "80.21"),
        (Preset::Gys, 1e12, "128.53"),
        (Preset::Lim2014, 1e10, "100.29"),
        (Preset::Lim2014, 1e12, "162.92"),
        (Preset::Snspd, 1e10, "107.72"),
        (Preset::Snspd, 1e12, "207.36"),
    ] {
        let rate =
            |km| link(preset, km, None).rate_finite(&preset.finite(), pulses, Epsilons::default());
        assert_printed(cut_off(rate, 300.0), end);
    }
}

#[test]
fn operating_points_give_the_lengths_of_an_independent_script() {
    for (preset, index, pulses, phi, length) in [
        (Preset::Gys, 0, 84_791_423.0, "0.080935", 17_086),
        (Preset::Gys, 1, 396_758_212.0, "0.070929", 202_181),
        (Preset::Gys, 2, 2_548_498_489.0, "0.062496", 2_231_335),
        (Preset::Lim2014, 0, 118_352_799.0, "0.065270", 237_626),
        (Preset::Snspd, 0, 2_946_088.0, "0.062525", 29_509),
        (Preset::Snspd, 1, 16_329_373.0, "0.048366", 333_998),
        (Preset::Snspd, 2, 115_008_288.0, "0.038642", 3_593_157),
    ] {
        let (sifted, point) = preset.operating_points()[index];
        let link = link(preset, 10.0, None);
        let bound = link.finite_key(&point, pulses, Epsilons::default()).unwrap();
        assert!((link.sifted_x(&point) * pulses / sifted as f64 - 1.0).abs() < 1e-6);
        assert_printed(bound.phi, phi);
        assert_eq!(bound.length, length, "{preset} {sifted}");
    }
}

/// Eve as she is written in a configuration, by the share that she intercepts.
fn resend(share: f64) -> Option<Eavesdropper> {
    Some(Eavesdropper::InterceptResend { share })
}

#[test]
fn full_interception_gives_a_quarter_and_half_the_misalignment_and_dark_counts() {
    for (preset, km, qber) in [
        (Preset::Gys, 0.0, ".266519"),
        (Preset::Gys, 50.0, ".266706"),
        (Preset::Lim2014, 0.0, ".262026"),
        (Preset::Snspd, 0.0, ".255000"),
    ] {
        let link = link(preset, km, resend(1.0));
        assert_printed(link.qber(&preset.asymptotic()), qber);
        assert_eq!(link.rate_asymptotic(&preset.asymptotic()), 0.0);
        assert_eq!(link.rate_decoy(&preset.asymptotic()), 0.0);
        assert_eq!(link.rate_finite(&preset.finite(), 1e12, Epsilons::default()), 0.0);
    }
}

#[test]
fn a_tenth_intercepted_is_seen_in_the_qber() {
    for (preset, qber) in
        [(Preset::Gys, ".056385"), (Preset::Lim2014, ".047849"), (Preset::Snspd, ".034500")]
    {
        assert_printed(link(preset, 0.0, resend(0.1)).qber(&preset.asymptotic()), qber);
    }
}

#[test]
fn keys_vanish_at_the_share_intercepted_that_an_independent_script_finds() {
    for (preset, km, decoy, finite) in [
        (Preset::Gys, 0.0, ".1190", ".1105"),
        (Preset::Gys, 50.0, ".1151", ".0666"),
        (Preset::Lim2014, 0.0, ".1466", ".1448"),
        (Preset::Lim2014, 50.0, ".1393", ".1052"),
        (Preset::Snspd, 0.0, ".1978", ".1883"),
        (Preset::Snspd, 50.0, ".1579", ".1202"),
    ] {
        let share = cut_off(|x| link(preset, km, resend(x)).rate_decoy(&preset.asymptotic()), 1.0);
        assert_printed(share, decoy);
        let rate = |x| {
            let link = link(preset, km, resend(x));
            link.rate_finite(&preset.finite(), 1e10, Epsilons::default())
        };
        assert_printed(cut_off(rate, 1.0), finite);
    }
}

#[test]
fn splitting_keeps_the_signal_and_betrays_itself_in_the_decoy() {
    for (preset, splitting, share) in [
        (Preset::Gys, ".0228490", ".1446"),
        (Preset::Lim2014, ".0619033", ".5669"),
        (Preset::Snspd, ".242446", ".4996"),
    ] {
        let point = preset.asymptotic();
        let honest = link(preset, 50.0, None);
        let split = link(preset, 50.0, Some(Eavesdropper::PhotonNumberSplitting));
        assert_printed(split.splitting(point.signal).several, splitting);
        assert!((split.gain(&point) / honest.gain(&point) - 1.0).abs() < 1e-12);
        assert!((split.qber(&point) / honest.qber(&point) - 1.0).abs() < 1e-12);
        let decoy = |link: &ClosedForm| link.gain_and_errors(point.decoy, point.signal).0;
        assert_printed(decoy(&split) / decoy(&honest), share);
        assert!(split.decoy_bounds(&point).single_photon_yield < 0.0);
        assert_eq!(split.rate_decoy(&point), 0.0);
        assert_eq!(split.rate_asymptotic(&point), 0.0);
        assert_eq!(split.rate_finite(&preset.finite(), 1e12, Epsilons::default()), 0.0);
    }
}

#[test]
fn splitting_forwards_single_photons_where_several_are_too_rare() {
    let preset = Preset::Snspd;
    let (honest, split) =
        (link(preset, 0.0, None), link(preset, 0.0, Some(Eavesdropper::PhotonNumberSplitting)));
    let yields = split.splitting(0.6);
    assert_eq!(yields.several, 1.0);
    assert!(yields.single > 0.0 && yields.single < 0.5);
    let point = preset.asymptotic();
    assert!((split.gain(&point) / honest.gain(&point) - 1.0).abs() < 1e-12);
    assert!(split.rate_decoy(&point) < honest.rate_decoy(&point));
}

#[test]
fn nothing_but_darkness_gives_half_an_error_and_no_key() {
    let link = link(Preset::Gys, 1e5, Some(Eavesdropper::PhotonNumberSplitting));
    let point = Preset::Gys.asymptotic();
    assert!((link.qber(&point) - 0.5).abs() < 1e-9);
    assert_eq!(link.rate_asymptotic(&point), 0.0);
    assert_eq!(link.rate_decoy(&point), 0.0);
}

#[test]
fn lengths_below_zero_and_without_end_are_refused() {
    for km in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(ClosedForm::new(Preset::Gys.device(), km, None).is_err());
    }
    for share in [-0.1, 1.1, f64::NAN] {
        assert!(ClosedForm::new(Preset::Gys.device(), 1.0, resend(share)).is_err());
    }
}

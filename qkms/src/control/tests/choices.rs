use crate::{
    control::{Choices, Point, Setting, SettingError},
    link::{Epsilons, Preset},
};

pub fn points(preset: Preset, km: f64) -> Vec<Point> {
    let device = preset.device();
    let point = |(size, point): &(u64, _)| {
        Point::new(&device, km, Epsilons::default(), *size, *point).unwrap()
    };
    preset.operating_points().iter().map(point).collect()
}

#[test]
fn ten_times_the_pulses_give_1_6_times_the_counts() {
    // Golden: P = .135300, t = 100 ns.
    let (_, point) = Preset::Snspd.operating_points()[1];
    let device = Preset::Snspd.device();
    let mut point = Point::new(&device, 10.0, Epsilons::default(), 1_000_000, point).unwrap();
    point.clicks = 0.1353;
    for (rate, counts) in [(1e7, 1.19175e6), (1e8, 5.75010e6), (1e9, 9.31177e6)] {
        assert!((point.clicks_per_second(rate) / counts - 1.0).abs() < 1e-5);
    }
}

#[test]
fn a_rate_and_the_time_that_a_block_takes_at_it_say_the_same() {
    for point in points(Preset::Snspd, 10.0) {
        for rate in [1e5, 1e7, 1e8, 1e9] {
            let seconds = point.seconds(rate);
            assert!((point.rate(seconds) / rate - 1.0).abs() < 1e-6);
            assert!((point.pulses(rate) / rate / seconds - 1.0).abs() < 1e-9);
            let clicks = point.clicks_per_second(rate) * seconds;
            assert!((clicks / (point.ready * point.clicks) - 1.0).abs() < 1e-9);
        }
        assert_eq!(point.rate(point.ready * point.clicks * 1e-7), f64::INFINITY);
    }
}

#[test]
fn points_give_what_an_independent_script_says_but_for_the_protocols_own_cost() {
    // Golden: pulses and secret bits of a block, 10 km.
    for (preset, at, pulses, bits) in [
        (Preset::Gys, 0, 84_791_423.0, 17_086.0),
        (Preset::Gys, 1, 396_758_212.0, 202_181.0),
        (Preset::Gys, 2, 2_548_498_489.0, 2_231_335.0),
        (Preset::Snspd, 1, 16_329_373.0, 333_998.0),
    ] {
        let point = points(preset, 10.0)[at];
        assert!((point.ready / pulses - 1.0).abs() < 4e-3, "{}", point.ready);
        assert!(point.bits <= bits * 1.02 && point.bits > bits * 0.85, "{}", point.bits);
    }
    for (preset, spread) in [(Preset::Gys, 4.345), (Preset::Snspd, 3.118), (Preset::Lim2014, 1.0)] {
        let choices = Choices::new(points(preset, 10.0), 1.0, preset.device().pulse_rate);
        let found = choices.spread();
        assert!((found / spread - 1.0).abs() < 0.15, "{preset}: {found}");
    }
}

#[test]
fn another_point_rate_or_number_of_pulses_than_configured_is_refused() {
    let choices = Choices::new(points(Preset::Gys, 10.0), 1e3, 2e6);
    let point = choices.points()[1];
    let good = choices.setting(&point, 1e6);
    assert_eq!(choices.admit(&good), Ok(()));
    assert_eq!(good.point(), point.point);
    let refused = |change: &dyn Fn(&mut Setting)| {
        let mut setting = good;
        change(&mut setting);
        choices.admit(&setting).unwrap_err()
    };
    assert_eq!(refused(&|setting| setting.sifted_bits = 100_000), SettingError::Point);
    assert_eq!(refused(&|setting| setting.sifted_bits = 5), SettingError::Point);
    // Brighter pulses would tell an eavesdropper more: nobody but the configuration says how bright.
    assert_eq!(refused(&|setting| setting.point[4] = 0.9f64.to_bits()), SettingError::Point);
    assert_eq!(refused(&|setting| setting.point[0] ^= 1), SettingError::Point);
    assert_eq!(refused(&|setting| setting.point[0] = f64::NAN.to_bits()), SettingError::Point);
    assert_eq!(refused(&|setting| setting.pulse_rate = 999), SettingError::Rate);
    assert_eq!(refused(&|setting| setting.pulse_rate = 2_000_001), SettingError::Rate);
    assert_eq!(refused(&|setting| setting.pulses *= 5), SettingError::Pulses);
    assert_eq!(refused(&|setting| setting.pulses /= 5), SettingError::Pulses);
}

#[test]
fn a_setting_has_no_member_but_point_size_pulses_and_rate() {
    let choices = Choices::new(points(Preset::Gys, 10.0), 1e3, 2e6);
    // Without `..`: whoever adds a member has to come here.
    let Setting { sifted_bits, point, pulses, pulse_rate } =
        choices.setting(&choices.points()[0], f64::INFINITY);
    assert_eq!((sifted_bits, pulse_rate), (100_000, 2_000_000));
    assert!(pulses > 80_000_000 && point != [0; 7]);
}

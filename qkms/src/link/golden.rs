//! Comparison with figures as another program printed them.

/// Holds if `value` rounds to `printed`, as far as that is printed; one hundredth of the last digit
/// is left to rounding in the other program.
#[track_caller]
pub fn assert_printed(value: f64, printed: &str) {
    let (mantissa, exponent) = printed.split_once('e').unwrap_or((printed, "0"));
    let decimals = mantissa.split_once('.').map_or(0, |(_, decimals)| decimals.len() as i32);
    let unit = 10f64.powi(exponent.parse::<i32>().unwrap() - decimals);
    let expected: f64 = printed.parse().unwrap();
    assert!((value - expected).abs() <= 0.51 * unit, "{value:e} is not {printed}");
}

/// Where `rate` of a length in km falls to zero, to 10^-6 km.
pub fn cut_off(rate: impl Fn(f64) -> f64, mut beyond: f64) -> f64 {
    let mut within = 0.0;
    while beyond - within > 1e-6 {
        let middle = f64::midpoint(within, beyond);
        *(if rate(middle) > 0.0 { &mut within } else { &mut beyond }) = middle;
    }
    within
}

/// Detections to draw in each comparison of distributions: `QKMS_LINK_DETECTIONS`, or few enough
/// for every build.
pub fn detections_asked() -> u64 {
    std::env::var("QKMS_LINK_DETECTIONS").map_or(60_000, |asked| asked.parse().unwrap())
}

//! Decimal fractions read as whole numbers of a small unit, so that energies come out the
//! same on every machine.

/// Reads `text`, a non-negative decimal such as `0.168539`, as a whole number of
/// `10^-places`. Digits beyond that must be zeros: nothing is rounded away unseen.
pub fn parse_scaled(text: &str, places: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let kept = fraction.get(..places.min(fraction.len()))?;
    if fraction.get(kept.len()..)?.bytes().any(|b| b != b'0') {
        return None;
    }
    let mut digits = String::with_capacity(whole.len().saturating_add(places));
    digits.push_str(whole);
    digits.push_str(kept);
    digits.extend(std::iter::repeat_n('0', places.saturating_sub(kept.len())));
    digits.parse().ok()
}

/// Reads `text`, a non-negative decimal such as `0.25` or `2.5e-1`, as a number of `10^-places`,
/// rounded to the nearest (half up).
pub fn parse_rounded(text: &str, places: u32) -> Option<u128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    // The value is digits * 10^shift.
    let shift = i64::from(exponent)
        .checked_add(i64::from(places))?
        .checked_sub(i64::try_from(fraction.len()).ok()?)?;
    if digits.is_empty() {
        return Some(0);
    }
    if let Ok(zeros) = usize::try_from(shift) {
        let scale = 10_u128.checked_pow(u32::try_from(zeros).ok()?)?;
        return digits.parse::<u128>().ok()?.checked_mul(scale);
    }
    let dropped = usize::try_from(shift.unsigned_abs()).ok()?;
    let Some(kept) = digits.len().checked_sub(dropped) else {
        return Some(0);
    };
    let (kept, rest) = digits.split_at_checked(kept)?;
    let number: u128 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    number.checked_add(u128::from(rest.as_bytes().first().is_some_and(|digit| *digit >= b'5')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_exactly_or_not_at_all() {
        assert_eq!(parse_scaled("0.168539", 6), Some(168_539));
        assert_eq!(parse_scaled("1", 6), Some(1_000_000));
        assert_eq!(parse_scaled("7.5", 3), Some(7_500));
        assert_eq!(parse_scaled("7.5000", 3), Some(7_500));
        for bad in ["", ".5", "-1", "1e3", "0.1234567", "NaN", "1.2.3"] {
            assert_eq!(parse_scaled(bad, 6), None, "{bad}");
        }
    }

    #[test]
    fn decimals_are_rounded_to_the_places_asked_for() {
        for (text, expected) in [
            ("0", 0),
            ("2", 2_000),
            ("2.5", 2_500),
            (".5", 500),
            ("5.", 5_000),
            ("2.5e-1", 250),
            ("1e2", 100_000),
            ("0.0004", 0),
            ("0.0005", 1),
            ("1.23449", 1_234),
            ("9.9995", 10_000),
            ("1e-400", 0),
            ("0e99", 0),
        ] {
            assert_eq!(parse_rounded(text, 3), Some(expected), "{text}");
        }
        for bad in ["", ".", "-1", "+1", "1e", "e3", "NaN", "inf", "1.2.3", "1e99", "0x1"] {
            assert_eq!(parse_rounded(bad, 3), None, "{bad}");
        }
    }
}

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
}

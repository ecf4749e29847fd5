//! Multiplication followed by division without an overflow in between.

/// The quotient, rounded down, and the remainder of `a * b / c`, both exact.
///
/// `None` if `c` is zero or the quotient does not fit. The product itself may be as wide as
/// 192 bits: with `a = q * c + r` it is `q * b + r * b / c`, and `r * b` fits because both
/// factors are below 2^64.
pub(crate) fn mul_div(a: u128, b: u64, c: u64) -> Option<(u128, u128)> {
    let (b, c) = (u128::from(b), u128::from(c));
    let whole = a.checked_div(c)?.checked_mul(b)?;
    let part = a.checked_rem(c)?.checked_mul(b)?;
    Some((whole.checked_add(part.checked_div(c)?)?, part.checked_rem(c)?))
}

/// `a * b / c`, rounded down. `None` if `c` is zero or the result does not fit.
pub(crate) fn mul_div_floor(a: u128, b: u64, c: u64) -> Option<u128> {
    mul_div(a, b, c).map(|(quotient, _)| quotient)
}

/// `a * b / c`, rounded up. `None` if `c` is zero or the result does not fit.
pub(crate) fn mul_div_ceil(a: u128, b: u64, c: u64) -> Option<u128> {
    let (quotient, remainder) = mul_div(a, b, c)?;
    quotient.checked_add(u128::from(remainder > 0))
}

/// `a * b / c` for any factors, rounded down. `None` if `c` is zero or the result does not fit.
pub(crate) fn wide_mul_div_floor(a: u128, b: u128, c: u128) -> Option<u128> {
    wide_mul_div(a, b, c).map(|(quotient, _)| quotient)
}

/// `a * b / c` for any factors, rounded up. `None` if `c` is zero or the result does not fit.
pub(crate) fn wide_mul_div_ceil(a: u128, b: u128, c: u128) -> Option<u128> {
    let (quotient, remainder) = wide_mul_div(a, b, c)?;
    quotient.checked_add(u128::from(remainder > 0))
}

/// The quotient, rounded down, and the remainder of `a * b / c`, both exact, with a product of 256
/// bits in between.
fn wide_mul_div(a: u128, b: u128, c: u128) -> Option<(u128, u128)> {
    if let Some(product) = a.checked_mul(b) {
        return Some((product.checked_div(c)?, product.checked_rem(c)?));
    }
    let (high, low) = wide_mul(a, b);
    // Otherwise the quotient does not fit; zero is refused with it.
    if high >= c {
        return None;
    }
    // Long division, one bit at a time. The remainder stays below `c`.
    let mut remainder = high;
    let mut quotient = 0_u128;
    for bit in (0..u128::BITS).rev() {
        let carry = remainder >> (u128::BITS - 1) == 1;
        remainder = (remainder << 1) | (low >> bit & 1);
        quotient <<= 1;
        if carry || remainder >= c {
            remainder = remainder.wrapping_sub(c);
            quotient |= 1;
        }
    }
    Some((quotient, remainder))
}

/// The upper and the lower half of a product.
fn wide_mul(a: u128, b: u128) -> (u128, u128) {
    const HALF: u32 = 64;
    const MASK: u128 = (1 << HALF) - 1;
    let (a1, a0) = (a >> HALF, a & MASK);
    let (b1, b0) = (b >> HALF, b & MASK);
    // No step overflows: (2^64 - 1)^2 + 2 (2^64 - 1) = 2^128 - 1.
    let lowest = a0.saturating_mul(b0);
    let middle = a1.saturating_mul(b0).saturating_add(lowest >> HALF);
    let other = a0.saturating_mul(b1).saturating_add(middle & MASK);
    let high = a1.saturating_mul(b1).saturating_add(middle >> HALF).saturating_add(other >> HALF);
    (high, (other << HALF) | (lowest & MASK))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dividing_by_zero_gives_nothing() {
        assert_eq!(mul_div(1, 1, 0), None);
        assert_eq!(mul_div_ceil(0, 0, 0), None);
    }

    #[test]
    fn a_product_wider_than_128_bits_is_exact() {
        assert_eq!(mul_div(u128::MAX, u64::MAX, u64::MAX), Some((u128::MAX, 0)));
        assert_eq!(mul_div(u128::MAX, 2, 1), None);
        assert_eq!(mul_div_ceil(u128::MAX, 3, 4), Some((u128::MAX / 4) * 3 + 3));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn agrees_with_the_plain_product_where_that_fits(
            a in any::<u64>(), b in any::<u64>(), c in 1..=u64::MAX,
        ) {
            let product = u128::from(a) * u128::from(b);
            prop_assert_eq!(
                mul_div_floor(a.into(), b, c),
                Some(product / u128::from(c))
            );
            prop_assert_eq!(
                mul_div_ceil(a.into(), b, c),
                Some(product.div_ceil(u128::from(c)))
            );
        }

        #[test]
        fn wide_factors_agree_with_narrow_ones(
            a in any::<u128>(), b in any::<u64>(), c in 1..=u64::MAX,
        ) {
            let (narrow, wide) = (mul_div(a, b, c), wide_mul_div(a, b.into(), c.into()));
            prop_assert_eq!(narrow, wide);
            prop_assert_eq!(wide_mul_div(b.into(), a, c.into()), wide);
        }

        #[test]
        fn a_wide_quotient_and_its_remainder_make_up_the_product(
            a in any::<u128>(), b in any::<u128>(), c in any::<u128>(),
        ) {
            if let Some((quotient, remainder)) = wide_mul_div(a, b, c) {
                prop_assert!(remainder < c);
                // quotient * c + remainder = a * b, in 256 bits.
                let (high, low) = wide_mul(quotient, c);
                let (low, carry) = low.overflowing_add(remainder);
                prop_assert_eq!((high + u128::from(carry), low), wide_mul(a, b));
                prop_assert_eq!(
                    wide_mul_div_ceil(a, b, c).unwrap(),
                    quotient + u128::from(remainder > 0)
                );
            } else {
                prop_assert!(wide_mul(a, b).0 >= c);
            }
        }

        #[test]
        fn a_wide_product_is_what_adding_up_its_rows_gives(a in any::<u128>(), b in any::<u128>()) {
            let (mut high, mut low) = (0_u128, 0_u128);
            for bit in 0..u128::BITS {
                if b >> bit & 1 == 1 {
                    let (sum, carry) = low.overflowing_add(a << bit);
                    low = sum;
                    high += u128::from(carry);
                    if bit > 0 {
                        high += a >> (u128::BITS - bit);
                    }
                }
            }
            prop_assert_eq!(wide_mul(a, b), (high, low));
        }

        #[test]
        fn quotient_and_remainder_make_up_the_product(
            a in any::<u128>(), b in any::<u64>(), c in 1..=u64::MAX,
        ) {
            // Compared modulo 2^128: an error would have to be a multiple of it.
            if let Some((quotient, remainder)) = mul_div(a, b, c) {
                prop_assert!(remainder < u128::from(c));
                prop_assert_eq!(
                    quotient.wrapping_mul(c.into()).wrapping_add(remainder),
                    a.wrapping_mul(b.into())
                );
            } else {
                prop_assert!(b > c);
            }
        }
    }
}

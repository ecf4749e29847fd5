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
    Some((
        whole.checked_add(part.checked_div(c)?)?,
        part.checked_rem(c)?,
    ))
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

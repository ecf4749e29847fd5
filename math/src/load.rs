//! How uneven a load is (BC-ET-MF, eq. 18).

use crate::Wh;

/// The peak-to-average ratio of a load over equally long slots, in parts per million, rounded
/// down: `10^6 * max * n / sum`.
///
/// Within [1, n] for `n` slots. `None` where the load is nothing but zeros, where there is no slot,
/// or where there are 2^44 slots and more.
pub fn par_ppm(load: &[Wh]) -> Option<u64> {
    let peak = load.iter().max()?;
    let slots = u64::try_from(load.len()).ok()?;
    // Nothing saturates: 2^64 slots of 2^64 Wh sum up to 2^128 at most.
    let sum = load.iter().fold(0_u128, |sum, wh| sum.saturating_add(wh.0.into()));
    let ratio =
        u128::from(peak.0).checked_mul(slots.into())?.checked_mul(1_000_000)?.checked_div(sum)?;
    u64::try_from(ratio).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};
    use proptest::prelude::*;

    #[test]
    fn a_flat_load_is_at_one() {
        assert_eq!(par_ppm(&[Wh(7); 96]), Some(1_000_000));
        assert_eq!(par_ppm(&[Wh(u64::MAX); 3]), Some(1_000_000));
    }

    #[test]
    fn a_single_peak_is_at_the_number_of_slots() {
        let mut load = vec![Wh(0); 96];
        load[40] = Wh(5);
        assert_eq!(par_ppm(&load), Some(96_000_000));
    }

    #[test]
    fn the_ratio_is_rounded_down() {
        // 3 * 3 / 5.
        assert_eq!(par_ppm(&[Wh(3), Wh(1), Wh(1)]), Some(1_800_000));
        // 2 * 3 / 7 is no smaller than one: max is 3.
        assert_eq!(par_ppm(&[Wh(3), Wh(2), Wh(2)]), Some(1_285_714));
    }

    #[test]
    fn without_a_load_there_is_no_ratio() {
        assert_eq!(par_ppm(&[]), None);
        assert_eq!(par_ppm(&[Wh(0); 96]), None);
    }

    proptest! {
        /// The largest number whose product with the sum does not exceed maximum times slots.
        #[test]
        fn it_is_the_printed_ratio_in_ppm_rounded_down(
            load in prop::collection::vec((0..1_u64 << 40).prop_map(Wh), 1..97),
        ) {
            let sum: u128 = load.iter().map(|wh| u128::from(wh.0)).sum();
            let most = load.iter().map(|wh| u128::from(wh.0)).max().unwrap();
            match par_ppm(&load) {
                None => prop_assert_eq!(sum, 0),
                Some(ppm) => {
                    let scaled = most * load.len() as u128 * 1_000_000;
                    prop_assert!(u128::from(ppm) * sum <= scaled);
                    prop_assert!((u128::from(ppm) + 1) * sum > scaled);
                }
            }
        }

        #[test]
        fn the_ratio_lies_between_one_and_the_number_of_slots(
            load in prop::collection::vec(any::<u64>().prop_map(Wh), 1..200),
        ) {
            prop_assume!(load.iter().any(|wh| wh.0 > 0));
            let ratio = par_ppm(&load).unwrap();
            prop_assert!(ratio >= 1_000_000);
            prop_assert!(ratio <= load.len() as u64 * 1_000_000);
        }

        #[test]
        fn order_and_scale_do_not_matter(
            load in prop::collection::vec((0..1_u64 << 40).prop_map(Wh), 1..50), factor in 1..1_u64 << 20,
        ) {
            let ratio = par_ppm(&load);
            let scaled: Vec<_> = load.iter().rev().map(|wh| Wh(wh.0 * factor)).collect();
            prop_assert_eq!(par_ppm(&scaled), ratio);
        }
    }
}

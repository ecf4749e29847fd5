//! Which trades the delivered energy serves (docs/design.md, section 6).
//!
//! First in, first out: a seller's trades of a slot are served in the order of their numbers,
//! each in full before the next gets anything. It happens once, at the freeze; a default does
//! not re-allot.

use crate::Wh;
use alloc::vec::Vec;

/// Serves one trade: what it gets, and what is left for the ones after it.
pub fn allot(delivered: Wh, traded: Wh) -> (Wh, Wh) {
    let allotted = delivered.min(traded);
    (allotted, delivered.saturating_sub(allotted))
}

/// Serves trades in the order given: what each of them gets.
pub fn allot_all(delivered: Wh, traded: &[Wh]) -> Vec<Wh> {
    traded
        .iter()
        .scan(delivered, |left, trade| {
            let (allotted, rest) = allot(*left, *trade);
            *left = rest;
            Some(allotted)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use proptest::prelude::*;

    #[test]
    fn first_in_is_served_first() {
        let trades = [Wh(300), Wh(200), Wh(100)];
        assert_eq!(allot_all(Wh(450), &trades), vec![Wh(300), Wh(150), Wh(0)]);
        assert_eq!(allot_all(Wh(0), &trades), vec![Wh(0), Wh(0), Wh(0)]);
        assert_eq!(allot_all(Wh(u64::MAX), &trades), trades);
        assert_eq!(allot_all(Wh(1), &[]), vec![]);
    }

    /// Hands out watt-hours one by one.
    fn unit_by_unit(delivered: u64, traded: &[Wh]) -> Vec<Wh> {
        let mut allotted = vec![Wh::ZERO; traded.len()];
        for _ in 0..delivered {
            if let Some(first) = (0..traded.len()).find(|i| allotted[*i] < traded[*i]) {
                allotted[first].0 += 1;
            }
        }
        allotted
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn agrees_with_handing_out_watt_hours_one_by_one(
            delivered in 0..60_u64, traded in prop::collection::vec((0..12_u64).prop_map(Wh), 0..8),
        ) {
            prop_assert_eq!(allot_all(Wh(delivered), &traded), unit_by_unit(delivered, &traded));
        }

        #[test]
        fn nothing_is_made_and_nothing_withheld(
            delivered in any::<u64>(), traded in prop::collection::vec(any::<u64>().prop_map(Wh), 0..8),
        ) {
            let allotted = allot_all(Wh(delivered), &traded);
            let sum = |list: &[Wh]| list.iter().map(|wh| u128::from(wh.0)).sum::<u128>();
            prop_assert_eq!(sum(&allotted), sum(&traded).min(delivered.into()));
            prop_assert!(allotted.iter().zip(&traded).all(|(got, trade)| got <= trade));
        }

        /// Trades of several sellers overlap in a slot, each in its own order of arrival: no
        /// seller's energy serves another's trade, and all of it serves something as long as
        /// something is left to serve.
        #[test]
        fn energy_is_conserved_for_any_overlap_of_trades(
            delivered in prop::collection::vec(any::<u64>(), 1..5),
            trades in prop::collection::vec((0..5_usize, any::<u64>()), 0..40),
        ) {
            let sellers = delivered.len();
            let mut left: Vec<_> = delivered.iter().copied().map(Wh).collect();
            let mut served = vec![0_u128; sellers];
            let mut demanded = vec![0_u128; sellers];
            for (seller, traded) in &trades {
                let seller = seller % sellers;
                let (allotted, rest) = allot(left[seller], Wh(*traded));
                left[seller] = rest;
                served[seller] += u128::from(allotted.0);
                demanded[seller] += u128::from(*traded);
            }
            for seller in 0..sellers {
                let had = u128::from(delivered[seller]);
                prop_assert_eq!(served[seller] + u128::from(left[seller].0), had);
                prop_assert_eq!(served[seller], demanded[seller].min(had));
                let own: Vec<_> = trades
                    .iter()
                    .filter(|(of, _)| of % sellers == seller)
                    .map(|(_, traded)| Wh(*traded))
                    .collect();
                let alone: u128 =
                    allot_all(Wh(delivered[seller]), &own).iter().map(|wh| u128::from(wh.0)).sum();
                prop_assert_eq!(alone, served[seller], "paged or at once, the same");
            }
        }

        /// A trade never gets less because another one comes after it.
        #[test]
        fn later_trades_take_nothing_from_earlier_ones(
            delivered in any::<u64>(),
            traded in prop::collection::vec(any::<u64>().prop_map(Wh), 0..8),
            later in prop::collection::vec(any::<u64>().prop_map(Wh), 0..8),
        ) {
            let all: Vec<_> = traded.iter().chain(&later).copied().collect();
            let allotted = allot_all(Wh(delivered), &all);
            prop_assert_eq!(&allotted[..traded.len()], &allot_all(Wh(delivered), &traded)[..]);
        }

        #[test]
        fn one_step_loses_nothing(delivered in any::<u64>(), traded in any::<u64>()) {
            let (allotted, left) = allot(Wh(delivered), Wh(traded));
            prop_assert_eq!(allotted.checked_add(left), Some(Wh(delivered)));
            prop_assert!(allotted <= Wh(traded));
            prop_assert!(left.is_zero() || allotted == Wh(traded));
        }
    }
}

//! Who has earned the right to write blocks: generation and saving scores (docs/design.md,
//! section 7).
//!
//! A validator is scored slot by slot. Off-peak what counts is what it fed into the community, at
//! other times how little it drew from it:
//!
//! - generation score `PS_g = floor(eps * 10^6 * G / (G + H))`, G the net export;
//! - saving score `PS_e = floor(eps * 10^6 * H * P_off / (P_band * C + H * P_off))`, C the
//!   consumption;
//!
//! with eps the standing in ppm and H = [`HALF_ENERGY`]. Each is one exact fraction, rounded down
//! once, between 0 and [`LARGEST_SCORE`]. They take the place of BC-ET-MF's eqs 11 and 13, in the
//! form that its own figures have; why is said in `docs/papers.md`.

use crate::{PricePerKwh, Wh};

/// The energy at which half the score is reached: 10 kWh.
pub const HALF_ENERGY: Wh = Wh(10_000);

/// The largest score: full standing times a fraction of one, both in ppm.
pub const LARGEST_SCORE: u64 = 1_000_000_000_000;

/// Full standing, and one in ppm.
const PPM: u32 = 1_000_000;

/// The standing in ppm, at most 10^6, times 10^6.
fn scale(standing_ppm: u32) -> u128 {
    u128::from(standing_ppm.min(PPM)).saturating_mul(u128::from(PPM))
}

/// `numerator / denominator`, rounded down. Scores fit by construction; a zero denominator gives 0.
fn score(numerator: u128, denominator: u128) -> u64 {
    numerator
        .checked_div(denominator)
        .and_then(|score| u64::try_from(score).ok())
        .unwrap_or_default()
}

/// What an account fed into the community: generation less own consumption, never below zero.
pub const fn net_export(generated: Wh, consumed: Wh) -> Wh {
    generated.saturating_sub(consumed)
}

/// The generation score of one slot, for off-peak slots; in `0..=`[`LARGEST_SCORE`], rounded down.
///
/// `standing_ppm` counts as at most 10^6. Nothing exported scores 0.
pub fn generation_score(standing_ppm: u32, net_export: Wh) -> u64 {
    let energy = u128::from(net_export.0);
    // Below 2^40 times 2^64: nothing saturates.
    score(
        scale(standing_ppm).saturating_mul(energy),
        energy.saturating_add(u128::from(HALF_ENERGY.0)),
    )
}

/// The saving score of one slot, for mid- and on-peak slots; in `0..=`[`LARGEST_SCORE`], rounded
/// down.
///
/// `standing_ppm` counts as at most 10^6. Only the ratio of the prices matters; a price above
/// 2^64 - 1 counts as that, and with an off-peak price of zero the score is 0. At 10 kWh and the
/// off-peak price half the score is left; a dearer band asks for more.
pub fn saving_score(
    standing_ppm: u32,
    consumed: Wh,
    band_price: PricePerKwh,
    off_price: PricePerKwh,
) -> u64 {
    let limit = u128::from(u64::MAX);
    let off = off_price.0.min(limit).saturating_mul(u128::from(HALF_ENERGY.0));
    let band = band_price.0.min(limit).saturating_mul(u128::from(consumed.0));
    // The numerator is below 2^118. Where the denominator saturates it is at least 2^128 - 1, and
    // the fraction is below one with or without what is cut off: the result is exact.
    score(scale(standing_ppm).saturating_mul(off), band.saturating_add(off))
}

/// The mean of a window's scores, rounded down; 0 for an empty window.
pub fn mean(sum: u128, slots: u32) -> u64 {
    score(sum, u128::from(slots))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FULL: u32 = 1_000_000;
    const ONE: PricePerKwh = PricePerKwh(1);

    #[test]
    fn half_the_score_is_reached_at_ten_kilowatt_hours() {
        assert_eq!(generation_score(FULL, Wh(10_000)), LARGEST_SCORE / 2);
        assert_eq!(saving_score(FULL, Wh(10_000), ONE, ONE), LARGEST_SCORE / 2);
    }

    /// Sections 6.5 and 6.6 of BC-ET-MF: delta E / (E + 10) and delta / (E + 10), E in kWh, rounded
    /// to four places as printed there.
    #[test]
    fn the_papers_own_figures_come_out() {
        let four_places = |score: u64| (score + 50_000_000) / 100_000_000;
        for (delta_ppm, kwh, printed) in
            [(100_000, 10, 500), (800_000, 10, 4_000), (800_000, 50, 6_667), (700_000, 100, 6_364)]
        {
            let score = generation_score(delta_ppm, Wh(kwh * 1_000));
            assert_eq!(four_places(score), printed, "delta {delta_ppm}, {kwh} kWh");
        }
        // The printed 0.6667 stands beside a delta of 0.4, at which it would be a third.
        assert_eq!(four_places(generation_score(400_000, Wh(50_000))), 3_333);
        for (delta_ppm, kwh, printed) in
            [(100_000, 10, 50), (800_000, 10, 400), (400_000, 50, 67), (700_000, 100, 64)]
        {
            // delta / (E + 10) is a tenth of the saving score at the off-peak price.
            let score = saving_score(delta_ppm, Wh(kwh * 1_000), ONE, ONE) / 10;
            assert_eq!(four_places(score), printed, "delta {delta_ppm}, {kwh} kWh");
        }
    }

    #[test]
    fn a_dearer_band_asks_for_more_saving() {
        let score = |band| saving_score(FULL, Wh(10_000), PricePerKwh(band), PricePerKwh(100));
        assert_eq!(score(100), 500_000_000_000);
        assert_eq!(score(300), 250_000_000_000);
        assert!(score(101) < score(100));
        assert_eq!(saving_score(FULL, Wh(0), PricePerKwh(300), ONE), LARGEST_SCORE);
    }

    #[test]
    fn a_price_of_zero_off_peak_scores_nothing() {
        for consumed in [0, 1, u64::MAX] {
            assert_eq!(saving_score(FULL, Wh(consumed), ONE, PricePerKwh(0)), 0);
            assert_eq!(saving_score(FULL, Wh(consumed), PricePerKwh(0), PricePerKwh(0)), 0);
        }
    }

    #[test]
    fn nothing_overflows_at_the_limits() {
        let (energy, price) = (Wh(u64::MAX), PricePerKwh(u128::MAX));
        assert_eq!(generation_score(u32::MAX, energy), LARGEST_SCORE - 1);
        assert_eq!(saving_score(u32::MAX, energy, price, ONE), 0);
        assert_eq!(saving_score(u32::MAX, Wh(0), price, price), LARGEST_SCORE);
        assert_eq!(saving_score(u32::MAX, Wh(10_000), price, price), LARGEST_SCORE / 2);
        assert_eq!(mean(u128::MAX, 1), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn the_generation_score_is_the_exact_fraction_rounded_down(
            standing in 0..=FULL, energy in any::<u64>(),
        ) {
            let score = u128::from(generation_score(standing, Wh(energy)));
            let numerator = u128::from(standing) * 1_000_000 * u128::from(energy);
            let denominator = u128::from(energy) + 10_000;
            prop_assert!(score * denominator <= numerator);
            prop_assert!((score + 1) * denominator > numerator);
        }

        #[test]
        fn the_saving_score_is_the_exact_fraction_rounded_down(
            standing in 0..=FULL, consumed in 0..1_u64 << 40, band in any::<u32>(), off in 1..=u32::MAX,
        ) {
            let score = saving_score(standing, Wh(consumed), PricePerKwh(band.into()), PricePerKwh(off.into()));
            let numerator = u128::from(standing) * 1_000_000 * 10_000 * u128::from(off);
            let denominator = u128::from(band) * u128::from(consumed) + 10_000 * u128::from(off);
            prop_assert_eq!(u128::from(score), numerator / denominator);
        }

        #[test]
        fn more_standing_more_export_and_less_consumption_never_score_less(
            standing in any::<u32>(), energy in any::<u64>(), more in any::<u64>(),
            band in any::<u64>(), off in any::<u64>(),
        ) {
            let more_energy = Wh(energy.saturating_add(more));
            let (band, off) = (PricePerKwh(band.into()), PricePerKwh(off.into()));
            let generation = generation_score(standing, Wh(energy));
            prop_assert!(generation_score(standing, more_energy) >= generation);
            prop_assert!(generation_score(standing.saturating_add(1), Wh(energy)) >= generation);
            let saving = saving_score(standing, Wh(energy), band, off);
            prop_assert!(saving_score(standing, more_energy, band, off) <= saving);
            prop_assert!(generation <= LARGEST_SCORE && saving <= LARGEST_SCORE);
            prop_assert_eq!(generation_score(standing.max(FULL), Wh(energy)), generation_score(FULL, Wh(energy)));
        }
    }
}

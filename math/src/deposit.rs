//! What is held for an order, and for a part of it (docs/design.md, section 5). All in plancks.

use crate::{
    PricePerKwh, Wh,
    ratio::{mul_div_ceil, mul_div_floor},
};

/// One kilowatt-hour.
const KWH: Wh = Wh(1_000);

/// Plancks per kWh times ppm, over what that makes of a watt-hour: 10^6 ppm and 1000 Wh.
const PPM_WH_PER_KWH: u64 = 1_000_000_000;

/// What a bid holds: `limit * energy / 1000`, rounded down.
///
/// It covers the payments of the trades that the bid becomes, because each is rounded down at
/// a price not above the limit. `None` if `limit * energy` does not fit into 128 bits, which
/// takes a price of 2^64 plancks at least.
pub fn bid_hold(limit: PricePerKwh, energy: Wh) -> Option<u128> {
    limit.cost_floor(energy)
}

/// What an ask holds: `rate * cap * energy / 1000`, with the rate in parts per million, rounded
/// up once.
///
/// `None` if `rate * cap` or the result does not fit into 128 bits.
pub fn ask_deposit(rate_ppm: u32, cap: PricePerKwh, energy: Wh) -> Option<u128> {
    mul_div_ceil(cap.0.checked_mul(u128::from(rate_ppm))?, energy.0, PPM_WH_PER_KWH)
}

/// The least bond of a complaint: `f * (payment + deposit) / (1 - f)`, rounded up, with `f` in parts
/// per million the share of honest sellers that are assumed to be off-line when they are asked.
///
/// A buyer that complains without cause gains at most payment and deposit where the seller is
/// off-line, and loses the bond where it is not: on average nothing is left. `None` if `f` is one or
/// more, or if the sum or the result does not fit into 128 bits.
pub fn complaint_bond(offline_ppm: u32, payment: u128, deposit: u128) -> Option<u128> {
    let online_ppm = 1_000_000u32.checked_sub(offline_ppm)?;
    mul_div_ceil(payment.checked_add(deposit)?, u64::from(offline_ppm), u64::from(online_ppm))
}

/// What is held of a buyer who complains about a trade: the [`complaint_bond`] of the trade, and at least
/// that of one kWh at the same price, so that to call on a seller for next to nothing is not for nothing.
///
/// - `buyer_price`, `payment`: what the buyer pays per kWh, and for all of the trade.
/// - `rate_ppm`, `cap`: what the seller's deposit follows; `deposit`: what it is for this trade.
///
/// `None` where one of the bonds cannot be computed.
pub fn trade_bond(
    offline_ppm: u32,
    (buyer_price, payment): (PricePerKwh, u128),
    (rate_ppm, cap): (u32, PricePerKwh),
    deposit: u128,
) -> Option<u128> {
    let bond = complaint_bond(offline_ppm, payment, deposit)?;
    Some(bond.max(least_bond(offline_ppm, buyer_price, rate_ppm, cap)?))
}

/// The bond of a complaint about one kWh at this price.
fn least_bond(
    offline_ppm: u32,
    price: PricePerKwh,
    rate_ppm: u32,
    cap: PricePerKwh,
) -> Option<u128> {
    complaint_bond(offline_ppm, bid_hold(price, KWH)?, ask_deposit(rate_ppm, cap, KWH)?)
}

/// What a bid holds for complaints about its trades: the bond of a trade of all of it at its limit, and the
/// least one besides, for the first trade that is below one kWh.
///
/// `None` where it cannot be computed.
pub fn bid_bond(
    offline_ppm: u32,
    limit: PricePerKwh,
    (rate_ppm, cap): (u32, PricePerKwh),
    energy: Wh,
) -> Option<u128> {
    let least = least_bond(offline_ppm, limit, rate_ppm, cap)?;
    bond_in_proportion(offline_ppm, limit, (rate_ppm, cap), energy)?.checked_add(least)
}

/// The part of [`bid_bond`] that follows the energy.
pub fn bond_in_proportion(
    offline_ppm: u32,
    limit: PricePerKwh,
    (rate_ppm, cap): (u32, PricePerKwh),
    energy: Wh,
) -> Option<u128> {
    complaint_bond(offline_ppm, bid_hold(limit, energy)?, ask_deposit(rate_ppm, cap, energy)?)
}

/// The part of a hold that goes with a part of an order: `hold * part / whole`, rounded down,
/// exact for every `hold`.
///
/// Taken again and again from what is left, the last part gets the rest to the planck.
/// `None` if `part` is more than `whole` or `whole` is zero.
pub fn share(hold: u128, part: Wh, whole: Wh) -> Option<u128> {
    if part > whole {
        return None;
    }
    mul_div_floor(hold, part.0, whole.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    #[test]
    fn a_bond_makes_complaining_without_cause_worth_nothing() {
        // 5 % of 1.9, over 95 %.
        assert_eq!(complaint_bond(50_000, 1_200, 700), Some(100));
        assert_eq!(complaint_bond(50_000, 1_200, 701), Some(101));
        assert_eq!(complaint_bond(0, 5, 5), Some(0));
        assert_eq!(complaint_bond(500_000, 5, 6), Some(11));
        assert_eq!(complaint_bond(1_000_000, 5, 5), None);
        assert_eq!(complaint_bond(1_000_001, 5, 5), None);
        assert_eq!(complaint_bond(1, u128::MAX, 1), None);
        assert_eq!(complaint_bond(999_999, u128::MAX, 0), None);
    }

    proptest! {
        #[test]
        fn a_bond_is_the_least_that_does(
            offline in 0u32..1_000_000,
            payment in 0u128..1 << 90,
            deposit in 0u128..1 << 90,
        ) {
            let bond = complaint_bond(offline, payment, deposit).unwrap();
            let (offline, online) = (u128::from(offline), u128::from(1_000_000 - offline));
            let gain = offline * (payment + deposit);
            prop_assert!(bond * online >= gain);
            prop_assert!(bond == 0 || (bond - 1) * online < gain);
        }
    }

    #[test]
    fn a_bid_holds_its_limit_rounded_down() {
        assert_eq!(bid_hold(PricePerKwh(1_999), Wh(1)), Some(1));
        assert_eq!(bid_hold(PricePerKwh(300_000_000_000), Wh(1_500)), Some(450_000_000_000));
        assert_eq!(bid_hold(PricePerKwh(u128::MAX), Wh(2)), None);
        assert!(bid_hold(PricePerKwh(1 << 64), Wh(u64::MAX)).is_some());
    }

    #[test]
    fn an_ask_deposit_is_rounded_up_once() {
        // 70 % of 0.30 QED for one kWh.
        assert_eq!(
            ask_deposit(700_000, PricePerKwh(300_000_000_000), Wh(1_000)),
            Some(210_000_000_000)
        );
        assert_eq!(ask_deposit(1, PricePerKwh(1), Wh(1)), Some(1));
        assert_eq!(ask_deposit(0, PricePerKwh(1), Wh(1)), Some(0));
        // 0.99 plancks; with the cost of the energy rounded up first it would be 2.
        assert_eq!(ask_deposit(900_000, PricePerKwh(1), Wh(1_100)), Some(1));
        assert!(ask_deposit(1_000_000, PricePerKwh(1 << 64), Wh(u64::MAX)).is_some());
        assert_eq!(ask_deposit(2, PricePerKwh(u128::MAX), Wh(1)), None);
    }

    #[test]
    fn a_share_needs_a_part_of_something() {
        assert_eq!(share(10, Wh(1), Wh(0)), None);
        assert_eq!(share(10, Wh(0), Wh(0)), None);
        assert_eq!(share(10, Wh(3), Wh(2)), None);
        assert_eq!(share(10, Wh(1), Wh(3)), Some(3));
        assert_eq!(share(u128::MAX, Wh(u64::MAX), Wh(u64::MAX)), Some(u128::MAX));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn a_deposit_agrees_with_the_plain_fraction(
            rate in 0..=2_000_000_u32, cap in 0..1_u128 << 60, wh in 0..1_u64 << 40,
        ) {
            let exact = u128::from(rate) * cap * u128::from(wh);
            prop_assume!(exact > 0);
            let held = ask_deposit(rate, PricePerKwh(cap), Wh(wh)).unwrap();
            prop_assert_eq!(held, exact.div_ceil(1_000_000_000));
        }

        #[test]
        fn parts_taken_one_after_another_make_up_the_whole_hold(
            hold in any::<u128>(), parts in prop::collection::vec(1..1_u64 << 60, 1..8),
        ) {
            let mut left = (hold, parts.iter().sum::<u64>());
            for part in parts {
                let taken = share(left.0, Wh(part), Wh(left.1)).unwrap();
                left = (left.0 - taken, left.1 - part);
            }
            prop_assert_eq!(left, (0, 0));
        }

        #[test]
        fn a_bid_covers_the_payments_of_its_trades(
            limit in 0..1_u128 << 64, below in 0..1_u128 << 64,
            parts in prop::collection::vec(0..1_u64 << 56, 0..8),
        ) {
            let price = PricePerKwh(limit.saturating_sub(below));
            let held = bid_hold(PricePerKwh(limit), Wh(parts.iter().sum())).unwrap();
            let costs: Vec<u128> =
                parts.iter().map(|part| price.cost_floor(Wh(*part)).unwrap()).collect();
            prop_assert!(costs.iter().sum::<u128>() <= held);
        }

        #[test]
        fn a_share_of_a_deposit_still_covers_the_harm_to_one_planck(
            rate in 0..=1_000_000_u32, cap in 0..1_u128 << 50,
            part in 0..1_u64 << 30, rest in 1..1_u64 << 30,
        ) {
            let cap = PricePerKwh(cap);
            let whole = ask_deposit(rate, cap, Wh(part + rest)).unwrap();
            let alone = ask_deposit(rate, cap, Wh(part)).unwrap();
            let shared = share(whole, Wh(part), Wh(part + rest)).unwrap();
            prop_assert!(shared + 1 >= alone);
        }
    }
}

//! What holds of any market.

use super::*;
use num_bigint::BigInt;
use proptest::prelude::*;
use qedex_math::{
    PricePerKwh, Wh,
    clearing::{self, Book, Corridor, Order, Rule},
};

fn whole(number: u64) -> Number {
    Number::from_integer(BigInt::from(number))
}

fn members(starts: std::ops::Range<u64>) -> impl Strategy<Value = Vec<(u64, u64)>> {
    prop::collection::vec((starts, 1..20_u64), 1..4)
}

fn market(sellers: &[(u64, u64)], buyers: &[(u64, u64)]) -> Market {
    let lines = |members: &[(u64, u64)]| {
        let line =
            |(start, slope): &(u64, u64)| Line { start: whole(*start), slope: whole(*slope) };
        members.iter().map(line).collect()
    };
    Market::new(lines(sellers), lines(buyers)).unwrap()
}

/// What all members of a side trade at a price, one by one.
fn traded(members: &[(u64, u64)], price: &Number, are_sellers: bool) -> Number {
    let zero = whole(0);
    let one = |(start, slope): &(u64, u64)| {
        let height = if are_sellers { price - whole(*start) } else { whole(*start) - price };
        height.max(zero.clone()) / whole(*slope)
    };
    members.iter().map(one).fold(zero.clone(), |sum, energy| sum + energy)
}

fn costs() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(0..8_u64, 1..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn members_trade_the_volume_at_the_prices_and_nobody_gains_by_another(
        sellers in members(0..10), buyers in members(5..30), costs in costs(),
    ) {
        let market = market(&sellers, &buyers);
        let costs: Vec<Number> = costs.into_iter().map(whole).collect();
        let Ok(found) = equilibria(&market, &costs) else { return Ok(()) };
        for one in found {
            prop_assert_eq!(one.quantities.iter().fold(whole(0), |sum, quantity| sum + quantity), one.volume.clone());
            if let (Some(get), Some(pay)) = (&one.sellers_get, &one.buyers_pay) {
                prop_assert_eq!(traded(&sellers, get, true), one.volume.clone());
                prop_assert_eq!(traded(&buyers, pay, false), one.volume.clone());
                for ((cost, quantity), profit) in costs.iter().zip(&one.quantities).zip(&one.profits) {
                    prop_assert_eq!(quantity * (pay - get - cost), profit.clone());
                }
            } else {
                prop_assert_eq!(one.volume.clone(), whole(0));
            }
            prop_assert!(largest_gain(&market, &costs, &one, 64).unwrap() <= whole(0));
        }
    }

    /// Aggregators of one cost have an equilibrium, in which they do alike (McManus 1964).
    #[test]
    fn aggregators_of_one_cost_come_to_an_equilibrium(
        sellers in members(0..10), buyers in members(5..30), cost in 0..8_u64, aggregators in 1..6_usize,
    ) {
        let market = market(&sellers, &buyers);
        let found = equilibria(&market, &vec![whole(cost); aggregators]).unwrap();
        prop_assert!(found.iter().all(|one| one.quantities.iter().all(|quantity| *quantity == one.quantities[0])));
        // More of them never trade less.
        let more = equilibria(&market, &vec![whole(cost); aggregators + 1]).unwrap();
        let most = |found: &[Equilibrium]| found.iter().map(|one| one.volume.clone()).max();
        prop_assert!(most(&more) >= most(&found));
    }

    /// The chain's own clearing, of curves cut into orders at each tick: it trades what the curves say, less at most what
    /// changes within a tick, at a price within a tick of theirs.
    #[test]
    fn the_auction_is_the_chain_s_clearing_of_fine_orders(
        sellers in members(0..10), buyers in members(5..30), fee in 0..8_u64,
    ) {
        let market = market(&sellers, &buyers);
        let auction = Auction::clear(&market, &whole(fee)).unwrap();
        // 16 ticks to one of the members' units of money, and a million watt-hours to one of energy.
        let (ticks, energy) = (16_u64, 1_000_000_u64);
        let wh = |number: Number| Wh(u64::try_from((number * whole(energy)).floor().to_integer()).unwrap());
        let at = |tick: u64| whole(tick) / whole(ticks);
        let cut = |members: &[(u64, u64)], are_sellers: bool| -> Vec<Order> {
            (0..=40 * ticks)
                .map(|tick| {
                    let next = if are_sellers { tick.saturating_sub(1) } else { tick + 1 };
                    let energy = traded(members, &at(tick), are_sellers) - traded(members, &at(next), are_sellers);
                    Order { limit: PricePerKwh(tick.into()), energy: wh(energy) }
                })
                .filter(|order| !order.energy.is_zero())
                .collect()
        };
        let (bids, asks) = (cut(&buyers, false), cut(&sellers, true));
        let grid_fee = PricePerKwh((fee * ticks).into());
        let corridor = Corridor { floor: PricePerKwh(0), cap: PricePerKwh(u128::from(64 * ticks)), grid_fee };
        let book = Book { bids: &bids, asks: &asks };
        let cleared = clearing::clear(Rule::Uniform, book, &corridor, Wh(u64::MAX)).clearing;

        let change: Number = sellers.iter().chain(&buyers).map(|(_, slope)| at(1) / whole(*slope)).fold(whole(0), |sum, one| sum + one);
        let exact = wh(auction.volume.clone()).0;
        // Each order was rounded down to a watt-hour.
        let rounding = (bids.len() + asks.len()) as u64;
        prop_assert!(cleared.volume.0 <= exact && exact <= cleared.volume.0 + wh(change).0 + rounding + 1);
        if let (Some(sellers_get), Some(exact)) = (cleared.sellers_receive, &auction.sellers_get) {
            let found = whole(u64::try_from(sellers_get.0).unwrap());
            let off = found - exact * whole(ticks);
            prop_assert!(off <= whole(2) && off >= -whole(2), "{off}");
        }
    }
}

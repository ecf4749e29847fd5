//! Books of single orders, and a twin of the whole clearing that counts watt-hour by watt-hour.

use super::*;
use proptest::prelude::*;

/// A side in order of arrival.
pub type Orders = Vec<Order>;

/// A corridor, both sides and a volume cap.
pub type AnyBook = (Corridor, Orders, Orders, Wh);

fn a_side(corridor: Corridor, orders: usize, largest: u64) -> impl Strategy<Value = Orders> {
    let order = (corridor.floor.0..=corridor.cap.0, 1..=largest)
        .prop_map(|(limit, energy)| Order { limit: PricePerKwh(limit), energy: Wh(energy) });
    prop::collection::vec(order, 0..=orders)
}

/// A book with few prices, so that ties are frequent, whose volume cap is, about equally often,
/// slack, tight or zero, and whose fee one time in four is above most spreads.
pub fn a_book(orders: usize, largest: u64) -> impl Strategy<Value = AnyBook> {
    let most = orders as u64 * largest;
    properties::a_corridor().prop_flat_map(move |corridor| {
        (
            Just(corridor),
            a_side(corridor, orders, largest),
            a_side(corridor, orders, largest),
            prop_oneof![2 => Just(u64::MAX), 3 => 1..=most, 1 => Just(0)].prop_map(Wh),
        )
    })
}

/// Prices and fills by the letter of the design.
#[derive(Debug, PartialEq, Eq)]
pub struct Expected {
    pub prices: Option<(u128, u128)>,
    pub bids: Vec<u64>,
    pub asks: Vec<u64>,
}

/// Whose watt-hours they are, best first: limit and place of each.
fn single_watt_hours(orders: &[Order], descending: bool) -> Vec<(u128, usize)> {
    let mut all: Vec<(u128, usize)> = vec![];
    for (place, order) in orders.iter().enumerate() {
        for _ in 0..order.energy.0 {
            all.push((order.limit.0, place));
        }
    }
    // Stable, so that arrival decides within a limit.
    all.sort_by(|a, b| if descending { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
    all
}

/// How many watt-hours trade at most: without the cap, and with it.
fn run_lengths(
    bids: &[(u128, usize)],
    asks: &[(u128, usize)],
    fee: u128,
    most: Wh,
) -> (usize, usize) {
    let mut free = 0;
    while free < bids.len() && free < asks.len() && bids[free].0 >= asks[free].0 + fee {
        free += 1;
    }
    let most = usize::try_from(most.0).unwrap_or(usize::MAX);
    (free, free.min(most))
}

fn nothing(bids: &[Order], asks: &[Order]) -> Expected {
    Expected { prices: None, bids: vec![0; bids.len()], asks: vec![0; asks.len()] }
}

/// Fills of the first `volume` watt-hours in this order.
fn fills(orders: usize, watt_hours: &[usize], volume: usize) -> Vec<u64> {
    let mut fills = vec![0; orders];
    for place in &watt_hours[..volume] {
        fills[*place] += 1;
    }
    fills
}

/// The twin, for [`Rule::Uniform`].
pub fn uniform(bids: &[Order], asks: &[Order], corridor: &Corridor, most: Wh) -> Expected {
    let all_bids = single_watt_hours(bids, true);
    let all_asks = single_watt_hours(asks, false);
    let fee = corridor.grid_fee.0;
    let (free, volume) = run_lengths(&all_bids, &all_asks, fee, most);
    if volume == 0 {
        return nothing(bids, asks);
    }
    let prices = if volume < free {
        (all_bids[volume].0, all_asks[volume].0)
    } else {
        let signed = |price: u128| price as i128;
        let fee = signed(fee);
        let bid_out = all_bids
            .get(volume)
            .map_or(signed(corridor.floor.0) + fee, |(limit, _)| signed(*limit));
        let ask_out =
            all_asks.get(volume).map_or(signed(corridor.cap.0) - fee, |(limit, _)| signed(*limit));
        let low = signed(all_asks[volume - 1].0).max(bid_out - fee);
        let high = (signed(all_bids[volume - 1].0) - fee).min(ask_out);
        let price = (low + high).div_euclid(2);
        ((price + fee) as u128, price as u128)
    };
    let places = |side: &[(u128, usize)]| side.iter().map(|(_, place)| *place).collect::<Vec<_>>();
    Expected {
        prices: Some(prices),
        bids: fills(bids.len(), &places(&all_bids), volume),
        asks: fills(asks.len(), &places(&all_asks), volume),
    }
}

/// The twin, for [`Rule::McAfee`].
pub fn mcafee(bids: &[Order], asks: &[Order], corridor: &Corridor, most: Wh) -> Expected {
    let all_bids = single_watt_hours(bids, true);
    let all_asks = single_watt_hours(asks, false);
    let (_, run) = run_lengths(&all_bids, &all_asks, corridor.grid_fee.0, most);
    if run == 0 {
        return nothing(bids, asks);
    }
    let (buyers_pay, last_bid) = all_bids[run - 1];
    let (sellers_receive, last_ask) = all_asks[run - 1];
    // The watt-hours ahead of the first one of the order that leaves.
    let ahead = |side: &[(u128, usize)], last: usize| -> Vec<usize> {
        let places = side.iter().map(|(_, place)| *place);
        places.take_while(|place| *place != last).collect()
    };
    let mut bids_in = ahead(&all_bids, last_bid);
    let mut asks_in = ahead(&all_asks, last_ask);
    let volume = bids_in.len().min(asks_in.len());
    if volume == 0 {
        return nothing(bids, asks);
    }
    for side in [&mut bids_in, &mut asks_in] {
        if side.len() > volume {
            side.sort_unstable();
        }
    }
    Expected {
        prices: Some((buyers_pay, sellers_receive)),
        bids: fills(bids.len(), &bids_in, volume),
        asks: fills(asks.len(), &asks_in, volume),
    }
}

/// Asserts what must hold of every cleared book under every rule, given the keys.
pub fn check_conservation(
    cleared: &Cleared,
    bids: &[Order],
    asks: &[Order],
    corridor: &Corridor,
    most: Wh,
) -> Result<(), TestCaseError> {
    let sum = |fills: &[Wh]| fills.iter().map(|fill| fill.0).sum::<u64>();
    let volume = cleared.clearing.volume;
    prop_assert_eq!(sum(&cleared.bids), volume.0, "bought = sold");
    prop_assert_eq!(sum(&cleared.asks), volume.0, "bought = sold");
    prop_assert!(volume <= most, "more than the keys cover");
    let prices = cleared.clearing.buyers_pay.zip(cleared.clearing.sellers_receive);
    prop_assert_eq!(prices.is_some(), !volume.is_zero());
    if let Some((buyers_pay, sellers_receive)) = prices {
        prop_assert!(
            buyers_pay.0 >= sellers_receive.0 + corridor.grid_fee.0,
            "the budget is negative"
        );
        for (order, fill) in bids.iter().zip(&cleared.bids) {
            prop_assert!(fill <= &order.energy);
            prop_assert!(fill.is_zero() || order.limit >= buyers_pay, "a limit broken");
        }
        for (order, fill) in asks.iter().zip(&cleared.asks) {
            prop_assert!(fill <= &order.energy);
            prop_assert!(fill.is_zero() || order.limit <= sellers_receive, "a limit broken");
        }
    }
    let mut from_trades = (vec![Wh(0); bids.len()], vec![Wh(0); asks.len()]);
    for (bid, ask, energy) in &cleared.trades {
        prop_assert!(!energy.is_zero());
        from_trades.0[*bid].0 += energy.0;
        from_trades.1[*ask].0 += energy.0;
    }
    prop_assert_eq!(&from_trades.0, &cleared.bids, "trades add up to fills");
    prop_assert_eq!(&from_trades.1, &cleared.asks, "trades add up to fills");
    let filled = |fills: &[Wh]| fills.iter().filter(|fill| !fill.is_zero()).count();
    let orders = filled(&cleared.bids) + filled(&cleared.asks);
    prop_assert!(cleared.trades.len() <= orders.saturating_sub(1));
    let worth = |orders: &[Order], fills: &[Wh]| -> u128 {
        let each = orders.iter().zip(fills);
        each.map(|(order, fill)| order.limit.0 * u128::from(fill.0)).sum()
    };
    prop_assert_eq!(
        cleared.clearing.surplus,
        worth(bids, &cleared.bids) - worth(asks, &cleared.asks)
    );
    Ok(())
}

/// The fills and prices of a cleared book.
pub fn found(cleared: &Cleared) -> Expected {
    let plain = |fills: &[Wh]| fills.iter().map(|fill| fill.0).collect();
    let prices = cleared.clearing.buyers_pay.zip(cleared.clearing.sellers_receive);
    Expected {
        prices: prices.map(|(buyers, sellers)| (buyers.0, sellers.0)),
        bids: plain(&cleared.bids),
        asks: plain(&cleared.asks),
    }
}

//! The reduced trade, by example.

use super::*;

fn orders(side: &[(u128, u64)]) -> Vec<Order> {
    let order =
        |(limit, energy): &(u128, u64)| Order { limit: PricePerKwh(*limit), energy: Wh(*energy) };
    side.iter().map(order).collect()
}

/// Prices, fills of the bids and fills of the asks.
type Reduced = (Option<(u128, u128)>, Vec<u64>, Vec<u64>);

fn reduce(bids: &[(u128, u64)], asks: &[(u128, u64)], max_volume: Wh) -> Reduced {
    let (bids, asks) = (orders(bids), orders(asks));
    let book = Book { bids: &bids, asks: &asks };
    let cleared = clear(Rule::McAfee, book, &CORRIDOR, max_volume);
    let plain = |fills: &[Wh]| fills.iter().map(|fill| fill.0).collect();
    let prices = cleared.clearing.buyers_pay.zip(cleared.clearing.sellers_receive);
    (
        prices.map(|(buyers, sellers)| (buyers.0, sellers.0)),
        plain(&cleared.bids),
        plain(&cleared.asks),
    )
}

#[test]
fn the_marginal_orders_leave_whole_and_set_the_prices() {
    // The greedy run trades 5 and ends inside the second bid and the second ask.
    let reduced = reduce(&[(28, 3), (25, 9)], &[(10, 3), (12, 2), (29, 9)], NO_CAP);
    assert_eq!(reduced, (Some((25, 12)), vec![3, 0], vec![3, 0, 0]));
}

#[test]
fn one_order_a_side_trades_nothing() {
    assert_eq!(reduce(&[(28, 5)], &[(10, 5)], NO_CAP), (None, vec![0], vec![0]));
}

#[test]
fn the_longer_side_is_rationed_by_arrival_whatever_the_limits() {
    // Ahead of the margin: 6 to buy, 4 to sell. The later bid has the better limit.
    let reduced = reduce(&[(24, 3), (28, 3), (20, 2)], &[(10, 4), (12, 9)], NO_CAP);
    assert_eq!(reduced, (Some((20, 12)), vec![3, 1, 0], vec![4, 0]));
    let reduced = reduce(&[(28, 2), (20, 9)], &[(12, 3), (10, 3), (15, 2)], NO_CAP);
    assert_eq!(reduced, (Some((20, 15)), vec![2, 0], vec![2, 0, 0]));
}

#[test]
fn within_a_limit_those_who_came_before_the_last_watt_hour_remain() {
    // All bids at one limit: the run trades 5 and ends in the third of them.
    let reduced = reduce(&[(20, 2), (20, 2), (20, 2), (20, 2)], &[(10, 4), (11, 1)], NO_CAP);
    assert_eq!(reduced, (Some((20, 11)), vec![2, 2, 0, 0], vec![4, 0]));
}

#[test]
fn the_run_ends_at_the_cap() {
    let book = ([(28, 2), (27, 2), (26, 2)], [(10, 2), (11, 2), (12, 2)]);
    assert_eq!(reduce(&book.0, &book.1, Wh(3)), (Some((27, 11)), vec![2, 0, 0], vec![2, 0, 0]));
    assert_eq!(reduce(&book.0, &book.1, Wh(0)), (None, vec![0; 3], vec![0; 3]));
}

#[test]
fn the_orders_at_a_margin_can_be_looked_at_one_by_one() {
    use reduction::Place;
    let mut margin = Margin { limit: PricePerKwh(20), ahead: Wh(7), taken: Wh(5) };
    assert_eq!(margin.pass(Wh(2)), Place::Ahead);
    assert_eq!(margin.pass(Wh(2)), Place::Ahead);
    assert_eq!(margin.pass(Wh(1)), Place::Last);
    assert_eq!(margin.ahead, Wh(11));
}

/// Two reasons why the chain does not offer the rule; `docs/auction.md` has more.
#[test]
fn one_giant_order_empties_the_market() {
    let (bids, asks) = ([(28, 3), (25, 3)], [(10, 3), (12, 3)]);
    assert_eq!(reduce(&bids, &asks, NO_CAP), (Some((25, 12)), vec![3, 0], vec![3, 0]));
    let with_giant = [(28, 3), (25, 3), (30, 1_000)];
    assert_eq!(reduce(&with_giant, &asks, NO_CAP), (None, vec![0; 3], vec![0; 2]));
}

#[test]
fn with_two_orders_a_false_limit_pays() {
    // Both bids are one buyer's, and worth 28 and 26: the second one leaves and sets the price of
    // the first.
    let asks = [(10, 3), (12, 3)];
    let honest = reduce(&[(28, 3), (26, 3)], &asks, NO_CAP);
    assert_eq!(honest, (Some((26, 12)), vec![3, 0], vec![3, 0]));
    let false_limit = reduce(&[(28, 3), (18, 3)], &asks, NO_CAP);
    assert_eq!(false_limit, (Some((18, 12)), vec![3, 0], vec![3, 0]));
}

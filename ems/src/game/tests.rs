//! What the game comes to. Figures of examples were computed apart, in fractions.

mod bargaining;
mod printed;
mod properties;

use super::*;

fn number(text: &str) -> Number {
    let decimal: qedex_tables::Decimal = text.parse().unwrap();
    from_units(decimal.exactly(12).unwrap(), 12)
}

fn lines(members: &[(&str, &str)]) -> Vec<Line> {
    let line = |(start, slope): &(&str, &str)| Line { start: number(start), slope: number(slope) };
    members.iter().map(line).collect()
}

/// Four microgrids and two users, as many as the paper's case has.
fn market() -> Market {
    let microgrids = [(".80", ".002"), (".82", ".002"), (".84", ".004"), (".86", ".004")];
    Market::new(lines(&microgrids), lines(&[("1.20", ".002"), ("1.16", ".002")])).unwrap()
}

fn only(market: &Market, costs: &[Number]) -> Equilibrium {
    let mut found = equilibria(market, costs).unwrap();
    assert_eq!(found.len(), 1);
    found.remove(0)
}

fn told(number: &Number) -> String {
    decimal(number, 6)
}

fn surplus(market: &Market, of: &Equilibrium) -> Number {
    Surplus::at(market, of.sellers_get.as_ref(), of.buyers_pay.as_ref()).total()
}

fn auction(market: &Market) -> (Auction, Number) {
    let auction = Auction::clear(market, &number(".02")).unwrap();
    let surplus = Surplus::at(market, auction.sellers_get.as_ref(), auction.buyers_pay.as_ref());
    (auction, surplus.total())
}

#[test]
fn two_aggregators_take_a_third_of_the_volume_and_half_of_the_surplus() {
    let (market, costs) = (market(), [number(".02"), number(".03")]);
    let found = only(&market, &costs);
    assert_eq!(told(&found.volume), "132.666667");
    assert_eq!(found.sellers_get.as_ref().map(told).as_deref(), Some("0.911778"));
    assert_eq!(found.buyers_pay.as_ref().map(told).as_deref(), Some("1.047333"));
    assert_eq!(found.quantities.iter().map(told).collect::<Vec<_>>(), ["69.333333", "63.333333"]);
    assert_eq!(found.profits.iter().map(told).collect::<Vec<_>>(), ["8.011852", "6.685185"]);
    let (auction, in_auction) = auction(&market);
    assert_eq!(auction.volume, number("202"));
    assert_eq!(auction.sellers_get, Some(number(".958")));
    assert_eq!(auction.buyers_pay, Some(number(".978")));
    assert_eq!(decimal(&(surplus(&market, &found) / in_auction), 4), "0.4403");
    assert!(largest_gain(&market, &costs, &found, 100).unwrap() <= number("0"));
}

#[test]
fn what_middlemen_take_shrinks_with_their_number() {
    let (market, cost) = (market(), number(".02"));
    let (_, in_auction) = auction(&market);
    for (aggregators, kept) in [(1, "0.2618"), (3, "0.5694"), (10, "0.8292"), (100, "0.9806")] {
        let found = only(&market, &vec![cost.clone(); aggregators]);
        let found = surplus(&market, &found) / &in_auction;
        assert_eq!(decimal(&found, 4), kept, "{aggregators}");
    }
}

/// Of straight curves m aggregators of one cost trade m/(m+1) of what is efficient.
#[test]
fn one_trades_half_of_the_efficient_volume_two_trade_two_thirds_and_four_four_fifths() {
    let line = |start| lines(&[(start, ".05")]);
    let market = Market::new(line(".50"), line("1.10")).unwrap();
    for (aggregators, volume, buyers_pay, sellers_get) in [
        (1, "2.9", "0.955", "0.645"),
        (2, "3.866667", "0.906667", "0.693333"),
        (4, "4.64", "0.868", "0.732"),
    ] {
        let found = only(&market, &vec![number(".02"); aggregators]);
        assert_eq!(told(&found.volume), volume);
        assert_eq!(found.buyers_pay.as_ref().map(told).as_deref(), Some(buyers_pay));
        assert_eq!(found.sellers_get.as_ref().map(told).as_deref(), Some(sellers_get));
    }
}

#[test]
fn an_aggregator_whose_cost_is_above_the_margin_stays_out() {
    let found = only(&market(), &[number(".02"), number(".9"), number(".02")]);
    assert_eq!(found.quantities.iter().map(told).collect::<Vec<_>>()[1], "0");
    let two = only(&market(), &[number(".02"), number(".02")]);
    assert_eq!(found.volume, two.volume);
}

#[test]
fn nothing_trades_where_nobody_values_more_than_it_costs() {
    let market =
        Market::new(lines(&[("1.2", ".1")]), lines(&[("1.2", ".1"), ("1", ".1")])).unwrap();
    let found = only(&market, &[number("0"), number("1")]);
    assert_eq!((found.volume, found.sellers_get, found.buyers_pay), (number("0"), None, None));
    let (auction, surplus) = auction(&market);
    assert_eq!((auction.volume, auction.sellers_get, surplus), (number("0"), None, number("0")));
}

#[test]
fn where_costs_differ_there_may_be_no_equilibrium_and_there_may_be_two() {
    let market = Market::new(lines(&[("3", "1")]), lines(&[("14", "4"), ("27", "14")])).unwrap();
    assert_eq!(equilibria(&market, &[number("5"), number("8")]), Err(Unfit::NoEquilibrium));

    let market = Market::new(lines(&[("4", "8")]), lines(&[("15", "13"), ("26", "19")])).unwrap();
    let costs = [number("0"), number("1")];
    let found = equilibria(&market, &costs).unwrap();
    let volumes: Vec<String> = found.iter().map(|one| told(&one.volume)).collect();
    // 43/81 and 958/1509.
    assert_eq!(volumes, ["0.530864", "0.634858"]);
    for one in &found {
        assert!(largest_gain(&market, &costs, one, 500).unwrap() <= number("0"));
    }
}

#[test]
fn a_quantity_that_somebody_would_change_is_seen_on_the_grid() {
    let (market, costs) = (market(), [number(".02"), number(".03")]);
    let mut off = only(&market, &costs);
    let less = number("20");
    off.quantities[0] = &off.quantities[0] - &less;
    off.volume = &off.volume - &less;
    for (profit, (cost, quantity)) in off.profits.iter_mut().zip(costs.iter().zip(&off.quantities))
    {
        *profit = quantity * (market.margin(&off.volume).unwrap() - cost);
    }
    assert!(largest_gain(&market, &costs, &off, 100).unwrap() > number("0.1"));
}

#[test]
fn members_and_aggregators_that_make_no_sense_are_refused() {
    let of = |sellers: &[(&str, &str)], buyers: &[(&str, &str)]| {
        Market::new(lines(sellers), lines(buyers)).map(|_| ())
    };
    assert_eq!(of(&[], &[("1", "1")]), Err(Unfit::NoSeller));
    assert_eq!(of(&[("1", "1")], &[]), Err(Unfit::NoBuyer));
    assert_eq!(of(&[("1", "0")], &[("1", "1")]), Err(Unfit::FlatLine));
    let mut below = lines(&[("1", "1")]);
    below[0].start = -number("1");
    assert_eq!(Market::new(below.clone(), lines(&[("1", "1")])).map(|_| ()), Err(Unfit::Negative));
    assert_eq!(equilibria(&market(), &[]), Err(Unfit::NoAggregator));
    assert_eq!(equilibria(&market(), &[-number("1")]), Err(Unfit::Negative));
    assert_eq!(Auction::clear(&market(), &-number("1")), Err(Unfit::Negative));
}

#[test]
fn a_fraction_is_told_in_decimal_digits() {
    for (top, bottom, places, expected) in [
        (2, 3, 4, "0.6667"),
        (-2, 3, 4, "-0.6667"),
        (1, 2, 0, "1"),
        (-1, 2, 0, "-1"),
        (202, 1, 6, "202"),
        (1, 1_000, 2, "0"),
        (-1, 1_000, 2, "0"),
        (5, 100, 3, "0.05"),
    ] {
        let number = Number::new(top.into(), bottom.into());
        assert_eq!(decimal(&number, places), expected, "{top}/{bottom}");
    }
}

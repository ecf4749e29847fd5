//! Two priced offers.

use super::{bilateral::*, *};
use num_bigint::BigInt;

fn whole(number: i64) -> Number {
    Number::from_integer(BigInt::from(number))
}

fn part(top: i64, bottom: i64) -> Number {
    whole(top) / whole(bottom)
}

#[test]
fn two_offers_that_meet_realise_27_of_32_parts_of_the_gain() {
    for (least, width) in [("0", "1"), ("0.08", "0.22"), ("3", "0.001")] {
        let (least, width) = (number(least), number(width));
        let found = Bilateral::new(least.clone(), width.clone()).unwrap().equilibrium();
        assert_eq!(&found.gain / &found.possible, part(27, 32));
        assert_eq!(found.chance, part(9, 32));
        assert_eq!(found.threshold, &width / whole(4));
        assert_eq!(found.gain, &width * part(9, 64));
        // The least value offers the least, and what is never taken is offered above it.
        assert_eq!(found.buyer.at(&least), &least + &width / whole(12));
        assert_eq!(found.seller.at(&least), least + width / whole(4));
    }
}

/// Against the other's line no price is better, for any cost or value on a grid: those who would trade cannot
/// better their offer, and those who never trade gain nothing.
#[test]
fn no_offer_is_better_than_that_on_the_line() {
    let (least, width) = (number("0.08"), number("0.22"));
    let game = Bilateral::new(least.clone(), width.clone()).unwrap();
    let found = game.equilibrium();
    let grid = |points: i64| {
        let (least, width) = (least.clone(), width.clone());
        (0..=points).map(move |point| &least + &width * part(point, points))
    };
    let nothing = number("0");
    for own in grid(24) {
        let bought = game.buyer_gains(&found.seller, &own, &found.buyer.at(&own));
        let sold = game.seller_gains(&found.buyer, &own, &found.seller.at(&own));
        assert!(bought >= nothing && sold >= nothing);
        for price in grid(240) {
            assert!(game.buyer_gains(&found.seller, &own, &price) <= bought, "{own} {price}");
            assert!(game.seller_gains(&found.buyer, &own, &price) <= sold, "{own} {price}");
        }
    }
}

/// The sum over a grid of values and costs, which knows no integral.
#[test]
fn the_average_gain_is_that_over_many_pairs() {
    let game = Bilateral::new(whole(0), whole(1)).unwrap();
    let found = game.equilibrium();
    let points = 200;
    let (mut gain, mut trades) = (0.0, 0.0);
    let offers: Vec<(f64, f64, f64)> = (0..points)
        .map(|point| {
            let own = part(2 * point + 1, 2 * points);
            let float = |number: &Number| decimal(number, 12).parse::<f64>().unwrap();
            (float(&own), float(&found.buyer.at(&own)), float(&found.seller.at(&own)))
        })
        .collect();
    for (value, bid, _) in &offers {
        for (cost, _, ask) in &offers {
            if bid >= ask {
                gain += value - cost;
                trades += 1.0;
            }
        }
    }
    let pairs = (points * points) as f64;
    assert!((gain / pairs - 9.0 / 64.0).abs() < 2e-3, "{}", gain / pairs);
    assert!((trades / pairs - 9.0 / 32.0).abs() < 5e-3, "{}", trades / pairs);
}

#[test]
fn costs_and_values_without_width_or_below_zero_are_refused() {
    assert_eq!(Bilateral::new(whole(1), whole(0)), Err(Unfit::NoWidth));
    assert_eq!(Bilateral::new(whole(1), whole(-1)), Err(Unfit::NoWidth));
    assert_eq!(Bilateral::new(whole(-1), whole(1)), Err(Unfit::Negative));
}

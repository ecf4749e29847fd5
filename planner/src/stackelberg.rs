//! `qedex plan stackelberg`

use crate::{error::Error, rows, tables};
use clap::Args;
use qedex_math::stackelberg::{Follower, NoOptimum, ONE, optimum};
use qedex_tables::{Quantity, Table};
use serde::Serialize;
use std::{path::PathBuf, str::FromStr};

/// The decimal places of all quantities.
const PLACES: u32 = ONE.ilog10();

/// What all numbers are: not negative, rounded to [`PLACES`].
const NUMBER: Quantity = Quantity { unit: "", places: PLACES, most: u128::MAX };

/// A number that is not negative.
#[derive(Clone, Copy, Debug)]
struct Number(u128);

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        NUMBER.read_rounded("the number", text).map(Self)
    }
}

/// Options of `plan stackelberg`.
#[derive(Debug, Args)]
pub struct Stackelberg {
    /// The followers: a CSV file with the columns a,b. A follower's utility is
    /// a x - b x^2 / 2 - p x.
    #[arg(long, value_name = "FILE")]
    followers: PathBuf,
    /// What a unit costs the leader.
    #[arg(long)]
    cost: Number,
    /// How many units the leader has at most.
    #[arg(long)]
    capacity: Option<Number>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Outcome {
    /// Nothing where nobody pays more than the cost.
    price: Option<f64>,
    /// What each follower demands, in the order of the file.
    demand: Vec<f64>,
    profit: f64,
}

/// Prints the leader's best price and how followers answer it.
pub fn run(args: &Stackelberg) -> Result<(), Error> {
    let followers = followers(&tables::read(&args.followers)?)?;
    let outcome = solve(&followers, args.cost, args.capacity)?;
    let lines = outcome.lines();
    super::print(args.json, &outcome, &lines)
}

fn followers(table: &Table) -> Result<Vec<Follower>, Error> {
    rows::of(table, [&["a"], &["b"]], |[a, b]| {
        let follower =
            Follower { a: NUMBER.read_rounded("a", a)?, b: NUMBER.read_rounded("b", b)? };
        if follower.b == 0 {
            return Err(format!("b must not be zero at {PLACES} decimal places"));
        }
        Ok(follower)
    })
}

fn solve(followers: &[Follower], cost: Number, capacity: Option<Number>) -> Result<Outcome, Error> {
    let too_large = || Error::BadInput("the numbers are too large or too far apart".to_owned());
    let best = match optimum(followers, cost.0, capacity.map(|capacity| capacity.0)) {
        Ok(best) => best,
        Err(NoOptimum::NoDemand) => {
            return Ok(Outcome { price: None, demand: vec![0.0; followers.len()], profit: 0.0 });
        }
        Err(NoOptimum::ZeroSlope | NoOptimum::Overflow) => return Err(too_large()),
    };
    let demand: Option<Vec<f64>> =
        followers.iter().map(|follower| follower.demand(best.price).map(float)).collect();
    Ok(Outcome {
        price: Some(float(best.price)),
        demand: demand.ok_or_else(too_large)?,
        profit: float(best.profit),
    })
}

/// The nearest floating-point number, or one beside it.
fn float(value: u128) -> f64 {
    value as f64 / ONE as f64
}

impl Outcome {
    fn lines(&self) -> String {
        let Some(price) = self.price else {
            return "nobody pays more than the cost".to_owned();
        };
        let mut lines = format!("price   {price:.6}\nprofit  {:.6}", self.profit);
        for (place, demand) in self.demand.iter().enumerate() {
            lines.push_str(&format!("\nfollower {}: {demand:.6}", place.saturating_add(1)));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn solved(of: &[(&str, &str)], cost: &str, capacity: Option<&str>) -> Outcome {
        let number = |text: &str| text.parse::<Number>().unwrap();
        let followers: Vec<_> =
            of.iter().map(|(a, b)| Follower { a: number(a).0, b: number(b).0 }).collect();
        solve(&followers, number(cost), capacity.map(number)).unwrap()
    }

    #[test]
    fn the_examples_of_the_design_come_out() {
        let two = solved(&[("10", "1"), ("4", "1")], "0", None);
        assert_eq!((two.price, two.profit), (Some(5.0), 25.0));
        assert_eq!(two.demand, [5.0, 0.0]);
        let three = [("10", "1"), ("8", "2"), ("6", "4")];
        let free = solved(&three, "2.0", None);
        assert!((free.price.unwrap() - 5.428_571_428_571).abs() < 1e-12);
        let capped = solved(&three, "2", Some("4e0"));
        assert!((capped.price.unwrap() - 20.0 / 3.0).abs() < 1e-12);
        assert!((capped.demand[0] - 10.0 / 3.0).abs() < 1e-12);
        assert_eq!(capped.demand[2], 0.0);
    }

    #[test]
    fn followers_are_read_with_whatever_decimals_they_have() {
        let read = |text: &str| {
            followers(&Table::parse("f.csv", text).unwrap()).map_err(|error| error.to_string())
        };
        let all = read("a,b\n10,1\n   \n4.5e-1,0.0000000001\n").unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!((all[0].a, all[1].a), (10 * ONE, 45 * ONE / 100));
        assert_eq!(read("a,b\n\n1,-1\n").unwrap_err(), "bad input: f.csv, line 3: b -1 is below 0");
        assert!(read("a,b\n1,0\n").unwrap_err().contains("line 2: b must not be zero"));
    }

    #[test]
    fn without_demand_there_is_no_price() {
        let nobody = solved(&[("3", "1"), ("1", "2")], "4", None);
        assert_eq!((nobody.price, nobody.profit), (None, 0.0));
        assert_eq!(nobody.demand, [0.0, 0.0]);
    }
}

//! `qedex plan stackelberg`

use super::table;
use crate::error::Error;
use clap::Args;
use qedex_math::stackelberg::{Follower, NoOptimum, ONE, optimum};
use qedex_play::community::decimal::parse_rounded;
use serde::Serialize;
use std::{path::PathBuf, str::FromStr};

/// The decimal places of all quantities.
const PLACES: u32 = ONE.ilog10();

/// A number that is not negative.
#[derive(Clone, Copy, Debug)]
struct Number(u128);

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_rounded(text, PLACES)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is no number from 0 on"))
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
    let mut followers = Vec::new();
    table::each(&args.followers, ["a", "b"], |_, [a, b]| {
        let Number(a) = a.parse().map_err(|e| format!("a: {e}"))?;
        let Number(b) = b.parse().map_err(|e| format!("b: {e}"))?;
        if b == 0 {
            return Err(format!("b must not be zero at {PLACES} decimal places"));
        }
        followers.push(Follower { a, b });
        Ok(())
    })?;
    let outcome = solve(&followers, args.cost, args.capacity)?;
    let lines = outcome.lines();
    super::print(args.json, &outcome, &lines)
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
    fn without_demand_there_is_no_price() {
        let nobody = solved(&[("3", "1"), ("1", "2")], "4", None);
        assert_eq!((nobody.price, nobody.profit), (None, 0.0));
        assert_eq!(nobody.demand, [0.0, 0.0]);
    }
}

//! `qedex plan trust`

use crate::{error::Error, rows, tables};
use clap::Args;
use qedex_math::trust::{self, Decay, Rater, Ratings, Trust, Weights};
use qedex_tables::{Quantity, Table};
use std::{collections::BTreeMap, path::PathBuf};

/// Options of `plan trust`.
#[derive(Debug, Args)]
pub struct Options {
    /// The ratings: a CSV file with the columns rater,ratee,positive,negative. Rows of one pair add
    /// up; rows in which somebody rates itself do not count, as on chain.
    #[arg(long, value_name = "FILE")]
    ratings: PathBuf,
    /// Who trusts.
    #[arg(long, value_name = "NAME")]
    rater: String,
    /// Who is trusted.
    #[arg(long, value_name = "NAME")]
    ratee: String,
    /// The weight of direct trust in parts per million. The three weights sum to 1000000.
    #[arg(long, value_name = "PPM")]
    a: u32,
    /// The weight of indirect trust in parts per million.
    #[arg(long, value_name = "PPM")]
    b: u32,
    /// The weight of deposit trust in parts per million.
    #[arg(long, value_name = "PPM")]
    c: u32,
    /// d: a rater's weight falls by e^-d with each rating that it gives. A decimal number, exact to
    /// 24 places.
    #[arg(long, value_name = "NUMBER")]
    decay: Decay,
    /// The ratee's deposit over the reference deposit in parts per million.
    #[arg(long, value_name = "PPM", value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    deposit_ppm: u32,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug)]
struct Row {
    rater: String,
    ratee: String,
    positive: u64,
    negative: u64,
}

fn ratings(table: &Table) -> Result<Vec<Row>, Error> {
    let wanted = [&["rater"][..], &["ratee"], &["positive"], &["negative"]];
    rows::of(table, wanted, |[rater, ratee, positive, negative]| {
        Ok(Row {
            rater: rater.to_owned(),
            ratee: ratee.to_owned(),
            positive: Quantity::COUNT.read_u64("positive", positive)?,
            negative: Quantity::COUNT.read_u64("negative", negative)?,
        })
    })
}

/// Prints the trust of the rater in the ratee, in parts per million, each number rounded down.
pub fn run(args: &Options) -> Result<(), Error> {
    let weights = Weights { direct_ppm: args.a, indirect_ppm: args.b, deposit_ppm: args.c };
    if args.rater == args.ratee {
        let who = &args.rater;
        return Err(Error::BadInput(format!(
            "rater and ratee are both {who:?}: nobody rates itself"
        )));
    }
    let rows = ratings(&tables::read(&args.ratings)?)?;
    let trust = compute(&rows, (&args.rater, &args.ratee), &weights, args.decay, args.deposit_ppm)?;
    let lines = format!(
        "direct    {}\nindirect  {}\ntrust     {}",
        share(trust.direct_ppm),
        share(trust.indirect_ppm),
        share(trust.trust_ppm)
    );
    super::print(args.json, &trust, &lines)
}

fn share(ppm: u32) -> String {
    format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000)
}

/// The trust of `rater` in `ratee` by the ratings of `rows`.
fn compute(
    rows: &[Row],
    (rater, ratee): (&str, &str),
    weights: &Weights,
    decay: Decay,
    deposit_ppm: u32,
) -> Result<Trust, Error> {
    let mut of_ratee = BTreeMap::<&str, Ratings>::new();
    let mut given = BTreeMap::<&str, u128>::new();
    for row in rows.iter().filter(|row| row.rater != row.ratee) {
        let ratings = Ratings::whole(row.positive, row.negative);
        let experience = given.entry(&row.rater).or_default();
        *experience = experience.saturating_add(ratings.all());
        if row.ratee == ratee {
            let sum = of_ratee.entry(&row.rater).or_default();
            *sum = sum.saturating_add(ratings);
        }
    }
    let own = of_ratee.remove(rater).unwrap_or_default();
    let raters: Vec<Rater> = of_ratee
        .into_iter()
        .map(|(name, ratings)| Rater {
            ratings,
            experience: given.get(name).copied().unwrap_or_default(),
        })
        .collect();
    trust::trust(weights, decay, own, &raters, deposit_ppm).ok_or_else(|| {
        let (a, b, c) = (weights.direct_ppm, weights.indirect_ppm, weights.deposit_ppm);
        Error::BadInput(format!("the weights {a}, {b} and {c} do not sum to 1000000"))
    })
}

#[cfg(test)]
mod tests;

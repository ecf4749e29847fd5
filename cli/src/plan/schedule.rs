//! `qedex plan schedule`

use super::table;
use crate::error::Error;
use clap::{Args, value_parser};
use qedex_math::schedule::{ApportionError, Limits, apportion, arrange};
use serde::{Deserialize, Serialize};
use std::{fmt::Write, path::PathBuf};

/// Options of `plan schedule`.
#[derive(Debug, Args)]
pub struct Schedule {
    /// The scores: a CSV file with the columns id,score, each id once.
    #[arg(long, value_name = "FILE")]
    scores: PathBuf,
    /// Slots of the session.
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..=1_000_000))]
    slots: u32,
    /// Slots that everybody gets at least.
    #[arg(long, value_name = "F")]
    floor: u32,
    /// The largest share of all slots in parts per million.
    #[arg(long, value_name = "PPM", value_parser = value_parser!(u32).range(..=1_000_000))]
    max_share_ppm: u32,
    /// The most consecutive slots of one author; no limit if not given. Where the shares leave no
    /// such order, the least that they permit.
    #[arg(long, value_name = "R", value_parser = value_parser!(u32).range(1..))]
    max_run: Option<u32>,
    /// What the order is drawn from: 32 bytes in hexadecimal digits. It never changes the shares.
    #[arg(long, value_name = "HEX", value_parser = seed)]
    seed: [u8; 32],
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

fn seed(text: &str) -> Result<[u8; 32], String> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let mut bytes = [0; 32];
    hex::decode_to_slice(digits, &mut bytes)
        .map_err(|e| format!("not 32 bytes in hexadecimal digits: {e}"))?;
    Ok(bytes)
}

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(deserialize_with = "table::whole_field")]
    score: u64,
}

#[derive(Serialize)]
struct Plan {
    /// Who writes each slot, by id.
    schedule: Vec<String>,
    /// Who gets how many, in the order of their ids.
    shares: Vec<Share>,
}

#[derive(Serialize)]
struct Share {
    id: String,
    score: u64,
    slots: u32,
}

fn plan(args: &Schedule) -> Result<Plan, Error> {
    let mut rows: Vec<Row> = table::read(&args.scores, &["id", "score"])?;
    // Ties go to the smaller id, whatever the order of the lines.
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let name = args.scores.display();
    if let Some(twice) = rows.windows(2).find(|pair| pair[0].id == pair[1].id) {
        let id = &twice[0].id;
        return Err(Error::BadInput(format!("{name}: the id {id:?} comes twice")));
    }
    let (n, slots, floor) = (rows.len(), args.slots, args.floor);
    // At most 10^6 of 10^6: the share fits.
    let largest = (u64::from(slots) * u64::from(args.max_share_ppm) / 1_000_000) as u32;
    let limits = Limits { slots, floor, largest };
    let scores: Vec<u64> = rows.iter().map(|row| row.score).collect();
    let shares = apportion(&scores, limits).map_err(|error| {
        Error::BadInput(match error {
            ApportionError::Nobody => format!("{name}: there is nobody to write blocks"),
            ApportionError::FloorTooHigh => {
                format!("{n} floors of {floor} slots are more than all {slots} slots")
            }
            ApportionError::LargestTooSmall => {
                format!("{n} largest shares of {largest} slots are less than all {slots} slots")
            }
        })
    })?;
    let order = arrange(&shares, args.max_run.unwrap_or(slots), &args.seed);
    Ok(Plan {
        schedule: order.into_iter().map(|author| rows[author as usize].id.clone()).collect(),
        shares: rows
            .iter()
            .zip(&shares)
            .map(|(row, slots)| Share { id: row.id.clone(), score: row.score, slots: *slots })
            .collect(),
    })
}

/// Prints shares and order of a session.
pub fn run(args: &Schedule) -> Result<(), Error> {
    let plan = plan(args)?;
    let mut lines = String::new();
    for Share { id, score, slots } in &plan.shares {
        let _ = writeln!(lines, "{slots:>7} slots  {id}  (score {score})");
    }
    let _ = write!(lines, "{}", plan.schedule.join(" "));
    super::print(args.json, &plan, &lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_32_bytes_with_or_without_a_prefix() {
        let digits = "ab".repeat(32);
        assert_eq!(seed(&digits), Ok([0xab; 32]));
        assert_eq!(seed(&format!("0x{digits}")), Ok([0xab; 32]));
        for bad in ["", "0x", "ab", &"ab".repeat(33), &"xy".repeat(32)] {
            assert!(seed(bad).is_err(), "{bad:?}");
        }
    }
}

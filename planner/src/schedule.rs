//! `qedex plan schedule`

use crate::{error::Error, tables};
use clap::{Args, value_parser};
use qedex_math::schedule::{ApportionError, Limits, apportion, arrange};
use qedex_tables::{Quantity, Table};
use serde::Serialize;
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

struct Row {
    id: String,
    score: u64,
    line: usize,
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

/// The rows by their ids: ties go to the smaller one, whatever the order of the lines.
fn rows(table: &Table) -> Result<Vec<Row>, Error> {
    let columns = table.columns([&["id"], &["score"]])?;
    let mut rows = Vec::new();
    table.each(|row| {
        let [id, score] = row.cells(&columns);
        if id.is_empty() {
            return Err("id is missing".to_owned());
        }
        let score = Quantity::COUNT.read_u64("score", score)?;
        rows.push(Row { id: id.to_owned(), score, line: row.line() });
        Ok(())
    })?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    match rows.windows(2).find(|pair| pair[0].id == pair[1].id) {
        Some([one, other]) => {
            let (id, line, again) = (&one.id, one.line, other.line);
            let what = format!("the id {id:?} comes twice, in lines {line} and {again}");
            Err(table.error(what).into())
        }
        _ => Ok(rows),
    }
}

fn plan(args: &Schedule) -> Result<Plan, Error> {
    let rows = rows(&tables::read(&args.scores)?)?;
    let name = args.scores.display();
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
    fn an_id_comes_once() {
        let read = |text: &str| {
            let read = rows(&Table::parse("scores.csv", text).unwrap());
            read.map(|rows| rows.len()).map_err(|error| error.to_string())
        };
        assert_eq!(read("id,score\nb,1\na,2\n"), Ok(2));
        assert_eq!(
            read("id,score\nb,1\n\na,2\nb,3\n"),
            Err("bad input: scores.csv: the id \"b\" comes twice, in lines 2 and 5".to_owned())
        );
        assert_eq!(
            read("id,score\n,1\n"),
            Err("bad input: scores.csv, line 2: id is missing".to_owned())
        );
    }

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

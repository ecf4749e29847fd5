//! `qedex plan par`

use super::table;
use crate::error::Error;
use clap::Args;
use qedex_math::{Wh, load::par_ppm};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, path::PathBuf};

/// Options of `plan par`.
#[derive(Debug, Args)]
pub struct Par {
    /// The load: a CSV file with the columns slot,wh, each slot once.
    #[arg(long, value_name = "FILE")]
    load: PathBuf,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize)]
struct Row {
    slot: u64,
    wh: u64,
}

#[derive(Serialize)]
struct Ratio {
    /// Maximum over mean in parts per million; nothing where the load is zero throughout.
    par_ppm: Option<u64>,
}

/// Prints the peak-to-average ratio.
pub fn run(args: &Par) -> Result<(), Error> {
    let rows: Vec<Row> = table::read(&args.load, &["slot", "wh"])?;
    let mut slots = BTreeSet::new();
    if let Some(twice) = rows.iter().find(|row| !slots.insert(row.slot)) {
        let name = args.load.display();
        let slot = twice.slot;
        return Err(Error::BadInput(format!("{name}: slot {slot} comes twice")));
    }
    let load: Vec<_> = rows.iter().map(|row| Wh(row.wh)).collect();
    let par_ppm = par_ppm(&load);
    let lines = par_ppm.map_or_else(
        || "no ratio: there is no load".to_owned(),
        |ppm| format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000),
    );
    super::print(args.json, &Ratio { par_ppm }, &lines)
}

//! `qedex plan`: what can be computed without a node, by the very functions that the runtime calls.
//!
//! Each tool has a file of its own with its arguments, its result and `run`, which computes the one
//! from the other. A result is printed as JSON with `--json`, and as lines for people otherwise.

mod par;
mod table;
mod trust;

use crate::error::Error;
use clap::Subcommand;

/// What to compute.
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// The peak-to-average ratio of a load (BC-ET-MF, eq. 18).
    Par(par::Par),
    /// How much one participant trusts another (BC-ET-MF, eqs 19-23).
    Trust(trust::Options),
}

/// Computes and prints.
pub fn run(command: &Plan) -> Result<(), Error> {
    match command {
        Plan::Par(args) => par::run(args),
        Plan::Trust(args) => trust::run(args),
    }
}

/// Prints `result` as JSON, or as `lines`.
fn print(json: bool, result: &impl serde::Serialize, lines: &str) -> Result<(), Error> {
    if json {
        let text = serde_json::to_string(result).map_err(|e| Error::BadInput(e.to_string()))?;
        println!("{text}");
    } else {
        println!("{lines}");
    }
    Ok(())
}

//! The market on a running node: a book of a hundred thousand orders, and a thousand requests answered.
//!
//! `scripts/bench market`. It starts nodes of its own, with chains of its own, on free ports.
//!
//! - [`node`]: a node, its chain spec and its log; [`client`]: what is asked of it;
//! - [`large`], [`requests`]: the two measurements.
//!
//! Nothing is taken from the pallets' own code: what is reported stands in the chain's events and
//! storage, in the node's log, or on the clock of this machine.

#![allow(clippy::arithmetic_side_effects, clippy::cast_precision_loss)]

mod client;
mod large;
mod node;
mod requests;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde::Serialize;
use std::path::PathBuf;

/// Measures the market on a running node.
#[derive(Debug, Parser)]
#[command(name = "scripts/bench market")]
struct Options {
    /// The orders of the large book; 0 leaves it out.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(..=100_000))]
    orders: u32,
    /// The requests that are answered at a time; 0 leaves them out.
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(..=5_000))]
    requests: u32,
    /// How many slots answer requests.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How many seconds before gate closure requests are sent.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(2..=30))]
    lead: u64,
    /// Writes everything, the large book's blocks one by one, to this file.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// What `cargo bench` says to each benchmark.
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Serialize)]
struct Figures {
    large_book: Option<large::Figures>,
    requests: Option<requests::Figures>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let mut figures = Figures { large_book: None, requests: None };
    if options.requests > 0 {
        let found = requests::measure(options.requests, options.rounds, options.lead).await?;
        println!("{found}");
        figures.requests = Some(found);
    }
    if options.orders > 0 {
        let found = large::measure(options.orders).await?;
        println!("{found}");
        figures.large_book = Some(found);
    }
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&figures)?;
        std::fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// The middle one of these, the larger one of two.
fn median<T: Copy + Ord>(values: &[T]) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

/// Ends the run where what has been measured is not what it is meant to be.
fn must(holds: bool, what: &str) -> Result<()> {
    ensure!(holds, "{what}");
    Ok(())
}

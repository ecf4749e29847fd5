//! `qedex`: the command line of Q-EnergyDEX for prosumers and operators.
//!
//! - [`accounts`]: names of accounts; [`slots`]: names of slots;
//! - [`args`]: what it takes; [`commands`]: a file a command, its options beside its code;
//! - `qedex plan`, what can be known without a node, is [`qedex_planner`];
//! - [`output`]: the one printer; [`store`]: private files of openings.

mod accounts;
mod args;
mod commands;
mod error;
mod output;
mod slots;
mod store;

use commands::Found;
use std::process::ExitCode;

/// The command did its work, and found that something that must hold does not.
const BROKEN: u8 = 1;

/// The command could not do its work.
const FAILED: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = args::Cli::read(std::env::args_os()).unwrap_or_else(|error| error.exit());
    match cli.command.run().await {
        Ok(Found::Right) => ExitCode::SUCCESS,
        Ok(Found::Wrong) => ExitCode::from(BROKEN),
        Err(error) => {
            output::note!("error: {error}");
            ExitCode::from(FAILED)
        }
    }
}

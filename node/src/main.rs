//! `qedex-node`: the node of Q-EnergyDEX.
//!
//! A validator writes blocks with Aura in slots of two seconds and finalises them with GRANDPA;
//! every other node follows. The rules of the market are the WASM runtime's (`qedex-runtime`): this
//! binary brings the network, the database, the transaction pool, the JSON-RPC servers and the
//! off-chain workers.
//!
//! Whatever keeps a command from being done, a chain-spec file that is not there or a port that
//! somebody else uses, is told in one line on standard error, and the process ends with status 2.

mod chain_spec;
mod cli;
mod client;
mod command;
mod doubles;
mod inherents;
mod metrics;
mod ports;
mod qkd;
mod rpc;
mod service;

use std::process::ExitCode;

/// The exit status of a command that could not be done.
const FAILURE: u8 = 2;

fn main() -> ExitCode {
    match command::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error}");
            ExitCode::from(FAILURE)
        }
    }
}

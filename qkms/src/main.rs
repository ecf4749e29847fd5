//! The binary `qkms`: one command a file below `commands`, what they do in the library.
//!
//! Exit status: 0 when done, 1 when a command failed, 2 when it was not understood (unknown flags,
//! bad values).

mod commands;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

/// A simulated quantum key distribution service behind the ETSI GS QKD 014 interface.
#[derive(Parser)]
#[command(name = "qkms", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Hold an SAE's certificate and keys for a process on this machine
    Agent(commands::agent::Options),
    /// Do all processing of a block again that was opened for an audit
    Audit(commands::audit::Options),
    /// Set up a line of KMEs with everything they need in a folder, and run it
    Demo(commands::demo::Options),
    /// Make certificates for KMEs and SAEs
    #[command(subcommand)]
    Pki(commands::pki::Pki),
    /// Compute what a deployment would give, without running it
    #[command(subcommand)]
    Plan(commands::plan::Plan),
    /// Check records of blocks that a KME told, and show them
    Records(commands::records::Options),
    /// Print the public key by which a KME signs what is relayed
    RelayKey(commands::relay_key::Options),
    /// Run the KMEs of a configuration
    Serve(commands::serve::Options),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = io::stdout().lock();
    let done = match cli.command {
        Command::Agent(options) => commands::agent::run(options, &mut out),
        Command::Audit(options) => commands::audit::run(options, &mut out),
        Command::Demo(options) => commands::demo::run(options, &mut out),
        Command::Pki(pki) => commands::pki::run(pki, &mut out),
        Command::Plan(plan) => commands::plan::run(plan, &mut out),
        Command::Records(options) => commands::records::run(options, &mut out),
        Command::RelayKey(options) => commands::relay_key::run(options, &mut out),
        Command::Serve(options) => commands::serve::run(options, &mut out),
    };
    let done = done.and_then(|code| out.flush().map(|()| code).map_err(Into::into));
    done.unwrap_or_else(|error| {
        // Whoever reads only the first lines of the output has had what they wanted.
        let closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        if error.downcast_ref().is_some_and(closed) {
            return ExitCode::SUCCESS;
        }
        eprintln!("error: {}", told(&error));
        ExitCode::FAILURE
    })
}

/// An error and what caused it. What an error says of its cause itself is not said again.
fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

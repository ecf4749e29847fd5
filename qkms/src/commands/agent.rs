//! `qkms agent`: hold an SAE's certificate and keys for a process on this machine.

use std::{fs, io::Write, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Args;
use qkms::{
    agent::{Agent, Settings},
    process,
};

/// Options of the agent.
#[derive(Args)]
pub struct Options {
    /// Configuration, TOML
    #[arg(long)]
    config: PathBuf,
}

/// Runs the agent until SIGINT or SIGTERM.
///
/// # Errors
///
/// A configuration that cannot be read or used.
pub fn run(options: Options, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    process::forbid_core_dumps().context("cannot forbid core dumps")?;
    let path = options.config.display();
    let text =
        fs::read_to_string(&options.config).with_context(|| format!("cannot read {path}"))?;
    let settings: Settings =
        toml::from_str(&text).with_context(|| format!("{path} is not an agent's configuration"))?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        // Before anything listens, so that no signal is missed.
        let stop = process::stop_signal()?;
        let agent = Agent::bind(settings).await?;
        writeln!(out, "agent listens on http://{}", agent.local_addr())?;
        out.flush()?;
        agent.run(stop).await;
        Ok(ExitCode::SUCCESS)
    })
}

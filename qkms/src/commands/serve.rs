//! `qkms serve`: run the KMEs of a configuration.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, bail};
use clap::Args;
use qkms::{
    config::Config,
    deployment::{Deployment, faults},
    process,
};
use tracing_subscriber::EnvFilter;

/// Options of the service.
#[derive(Args)]
pub struct Options {
    /// Configuration, TOML
    #[arg(long)]
    config: PathBuf,
    /// Check the configuration, and whether its files, stores and ports can be used now; change nothing
    #[arg(long)]
    check: bool,
}

impl Options {
    /// Those that run the KMEs of a file.
    pub fn of(config: PathBuf) -> Self {
        Self { config, check: false }
    }
}

/// Runs the KMEs until SIGINT or SIGTERM.
///
/// # Errors
///
/// A configuration that cannot be read or used, or a part that cannot be started.
pub fn run(options: Options, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let config = Config::read(&options.config)?;
    if options.check {
        let faults = faults(&config);
        if !faults.is_empty() {
            bail!("{} cannot be served:\n  {}", options.config.display(), faults.join("\n  "));
        }
        writeln!(out, "{} is sound", options.config.display())?;
        return Ok(ExitCode::SUCCESS);
    }
    process::forbid_core_dumps().context("cannot forbid core dumps")?;
    process::raise_file_limit().context("cannot raise the limit of open files")?;
    let filter = EnvFilter::try_from_env("QKMS_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        // A log that cannot be written, on a full disk, is no reason to panic.
        .log_internal_errors(false)
        .init();
    if config.seed.is_some() {
        tracing::warn!("a seed is configured: every key is predictable");
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        // Before anything listens, so that no signal is missed.
        let stop = process::stop_signal()?;
        let mut written = Ok(());
        let deployment = Deployment::start(&config, |kme, part, address| {
            if written.is_ok() {
                written = writeln!(out, "{kme} {part} listens on {address}");
            }
        });
        let deployment = deployment.await?;
        match written.and_then(|()| out.flush()) {
            // Nobody reads where it listens; that ends no service.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            written => written?,
        }
        stop.await;
        tracing::info!("stopping");
        deployment.stop().await;
        Ok::<_, anyhow::Error>(())
    })?;
    // A maker that still waits for its peer holds no key that is not wiped with its block.
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}

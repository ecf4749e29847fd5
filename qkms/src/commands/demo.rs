//! `qkms demo`: set up a line of KMEs in a folder, and run it.

use std::{fs, io::Write, path::PathBuf, process::ExitCode};

use anyhow::{Context, bail};
use clap::Args;
use qkms::demo::Demo;

use super::serve;

/// Options of `qkms demo`.
#[derive(Args)]
pub struct Options {
    /// The folder; what it holds of an earlier demo with the same options is used again
    folder: PathBuf,
    /// KMEs in the line, each joined to the next by a quantum link
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=8))]
    sites: u8,
    /// Port of the first KME's interface for SAEs on loopback, the others' follow; 0 for any that are free
    #[arg(long, default_value_t = 8443)]
    port: u16,
    /// Kilometres of each link
    #[arg(long, default_value_t = 10)]
    km: u16,
    /// Bits of a block after sifting: fewer come sooner
    #[arg(long, default_value_t = 1_000_000)]
    #[arg(value_parser = clap::value_parser!(u64).range(10_000..=100_000_000))]
    sifted_bits: u64,
    /// Set up the folder and do not run it
    #[arg(long)]
    dry: bool,
}

/// Sets up what is missing, says how keys are fetched by hand, and serves until SIGINT or SIGTERM.
///
/// # Errors
///
/// A folder that cannot be written, or a part that cannot be started.
pub fn run(options: Options, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let Options { folder, sites, port, km, sifted_bits, dry } = options;
    let demo = Demo { folder, sites: sites.into(), port, km, sifted_bits };
    let config = demo.folder.join("qkms.toml");
    if !config.exists() {
        demo.set_up().with_context(|| format!("cannot set up {}", demo.folder.display()))?;
    } else if fs::read_to_string(&config).ok() != Some(demo.configuration()) {
        bail!(
            "{} is not what these options make: give those of before, another folder, or run it by `qkms serve --config {0}`",
            config.display(),
        );
    }
    writeln!(out, "# as the first site's SAE, for the last site's, and there:")?;
    write!(out, "{}", demo.by_hand())?;
    out.flush()?;
    if dry {
        return Ok(ExitCode::SUCCESS);
    }
    serve::run(serve::Options::of(config), out)
}

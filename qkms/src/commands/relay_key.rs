//! `qkms relay-key`: print the public key by which a KME signs what is relayed.

use std::{io::Write, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Args;
use qkms::relay::RelayKey;

/// Options of `qkms relay-key`.
#[derive(Args)]
pub struct Options {
    /// The KME's folder, `store` in its configuration; it has to be there
    store: PathBuf,
}

/// Prints the public key in hexadecimal; makes the private one, `relay.key`, if it is missing, and says so
/// where errors go.
///
/// # Errors
///
/// A folder that is missing, or a file that cannot be used.
pub fn run(options: Options, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let path = options.store.join(RelayKey::FILE);
    let was_there = path.exists();
    let key = RelayKey::open(&path).with_context(|| format!("{}", path.display()))?;
    if !was_there {
        eprintln!("made {}, as there was none", path.display());
    }
    writeln!(out, "{}", hex::encode(key.public()))?;
    Ok(ExitCode::SUCCESS)
}

//! `qkms records`: check records of blocks that a KME told, and show them.

use std::{
    fs,
    io::{self, Read, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use qkms::{
    audit::Terms,
    health::Health,
    records::{Ending, Export, Signed},
};

/// Options of `qkms records`.
#[derive(Args)]
pub struct Options {
    /// What `/records.json?kme=...&peer=...` answered; `-` for standard input
    file: PathBuf,
}

/// Checks the order and the signatures of all records, and prints a line for each and the roots of
/// whole epochs.
///
/// # Errors
///
/// A file that cannot be read, or the first record that is wrong.
pub fn run(options: Options, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let text = if options.file.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        text
    } else {
        fs::read_to_string(&options.file)
            .with_context(|| format!("cannot read {}", options.file.display()))?
    };
    let export: Export = serde_json::from_str(&text).context("no records of a KME")?;
    let records = export.check()?;
    writeln!(out, "link      {} to {}", export.alice, export.bob)?;
    writeln!(out, "keys      {} {}", export.alice_key, export.bob_key)?;
    writeln!(out, "number epoch  block     pulses detections    sifted       key  ending, health")?;
    records.iter().try_for_each(|signed| line(signed, out))?;
    for part in records.chunk_by(|one, next| Terms::of(&one.record) == Terms::of(&next.record)) {
        if let Some(first) = part.first() {
            writeln!(
                out,
                "terms from record {} on: {}",
                first.record.sequence,
                Terms::of(&first.record)
            )?;
        }
    }
    for (epoch, root) in Export::roots(&records) {
        writeln!(out, "epoch {epoch} has the root {}", hex::encode(root))?;
    }
    let from_start = records.first().is_none_or(|signed| signed.record.sequence == 0);
    let what = if from_start { "a chain from its start" } else { "a part of a chain" };
    writeln!(out, "{} records, signed by both ends: {what}", records.len())?;
    Ok(ExitCode::SUCCESS)
}

fn line(signed: &Signed, out: &mut impl Write) -> io::Result<()> {
    let record = &signed.record;
    let account = &record.account;
    let sifted = account.n_x.iter().fold(0, |sum: u64, part| sum.saturating_add(*part));
    write!(
        out,
        "{:>6} {:>5} {:>6} {:>10} {:>10} {:>9} {:>9}  ",
        record.sequence,
        record.epoch,
        record.block,
        account.pulses,
        account.detections,
        sifted,
        account.length
    )?;
    match &record.ending {
        Ending::Key => write!(out, "key")?,
        Ending::Discarded(reason) => write!(out, "{reason}")?,
    }
    health("alice", &record.at_alice.health, out)?;
    health("bob", &record.at_bob.health, out)?;
    writeln!(out)
}

fn health(end: &str, health: &Health, out: &mut impl Write) -> io::Result<()> {
    write!(out, ", {end}:")?;
    if let Some(failure) = health.failure {
        return write!(out, " {failure}");
    }
    if !health.started {
        return write!(out, " not tested for long enough");
    }
    for measured in health.sources.iter().filter(|measured| measured.samples > 0) {
        write!(out, " {} {:.3}", measured.source.name(), measured.min_entropy())?;
    }
    Ok(())
}

//! `qkms audit`: do the processing of an opened block again.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use clap::Args;
use qkms::{
    audit::{AuditFile, Audited, Expected, Terms, check},
    records::Export,
};

/// Options of `qkms audit`.
#[derive(Args)]
pub struct Options {
    /// What `/audit?kme=...&peer=...&epoch=...` answered; `-` for standard input
    file: PathBuf,
    /// Records that a KME told earlier (`/records.json`): its keys and records have to be the same, and
    /// no seed of theirs may come again. May be given several times
    #[arg(long, value_name = "FILE")]
    records: Vec<PathBuf>,
    /// The root of the epoch, as it was fixed elsewhere
    #[arg(long, value_name = "HEX", value_parser = digits)]
    root: Option<[u8; 32]>,
    /// The challenge that was drawn
    #[arg(long, value_name = "HEX", value_parser = digits)]
    challenge: Option<[u8; 32]>,
    /// Keys that SAEs were told, in base64, one a line: none may be part of the block
    #[arg(long, value_name = "FILE")]
    delivered: Option<PathBuf>,
    /// Let epsilons, limits and the afterpulses that were claimed pass where they are beyond the defaults
    #[arg(long)]
    allow_loose: bool,
}

fn digits(text: &str) -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| "64 hexadecimal digits".to_owned())?;
    Ok(bytes)
}

/// Checks a file and prints what it shows.
///
/// # Errors
///
/// A file that cannot be read, or the first thing that is not as it should be.
pub fn run(options: Options, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let bytes = if options.file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes)?;
        bytes
    } else {
        read(&options.file)?
    };
    let file = AuditFile::from_bytes(&bytes)?;
    let mut expected = Expected {
        root: options.root,
        challenge: options.challenge,
        loose: options.allow_loose,
        ..Expected::default()
    };
    for path in &options.records {
        let export: Export = serde_json::from_slice(&read(path)?)
            .with_context(|| format!("{}: no records of a KME", path.display()))?;
        let records = export.check().with_context(|| path.display().to_string())?;
        let keys = export.keys()?;
        anyhow::ensure!(
            expected.keys.is_none_or(|before| before == keys),
            "{}: other keys than in the file before",
            path.display()
        );
        expected.keys = Some(keys);
        expected.records.extend(records);
    }
    if let Some(path) = &options.delivered {
        let text = String::from_utf8(read(path)?).context("no text")?;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let key = STANDARD.decode(line);
            expected.delivered.push(key.context("a delivered key is not base64")?);
        }
    }
    let audited = check(&file, &expected)?;
    show(&file, &audited, &expected, out)?;
    Ok(ExitCode::SUCCESS)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

fn show(
    file: &AuditFile,
    audited: &Audited,
    expected: &Expected,
    out: &mut impl Write,
) -> io::Result<()> {
    let Audited { epoch, root, keyed, record, accounts } = audited;
    let from = |known: bool| if known { "as expected" } else { "by the file itself" };
    writeln!(out, "link       {} to {}", file.alice, file.bob)?;
    writeln!(out, "keys       {}", from(expected.keys.is_some()))?;
    writeln!(
        out,
        "epoch      {epoch}, root {}, {}",
        hex::encode(root),
        from(expected.root.is_some())
    )?;
    let challenge = hex::encode(file.challenge);
    writeln!(out, "challenge  {challenge}, {}", from(expected.challenge.is_some()))?;
    let (block, number) = (record.block, record.sequence);
    writeln!(out, "opened     block {block}, record {number}: one of {keyed} that gave a key")?;
    writeln!(out, "terms      {}", Terms::of(record))?;
    let [x, z] = audited.qber();
    writeln!(out, "detections {}, of them sifted {}", accounts.detections, accounts.sifted())?;
    writeln!(out, "QBER       {x:.4} in X, {z:.4} in Z")?;
    if let Some(bound) = accounts.bound {
        writeln!(out, "phi        {:.4}", bound.phi)?;
    }
    let (parities, leak) = (accounts.parities, accounts.leak);
    writeln!(out, "told       {parities} parities, {leak} bits in all")?;
    writeln!(out, "key        {} bits, the same at both ends", accounts.length)?;
    let (others, keys) = (expected.records.len(), expected.delivered.len());
    writeln!(out, "compared   {others} records told before, {keys} delivered keys")?;
    writeln!(out, "the audit passes: sifting, health, errors, disclosure, length and key follow")?;
    writeln!(out, "from the raw strings. It cannot show where these came from.")
}

//! The one printer: all that goes to standard output or to standard error goes through here.
//!
//! Whoever reads it may stop reading, as `head` does, or may have closed it before: that is no error, and
//! no panic.

use comfy_table::{Row, Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;
use std::{
    fmt,
    io::{self, BufWriter, ErrorKind, Write},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

/// Standard output takes no more, though somebody reads it: the disk is full, say.
#[derive(Debug, thiserror::Error)]
#[error("standard output: {0}")]
pub struct Unwritten(pub io::Error);

/// Prints a line of text to standard output, written as [`format!`] takes it.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::line(::std::format_args!($($text)*))
    };
}

/// Prints a line of text to standard error, written as [`format!`] takes it.
#[macro_export]
macro_rules! note {
    ($($text:tt)*) => {
        $crate::aside(::std::format_args!($($text)*))
    };
}

/// Prints `text` and the end of the line to standard output.
///
/// # Errors
/// If it cannot be written, though somebody reads it.
pub fn line(text: fmt::Arguments<'_>) -> Result<(), Unwritten> {
    print(|out| out.write_fmt(text))
}

/// Prints `value` as JSON on one line to standard output.
///
/// # Errors
/// If it cannot be written, though somebody reads it.
pub fn compact_json(value: &impl Serialize) -> Result<(), Unwritten> {
    print(|out| Ok(serde_json::to_writer(out, value)?))
}

/// Prints `value` as JSON on indented lines to standard output.
///
/// # Errors
/// If it cannot be written, though somebody reads it.
pub fn json(value: &impl Serialize) -> Result<(), Unwritten> {
    print(|out| Ok(serde_json::to_writer_pretty(out, value)?))
}

/// Prints `text` and the end of the line to standard error. If that cannot be written there is nobody left
/// to tell.
pub fn aside(text: fmt::Arguments<'_>) {
    // In one piece, so that lines of two programs on one terminal do not mix.
    let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// A table without rows, for people.
pub fn table<H: Into<Row>>(header: H) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// Reads a table, and says on standard error how, where that is not as usual.
///
/// # Errors
/// As [`qedex_tables::Table::read`].
pub fn read_table(path: &Path) -> Result<qedex_tables::Table, qedex_tables::Error> {
    let table = qedex_tables::Table::read(path)?;
    if let Some(remark) = table.remark() {
        note!("note: {}: {remark}", table.file());
    }
    Ok(table)
}

/// Whether somebody has stopped reading standard output before the end.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether all that was printed to standard output could be written.
pub fn was_read() -> bool {
    !IS_CLOSED.load(Ordering::Relaxed)
}

/// Prints what `write` writes, and the end of the line.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Unwritten> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let printed = write(&mut out).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    // What could not be written must not be written once more when the buffer goes out of scope.
    let _ = out.into_parts();
    match printed {
        Err(reason) if reason.kind() != ErrorKind::BrokenPipe => Err(Unwritten(reason)),
        Err(_) => {
            IS_CLOSED.store(true, Ordering::Relaxed);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

//! The one printer: all that goes to standard output goes through here. Whoever reads it may stop
//! reading, as `head` does: that is no error.

use crate::error::Error;
use comfy_table::{Row, Table, presets::UTF8_FULL_CONDENSED};
use serde::Serialize;
use std::{
    fmt,
    io::{self, BufWriter, ErrorKind, Write},
    sync::atomic::{AtomicBool, Ordering},
};

/// Prints a line of text, written as [`format!`] takes it.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::output::line(format_args!($($text)*))
    };
}
pub(crate) use say;

/// Prints `text` and the end of the line.
pub fn line(text: fmt::Arguments<'_>) -> Result<(), Error> {
    print(|out| out.write_fmt(text))
}

/// Prints `value` as JSON on one line.
pub fn compact_json(value: &impl Serialize) -> Result<(), Error> {
    print(|out| Ok(serde_json::to_writer(out, value)?))
}

/// Prints `value` as JSON on indented lines.
pub fn json(value: &impl Serialize) -> Result<(), Error> {
    print(|out| Ok(serde_json::to_writer_pretty(out, value)?))
}

/// A table without rows, for people.
pub fn table<H: Into<Row>>(header: H) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table
}

/// Whether somebody has stopped reading before the end.
static IS_CLOSED: AtomicBool = AtomicBool::new(false);

/// Whether all that was printed could be written.
pub fn was_read() -> bool {
    !IS_CLOSED.load(Ordering::Relaxed)
}

/// Prints what `write` writes, and the end of the line.
fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let printed = write(&mut out).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush());
    // What could not be written must not be written once more when the buffer goes out of scope.
    let _ = out.into_parts();
    match printed {
        Err(reason) if reason.kind() != ErrorKind::BrokenPipe => {
            Err(Error::File { path: "standard output".to_owned(), reason })
        }
        Err(_) => {
            IS_CLOSED.store(true, Ordering::Relaxed);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

//! What goes to standard output. Whoever reads it may stop reading, as `head` does: that is no error.

use crate::error::Error;
use serde::Serialize;
use std::io::{self, BufWriter, ErrorKind, Write};

/// Prints `value` as JSON on one line.
pub fn compact_json(value: &impl Serialize) -> Result<(), Error> {
    print(|out| Ok(serde_json::to_writer(out, value)?))
}

/// Prints `value` as JSON on indented lines.
pub fn json(value: &impl Serialize) -> Result<(), Error> {
    print(|out| Ok(serde_json::to_writer_pretty(out, value)?))
}

/// Prints `text`.
pub fn text(text: &str) -> Result<(), Error> {
    print(|out| out.write_all(text.as_bytes()))
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
        _ => Ok(()),
    }
}

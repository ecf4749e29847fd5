//! Printing, by the one printer of `console`, whose error becomes the command's.

use crate::error::Error;
use serde::Serialize;
use std::fmt;

pub use qedex_console::{note, table, was_read};

/// Prints a line of text, written as [`format!`] takes it.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::output::line(format_args!($($text)*))
    };
}
pub(crate) use say;

/// Prints `text` and the end of the line.
pub fn line(text: fmt::Arguments<'_>) -> Result<(), Error> {
    Ok(qedex_console::line(text)?)
}

/// Prints `value` as JSON on indented lines.
pub fn json(value: &impl Serialize) -> Result<(), Error> {
    Ok(qedex_console::json(value)?)
}

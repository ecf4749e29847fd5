//! Tables as people have them: one reader for all tools.
//!
//! ### Rules
//! - A table is text in UTF-8, or in UTF-16 with a byte order mark. Lines end in LF, CRLF or CR. Its first
//!   line that is not blank is the header, and says what separates columns: a tab, else a semicolon, else a
//!   comma. Where it is no comma and the body has a comma between two digits, commas are decimal marks.
//! - Columns are found by their names, in any order. A row of blanks and separators is no row, wherever
//!   it stands; so is a column without a name and without values.
//! - A message names the file and the line as an editor counts it. A row's *number* counts rows alone,
//!   from 1 after the header.
//! - Numbers are exact decimals, with an exponent or without. What cannot be told from another number (a
//!   thousands separator, a decimal mark of another kind) is refused, and so is what the column's unit
//!   cannot hold. Nothing is rounded unless the caller asks for it.
//! - Times are local, or have an offset, all in a file alike. Each step of their axis comes once, in order.

mod columns;
mod decimal;
mod error;
#[cfg(feature = "time")]
mod moment;
mod quantity;
mod slots;
mod table;
mod text;
#[cfg(feature = "time")]
mod time_axis;

pub use columns::{Column, Columns};
pub use decimal::{Decimal, Misfit, NotDecimal, plain};
pub use error::{BadText, Error};
#[cfg(feature = "time")]
pub use moment::{Moment, TimeOfDay, Zone};
pub use quantity::Quantity;
pub use slots::{Numbered, SLOTS, contiguous};
pub use table::{Row, Table};
pub use text::{decode, read};
#[cfg(feature = "time")]
pub use time_axis::{Step, TimeAxis};

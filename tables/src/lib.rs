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

mod columns;
mod decimal;
mod error;
mod quantity;
mod table;
mod text;

pub use columns::{Column, Columns};
pub use decimal::{Decimal, Misfit, NotDecimal, plain};
pub use error::Error;
pub use quantity::Quantity;
pub use table::{Row, Table};
pub use text::{BadText, decode, read};

//! Rows of a table, read alike by every plan: columns by their names, each number with its unit and bounds, what is
//! wrong by its line.

use crate::error::Error;
use qedex_tables::{Column, Columns, Numbered, Quantity, Table, contiguous};
use std::ops::RangeInclusive;

/// What `take` makes of the cells `wanted` of each row.
pub fn of<const N: usize, T>(
    table: &Table,
    wanted: [Column<'_>; N],
    mut take: impl FnMut([&str; N]) -> Result<T, String>,
) -> Result<Vec<T>, Error> {
    let columns = table.columns(wanted)?;
    let mut rows = Vec::new();
    table.each(|row| {
        rows.push(take(row.cells(&columns))?);
        Ok(())
    })?;
    Ok(rows)
}

/// The same of rows that are numbered in the first of the columns `wanted`, each number once and none left out, in
/// any order. Returns the numbers, and what was made of the rows in the order of these; `left_out` says what is to
/// be written in a row that is missing.
pub fn numbered<const N: usize, T>(
    table: &Table,
    wanted: [Column<'_>; N],
    left_out: &str,
    mut take: impl FnMut(&Columns<N>, [&str; N]) -> Result<T, String>,
) -> Result<(RangeInclusive<u64>, Vec<T>), Error> {
    let columns = table.columns(wanted)?;
    let names = wanted.first().copied().unwrap_or_default();
    let one = names.get(columns.name(0)).copied().unwrap_or_default();
    let mut rows = Vec::new();
    table.each(|row| {
        let cells = row.cells(&columns);
        let number = cells.first().copied().unwrap_or_default();
        let number = Quantity::COUNT.read_u64(one, number)?;
        rows.push((number, row.line(), take(&columns, cells)?));
        Ok(())
    })?;
    let numbers = rows.iter().map(|(number, line, _)| (*number, *line));
    let numbers =
        contiguous(Numbered { one, left_out }, numbers).map_err(|what| table.error(what))?;
    rows.sort_by_key(|(number, ..)| *number);
    Ok((numbers, rows.into_iter().map(|(.., row)| row).collect()))
}

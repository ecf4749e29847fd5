//! The reader.

use crate::{
    columns::{Column, Columns, Others},
    error::Error,
    text::{self, line_ends},
};
use std::{borrow::Cow, cell::Cell, path::Path};

/// A table in memory: its header is read, its rows are handed out one by one.
#[derive(Debug)]
pub struct Table {
    file: String,
    text: String,
    delimiter: u8,
    /// The names of the columns. None follows the last that has a name.
    names: Vec<String>,
    header_line: usize,
    /// Where in the text the rows begin.
    body: usize,
    /// Where commas are decimal marks: the line of the first.
    decimal_comma: Option<usize>,
}

/// A row of a table.
#[derive(Debug)]
pub struct Row<'t> {
    /// Counted from 1 after the header; blank rows are none.
    pub number: usize,
    place: usize,
    cells: &'t csv::StringRecord,
    lines: &'t Lines<'t>,
}

impl Table {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, is no text, has no header, or a quote in it is never closed.
    pub fn read(path: &Path) -> Result<Self, Error> {
        Self::parse(path.display().to_string(), text::read(path)?)
    }

    /// Reads `text`, which messages call `file`.
    ///
    /// # Errors
    /// If it has no header or a quote in it is never closed.
    pub fn parse(file: impl Into<String>, text: impl Into<String>) -> Result<Self, Error> {
        let (file, text) = (file.into(), text.into());
        let Some((begin, header)) = header(&text) else {
            return Err(Error::File { file, what: "there is nothing in the file".to_owned() });
        };
        let delimiter = delimiter(header);
        let from_header = text.get(begin..).unwrap_or_default();
        let lines = Lines::new(&text);
        if let Some(open) = unclosed_quote(from_header.as_bytes(), delimiter) {
            let line = lines.at(begin.saturating_add(open));
            return Err(Error::Line { file, line, what: "a quote is never closed".to_owned() });
        }
        let mut reader = reader(from_header, delimiter);
        let mut record = csv::StringRecord::new();
        read(&mut reader, &mut record, &file)?;
        let mut names: Vec<String> = record.iter().map(|name| trim(name).to_owned()).collect();
        while names.last().is_some_and(String::is_empty) {
            names.pop();
        }
        let length = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let body = begin.saturating_add(length);
        let header_line = lines.at(begin);
        let decimal_comma = (delimiter != b',')
            .then(|| comma_between_digits(text.as_bytes().get(body..).unwrap_or_default()))
            .flatten()
            .map(|place| lines.at(body.saturating_add(place)));
        Ok(Self { file, delimiter, names, header_line, body, decimal_comma, text })
    }

    /// What messages call it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The names of the columns, in their order. A column without a name before others has an empty one.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How the table is read, where that is not as tools write tables.
    pub fn remark(&self) -> Option<&'static str> {
        match (self.delimiter, self.decimal_comma) {
            (b';', None) => Some("semicolons separate its columns"),
            (b';', Some(_)) => {
                Some("semicolons separate its columns, and commas are decimal marks")
            }
            (b'\t', None) => Some("tabs separate its columns"),
            (b'\t', Some(_)) => Some("tabs separate its columns, and commas are decimal marks"),
            _ => None,
        }
    }

    /// Where the columns `wanted` stand, if the table has these, each under one of its names, and no others.
    ///
    /// # Errors
    /// If one is missing, comes twice, comes under two names, or is not wanted.
    pub fn columns<const N: usize>(&self, wanted: [Column<'_>; N]) -> Result<Columns<N>, Error> {
        Columns::find(&self.file, self.header_line, &self.names, wanted, Others::Refused)
    }

    /// Where the columns `wanted` stand, if the table has these, each under one of its names; whatever
    /// others it has.
    ///
    /// # Errors
    /// If one is missing, comes twice or comes under two names.
    pub fn columns_among_others<const N: usize>(
        &self,
        wanted: [Column<'_>; N],
    ) -> Result<Columns<N>, Error> {
        Columns::find(&self.file, self.header_line, &self.names, wanted, Others::Ignored)
    }

    /// An error of the header.
    pub fn header_error(&self, what: String) -> Error {
        Error::Line { file: self.file.clone(), line: self.header_line, what }
    }

    /// An error of a line.
    pub fn line_error(&self, line: usize, what: String) -> Error {
        Error::Line { file: self.file.clone(), line, what }
    }

    /// An error of the table as a whole.
    pub fn error(&self, what: String) -> Error {
        Error::File { file: self.file.clone(), what }
    }

    /// Hands every row to `take`, whose error is reported with the row's line.
    ///
    /// # Errors
    /// The first one of `take`, or a row with fewer or more cells than there are columns.
    pub fn each(&self, mut take: impl FnMut(&Row<'_>) -> Result<(), String>) -> Result<(), Error> {
        let mut reader = reader(self.text.get(self.body..).unwrap_or_default(), self.delimiter);
        let lines = Lines::new(&self.text);
        let mut record = csv::StringRecord::new();
        let mut number = 0_usize;
        while read(&mut reader, &mut record, &self.file)? {
            if record.iter().all(is_blank) {
                continue;
            }
            number = number.saturating_add(1);
            let position = record.position().map_or(0, csv::Position::byte);
            let begin = usize::try_from(position).unwrap_or(usize::MAX);
            let place = lines.first_of_record(self.body.saturating_add(begin));
            let taken = self.check_length(&record).and_then(|()| match self.decimal_comma {
                None => take(&Row { number, place, cells: &record, lines: &lines }),
                Some(comma) => {
                    let cells = with_points(&record, comma)?;
                    take(&Row { number, place, cells: &cells, lines: &lines })
                        .map_err(|what| format!("{what} (commas are decimal marks in this file)"))
                }
            });
            taken.map_err(|what| Error::Line {
                file: self.file.clone(),
                line: lines.at(place),
                what,
            })?;
        }
        Ok(())
    }

    fn check_length(&self, record: &csv::StringRecord) -> Result<(), String> {
        let (found, columns) = (record.len(), self.names.len());
        if found == columns || (found > columns && record.iter().skip(columns).all(is_blank)) {
            return Ok(());
        }
        let cells = if found == 1 { "1 cell" } else { &format!("{found} cells") };
        Err(format!("the row has {cells}, and the header {columns} columns"))
    }
}

impl Row<'_> {
    /// The line that it begins in, as an editor counts it, from 1.
    pub fn line(&self) -> usize {
        self.lines.at(self.place)
    }

    /// The cell of the column at `place`, without blanks around it.
    pub fn cell(&self, place: usize) -> &str {
        trim(self.cells.get(place).unwrap_or_default())
    }

    /// The cells of `columns`, in the order in which these were asked for.
    pub fn cells<const N: usize>(&self, columns: &Columns<N>) -> [&str; N] {
        columns.places().map(|place| self.cell(place))
    }
}

/// Counts lines up to places in a text, the next place from the last one on if it lies behind it.
#[derive(Debug)]
struct Lines<'t> {
    text: &'t [u8],
    /// A place and its line.
    known: Cell<(usize, usize)>,
}

impl<'t> Lines<'t> {
    fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), known: Cell::new((0, 1)) }
    }

    fn at(&self, place: usize) -> usize {
        let (from, line) = match self.known.get() {
            known if known.0 <= place => known,
            _ => (0, 1),
        };
        let between = self.text.get(from..place).unwrap_or_default();
        let line = line.saturating_add(line_ends(between, self.text.get(place)));
        self.known.set((place, line));
        line
    }

    /// Where the record begins that is read from `place` on: the reader passes over empty lines.
    fn first_of_record(&self, place: usize) -> usize {
        let rest = self.text.get(place..).unwrap_or_default();
        let empty = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        place.saturating_add(empty)
    }
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes())
}

/// The next record, unless there is none.
fn read(
    reader: &mut csv::Reader<&[u8]>,
    record: &mut csv::StringRecord,
    file: &str,
) -> Result<bool, Error> {
    // Rows may have any length and the text is UTF-8: nothing is left that could fail.
    reader
        .read_record(record)
        .map_err(|error| Error::File { file: file.to_owned(), what: error.to_string() })
}

/// The first line that has more than blanks and separators, and where it begins.
fn header(text: &str) -> Option<(usize, &str)> {
    let mut begin = 0_usize;
    for line in text.split_inclusive(['\n', '\r']) {
        if !line.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';')).is_empty() {
            return Some((begin, line));
        }
        begin = begin.saturating_add(line.len());
    }
    None
}

fn delimiter(header: &str) -> u8 {
    let mut quoted = false;
    let mut delimiter = b',';
    for byte in header.bytes() {
        match byte {
            b'"' => quoted = !quoted,
            b'\t' if !quoted => return b'\t',
            b';' if !quoted => delimiter = b';',
            _ => {}
        }
    }
    delimiter
}

/// Where the quote stands that is open at the end.
fn unclosed_quote(text: &[u8], delimiter: u8) -> Option<usize> {
    if !text.contains(&b'"') {
        return None;
    }
    let mut open = None;
    let mut closed = None;
    let mut cell_begins = true;
    for (place, &byte) in text.iter().enumerate() {
        match (byte, open) {
            (b'"', Some(_)) => (open, closed) = (None, Some(place.saturating_add(1))),
            // A doubled quote within quotes closes them and opens them again.
            (b'"', None) if cell_begins || closed == Some(place) => open = Some(place),
            _ => {}
        }
        cell_begins = byte == delimiter || matches!(byte, b'\r' | b'\n');
    }
    open
}

fn comma_between_digits(text: &[u8]) -> Option<usize> {
    text.windows(3).position(|three| {
        matches!(three, [before, b',', after] if before.is_ascii_digit() && after.is_ascii_digit())
    })
}

/// The cells with points as decimal marks instead of commas. A number that has a point already is refused:
/// what it means cannot be told.
fn with_points(record: &csv::StringRecord, first: usize) -> Result<csv::StringRecord, String> {
    let mut cells = csv::StringRecord::new();
    for cell in record {
        cells.push_field(&with_point(trim(cell), first)?);
    }
    Ok(cells)
}

fn with_point(cell: &str, first: usize) -> Result<Cow<'_, str>, String> {
    let of_a_number =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b',' | b'.' | b'-' | b'+' | b'e' | b'E');
    if !cell.bytes().all(of_a_number) || !cell.bytes().any(|byte| byte.is_ascii_digit()) {
        return Ok(cell.into());
    }
    let count = |mark: char| cell.matches(mark).count();
    match (count(','), count('.')) {
        (1, 0) => Ok(cell.replace(',', ".").into()),
        (0, 1) => Err(format!(
            "{cell} has a decimal point, and in line {first} there is a decimal comma; write all numbers alike, \
             and no separators between thousands"
        )),
        _ => Ok(cell.into()),
    }
}

fn is_blank(cell: &str) -> bool {
    trim(cell).is_empty()
}

/// Without the blanks around it, among them those that do not break.
fn trim(cell: &str) -> &str {
    let cell = cell.trim_ascii();
    let is_ascii = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii);
    let bytes = cell.as_bytes();
    if is_ascii(bytes.first()) && is_ascii(bytes.last()) { cell } else { cell.trim() }
}

#[cfg(test)]
mod tests;

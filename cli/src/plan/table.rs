//! Tables that the planning tools read.

use crate::error::Error;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::{path::Path, str::FromStr};

/// The rows of a CSV file whose header names exactly `columns`, in any order.
///
/// An error names the file and, where there is one, the line.
pub fn read<Row: DeserializeOwned>(path: &Path, columns: &[&str]) -> Result<Vec<Row>, Error> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|reason| Error::File { path: name.clone(), reason })?;
    parse(&text, columns).map_err(|reason| Error::BadInput(format!("{name}: {reason}")))
}

/// Hands every row of a CSV file whose header names exactly `columns`, in any order, to `take`: its
/// number, counted from 1 after the header, and its fields in the order of `columns`.
///
/// An error of `take` ends it, and is reported with the file and the row's number.
pub fn each<const N: usize>(
    path: &Path,
    columns: [&str; N],
    take: impl FnMut(usize, [&str; N]) -> Result<(), String>,
) -> Result<(), Error> {
    Rows::read(path, columns)?.each(take)
}

/// The rows of a CSV file, in memory: for tables of so many rows that copying each field takes longer
/// than what is done with it.
pub struct Rows<const N: usize> {
    name: String,
    /// Where each column stands.
    places: [usize; N],
    body: Body,
}

enum Body {
    /// A text without quotes, in which every comma and every end of line means one, and where in it
    /// the first row begins.
    Plain(String, usize),
    Quoted(Vec<csv::StringRecord>),
}

/// A whole number from 0 on, in decimal digits and nothing else, or what is wrong with the field
/// called `column`.
pub fn whole<Number: FromStr>(column: &str, text: &str) -> Result<Number, String> {
    if text.is_empty() {
        return Err(format!("{column} is missing"));
    }
    number(text).map_err(|wrong| format!("{column} {text:?} {wrong}"))
}

/// A whole number from 0 on, as a field of a table that is read with `serde`. Left alone, the reader
/// would take 0x10 for 16.
///
/// For `#[serde(deserialize_with = "table::whole_field")]`.
pub fn whole_field<'de, D: Deserializer<'de>, T: FromStr>(field: D) -> Result<T, D::Error> {
    let text = String::deserialize(field)?;
    number(&text).map_err(|wrong| serde::de::Error::custom(format!("{text:?} {wrong}")))
}

fn number<Number: FromStr>(text: &str) -> Result<Number, &'static str> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("is no whole number from 0 on");
    }
    text.parse().map_err(|_| "is too large")
}

impl<const N: usize> Rows<N> {
    /// Reads a file whose header names exactly `columns`, in any order.
    pub fn read(path: &Path, columns: [&str; N]) -> Result<Self, Error> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::of(name, text, columns),
            Err(reason) => Err(Error::File { path: name, reason }),
        }
    }

    fn of(name: String, text: String, columns: [&str; N]) -> Result<Self, Error> {
        let bad = |reason: String| Error::BadInput(format!("{name}: {reason}"));
        let mut reader = csv::ReaderBuilder::new()
            .trim(csv::Trim::Headers)
            .flexible(true)
            .from_reader(text.as_bytes());
        let header = reader.headers().map_err(|e| bad(e.to_string()))?;
        let places = places(header, columns).map_err(&bad)?;
        let body = if text.contains('"') {
            let records = reader.into_records().collect::<Result<Vec<_>, _>>();
            let mut records = records.map_err(|e| bad(e.to_string()))?;
            records
                .retain(|record| record.iter().any(|field| !is_blank(field)) || record.len() > 1);
            Body::Quoted(records)
        } else {
            let begin = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
            Body::Plain(text, begin)
        };
        Ok(Self { name, places, body })
    }

    /// About how many rows there are; never much less.
    pub fn count(&self) -> usize {
        match &self.body {
            Body::Plain(text, _) => memchr::memchr_iter(b'\n', text.as_bytes()).count(),
            Body::Quoted(records) => records.len(),
        }
    }

    /// Hands every row to `take`, as [`each`] does.
    pub fn each<'t>(
        &'t self,
        mut take: impl FnMut(usize, [&'t str; N]) -> Result<(), String>,
    ) -> Result<(), Error> {
        let mut number = 0_usize;
        let row = |fields: &[&'t str]| {
            number = number.saturating_add(1);
            let taken = match fields.len() {
                found if found != N => {
                    Err(format!("there should be {N} fields, and there are {found}"))
                }
                _ => {
                    let field = |place: usize| fields.get(place).copied().unwrap_or_default();
                    take(number, self.places.map(|place| field(place).trim_ascii()))
                }
            };
            taken.map_err(|reason| {
                let name = &self.name;
                Error::BadInput(format!("{name}: line {number} after the header: {reason}"))
            })
        };
        match &self.body {
            Body::Plain(text, begin) => plain(text.get(*begin..).unwrap_or_default(), row),
            Body::Quoted(records) => {
                records.iter().map(|record| record.iter().collect::<Vec<_>>()).try_for_each({
                    let mut row = row;
                    move |fields| row(&fields)
                })
            }
        }
    }
}

fn is_blank(field: &str) -> bool {
    field.trim_ascii().is_empty()
}

/// Hands the fields of each line that is not blank to `row`.
fn plain<'t>(
    text: &'t str,
    mut row: impl FnMut(&[&'t str]) -> Result<(), Error>,
) -> Result<(), Error> {
    let bytes = text.as_bytes();
    let mut fields = Vec::new();
    let mut begin = 0;
    for end in memchr::memchr2_iter(b',', b'\n', bytes).chain([bytes.len()]) {
        let field = text.get(begin..end).unwrap_or_default();
        begin = end.saturating_add(1);
        let is_comma = bytes.get(end) == Some(&b',');
        if is_comma || !fields.is_empty() || !is_blank(field) {
            fields.push(field);
        }
        if !is_comma && !fields.is_empty() {
            row(&fields)?;
            fields.clear();
        }
    }
    Ok(())
}

/// Where each of `columns` stands in a header that names exactly these.
fn places<const N: usize>(
    header: &csv::StringRecord,
    columns: [&str; N],
) -> Result<[usize; N], String> {
    check(header, &columns)?;
    Ok(columns.map(|column| {
        // It is there: the header has just been checked.
        header.iter().position(|name| name == column).unwrap_or(0)
    }))
}

fn check(header: &csv::StringRecord, columns: &[&str]) -> Result<(), String> {
    let mut found: Vec<_> = header.iter().collect();
    let mut wanted = columns.to_vec();
    found.sort_unstable();
    wanted.sort_unstable();
    if found == wanted {
        return Ok(());
    }
    if found.is_empty() {
        return Err(format!("the file is empty; its header should be {:?}", columns.join(",")));
    }
    Err(format!(
        "the header is {:?}, not {:?}",
        header.iter().collect::<Vec<_>>().join(","),
        columns.join(",")
    ))
}

fn parse<Row: DeserializeOwned>(text: &str, columns: &[&str]) -> Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    check(reader.headers().map_err(|e| e.to_string())?, columns)?;
    reader.deserialize().collect::<Result<_, _>>().map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Row {
        id: String,
        #[serde(deserialize_with = "whole_field")]
        wh: u64,
    }

    #[test]
    fn columns_may_stand_in_any_order() {
        let rows = parse::<Row>("wh, id\n5,a\n", &["id", "wh"]).unwrap();
        assert_eq!(rows, [Row { id: "a".into(), wh: 5 }]);
    }

    #[test]
    fn a_column_too_many_too_few_or_of_another_name_is_an_error() {
        for text in ["id\na\n", "id,wh,x\na,1,2\n", "id,kwh\na,1\n", ""] {
            assert!(parse::<Row>(text, &["id", "wh"]).is_err(), "{text:?}");
        }
    }

    #[test]
    fn rows_are_handed_over_in_the_order_of_the_columns_asked_for() {
        let mut rows = Vec::new();
        each_of("wh, id\n5, a\n6,b\n", ["id", "wh"], |number, [id, wh]| {
            rows.push((number, id.to_owned(), wh.to_owned()));
            Ok(())
        })
        .unwrap();
        let row = |number, id: &str, wh: &str| (number, id.to_owned(), wh.to_owned());
        assert_eq!(rows, [row(1, "a", "5"), row(2, "b", "6")]);
    }

    #[test]
    fn a_row_of_another_length_or_that_is_not_taken_is_an_error() {
        let refuse = |number, _: [&str; 2]| {
            (number < 2).then_some(()).ok_or_else(|| "not this one".to_owned())
        };
        let error = each_of("id,wh\na,1\nb\n", ["id", "wh"], |_, _| Ok(())).unwrap_err();
        assert_eq!(error, "line 2 after the header: there should be 2 fields, and there are 1");
        assert!(each_of("id,wh\na,1,\n", ["id", "wh"], |_, _| Ok(())).is_err());
        let error = each_of("id,kwh\na,1\n", ["id", "wh"], |_, _| Ok(())).unwrap_err();
        assert_eq!(error, "the header is \"id,kwh\", not \"id,wh\"");
        let error = each_of("", ["id", "wh"], |_, _| Ok(())).unwrap_err();
        assert!(error.starts_with("the file is empty"), "{error}");
        let error = each_of("id,wh\na,1\nb,2\n", ["id", "wh"], refuse).unwrap_err();
        assert_eq!(error, "line 2 after the header: not this one");
    }

    fn each_of<const N: usize>(
        text: &str,
        columns: [&str; N],
        take: impl FnMut(usize, [&str; N]) -> Result<(), String>,
    ) -> Result<(), String> {
        let rows = Rows::of("t".to_owned(), text.to_owned(), columns);
        let done = rows.and_then(|rows| rows.each(take));
        done.map_err(|error| error.to_string().replace("bad input: t: ", ""))
    }

    proptest::proptest! {
        /// A text is read as the CSV library reads it, whether there are quotes in it or not.
        #[test]
        fn any_text_has_the_rows_that_a_csv_reader_finds(
            body in "([ab1, ]{0,6}(\r\n|\n)){0,8}[ab1,]{0,4}",
            quoted in proptest::bool::ANY,
        ) {
            let body = if quoted { body.replace('a', "\"a\"") } else { body };
            let text = format!("x,y\n{body}");
            let mut ours = Vec::new();
            let done = each_of(&text, ["x", "y"], |_, fields| {
                ours.push(fields.map(str::to_owned));
                Ok(())
            });
            let mut reader = csv::ReaderBuilder::new()
                .flexible(true)
                .from_reader(text.as_bytes());
            let records: Vec<csv::StringRecord> =
                reader.records().collect::<Result<_, _>>().unwrap();
            // A blank line is no row here, and there one of a single field unless it is empty.
            let records = records
                .iter()
                .filter(|record| !(record.len() == 1 && record[0].trim().is_empty()));
            let theirs = records.clone().map(|record| {
                [0, 1].map(|place| record.get(place).unwrap_or_default().trim().to_owned())
            });
            if records.clone().all(|record| record.len() == 2) {
                assert_eq!(done, Ok(()));
                assert_eq!(ours, theirs.collect::<Vec<_>>());
            } else {
                assert!(done.unwrap_err().contains("there should be 2 fields"));
            }
        }
    }

    #[test]
    fn a_number_that_is_none_is_named_with_its_column() {
        assert_eq!(whole("wh", "7"), Ok(7_u64));
        for bad in ["-1", "+1", "1.5", "1e3", "x", "0x10", "7 "] {
            let expected = format!("wh {bad:?} is no whole number from 0 on");
            assert_eq!(whole::<u64>("wh", bad), Err(expected));
        }
        let large = "18446744073709551616";
        let expected = format!("wh {large:?} is too large");
        assert_eq!(whole::<u64>("wh", large), Err(expected));
        assert_eq!(whole::<u64>("wh", ""), Err("wh is missing".to_owned()));
    }

    #[test]
    fn an_error_names_the_line_and_what_stands_there() {
        for (bad, why) in [
            ("-1", "is no whole number"),
            ("+1", "is no whole number"),
            ("1.5", "is no whole number"),
            ("1e3", "is no whole number"),
            ("0x10", "is no whole number"),
            ("x", "is no whole number"),
            ("", "is no whole number"),
            ("18446744073709551616", "is too large"),
        ] {
            let error = parse::<Row>(&format!("id,wh\na,1\nb,{bad}\n"), &["id", "wh"]).unwrap_err();
            assert!(error.contains("line: 3"), "{error}");
            assert!(error.contains(&format!("{bad:?} {why}")), "{error}");
        }
        let largest = parse::<Row>("id,wh\na,18446744073709551615\n", &["id", "wh"]).unwrap();
        assert_eq!(largest[0].wh, u64::MAX);
        assert!(parse::<Row>("id,wh\na\n", &["id", "wh"]).is_err());
    }
}

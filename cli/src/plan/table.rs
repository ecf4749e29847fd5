//! Tables that the planning tools read.

use crate::error::Error;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use std::{path::Path, str::FromStr};

/// The rows of a CSV file whose header names exactly `columns`, in any order.
///
/// An error names the file and, where there is one, the line.
pub fn read<Row: DeserializeOwned>(path: &Path, columns: &[&str]) -> Result<Vec<Row>, Error> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|reason| Error::File {
        path: name.clone(),
        reason,
    })?;
    parse(&text, columns).map_err(|reason| Error::BadInput(format!("{name}: {reason}")))
}

/// Hands every row of a CSV file whose header names exactly `columns`, in any order, to `take`: its
/// number, counted from 1 after the header, and its fields in the order of `columns`. For tables of
/// many rows, of which nothing has to be kept.
///
/// An error of `take` ends it, and is reported with the file and the row's number.
pub fn each<const N: usize>(
    path: &Path,
    columns: [&str; N],
    take: impl FnMut(usize, [&str; N]) -> Result<(), String>,
) -> Result<(), Error> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|reason| Error::File {
        path: name.clone(),
        reason,
    })?;
    parse_each(&text, columns, take).map_err(|reason| Error::BadInput(format!("{name}: {reason}")))
}

/// A whole number from 0 on, in decimal digits and nothing else. Left alone, the reader of tables
/// would take 0x10 for 16.
///
/// For `#[serde(deserialize_with = "table::whole")]`.
pub fn whole<'de, D: Deserializer<'de>, T: FromStr>(field: D) -> Result<T, D::Error> {
    let text = String::deserialize(field)?;
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.then(|| text.parse().ok()).flatten();
    number.ok_or_else(|| {
        let what = if digits {
            "is too large"
        } else {
            "is no whole number from 0 on"
        };
        serde::de::Error::custom(format!("{text:?} {what}"))
    })
}

fn parse_each<const N: usize>(
    text: &str,
    columns: [&str; N],
    mut take: impl FnMut(usize, [&str; N]) -> Result<(), String>,
) -> Result<(), String> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        .from_reader(text.as_bytes());
    let places = places(reader.headers().map_err(|e| e.to_string())?, columns)?;
    let mut record = csv::StringRecord::new();
    let mut number = 0_usize;
    while reader.read_record(&mut record).map_err(|e| e.to_string())? {
        number = number.saturating_add(1);
        let fields = places.map(|place| record.get(place).unwrap_or_default().trim());
        take(number, fields)
            .map_err(|reason| format!("line {number} after the header: {reason}"))?;
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
    Err(format!(
        "the header is {:?}, not {:?}",
        header.iter().collect::<Vec<_>>().join(","),
        columns.join(",")
    ))
}

fn parse<Row: DeserializeOwned>(text: &str, columns: &[&str]) -> Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    check(reader.headers().map_err(|e| e.to_string())?, columns)?;
    reader
        .deserialize()
        .collect::<Result<_, _>>()
        .map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Row {
        id: String,
        #[serde(deserialize_with = "whole")]
        wh: u64,
    }

    #[test]
    fn columns_may_stand_in_any_order() {
        let rows = parse::<Row>("wh, id\n5,a\n", &["id", "wh"]).unwrap();
        assert_eq!(
            rows,
            [Row {
                id: "a".into(),
                wh: 5
            }]
        );
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
        parse_each("wh, id\n5, a\n6,b\n", ["id", "wh"], |number, [id, wh]| {
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
            (number < 2)
                .then_some(())
                .ok_or_else(|| "not this one".to_owned())
        };
        assert!(parse_each("id,wh\na,1\nb\n", ["id", "wh"], |_, _| Ok(())).is_err());
        assert!(parse_each("id,kwh\na,1\n", ["id", "wh"], |_, _| Ok(())).is_err());
        let error = parse_each("id,wh\na,1\nb,2\n", ["id", "wh"], refuse).unwrap_err();
        assert_eq!(error, "line 2 after the header: not this one");
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

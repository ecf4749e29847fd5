//! Tables that the planning tools read.

use crate::error::Error;
use serde::de::DeserializeOwned;
use std::path::Path;

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

fn parse<Row: DeserializeOwned>(text: &str, columns: &[&str]) -> Result<Vec<Row>, String> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|e| e.to_string())?;
    let mut found: Vec<_> = header.iter().collect();
    let mut wanted = columns.to_vec();
    found.sort_unstable();
    wanted.sort_unstable();
    if found != wanted {
        return Err(format!(
            "the header is {:?}, not {:?}",
            header.iter().collect::<Vec<_>>().join(","),
            columns.join(",")
        ));
    }
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
    fn an_error_names_the_line() {
        for bad in ["-1", "1.5", "x", "", "18446744073709551616"] {
            let error = parse::<Row>(&format!("id,wh\na,1\nb,{bad}\n"), &["id", "wh"]).unwrap_err();
            assert!(error.contains("line: 3"), "{error}");
        }
        assert!(parse::<Row>("id,wh\na\n", &["id", "wh"]).is_err());
    }
}

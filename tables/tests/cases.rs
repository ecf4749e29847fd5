//! Files as people have them: what the reader makes of each, or how it refuses it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use qedex_tables::{
    Column, Moment, Quantity, SLOTS, Step, Table, TimeAxis, Zone, contiguous, decode,
};
use std::path::{Path, PathBuf};

fn path(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(case)
}

/// The message without the folder's name.
fn said(error: impl ToString, case: &str) -> String {
    let file = path(case);
    let folder = format!("{}/", file.parent().unwrap().display());
    error.to_string().replace(&folder, "")
}

/// The cells of all rows, or what is said instead.
fn cells<const N: usize>(case: &str, columns: [Column<'_>; N]) -> Result<Vec<[String; N]>, String> {
    let read = || {
        let table = Table::read(&path(case))?;
        let columns = table.columns(columns)?;
        let mut rows = Vec::new();
        table.each(|row| {
            rows.push(row.cells(&columns).map(str::to_owned));
            Ok(())
        })?;
        Ok(rows)
    };
    read().map_err(|error: qedex_tables::Error| said(error, case))
}

const ORDERS: [Column<'_>; 3] = [&["side"], &["price", "price_per_kwh"], &["kwh", "wh"]];
const BOOK: [Column<'_>; 4] =
    [&["side"], &["account"], &["price", "price_per_kwh"], &["kwh", "wh"]];
const LOAD: [Column<'_>; 2] = [&["slot"], &["kwh", "wh"]];

/// A profile, in parts of 10^12, of which more are rounded away.
const SHARE: Quantity =
    Quantity { unit: "of the profile's peak", places: 12, most: 1_000_000_000_000 };

/// The quarter-hours and the values of the columns LA, LB and SUN.
fn week(case: &str, zone: Option<&str>) -> Result<Vec<(Moment, [u128; 3])>, String> {
    let case = &format!("{case}/2016-07-11_week_15min.csv");
    let zone: Option<Zone> = zone.map(|name| name.parse().unwrap());
    let read = || {
        let table = Table::read(&path(case))?;
        let names: [Column<'_>; 4] = [&["time"], &["LA"], &["LB"], &["SUN"]];
        let columns = table.columns(names)?;
        let mut axis = TimeAxis::new(Step::QuarterHour);
        let mut values = Vec::new();
        table.each(|row| {
            let [time, la, lb, sun] = row.cells(&columns);
            axis.push(Moment::read(time, zone.as_ref())?, row.line())?;
            values.push([
                SHARE.read_rounded("LA", la)?,
                SHARE.read_rounded("LB", lb)?,
                SHARE.read_rounded("SUN", sun)?,
            ]);
            Ok(())
        })?;
        Ok(axis.into_times().into_iter().zip(values).collect())
    };
    read().map_err(|error: qedex_tables::Error| said(error, case))
}

#[test]
fn values_of_seven_decimals_and_more_or_with_an_exponent_are_read() {
    let rows = week("01-simbench-raw/seven-and-eight-decimals", None).unwrap();
    assert_eq!(rows.len(), 8);
    assert_eq!(rows[0].1, [250_000_000_000, 125_000_000_000, 13_888_900_000]);
    assert_eq!(rows[1].1[2], 2_777_780_000);
    let rows = week("01-simbench-raw/tiny-float-as-e-notation", None).unwrap();
    assert_eq!(rows[0].1[2], 45_000_000);
}

#[test]
fn semicolons_and_days_first_are_read() {
    let rows = week("01-simbench-raw/semicolons-german-dates", None).unwrap();
    assert_eq!(rows.len(), 8);
    assert_eq!(rows[7].0.to_string(), "2016-07-11T11:45");
    assert_eq!(rows[7].1, [250_000_000_000, 125_000_000_000, 500_000_000_000]);
}

#[test]
fn rows_without_values_at_the_end_are_named() {
    let error = week("01-simbench-raw/null-tail", None).unwrap_err();
    assert!(
        error.starts_with("2016-07-11_week_15min.csv, line 10: \"NULL\" is no time like"),
        "{error}"
    );
    let error = week("03-row-count/trailing-empty-cells", None).unwrap_err();
    assert_eq!(error, "2016-07-11_week_15min.csv, line 10: LA is missing");
}

#[test]
fn an_hour_that_clocks_repeat_or_skip_is_named() {
    let error = week("02-dst-in-week-file/autumn-hour-twice", None).unwrap_err();
    assert!(
        error.starts_with(
            "2016-07-11_week_15min.csv, line 8: 2016-10-30T02:00 comes twice: it stands in line 4"
        ),
        "{error}"
    );
    let error = week("02-dst-in-week-file/autumn-hour-twice", Some("Europe/Berlin")).unwrap_err();
    assert!(
        error.starts_with(
            "2016-07-11_week_15min.csv, line 4: 2016-10-30T02:00 occurs twice in Europe/Berlin"
        ),
        "{error}"
    );
    let error = week("02-dst-in-week-file/spring-hour-missing", None).unwrap_err();
    assert!(
        error.starts_with(
            "2016-07-11_week_15min.csv, line 6: 4 quarter-hours are missing, 2016-03-27T02:00 to \
             2016-03-27T02:45, after line 5"
        ),
        "{error}"
    );
    let rows = week("02-dst-in-week-file/spring-hour-missing", Some("Europe/Berlin")).unwrap();
    assert_eq!(rows.len(), 8);
}

#[test]
fn a_hole_and_the_newest_first_are_named() {
    let error = week("03-row-count/hole-of-three-rows", None).unwrap_err();
    assert_eq!(
        error,
        "2016-07-11_week_15min.csv, line 4: 3 quarter-hours are missing, 2016-07-11T10:30 to \
         2016-07-11T11:00, after line 3"
    );
    let error = week("03-row-count/newest-first", None).unwrap_err();
    assert_eq!(
        error,
        "2016-07-11_week_15min.csv, line 3: 2016-07-11T11:30 lies before 2016-07-11T11:45 in line 2: the \
         newest comes first. Sort by time, oldest first"
    );
}

#[test]
fn slots_that_are_left_out_are_named() {
    let slots = |case: &str| {
        let table = Table::read(&path(case)).unwrap();
        let columns = table.columns(LOAD).unwrap();
        let mut slots = Vec::new();
        table
            .each(|row| {
                let [slot, _] = row.cells(&columns);
                slots.push((Quantity::COUNT.read_u64("slot", slot)?, row.line()));
                Ok(())
            })
            .unwrap();
        contiguous(SLOTS, slots)
    };
    let error = slots("05-omitted-rows/load-repeats-left-out.csv").unwrap_err();
    assert!(
        error.starts_with(
            "slot 1 is missing: slot 24 follows slot 0; of slots 0 to 84, 80 are missing"
        ),
        "{error}"
    );
    assert_eq!(slots("05-omitted-rows/load-full-96.csv"), Ok(0..=95));
    // Nothing is left out between the first and the last.
    assert_eq!(slots("05-omitted-rows/load-zero-rows-left-out.csv"), Ok(24..=83));
}

#[test]
fn utf_16_is_read_and_latin_1_is_named() {
    let load = cells("08-utf16/load-utf16le.csv", LOAD).unwrap();
    assert_eq!(load, [["1", "100"]]);
    let orders = cells("08-utf16/orders-utf16le.csv", ORDERS).unwrap();
    assert_eq!(orders, [["bid", "200000000000", "500"], ["bid", "190000000000", "300"]]);
    let reading = decode(std::fs::read(path("08-utf16/reading-utf16le.json")).unwrap()).unwrap();
    assert!(reading.starts_with("{\"genesis\": \"0x"), "{reading}");
    let error = cells("08-utf16/orders-latin1-comment.csv", ORDERS).unwrap_err();
    assert_eq!(
        error,
        "orders-latin1-comment.csv: the text is not in UTF-8 (line 2 has the byte 0xa0); perhaps it is in \
         Windows-1252 or Latin-1: save it as UTF-8"
    );
}

#[test]
fn lines_are_those_of_an_editor_and_blank_ones_are_no_rows() {
    let lines = |case: &str| {
        let mut lines = Vec::new();
        Table::read(&path(case))
            .unwrap()
            .each(|row| {
                lines.push((row.number, row.line()));
                Ok(())
            })
            .unwrap();
        lines
    };
    assert_eq!(lines("11-line-numbers/book-blank-lines.csv"), [(1, 4), (2, 6)]);
    assert_eq!(lines("11-line-numbers/book-good-with-blank-lines.csv"), [(1, 3), (2, 6)]);
    assert_eq!(lines("11-line-numbers/load-blank-lines.csv"), [(1, 4), (2, 6)]);
}

#[test]
fn blanks_and_separators_alone_are_no_row_and_no_column() {
    let followers = cells("12-blank-and-ghost-rows/followers-line-of-blanks.csv", [&["a"], &["b"]]);
    assert_eq!(followers.unwrap(), [["10", "1"], ["4", "1"]]);
    let load = cells("12-blank-and-ghost-rows/load-line-of-blanks.csv", LOAD).unwrap();
    assert_eq!(load, [["1", "100"], ["2", "300"]]);
    for case in ["orders-ghost-column.csv", "orders-ghost-rows.csv", "orders-no-newline-at-end.csv"]
    {
        let orders = cells(&format!("12-blank-and-ghost-rows/{case}"), ORDERS).unwrap();
        assert_eq!(orders, [["bid", "200000000000", "500"]], "{case}");
    }
}

#[test]
fn lines_may_end_in_a_carriage_return_alone() {
    let book = [["bid", "b1", "200000000000", "500"], ["ask", "s1", "100000000000", "500"]];
    assert_eq!(cells("13-cr-only/book.csv", BOOK).unwrap(), book);
    assert_eq!(cells("13-cr-only/book-one-quote.csv", BOOK).unwrap(), book);
    let followers = cells("13-cr-only/followers.csv", [&["a"], &["b"]]).unwrap();
    assert_eq!(followers, [["10", "1"], ["4", "1"]]);
    assert_eq!(cells("13-cr-only/load.csv", LOAD).unwrap(), [["1", "100"], ["2", "300"]]);
}

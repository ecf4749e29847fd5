use super::*;
use proptest::prelude::*;

/// The rows of `text` with their numbers and lines.
fn rows<const N: usize>(
    text: &str,
    columns: [&str; N],
) -> Result<Vec<(usize, usize, [String; N])>, String> {
    let wanted = columns;
    let mut rows = Vec::new();
    let done = Table::parse("t.csv", text).and_then(|table| {
        let columns = table.columns(wanted.each_ref().map(std::slice::from_ref))?;
        table.each(|row| {
            rows.push((row.number, row.line(), row.cells(&columns).map(str::to_owned)));
            Ok(())
        })
    });
    done.map(|()| rows).map_err(|error| error.to_string())
}

fn cells(text: &str) -> Result<Vec<[String; 2]>, String> {
    let rows = rows(text, ["id", "wh"])?;
    Ok(rows.into_iter().map(|(_, _, cells)| cells).collect())
}

fn row(id: &str, wh: &str) -> [String; 2] {
    [id.to_owned(), wh.to_owned()]
}

#[test]
fn columns_may_stand_in_any_order_and_in_capitals() {
    assert_eq!(cells("wh, ID\n5,a\n"), Ok(vec![row("a", "5")]));
}

#[test]
fn a_column_that_is_missing_doubled_or_unknown_is_named() {
    for (text, what) in [
        ("id\na\n", "t.csv, line 1: there is no column wh; the header should be id, wh, and is id"),
        (
            "\nid,wh,note\na,1,2\n",
            "t.csv, line 2: the column \"note\" means nothing here; the columns are id, wh",
        ),
        ("id,wh,wh\na,1,1\n", "t.csv, line 1: the column wh comes twice"),
        ("1,2\n", "t.csv, line 1: there is no column id; the header should be id, wh, and is 1,2"),
        ("", "t.csv: there is nothing in the file"),
        ("\n ,\n;;\n", "t.csv: there is nothing in the file"),
        (
            "id,,wh\na,x,1\n",
            "t.csv, line 1: the column \"\" means nothing here; the columns are id, wh",
        ),
    ] {
        assert_eq!(cells(text), Err(what.to_owned()), "{text:?}");
    }
}

#[test]
fn other_columns_are_passed_over_where_that_is_asked_for() {
    let table = Table::parse("t.csv", "note,id,wh\nx,a,1\n").unwrap();
    assert!(table.columns_among_others([&["id"][..], &["wh"]]).is_ok());
    assert!(table.columns_among_others([&["id"][..], &["kwh"]]).is_err());
}

#[test]
fn a_column_has_one_of_its_names() {
    let find = |header: &str| {
        let table = Table::parse("t.csv", header).unwrap();
        table.columns([&["kwh", "wh"][..]]).map(|columns| columns.name(0))
    };
    assert_eq!(find("kwh").unwrap(), 0);
    assert_eq!(find("wh").unwrap(), 1);
    let both = find("wh,kwh").unwrap_err().to_string();
    assert_eq!(both, "t.csv, line 1: the columns wh and kwh say the same; keep one of them");
}

#[test]
fn lines_end_in_any_of_three_ways_and_are_counted_as_an_editor_does() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["", "id,wh", "", "a,1", "  ", " , ", "b,2"].join(end);
        let found = rows(&text, ["id", "wh"]).unwrap();
        assert_eq!(found, [(1, 4, row("a", "1")), (2, 7, row("b", "2"))], "{text:?}");
    }
}

#[test]
fn rows_and_columns_of_nothing_are_none() {
    assert_eq!(cells("id,wh,,\na,1,,\n,,,\n,\nb,2\n"), Ok(vec![row("a", "1"), row("b", "2")]));
    let value = cells("id,wh,\na,1,x\n").unwrap_err();
    assert_eq!(value, "t.csv, line 2: the row has 3 cells, and the header 2 columns");
    assert_eq!(
        cells("id,wh\nb\n"),
        Err("t.csv, line 2: the row has 1 cell, and the header 2 columns".into())
    );
}

#[test]
fn the_header_says_what_separates_columns() {
    assert_eq!(cells("id;wh\na,b;1\n"), Ok(vec![row("a,b", "1")]));
    assert_eq!(cells("id\twh\na;b\t1\n"), Ok(vec![row("a;b", "1")]));
    assert_eq!(cells("\"id\",\"wh\"\n\"a;b\",1\n"), Ok(vec![row("a;b", "1")]));
    let table = Table::parse("t.csv", "id;wh\na;1,5\n").unwrap();
    assert_eq!(
        table.remark(),
        Some("semicolons separate its columns, and commas are decimal marks")
    );
    assert_eq!(Table::parse("t.csv", "id,wh\n").unwrap().remark(), None);
}

#[test]
fn commas_are_decimal_marks_where_they_separate_no_columns() {
    assert_eq!(cells("id;wh\na;0,25\nb;7\n"), Ok(vec![row("a", "0.25"), row("b", "7")]));
    assert_eq!(cells("id;wh\n11.07.2016;0,25\n"), Ok(vec![row("11.07.2016", "0.25")]));
    let mixed = cells("id;wh\na;0,25\nb;1.234\n").unwrap_err();
    assert!(
        mixed.starts_with("t.csv, line 3: 1.234 has a decimal point, and in line 2"),
        "{mixed}"
    );
    // Which a number is refused for later on.
    assert_eq!(cells("id;wh\na;1.234,5\n"), Ok(vec![row("a", "1.234,5")]));
}

#[test]
fn quotes_hold_separators_line_ends_and_quotes() {
    let text = "id,wh\n\"a,\n\"\"b\"\"\",1\n\n5\" pipe,2\n";
    let found = rows(text, ["id", "wh"]).unwrap();
    assert_eq!(found, [(1, 2, row("a,\n\"b\"", "1")), (2, 5, row("5\" pipe", "2"))]);
    let open = cells("id,wh\na,1\nb,\"2\nc,3\n").unwrap_err();
    assert_eq!(open, "t.csv, line 3: a quote is never closed");
}

#[test]
fn an_error_of_a_row_is_reported_with_its_line() {
    let table = Table::parse("t.csv", "id,wh\n\na,1\n\nb,2\n").unwrap();
    let refuse = |row: &Row<'_>| if row.number < 2 { Ok(()) } else { Err("no".to_owned()) };
    assert_eq!(table.each(refuse).unwrap_err().to_string(), "t.csv, line 5: no");
}

#[test]
fn blanks_that_do_not_break_are_blanks() {
    assert_eq!(cells("id,wh\na,500\u{a0}\n\u{a0},\n"), Ok(vec![row("a", "500")]));
}

proptest! {
    /// A slow and obvious reader of tables without quotes.
    #[test]
    fn any_table_has_the_rows_that_splitting_finds(
        lines in proptest::collection::vec("[ab1, ]{0,6}", 0..8), end in "\n|\r\n|\r",
    ) {
        let mut text = format!("id,wh{end}");
        let mut expected = Ok(Vec::new());
        for (line, content) in (2..).zip(&lines) {
            text.push_str(content);
            text.push_str(&end);
            let cells: Vec<&str> = content.split(',').map(str::trim).collect();
            let Ok(found) = &mut expected else { continue };
            if cells.iter().all(|cell| cell.is_empty()) {
                continue;
            }
            if cells.len() < 2 || cells[2..].iter().any(|cell| !cell.is_empty()) {
                expected = Err(line);
            } else {
                let number = found.len() + 1;
                found.push((number, line, row(cells[0], cells[1])));
            }
        }
        match (rows(&text, ["id", "wh"]), expected) {
            (Ok(found), Ok(expected)) => prop_assert_eq!(found, expected),
            (Err(error), Err(line)) => prop_assert!(error.starts_with(&format!("t.csv, line {line}: ")), "{}", error),
            (found, expected) => prop_assert!(false, "{:?} {:?}", found, expected),
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text: String) {
        let _ = rows(&text, ["id", "wh"]);
    }
}

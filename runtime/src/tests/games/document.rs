//! The tables of `docs/games.md`, and how their numbers are written.

use crate::{MILLI_QED, QED};
use std::path::Path;

/// One in millionths.
pub const MILLION: i128 = 1_000_000;

/// A table in Markdown.
pub struct Table(String);

impl Table {
    /// A table with these columns; all but the first `texts` of them are numbers.
    pub fn new(columns: &[&str], texts: usize) -> Self {
        let rule = (0..columns.len()).map(|n| if n < texts { "---|" } else { "---:|" });
        let rule: String = rule.collect();
        let mut table = Self(String::new());
        table.row(columns);
        table.0.push_str(&format!("|{rule}\n"));
        table
    }

    pub fn row<Cell: AsRef<str>>(&mut self, cells: &[Cell]) {
        let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
        self.0.push_str(&format!("| {} |\n", cells.join(" | ")));
    }

    /// Prints it: its numbers are of one play among many.
    pub fn is_shown(&self) {
        println!("{}", self.0);
    }

    /// Holds the table of this name in the document against this one, or puts this one there.
    pub fn stands_in_the_document_as(self, name: &str) {
        println!("{}", self.0);
        with_the_table(name, |_| self.0);
    }
}

/// A line of a table to which each of several tests holds its own, so that they can be played apart.
pub struct Row(String);

impl Row {
    pub fn new(cells: &[&str]) -> Self {
        Self(format!("| {} |\n", cells.join(" | ")))
    }

    /// Holds the line of the table that begins with the same cells, `keys` of them, against this one, or
    /// puts this one there.
    #[track_caller]
    pub fn stands_in_the_document_under(&self, table: &str, keys: usize) {
        println!("{}", self.0);
        let key = self.0.split_inclusive(" | ").take(keys).map(str::len).sum::<usize>();
        let is_same = |line: &str| line.get(..key) == self.0.get(..key);
        with_the_table(table, |found| {
            let mut lines: Vec<_> = found.split_inclusive('\n').collect();
            match lines.iter_mut().find(|line| is_same(line)) {
                Some(line) => *line = &self.0,
                None => lines.push(&self.0),
            }
            lines.concat()
        });
    }
}

/// Holds a table of the document against what `correct` makes of it, or puts that there.
#[track_caller]
fn with_the_table(name: &str, correct: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/games.md");
    let document = std::fs::read_to_string(&path).expect("the document can be read");
    let (begin, end) = (format!("<!-- table {name} -->\n"), "<!-- end -->");
    let (head, rest) = document.split_once(&begin).expect("it has a place for it");
    let (found, tail) = rest.split_once(end).expect("the place ends");
    let correct = correct(found);
    if std::env::var_os("QEDEX_BLESS").is_some() {
        let blessed = format!("{head}{begin}{correct}{end}{tail}");
        std::fs::write(&path, blessed).expect("the document can be written");
        return;
    }
    assert_eq!(found, correct, "docs/games.md, table {name}");
}

/// `value / unit` to three decimals, half away from zero.
fn decimals(value: u128, unit: u128) -> String {
    let thousandths = (value * 1_000 + unit / 2) / unit;
    format!("{}.{:03}", thousandths / 1_000, thousandths % 1_000)
}

/// Plancks as QED.
pub fn qed(plancks: u128) -> String {
    decimals(plancks, QED)
}

/// Plancks as thousandths of a QED.
pub fn milli(plancks: u128) -> String {
    decimals(plancks, MILLI_QED)
}

/// Plancks as QED with a sign, if there is anything.
pub fn gain(plancks: i128) -> String {
    let amount = qed(plancks.unsigned_abs());
    match amount.as_str() {
        "0.000" => amount,
        _ if plancks < 0 => format!("-{amount}"),
        _ => format!("+{amount}"),
    }
}

/// Millionths as a fraction of one.
pub fn standing(ppm: u32) -> String {
    decimals(ppm.into(), MILLION as u128)
}

/// Millionths in per cent, to one decimal.
pub fn percent(ppm: i128) -> String {
    let tenths = (ppm + 500).div_euclid(1_000);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// The share in millionths, rounded up, of the cases in which a gamble with these two results gives
/// `target` on average: below 0 is 0.
pub fn break_even(target: i128, lost: i128, won: i128) -> i128 {
    assert!(won > lost && won >= target);
    let (needed, spread) = ((target - lost).max(0) * MILLION, won - lost);
    (needed + spread - 1) / spread
}

/// The mean of two results, of which the first has this share in millionths.
pub fn mean(ppm: u32, first: i128, other: i128) -> i128 {
    let share = i128::from(ppm);
    (share * first + (MILLION - share) * other) / MILLION
}

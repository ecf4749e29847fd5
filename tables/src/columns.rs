//! Which column is which.

use crate::error::Error;

/// A column that a tool wants, under any of these names: `["kwh", "wh"]`.
pub type Column<'n> = &'n [&'n str];

/// Where the columns that a tool wants stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns<const N: usize> {
    places: [usize; N],
    names: [usize; N],
}

/// What becomes of columns that nobody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Others {
    /// They are passed over.
    Ignored,
    /// They are an error: a name may be misspelt.
    Refused,
}

impl<const N: usize> Columns<N> {
    /// Finds `wanted` in a header, each once and under one name.
    pub(crate) fn find(
        file: &str,
        line: usize,
        header: &[String],
        wanted: [Column<'_>; N],
        others: Others,
    ) -> Result<Self, Error> {
        let refuse = |what: String| Error::Line { file: file.to_owned(), line, what };
        let all = || wanted.map(|names| names.join(" or ")).join(", ");
        let mut columns = Self { places: [0; N], names: [0; N] };
        let slots = columns.places.iter_mut().zip(&mut columns.names);
        for ((place, name), names) in slots.zip(&wanted) {
            let mut found = header.iter().enumerate().filter_map(|(place, title)| {
                let name = names.iter().position(|name| title.eq_ignore_ascii_case(name))?;
                Some((place, name, title))
            });
            let Some((at, which, title)) = found.next() else {
                let names = names.join(" or ");
                return Err(refuse(format!(
                    "there is no column {names}; the header should be {}, and is {}",
                    all(),
                    header.join(",")
                )));
            };
            if let Some((_, _, other)) = found.next() {
                return Err(refuse(if title.eq_ignore_ascii_case(other) {
                    format!("the column {title} comes twice")
                } else {
                    format!("the columns {title} and {other} say the same; keep one of them")
                }));
            }
            (*place, *name) = (at, which);
        }
        let is_wanted = |title: &&String| {
            wanted.iter().copied().flatten().any(|name| title.eq_ignore_ascii_case(name))
        };
        if let Others::Refused = others
            && let Some(other) = header.iter().find(|title| !is_wanted(title))
        {
            return Err(refuse(format!(
                "the column {other:?} means nothing here; the columns are {}",
                all()
            )));
        }
        Ok(columns)
    }

    /// Where they stand.
    pub(crate) const fn places(&self) -> [usize; N] {
        self.places
    }

    /// By which of its names the column at `place` among the wanted ones was found.
    pub fn name(&self, place: usize) -> usize {
        self.names.get(place).copied().unwrap_or_default()
    }
}

//! Linear programmes with switches, written down once: solved by [`solve`], or handed to any solver as
//! [`mps`].
//!
//! A programme asks for the least cost. Variables are real within bounds, or switches of 0 or 1; each row holds
//! a sum of variables against a number.

mod mps;
mod solve;

pub use mps::mps;
pub use solve::{Limits, Solved, Unsolved, solve};

/// A variable of the [`Program`] that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Var(usize);

/// How a row holds its sum against its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// At most.
    AtMost,
    /// Exactly.
    Equal,
    /// At least.
    AtLeast,
}

/// One variable: its name, its bounds, what one unit of it costs, and whether it is 0 or 1 only.
#[derive(Clone, Debug)]
struct Column {
    name: String,
    least: f64,
    most: f64,
    cost: f64,
    is_switch: bool,
}

/// One row.
#[derive(Clone, Debug)]
struct Row {
    name: String,
    terms: Vec<(Var, f64)>,
    relation: Relation,
    right: f64,
}

/// A row of a programme, to be found again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowId(usize);

/// A linear programme with switches, to be solved at the least cost.
#[derive(Clone, Debug, Default)]
pub struct Program {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

impl Program {
    /// A real variable from `least` to `most`, which may be infinite. `name` has no blanks.
    pub fn real(&mut self, name: impl Into<String>, least: f64, most: f64) -> Var {
        self.column(name.into(), least, most, false)
    }

    /// A variable that is 0 or 1.
    pub fn switch(&mut self, name: impl Into<String>) -> Var {
        self.column(name.into(), 0.0, 1.0, true)
    }

    fn column(&mut self, name: String, least: f64, most: f64, is_switch: bool) -> Var {
        self.columns.push(Column { name, least, most, cost: 0.0, is_switch });
        Var(self.columns.len().saturating_sub(1))
    }

    /// Lets one more unit of `var` cost `each` more.
    pub fn cost(&mut self, var: Var, each: f64) {
        if let Some(column) = self.columns.get_mut(var.0) {
            column.cost += each;
        }
    }

    /// Lets nothing cost anything.
    pub fn forget_costs(&mut self) {
        for column in &mut self.columns {
            column.cost = 0.0;
        }
    }

    /// Holds the sum of `terms` against `right`.
    pub fn row(
        &mut self,
        name: impl Into<String>,
        terms: impl IntoIterator<Item = (Var, f64)>,
        relation: Relation,
        right: f64,
    ) -> RowId {
        let terms = terms.into_iter().filter(|(_, factor)| *factor != 0.0).collect();
        self.rows.push(Row { name: name.into(), terms, relation, right });
        RowId(self.rows.len().saturating_sub(1))
    }

    /// Moves the number of a row by `by`.
    pub fn move_right(&mut self, row: RowId, by: f64) {
        if let Some(row) = self.rows.get_mut(row.0) {
            row.right += by;
        }
    }

    /// Adds a term to a row.
    pub fn add_term(&mut self, row: RowId, var: Var, factor: f64) {
        if let Some(row) = self.rows.get_mut(row.0) {
            row.terms.push((var, factor));
        }
    }

    /// The same programme with each switch where `values` has it, to the nearer of 0 and 1.
    #[must_use]
    pub fn with_switches_of(&self, values: &Solved) -> Self {
        let mut fixed = self.clone();
        for (place, column) in fixed.columns.iter_mut().enumerate() {
            if column.is_switch {
                let at = values.value(Var(place)).round();
                (column.least, column.most, column.is_switch) = (at, at, false);
            }
        }
        fixed
    }

    /// The same programme with its switches as the bits of `set` say, the first one's the lowest.
    #[cfg(test)]
    pub(crate) fn with_switches(&self, set: u32) -> Self {
        let mut fixed = self.clone();
        for (place, column) in
            fixed.columns.iter_mut().filter(|column| column.is_switch).enumerate()
        {
            let at = f64::from(set >> place & 1);
            (column.least, column.most, column.is_switch) = (at, at, false);
        }
        fixed
    }

    /// How many variables, how many of them switches, and how many rows there are.
    pub fn size(&self) -> (usize, usize, usize) {
        let switches = self.columns.iter().filter(|column| column.is_switch).count();
        (self.columns.len(), switches, self.rows.len())
    }
}

#[cfg(test)]
mod tests;

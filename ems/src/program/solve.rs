//! The solver: microlp, a simplex method with branch and bound, in Rust alone.
//!
//! It is named itself, and not behind `good_lp`: that holds an older version (0.6 in 1.15.3), and has no word for
//! the bound that the search has proven, from which the gap is told.

use super::{Program, Relation, Var};
use microlp::{
    ComparisonOp, Error, OptimizationDirection, Problem, SolveOptions, SolveOutcome, Variable,
};
use std::time::Duration;

/// How long to look, and when a plan is good enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The most time by the clock.
    pub time: Duration,
    /// The relative distance to the proven bound at which the search may end: 0.001 is 0.1 %.
    pub gap: f64,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Solved {
    /// What it costs.
    pub cost: f64,
    /// No solution costs less than this, as far as the search has proven.
    pub bound: f64,
    values: Vec<f64>,
}

impl Solved {
    /// The value of a variable of the programme that was solved.
    pub fn value(&self, var: Var) -> f64 {
        self.values.get(var.0).copied().unwrap_or(0.0)
    }

    /// How much more than the bound it costs at most, relative to the cost; 0 where it is proven to be the best.
    pub fn gap(&self) -> f64 {
        let excess = (self.cost - self.bound).max(0.0);
        if excess == 0.0 { 0.0 } else { excess / self.cost.abs().max(f64::MIN_POSITIVE) }
    }
}

/// Why nothing was found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsolved {
    /// No values hold in all rows.
    #[error("nothing holds in all rows")]
    Infeasible,
    /// The cost falls without end.
    #[error("the cost falls without end")]
    Unbounded,
    /// There may be a solution, which was not found in time.
    #[error("no solution was found in time")]
    Time,
    /// The solver gave up.
    #[error("the solver gave up: {0}")]
    Failed(String),
}

impl From<Error> for Unsolved {
    fn from(error: Error) -> Self {
        match error {
            Error::Infeasible => Self::Infeasible,
            Error::Unbounded => Self::Unbounded,
            other => Self::Failed(other.to_string()),
        }
    }
}

/// Solves `program` within `limits`. With switches, they are looked for first; then the rest is solved once
/// more with each of them at 0 or 1 exactly, so that nothing rests on what the solver takes for a whole number.
///
/// # Errors
/// As [`Unsolved`] names them.
pub fn solve(program: &Program, limits: &Limits) -> Result<Solved, Unsolved> {
    let found = search(program, limits)?;
    if !program.columns.iter().any(|column| column.is_switch) {
        return Ok(found);
    }
    let rest = Limits { gap: 0.0, ..*limits };
    let clean = search(&program.with_switches_of(&found), &rest)?;
    // What was proven of all switches, not of those alone that are fixed now.
    Ok(Solved { bound: found.bound.min(clean.cost), ..clean })
}

fn search(program: &Program, limits: &Limits) -> Result<Solved, Unsolved> {
    let mut problem = Problem::new(OptimizationDirection::Minimize);
    let add = |column: &super::Column| match column.is_switch {
        true => problem.add_binary_var(column.cost),
        false => problem.add_var(column.cost, (column.least, column.most)),
    };
    let variables: Vec<Variable> = program.columns.iter().map(add).collect();
    for row in &program.rows {
        let terms = row.terms.iter();
        let terms: Vec<(Variable, f64)> =
            terms.filter_map(|(var, factor)| Some((*variables.get(var.0)?, *factor))).collect();
        let relation = match row.relation {
            Relation::AtMost => ComparisonOp::Le,
            Relation::Equal => ComparisonOp::Eq,
            Relation::AtLeast => ComparisonOp::Ge,
        };
        problem.add_constraint(terms, relation, row.right);
    }
    let mut options = SolveOptions::default();
    options.time_limit = Some(limits.time);
    options.mip_gap = limits.gap;
    let solution = match problem.solve_with(options)? {
        SolveOutcome::Solution(solution) => solution,
        SolveOutcome::Interrupted(_) => return Err(Unsolved::Time),
    };
    let cost = solution.objective();
    Ok(Solved {
        cost,
        bound: solution.stats().best_bound.map_or(f64::NEG_INFINITY, |bound| bound.min(cost)),
        values: variables.iter().map(|var| solution.var_value(*var)).collect(),
    })
}

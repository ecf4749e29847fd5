//! The least that a day can cost with all batteries worked by one mind that knows it.

use super::{Batteries, Day, Member, Tariff, totals};
use crate::program::{Limits, Program, Relation, RowId, Solved, Unsolved, Var, solve};

/// A community's day as a linear programme.
#[derive(Clone, Debug)]
pub struct Optimum {
    program: Program,
    /// What all draw from the grid in each step, kWh.
    drawn: Vec<Var>,
    /// What a unit of each variable costs.
    costs: Vec<(Var, f64)>,
    step_hours: f64,
}

/// The rows that all batteries share.
struct Grid {
    program: Program,
    drawn: Vec<Var>,
    costs: Vec<(Var, f64)>,
    /// Traded and fed in, less what members have over.
    surplus: Vec<RowId>,
    /// Traded and drawn, less what members lack.
    deficit: Vec<RowId>,
}

/// What goes into a battery, or out of it: of its own house, and of others.
#[derive(Clone, Copy, Debug, Default)]
struct Flow {
    own: Option<Var>,
    other: Option<Var>,
}

impl Flow {
    fn parts(self) -> impl Iterator<Item = Var> {
        self.own.into_iter().chain(self.other)
    }

    fn value(self, solved: &Solved) -> f64 {
        self.parts().map(|part| solved.value(part)).sum()
    }
}

impl Grid {
    /// `fixed` is what members without a battery have over, and lack.
    fn new(fixed: &[(f64, f64)], tariff: &Tariff) -> Self {
        let mut program = Program::default();
        let (mut drawn, mut costs) = (Vec::new(), Vec::new());
        let (mut surplus, mut deficit) = (Vec::new(), Vec::new());
        for (step, ((over, lacking), buy)) in fixed.iter().zip(&tariff.buy).enumerate() {
            let import = program.real(format!("import_{step}"), 0.0, f64::INFINITY);
            let export = program.real(format!("export_{step}"), 0.0, f64::INFINITY);
            let traded = program.real(format!("traded_{step}"), 0.0, f64::INFINITY);
            costs.extend([(import, *buy), (export, -tariff.sell), (traded, tariff.fee)]);
            let terms = [(traded, 1.0), (export, 1.0)];
            surplus.push(program.row(format!("surplus_{step}"), terms, Relation::Equal, *over));
            let terms = [(traded, 1.0), (import, 1.0)];
            deficit.push(program.row(format!("deficit_{step}"), terms, Relation::Equal, *lacking));
            drawn.push(import);
        }
        for (var, each) in &costs {
            program.cost(*var, *each);
        }
        Self { program, drawn, costs, surplus, deficit }
    }

    /// A battery that is empty at both ends of the day, behind a meter that sees `over` in each step without it: what
    /// goes in and what comes out, kWh.
    ///
    /// It takes its own surplus before it draws, and serves its own deficit before it feeds in: whatever else costs
    /// the fee, and never less. So no step needs a row that says what the meter sees.
    fn battery(
        &mut self,
        name: &str,
        over: &[f64],
        most: f64,
        capacity: f64,
        efficiency: f64,
    ) -> Vec<(Flow, Flow)> {
        let steps = over.len();
        let rows: Vec<_> = self.surplus.iter().copied().zip(self.deficit.iter().copied()).collect();
        let mut before: Option<Var> = None;
        let mut worked = Vec::new();
        for (step, (over, (surplus, deficit))) in over.iter().zip(rows).enumerate() {
            self.program.move_right(surplus, over.max(0.0));
            self.program.move_right(deficit, (-over).max(0.0));
            let charge =
                self.flow(&format!("{name}_in"), step, over.max(0.0), most, (surplus, deficit));
            let give =
                self.flow(&format!("{name}_out"), step, (-over).max(0.0), most, (deficit, surplus));
            let is_last = step.saturating_add(1) == steps;
            let full = if is_last { 0.0 } else { capacity };
            let level = self.program.real(format!("{name}_level_{step}"), 0.0, full);
            let mut terms = vec![(level, 1.0)];
            terms.extend(charge.parts().map(|part| (part, -efficiency)));
            terms.extend(give.parts().map(|part| (part, 1.0 / efficiency)));
            terms.extend(before.map(|before| (before, -1.0)));
            self.program.row(format!("{name}_holds_{step}"), terms, Relation::Equal, 0.0);
            before = Some(level);
            worked.push((charge, give));
        }
        worked
    }

    /// Up to `most` into a battery or out of it: what it leaves less of `own` in one row, and what more there is in
    /// the other.
    fn flow(
        &mut self,
        name: &str,
        step: usize,
        own: f64,
        most: f64,
        (less, more): (RowId, RowId),
    ) -> Flow {
        let mut flow = Flow::default();
        if own > 0.0 {
            let part = self.program.real(format!("{name}_own_{step}"), 0.0, own.min(most));
            self.program.add_term(less, part, 1.0);
            flow.own = Some(part);
        }
        if own < most {
            let part = self.program.real(format!("{name}_{step}"), 0.0, most);
            self.program.add_term(more, part, -1.0);
            flow.other = Some(part);
        }
        if let (Some(own), Some(other)) = (flow.own, flow.other) {
            let terms = [(own, 1.0), (other, 1.0)];
            self.program.row(format!("{name}_most_{step}"), terms, Relation::AtMost, most);
        }
        flow
    }

    fn optimum(self, step_hours: f64) -> Optimum {
        Optimum { program: self.program, drawn: self.drawn, costs: self.costs, step_hours }
    }
}

/// The programme of a day that is known. All members have `tariff.buy.len()` steps.
pub fn optimum(members: &[Member], tariff: &Tariff, batteries: &Batteries) -> Optimum {
    let without = members.iter().filter(|member| member.battery <= 0.0);
    let fixed: Vec<Vec<f64>> = without.map(Member::surplus).collect();
    let mut fixed = totals(&fixed);
    fixed.resize(tariff.buy.len(), (0.0, 0.0));
    let mut grid = Grid::new(&fixed, tariff);
    let with = members.iter().enumerate().filter(|(_, member)| member.battery > 0.0);
    for (number, member) in with {
        let most = member.battery * batteries.rate * tariff.step_hours;
        let over = member.surplus();
        grid.battery(&format!("b{number}"), &over, most, member.battery, batteries.efficiency);
    }
    grid.optimum(tariff.step_hours)
}

impl Optimum {
    fn day(&self, solved: &Solved) -> Day {
        let cost = self.costs.iter().map(|(var, each)| each * solved.value(*var)).sum();
        let most = self.drawn.iter().map(|drawn| solved.value(*drawn)).fold(0.0, f64::max);
        Day { cost, peak: most / self.step_hours }
    }

    /// The least cost, with whatever peak the solver happens to find, or with one of at most `peak` kW.
    ///
    /// # Errors
    /// As the solver's; [`Unsolved::Infeasible`] if the peak cannot be kept.
    pub fn least_cost(&self, peak: Option<f64>, limits: &Limits) -> Result<Day, Unsolved> {
        Ok(self.day(&self.solve_least_cost(peak, limits)?))
    }

    fn solve_least_cost(&self, peak: Option<f64>, limits: &Limits) -> Result<Solved, Unsolved> {
        let mut program = self.program.clone();
        if let Some(peak) = peak {
            for (step, drawn) in self.drawn.iter().enumerate() {
                let most = peak * self.step_hours;
                program.row(format!("peak_{step}"), [(*drawn, 1.0)], Relation::AtMost, most);
            }
        }
        solve(&program, limits)
    }

    /// The least peak of all days that cost at most `cost`.
    ///
    /// # Errors
    /// As the solver's.
    pub fn least_peak(&self, cost: f64, limits: &Limits) -> Result<Day, Unsolved> {
        Ok(self.day(&self.solve_least_peak(cost, limits)?))
    }

    fn solve_least_peak(&self, cost: f64, limits: &Limits) -> Result<Solved, Unsolved> {
        let mut program = self.program.clone();
        program.forget_costs();
        let most = program.real("most", 0.0, f64::INFINITY);
        program.cost(most, 1.0);
        for (step, drawn) in self.drawn.iter().enumerate() {
            let terms = [(*drawn, 1.0), (most, -1.0)];
            program.row(format!("peak_{step}"), terms, Relation::AtMost, 0.0);
        }
        program.row("budget", self.costs.iter().copied(), Relation::AtMost, cost);
        solve(&program, limits)
    }
}

/// What one battery of all capacity is worked with.
pub(super) struct Shape<'a> {
    pub yesterday: &'a [(f64, f64)],
    pub capacity: f64,
    pub tariff: &'a Tariff,
    pub batteries: &'a Batteries,
}

/// Charging and giving of one battery of all capacity: the least peak that gives up at most the share `given_up` of
/// what the battery saves.
pub(super) fn shared(
    shape: &Shape<'_>,
    given_up: f64,
    limits: &Limits,
) -> Result<(Vec<f64>, Vec<f64>), Unsolved> {
    let mut grid = Grid::new(shape.yesterday, shape.tariff);
    let hours = shape.tariff.step_hours;
    let most = shape.capacity * shape.batteries.rate * hours;
    let idle = vec![0.0; shape.yesterday.len()];
    let worked = grid.battery("all", &idle, most, shape.capacity, shape.batteries.efficiency);
    let optimum = grid.optimum(hours);
    let idle = super::day(shape.tariff, shape.yesterday, |step| {
        shape.yesterday.get(step).map_or(0.0, |(surplus, deficit)| surplus.min(*deficit))
    });
    let least = optimum.least_cost(None, limits)?;
    let budget = least.cost + given_up * (idle.cost - least.cost).max(0.0);
    // A hair more, for what the solver rounds.
    let solved = optimum.solve_least_peak(budget + 1e-6, limits)?;
    Ok(worked.iter().map(|(charge, give)| (charge.value(&solved), give.value(&solved))).unzip())
}

//! `qedex plan response`

use super::series::{self, Axis, Series};
use crate::{error::Error, tables};
use clap::Args;
use qedex_ems::response::{self, MilliWh, Plan, Reach, Request};
use qedex_tables::{Decimal, plain};
use serde::Serialize;
use std::{path::PathBuf, str::FromStr};

/// Options of `plan response`.
#[derive(Debug, Args)]
pub struct Response {
    /// The load: a CSV file with the columns slot,kwh or slot,wh, or the time of each quarter-hour or hour instead of
    /// the slot, as for `plan par`. Energies may be as fine as a milliwatt-hour.
    #[arg(long, value_name = "FILE")]
    load: PathBuf,
    /// The largest share of a slot's load that moves: 0.25 or 25%.
    #[arg(long)]
    share: Share,
    /// By how many slots it moves at most, earlier or later; otherwise anywhere within its day.
    #[arg(long, value_name = "SLOTS")]
    window: Option<usize>,
    /// Refuses a load that is no whole number of days; otherwise that is only said.
    #[arg(long)]
    whole_days: bool,
    /// What is generated in the same slots, in a file as the load's: the peak is then that of load less generation.
    #[arg(long, value_name = "FILE")]
    net_of: Option<PathBuf>,
    /// Prints JSON, with each move from slot to slot.
    #[arg(long)]
    json: bool,
}

/// A share in parts per million.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Share(u32);

impl FromStr for Share {
    type Err = String;

    /// Reads a fraction of one, or a percentage with its sign.
    fn from_str(text: &str) -> Result<Self, String> {
        let (number, places) = match text.strip_suffix('%') {
            Some(percent) => (percent.trim_end(), 4),
            None => (text, 6),
        };
        let bad =
            || format!("{text:?} is no share like 0.25 or 25%, of at most six decimal places");
        let number: Decimal = number.parse().map_err(|_| bad())?;
        let ppm = number.exactly(places).map_err(|_| bad())?;
        match u32::try_from(ppm) {
            Ok(ppm) if ppm <= 1_000_000 => Ok(Self(ppm)),
            _ if places == 6 => {
                Err(format!("{text} is more than all; a percentage has its sign, {text}%"))
            }
            _ => Err(format!("{text} is more than all")),
        }
    }
}

/// Before and after.
#[derive(Debug, PartialEq, Serialize)]
struct Change<T> {
    before: T,
    after: T,
}

#[derive(Debug, PartialEq, Serialize)]
struct Slot {
    /// Its number or its time.
    slot: String,
    /// Its load in Wh.
    before: f64,
    after: f64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Move {
    from: String,
    to: String,
    wh: f64,
}

#[derive(Debug, PartialEq, Serialize)]
struct Outcome {
    /// Of load less generation, in Wh a slot.
    peak_wh: Change<f64>,
    /// Of load less generation; nothing where that does not add up to more than zero.
    par_ppm: Change<Option<u128>>,
    /// What moves, in Wh.
    moved_wh: f64,
    slots: Vec<Slot>,
    moves: Vec<Move>,
}

/// Milliwatt-hours in a watt-hour.
const FINE: f64 = 1_000.0;

/// What is told of a plan.
struct Told<'a> {
    load: &'a Series<MilliWh>,
    plan: Plan,
    net: Change<Vec<i128>>,
}

/// Prints the least peak, and the plan.
pub fn run(args: &Response) -> Result<(), Error> {
    let table = tables::read(&args.load)?;
    let load = series::read(&table, tables::fine_energy)?;
    let generation = match &args.net_of {
        None => Vec::new(),
        Some(path) => {
            let table = tables::read(path)?;
            of_the_same_slots(&load.axis, series::read(&table, tables::fine_energy)?)
                .map_err(|what| table.error(what))?
        }
    };
    series::check_days(&load.axis, &args.load, args.whole_days)?;
    let told = solve(args, &load, &generation).map_err(|what| table.error(what))?;
    let outcome = told.outcome();
    super::print(args.json, &outcome, &told.lines(&outcome))
}

fn of_the_same_slots(axis: &Axis, series: Series<MilliWh>) -> Result<Vec<MilliWh>, String> {
    if series.axis == *axis {
        return Ok(series.energies);
    }
    Err(format!("it has the {}, and the load the {}", series.axis.extent(), axis.extent()))
}

fn solve<'a>(
    args: &Response,
    load: &'a Series<MilliWh>,
    generation: &[MilliWh],
) -> Result<Told<'a>, String> {
    let days = load.axis.days();
    let reach = args.window.map_or(Reach::Days(&days), Reach::Slots);
    let request = Request { load: &load.energies, generation, share_ppm: args.share.0, reach };
    let plan = response::flattest(&request).map_err(|unfit| unfit.to_string())?;
    let net = |load: &[MilliWh]| response::net(load, generation);
    let net = Change { before: net(&load.energies), after: net(&plan.load) };
    Ok(Told { load, plan, net })
}

impl Told<'_> {
    fn outcome(&self) -> Outcome {
        let names = self.load.axis.names();
        let name = |place: usize| names.get(place).cloned().unwrap_or_default();
        let wh = |energy: MilliWh| energy.0 as f64 / FINE;
        let peak = |net: &[i128]| net.iter().max().map_or(0.0, |peak| *peak as f64 / FINE);
        let slots = names.iter().zip(&self.load.energies).zip(&self.plan.load);
        let moves = self.plan.moves.iter();
        Outcome {
            peak_wh: Change { before: peak(&self.net.before), after: peak(&self.net.after) },
            par_ppm: Change {
                before: response::par_ppm(&self.net.before),
                after: response::par_ppm(&self.net.after),
            },
            moved_wh: moves.clone().map(|one| u128::from(one.energy.0)).sum::<u128>() as f64 / FINE,
            slots: slots
                .map(|((slot, before), after)| Slot {
                    slot: slot.clone(),
                    before: wh(*before),
                    after: wh(*after),
                })
                .collect(),
            moves: moves
                .map(|one| Move { from: name(one.from), to: name(one.to), wh: wh(one.energy) })
                .collect(),
        }
    }

    fn lines(&self, outcome: &Outcome) -> String {
        let ratio = |ppm: Option<u128>| {
            ppm.map_or_else(
                || "none".to_owned(),
                |ppm| format!("{}.{:06}", ppm / 1_000_000, ppm % 1_000_000),
            )
        };
        let kwh = |wh: f64| format!("{:.3} kWh", wh / 1_000.0);
        let (peak, par) = (&outcome.peak_wh, &outcome.par_ppm);
        let step = self.load.axis.step();
        let mut table = qedex_console::table(["", "load before, kWh", "after, kWh"]);
        let energy = |energy: &MilliWh| plain(energy.0.into(), 6);
        let slots = self.load.axis.names();
        for ((slot, before), after) in slots.iter().zip(&self.load.energies).zip(&self.plan.load) {
            if before != after {
                table.add_row([slot.clone(), energy(before), energy(after)]);
            }
        }
        let mut lines = [
            format!("peak a {step}  {} -> {}", kwh(peak.before), kwh(peak.after)),
            format!("peak to average  {} -> {}", ratio(par.before), ratio(par.after)),
            format!("moves  {}", kwh(outcome.moved_wh)),
        ]
        .join("\n");
        if !outcome.moves.is_empty() {
            lines.push_str(&format!("\n{table}"));
        }
        lines
    }
}

#[cfg(test)]
mod tests;

//! `qkms plan control`: a day of one link under four controllers.
//!
//! Without tables it takes the SimBench extract of `data/simbench` that it was built with.

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use qkms::{
    control::{
        Settings,
        trial::{Day, Scenario, Setup, plot, run, run::Comparison},
    },
    link::Preset,
};

/// Options of `qkms plan control`.
#[derive(Args)]
pub struct ControlArgs {
    /// Link of the literature
    #[arg(long, value_parser = super::preset_parser(), default_value = "gys")]
    preset: Preset,
    /// Length of the fibre in km, at least 0
    #[arg(long, value_parser = super::kilometres, allow_negative_numbers = true, default_value = "10")]
    km: f64,
    /// What the busiest quarter-hour asks of the most that the link makes, 0.01 to 10
    #[arg(long, value_parser = share, default_value = "0.7")]
    peak: f64,
    /// One scenario alone
    #[arg(long, value_parser = scenario_parser())]
    scenario: Option<Scenario>,
    /// What is random comes from it
    #[arg(long, default_value = "1")]
    seed: u64,
    /// A table of participants in place of the built-in community, with `--week`
    #[arg(long, requires = "week")]
    community: Option<PathBuf>,
    /// A table of quarter-hours in place of the built-in week, with `--community`
    #[arg(long, requires = "community")]
    week: Option<PathBuf>,
    /// The day of the week, from 0
    #[arg(long, default_value = "0")]
    day: usize,
    /// Writes a plot of each scenario into this folder
    #[arg(long, value_name = "FOLDER")]
    plots: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn share(given: &str) -> Result<f64, String> {
    let share: f64 = given.parse().map_err(|_| "not a number".to_string())?;
    if (0.01..=10.0).contains(&share) { Ok(share) } else { Err("not from 0.01 to 10".into()) }
}

fn scenario_parser() -> impl TypedValueParser<Value = Scenario> {
    PossibleValuesParser::new(Scenario::ALL.map(Scenario::name)).try_map(|given| {
        let found = Scenario::ALL.into_iter().find(|scenario| scenario.name() == given);
        found.ok_or("no scenario")
    })
}

/// Runs the comparison, writing to `out`.
pub fn control(args: &ControlArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let day = match (&args.community, &args.week) {
        (Some(community), Some(week)) => {
            let read = |path: &PathBuf| {
                std::fs::read_to_string(path)
                    .with_context(|| format!("cannot read {}", path.display()))
            };
            Day::read(&read(community)?, &read(week)?, args.day)?
        }
        _ => Day::read_built_in(args.day)?,
    };
    let (preset, km, peak, seed) = (args.preset, args.km, args.peak, args.seed);
    let setup = Setup { preset, km, peak, settings: Settings::default(), seed };
    let scenarios = args.scenario.map_or_else(|| Scenario::ALL.to_vec(), |one| vec![one]);
    let mut comparisons = Vec::new();
    for scenario in scenarios {
        let comparison = run(&setup, scenario, &day)?;
        if let Some(folder) = &args.plots {
            let title = format!("{preset}, {km} km: {}", scenario.title());
            let path = folder.join(format!("control-{preset}-{}.svg", scenario.name()));
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
            std::fs::write(&path, plot::figure(&comparison, &title))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        comparisons.push(comparison);
    }
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&comparisons)?)?;
        return Ok(());
    }
    comparisons.iter().try_for_each(|comparison| table(comparison, out))?;
    Ok(())
}

fn table(comparison: &Comparison, out: &mut dyn Write) -> std::io::Result<()> {
    let Comparison { scenario, communities, most, .. } = comparison;
    writeln!(
        out,
        "{scenario}: {communities:.1} communities, at most {most:.0} bits a second\n\
         controller   keys asked   unserved       pulses  a bit drawn  age (s)  oldest  fill least  last"
    )?;
    for report in &comparison.reports {
        writeln!(
            out,
            "{:<10} {:>12} {:>10} {:>12.4e} {:>12.0} {:>8.0} {:>7.0} {:>10.0}% {:>4.0}%",
            report.controller,
            report.asked,
            report.unserved,
            report.pulses,
            report.pulses_per_bit,
            report.mean_age,
            report.oldest,
            100.0 * report.least_fill,
            100.0 * report.last_fill,
        )?;
    }
    writeln!(out)
}

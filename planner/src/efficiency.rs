//! `qedex plan efficiency`: what each rule makes of the weeks in the data, quarter-hour by quarter-hour.
//!
//! ### What is assumed
//! - Participants, plants, loads and batteries are those of the data. A quarter-hour's surplus or
//!   deficit, rounded down to lots, is offered or demanded, one order each.
//! - What a kWh is worth to whom is drawn anew for each quarter-hour from the seed, uniformly on the
//!   ticks: to a seller between floor and cap less fee, to a buyer between floor plus fee and cap.
//!   Everybody's limit is what the energy is worth. Orders arrive in an order that is drawn too.
//! - The corridor is that of the development chain. Where keys are scarce, they cover half of the
//!   volume that is best without a cap.
//! - The optimum adds up the best lots of both sides against each other, and knows of no rule.
//! - *Pay-as-bid*: each bid in order of arrival takes whatever ask it finds first, in order of
//!   arrival, that leaves room for the fee. That its traders would hide their limits does not count
//!   against it here.

mod market;
mod overstating;

use crate::error::Error;
use clap::Args;
use comfy_table::{Table, presets::ASCII_MARKDOWN};
use market::{Market, Matching, Score};
use qedex_play::community::{Community, Zone};
use serde::Serialize;
use std::path::PathBuf;

/// Options of `plan efficiency`.
#[derive(Debug, Args)]
pub struct Efficiency {
    /// The seed of values and arrival.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Reads the community's data from this directory instead of the built-in copy: a CSV file with a column
    /// participant, and any number of weeks, which have a column time.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The zone of the data's times where these are local, such as Europe/Berlin.
    #[arg(long, requires = "data")]
    zone: Option<Zone>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// A rule on a week.
#[derive(Debug, Serialize)]
struct Row {
    matching: Matching,
    /// The day on which the week begins.
    week: String,
    scarce_keys: bool,
    /// Of the optimum's surplus, net of the grid fee.
    surplus_ppm: u64,
    /// Of the optimum's volume.
    volume_ppm: u64,
}

#[derive(Debug, Serialize)]
struct Figures {
    efficiency: Vec<Row>,
    overstating: Vec<overstating::Row>,
}

/// Prints the tables.
pub fn run(args: &Efficiency) -> Result<(), Error> {
    let community = Community::load(args.data.as_deref(), args.zone.as_ref())?;
    let figures = figures(&community, args.seed);
    super::print(args.json, &figures, &figures.tables())
}

fn figures(community: &Community, seed: u64) -> Figures {
    let mut efficiency = Vec::new();
    let mut first_week = Vec::new();
    for week in community.whole_weeks() {
        let begins = week.first().map_or(String::new(), |quarter| {
            quarter.time.chars().take_while(|c| *c != 'T').collect()
        });
        let markets: Vec<Market> = (0_u64..)
            .zip(&week)
            .map(|(offset, quarter)| Market::draw(quarter, seed, offset))
            .collect();
        for scarce_keys in [false, true] {
            for matching in Matching::ALL {
                let mut all = (Score::default(), Score::default());
                for market in &markets {
                    let cap = market.cap(scarce_keys);
                    all.0.add(market.score(matching, cap));
                    all.1.add(market.optimum(cap));
                }
                efficiency.push(Row {
                    matching,
                    week: begins.clone(),
                    scarce_keys,
                    surplus_ppm: market::ppm(all.0.surplus, all.1.surplus),
                    volume_ppm: market::ppm(all.0.volume, all.1.volume),
                });
            }
        }
        if first_week.is_empty() {
            first_week = markets;
        }
    }
    Figures { efficiency, overstating: overstating::rows(&first_week) }
}

/// A share as percent with two decimals.
fn percent(ppm: u64) -> String {
    format!("{}.{:02}", ppm / 10_000, ppm % 10_000 / 100)
}

impl Figures {
    fn tables(&self) -> String {
        let mut table = Table::new();
        table.load_style(ASCII_MARKDOWN);
        table.set_header(vec![
            "matching",
            "week of",
            "keys",
            "surplus, % of the optimum",
            "volume, % of the optimum",
        ]);
        for row in &self.efficiency {
            table.add_row(vec![
                row.matching.to_string(),
                row.week.clone(),
                market::keys(row.scarce_keys).to_owned(),
                percent(row.surplus_ppm),
                percent(row.volume_ppm),
            ]);
        }
        format!("{table}\n\n{}", overstating::table(&self.overstating))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Also keeps the document true: with `QEDEX_PRINT_TABLES=1` the test prints what belongs there.
    #[test]
    fn the_document_shows_what_the_weeks_give() {
        let figures = figures(&Community::load(None, None).unwrap(), 1);
        let tables = figures.tables();
        if std::env::var_os("QEDEX_PRINT_TABLES").is_some() {
            qedex_console::say!("{tables}").unwrap();
            return;
        }
        let document = include_str!("../../docs/auction.md");
        for table in tables.split("\n\n") {
            assert!(
                document.contains(table),
                "docs/auction.md is not what qedex plan efficiency prints:\n{table}"
            );
        }
    }

    #[test]
    fn uniform_reaches_the_optimum_and_the_others_do_not() {
        let community = Community::load(None, None).unwrap();
        let figures = figures(&community, 7);
        assert_eq!(figures.efficiency.len(), 12);
        for row in figures.efficiency {
            match row.matching {
                Matching::Uniform => assert_eq!(row.surplus_ppm, 1_000_000),
                Matching::McAfee => {
                    assert!((250_000..1_000_000).contains(&row.surplus_ppm), "{row:?}")
                }
                Matching::PayAsBid => assert!(row.surplus_ppm < 900_000, "{row:?}"),
            }
        }
    }
}

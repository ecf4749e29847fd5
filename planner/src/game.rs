//! `qedex plan game`

use crate::{error::Error, rows, tables};
use clap::Args;
use qedex_ems::game::{
    Auction, Equilibrium, Line, Market, Number, Surplus, Unfit, bilateral, decimal, equilibria,
    from_units, largest_gain,
};
use qedex_tables::{Quantity, Table};
use std::{path::PathBuf, str::FromStr};

mod outcome;
#[cfg(test)]
mod tests;

use outcome::{Bilateral, ByNumber, Figure, Middleman, Middlemen, Outcome, Played, Trade};

/// Options of `plan game`.
#[derive(Debug, Args)]
pub struct Game {
    /// Who sells: a CSV file with the columns c,d. A microgrid's marginal cost is c + d x.
    #[arg(
        long,
        value_name = "FILE",
        requires = "users",
        requires = "aggregators",
        required_unless_present = "bilateral"
    )]
    microgrids: Option<PathBuf>,
    /// Who buys: a CSV file with the columns a,b. A user's marginal value is a - b y.
    #[arg(long, value_name = "FILE", requires = "microgrids")]
    users: Option<PathBuf>,
    /// Who is in between: a CSV file with the column cost, of a kWh.
    #[arg(long, value_name = "FILE", requires = "microgrids")]
    aggregators: Option<PathBuf>,
    /// The grid fee of the auction that the game is compared with.
    #[arg(long, default_value = "0.02")]
    fee: Exact,
    /// For how many aggregators of the least cost to tell what members keep.
    #[arg(long, value_name = "COUNTS", value_delimiter = ',', default_value = "1,3,10,100", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    numbers: Vec<u16>,
    /// On how fine a grid deviations are tried.
    #[arg(long, value_name = "STEPS", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    grid: u16,
    /// Two priced offers that meet: a seller's cost and a buyer's value are drawn evenly from L to L + G.
    #[arg(long, value_name = "L,G")]
    bilateral: Option<Draw>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

const PLACES: u32 = 12;

/// Not negative, to the twelfth place.
const NUMBER: Quantity = Quantity { unit: "", places: PLACES, most: u128::MAX };

fn read(name: &str, text: &str) -> Result<Number, String> {
    NUMBER.read(name, text).map(|units| from_units(units, PLACES))
}

/// An exact number that is not negative.
#[derive(Clone, Debug)]
struct Exact(Number);

impl FromStr for Exact {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read("the number", text).map(Self)
    }
}

/// From what number on, and over what width, something is drawn.
#[derive(Clone, Debug)]
struct Draw {
    least: Number,
    width: Number,
}

impl FromStr for Draw {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (least, width) = text
            .split_once(',')
            .filter(|(_, rest)| !rest.contains(','))
            .ok_or_else(|| format!("{text:?} is not two numbers, L,G, such as 0.08,0.22"))?;
        Ok(Self { least: read("L", least.trim())?, width: read("G", width.trim())? })
    }
}

/// The curves, as they stand in three files.
struct Files {
    microgrids: Table,
    users: Table,
    aggregators: Table,
}

/// Prints what the game and the auction come to.
pub fn run(args: &Game) -> Result<(), Error> {
    let files = match (&args.microgrids, &args.users, &args.aggregators) {
        (Some(microgrids), Some(users), Some(aggregators)) => Some(Files {
            microgrids: tables::read(microgrids)?,
            users: tables::read(users)?,
            aggregators: tables::read(aggregators)?,
        }),
        _ => None,
    };
    let outcome = solve(args, files.as_ref())?;
    super::print(args.json, &outcome, &outcome.lines())
}

fn solve(args: &Game, files: Option<&Files>) -> Result<Outcome, Error> {
    let bad = |unfit: Unfit| Error::BadInput(unfit.to_string());
    let played = files.map(|files| args.play(files)).transpose()?;
    let bilateral = match &args.bilateral {
        None => None,
        Some(Draw { least, width }) => {
            let game = bilateral::Bilateral::new(least.clone(), width.clone()).map_err(bad)?;
            Some(Bilateral::from(&game.equilibrium()))
        }
    };
    Ok(Outcome { played, bilateral })
}

fn lines(table: &Table, start: &str, slope: &str) -> Result<Vec<Line>, Error> {
    rows::of(table, [&[start], &[slope]], |[first, second]| {
        let line = Line { start: read(start, first)?, slope: read(slope, second)? };
        if line.slope == from_units(0, 0) {
            return Err(format!("{slope} must not be zero"));
        }
        Ok(line)
    })
}

fn costs(table: &Table) -> Result<Vec<Number>, Error> {
    rows::of(table, [&["cost"]], |[cost]| read("cost", cost))
}

/// What members have of prices.
fn members(market: &Market, sellers_get: Option<&Number>, buyers_pay: Option<&Number>) -> Number {
    Surplus::at(market, sellers_get, buyers_pay).total()
}

impl Game {
    fn play(&self, files: &Files) -> Result<Played, Error> {
        let bad = |unfit: Unfit| Error::BadInput(unfit.to_string());
        let sellers = lines(&files.microgrids, "c", "d")?;
        let buyers = lines(&files.users, "a", "b")?;
        let costs = costs(&files.aggregators)?;
        let market = Market::new(sellers, buyers).map_err(bad)?;
        let auction = Auction::clear(&market, &self.fee.0).map_err(bad)?;
        let (get, pay) = (auction.sellers_get.as_ref(), auction.buyers_pay.as_ref());
        let in_auction = members(&market, get, pay);
        let kept = |found: &Equilibrium| {
            let found = members(&market, found.sellers_get.as_ref(), found.buyers_pay.as_ref());
            (in_auction > from_units(0, 0)).then(|| Figure::of(&(found / &in_auction)))
        };
        let game = |found: &Equilibrium| Middlemen {
            trade: Trade::new(&found.volume, found.sellers_get.as_ref(), found.buyers_pay.as_ref()),
            aggregators: found
                .quantities
                .iter()
                .zip(&found.profits)
                .map(|(quantity, profit)| Middleman {
                    kwh: Figure::of(quantity),
                    gain: Figure::of(profit),
                })
                .collect(),
            members_keep: kept(found),
            largest_gain: largest_gain(&market, &costs, found, self.grid.into())
                .map(|gain| Figure::of(&gain)),
        };
        let found = equilibria(&market, &costs).map_err(bad)?;
        let least = costs.iter().min().cloned().unwrap_or_else(|| from_units(0, 0));
        let by_number = self.numbers.iter().map(|number| {
            let costs = vec![least.clone(); (*number).into()];
            let found = equilibria(&market, &costs).map_err(bad)?;
            let members_keep = found.last().and_then(&kept);
            Ok(ByNumber { aggregators: *number, members_keep })
        });
        Ok(Played {
            equilibria: found.iter().map(game).collect(),
            auction: Trade::new(&auction.volume, get, pay),
            fee: Figure::of(&self.fee.0),
            by_number: by_number.collect::<Result<_, Error>>()?,
            of_cost: Figure::of(&least),
            grid: self.grid,
        })
    }
}

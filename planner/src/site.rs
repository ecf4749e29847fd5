//! `qedex plan site`

mod orders;
mod report;

use crate::{error::Error, rows, tables};
use clap::{Args, value_parser};
use qedex_client::amounts::parse_price;
use qedex_ems::{
    program::Limits,
    site::{self, Marginal, Plan, Site, SiteError},
};
use qedex_math::{PricePerKwh, Wh};
use qedex_tables::{Quantity, Table};
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Options of `plan site`. Money is in the currency of the site's prices; with `--orders` that is QED.
#[derive(Debug, Args)]
pub struct SiteArgs {
    /// The site, its devices and its day: JSON if the file's name ends in .json, TOML otherwise.
    #[arg(long, value_name = "FILE")]
    site: PathBuf,
    /// Prices in place of the site's own: a CSV file with the columns step,price_buy,price_sell, per kWh, one line
    /// for each step.
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Writes what the plan draws and feeds in as orders, slot by slot, each at what the energy is worth to the site:
    /// a CSV file for `qedex order batch`.
    #[arg(long, value_name = "FILE", requires_all = ["floor", "cap"])]
    orders: Option<PathBuf>,
    /// The slot in which the day begins. An hour is four slots.
    #[arg(long, value_name = "SLOT", default_value_t = 0, requires = "orders")]
    first_slot: u64,
    /// The feed-in price of the market, in QED per kWh: no ask is below it.
    #[arg(long, value_name = "PRICE", requires = "orders", value_parser = parse_price)]
    floor: Option<PricePerKwh>,
    /// The grid price of the market, in QED per kWh: no bid is above it.
    #[arg(long, value_name = "PRICE", requires = "orders", value_parser = parse_price)]
    cap: Option<PricePerKwh>,
    /// Limits of orders are whole multiples of this, in QED per kWh: bids are rounded down, asks up.
    #[arg(long, value_name = "PRICE", default_value = "0.001", requires = "orders", value_parser = parse_price)]
    tick: PricePerKwh,
    /// Energies of orders are whole multiples of this, rounded down; also by how much a step's balance is moved to see
    /// what energy is worth.
    #[arg(long, value_name = "WH", default_value_t = 100, value_parser = value_parser!(u64).range(1..))]
    lot: u64,
    /// Tells what electricity is worth in each step.
    #[arg(long)]
    marginal: bool,
    /// Writes the model in MPS format, for any solver.
    #[arg(long, value_name = "FILE")]
    mps: Option<PathBuf>,
    /// The most time to look for a plan, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = value_parser!(u64).range(1..=86_400))]
    time_limit: u64,
    /// How far, in parts per million of its cost, the plan may lie above the bound that is proven.
    #[arg(long, value_name = "PPM", default_value_t = 1_000, value_parser = value_parser!(u32).range(..=1_000_000))]
    gap_ppm: u32,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// What is printed.
#[derive(Serialize)]
struct Answer {
    name: String,
    dt_h: f64,
    #[serde(flatten)]
    plan: Plan,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    marginal: Vec<Marginal>,
}

/// Plans the day and prints it.
pub fn run(args: &SiteArgs) -> Result<(), Error> {
    let mut site = read(&args.site)?;
    let bad = |error: SiteError| Error::BadInput(format!("{}: {error}", args.site.display()));
    if let Some(prices) = &args.prices {
        (site.price_buy, site.price_sell) = read_prices(&tables::read(prices)?)?;
    }
    let market = match (args.floor, args.cap) {
        (Some(floor), Some(cap)) => Some(orders::Market::new(floor, cap, args.tick, Wh(args.lot))?),
        _ => None,
    };
    if let Some(file) = &args.mps {
        write(file, &site::as_mps(&site).map_err(bad)?)?;
    }
    let limits =
        Limits { time: Duration::from_secs(args.time_limit), gap: f64::from(args.gap_ppm) / 1e6 };
    let (plan, marginal) = if args.marginal || args.orders.is_some() {
        // Lots are small: exact in a double.
        site::marginals(&site, &limits, args.lot as f64 / 1e3).map_err(bad)?
    } else {
        (site::plan(&site, &limits).map_err(bad)?, Vec::new())
    };
    if let (Some(file), Some(market)) = (&args.orders, market) {
        let orders = market.orders(&site, &plan, &marginal, args.first_slot);
        write(file, &orders::table(&orders))?;
    }
    let lines = report::lines(&site, &plan, &marginal);
    let answer = Answer { name: site.name, dt_h: site.dt_h, plan, marginal };
    super::print(args.json, &answer, &lines)
}

/// The site that a file describes.
fn read(file: &Path) -> Result<Site, Error> {
    let text = fs::read_to_string(file)
        .map_err(|reason| Error::File { path: file.display().to_string(), reason })?;
    let is_json = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let site = if is_json {
        serde_json::from_str(&text).map_err(|error| error.to_string())
    } else {
        toml::from_str(&text).map_err(|error| error.to_string().trim_end().to_owned())
    };
    site.map_err(|what| Error::BadInput(format!("{}: {what}", file.display())))
}

fn write(file: &Path, text: &str) -> Result<(), Error> {
    fs::write(file, text).map_err(|reason| Error::File { path: file.display().to_string(), reason })
}

/// The prices of each step, in the order of the steps' numbers.
fn read_prices(table: &Table) -> Result<(Vec<f64>, Vec<f64>), Error> {
    /// Finer than any price, and far from where a double rounds what people write.
    const PRICE: Quantity = Quantity {
        unit: "per kWh, in the site's money",
        places: 12,
        most: 1_000_000_000_000_000_000,
    };
    let wanted = [&["step", "slot"][..], &["price_buy"], &["price_sell"]];
    let left_out = "Each step of the site's day has its prices";
    let price = |name: &str, text: &str| PRICE.read(name, text).map(|units| units as f64 / 1e12);
    let (_, prices) = rows::numbered(table, wanted, left_out, |_, [_, buy, sell]| {
        Ok((price("price_buy", buy)?, price("price_sell", sell)?))
    })?;
    Ok(prices.into_iter().unzip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_come_in_the_order_of_their_steps() {
        let table =
            Table::parse("p.csv", "step;price_buy;price_sell\n6;0,3;0,08\n5;0,25;0,07\n").unwrap();
        assert_eq!(read_prices(&table).unwrap(), (vec![0.25, 0.3], vec![0.07, 0.08]));
        let hole = Table::parse("p.csv", "step,price_buy,price_sell\n5,1,1\n7,1,1\n").unwrap();
        let error = read_prices(&hole).unwrap_err().to_string();
        assert_eq!(
            error,
            "bad input: p.csv: step 6 is missing: step 7 follows step 5. Each step of the site's day has its prices"
        );
        let none = Table::parse("p.csv", "slot,price_buy,price_sell\n").unwrap();
        let error = read_prices(&none).unwrap_err().to_string();
        assert_eq!(error, "bad input: p.csv: there is no slot");
        let below = Table::parse("p.csv", "step,price_buy,price_sell\n5,-1,1\n").unwrap();
        let error = read_prices(&below).unwrap_err().to_string();
        assert_eq!(
            error,
            "bad input: p.csv, line 2: price_buy -1 is below 0 per kWh, in the site's money"
        );
    }
}

//! `qedex plan negotiate`

use crate::{error::Error, tables};
use clap::Args;
use qedex_ems::negotiate::{
    Outcome, PLACES, Policy, Price, Range, Side, Terms, Unfit, negotiate as play, overlap,
};
use qedex_tables::{Quantity, Table, plain};
use serde::Serialize;
use std::{path::PathBuf, str::FromStr};

/// Options of `plan negotiate`.
#[derive(Debug, Args)]
pub struct Negotiate {
    /// Who negotiates: a CSV file with the columns party,side,best,worst, a line for each buyer and seller. The best
    /// price is the one that a party begins with, the worst the last one that it would take; all in one unit.
    /// Every buyer negotiates with every seller.
    #[arg(long, value_name = "FILE")]
    table: PathBuf,
    /// T: the seller offers at step 0, and behind step T there is no deal.
    #[arg(long, value_name = "T", default_value_t = 20)]
    steps: u32,
    /// What prices are multiples of.
    #[arg(long, default_value = "0.01")]
    tick: Tick,
    /// How buyers give way: linear, boulware (late), conceder (early), tit-for-tat, or the exponent beta of
    /// (t/T)^(1/beta), from 0.01 to 100.
    #[arg(long, value_name = "POLICY", default_value = "linear")]
    buyers: Policy,
    /// How sellers give way, as above.
    #[arg(long, value_name = "POLICY", default_value = "linear")]
    sellers: Policy,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Not negative, to a thousand millionth, and small enough for sums.
const PRICE: Quantity = Quantity { unit: "", places: PLACES, most: 1 << 60 };

/// What prices are multiples of, and the decimal places with which it was written.
#[derive(Clone, Copy, Debug)]
struct Tick {
    price: Price,
    places: usize,
}

impl FromStr for Tick {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let price = Price(PRICE.read_u64("the tick", text)?);
        if price.0 == 0 {
            return Err(Unfit::NoTick.to_string());
        }
        let places = text.split_once('.').map_or(0, |(_, places)| places.len());
        Ok(Self { price, places })
    }
}

/// Somebody in the table.
#[derive(Clone, Debug)]
struct Party {
    name: String,
    range: Range,
}

/// What a buyer and a seller came to.
#[derive(Debug, PartialEq, Serialize)]
struct Deal {
    buyer: String,
    seller: String,
    /// Nothing where there is no deal.
    price: Option<f64>,
    /// Offers, the accepted one among them.
    messages: Option<u32>,
    /// Who took the other's offer: `buyer` or `seller`.
    accepted_by: Option<&'static str>,
    /// The middle between the two worst prices.
    equal_split: f64,
    #[serde(skip)]
    price_told: String,
    #[serde(skip)]
    split_told: String,
}

/// Prints what each buyer and each seller come to.
pub fn run(args: &Negotiate) -> Result<(), Error> {
    let table = tables::read(&args.table)?;
    let deals = solve(args, &table)?;
    super::print(args.json, &deals, &lines(&deals))
}

fn side(text: &str) -> Result<Side, String> {
    match text {
        "buyer" => Ok(Side::Buyer),
        "seller" => Ok(Side::Seller),
        other => Err(format!("the side is {other:?}, neither buyer nor seller")),
    }
}

fn parties(table: &Table) -> Result<Vec<Party>, Error> {
    let columns = table.columns([&["party"], &["side"], &["best"], &["worst"]])?;
    let mut parties: Vec<Party> = Vec::new();
    table.each(|row| {
        let [name, of, best, worst] = row.cells(&columns);
        if name.is_empty() {
            return Err("party is missing".to_owned());
        }
        if parties.iter().any(|party| party.name == name) {
            return Err(format!("{name} comes twice"));
        }
        let price = |column, text| PRICE.read_u64(column, text).map(Price);
        let (low, high) = (price("best", best)?, price("worst", worst)?);
        let range = Range::new(side(of)?, low, high)
            .map_err(|unfit| format!("{unfit}: {best} and {worst}, for a {of}"))?;
        parties.push(Party { name: name.to_owned(), range });
        Ok(())
    })?;
    Ok(parties)
}

fn solve(args: &Negotiate, table: &Table) -> Result<Vec<Deal>, Error> {
    let parties = parties(table)?;
    let of = |side| parties.iter().filter(move |party| party.range.side() == side);
    if of(Side::Buyer).count() == 0 || of(Side::Seller).count() == 0 {
        return Err(table.error("it takes a buyer and a seller".to_owned()).into());
    }
    let pairs =
        of(Side::Buyer).flat_map(|buyer| of(Side::Seller).map(move |seller| (buyer, seller)));
    let deal = |(buyer, seller)| args.deal(buyer, seller).map_err(|what| table.error(what).into());
    pairs.map(deal).collect()
}

impl Negotiate {
    fn deal(&self, buyer: &Party, seller: &Party) -> Result<Deal, String> {
        let told = |price: Price| padded(&plain(price.0.into(), PLACES), self.tick.places);
        let (least, most) = overlap(&buyer.range, &seller.range).map_err(|unfit| {
            let (pays, takes) = (told(buyer.range.worst()), told(seller.range.worst()));
            format!(
                "{unfit}: {} pays {pays} at most, and {} takes {takes} at least",
                buyer.name, seller.name
            )
        })?;
        let terms = Terms {
            steps: self.steps,
            tick: self.tick.price,
            buyers: self.buyers,
            sellers: self.sellers,
        };
        let between = |unfit: Unfit| format!("{} and {}: {unfit}", buyer.name, seller.name);
        let outcome = play(&buyer.range, &seller.range, &terms).map_err(between)?;
        let (price, messages, accepted_by) = match outcome {
            Outcome::Deal { price, messages, accepted_by } => (
                Some(told(price)),
                Some(messages),
                Some(match accepted_by {
                    Side::Buyer => "buyer",
                    Side::Seller => "seller",
                }),
            ),
            Outcome::NoDeal => (None, None, None),
        };
        // Five tenths of the sum are its half.
        let sum = u128::from(least.0).saturating_add(most.0.into());
        let split = plain(sum.saturating_mul(5), PLACES.saturating_add(1));
        Ok(Deal {
            buyer: buyer.name.clone(),
            seller: seller.name.clone(),
            price: price.as_deref().map(super::as_number),
            messages,
            accepted_by,
            equal_split: super::as_number(&split),
            price_told: price.unwrap_or_else(|| "no deal".to_owned()),
            split_told: padded(&split, self.tick.places),
        })
    }
}

/// Digits with no fewer places than `places`.
fn padded(digits: &str, places: usize) -> String {
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    if rest.len().max(places) == 0 { whole.to_owned() } else { format!("{whole}.{rest:0<places$}") }
}

fn lines(deals: &[Deal]) -> String {
    let mut table = qedex_console::table([
        "buyer",
        "seller",
        "price",
        "messages",
        "accepted by",
        "equal split",
    ]);
    for deal in deals {
        table.add_row([
            deal.buyer.clone(),
            deal.seller.clone(),
            deal.price_told.clone(),
            deal.messages.map(|count| count.to_string()).unwrap_or_default(),
            deal.accepted_by.unwrap_or_default().to_owned(),
            deal.split_told.clone(),
        ]);
    }
    table.to_string()
}

#[cfg(test)]
mod tests;

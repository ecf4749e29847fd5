//! `qedex plan clear`

use crate::{
    error::Error,
    tables::{self, ENERGY, PRICE, Units, whole_wh},
};
use clap::{Args, ValueEnum};
use foldhash::fast::RandomState;
use qedex_client::amounts::{self, as_plancks_string, parse_price};
use qedex_math::{
    PricePerKwh, Wh,
    clearing::{self, Book, Cleared, Corridor, Order},
};
use qedex_tables::{Column, Columns, Table, plain};
use serde::Serialize;
use std::{collections::HashMap, hash::BuildHasher, path::PathBuf};

/// How prices follow from the book.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Rule {
    /// One price for all who buy and one for all who sell.
    Uniform,
    /// The marginal orders leave and set the prices.
    Mcafee,
}

impl From<Rule> for clearing::Rule {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Uniform => Self::Uniform,
            Rule::Mcafee => Self::McAfee,
        }
    }
}

/// Options of `plan clear`. Prices are QED per kWh unless they say otherwise.
#[derive(Debug, Args)]
pub struct Clear {
    /// The book: a CSV file with the columns side,account,price,kwh; side is bid or ask, price QED per kWh, and the
    /// order of the lines is the order of arrival. Instead of price there may be price_per_kwh, in plancks, and
    /// instead of kwh there may be wh.
    #[arg(long, value_name = "FILE")]
    book: PathBuf,
    /// How prices follow from the book.
    #[arg(long)]
    rule: Rule,
    /// The grid fee.
    #[arg(long, value_name = "PRICE", value_parser = parse_price)]
    fee: PricePerKwh,
    /// The feed-in price: no limit is below it.
    #[arg(long, value_name = "PRICE", value_parser = parse_price)]
    floor: PricePerKwh,
    /// The grid price: no limit is above it.
    #[arg(long, value_name = "PRICE", value_parser = parse_price)]
    cap: PricePerKwh,
    /// Limits are whole multiples of this.
    #[arg(long, value_name = "PRICE", value_parser = parse_price)]
    tick: PricePerKwh,
    /// Energies are whole multiples of this.
    #[arg(long, value_name = "WH", default_value_t = 1, value_parser = whole_wh)]
    lot: u64,
    /// The keys that the market may use; without them the volume has no cap.
    #[arg(long, requires = "wh_per_key")]
    keys: Option<u64>,
    /// The energy that one key covers.
    #[arg(long, value_name = "WH", requires = "keys", value_parser = whole_wh)]
    wh_per_key: Option<u64>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// The order at a line of the book, counted from 1 after the header.
#[derive(Serialize)]
struct Fill {
    line: usize,
    wh: u64,
}

/// Energy that the bid at one line buys from the ask at another.
#[derive(Serialize)]
struct Trade {
    bid: usize,
    ask: usize,
    wh: u64,
}

#[derive(Serialize)]
struct Outcome {
    volume_wh: u64,
    #[serde(with = "as_plancks_string::option")]
    buyers_pay: Option<PricePerKwh>,
    #[serde(with = "as_plancks_string::option")]
    sellers_receive: Option<PricePerKwh>,
    cap_binding: bool,
    /// By how much bids exceed asks, in thousandths of a planck, exactly: prices are per kWh, energies in Wh.
    #[serde(with = "as_plancks_string")]
    surplus_milliplancks: u128,
    keys_used: u64,
    fills: Vec<Fill>,
    trades: Vec<Trade>,
}

/// One side of the book in order of arrival.
#[derive(Debug, Default)]
struct Side {
    orders: Vec<Order>,
    /// The line of each order.
    lines: Vec<usize>,
    energy: Wh,
}

impl Side {
    fn push(&mut self, line: usize, order: Order) -> Result<(), String> {
        let energy = self.energy.checked_add(order.energy);
        self.energy = energy.ok_or("the energies of this side add up to too much")?;
        self.orders.push(order);
        self.lines.push(line);
        Ok(())
    }

    fn line(&self, place: usize) -> usize {
        self.lines.get(place).copied().unwrap_or_default()
    }
}

/// Clears a book and prints what came of it.
pub fn run(args: &Clear) -> Result<(), Error> {
    args.check()?;
    let (bids, asks) = args.read()?;
    let corridor = Corridor { floor: args.floor, cap: args.cap, grid_fee: args.fee };
    let per_key = Wh(args.wh_per_key.unwrap_or_default());
    let most = args.keys.map_or(Wh(u64::MAX), |keys| clearing::energy_cap(keys, per_key));
    let book = Book { bids: &bids.orders, asks: &asks.orders };
    let cleared = clearing::clear(args.rule.into(), book, &corridor, most);
    if cleared.clearing.surplus == u128::MAX {
        return Err(Error::BadInput("the surplus is too large to be computed".to_owned()));
    }
    let keys_used = match args.keys {
        Some(_) => clearing::keys_used(cleared.clearing.volume, per_key),
        None => 0,
    };
    let outcome = Outcome::new(&cleared, &bids, &asks, keys_used);
    super::print(args.json, &outcome, &outcome.lines())
}

/// What a book is made of.
const COLUMNS: [Column<'_>; 4] = [&["side"], &["account"], PRICE, ENERGY];

fn is_bid(side: &str) -> Result<bool, String> {
    match side {
        "bid" => Ok(true),
        "ask" => Ok(false),
        other => Err(format!("the side is {other:?}, neither bid nor ask")),
    }
}

/// Refuses a book in which an account takes both sides.
fn one_side_each(table: &Table, columns: &Columns<{ COLUMNS.len() }>) -> Result<(), Error> {
    let mut taken = HashMap::new();
    Ok(table.each(|row| {
        let [side, account, ..] = row.cells(columns);
        let is_bid = is_bid(side)?;
        if *taken.entry(account.to_owned()).or_insert(is_bid) == is_bid {
            return Ok(());
        }
        Err(format!("{account} has taken the other side; an account takes one side of a slot"))
    })?)
}

impl Clear {
    fn check(&self) -> Result<(), Error> {
        let bad = |what: &str| Err(Error::BadInput(what.to_owned()));
        if self.tick == PricePerKwh(0) {
            return bad("--tick must not be zero");
        }
        if self.lot == 0 {
            return bad("--lot must not be zero");
        }
        if self.wh_per_key == Some(0) {
            return bad("--wh-per-key must not be zero");
        }
        if self.floor > self.cap {
            return bad("--floor must not be above --cap");
        }
        Ok(())
    }

    /// Bids and asks of the book.
    fn read(&self) -> Result<(Side, Side), Error> {
        let mut bids = Side::default();
        let mut asks = Side::default();
        let table = tables::read(&self.book)?;
        let columns = table.columns(COLUMNS)?;
        let units = Units::of(&columns, 2, 3);
        // An account and its side as one number. Sorting these takes a fraction of the time that looking
        // up every account in a map does, once the map outgrows the processor's caches.
        let hash = RandomState::default();
        let mut marks = Vec::new();
        table.each(|row| {
            let [side, account, price, energy] = row.cells(&columns);
            let is_bid = is_bid(side)?;
            if account.is_empty() {
                return Err("account is missing".to_owned());
            }
            let order = self.order(units.price(price)?, units.energy(energy)?)?;
            marks.push((hash.hash_one(account) & !1) | u64::from(is_bid));
            if is_bid { &mut bids } else { &mut asks }.push(row.number, order)
        })?;
        marks.sort_unstable();
        let differ_by_side = |pair: &[u64]| matches!(pair, [one, other] if one ^ other == 1);
        if marks.windows(2).any(differ_by_side) {
            one_side_each(&table, &columns)?;
        }
        Ok((bids, asks))
    }

    fn order(&self, limit: PricePerKwh, energy: Wh) -> Result<Order, String> {
        let shown = amounts::price;
        if limit < self.floor || limit > self.cap {
            return Err(format!(
                "the price {} is outside the corridor from {} to {}",
                shown(limit),
                shown(self.floor),
                shown(self.cap)
            ));
        }
        if !limit.0.is_multiple_of(self.tick.0) {
            let (limit, tick) = (shown(limit), shown(self.tick));
            return Err(format!("the price {limit} is off the tick of {tick}"));
        }
        if energy.is_zero() {
            return Err("an order of no energy".to_owned());
        }
        if !energy.0.is_multiple_of(self.lot) {
            return Err(format!("{} Wh are not whole lots of {}", energy.0, self.lot));
        }
        Ok(Order { limit, energy })
    }
}

impl Outcome {
    fn new(cleared: &Cleared, bids: &Side, asks: &Side, keys_used: u64) -> Self {
        let filled = |fills: &[Wh], side: &Side| -> Vec<Fill> {
            let all = fills.iter().zip(&side.lines);
            all.filter(|(energy, _)| !energy.is_zero())
                .map(|(energy, line)| Fill { line: *line, wh: energy.0 })
                .collect()
        };
        let mut fills = filled(&cleared.bids, bids);
        fills.extend(filled(&cleared.asks, asks));
        fills.sort_unstable_by_key(|fill| fill.line);
        let trades = cleared.trades.iter();
        let trades = trades.map(|(bid, ask, energy)| Trade {
            bid: bids.line(*bid),
            ask: asks.line(*ask),
            wh: energy.0,
        });
        let clearing = &cleared.clearing;
        Self {
            volume_wh: clearing.volume.0,
            buyers_pay: clearing.buyers_pay,
            sellers_receive: clearing.sellers_receive,
            cap_binding: clearing.cap_binding,
            surplus_milliplancks: clearing.surplus,
            keys_used,
            trades: trades.collect(),
            fills,
        }
    }

    fn lines(&self) -> String {
        let price =
            |price: Option<PricePerKwh>| price.map_or("nothing trades".to_owned(), amounts::price);
        // Thousandths of a planck are 10^-15 QED.
        let surplus = plain(self.surplus_milliplancks, amounts::QED_PLACES.saturating_add(3));
        [
            format!("volume           {}", amounts::energy(Wh(self.volume_wh))),
            format!("buyers pay       {}", price(self.buyers_pay)),
            format!("sellers receive  {}", price(self.sellers_receive)),
            format!("cap binding      {}", if self.cap_binding { "yes" } else { "no" }),
            format!("surplus          {surplus} QED"),
            format!("keys used        {}", self.keys_used),
            format!("orders filled    {}", self.fills.len()),
            format!("trades           {}", self.trades.len()),
        ]
        .join("\n")
    }
}

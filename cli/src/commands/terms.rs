//! `qedex terms`: what the council sets for each tariff band, and for leaders.

use super::options::{Administer, Ask, band};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts::{in_qed, parse_price, parse_wh},
    metering::{Band, band_name, band_text},
    share::{Share, percent},
    terms::{self, LeaderLimits, Permill, PriceList},
    told::terms::{limits_in_json, limits_in_words, list_in_json},
};
use qedex_math::{PricePerKwh, Wh};
use serde_json::{Value, json};

/// What to do with the market's terms.
#[derive(Debug, Subcommand)]
pub enum Terms {
    /// Shows the price list of each band and the leader's limits, of slots whose gate opens from now on.
    Show(Ask),
    /// Changes the price list of a band (for the council, by --council, or Root, by --sudo). What is not
    /// named stays as it is.
    Set(Set),
    /// Sets within what leaders choose (for the council, by --council, or Root, by --sudo).
    Limits(Limits),
}

/// Options of `terms set`.
#[derive(Debug, Args)]
pub struct Set {
    /// The band.
    #[arg(long, value_parser = band())]
    band: Band,
    /// The feed-in price in QED per kWh: no order below it.
    #[arg(long, value_parser = parse_price)]
    floor: Option<PricePerKwh>,
    /// The grid price in QED per kWh: no order above it.
    #[arg(long, value_parser = parse_price)]
    cap: Option<PricePerKwh>,
    /// What the grid takes of each kWh, in QED; more than nothing.
    #[arg(long, value_parser = parse_price)]
    fee: Option<PricePerKwh>,
    /// Limits are whole multiples of this, in QED per kWh.
    #[arg(long, value_parser = parse_price)]
    tick: Option<PricePerKwh>,
    /// Energies of orders are whole multiples of this.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    lot: Option<u64>,
    /// The least energy of an order.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    least_order: Option<u64>,
    /// A seller's deposit in percent of its energy at the grid price: at least what covers the grid price
    /// less floor and fee.
    #[arg(long, value_name = "PERCENT")]
    deposit: Option<Share>,
    /// Who signs.
    #[command(flatten)]
    sign: Administer,
}

/// Options of `terms limits`.
#[derive(Debug, Args)]
pub struct Limits {
    /// The least share of the keys in percent that a slot gets, whatever its leader says.
    #[arg(long, value_name = "PERCENT")]
    least_share: Share,
    /// The least energy that a key covers; without a leader it covers this.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    least_per_key: u64,
    /// The most energy that a key may cover.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    most_per_key: u64,
    /// Who signs.
    #[command(flatten)]
    sign: Administer,
}

impl Terms {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Show(ask) => show(ask).await,
            Self::Set(args) => set(args).await,
            Self::Limits(args) => limits(args).await,
        }
    }
}

fn row(name: &str, list: &PriceList) -> Vec<String> {
    let price = |price: PricePerKwh| in_qed(price.0);
    vec![
        name.to_owned(),
        price(list.floor),
        price(list.cap),
        price(list.grid_fee),
        price(list.tick),
        list.lot.0.to_string(),
        list.least_order.0.to_string(),
        percent(list.deposit_rate.deconstruct()),
    ]
}

async fn show(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let limits = terms::limits(&at).await?;
    let mut lists = Vec::new();
    for band in terms::BANDS {
        lists.push((band, terms::price_list(&at, band).await?));
    }
    if ask.json {
        let lists: serde_json::Map<_, _> = lists
            .iter()
            .map(|(band, list)| {
                (band_name(*band).to_owned(), list.as_ref().map_or(Value::Null, list_in_json))
            })
            .collect();
        let limits = limits.as_ref().map(limits_in_json);
        return output::json(&json!({ "bands": lists, "limits": limits }));
    }
    let header = ["band", "floor", "cap", "grid fee", "tick", "lot", "least order", "deposit"];
    let mut table = output::table(header);
    for (band, list) in &lists {
        match list {
            Some(list) => table.add_row(row(band_name(*band), list)),
            None => table.add_row(vec![band_name(*band).to_owned(), "none".to_owned()]),
        };
    }
    say!("{table}")?;
    say!("prices in QED per kWh, energies in Wh")?;
    match &limits {
        Some(limits) => say!("{}", limits_in_words(limits)),
        None => say!("no leader's limits: no slot opens"),
    }
}

async fn set(args: &Set) -> Result<(), Error> {
    let mut session = args.sign.open().await?;
    let now = terms::price_list(session.at(), args.band).await?;
    let list = args.list(now)?;
    let what = format!("the price list of the band {}", band_name(args.band));
    let done = args.sign.act(&mut session, &what, &terms::set_terms(args.band, list)).await?;
    let Some((block, _)) = done else {
        return Ok(());
    };
    if args.sign.json() {
        let mut said = list_in_json(&list);
        if let Value::Object(said) = &mut said {
            said.insert("band".to_owned(), band_name(args.band).into());
            said.insert("block".to_owned(), block.number.into());
        }
        return output::json(&said);
    }
    say!(
        "{} slots whose gate opens after block {}: feed-in {}, grid {}, fee {} QED/kWh",
        band_text(args.band),
        block.number,
        in_qed(list.floor.0),
        in_qed(list.cap.0),
        in_qed(list.grid_fee.0)
    )
}

impl Set {
    /// The list with what is named in place of what is there. A band without one needs all of it.
    fn list(&self, now: Option<PriceList>) -> Result<PriceList, Error> {
        fn or<T>(named: Option<T>, now: Option<T>, option: &str) -> Result<T, Error> {
            named.or(now).ok_or_else(|| {
                Error::BadInput(format!("the band has no price list yet: give --{option} as well"))
            })
        }
        Ok(PriceList {
            floor: or(self.floor, now.map(|now| now.floor), "floor")?,
            cap: or(self.cap, now.map(|now| now.cap), "cap")?,
            grid_fee: or(self.fee, now.map(|now| now.grid_fee), "fee")?,
            tick: or(self.tick, now.map(|now| now.tick), "tick")?,
            lot: or(self.lot.map(Wh), now.map(|now| now.lot), "lot")?,
            least_order: or(
                self.least_order.map(Wh),
                now.map(|now| now.least_order),
                "least-order",
            )?,
            deposit_rate: or(
                self.deposit.map(|share| Permill::from_parts(share.ppm())),
                now.map(|now| now.deposit_rate),
                "deposit",
            )?,
        })
    }
}

async fn limits(args: &Limits) -> Result<(), Error> {
    let limits = LeaderLimits {
        least_share: Permill::from_parts(args.least_share.ppm()),
        least_wh_per_key: Wh(args.least_per_key),
        most_wh_per_key: Wh(args.most_per_key),
    };
    let mut session = args.sign.open().await?;
    let act = terms::set_limits(limits);
    let Some((block, _)) = args.sign.act(&mut session, "the leader's limits", &act).await? else {
        return Ok(());
    };
    if args.sign.json() {
        let mut said = limits_in_json(&limits);
        if let Value::Object(said) = &mut said {
            said.insert("block".to_owned(), block.number.into());
        }
        return output::json(&said);
    }
    say!("in slots whose gate opens after block {}: {}", block.number, limits_in_words(&limits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn set(options: &[&str]) -> Set {
        let words = ["qedex", "terms", "set", "--band", "on", "--suri", "//Alice"];
        let cli = Cli::try_parse_from([&words[..], options].concat()).unwrap();
        match cli.command {
            Command::Terms(Terms::Set(set)) => set,
            _ => panic!("terms set"),
        }
    }

    const LIST: PriceList = PriceList {
        floor: PricePerKwh(80),
        cap: PricePerKwh(300),
        grid_fee: PricePerKwh(20),
        tick: PricePerKwh(1),
        lot: Wh(100),
        least_order: Wh(100),
        deposit_rate: Permill::from_percent(70),
    };

    #[test]
    fn what_is_not_named_stays() {
        let list = set(&["--cap", "0.35", "--deposit", "75"]).list(Some(LIST)).unwrap();
        let cap = PricePerKwh(350_000_000_000);
        let deposit_rate = Permill::from_percent(75);
        assert_eq!(list, PriceList { cap, deposit_rate, ..LIST });
    }

    #[test]
    fn a_band_without_a_list_needs_all_of_it() {
        let error = set(&["--cap", "0.35"]).list(None).unwrap_err();
        assert!(error.to_string().contains("--floor"), "{error}");
    }
}

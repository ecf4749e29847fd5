//! `qedex tariff`: the rule by which slots get their tariff band.

use super::options::{Administer, Ask};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts::parse_wh,
    metering,
    told::tariff::{in_json, in_words, parse_range},
};
use qedex_math::{Wh, tariff::DayRange};
use qedex_primitives::tariff::MAX_LOOK_BACK;
use serde_json::Value;

/// What to do with the rule of the tariff bands.
#[derive(Debug, Subcommand)]
pub enum Tariff {
    /// Shows the rule of slots whose gate opens from now on.
    Show(Ask),
    /// Sets it (for the council, by --council, or Root, by --sudo).
    Set(Set),
}

/// Options of `tariff set`.
#[derive(Debug, Args)]
pub struct Set {
    /// A slot is on-peak if the metered demand is at this or above, in Wh per slot.
    #[arg(long, value_name = "WH", value_parser = parse_wh)]
    threshold: u64,
    /// The demand is the mean of so many closed slots.
    #[arg(long, value_name = "SLOTS", value_parser = clap::value_parser!(u8).range(1..=i64::from(MAX_LOOK_BACK)))]
    look_back: u8,
    /// A range of the day that is mid-peak, in slots of the day: from the first one, from 0, to the
    /// first one after it, up to 96. May be given up to four times, in order; never, if it is not
    /// given.
    #[arg(long, value_name = "FROM-UNTIL", value_parser = parse_range)]
    mid: Vec<DayRange>,
    /// Who signs.
    #[command(flatten)]
    sign: Administer,
}

impl Tariff {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Show(ask) => show(ask).await,
            Self::Set(args) => set(args).await,
        }
    }
}

async fn show(ask: &Ask) -> Result<(), Error> {
    let rule = metering::tariff(&ask.at().await?).await?;
    if ask.json {
        return output::json(&rule.as_ref().map(in_json));
    }
    say!("{}", in_words(rule.as_ref()))?;
    Ok(())
}

async fn set(args: &Set) -> Result<(), Error> {
    let rule = metering::tariff_rule(Wh(args.threshold), args.look_back, &args.mid)?;
    let mut session = args.sign.open().await?;
    let act = metering::set_tariff(&rule);
    let done = args.sign.act(&mut session, "the tariff rule", &act).await?;
    let Some((block, _)) = done else {
        return Ok(());
    };
    if args.sign.json() {
        let mut said = in_json(&rule);
        if let Value::Object(said) = &mut said {
            said.insert("block".to_owned(), block.number.into());
        }
        return output::json(&said);
    }
    say!("slots whose gate opens after block {}: {}", block.number, in_words(Some(&rule)))?;
    Ok(())
}

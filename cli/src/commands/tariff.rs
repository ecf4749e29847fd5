//! `qedex tariff`: the rule by which slots get their tariff band.

use super::options::{Administer, Ask};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts::parse_wh,
    metering::{self, TariffRule},
};
use qedex_math::{Wh, tariff::DayRange};
use qedex_primitives::tariff::MAX_LOOK_BACK;
use serde_json::{Value, json};

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

/// Two numbers in decimal digits and nothing else, with a dash between them.
fn parse_range(text: &str) -> Result<DayRange, String> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    let bad = || format!("{text:?} is no range of slots of the day, such as 28-36");
    let (from, until) = text.split_once('-').ok_or_else(bad)?;
    let (from, until) = number(from).zip(number(until)).ok_or_else(bad)?;
    Ok(DayRange { from, until })
}

/// When a slot of the day begins, where a slot is a quarter-hour.
fn time(slot_of_day: u8) -> String {
    format!("{:02}:{:02}", slot_of_day / 4, slot_of_day % 4 * 15)
}

/// The rule for programs.
pub(super) fn in_json(rule: &TariffRule) -> Value {
    let range = |range: &DayRange| {
        json!({
            "from": range.from,
            "until": range.until,
            "from_time": time(range.from),
            "until_time": time(range.until),
        })
    };
    json!({
        "threshold": rule.threshold.0,
        "look_back": rule.look_back,
        "mid": rule.mid.iter().map(range).collect::<Vec<_>>(),
    })
}

/// The rule for people.
pub(super) fn in_words(rule: Option<&TariffRule>) -> String {
    let Some(rule) = rule else {
        return "no rule: off-peak throughout".to_owned();
    };
    let ranges: Vec<_> = rule
        .mid
        .iter()
        .map(|range| {
            format!(
                "from slot {} of the day to before {} ({} to {} UTC in quarter-hours)",
                range.from,
                range.until,
                time(range.from),
                time(range.until)
            )
        })
        .collect();
    let mid = if ranges.is_empty() {
        "never mid-peak".to_owned()
    } else {
        format!("else mid-peak {}", ranges.join(" and "))
    };
    format!(
        "on-peak from {} Wh on, in the mean of the {} latest closed slots; {mid}; else off-peak",
        rule.threshold.0, rule.look_back
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_two_numbers() {
        let range = |from, until| DayRange { from, until };
        assert_eq!(parse_range("28-36"), Ok(range(28, 36)));
        assert_eq!(parse_range("0-96"), Ok(range(0, 96)));
        for bad in ["28", "28-", "-36", "+1-2", "1-2-3", "1 - 2", "7:00-9:00", "1-256"] {
            assert!(parse_range(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_rule_is_told_in_slots_and_in_times() {
        let rule = TariffRule {
            threshold: Wh(36_000),
            look_back: 4,
            mid: vec![parse_range("28-36").unwrap(), parse_range("69-96").unwrap()]
                .try_into()
                .unwrap(),
        };
        assert_eq!(
            in_words(Some(&rule)),
            "on-peak from 36000 Wh on, in the mean of the 4 latest closed slots; else mid-peak from \
             slot 28 of the day to before 36 (07:00 to 09:00 UTC in quarter-hours) and from slot 69 \
             of the day to before 96 (17:15 to 24:00 UTC in quarter-hours); else off-peak"
        );
        let rule = TariffRule { mid: Default::default(), ..rule };
        assert!(in_words(Some(&rule)).contains("never mid-peak"));
        assert!(in_words(None).contains("no rule"));
    }
}

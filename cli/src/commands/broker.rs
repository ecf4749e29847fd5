//! `qedex broker`: what a principal lets its broker do.

use super::options::{Ask, Sign};
use crate::{
    accounts::parse_account,
    error::Error,
    output::{self, say},
    slots::SlotName,
};
use clap::{Args, Subcommand};
use qedex_client::{
    At,
    amounts::{self, parse_money, parse_price},
    grants::{self, Grant},
    market::{Account, Plancks},
    queries,
    text::{DAY, account_text},
    told::grants::{in_json, in_words},
};
use qedex_math::PricePerKwh;
use serde_json::json;

/// What to do with grants.
#[derive(Debug, Subcommand)]
pub enum Broker {
    /// Lets a broker place, change and cancel orders for the signer, within sides, prices, a time and a
    /// budget in each slot. An earlier grant to it is replaced.
    Grant(GrantArgs),
    /// Ends a grant of the signer. Orders that were placed by it stay.
    Revoke(Revoke),
    /// Lists the grants that an account has given, or that it has got as a broker.
    List(List),
}

/// Options of `broker grant`.
#[derive(Debug, Args)]
pub struct GrantArgs {
    /// The broker.
    #[arg(value_name = "ACCOUNT", value_parser = parse_account)]
    broker: Account,
    /// It may buy, at most at this price in QED per kWh, grid fee included.
    #[arg(long, value_name = "PRICE", value_parser = parse_price, required_unless_present = "sell_from")]
    buy_up_to: Option<PricePerKwh>,
    /// It may sell, at least at this price in QED per kWh.
    #[arg(long, value_name = "PRICE", value_parser = parse_price)]
    sell_from: Option<PricePerKwh>,
    /// What its orders may hold together in one slot, in QED: what bids may cost, and asks' deposits. No
    /// slot costs more, whatever the broker does.
    #[arg(long, value_name = "QED", value_parser = parse_money)]
    budget: Plancks,
    /// For how many days.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_650))]
    days: u64,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `broker revoke`.
#[derive(Debug, Args)]
pub struct Revoke {
    /// The broker.
    #[arg(value_name = "ACCOUNT", value_parser = parse_account)]
    broker: Account,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

/// Options of `broker list`.
#[derive(Debug, Args)]
pub struct List {
    /// Those that this account has given.
    #[arg(
        long,
        value_name = "ACCOUNT",
        value_parser = parse_account,
        required_unless_present = "broker",
        conflicts_with = "broker"
    )]
    principal: Option<Account>,
    /// Those that this broker has got.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    broker: Option<Account>,
    /// Shows what is left of each budget in this slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: Option<SlotName>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

impl Broker {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Grant(args) => grant(args).await,
            Self::Revoke(args) => revoke(args).await,
            Self::List(args) => list(args).await,
        }
    }
}

async fn grant(args: &GrantArgs) -> Result<(), Error> {
    let (mut session, key) = args.by.begin().await?;
    let now = queries::time(session.at()).await?;
    let expires = now.saturating_add(args.days.saturating_mul(DAY));
    let GrantArgs { buy_up_to, sell_from, budget, .. } = *args;
    let grant = Grant { buy_up_to, sell_from, expires, budget };
    let call = grants::grant(args.broker, grant);
    let (block, _) = session.call("the grant", &call, &key).await?;
    let broker = account_text(args.broker);
    if args.by.json {
        return output::json(&json!({
            "broker": broker,
            "grant": in_json(&grant),
            "block": block.number,
        }));
    }
    say!("{broker} may {} from block {} on", in_words(&grant, now), block.number)
}

async fn revoke(args: &Revoke) -> Result<(), Error> {
    let call = grants::revoke(args.broker);
    let (block, _) = args.by.call("the end of the grant", &call).await?;
    let broker = account_text(args.broker);
    if args.by.json {
        return output::json(&json!({ "broker": broker, "block": block.number }));
    }
    say!(
        "the grant of {broker} has ended in block {}; its orders stay until they are cancelled",
        block.number
    )
}

async fn left(
    at: &At,
    args: &List,
    principal: Account,
    broker: Account,
) -> Result<Option<(u64, Option<Plancks>)>, Error> {
    let Some(name) = &args.slot else {
        return Ok(None);
    };
    let slot = name.to_see(at).await?;
    Ok(Some((slot, grants::budget_left(at, principal, broker, slot).await?)))
}

async fn list(args: &List) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let now = queries::time(&at).await?;
    let all: Vec<(Account, Account, Grant)> = match (args.principal, args.broker) {
        (Some(principal), _) => {
            let grants = grants::grants_of(&at, principal).await?;
            grants.into_iter().map(|(broker, grant)| (principal, broker, grant)).collect()
        }
        (None, Some(broker)) => {
            let grants = grants::grants_to(&at, broker).await?;
            grants.into_iter().map(|(principal, grant)| (principal, broker, grant)).collect()
        }
        (None, None) => Vec::new(),
    };
    let mut shown = Vec::new();
    for (principal, broker, grant) in all {
        let left = left(&at, args, principal, broker).await?;
        if args.ask.json {
            shown.push(json!({
                "principal": account_text(principal),
                "broker": account_text(broker),
                "grant": in_json(&grant),
                "in_force": grant.expires > now,
                "slot": left.map(|(slot, _)| slot),
                "left": left.and_then(|(_, left)| left).map(amounts::json),
            }));
            continue;
        }
        let left = match left {
            Some((slot, Some(left))) => format!("; {} left in slot {slot}", amounts::money(left)),
            _ => String::new(),
        };
        say!(
            "{} for {}: {}{left}",
            account_text(broker),
            account_text(principal),
            in_words(&grant, now)
        )?;
    }
    if args.ask.json {
        return output::json(&shown);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::args::Cli;
    use clap::Parser;

    #[test]
    fn a_grant_names_a_side_and_a_budget() {
        let with = |options: &[&str]| {
            let words = ["qedex", "broker", "grant", "//Charlie", "--suri", "//Dave"];
            Cli::try_parse_from([&words[..], options].concat())
        };
        assert!(with(&["--buy-up-to", "0.2", "--budget", "0.5"]).is_ok());
        assert!(with(&["--sell-from", "0.1", "--budget", "0.5"]).is_ok());
        assert!(with(&["--budget", "0.5"]).is_err());
        assert!(with(&["--sell-from", "0.1"]).is_err());
        let list = |options: &[&str]| {
            Cli::try_parse_from([&["qedex", "broker", "list"][..], options].concat())
        };
        assert!(list(&["--principal", "//Dave", "--slot", "next"]).is_ok());
        assert!(list(&["--broker", "//Charlie"]).is_ok());
        assert!(list(&[]).is_err());
        assert!(list(&["--broker", "//Charlie", "--principal", "//Dave"]).is_err());
    }
}

//! `qedex reputation`: whom to trust, and what one stakes on being trusted.

use super::options::{Ask, Sign};
use crate::{
    accounts::parse_account,
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    amounts::{self, parse_money},
    market::{Account, Plancks},
    queries, reputation,
    text::{account_text, owner_text},
    told::reputation::{counted, deposit_json, millionths, rater_json, trust_json},
};
use serde_json::json;
use subxt::tx::Payload;

/// What to do about reputation.
#[derive(Debug, Subcommand)]
pub enum Reputation {
    /// Shows the standing of an account's owner, what it counts, who rated it and how it is trusted.
    Show(Show),
    /// Locks money so as to be trusted, in addition to what is locked: all of it for at least a session
    /// of the validators from now on. It counts for the account that signs alone.
    Deposit(Deposit),
    /// Takes the whole deposit back, once its lock is over.
    Withdraw(Sign),
}

/// Options of `reputation show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The account that is asked about: 5..., or a name such as //Dave.
    #[arg(value_name = "ACCOUNT", value_parser = parse_account)]
    who: Account,
    /// Shows how much this account, with all others of its owner, trusts it.
    #[arg(long, value_name = "ACCOUNT", value_parser = parse_account)]
    by: Option<Account>,
    /// Which node, and how to answer.
    #[command(flatten)]
    ask: Ask,
}

/// Options of `reputation deposit`.
#[derive(Debug, Args)]
pub struct Deposit {
    /// How much: 25, 0.5 or 25QED in QED, or plancks as 250plancks.
    #[arg(value_name = "AMOUNT", value_parser = parse_money)]
    amount: Plancks,
    /// Who signs.
    #[command(flatten)]
    by: Sign,
}

impl Reputation {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Show(args) => show(args).await,
            Self::Deposit(args) => {
                let call = reputation::lock_deposit(args.amount);
                let what = format!("locked {}", amounts::money(args.amount));
                sign(&args.by, "the deposit", &call, &what).await
            }
            Self::Withdraw(by) => {
                let call = reputation::unlock_deposit();
                sign(by, "the withdrawal", &call, "the deposit is taken back").await
            }
        }
    }
}

async fn show(args: &Show) -> Result<(), Error> {
    let at = args.ask.at().await?;
    let standing = reputation::standing(&at, args.who).await?;
    let counts = reputation::counts(&at, args.who).await?;
    let mut raters = reputation::raters(&at, args.who).await?;
    raters.sort_by_key(|rater| (std::cmp::Reverse(rater.ratings.missed), rater.rater));
    let deposit = reputation::deposit(&at, args.who).await?;
    let trust = match args.by {
        Some(by) => Some(reputation::trust(&at, by, args.who).await?),
        None => None,
    };
    if args.ask.json {
        let mut said = json!({
            "account": account_text(args.who),
            "standing_ppm": standing,
            "counts": counted(counts),
            "raters": raters.iter().map(rater_json).collect::<Vec<_>>(),
        });
        said["deposit"] = json!(deposit.map(deposit_json));
        said["trust"] = json!(trust.map(trust_json));
        return output::json(&said);
    }
    say!("standing {}", millionths(standing.into()))?;
    say!(
        "{} full ratings kept and {} missed, over all accounts of its owner",
        millionths(counts.kept),
        millionths(counts.missed)
    )?;
    match deposit {
        None => say!("no trust deposit")?,
        Some(deposit) => {
            let left = deposit.locked_until.saturating_sub(queries::time(&at).await?);
            say!(
                "trust deposit {}, {} of the reference, locked for {} s more",
                amounts::money(deposit.amount),
                millionths(deposit.ppm.into()),
                left.div_ceil(1_000)
            )?;
        }
    }
    if let (Some(by), Some(trust)) = (args.by, trust) {
        say!(
            "trust of {}: {} ({} direct, {} indirect)",
            account_text(by),
            millionths(trust.trust_ppm.into()),
            millionths(trust.direct_ppm.into()),
            millionths(trust.indirect_ppm.into())
        )?;
    }
    if raters.is_empty() {
        return Ok(());
    }
    let mut table = output::table(vec!["rated by the owner", "kept", "missed", "its experience"]);
    for rater in raters {
        table.add_row(vec![
            owner_text(rater.rater),
            millionths(rater.ratings.kept),
            millionths(rater.ratings.missed),
            millionths(rater.experience),
        ]);
    }
    say!("{table}")?;
    Ok(())
}

async fn sign(by: &Sign, what: &str, call: &impl Payload, done: &str) -> Result<(), Error> {
    let (block, _) = by.call(what, call).await?;
    if by.json {
        return output::json(&json!({ "block": block.number }));
    }
    say!("{done} in block {}", block.number)?;
    Ok(())
}

//! `qedex blacklist`

use super::{Administer, Ask, distance, parse_account, parse_words, table};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::Subcommand;
use qedex_client::{
    market::Account,
    membership::{self},
    queries,
    text::account_text,
};
use serde_json::json;

const HOUR: u64 = 3_600_000;

/// What to do with the blacklist.
#[derive(Debug, Subcommand)]
pub enum Blacklist {
    /// Excludes an account's owner, with all of its accounts, from everything that a policy guards (for
    /// the council, by --council, or Root, by --sudo).
    Add {
        /// Which.
        #[arg(value_parser = parse_account)]
        account: Account,
        /// For how many hours, from 1 to 744 (31 days).
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=744))]
        hours: u64,
        /// Why, at most 64 bytes.
        #[arg(long, value_parser = parse_words::<64>)]
        reason: String,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
    /// Lifts an exclusion early (for the council, by --council, or Root, by --sudo), or clears one
    /// that has ended. It ends by itself.
    Remove {
        /// Whose.
        #[arg(value_parser = parse_account)]
        account: Account,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
    /// Lists the exclusions on record.
    List(Ask),
}

impl Blacklist {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Add { account, hours, reason, sign } => add(*account, *hours, reason, sign).await,
            Self::Remove { account, sign } => remove(*account, sign).await,
            Self::List(ask) => list(ask).await,
        }
    }
}

async fn add(account: Account, hours: u64, reason: &str, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let duration = hours.saturating_mul(HOUR);
    let act = membership::blacklist(account, reason, duration);
    let Some((block, _)) = sign.act(&mut session, "the exclusion", &act).await? else {
        return Ok(());
    };
    let until = block.time.saturating_add(duration);
    let account = account_text(account);
    if sign.json() {
        return output::json(&json!({ "account": account, "until": until, "block": block.number }));
    }
    say!("{account} is excluded for {hours} h from block {} on", block.number)?;
    Ok(())
}

async fn remove(account: Account, sign: &Administer) -> Result<(), Error> {
    let mut session = sign.open().await?;
    let act = membership::lift_exclusion(account);
    let Some((block, _)) = sign.act(&mut session, "the removal", &act).await? else {
        return Ok(());
    };
    let account = account_text(account);
    if sign.json() {
        return output::json(&json!({ "account": account, "block": block.number }));
    }
    say!("{account} is off the blacklist in block {}", block.number)?;
    Ok(())
}

async fn list(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let now = queries::time(&at).await?;
    let all = membership::exclusions(&at, now).await?;
    if ask.json {
        return output::json(&all);
    }
    let rows = all.into_iter().map(|exclusion| {
        let ends = if exclusion.in_force { "ends" } else { "ended" };
        let when = format!("{ends} {}", distance(exclusion.until, now));
        vec![exclusion.accounts.join("\n"), exclusion.reason, when]
    });
    say!("{}", table(&["accounts of the owner", "reason", "end"], rows))?;
    Ok(())
}

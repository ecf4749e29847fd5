//! `qedex validator`

use super::options::{Ask, Sign};
use crate::{
    error::Error,
    output::{self, say},
};
use clap::Subcommand;
use qedex_client::validators;
use serde_json::json;
use subxt::tx::Payload;

/// What to do about validators.
#[derive(Debug, Subcommand)]
pub enum Validator {
    /// Shows the present session's validators with their scores and slots.
    List(Ask),
    /// Leaves the set of validators; the session keys are purged when no set needs them any more. Keep the
    /// node running until the set without it is final.
    Leave(Sign),
    /// Does not want to leave any more.
    Stay(Sign),
}

impl Validator {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::List(ask) => list(ask).await,
            Self::Leave(args) => {
                sign(args, "the leave", &validators::leave()).await?;
                if !args.json {
                    say!("keep the node running until the set without it is final")?;
                }
                Ok(())
            }
            Self::Stay(args) => sign(args, "the stay", &validators::stay()).await,
        }
    }
}

async fn list(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let schedule = validators::schedule(&at).await?;
    if ask.json {
        return output::json(&schedule);
    }
    say!("session {}, seed {}", schedule.session, schedule.seed)?;
    for validator in schedule.validators {
        say!(
            "{:>5} slots  {}  score {}{}",
            validator.slots,
            validator.account,
            validator.score,
            validator.reduced.map_or_else(String::new, |why| format!(", at the floor: {why}")),
        )?;
    }
    Ok(())
}

async fn sign(args: &Sign, what: &str, call: &impl Payload) -> Result<(), Error> {
    let (block, _) = args.call(what, call).await?;
    if args.json {
        return output::json(&json!({ "block": block.number }));
    }
    say!("done in block {}", block.number)?;
    Ok(())
}

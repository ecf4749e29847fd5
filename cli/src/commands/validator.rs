//! `qedex validator`

use super::{open, print_json};
use crate::{
    args::Node,
    chain::{Chain, keys, validators},
    error::Error,
};
use clap::{Args, Subcommand};
use serde_json::json;
use subxt::tx::Payload;

/// What to do about validators.
#[derive(Debug, Subcommand)]
pub enum Validator {
    /// Shows the present session's validators with their scores and slots.
    List(List),
    /// Leaves the set of validators; the session keys are purged when no set needs them any more.
    Leave(Sign),
    /// Does not want to leave any more.
    Stay(Sign),
}

/// Options of `validator list`.
#[derive(Debug, Args)]
pub struct List {
    /// Which node.
    #[command(flatten)]
    node: Node,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

/// Options of what changes something.
#[derive(Debug, Args)]
pub struct Sign {
    /// Which node.
    #[command(flatten)]
    node: Node,
    /// The secret URI of the validator's account.
    #[arg(long, env = "QEDEX_SURI", hide_env_values = true)]
    suri: String,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Validator {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::List(args) => list(args).await,
            Self::Leave(args) => sign(args, "the leave", &validators::leave()).await,
            Self::Stay(args) => sign(args, "the stay", &validators::stay()).await,
        }
    }
}

async fn list(args: &List) -> Result<(), Error> {
    let at = Chain::connect(&args.node.url, args.node.genesis)
        .await?
        .now()
        .await?;
    let schedule = validators::schedule(&at).await?;
    if args.json {
        return print_json(&schedule);
    }
    println!("session {}, seed {}", schedule.session, schedule.seed);
    for validator in schedule.validators {
        println!(
            "{:>5} slots  {}  score {}{}",
            validator.slots,
            validator.account,
            validator.score,
            validator
                .reduced
                .map_or_else(String::new, |why| format!(", at the floor: {why}")),
        );
    }
    Ok(())
}

async fn sign(args: &Sign, what: &str, call: &impl Payload) -> Result<(), Error> {
    // A malformed secret is refused before anybody is asked.
    let key = keys::from_suri(&args.suri)?;
    let mut session = open(&args.node).await?;
    let (block, _) = session.call(what, call, &key).await?;
    if args.json {
        return print_json(&json!({ "block": block.number }));
    }
    println!("done in block {}", block.number);
    Ok(())
}

//! `qedex validator`

use super::options::{Administer, Ask, Sign};
use crate::{
    accounts::parse_account,
    error::Error,
    output::{self, say},
};
use clap::{Args, Subcommand};
use qedex_client::{
    block::{Block, Transaction},
    calls,
    market::Account,
    validators::{self, Forced},
};
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
    /// Admits an account to the set, by --council: it joins when it has session keys, may validate and its
    /// owner has no other seat.
    Admit {
        /// Which.
        #[arg(value_parser = parse_account)]
        account: Account,
        /// Takes the admission of an account that is in no set back.
        #[arg(long)]
        take_back: bool,
        /// Who signs.
        #[command(flatten)]
        sign: Administer,
    },
    /// Makes these accounts the voters, by --council, when more of the present ones are gone for good than
    /// the set bears and nothing becomes final any more. Use it with --best; see docs/recovery.md.
    Force(Force),
}

/// Options of `validator force`.
#[derive(Debug, Args)]
pub struct Force {
    /// Who votes, and validates from the next session on: each has session keys, and its node runs.
    #[arg(value_parser = parse_account, required = true)]
    accounts: Vec<Account>,
    /// The last block that was final; the node's own otherwise. Compare it with those of the others: the
    /// highest one is meant.
    #[arg(long, requires = "set_id")]
    last_final: Option<u32>,
    /// The number of the set that votes there.
    #[arg(long, requires = "last_final")]
    set_id: Option<u64>,
    /// After how many blocks they vote: time for every node to have the block.
    #[arg(long, default_value_t = 2)]
    #[arg(value_parser = clap::value_parser!(u32).range(..=i64::from(LONGEST_DELAY)))]
    delay: u32,
    /// Who signs.
    #[command(flatten)]
    sign: Administer,
}

/// The longest delay that the chain takes, in blocks.
const LONGEST_DELAY: u32 = 10_000;

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
            Self::Admit { account, take_back: false, sign } => {
                administer(sign, "the admission", &validators::admit(*account)).await
            }
            Self::Admit { account, take_back: true, sign } => {
                administer(sign, "the withdrawal", &validators::withdraw_admission(*account)).await
            }
            Self::Force(args) => force(args).await,
        }
    }
}

async fn administer(by: &Administer, what: &str, call: &impl Payload) -> Result<(), Error> {
    let mut session = by.open().await?;
    done(by, by.act(&mut session, what, call).await?)
}

/// Says in which block it was done, if it does not wait for votes.
fn done(by: &Administer, acted: Option<(Block, Transaction)>) -> Result<(), Error> {
    let Some((block, _)) = acted else {
        return Ok(());
    };
    if by.json() {
        return output::json(&json!({ "block": block.number }));
    }
    say!("done in block {}", block.number)?;
    Ok(())
}

async fn force(args: &Force) -> Result<(), Error> {
    let by = &args.sign;
    let mut session = by.open().await?;
    let (last_final, set_id) = match args.last_final.zip(args.set_id) {
        Some(given) => given,
        None => session.chain().finality().await?,
    };
    let validators = args.accounts.clone();
    let forced = Forced { validators, last_final, set_id, delay: args.delay };
    if !by.json() {
        say!("block {last_final} is the last that was final, with the votes of set {set_id}")?;
    }
    let call = validators::force_set(&forced);
    let what = "the forced set";
    if by.by_root() {
        return done(by, by.act(&mut session, what, &call).await?);
    }
    // What the council has made of a call is Root's.
    let call = calls::whitelisted(session.at(), &call)?;
    done(by, by.act(&mut session, what, &call).await?)
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

//! `qedex trade`: how a trade is finished.

mod buyer;
mod list;
mod seller;
mod watch;

use super::{
    Found,
    options::{Ask, Sign},
};
use crate::{
    error::Error,
    output::{self, say},
    slots::SlotName,
};
use clap::{Args, Subcommand};
use qedex_client::{
    queries, settlement,
    told::settlement::{rules_in_words, rules_json},
};
use std::path::PathBuf;

/// What to do about trades.
#[derive(Debug, Subcommand)]
pub enum Trade {
    /// Lists the open trades of an account or of a slot, and where they stand.
    List(list::List),
    /// Commits the seller, the owner of the account, to its meters' bill of a slot; what opens the
    /// commitment is kept on disk.
    Commit(seller::Commit),
    /// Writes what opens the seller's commitment into a private file for each buyer.
    Open(seller::Open),
    /// Checks the opening that a buyer got: status 0 if its bill covers the trade, 1 if not.
    Verify(buyer::Verify),
    /// Acknowledges the delivery of a trade, as its buyer: it is paid at once.
    Acknowledge(buyer::Finish),
    /// Complains about a trade, as its buyer: the seller has to reveal its bill. A bond is held.
    Complain(buyer::Finish),
    /// Reveals the bill of a slot on the chain, of a seller that was complained about or drawn: as the
    /// seller, or as whoever holds what opens its commitment.
    Reveal(seller::Reveal),
    /// Follows a slot, or one trade of it, until it is settled.
    Watch(watch::Watch),
    /// Shows the rules of settlement.
    Rules(Ask),
}

impl Trade {
    /// Does it.
    pub async fn run(&self) -> Result<Found, Error> {
        match self {
            Self::List(args) => list::list(args).await,
            Self::Commit(args) => seller::commit(args).await,
            Self::Open(args) => seller::open_to(args).await,
            Self::Verify(args) => return buyer::verify(args).await,
            Self::Acknowledge(args) => buyer::acknowledge(args).await,
            Self::Complain(args) => buyer::complain(args).await,
            Self::Reveal(args) => seller::reveal(args).await,
            Self::Watch(args) => watch::watch(args).await,
            Self::Rules(args) => rules(args).await,
        }
        .map(|()| Found::Right)
    }
}

/// Who sells, and where its openings are kept.
#[derive(Debug, Args)]
pub struct Seller {
    /// The delivery slot: its number, next, or a time such as 14:30.
    #[arg(long)]
    slot: SlotName,
    /// Keeps openings in this folder [default: $XDG_DATA_HOME/qedex/openings, or
    /// ~/.local/share/qedex/openings].
    #[arg(long, value_name = "DIR")]
    store: Option<PathBuf>,
    /// Who signs.
    #[command(flatten)]
    sign: Sign,
}

async fn rules(ask: &Ask) -> Result<(), Error> {
    let at = ask.at().await?;
    let rules = settlement::rules(&at).await?;
    let now = queries::time(&at).await?;
    let pause = settlement::pause(&at, now).await?;
    if ask.json {
        return output::json(&rules_json(&rules, pause.as_ref()));
    }
    say!("{}", rules_in_words(&rules, pause.as_ref(), now))
}

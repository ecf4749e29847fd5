//! The command line.

use crate::{
    commands::{
        Attribute, Blacklist, Broker, Council, Credential, Found, Keys, Leader, Letter, Market,
        Meter, Order, Owner, Play, Policy, Reading, Reputation, Role, Sae, Session, Site, Tariff,
        Terms, Trade, Validator, options::Ask, status,
    },
    error::Error,
};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use qedex_planner::Plan;
use std::ffi::OsString;

mod numbers;

/// The command line of Q-EnergyDEX for prosumers and operators.
///
/// Ends with 0 when all went well, with 1 when a run was played but an invariant does not hold or
/// an opening does not prove what it should, and with 2 on any error.
#[derive(Debug, Parser)]
#[command(name = "qedex", version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// Reads the command line, of which the first word is the program's name. Numbers are read as
    /// [`numbers`] says.
    pub fn read(
        words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> Result<Self, clap::Error> {
        let mut command = numbers::with_negative_values(Self::command());
        let read = command.try_get_matches_from_mut(words)?;
        numbers::refuse_plus_signs(&mut command, &read)?;
        Self::from_arg_matches(&read).map_err(|error| error.format(&mut command))
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Plays a real community's quarter-hours on a development chain, from orders to settlement.
    Play(Play),
    /// Shows the chain, the market's terms and the present slots.
    Status(Ask),
    /// Places, changes or cancels orders.
    #[command(subcommand)]
    Order(Order),
    /// Shows the book of a slot, its depth, and how slots cleared.
    #[command(subcommand)]
    Market(Market),
    /// Registers, changes and lists meters, shows what follows from their readings, and signs as one.
    #[command(subcommand)]
    Meter(Meter),
    /// The rule by which slots get their tariff band.
    #[command(subcommand)]
    Tariff(Tariff),
    /// The price list of each tariff band, and the leader's limits.
    #[command(subcommand)]
    Terms(Terms),
    /// By how much the aggregator lets slots trade.
    #[command(subcommand)]
    Leader(Leader),
    /// What principals let their brokers do.
    #[command(subcommand)]
    Broker(Broker),
    /// Publishes, corrects and lists readings.
    #[command(subcommand)]
    Reading(Reading),
    /// Finishes trades: commitments and their openings, acknowledgements, complaints and reveals.
    #[command(subcommand)]
    Trade(Trade),
    /// Whom to trust, and what is staked on it.
    #[command(subcommand)]
    Reputation(Reputation),
    /// Sessions under keys of a key service, and what is said in them.
    #[command(subcommand)]
    Session(Session),
    /// As which secure application entity (SAE) an account draws keys of a key service, and how sessions
    /// reach it.
    #[command(subcommand)]
    Sae(Sae),
    /// How many keys there are for the market, by what is reported of links.
    #[command(subcommand)]
    Keys(Keys),
    /// Sites of key services, and the links between them.
    #[command(subcommand)]
    Site(Site),
    /// Letters under QKD keys: one text, one key.
    #[command(subcommand)]
    Letter(Letter),
    /// Who stands behind which account.
    #[command(subcommand)]
    Owner(Owner),
    /// The attributes of the community.
    #[command(subcommand)]
    Attribute(Attribute),
    /// Who has which attribute.
    #[command(subcommand)]
    Credential(Credential),
    /// Formulas over attributes, and what they say about an account.
    #[command(subcommand)]
    Policy(Policy),
    /// Which policy each role requires.
    #[command(subcommand)]
    Role(Role),
    /// Who is excluded.
    #[command(subcommand)]
    Blacklist(Blacklist),
    /// The motions of the consortium council, which administers the chain.
    #[command(subcommand)]
    Council(Council),
    /// Who writes blocks.
    #[command(subcommand)]
    Validator(Validator),
    /// Computes off-line, with the runtime's own mathematics.
    #[command(subcommand)]
    Plan(Plan),
}

impl Command {
    /// Does it.
    pub async fn run(&self) -> Result<Found, Error> {
        match self {
            Self::Play(command) => return command.run().await,
            Self::Trade(command) => return command.run().await,
            Self::Status(ask) => status::run(ask).await?,
            Self::Order(command) => command.run().await?,
            Self::Market(command) => command.run().await?,
            Self::Meter(command) => command.run().await?,
            Self::Reading(command) => command.run().await?,
            Self::Tariff(command) => command.run().await?,
            Self::Reputation(command) => command.run().await?,
            Self::Owner(command) => command.run().await?,
            Self::Terms(command) => command.run().await?,
            Self::Leader(command) => command.run().await?,
            Self::Broker(command) => command.run().await?,
            Self::Session(command) => command.run().await?,
            Self::Sae(command) => command.run().await?,
            Self::Keys(command) => command.run().await?,
            Self::Site(command) => command.run().await?,
            Self::Letter(command) => command.run().await?,
            Self::Attribute(command) => command.run().await?,
            Self::Credential(command) => command.run().await?,
            Self::Policy(command) => command.run().await?,
            Self::Role(command) => command.run().await?,
            Self::Blacklist(command) => command.run().await?,
            Self::Council(command) => command.run().await?,
            Self::Validator(command) => command.run().await?,
            Self::Plan(command) => command.run()?,
        }
        Ok(Found::Right)
    }
}

#[cfg(test)]
mod tests;

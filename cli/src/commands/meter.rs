//! `qedex meter`

mod changes;
mod flow;
mod keys;
mod list;

use crate::error::Error;
use clap::Subcommand;

/// How many delivery slots a day has.
pub const SLOTS_PER_DAY: u64 = 96;

/// What a meter does.
#[derive(Debug, Subcommand)]
pub enum Meter {
    /// Prints the public key of a meter's secret, by which it is registered. No node is asked.
    Key(keys::Key),
    /// Prints a signed reading as JSON. With --genesis no node is asked.
    Sign(keys::Sign),
    /// Registers a meter, as an installer who is independent of its owner.
    Register(changes::Register),
    /// Gives a meter another key from the next slot on.
    Rotate(changes::Rotate),
    /// Gives a meter another owner from the first slot on whose gate has not opened.
    Transfer(changes::Transfer),
    /// Takes a meter out of service.
    Decommission(changes::Decommission),
    /// Removes a meter that is out of service, once none of its slots is kept; anyone may.
    Remove(changes::Remove),
    /// Lists meters with their owners and keys.
    List(list::List),
    /// Shows what flowed through an account's meters in a slot; silence counts as consumption.
    Flow(flow::FlowOf),
    /// Shows what all meters together said of a slot.
    Totals(flow::TotalsOf),
    /// Prints the demand of a day's closed slots as CSV, as plan par takes it; 0 where no meter had a
    /// reading.
    Load(flow::LoadOf),
    /// Shows the tariff band of a slot (BC-ET-MF, eq. 17), and the standing rule.
    Band(flow::BandOf),
    /// Shows the peak-to-average ratio of a day (BC-ET-MF, eq. 18).
    Par(flow::ParOf),
}

impl Meter {
    /// Does it.
    pub async fn run(&self) -> Result<(), Error> {
        match self {
            Self::Key(args) => keys::key(args),
            Self::Sign(args) => keys::sign(args).await,
            Self::Register(args) => changes::register(args).await,
            Self::Rotate(args) => changes::rotate(args).await,
            Self::Transfer(args) => changes::transfer(args).await,
            Self::Decommission(args) => changes::decommission(args).await,
            Self::Remove(args) => changes::remove(args).await,
            Self::List(args) => list::list(args).await,
            Self::Flow(args) => flow::flow(args).await,
            Self::Totals(args) => flow::totals(args).await,
            Self::Load(args) => flow::load(args).await,
            Self::Band(args) => flow::band(args).await,
            Self::Par(args) => flow::par(args).await,
        }
    }
}

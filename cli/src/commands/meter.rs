//! `qedex meter`

mod changes;
mod confirmations;
mod flow;
mod keys;
mod list;

use crate::error::Error;
use clap::Subcommand;

/// What a meter does.
#[derive(Debug, Subcommand)]
pub enum Meter {
    /// Prints the public key of a meter's secret, by which it is registered. No node is asked.
    Key(keys::Key),
    /// Prints a signed reading as JSON. With --genesis no node is asked.
    Sign(keys::Sign),
    /// Files a new meter at a connection or behind one, as an installer who is independent of its
    /// owner.
    Register(changes::Register),
    /// Files another key of a meter.
    Rotate(changes::Rotate),
    /// Files another account that answers for a meter, and so another owner.
    Transfer(changes::Transfer),
    /// Files other ratings of a meter.
    Rate(changes::Rate),
    /// Files the end of a meter's service.
    Decommission(changes::Decommission),
    /// Lists the changes that wait for confirmations, and whose.
    Pending(confirmations::Waiting),
    /// Confirms a change: as an owner concerned, as a second installer, or for one of them as the
    /// council.
    Confirm(confirmations::Confirm),
    /// Withdraws a change that one has filed or, with --confirmation, one's word.
    Withdraw(confirmations::Withdraw),
    /// Refuses a change of one's meter, which ends it.
    Refuse(confirmations::Ended),
    /// Removes a change that nobody can confirm any more; anyone may.
    Clear(confirmations::Ended),
    /// Removes a meter that is out of service, once none of its slots is kept; anyone may.
    Remove(changes::Remove),
    /// Shows a meter: where it sits, whose it is, what it can read, and who installed it.
    Show(list::Show),
    /// Lists meters with their owners and keys.
    List(list::List),
    /// Shows what flowed through the connections of an account's owner in a slot; silence counts as
    /// consumption.
    Flow(flow::FlowOf),
    /// Shows what all connections together said of a slot.
    Totals(flow::TotalsOf),
    /// Prints the demand of a day's closed slots as CSV, as plan par takes it; 0 where no connection
    /// had a reading.
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
            Self::Rate(args) => changes::rate(args).await,
            Self::Decommission(args) => changes::decommission(args).await,
            Self::Pending(args) => confirmations::pending(args).await,
            Self::Confirm(args) => confirmations::confirm(args).await,
            Self::Withdraw(args) => confirmations::withdraw(args).await,
            Self::Refuse(args) => confirmations::refuse(args).await,
            Self::Clear(args) => confirmations::clear(args).await,
            Self::Remove(args) => changes::remove(args).await,
            Self::Show(args) => list::show(args).await,
            Self::List(args) => list::list(args).await,
            Self::Flow(args) => flow::flow(args).await,
            Self::Totals(args) => flow::totals(args).await,
            Self::Load(args) => flow::load(args).await,
            Self::Band(args) => flow::band(args).await,
            Self::Par(args) => flow::par(args).await,
        }
    }
}

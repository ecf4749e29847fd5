//! The command line.

use crate::{
    commands::{
        Council, Tariff, Validator,
        membership::{Attribute, Blacklist, Credential, Policy, Role},
        metering,
        options::{parse_bytes32, scheme},
    },
    plan::Plan,
};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use qedex_client::{H256, metering::Scheme};
use qedex_play::{
    community::Start,
    strategy::{MILLION, Shares},
};
use std::{ffi::OsString, path::PathBuf, str::FromStr};

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
    Status(Status),
    /// Places, changes or cancels orders.
    #[command(subcommand)]
    Order(Order),
    /// Shows the book of a slot, its depth, and how slots cleared.
    #[command(subcommand)]
    Market(crate::commands::Market),
    /// Registers, changes and lists meters, shows what follows from their readings, and signs as one.
    #[command(subcommand)]
    Meter(Meter),
    /// The rule by which slots get their tariff band.
    #[command(subcommand)]
    Tariff(Tariff),
    /// Publishes, corrects and lists readings.
    #[command(subcommand)]
    Reading(ReadingCommand),
    /// Finishes trades: commitments and their openings, acknowledgements, complaints and reveals.
    #[command(subcommand)]
    Trade(crate::commands::Trade),
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

/// Which node, and of which chain.
#[derive(Debug, Args)]
pub struct Node {
    /// The node's WebSocket address.
    #[arg(long, default_value = "ws://127.0.0.1:9944")]
    pub url: String,
    /// The chain's genesis hash; a node of any other chain is refused.
    #[arg(long, value_name = "HEX", value_parser = parse_hash)]
    pub genesis: Option<H256>,
}

/// Options of `play`.
#[derive(Debug, Args)]
pub struct Play {
    /// Which node.
    #[command(flatten)]
    pub node: Node,
    /// How many quarter-hours to play.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..))]
    pub slots: u16,
    /// The first quarter-hour, as 2016-07-11T11:00 or, on that day, 11:00.
    #[arg(long, default_value = "2016-07-11T11:00")]
    pub from: Start,
    /// The seed of limit prices, arrival and cheating.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Writes the figures to this file.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Reads the community's data from this directory instead of the built-in copy.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Percent of the participants who commit privately instead of publishing where they sell.
    #[arg(long, default_value = "20", value_name = "PERCENT")]
    pub private_share: Share,
    /// Percent of the offers that are under-delivered by half.
    #[arg(long, default_value = "10", value_name = "PERCENT")]
    pub cheat_share: Share,
    /// Percent of the offers for which the seller neither commits nor publishes.
    #[arg(long, default_value = "5", value_name = "PERCENT")]
    pub silent_share: Share,
    /// Percent of the offers for which the seller commits, and neither opens nor reveals its bill.
    #[arg(long, default_value = "2", value_name = "PERCENT")]
    pub hiding_share: Share,
}

impl Play {
    /// The shares of the community that do this and that.
    pub const fn shares(&self) -> Shares {
        Shares {
            private: self.private_share.0,
            under_delivered: self.cheat_share.0,
            silent: self.silent_share.0,
            hiding: self.hiding_share.0,
        }
    }
}

/// A share in parts per million, given in percent.
#[derive(Clone, Copy, Debug)]
pub struct Share(pub u32);

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || format!("{text:?} is no percentage from 0 to 100");
        let percent: f64 = text.parse().map_err(|_| bad())?;
        if !(0.0..=100.0).contains(&percent) {
            return Err(bad());
        }
        Ok(Self((percent / 100.0 * f64::from(MILLION)).round() as u32))
    }
}

/// Options of `status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Which node.
    #[command(flatten)]
    pub node: Node,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// What to do with an order.
#[derive(Debug, Subcommand)]
pub enum Order {
    /// Places an order.
    Place(PlaceOrder),
    /// Changes an order before gate closure.
    Amend(AmendOrder),
    /// Withdraws an order before gate closure.
    Cancel(CancelOrder),
    /// Places the orders of a file, each judged by itself.
    Batch(BatchOrders),
    /// Sets or ends the order that is placed anew in every slot.
    Standing(StandingOrder),
}

/// Options of `order amend`.
#[derive(Debug, Args)]
pub struct AmendOrder {
    /// Which node.
    #[command(flatten)]
    pub node: Node,
    /// The delivery slot's number.
    #[arg(long)]
    pub slot: u64,
    /// The order's number within the slot.
    #[arg(long)]
    pub id: u32,
    /// The new limit price in plancks per kWh.
    #[arg(long, value_name = "PLANCKS_PER_KWH")]
    pub price: u128,
    /// The new energy in Wh.
    #[arg(long)]
    pub wh: u64,
    /// The secret URI of the account.
    #[arg(long, env = "QEDEX_SURI", hide_env_values = true)]
    pub suri: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `order batch`.
#[derive(Debug, Args)]
pub struct BatchOrders {
    /// Which node.
    #[command(flatten)]
    pub node: Node,
    /// Which slot.
    #[command(flatten)]
    pub slot: SlotArg,
    /// The orders: a CSV file with the columns side,price_per_kwh,wh; side is bid or ask.
    pub file: PathBuf,
    /// The secret URI of the account.
    #[arg(long, env = "QEDEX_SURI", hide_env_values = true)]
    pub suri: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `order standing`.
#[derive(Debug, Args)]
pub struct StandingOrder {
    /// Which node.
    #[command(flatten)]
    pub node: Node,
    /// Buy or sell.
    #[arg(long, required_unless_present = "end", requires_all = ["price", "wh"])]
    pub side: Option<SideArg>,
    /// The limit price in plancks per kWh.
    #[arg(long, value_name = "PLANCKS_PER_KWH", requires = "side")]
    pub price: Option<u128>,
    /// The energy in Wh.
    #[arg(long, requires = "side")]
    pub wh: Option<u64>,
    /// Ends the standing order; what it placed stays.
    #[arg(long, conflicts_with = "side")]
    pub end: bool,
    /// The secret URI of the account.
    #[arg(long, env = "QEDEX_SURI", hide_env_values = true)]
    pub suri: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Buy or sell.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum SideArg {
    /// To buy.
    Bid,
    /// To sell.
    Ask,
}

/// Which slot.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct SlotArg {
    /// The delivery slot's number.
    #[arg(long)]
    pub slot: Option<u64>,
    /// The first slot whose gate stays open for three more blocks.
    #[arg(long)]
    pub next: bool,
}

/// Options of `order place`.
#[derive(Debug, Args)]
pub struct PlaceOrder {
    /// Which node.
    #[command(flatten)]
    pub node: Node,
    /// Which slot.
    #[command(flatten)]
    pub slot: SlotArg,
    /// Buy or sell.
    #[arg(long)]
    pub side: SideArg,
    /// The limit price in plancks per kWh; a bid's includes the grid fee.
    #[arg(long, value_name = "PLANCKS_PER_KWH")]
    pub price: u128,
    /// The energy in Wh.
    #[arg(long)]
    pub wh: u64,
    /// The secret URI of the account, such as //Dave.
    #[arg(long, env = "QEDEX_SURI", hide_env_values = true)]
    pub suri: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `order cancel`.
#[derive(Debug, Args)]
pub struct CancelOrder {
    /// Which node.
    #[command(flatten)]
    pub node: Node,
    /// The delivery slot's number.
    #[arg(long)]
    pub slot: u64,
    /// The order's number within the slot.
    #[arg(long)]
    pub id: u32,
    /// The secret URI of the account.
    #[arg(long, env = "QEDEX_SURI", hide_env_values = true)]
    pub suri: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// What a meter does.
#[derive(Debug, Subcommand)]
pub enum Meter {
    /// Prints the public key of a meter's secret, by which it is registered. No node is asked.
    Key(MeterPublicKey),
    /// Prints a signed reading as JSON. With --genesis no node is asked.
    Sign(SignReading),
    /// Registers a meter, as an installer who is independent of its owner.
    Register(metering::Register),
    /// Gives a meter another key from the next slot on.
    Rotate(metering::Rotate),
    /// Gives a meter another owner from the first slot on whose gate has not opened.
    Transfer(metering::Transfer),
    /// Takes a meter out of service.
    Decommission(metering::Decommission),
    /// Removes a meter that is out of service, once none of its slots is kept; anyone may.
    Remove(metering::Remove),
    /// Lists meters with their owners and keys.
    List(metering::List),
    /// Shows what flowed through an account's meters in a slot; silence counts as consumption.
    Flow(metering::FlowOf),
    /// Shows what all meters together said of a slot.
    Totals(metering::TotalsOf),
    /// Prints the demand of a day's closed slots as CSV, as plan par takes it; 0 where no meter had a
    /// reading.
    Load(metering::LoadOf),
    /// Shows the tariff band of a slot (BC-ET-MF, eq. 17), and the standing rule.
    Band(metering::BandOf),
    /// Shows the peak-to-average ratio of a day (BC-ET-MF, eq. 18).
    Par(metering::ParOf),
}

/// A meter's secret.
#[derive(Debug, Args)]
pub struct MeterSecret {
    /// The secret URI of the meter's key.
    #[arg(long, env = "QEDEX_METER_SURI", hide_env_values = true)]
    pub meter_suri: String,
    /// The scheme of its signatures.
    #[arg(long, value_parser = scheme(), default_value = "sr25519")]
    pub scheme: Scheme,
}

/// Options of `meter key`.
#[derive(Debug, Args)]
pub struct MeterPublicKey {
    /// Of which meter.
    #[command(flatten)]
    pub secret: MeterSecret,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

/// Options of `meter sign`.
#[derive(Debug, Args)]
pub struct SignReading {
    /// Which chain the reading is for.
    #[command(flatten)]
    pub node: Node,
    /// Who signs.
    #[command(flatten)]
    pub secret: MeterSecret,
    /// The meter's number.
    #[arg(long)]
    pub meter: u32,
    /// The delivery slot's number.
    #[arg(long)]
    pub slot: u64,
    /// The energy that left through the connection, in Wh.
    #[arg(long, value_name = "WH")]
    pub generated: u64,
    /// The energy that entered, in Wh.
    #[arg(long, value_name = "WH")]
    pub consumed: u64,
    /// Prints JSON, as it does anyway.
    #[arg(long)]
    pub json: bool,
}

/// What to do with readings.
#[derive(Debug, Subcommand)]
pub enum ReadingCommand {
    /// Publishes one signed reading, or a JSON array of them in one batch.
    Submit(SubmitReadings),
    /// Corrects a reading, as an installer other than the first one; never raises a frozen slot.
    Correct(metering::Correct),
    /// Lists the readings of a meter, corrected ones with what the meter had signed.
    History(metering::History),
}

/// Options of `reading submit`.
#[derive(Debug, Args)]
pub struct SubmitReadings {
    /// Which node.
    #[command(flatten)]
    pub node: Node,
    /// A file with what `meter sign` printed, or a JSON array of that; - is standard input.
    pub file: PathBuf,
    /// The secret URI of the account that pays.
    #[arg(long, env = "QEDEX_SURI", hide_env_values = true)]
    pub suri: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
}

fn parse_hash(text: &str) -> Result<H256, String> {
    parse_bytes32(text).map(H256)
}

#[cfg(test)]
mod tests;

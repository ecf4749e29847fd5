//! What happens on the market, as blocks tell it.

use qedex_math::{PricePerKwh, Wh};
use qedex_primitives::{OrderId, OwnerId, TradeId};
use std::ops::{Deref, DerefMut};

pub use qedex_primitives::{Amounts, LeaderTerms as Corridor, NewOrder, Outcome, Side};

/// An account, by its public key.
pub type Account = [u8; 32];

/// An amount of money in plancks.
pub type Plancks = u128;

/// An order as the chain took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedOrder {
    /// Its number within the slot.
    pub id: OrderId,
    /// Whose it is.
    pub who: Account,
    /// Buy or sell.
    pub side: Side,
    /// The worst price that will do.
    pub limit: PricePerKwh,
    /// How much.
    pub energy: Wh,
    /// What is held for it.
    pub held: Plancks,
}

/// How a slot cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clearing {
    /// What traded.
    pub volume: Wh,
    /// What buyers pay per kWh, grid fee included; none if nothing traded.
    pub buyers_pay: Option<PricePerKwh>,
    /// What sellers get per kWh.
    pub sellers_receive: Option<PricePerKwh>,
    /// Whether there were too few keys for more.
    pub cap_binding: bool,
    /// Keys that the volume uses.
    pub keys_used: u64,
}

/// A trade that clearing made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Its number within the slot.
    pub id: TradeId,
    /// Who buys.
    pub buyer: Account,
    /// Who sells.
    pub seller: Account,
    /// For whom: what a commitment binds.
    pub owner: OwnerId,
    /// How much.
    pub energy: Wh,
    /// The buyer's money behind it.
    pub payment: Plancks,
    /// The seller's money behind it.
    pub deposit: Plancks,
    /// The buyer's money besides, for the bond of a complaint.
    pub reserve: Plancks,
}

/// What an outcome is called in JSON.
pub const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "delivered",
        Outcome::Trusted => "trusted",
        Outcome::Acknowledged => "acknowledged",
        Outcome::Refuted => "refuted",
        Outcome::Short => "short",
        Outcome::Defaulted => "defaulted",
        Outcome::Unanswered => "unanswered",
        Outcome::Annulled => "annulled",
        Outcome::Concealed => "concealed",
        Outcome::Forfeited => "forfeited",
    }
}

/// A trade's settlement: where its money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// How it ended.
    pub outcome: Outcome,
    /// The energy that the meter allots to the trade.
    pub metered: Wh,
    /// Where payment, deposit and bond went.
    pub amounts: Amounts,
}

impl Deref for Settlement {
    type Target = Amounts;

    fn deref(&self) -> &Amounts {
        &self.amounts
    }
}

impl DerefMut for Settlement {
    fn deref_mut(&mut self) -> &mut Amounts {
        &mut self.amounts
    }
}

/// What a block says about a delivery slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SlotEvent {
    /// An order was taken.
    Placed(PlacedOrder),
    /// The slot's price is found.
    Cleared(Clearing),
    /// All of the slot's trades are open; so many are they.
    Matched(u32),
    /// A trade was opened.
    Opened(Trade),
    /// An account paid for the work of a trade, or of the renewal of its standing order.
    Worked {
        /// Who.
        who: Account,
        /// How much.
        amount: Plancks,
        /// Whether for a renewal.
        renewal: bool,
    },
    /// A seller committed to its bill.
    Committed {
        /// Who sells.
        owner: OwnerId,
        /// By which of its accounts.
        by: Account,
        /// The commitment.
        commitment: [u8; 32],
    },
    /// A buyer complained about a seller: said of each of its trades with that one.
    Complained {
        /// About the trade of this number.
        id: TradeId,
        /// What is held of the buyer for it,
        bond: Plancks,
        /// and what of all the bond was free before, with the first trade: bids had set the rest aside.
        added: Plancks,
        /// Until when the seller's bill may be revealed.
        due: u64,
    },
    /// A seller's bill was revealed.
    Revealed {
        /// Who sold.
        owner: OwnerId,
        /// Who brought it.
        by: Account,
        /// What it delivered.
        delivered: Wh,
    },
    /// The trade of this number was settled.
    Settled(TradeId, Settlement),
    /// Everything of the slot is settled.
    Closed,
}

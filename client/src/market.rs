//! What happens on the market, in this program's own types: what the chain module decodes
//! into, and what figures are computed from.

use qedex_math::{PricePerKwh, Wh};

/// An account, by its public key.
pub type Account = [u8; 32];

/// An amount of money in plancks.
pub type Plancks = u128;

/// The side of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// To buy.
    Bid,
    /// To sell.
    Ask,
}

/// What of the leader's terms an order depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corridor {
    /// The feed-in price.
    pub floor: PricePerKwh,
    /// The grid price.
    pub cap: PricePerKwh,
    /// What the grid takes of each kWh.
    pub grid_fee: PricePerKwh,
    /// Limits are multiples of this.
    pub tick: PricePerKwh,
    /// Energies are multiples of this.
    pub lot: Wh,
    /// The least energy of an order.
    pub least_order: Wh,
}

/// An order as the chain took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedOrder {
    /// Its number within the slot.
    pub id: u32,
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
}

/// A trade that clearing made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Its number within the slot.
    pub id: u32,
    /// Who buys.
    pub buyer: Account,
    /// Who sells.
    pub seller: Account,
    /// How much.
    pub energy: Wh,
    /// The buyer's money behind it.
    pub payment: Plancks,
    /// The seller's money behind it.
    pub deposit: Plancks,
}

/// How a trade ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The meter showed full delivery.
    Delivered,
    /// A commitment to which nobody objected.
    Trusted,
    /// The buyer acknowledged the delivery.
    Acknowledged,
    /// The buyer complained, and the bill that was revealed shows full delivery.
    Refuted,
    /// The meter showed less than was traded.
    Short,
    /// Neither reading nor commitment.
    Defaulted,
    /// The buyer complained, and the seller did not reveal its bill.
    Unanswered,
    /// The chain stood still while evidence could be given: everything went back.
    Annulled,
}

impl Outcome {
    /// What it is called in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Trusted => "trusted",
            Self::Acknowledged => "acknowledged",
            Self::Refuted => "refuted",
            Self::Short => "short",
            Self::Defaulted => "defaulted",
            Self::Unanswered => "unanswered",
            Self::Annulled => "annulled",
        }
    }
}

/// A trade's settlement: where its money went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// How it ended.
    pub outcome: Outcome,
    /// The energy that the meter allots to the trade.
    pub metered: Wh,
    /// Of the payment, to the seller.
    pub to_seller: Plancks,
    /// Of the payment, to the grid.
    pub to_grid: Plancks,
    /// Of the payment, to the entropy fund.
    pub to_fund: Plancks,
    /// Of the payment, back to the buyer.
    pub refund: Plancks,
    /// Of the deposit, to the buyer.
    pub compensation: Plancks,
    /// Of the deposit, to the community fund.
    pub forfeited: Plancks,
    /// Of the deposit, back to the seller.
    pub deposit_back: Plancks,
    /// Of the bond of a complaint, to the seller.
    pub bond_to_seller: Plancks,
    /// Of the bond of a complaint, back to the buyer.
    pub bond_back: Plancks,
}

/// What a block says about a delivery slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// An order was taken.
    Placed(PlacedOrder),
    /// The slot's price is found.
    Cleared(Clearing),
    /// All of the slot's trades are open; so many are they.
    Matched(u32),
    /// A trade was opened.
    Opened(Trade),
    /// This seller committed to its bill, by this hash.
    Committed(Account, [u8; 32]),
    /// A buyer complained.
    Complained {
        /// About the trade of this number.
        id: u32,
        /// What is held of the buyer for it.
        bond: Plancks,
        /// Until when the seller may reveal.
        due: u64,
    },
    /// This seller revealed its bill, which shows so much delivered.
    Revealed(Account, Wh),
    /// The trade of this number was settled.
    Settled(u32, Settlement),
    /// Everything of the slot is settled.
    Closed,
}

//! The figures of a run: computed from the books, checked, and shown.

mod cheats;
mod invariants;
mod keys;
mod sessions;
mod table;

pub use cheats::{CheatFigures, CheatLine};
pub use keys::{KeyMarketFigures, KeyRun};
pub use sessions::{HandshakeFigures, KeyFigures, SessionFigures, SessionRun, TextFigures};

use crate::books::SlotBooks;
use qedex_client::market::{Account, Outcome, Plancks, Side};
use qedex_math::PricePerKwh;
use serde::Serialize;
use std::collections::BTreeMap;

/// What was asked for and what holds for the whole run, beside the books.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The seed of the community's behaviour.
    pub seed: u64,
    /// Where in the data play began.
    pub from: String,
    /// How many slots were to be played.
    pub slots: usize,
    /// The names of the participants by account.
    pub names: BTreeMap<Account, String>,
    /// The feed-in price.
    pub floor: PricePerKwh,
    /// The grid's fee.
    pub grid_fee: PricePerKwh,
    /// Total issuance before and after.
    pub issuance: (Plancks, Plancks),
    /// What is still held of the participants for the market at the end.
    pub still_held: Plancks,
    /// Transactions signed to set the community up.
    pub setup_transactions: u64,
    /// Transactions signed to play.
    pub play_transactions: u64,
    /// Transactions that the chain included but that failed, each with its error.
    pub failed: Vec<String>,
    /// Fees paid by all who signed.
    pub fees: Plancks,
    /// Sessions under keys of key services, if there were agents. Their transactions and fees are not
    /// among those above.
    pub sessions: Option<SessionFigures>,
    /// Keys that bound the market, and the beacon.
    pub keys: KeyRun,
}

/// All that a run shows. Energies in Wh, prices in plancks per kWh, money in plancks.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// The seed.
    pub seed: u64,
    /// Where in the data play began.
    pub from: String,
    /// How many take part.
    pub participants: usize,
    /// Slots that were to be played.
    pub slots_requested: usize,
    /// Slots in which energy was traded.
    pub slots_cleared: usize,
    /// Orders taken and refused.
    pub orders: OrderFigures,
    /// Energy.
    pub energy: EnergyFigures,
    /// Prices.
    pub prices: PriceFigures,
    /// Trades by outcome.
    pub trades: TradeFigures,
    /// Payments.
    pub money: MoneyFigures,
    /// Sellers' deposits.
    pub deposits: DepositFigures,
    /// Buyers' bonds.
    pub bonds: BondFigures,
    /// What the community saved against trading with the grid alone.
    #[serde(serialize_with = "as_text")]
    pub community_saving: i128,
    /// What cheating cost.
    pub cheats: CheatFigures,
    /// What it took of the chain.
    pub transactions: TransactionFigures,
    /// Keys that bound the market, and the beacon.
    pub keys: KeyMarketFigures,
    /// Sessions under keys of key services, if there were agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sessions: Option<SessionFigures>,
    /// Slot by slot.
    pub slots: Vec<SlotFigures>,
    /// What must hold, by name.
    pub invariants: BTreeMap<&'static str, bool>,
    /// Whether all of it holds.
    pub ok: bool,
}

/// Orders.
#[derive(Clone, Debug, Serialize)]
pub struct OrderFigures {
    /// Orders taken.
    pub placed: usize,
    /// To buy.
    pub bids: usize,
    /// To sell.
    pub asks: usize,
    /// Orders refused.
    pub refused: u64,
}

/// Energy in Wh.
#[derive(Clone, Debug, Serialize)]
pub struct EnergyFigures {
    /// Asked for sale.
    pub offered: u64,
    /// Bid for.
    pub demanded: u64,
    /// The lesser of surplus and deficit, slot by slot, before rounding to lots.
    pub tradable: u64,
    /// Traded.
    pub cleared: u64,
    /// Traded, in millionths of tradable.
    pub cleared_share_ppm: u64,
}

/// Prices in plancks per kWh.
#[derive(Clone, Debug, Serialize)]
pub struct PriceFigures {
    /// The least grid price of a slot, by its tariff band.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub grid: u128,
    /// The highest.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub grid_max: u128,
    /// The feed-in price, the corridor's floor.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub feed_in: u128,
    /// The grid's fee.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub grid_fee: u128,
    /// The least that buyers paid in a slot.
    #[serde(with = "qedex_client::amounts::as_plancks_string::option")]
    pub buyers_min: Option<u128>,
    /// The most.
    #[serde(with = "qedex_client::amounts::as_plancks_string::option")]
    pub buyers_max: Option<u128>,
    /// The least that sellers got in a slot.
    #[serde(with = "qedex_client::amounts::as_plancks_string::option")]
    pub sellers_min: Option<u128>,
    /// The most.
    #[serde(with = "qedex_client::amounts::as_plancks_string::option")]
    pub sellers_max: Option<u128>,
}

/// Trades by outcome.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TradeFigures {
    /// Opened.
    pub opened: usize,
    /// Settled, in whatever way.
    pub settled: usize,
    /// The meter showed full delivery.
    pub delivered: usize,
    /// Committed to without a complaint.
    pub trusted: usize,
    /// Acknowledged by the buyer.
    pub acknowledged: usize,
    /// Complained about without cause.
    pub refuted: usize,
    /// The meter showed less.
    pub short: usize,
    /// A bill that a complaint brought to light showed less.
    pub concealed: usize,
    /// Neither commitment nor reading.
    pub defaulted: usize,
    /// Complained about, and no bill revealed.
    pub unanswered: usize,
    /// Another trade of the seller was complained about, and no bill revealed.
    pub forfeited: usize,
    /// Given up because the payout failed.
    pub annulled: usize,
}

/// Payments in plancks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MoneyFigures {
    /// What buyers paid in the end.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub paid: Plancks,
    /// Of it, to sellers.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub to_sellers: Plancks,
    /// To the grid.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub to_grid: Plancks,
    /// To the entropy fund, the keys' shadow price and what rounding leaves; and to the community fund
    /// in the place of sellers that did not answer.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub to_funds: Plancks,
    /// What buyers had reserved for energy that never came, and got back.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub refunded: Plancks,
}

/// Deposits in plancks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DepositFigures {
    /// Held behind trades.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub held: Plancks,
    /// Returned to sellers.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub returned: Plancks,
    /// Paid to buyers for missing energy.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub compensation: Plancks,
    /// Paid to the community fund for missing energy.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub shortfall_fees: Plancks,
    /// Lost to the community fund.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub forfeited: Plancks,
}

/// The bonds of complaints in plancks.
#[derive(Clone, Debug, Default, Serialize)]
pub struct BondFigures {
    /// Held behind complaints about trades that are settled.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub held: Plancks,
    /// Returned to buyers.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub returned: Plancks,
    /// Lost to the community fund.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub forfeited: Plancks,
}

/// What it took of the chain.
#[derive(Clone, Debug, Serialize)]
pub struct TransactionFigures {
    /// Signed transactions in all.
    pub signed: u64,
    /// Of them, to set the community up.
    pub setup: u64,
    /// Included but failed.
    pub failed: Vec<String>,
    /// Their fees in plancks.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub fees: Plancks,
    /// What orders paid besides for the work of trades and of renewals, in plancks.
    #[serde(with = "qedex_client::amounts::as_plancks_string")]
    pub work: Plancks,
}

/// One slot.
#[derive(Clone, Debug, Serialize)]
pub struct SlotFigures {
    /// Local time in the data.
    pub time: String,
    /// Orders taken.
    pub orders: usize,
    /// Energy asked for sale, bid for, tradable and traded, in Wh.
    pub offered: u64,
    /// Bid for.
    pub demanded: u64,
    /// Tradable.
    pub tradable: u64,
    /// Traded.
    pub cleared: u64,
    /// What buyers paid per kWh.
    #[serde(with = "qedex_client::amounts::as_plancks_string::option")]
    pub buyers_pay: Option<u128>,
    /// What sellers got per kWh.
    #[serde(with = "qedex_client::amounts::as_plancks_string::option")]
    pub sellers_receive: Option<u128>,
    /// Trades.
    pub trades: usize,
    /// Keys that it was promised when its gate opened.
    pub keys_reserved: u64,
    /// Keys that its trades use.
    pub keys_used: u64,
    /// Whether there were too few for more trades.
    pub cap_bound: bool,
}

impl SlotFigures {
    fn of(books: &SlotBooks) -> Self {
        let price = |price: Option<PricePerKwh>| price.map(|price| price.0);
        Self {
            time: books.time.clone(),
            orders: books.orders.len(),
            offered: books.energy_of(Side::Ask).0,
            demanded: books.energy_of(Side::Bid).0,
            tradable: books.tradable.0,
            cleared: books.clearing.map_or(0, |clearing| clearing.volume.0),
            buyers_pay: price(books.clearing.and_then(|clearing| clearing.buyers_pay)),
            sellers_receive: price(books.clearing.and_then(|c| c.sellers_receive)),
            trades: books.trades.len(),
            keys_reserved: books.reserved.map_or(0, |reserved| reserved.keys),
            keys_used: books.clearing.map_or(0, |clearing| clearing.keys_used),
            cap_bound: books.clearing.is_some_and(|clearing| clearing.cap_binding),
        }
    }
}

impl Figures {
    /// The figures of `run` with its `books`, one for each slot played.
    pub fn of(run: &Run, books: &[SlotBooks]) -> Self {
        let slots: Vec<SlotFigures> = books.iter().map(SlotFigures::of).collect();
        let sum = |of: fn(&SlotFigures) -> u64| slots.iter().map(of).sum::<u64>();
        let slots_cleared = slots.iter().filter(|slot| slot.cleared > 0).count();
        let (trades, money, deposits) = settlements(books);
        let bonds = bonds(books);
        let cheats = cheats::figures(run, books);
        let energy = EnergyFigures {
            offered: sum(|slot| slot.offered),
            demanded: sum(|slot| slot.demanded),
            tradable: sum(|slot| slot.tradable),
            cleared: sum(|slot| slot.cleared),
            cleared_share_ppm: share_ppm(sum(|slot| slot.cleared), sum(|slot| slot.tradable)),
        };
        let invariants = invariants::invariants(run, books, slots_cleared, &trades, &cheats);
        let ask_count = books.iter().map(|b| b.side(Side::Ask).count()).sum::<usize>();
        let bid_count = books.iter().map(|b| b.side(Side::Bid).count()).sum::<usize>();
        let grid_prices = books.iter().filter_map(|b| b.grid_price).map(|price| price.0);
        Self {
            seed: run.seed,
            from: run.from.clone(),
            participants: run.names.len(),
            slots_requested: run.slots,
            slots_cleared,
            orders: OrderFigures {
                placed: ask_count.saturating_add(bid_count),
                bids: bid_count,
                asks: ask_count,
                refused: books.iter().map(|b| u64::from(b.refused)).sum(),
            },
            energy,
            prices: PriceFigures {
                grid: grid_prices.clone().min().unwrap_or_default(),
                grid_max: grid_prices.max().unwrap_or_default(),
                feed_in: run.floor.0,
                grid_fee: run.grid_fee.0,
                buyers_min: slots.iter().filter_map(|slot| slot.buyers_pay).min(),
                buyers_max: slots.iter().filter_map(|slot| slot.buyers_pay).max(),
                sellers_min: slots.iter().filter_map(|slot| slot.sellers_receive).min(),
                sellers_max: slots.iter().filter_map(|slot| slot.sellers_receive).max(),
            },
            trades,
            money,
            deposits,
            bonds,
            community_saving: books
                .iter()
                .map(|b| b.saving(run.floor))
                .fold(0, i128::saturating_add),
            cheats,
            transactions: TransactionFigures {
                signed: run.setup_transactions.saturating_add(run.play_transactions),
                setup: run.setup_transactions,
                failed: run.failed.clone(),
                fees: run.fees,
                work: books.iter().map(|b| b.work).fold(0, Plancks::saturating_add),
            },
            keys: KeyMarketFigures::of(&run.keys, books),
            sessions: run.sessions.clone(),
            slots,
            ok: invariants.values().all(|holds| *holds),
            invariants,
        }
    }

    /// The names of the invariants that do not hold.
    pub fn broken(&self) -> Vec<&'static str> {
        self.invariants.iter().filter(|(_, holds)| !**holds).map(|(name, _)| *name).collect()
    }
}

/// `part` of `whole` in parts per million, rounded down; nothing of nothing is nothing.
fn share_ppm(part: u64, whole: u64) -> u64 {
    let ppm = u128::from(part).saturating_mul(1_000_000).checked_div(u128::from(whole));
    ppm.and_then(|ppm| u64::try_from(ppm).ok()).unwrap_or(0)
}

fn settlements(books: &[SlotBooks]) -> (TradeFigures, MoneyFigures, DepositFigures) {
    let mut trades = TradeFigures::default();
    let mut money = MoneyFigures::default();
    let mut deposits = DepositFigures::default();
    trades.opened = books.iter().map(|b| b.trades.len()).sum();
    for (trade, settled) in books.iter().flat_map(SlotBooks::settled) {
        trades.settled += 1;
        *match settled.outcome {
            Outcome::Delivered => &mut trades.delivered,
            Outcome::Trusted => &mut trades.trusted,
            Outcome::Acknowledged => &mut trades.acknowledged,
            Outcome::Refuted => &mut trades.refuted,
            Outcome::Unanswered => &mut trades.unanswered,
            Outcome::Short => &mut trades.short,
            Outcome::Concealed => &mut trades.concealed,
            Outcome::Forfeited => &mut trades.forfeited,
            Outcome::Defaulted => &mut trades.defaulted,
            Outcome::Annulled => &mut trades.annulled,
        } += 1;
        money.paid += trade.payment.saturating_sub(settled.refund);
        money.to_sellers += settled.to_seller;
        money.to_grid += settled.to_grid;
        money.to_funds += settled.to_entropy_fund.saturating_add(settled.to_community_fund);
        money.refunded += settled.refund;
        deposits.held += trade.deposit;
        deposits.returned += settled.deposit_back;
        deposits.compensation += settled.compensation;
        deposits.shortfall_fees += settled.shortfall_fee;
        deposits.forfeited += settled.forfeited.saturating_add(settled.sellers_bond);
    }
    (trades, money, deposits)
}

fn bonds(books: &[SlotBooks]) -> BondFigures {
    let mut bonds = BondFigures::default();
    for slot in books {
        for (trade, settled) in slot.settled() {
            bonds.held += slot.bonds.get(&trade.id).copied().unwrap_or(0);
            bonds.returned += settled.bond_back;
            bonds.forfeited += settled.bond_to_community_fund;
        }
    }
    bonds
}

fn name_of(run: &Run, account: &Account) -> String {
    run.names.get(account).cloned().unwrap_or_else(|| format!("0x{}", hex::encode(account)))
}

/// An amount that may be below zero, as [`as_plancks_string`](qedex_client::amounts::as_plancks_string)
/// writes others.
fn as_text<S: serde::Serializer>(amount: &i128, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(amount)
}

#[cfg(test)]
mod tests;

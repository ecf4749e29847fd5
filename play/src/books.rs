//! The books of the slots played: what each was offered, how it cleared, how it ended, and
//! whether that was right.

use crate::strategy::Cheat;
use qedex_client::{
    ledger::Reservation,
    market::{
        Account, Clearing, Outcome, PlacedOrder, Plancks, Settlement, Side, SlotEvent, Trade,
    },
};
use qedex_math::{PricePerKwh, Wh};
use qedex_primitives::OwnerId;
use std::collections::BTreeMap;

/// The books of one delivery slot.
#[derive(Clone, Debug, Default)]
pub struct SlotBooks {
    /// Local time of the data that is played.
    pub time: String,
    /// The delivery slot on the chain.
    pub slot: u64,
    /// The grid price of its band.
    pub grid_price: Option<PricePerKwh>,
    /// What the community could trade within itself.
    pub tradable: Wh,
    /// Who cheats.
    pub cheats: BTreeMap<Account, Cheat>,
    /// The orders taken.
    pub orders: Vec<PlacedOrder>,
    /// How many orders the chain refused.
    pub refused: u32,
    /// What it was promised of keys when its gate opened; none if nothing.
    pub reserved: Option<Reservation>,
    /// How it cleared, if it did.
    pub clearing: Option<Clearing>,
    /// How many trades clearing announced.
    pub announced: Option<u32>,
    /// The trades and how they ended.
    pub trades: BTreeMap<u32, (Trade, Option<Settlement>)>,
    /// What sellers committed to.
    pub commitments: BTreeMap<OwnerId, [u8; 32]>,
    /// What is held for complaints, by trade.
    pub bonds: BTreeMap<u32, Plancks>,
    /// How much of that bids had not set aside.
    pub added: Plancks,
    /// What orders paid for the work of trades, and of renewals.
    pub work: Plancks,
    /// Whether the chain said that everything is settled.
    pub closed: bool,
}

impl SlotBooks {
    /// Enters what happened.
    pub fn enter(&mut self, slot_event: SlotEvent) {
        match slot_event {
            SlotEvent::Placed(order) => self.orders.push(order),
            SlotEvent::Cleared(clearing) => self.clearing = Some(clearing),
            SlotEvent::Matched(trades) => self.announced = Some(trades),
            SlotEvent::Opened(trade) => {
                self.trades.insert(trade.id, (trade, None));
            }
            SlotEvent::Settled(id, settlement) => {
                if let Some((_, settled)) = self.trades.get_mut(&id) {
                    *settled = Some(settlement);
                }
            }
            SlotEvent::Closed => self.closed = true,
            SlotEvent::Committed { owner, commitment, .. } => {
                self.commitments.insert(owner, commitment);
            }
            SlotEvent::Complained { id, bond, added, .. } => {
                self.bonds.insert(id, bond);
                self.added = self.added.saturating_add(added);
            }
            SlotEvent::Worked { amount, .. } => self.work = self.work.saturating_add(amount),
            SlotEvent::Revealed { .. } => {}
        }
    }

    /// Whether nothing of the slot is to come: it is matched and all its trades are settled.
    pub fn is_done(&self) -> bool {
        self.announced.is_some_and(|announced| {
            self.trades.len() as u64 == u64::from(announced)
                && self.trades.values().all(|(_, settled)| settled.is_some())
        })
    }

    /// For whom the account `seller` sold, if it did.
    pub fn owner_of(&self, seller: &Account) -> Option<OwnerId> {
        let mut trades = self.trades.values();
        trades.find(|(trade, _)| trade.seller == *seller).map(|(trade, _)| trade.owner)
    }

    /// What `seller` sold.
    pub fn sold_by(&self, seller: &Account) -> Wh {
        let of_seller = self.trades.values().filter(|(trade, _)| trade.seller == *seller);
        of_seller.fold(Wh::ZERO, |sum, (trade, _)| sum.saturating_add(trade.energy))
    }

    /// The orders of one side.
    pub fn side(&self, side: Side) -> impl Iterator<Item = &PlacedOrder> {
        self.orders.iter().filter(move |order| order.side == side)
    }

    /// The energy of the orders of one side.
    pub fn energy_of(&self, side: Side) -> Wh {
        self.side(side).fold(Wh::ZERO, |sum, order| sum.saturating_add(order.energy))
    }

    /// The settled trades.
    pub fn settled(&self) -> impl Iterator<Item = (&Trade, &Settlement)> {
        self.trades.values().filter_map(|(trade, settled)| Some((trade, settled.as_ref()?)))
    }

    /// Whether what was sold and what was bought are both the volume of clearing.
    pub fn energy_balances(&self) -> bool {
        let volume = self.clearing.map_or(Wh::ZERO, |clearing| clearing.volume);
        let mut sold = BTreeMap::<Account, u64>::new();
        let mut bought = BTreeMap::<Account, u64>::new();
        for (trade, _) in self.trades.values() {
            let add = |sum: &mut u64| *sum = sum.saturating_add(trade.energy.0);
            add(sold.entry(trade.seller).or_default());
            add(bought.entry(trade.buyer).or_default());
        }
        let sum = |of: &BTreeMap<Account, u64>| of.values().copied().sum::<u64>();
        let within_orders = |of: &BTreeMap<Account, u64>, side: Side| {
            of.iter().all(|(who, energy)| {
                let ordered = self.side(side).filter(|order| order.who == *who);
                *energy <= ordered.map(|order| order.energy.0).sum()
            })
        };
        sum(&sold) == volume.0
            && sum(&bought) == volume.0
            && within_orders(&sold, Side::Ask)
            && within_orders(&bought, Side::Bid)
    }

    /// Whether every fill lies inside the limit of its order, on both sides, and costs what
    /// the price says.
    pub fn fills_are_inside_limits(&self) -> bool {
        let Some(clearing) = self.clearing else {
            return self.trades.is_empty();
        };
        let (Some(pay), Some(get)) = (clearing.buyers_pay, clearing.sellers_receive) else {
            return self.trades.is_empty();
        };
        let accepts = |who: &Account, side: Side, inside: &dyn Fn(PricePerKwh) -> bool| {
            self.side(side).any(|order| order.who == *who && inside(order.limit))
        };
        self.trades.values().all(|(trade, _)| {
            accepts(&trade.buyer, Side::Bid, &|limit| pay <= limit)
                && accepts(&trade.seller, Side::Ask, &|limit| get >= limit)
                && pay.cost_floor(trade.energy) == Some(trade.payment)
        })
    }

    /// Whether every planck behind a settled trade and its complaint went somewhere. What bids set aside for
    /// complaints adds up when all trades are settled: one complaint takes it of several.
    pub fn money_adds_up(&self) -> bool {
        let all_settled = self.trades.values().all(|(_, settled)| settled.is_some());
        let sum = |of: fn(&(&Trade, &Settlement)) -> Plancks| -> Plancks {
            self.settled().map(|both| of(&both)).sum()
        };
        let reserved = sum(|(trade, _)| trade.reserve);
        let back = sum(|(_, settled)| settled.reserve_back);
        let held = self.bonds.values().sum::<Plancks>();
        let reserves_add_up =
            back.saturating_add(held) == reserved.saturating_add(self.added) || !all_settled;
        reserves_add_up
            && self.settled().all(|(trade, s)| {
                let paid = [s.to_seller, s.to_grid, s.to_entropy_fund, s.to_community_fund];
                let payment = paid.iter().sum::<Plancks>().saturating_add(s.refund);
                let lost = [s.compensation, s.shortfall_fee, s.forfeited, s.sellers_bond];
                let deposit = lost.iter().sum::<Plancks>().saturating_add(s.deposit_back);
                let bond = s.bond_to_community_fund.saturating_add(s.bond_back);
                let held = self.bonds.get(&trade.id).copied().unwrap_or(0);
                payment == trade.payment
                    && deposit == trade.deposit
                    && bond == held
                    && s.reserve_back <= trade.reserve
            })
    }

    /// Whether of those whom `plays` names none but cheats lost any of their deposits. What
    /// others do who happen to trade in the same slot is their own affair.
    pub fn honest_lost_nothing(&self, plays: impl Fn(&Account) -> bool) -> bool {
        self.settled().all(|(trade, settled)| {
            settled.deposit_back == trade.deposit
                || self.cheats.contains_key(&trade.seller)
                || !plays(&trade.seller)
        })
    }

    /// What the community saved by this slot's trades against the same energy bought from the grid at
    /// its price of the slot and sold to it at `feed_in`. What cheats pay is no saving.
    pub fn saving(&self, feed_in: PricePerKwh) -> i128 {
        let grid_price = self.grid_price.unwrap_or_default();
        let signed = |amount: Plancks| i128::try_from(amount).unwrap_or(i128::MAX);
        let value = |price: PricePerKwh, energy| signed(price.cost_floor(energy).unwrap_or(0));
        self.settled()
            .map(|(trade, settled)| {
                let flowed = match settled.outcome {
                    Outcome::Delivered
                    | Outcome::Trusted
                    | Outcome::Acknowledged
                    | Outcome::Refuted => trade.energy,
                    Outcome::Short | Outcome::Concealed => settled.metered.min(trade.energy),
                    Outcome::Defaulted
                    | Outcome::Unanswered
                    | Outcome::Forfeited
                    | Outcome::Annulled => Wh::ZERO,
                };
                let paid = signed(trade.payment.saturating_sub(settled.refund));
                let buyer = value(grid_price, flowed).saturating_sub(paid);
                let seller = signed(settled.to_seller).saturating_sub(value(feed_in, flowed));
                buyer.saturating_add(seller)
            })
            .fold(0, i128::saturating_add)
    }
}

#[cfg(test)]
#[allow(missing_docs)]
pub mod tests {
    use super::*;
    use qedex_client::market::Amounts;

    pub const BUYER: Account = [1; 32];
    pub const SELLER: Account = [2; 32];
    pub const CHEAT: Account = [3; 32];

    fn order(id: u32, who: Account, side: Side, limit: u128, energy: u64) -> PlacedOrder {
        PlacedOrder { id, who, side, limit: PricePerKwh(limit), energy: Wh(energy), held: 0 }
    }

    /// A slot with an honest trade of 1000 Wh and a short one of 500 Wh, half delivered.
    /// Buyers pay 200 000 per kWh, sellers get 180 000, the grid 20 000.
    pub fn books() -> SlotBooks {
        let mut books = SlotBooks {
            time: "2016-07-11T11:00".to_owned(),
            slot: 7,
            grid_price: Some(PricePerKwh(300_000)),
            tradable: Wh(1_600),
            cheats: BTreeMap::from([(CHEAT, Cheat::UnderDelivers)]),
            ..SlotBooks::default()
        };
        for order in [
            order(0, BUYER, Side::Bid, 250_000, 2_000),
            order(1, SELLER, Side::Ask, 100_000, 1_000),
            order(2, CHEAT, Side::Ask, 120_000, 500),
        ] {
            books.enter(SlotEvent::Placed(order));
        }
        books.enter(SlotEvent::Cleared(Clearing {
            volume: Wh(1_500),
            buyers_pay: Some(PricePerKwh(200_000)),
            sellers_receive: Some(PricePerKwh(180_000)),
            cap_binding: false,
            keys_used: 2,
        }));
        for (id, seller, energy) in [(0, SELLER, 1_000), (1, CHEAT, 500)] {
            books.enter(SlotEvent::Opened(Trade {
                id,
                buyer: BUYER,
                seller,
                owner: OwnerId(seller),
                energy: Wh(energy),
                payment: u128::from(energy) * 200,
                deposit: u128::from(energy) * 210,
                reserve: 20,
            }));
        }
        books.enter(SlotEvent::Matched(2));
        books.enter(SlotEvent::Settled(
            0,
            Settlement {
                outcome: Outcome::Delivered,
                metered: Wh(1_000),
                amounts: Amounts {
                    to_seller: 180_000,
                    to_grid: 20_000,
                    deposit_back: 210_000,
                    reserve_back: 20,
                    ..Amounts::default()
                },
            },
        ));
        books.enter(SlotEvent::Settled(
            1,
            Settlement {
                outcome: Outcome::Short,
                metered: Wh(250),
                amounts: Amounts {
                    to_seller: 45_000,
                    to_grid: 5_000,
                    refund: 50_000,
                    compensation: 25_000,
                    shortfall_fee: 7_500,
                    deposit_back: 72_500,
                    reserve_back: 20,
                    ..Amounts::default()
                },
            },
        ));
        books
    }

    #[test]
    fn right_books_are_found_right() {
        let books = books();
        assert!(books.is_done());
        assert!(books.energy_balances());
        assert!(books.fills_are_inside_limits());
        assert!(books.money_adds_up());
        assert!(books.honest_lost_nothing(|_| true));
        assert_eq!(books.sold_by(&CHEAT), Wh(500));
    }

    #[test]
    fn a_slot_is_done_only_when_matched_and_settled() {
        assert!(!SlotBooks::default().is_done(), "not matched");
        let mut books = books();
        books.trades.get_mut(&1).unwrap().1 = None;
        assert!(!books.is_done(), "a trade is open");
    }

    #[test]
    fn energy_from_nowhere_is_found() {
        let mut short = books();
        short.trades.get_mut(&0).unwrap().0.energy = Wh(900);
        assert!(!short.energy_balances(), "less than the volume");
        let mut over = books();
        over.trades.get_mut(&0).unwrap().0.energy = Wh(900);
        over.trades.get_mut(&1).unwrap().0.energy = Wh(600);
        assert!(!over.energy_balances(), "more than the order");
    }

    #[test]
    fn a_fill_outside_its_limit_is_found() {
        let mut buyer = books();
        buyer.orders[0].limit = PricePerKwh(199_999);
        assert!(!buyer.fills_are_inside_limits());
        let mut seller = books();
        seller.orders[2].limit = PricePerKwh(180_001);
        assert!(!seller.fills_are_inside_limits());
        let mut dear = books();
        dear.trades.get_mut(&0).unwrap().0.payment += 1;
        assert!(!dear.fills_are_inside_limits());
    }

    #[test]
    fn lost_money_is_found() {
        let mut books = books();
        books.trades.get_mut(&1).unwrap().1.as_mut().unwrap().compensation -= 1;
        assert!(!books.money_adds_up());
    }

    #[test]
    fn a_reserve_that_went_nowhere_is_found() {
        let mut books = books();
        books.trades.get_mut(&1).unwrap().1.as_mut().unwrap().reserve_back = 19;
        assert!(!books.money_adds_up());
    }

    #[test]
    fn what_work_cost_adds_up() {
        let mut books = books();
        for renewal in [false, true] {
            books.enter(SlotEvent::Worked { who: BUYER, amount: 7, renewal });
        }
        assert_eq!(books.work, 14);
    }

    #[test]
    fn a_bond_that_went_nowhere_is_found() {
        let mut books = books();
        books.enter(SlotEvent::Complained { id: 1, bond: 10, added: 0, due: 0 });
        assert!(!books.money_adds_up());
        books.trades.get_mut(&1).unwrap().1.as_mut().unwrap().reserve_back = 10;
        let settled = |books: &mut SlotBooks, lost, bond_back| {
            let settled = books.trades.get_mut(&1).unwrap().1.as_mut().unwrap();
            (settled.bond_to_community_fund, settled.bond_back) = (lost, bond_back);
        };
        settled(&mut books, 0, 10);
        assert!(books.money_adds_up());
        settled(&mut books, 10, 0);
        assert!(books.money_adds_up());
        settled(&mut books, 10, 1);
        assert!(!books.money_adds_up());
    }

    #[test]
    fn an_honest_loser_is_found() {
        let mut books = books();
        books.cheats.clear();
        assert!(!books.honest_lost_nothing(|_| true));
        assert!(books.honest_lost_nothing(|who| *who != CHEAT), "a stranger's loss is its own");
    }

    #[test]
    fn saving_is_what_the_grid_would_have_kept_less_its_fee() {
        // 1.25 kWh flowed; corridor 80 000 to 300 000 per kWh, fee 20 000.
        let saving = books().saving(PricePerKwh(80_000));
        assert_eq!(saving, 250_000);
    }
}

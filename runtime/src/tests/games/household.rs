//! What trading costs a household in fees: a day of the data that the README's run plays, on the first release
//! and now.
//!
//! A household of it without a battery buys of a neighbour what it lacks, and sells to it what it has left, at the
//! price in the middle.

use super::{
    super::chain::{
        Call, Chain, Code, Event,
        market::{Opened, own, own_meter},
    },
    document::*,
    world::SLOT,
};
use crate::*;
use qedex_primitives::{
    Bill, MeterId, Nonce as BillNonce, PricePerKwh, Side, SignedReading, SlotIndex, Wh, Windows,
};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::Permill;
use std::{collections::BTreeMap, path::Path};

const HOUSEHOLD: Key = Key::AliceStash;

/// Trades with it; has the second meter of the preset.
const NEIGHBOUR: Key = Key::Eve;
const NEIGHBOURS_METER: MeterId = MeterId(1);

/// Households of the community of the data: one with a plant, one with a heat pump, and one with neither.
const PLANT: &str = "p048";
const HEAT_PUMP: &str = "p009";
const NEITHER: &str = "p050";

/// Quarter-hours of a day.
const DAY: usize = 96;

/// What a standing order buys in each of them.
const STANDING: Wh = Wh(300);

const NONCE: BillNonce = [7; 32];

/// How the household trades, and answers for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// An order for each quarter-hour, and each of its readings in public.
    Publishes,
    /// An order for each quarter-hour, and a commitment for each in which it sells. It is drawn each time.
    Commits,
    /// The same without draws; it and its neighbour complain about all that they buy, and answer.
    Disputes,
    /// It buys by one standing order.
    Stands,
}

/// What came of a day.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    trades: u32,
    /// Bought and sold, in watt-hours.
    energy: u64,
    /// What it has beyond trade with the grid alone, fees apart, in plancks.
    gained: i128,
    /// What it paid for transactions, ...
    fees: Balance,
    /// ... and for the work of trades and of renewals.
    work: Balance,
}

impl Outcome {
    /// What it paid in all as a share of what it gained, in millionths.
    fn share(&self) -> i128 {
        (self.fees + self.work) as i128 * MILLION / self.gained
    }
}

fn table(name: &str) -> Vec<Vec<String>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/simbench").join(name);
    let text = std::fs::read_to_string(&data).expect("the community's data");
    text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// A number with decimals, in millionths.
fn millionths(text: &str) -> u64 {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{decimals:0<6}").parse().expect("a number")
}

/// What a household lacks in each quarter-hour of the day, or has left, in whole lots: load and plant as
/// the player has them, rounded to watt-hours, halves up.
fn day(participant: &str) -> Vec<(Side, Wh)> {
    let community = table("community_100.csv");
    let household = community.iter().find(|row| row[0] == participant).expect("it takes part");
    let profiles = table("2016-07-11_week_15min.csv");
    let column = |name: &str| profiles[0].iter().position(|column| column == name).expect(name);
    let load = column(&household[2]);
    let plant = Some(&household[4]).filter(|name| !name.is_empty()).map(|name| column(name));
    // Millionths of a peak in thousandths of a watt for a quarter of an hour.
    let energy = |share: &str, kilowatts: &str| {
        let watts = millionths(kilowatts) / 1_000;
        (millionths(share) * watts + 2_000_000) / 4_000_000
    };
    let lot = presets::leader_terms().lot.0;
    profiles[1..=DAY]
        .iter()
        .map(|row| {
            let load = energy(&row[load], &household[3]);
            let plant = plant.map_or(0, |plant| energy(&row[plant], &household[5]));
            let side = if plant > load { Side::Ask } else { Side::Bid };
            (side, Wh(plant.abs_diff(load) / lot * lot))
        })
        .collect()
}

/// The price in the middle of the corridor, as the side that orders says it.
fn price(side: Side) -> PricePerKwh {
    let terms = presets::leader_terms();
    let middle = PricePerKwh((terms.floor.0 + terms.cap.0 - terms.grid_fee.0) / 2);
    match side {
        Side::Bid => middle.saturating_add(terms.grid_fee),
        Side::Ask => middle,
    }
}

fn other(side: Side) -> Side {
    match side {
        Side::Bid => Side::Ask,
        Side::Ask => Side::Bid,
    }
}

/// The two of them on a chain.
struct Street {
    chain: Chain,
    first_release: bool,
    way: Way,
    first: SlotIndex,
    day: Vec<(Side, Wh)>,
    meter: MeterId,
    trades: BTreeMap<SlotIndex, Opened>,
    bills: BTreeMap<SlotIndex, Bill>,
    outcome: Outcome,
}

impl Street {
    fn of(code: Code, way: Way, participant: &str) -> Self {
        let first_release = code != Code::Native;
        let mut chain = Chain::begin(code, "development");
        if !first_release {
            let draw_chance = if way == Way::Commits { Permill::one() } else { Permill::zero() };
            let rules = pallet_settlement::Rules { draw_chance, ..Default::default() };
            let call = chain.call("Settlement", "set_rules", rules);
            chain.decree(call);
        }
        chain.admit(&[HOUSEHOLD], own);
        let meter = chain.install(HOUSEHOLD, &own_meter(HOUSEHOLD), Wh(10_000));
        let first = SlotIndex(chain.now / SLOT + 8);
        let day = match way {
            Way::Stands => vec![(Side::Bid, STANDING); DAY],
            _ => day(participant),
        };
        let (trades, bills, outcome) = Default::default();
        Self { chain, first_release, way, first, day, meter, trades, bills, outcome }
    }

    fn wanted(&self, slot: SlotIndex) -> Option<(Side, Wh)> {
        let place = usize::try_from(slot.0.checked_sub(self.first.0)?).ok()?;
        self.day.get(place).copied().filter(|(_, energy)| energy.0 > 0)
    }

    fn has_begun(&self, slot: SlotIndex) -> bool {
        (self.first.0..self.first.0 + DAY as u64).contains(&slot.0)
    }

    /// What a party's meter signs for a slot: the household's what it lacks or has left, the neighbour's
    /// what it has sold.
    fn reading(&mut self, who: Key, slot: SlotIndex) -> SignedReading {
        let wanted = self.wanted(slot);
        let flow = match wanted {
            Some((Side::Ask, energy)) if who == HOUSEHOLD => [energy, Wh::ZERO],
            Some((Side::Bid, energy)) if who == NEIGHBOUR => [energy, Wh::ZERO],
            Some((_, energy)) => [Wh::ZERO, energy],
            None => [Wh::ZERO; 2],
        };
        let meter = if who == HOUSEHOLD { self.meter } else { NEIGHBOURS_METER };
        self.chain.reading(meter, &own_meter(who), slot, flow)
    }

    /// The orders of both for a slot.
    fn orders(&self, slot: SlotIndex) -> Vec<(Key, Call)> {
        let Some((side, energy)) = self.wanted(slot) else { return Vec::new() };
        [(HOUSEHOLD, side), (NEIGHBOUR, other(side))]
            .into_iter()
            .filter(|(who, _)| self.way != Way::Stands || *who == NEIGHBOUR)
            .map(|(who, side)| (who, self.chain.order(slot, side, price(side), energy)))
            .collect()
    }

    /// Who sold in a slot, if it commits.
    fn committing(&self, slot: SlotIndex) -> Option<Key> {
        let seller = self.trades.get(&slot)?.seller.clone();
        let seller = Key::from_account_id(&seller)?;
        let commits = match self.way {
            Way::Publishes | Way::Stands => false,
            Way::Commits => seller == HOUSEHOLD,
            Way::Disputes => true,
        };
        commits.then_some(seller)
    }

    fn commitment(&mut self, slot: SlotIndex) -> Option<(Key, Call)> {
        let seller = self.committing(slot)?;
        let bill = Bill::truncate_from(vec![self.reading(seller, slot)]);
        let commitment = self.chain.commitment(seller, slot, &bill, &NONCE);
        self.bills.insert(slot, bill);
        Some((seller, self.chain.call("Settlement", "commit", (slot, commitment))))
    }

    /// The readings of a slot: the household publishes each of its own unless it is private, and the
    /// neighbour those of what it sold.
    fn readings(&mut self, slot: SlotIndex) -> Vec<(Key, Call)> {
        let sells = matches!(self.wanted(slot), Some((Side::Bid, _)));
        let publishes = match self.way {
            Way::Disputes => [false; 2],
            Way::Commits => [false, sells],
            Way::Publishes | Way::Stands => [self.has_begun(slot), sells],
        };
        let who = [HOUSEHOLD, NEIGHBOUR].into_iter().zip(publishes);
        who.filter(|(_, publishes)| *publishes)
            .map(|(who, _)| {
                let reading = self.reading(who, slot);
                (who, self.chain.call("Metering", "submit_reading", reading))
            })
            .collect()
    }

    fn complaint(&self, slot: SlotIndex) -> Option<(Key, Call)> {
        let trade = self.trades.get(&slot).filter(|_| self.way == Way::Disputes)?;
        let buyer = Key::from_account_id(&trade.buyer)?;
        Some((buyer, self.chain.call("Settlement", "complain", (slot, trade.id))))
    }

    /// What a seller reveals that was asked for its bill.
    fn answer(&mut self, slot: SlotIndex) -> Option<(Key, Call)> {
        let is_asked = match self.way {
            Way::Disputes => true,
            Way::Commits => !self.first_release,
            Way::Publishes | Way::Stands => false,
        };
        let bill = self.bills.remove(&slot).filter(|_| is_asked)?;
        let seller = Key::from_account_id(&self.trades.get(&slot)?.seller)?;
        let account = seller.to_account_id();
        let call = if self.first_release {
            self.chain.call("Settlement", "reveal", (slot, bill, NONCE))
        } else {
            self.chain.call("Settlement", "reveal", (slot, account, bill, NONCE))
        };
        Some((seller, call))
    }

    /// What both do in the slot `now`.
    fn due(&mut self, now: u64) -> Vec<(Key, Call)> {
        let windows = Windows::default();
        let before = |slots: u16| SlotIndex(now - u64::from(slots));
        let mut calls = self.orders(SlotIndex(now + u64::from(windows.gate_opens)));
        calls.extend(self.commitment(before(1)));
        calls.extend(self.readings(before(windows.commitments_until)));
        calls.extend(self.complaint(before(windows.readings_until)));
        // The first release took answers as soon as complaints, and until their end.
        let answers =
            if self.first_release { windows.readings_until + 1 } else { windows.complaints_until };
        calls.extend(self.answer(before(answers)));
        calls
    }

    fn note(&mut self, reported: Vec<Event>) {
        let household = HOUSEHOLD.to_account_id();
        for event in reported {
            if let Some(trade) = Opened::reported(&event) {
                self.outcome.trades += 1;
                self.outcome.energy += trade.energy.0;
                self.trades.insert(trade.slot, trade);
            }
            let is_work = ["WorkPaid", "RenewalPaid"].iter().any(|paid| event.is("Auction", paid));
            if is_work && event.account("who") == household {
                self.outcome.work += event.number("amount");
            }
        }
    }

    fn stand(&mut self, on: bool) {
        if self.way == Way::Stands {
            let order = (Side::Bid, price(Side::Bid), STANDING);
            let call = match on {
                true => self.chain.call("Auction", "set_standing_order", order),
                false => self.chain.call("Auction", "end_standing_order", ()),
            };
            self.chain.act(HOUSEHOLD, call);
        }
    }

    /// Plays the day, until all of it is settled.
    fn live(mut self) -> Outcome {
        let windows = Windows::default();
        let gate = u64::from(windows.gate_opens);
        let (first, end) = (self.first.0, self.first.0 + DAY as u64);
        self.chain.run_to((first - gate) * SLOT - SLOT / 2);
        self.chain.reported();
        let (money, paid) = (self.chain.wealth_of(HOUSEHOLD), self.chain.fees_of(HOUSEHOLD));
        self.stand(true);
        for now in first - gate..=end + u64::from(windows.final_at) {
            if now == end - gate {
                self.stand(false);
            }
            self.chain.step_to(now * SLOT);
            let reported = self.chain.reported();
            self.note(reported);
            let calls = self.due(now);
            let done = self.chain.block(&calls);
            assert!(done.iter().all(Result::is_ok), "{:?}: {done:?}", self.way);
        }
        let reported = self.chain.reported();
        self.note(reported);
        assert_eq!(self.chain.held_of(HOUSEHOLD), 0, "all is settled");
        let terms = presets::leader_terms();
        // What it bought would have cost the grid price, and what it sold brought the feed-in price.
        let alone: i128 = self
            .trades
            .values()
            .map(|trade| {
                let value = |price: PricePerKwh| price.cost_floor(trade.energy).expect("money");
                match trade.buyer == HOUSEHOLD.to_account_id() {
                    true => value(terms.cap) as i128,
                    false => -(value(terms.floor) as i128),
                }
            })
            .sum();
        self.outcome.gained = self.chain.wealth_of(HOUSEHOLD) as i128 - money as i128 + alone;
        self.outcome.fees = self.chain.fees_of(HOUSEHOLD) - paid - self.outcome.work;
        self.outcome
    }
}

/// Holds the row of a household and its way to trade, and says what it cost before and now.
fn costs(participant: &str, way: Way, what: &str) -> [Outcome; 2] {
    let [before, now] = [Code::of_release("v1"), Code::Native]
        .map(|code| Street::of(code, way, participant).live());
    assert_eq!((before.trades, before.energy), (now.trades, now.energy), "{way:?}");
    assert_eq!(before.work, 0);
    let row = Row::new(&[
        what,
        &now.trades.to_string(),
        &format!("{}.{}", now.energy / 1_000, now.energy % 1_000 / 100),
        &gain(before.gained),
        &qed(before.fees),
        &percent(before.share()),
        &gain(now.gained),
        &qed(now.fees),
        &qed(now.work),
        &percent(now.share()),
    ]);
    row.stands_in_the_document_under("household", 1);
    [before, now]
}

#[test]
fn who_publishes_its_readings_pays_fewer_fees_and_for_work() {
    let [before, now] = costs(PLANT, Way::Publishes, "with a plant, publishes its readings");
    assert!(now.fees < before.fees && now.work > 0, "{now:?}");
}

#[test]
fn commitments_and_answers_to_draws_cost_no_fee() {
    let what = "the same, commits to what it sells, and is drawn each time";
    let [before, now] = costs(PLANT, Way::Commits, what);
    assert!(now.fees < before.fees && now.gained == before.gained, "{now:?}");
}

#[test]
fn complaints_and_answers_cost_no_fee() {
    let what = "the same, and it and its neighbour complain about all that they buy";
    let [before, now] = costs(PLANT, Way::Disputes, what);
    assert!(now.fees < before.fees, "{now:?}");
}

#[test]
fn who_buys_more_at_a_time_pays_less_of_its_gain() {
    let [_, large] = costs(HEAT_PUMP, Way::Publishes, "with a heat pump, publishes its readings");
    let [_, small] = costs(NEITHER, Way::Publishes, "with neither, publishes its readings");
    assert!(2 * large.share() < small.share(), "{large:?}, {small:?}");
}

#[test]
fn a_standing_order_pays_for_its_renewals() {
    let what = "buys 300 Wh in each quarter-hour by a standing order";
    let [_, now] = costs(NEITHER, Way::Stands, what);
    assert!(now.work > now.fees, "{now:?}");
}

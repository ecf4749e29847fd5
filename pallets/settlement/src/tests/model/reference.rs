//! What must become of trades, money and ratings: a plain book-keeper that knows the rules and
//! nothing of how the pallet is built. It keeps everything that happened, and looks at every open
//! trade in every block.

use super::super::*;
use qedex_primitives::settlement::is_drawn;
use sp_runtime::Permill;
use std::collections::{BTreeMap, BTreeSet};

/// With what chance each seller is drawn.
pub const CHANCE: Permill = Permill::from_percent(40);

/// Whose an account is, by one of the accounts: 11 and 12 are the same seller's.
pub fn person(account: AccountId) -> AccountId {
    if account == 12 { 11 } else { account }
}

/// A trade and what became of it.
#[derive(Clone, Debug)]
pub struct Deal {
    pub slot: SlotIndex,
    pub id: u32,
    pub buyer: AccountId,
    pub seller: AccountId,
    pub energy: u64,
    pub payment: Balance,
    pub deposit: Balance,
    /// What the bid set aside for a complaint.
    pub reserve: Balance,
    /// Its part of the bond of the buyer's complaint.
    pub complaint: Option<Balance>,
    pub end: Option<(Outcome, u64)>,
}

/// What was said and done about a slot, by persons.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub readings: BTreeMap<AccountId, u64>,
    pub commitments: BTreeMap<AccountId, u64>,
    /// Who was complained about.
    pub complained: BTreeSet<AccountId>,
    /// What was revealed.
    pub reveals: BTreeMap<AccountId, u64>,
    /// For how long the clock stood still.
    pub lost: u64,
    /// What draws, and whether keys gave it.
    pub draw: Option<(H256, bool)>,
    pub defaulters: BTreeSet<AccountId>,
}

impl History {
    fn asks(&self, slot: SlotIndex, seller: AccountId) -> bool {
        self.complained.contains(&seller) || self.draws(slot, seller)
    }

    fn draws(&self, slot: SlotIndex, seller: AccountId) -> bool {
        let owner = Settlement::owner_of(&seller);
        let falls = |(value, _)| is_drawn(value, slot, owner, CHANCE);
        self.commitments.contains_key(&seller) && self.draw.is_some_and(falls)
    }
}

#[derive(Clone, Debug)]
pub struct Reference {
    pub deals: Vec<Deal>,
    pub slots: BTreeMap<SlotIndex, History>,
    pub free: BTreeMap<AccountId, i128>,
    pub held: BTreeMap<AccountId, i128>,
    pub ratings: Vec<(AccountId, AccountId, Wh, Verdict)>,
    /// The slots of each seller that have ended: on which day, and whether it defaulted.
    pub conduct: BTreeMap<AccountId, Vec<(u64, bool)>>,
    pub excluded: Vec<AccountId>,
    /// The latest pause: from when to when.
    pub pause: (u64, u64),
    /// The beacon's values, when the reveals of their epochs opened, and whether they are of keys.
    pub beacon: Vec<(u64, H256, bool)>,
    pub last_block: u64,
}

impl Reference {
    pub fn new(now: u64) -> Self {
        let funds = [GRID, ENTROPY, COMMUNITY].map(|who| (who, ED as i128));
        let traders = TRADERS.map(|who| (who, FUNDS as i128));
        Self {
            deals: vec![],
            slots: BTreeMap::new(),
            free: traders.chain(funds).collect(),
            held: BTreeMap::new(),
            ratings: vec![],
            conduct: BTreeMap::new(),
            excluded: vec![],
            pause: (0, 0),
            beacon: vec![],
            last_block: now,
        }
    }

    pub fn hold(&mut self, who: AccountId, amount: Balance) {
        *self.free.get_mut(&who).unwrap() -= amount as i128;
        *self.held.entry(who).or_default() += amount as i128;
    }

    /// Moves held money of `from` to the free money of `to`.
    fn pay(&mut self, from: AccountId, to: AccountId, amount: Balance) {
        *self.held.get_mut(&from).unwrap() -= amount as i128;
        *self.free.get_mut(&to).unwrap() += amount as i128;
    }

    fn is_open(&self, slot: SlotIndex) -> bool {
        let mut deals = self.deals.iter();
        deals.any(|deal| deal.slot == slot && deal.end.is_none())
    }

    pub fn open_slots(&self) -> BTreeSet<SlotIndex> {
        let open = self.deals.iter().filter(|deal| deal.end.is_none());
        open.map(|deal| deal.slot).collect()
    }

    pub fn next_id(&self, slot: SlotIndex) -> u32 {
        self.deals.iter().filter(|deal| deal.slot == slot).count() as u32
    }

    /// Whether there is a place for one more trade of this slot, as far as slots are bounded.
    pub fn has_place(&self, slot: SlotIndex) -> bool {
        self.is_open(slot) || self.open_slots().len() < MAX_SLOTS as usize
    }

    pub fn may_open(&self, now: u64, slot: SlotIndex) -> bool {
        // A slot that is settled for good gets no trade, since its delivery is over.
        !self.is_paused(now) && now < TestCalendar::schedule(slot).delivery_ends
    }

    pub fn is_paused(&self, now: u64) -> bool {
        now < self.pause.1
    }

    pub fn set_paused(&mut self, now: u64, until: Option<u64>) -> bool {
        let (since, end) = self.pause;
        let allowed = match until {
            Some(until) => {
                until > now && (now < end || now >= end + (end - since).max(SLOT_LENGTH))
            }
            None => now < end,
        };
        if allowed {
            let since = if now < end { since } else { now };
            self.pause = (since, until.unwrap_or(now));
        }
        allowed
    }

    fn find(&self, slot: SlotIndex, id: u32) -> Option<usize> {
        let found = |deal: &Deal| (deal.slot, deal.id) == (slot, id) && deal.end.is_none();
        self.deals.iter().position(found)
    }

    pub fn sells(&self, seller: AccountId, slot: SlotIndex) -> bool {
        let found = |deal: &Deal| (deal.slot, deal.seller) == (slot, seller) && deal.end.is_none();
        self.deals.iter().any(found)
    }

    /// The time by the clock of a slot.
    fn clock(&self, now: u64, slot: SlotIndex) -> u64 {
        now - self.slots.get(&slot).map_or(0, |history| history.lost)
    }

    pub fn takes_readings(&self, now: u64, slot: SlotIndex) -> bool {
        let (clock, schedule) = (self.clock(now, slot), TestCalendar::schedule(slot));
        clock >= schedule.commitments_until && clock < schedule.readings_until
    }

    pub fn commit(&mut self, now: u64, seller: AccountId, slot: SlotIndex, energy: u64) -> bool {
        let (clock, schedule) = (self.clock(now, slot), TestCalendar::schedule(slot));
        let open = clock >= schedule.delivery_ends && clock < schedule.commitments_until;
        if !self.sells(seller, slot) || !open {
            return false;
        }
        let commitments = &mut self.slots.entry(slot).or_default().commitments;
        if commitments.contains_key(&person(seller)) {
            return false;
        }
        commitments.insert(person(seller), energy);
        true
    }

    /// 5 % of what is at stake over 95 %, rounded up, and at least that of one kWh.
    fn bond(stake: Balance) -> Balance {
        let least = ((payment(1_000) + deposit(1_000)) * 5).div_ceil(95);
        (stake * 5).div_ceil(95).max(least)
    }

    /// A complaint about a deal speaks for all open deals of its buyer with its seller, for one bond.
    pub fn complain(&mut self, now: u64, who: AccountId, slot: SlotIndex, id: u32) -> bool {
        let Some(place) = self.find(slot, id).filter(|_| !self.is_paused(now)) else {
            return false;
        };
        let deal = self.deals[place].clone();
        let seller = person(deal.seller);
        let (clock, schedule) = (self.clock(now, slot), TestCalendar::schedule(slot));
        let open = clock >= schedule.readings_until && clock < schedule.complaints_until;
        let history = self.slots.entry(slot).or_default();
        let private =
            history.commitments.contains_key(&seller) && !history.readings.contains_key(&seller);
        if deal.buyer != who || deal.complaint.is_some() || !open || !private {
            return false;
        }
        let of_pair = |place: &usize| {
            let deal = &self.deals[*place];
            deal.buyer == who && person(deal.seller) == seller
        };
        let all: Vec<_> = self.open_in(slot).into_iter().filter(of_pair).collect();
        let sum = |of: fn(&Deal) -> Balance| all.iter().map(|n| of(&self.deals[*n])).sum();
        let bond = Self::bond(sum(|deal| deal.payment + deal.deposit));
        let energy: Balance = sum(|deal| deal.energy.into());
        let reserved = bond.min(sum(|deal| deal.reserve));
        if self.free[&who] - ((bond - reserved) as i128) < ED as i128 {
            return false;
        }
        self.hold(who, bond - reserved);
        // What was set aside is used up in the order of the deals; each has its part of the bond, up to the
        // plancks that rounding leaves for later ones.
        let (mut reserved, mut bond, mut energy) = (reserved, bond, energy);
        for place in all {
            let deal = &mut self.deals[place];
            let taken = deal.reserve.min(reserved);
            let part = bond * Balance::from(deal.energy) / energy;
            (reserved, bond, energy) =
                (reserved - taken, bond - part, energy - Balance::from(deal.energy));
            deal.reserve -= taken;
            deal.complaint = Some(part);
        }
        self.slots.entry(slot).or_default().complained.insert(seller);
        true
    }

    /// Whoever brings it.
    pub fn reveal(&mut self, now: u64, seller: AccountId, slot: SlotIndex, energy: u64) -> bool {
        let sells = self.sells(seller, slot);
        let seller = person(seller);
        let (clock, schedule) = (self.clock(now, slot), TestCalendar::schedule(slot));
        let open = clock >= schedule.complaints_until && clock < schedule.final_at;
        let history = self.slots.entry(slot).or_default();
        let asked = history.asks(slot, seller);
        let matches = history.commitments.get(&seller) == Some(&energy);
        if !sells || !open || !asked || !matches || history.reveals.contains_key(&seller) {
            return false;
        }
        history.reveals.insert(seller, energy);
        true
    }

    pub fn acknowledge(&mut self, now: u64, who: AccountId, slot: SlotIndex, id: u32) -> bool {
        let Some(place) = self.find(slot, id).filter(|_| !self.is_paused(now)) else {
            return false;
        };
        let deal = &self.deals[place];
        let (clock, schedule) = (self.clock(now, slot), TestCalendar::schedule(slot));
        let open = clock >= schedule.delivery_ends && clock < schedule.complaints_until;
        let history = self.slots.get(&slot).cloned().unwrap_or_default();
        let owes = history.asks(slot, person(deal.seller));
        if deal.buyer != who || !open || deal.complaint.is_some() || owes {
            return false;
        }
        self.end(place, Outcome::Acknowledged, self.deals[place].energy);
        true
    }

    /// A block at `now`, with all the room that it takes.
    pub fn block(&mut self, now: u64) {
        let (from, until) = (self.last_block, now);
        self.last_block = now;
        let open = self.open_slots();
        // What rested at the last block rested until this one: nobody could do anything before.
        let paused = self.is_paused(from);
        if paused || until - from > SLOT_LENGTH {
            for slot in &open {
                self.stand_still(*slot, from, until, paused);
            }
        }
        for slot in &open {
            self.draw(*slot, now);
        }
        if self.is_paused(now) {
            return;
        }
        for slot in open {
            self.freeze(slot, now);
            self.judge(slot, now);
        }
    }

    /// Of a pause what passes after the freeze is lost; of a standstill what passes after delivery, if
    /// that is longer than a slot.
    fn stand_still(&mut self, slot: SlotIndex, from: u64, until: u64, paused: bool) {
        let schedule = TestCalendar::schedule(slot);
        let stood_still = until - from > SLOT_LENGTH;
        let begin = if stood_still { schedule.delivery_ends } else { schedule.readings_until };
        let (from, until) = (self.clock(from, slot), self.clock(until, slot));
        let missed = until.saturating_sub(from.max(begin));
        if paused || missed > SLOT_LENGTH {
            self.slots.entry(slot).or_default().lost += missed;
        }
    }

    /// What comes before the end of complaints, of the first four values whose epochs opened after the
    /// freeze: the first one of keys, and before there is one, the first.
    fn draw(&mut self, slot: SlotIndex, now: u64) {
        let (clock, schedule) = (self.clock(now, slot), TestCalendar::schedule(slot));
        let in_time = clock >= schedule.readings_until && clock < schedule.complaints_until;
        let history = self.slots.entry(slot).or_default();
        let freeze = schedule.readings_until + history.lost;
        let later = || self.beacon.iter().filter(|(opened, ..)| *opened > freeze).take(4);
        let of_keys = later().find(|(.., keys)| *keys);
        if in_time && history.draw.is_none_or(|(_, keys)| !keys) {
            let found = |of: Option<&(u64, H256, bool)>| of.map(|(_, value, keys)| (*value, *keys));
            history.draw = found(of_keys).or(history.draw).or(found(later().next()));
        }
    }

    fn open_in(&self, slot: SlotIndex) -> Vec<usize> {
        let open = |deal: &Deal| deal.slot == slot && deal.end.is_none();
        let deals = self.deals.iter().enumerate();
        deals.filter(|(_, deal)| open(deal)).map(|(n, _)| n).collect()
    }

    fn freeze(&mut self, slot: SlotIndex, now: u64) {
        if self.clock(now, slot) < TestCalendar::schedule(slot).readings_until {
            return;
        }
        let history = self.slots.entry(slot).or_default().clone();
        for place in self.open_in(slot) {
            let seller = person(self.deals[place].seller);
            if let Some(delivered) = history.readings.get(&seller) {
                self.end_metered(place, *delivered, false);
            } else if !history.commitments.contains_key(&seller) {
                self.end(place, Outcome::Defaulted, 0);
            }
        }
    }

    /// When all is over: one bill, or none, for all of a seller's trades.
    fn judge(&mut self, slot: SlotIndex, now: u64) {
        if self.clock(now, slot) < TestCalendar::schedule(slot).final_at {
            return;
        }
        let history = self.slots.entry(slot).or_default().clone();
        for place in self.open_in(slot) {
            let deal = self.deals[place].clone();
            let seller = person(deal.seller);
            if let Some(delivered) = history.reveals.get(&seller) {
                self.end_metered(place, *delivered, true);
            } else if deal.complaint.is_some() || history.draws(slot, seller) {
                self.end(place, Outcome::Unanswered, 0);
            } else if history.complained.contains(&seller) {
                self.end(place, Outcome::Forfeited, 0);
            } else {
                self.end(place, Outcome::Trusted, deal.energy);
            }
        }
    }

    /// What of `delivered` is left for a deal when the seller's earlier ones of the slot are served.
    fn end_metered(&mut self, place: usize, delivered: u64, by_bill: bool) {
        let deal = self.deals[place].clone();
        let mut left = delivered;
        for other in &self.deals {
            let same = (other.slot, person(other.seller)) == (deal.slot, person(deal.seller));
            if same && other.id < deal.id {
                left = left.saturating_sub(other.energy);
            }
        }
        // A complaint is wrong if nothing is missing of all that it is about.
        let refuted = deal.complaint.is_some()
            && (self.deals.iter()).all(|other| {
                let same = (other.slot, other.buyer, person(other.seller))
                    == (deal.slot, deal.buyer, person(deal.seller));
                !same || other.complaint.is_none() || self.served_until(other) <= delivered
            });
        let outcome = match refuted {
            _ if left < deal.energy && by_bill => Outcome::Concealed,
            _ if left < deal.energy => Outcome::Short,
            true => Outcome::Refuted,
            false => Outcome::Delivered,
        };
        self.end(place, outcome, left.min(deal.energy));
    }

    /// What its seller has to deliver for this deal and all before it.
    fn served_until(&self, deal: &Deal) -> u64 {
        let seller = person(deal.seller);
        let before = |other: &&Deal| {
            (other.slot, person(other.seller)) == (deal.slot, seller) && other.id <= deal.id
        };
        self.deals.iter().filter(before).map(|other| other.energy).sum()
    }

    fn end(&mut self, place: usize, outcome: Outcome, metered: u64) {
        let deal = self.deals[place].clone();
        let (buyer, seller) = (deal.buyer, deal.seller);
        self.deals[place].end = Some((outcome, metered));
        let cost = |price: PricePerKwh, energy: u64| price.0 * u128::from(energy) / 1_000;

        // Whoever did not complain pays for all of it, whoever gets that.
        let forfeited = outcome == Outcome::Forfeited;
        let counts = if forfeited { deal.energy } else { metered };
        let due = cost(BUYER_PRICE, counts);
        let to_seller = cost(SELLER_PRICE, counts);
        let to_grid = cost(GRID_FEE, counts);
        let spread = due - to_seller - to_grid;
        self.pay(buyer, if forfeited { COMMUNITY } else { seller }, to_seller);
        self.pay(buyer, GRID, to_grid);
        self.pay(buyer, if forfeited { COMMUNITY } else { ENTROPY }, spread);
        self.pay(buyer, buyer, deal.payment - due);

        // The deposit: the harm to the buyer, the rest by how it came to light.
        let missing = deal.energy - counts;
        let bond = deal.complaint.unwrap_or(0);
        let harm = cost(PricePerKwh(CAP.0 - BUYER_PRICE.0), missing).min(deal.deposit);
        let fee = cost(PricePerKwh(CAP.0 / 10), missing).min(deal.deposit - harm);
        let left = deal.deposit - harm - fee;
        let kept = match outcome {
            Outcome::Defaulted | Outcome::Unanswered | Outcome::Forfeited => 0,
            Outcome::Concealed => {
                left.min(deal.deposit * u128::from(metered) / u128::from(deal.energy))
            }
            Outcome::Refuted => left - left.min(bond),
            _ => left,
        };
        self.pay(seller, buyer, harm);
        self.pay(seller, seller, kept);
        self.pay(seller, COMMUNITY, deal.deposit - harm - kept);
        self.pay(buyer, if outcome == Outcome::Refuted { COMMUNITY } else { buyer }, bond);
        self.pay(buyer, buyer, deal.reserve);

        let missing = deal.energy - metered;
        let energy = Wh(deal.energy);
        let kept = (buyer, seller, energy, Verdict::Kept);
        let missed = (buyer, seller, energy, Verdict::Missed(Wh(missing)));
        match outcome {
            Outcome::Refuted | Outcome::Annulled => (),
            Outcome::Delivered | Outcome::Trusted | Outcome::Acknowledged => {
                self.ratings.push(kept);
            }
            _ => self.ratings.push(missed),
        }
        let defaults =
            [Outcome::Defaulted, Outcome::Unanswered, Outcome::Forfeited, Outcome::Concealed];
        if defaults.contains(&outcome) {
            self.slots.entry(deal.slot).or_default().defaulters.insert(person(seller));
        }
        self.note_conduct(deal.slot, person(seller));
    }

    /// When the last trade of a seller in a slot has ended: it is excluded if it defaulted in it, in two
    /// slots of the latest seven days at least, and in more than one of ten.
    fn note_conduct(&mut self, slot: SlotIndex, seller: AccountId) {
        let of_seller = |deal: &&Deal| (deal.slot, person(deal.seller)) == (slot, seller);
        if self.deals.iter().filter(of_seller).any(|deal| deal.end.is_none()) {
            return;
        }
        let defaulted = self.slots.entry(slot).or_default().defaulters.contains(&seller);
        let all = self.conduct.entry(seller).or_default();
        all.push((slot.0 / 96, defaulted));
        let latest = all.iter().map(|(day, _)| *day).max().unwrap();
        let of_late: Vec<_> = all.iter().filter(|(day, _)| latest - day < 7).collect();
        let defaults = of_late.iter().filter(|(_, defaulted)| *defaulted).count();
        if defaulted && defaults >= 2 && 10 * defaults > of_late.len() {
            self.excluded.push(seller);
        }
    }
}

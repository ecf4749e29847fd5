//! What must become of trades, money and ratings: a plain book-keeper that knows the rules and
//! nothing of how the pallet is built. It keeps everything that happened, and looks at every open
//! trade in every block.

use super::super::*;
use std::collections::{BTreeMap, BTreeSet};

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
    /// The bond, and until when an answer counts.
    pub complaint: Option<(Balance, u64)>,
    pub end: Option<(Outcome, u64)>,
}

/// What was said and done about a slot, by persons.
#[derive(Clone, Debug, Default)]
pub struct History {
    pub readings: BTreeMap<AccountId, u64>,
    pub commitments: BTreeMap<AccountId, u64>,
    /// What was revealed, and when.
    pub reveals: BTreeMap<AccountId, (u64, u64)>,
    /// Until when each seller had to answer somebody.
    pub answers: BTreeMap<AccountId, u64>,
    pub interrupted: bool,
    pub lost: u64,
    pub complaints_over: bool,
    pub defaulters: BTreeSet<AccountId>,
}

#[derive(Clone, Debug)]
pub struct Reference {
    pub deals: Vec<Deal>,
    pub slots: BTreeMap<SlotIndex, History>,
    pub free: BTreeMap<AccountId, i128>,
    pub held: BTreeMap<AccountId, i128>,
    pub ratings: Vec<(AccountId, AccountId, Wh, Verdict)>,
    pub defaults: BTreeMap<AccountId, u32>,
    pub excluded: Vec<AccountId>,
    /// The latest pause: from when to when.
    pub pause: (u64, u64),
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
            defaults: BTreeMap::new(),
            excluded: vec![],
            pause: (0, 0),
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

    pub fn commit(&mut self, now: u64, seller: AccountId, slot: SlotIndex, energy: u64) -> bool {
        let schedule = TestCalendar::schedule(slot);
        let open = now >= schedule.delivery_ends && now < schedule.commitments_until;
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

    /// 5 % of what is at stake over 95 %, rounded up.
    pub fn bond(deal: &Deal) -> Balance {
        ((deal.payment + deal.deposit) * 5).div_ceil(95)
    }

    pub fn complain(&mut self, now: u64, who: AccountId, slot: SlotIndex, id: u32) -> bool {
        let Some(place) = self.find(slot, id).filter(|_| !self.is_paused(now)) else {
            return false;
        };
        let deal = self.deals[place].clone();
        let seller = person(deal.seller);
        let history = self.slots.entry(slot).or_default();
        let schedule = TestCalendar::schedule(slot);
        let clock = now - history.lost;
        let open = clock >= schedule.readings_until && clock < schedule.complaints_until;
        let private = history.commitments.contains_key(&seller)
            && !history.readings.contains_key(&seller)
            && !history.reveals.contains_key(&seller);
        let bond = Self::bond(&deal);
        let able = self.free[&who] - bond as i128 >= ED as i128;
        if deal.buyer != who || deal.complaint.is_some() || !open || !private || !able {
            return false;
        }
        let due = clock + 2 * SLOT_LENGTH;
        let answer = history.answers.entry(seller).or_default();
        *answer = due.max(*answer);
        self.deals[place].complaint = Some((bond, due));
        self.hold(who, bond);
        true
    }

    pub fn reveal(&mut self, now: u64, seller: AccountId, slot: SlotIndex, energy: u64) -> bool {
        let sells = self.sells(seller, slot);
        let seller = person(seller);
        let history = self.slots.entry(slot).or_default();
        let clock = now - history.lost;
        let asked = history.answers.get(&seller).is_some_and(|until| clock < *until);
        let matches = history.commitments.get(&seller) == Some(&energy);
        if !sells || !asked || !matches || history.reveals.contains_key(&seller) {
            return false;
        }
        history.reveals.insert(seller, (energy, clock));
        true
    }

    pub fn acknowledge(&mut self, now: u64, who: AccountId, slot: SlotIndex, id: u32) -> bool {
        let Some(place) = self.find(slot, id).filter(|_| !self.is_paused(now)) else {
            return false;
        };
        let deal = &self.deals[place];
        let over = now >= TestCalendar::schedule(slot).delivery_ends;
        if deal.buyer != who || !over || deal.complaint.is_some() {
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
        if self.is_paused(now) {
            return;
        }
        for slot in open {
            self.freeze(slot, now);
            self.judge(slot, now);
        }
    }

    fn stand_still(&mut self, slot: SlotIndex, from: u64, until: u64, paused: bool) {
        let schedule = TestCalendar::schedule(slot);
        let history = self.slots.entry(slot).or_default();
        let for_evidence = (from.max(schedule.delivery_ends), until.min(schedule.readings_until));
        history.interrupted |= for_evidence.1.saturating_sub(for_evidence.0) > SLOT_LENGTH;
        let missed = (until - history.lost)
            .saturating_sub((from - history.lost).max(schedule.readings_until));
        if paused || missed > SLOT_LENGTH {
            history.lost += missed;
        }
    }

    fn open_in(&self, slot: SlotIndex) -> Vec<usize> {
        let open = |deal: &Deal| deal.slot == slot && deal.end.is_none();
        let deals = self.deals.iter().enumerate();
        deals.filter(|(_, deal)| open(deal)).map(|(n, _)| n).collect()
    }

    fn freeze(&mut self, slot: SlotIndex, now: u64) {
        if now < TestCalendar::schedule(slot).readings_until {
            return;
        }
        let history = self.slots.entry(slot).or_default().clone();
        for place in self.open_in(slot) {
            let seller = person(self.deals[place].seller);
            if let Some(delivered) = history.readings.get(&seller) {
                self.end_metered(place, *delivered);
            } else if history.commitments.contains_key(&seller) {
                // Complaints decide.
            } else if history.interrupted {
                self.end(place, Outcome::Annulled, 0);
            } else {
                self.end(place, Outcome::Defaulted, 0);
            }
        }
    }

    /// When complaints are over, and again when all is over.
    fn judge(&mut self, slot: SlotIndex, now: u64) {
        let schedule = TestCalendar::schedule(slot);
        let history = self.slots.entry(slot).or_default();
        let clock = now - history.lost;
        let first = clock >= schedule.complaints_until && !history.complaints_over;
        history.complaints_over |= first;
        if !first && clock < schedule.final_at {
            return;
        }
        let history = history.clone();
        for place in self.open_in(slot) {
            let deal = self.deals[place].clone();
            let until = deal.complaint.map_or(schedule.complaints_until, |(_, due)| due);
            let revealed = history.reveals.get(&person(deal.seller));
            match revealed {
                Some((delivered, at)) if *at < until => self.end_metered(place, *delivered),
                _ if deal.complaint.is_none() => self.end(place, Outcome::Trusted, deal.energy),
                _ if clock >= until => self.end(place, Outcome::Unanswered, 0),
                _ => (),
            }
        }
    }

    /// What of `delivered` is left for a deal when the seller's earlier ones of the slot are served.
    fn end_metered(&mut self, place: usize, delivered: u64) {
        let deal = self.deals[place].clone();
        let mut left = delivered;
        for other in &self.deals {
            let same = (other.slot, person(other.seller)) == (deal.slot, person(deal.seller));
            if same && other.id < deal.id {
                left = left.saturating_sub(other.energy);
            }
        }
        let outcome = match deal.complaint {
            _ if left < deal.energy => Outcome::Short,
            Some(_) => Outcome::Refuted,
            None => Outcome::Delivered,
        };
        self.end(place, outcome, left.min(deal.energy));
    }

    fn end(&mut self, place: usize, outcome: Outcome, metered: u64) {
        let deal = self.deals[place].clone();
        let (buyer, seller) = (deal.buyer, deal.seller);
        self.deals[place].end = Some((outcome, metered));
        let cost = |price: PricePerKwh, energy: u64| price.0 * u128::from(energy) / 1_000;

        let due = cost(BUYER_PRICE, metered);
        let to_seller = cost(SELLER_PRICE, metered);
        let to_grid = cost(GRID_FEE, metered);
        self.pay(buyer, seller, to_seller);
        self.pay(buyer, GRID, to_grid);
        self.pay(buyer, ENTROPY, due - to_seller - to_grid);
        self.pay(buyer, buyer, deal.payment - due);

        let missing = deal.energy - metered;
        let harm = match outcome {
            Outcome::Annulled => 0,
            _ => cost(PricePerKwh(CAP.0 - BUYER_PRICE.0), missing).min(deal.deposit),
        };
        self.pay(seller, buyer, harm);
        let rest = match outcome {
            Outcome::Defaulted | Outcome::Unanswered => COMMUNITY,
            _ => seller,
        };
        self.pay(seller, rest, deal.deposit - harm);

        let bond = deal.complaint.map_or(0, |(bond, _)| bond);
        let winner = if outcome == Outcome::Refuted { seller } else { buyer };
        self.pay(buyer, winner, bond);

        let energy = Wh(deal.energy);
        let kept = (buyer, seller, energy, Verdict::Kept);
        let missed = (buyer, seller, energy, Verdict::Missed(Wh(missing)));
        match outcome {
            Outcome::Annulled => (),
            Outcome::Refuted => {
                self.ratings.push((seller, buyer, energy, Verdict::Missed(energy)));
            }
            Outcome::Short | Outcome::Defaulted | Outcome::Unanswered => self.ratings.push(missed),
            Outcome::Delivered | Outcome::Trusted | Outcome::Acknowledged => {
                self.ratings.push(kept);
            }
        }
        if matches!(outcome, Outcome::Defaulted | Outcome::Unanswered) {
            self.count_default(deal.slot, person(seller));
        }
    }

    fn count_default(&mut self, slot: SlotIndex, seller: AccountId) {
        let first = self.slots.entry(slot).or_default().defaulters.insert(seller);
        if !first {
            return;
        }
        let count = self.defaults.entry(seller).or_default();
        *count += 1;
        if *count == 2 {
            *count = 0;
            self.excluded.push(seller);
        }
    }
}

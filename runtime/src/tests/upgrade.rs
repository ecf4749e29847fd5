//! A chain that was begun with a past release goes on under the present code, with trades open in
//! every state, and each of them ends as it would have.

use super::{
    chain::{
        Call, Chain, Code,
        market::{Opened, own, own_meter},
    },
    games::world::SLOT,
};
use crate::*;
use qedex_primitives::{
    Bill, MeterId, Moment, Nonce as BillNonce, Side, SignedReading, SlotIndex, Wh,
};
use sp_keyring::Sr25519Keyring as Key;
use std::collections::{BTreeMap, BTreeSet};

/// What is sold in each trade.
const ENERGY: Wh = Wh(1_000);

/// Buys all that is sold by orders for one slot.
const BUYER: Key = Key::Eve;

/// Buy and sell by standing orders.
const STANDING: [Key; 2] = [Key::EveStash, Key::FerdieStash];

/// Slots of which orders are placed before the upgrade.
const SLOTS: u64 = 15;

/// How a seller's trades go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    /// It publishes its reading.
    Reads,
    /// It commits, and nobody complains.
    Trusts,
    /// It commits, its buyer complains, and it reveals.
    Refutes,
    /// Its buyer acknowledges.
    Acknowledged,
    /// It gives no evidence.
    Silent,
    /// It commits, its buyer complains late, and it does not answer.
    Hides,
}

/// The sellers, and the places of the slots in which those who default sell: once, or they would be
/// excluded.
const SELLERS: [(Key, Story, Option<u64>); 7] = [
    (Key::Dave, Story::Reads, None),
    (Key::Ferdie, Story::Trusts, None),
    (Key::AliceStash, Story::Refutes, None),
    (Key::BobStash, Story::Acknowledged, None),
    (Key::CharlieStash, Story::Silent, Some(8)),
    (Key::DaveStash, Story::Hides, Some(1)),
    (STANDING[1], Story::Reads, None),
];

/// What somebody does about a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Commit,
    Acknowledge,
    Read,
    Complain,
    LateComplain,
    Reveal,
}

impl Story {
    fn deeds(self) -> &'static [Deed] {
        match self {
            Self::Reads => &[Deed::Read],
            Self::Trusts => &[Deed::Commit],
            Self::Refutes => &[Deed::Commit, Deed::Complain, Deed::Reveal],
            Self::Acknowledged => &[Deed::Acknowledge],
            Self::Silent => &[],
            Self::Hides => &[Deed::Commit, Deed::LateComplain],
        }
    }

    fn outcome(self) -> &'static str {
        match self {
            Self::Reads => "Delivered",
            Self::Trusts => "Trusted",
            Self::Refutes => "Refuted",
            Self::Acknowledged => "Acknowledged",
            Self::Silent => "Defaulted",
            Self::Hides => "Unanswered",
        }
    }
}

impl Deed {
    /// After how many slots from the beginning of delivery on it is done under this code: the first
    /// release took answers as long as complaints.
    fn after(self, chain: &Chain) -> Moment {
        match self {
            Self::Commit => 1,
            Self::Acknowledge => 2,
            Self::Read => 3,
            Self::Complain => 5,
            Self::Reveal if chain.spec_version() == 2 => 6,
            Self::Reveal => 9,
            Self::LateComplain => 8,
        }
    }
}

/// A seller's trade with what was done about it.
struct Sale {
    trade: Opened,
    done: BTreeSet<Deed>,
    outcome: Option<String>,
}

/// A community that trades.
struct Community {
    chain: Chain,
    /// The first slot of which orders are placed.
    first: SlotIndex,
    placed: BTreeSet<SlotIndex>,
    meters: BTreeMap<Key, MeterId>,
    /// What the sellers' meters signed: a signature is another each time.
    readings: BTreeMap<(SlotIndex, Key), SignedReading>,
    sales: BTreeMap<(SlotIndex, Key), Sale>,
}

impl Community {
    fn begin(code: Code) -> Self {
        let native = code == Code::Native;
        let mut chain = Chain::begin(code, "development");
        if native {
            draw_nobody(&mut chain);
        }
        let newcomers =
            [STANDING[0], STANDING[1], Key::AliceStash, Key::BobStash, Key::CharlieStash]
                .into_iter()
                .chain([Key::DaveStash])
                .collect::<Vec<_>>();
        chain.admit(&newcomers, own);
        let mut meters = BTreeMap::from([(Key::Dave, MeterId(0)), (Key::Ferdie, MeterId(2))]);
        for who in &newcomers[1..] {
            meters.insert(*who, chain.install(*who, &own_meter(*who), Wh(10_000)));
        }
        for (who, side) in STANDING.into_iter().zip([Side::Bid, Side::Ask]) {
            let order = (side, limit(side), ENERGY);
            let call = chain.call("Auction", "set_standing_order", order);
            chain.act(who, call);
        }
        // By then every meter is active, and trades of standing orders have ended.
        let first = SlotIndex(chain.now / SLOT + 20);
        let (placed, readings, sales) = Default::default();
        Self { chain, first, placed, meters, readings, sales }
    }

    /// Goes on until `moment`, with a look at what is to be done twice in a slot.
    fn run_to(&mut self, moment: Moment) {
        while self.chain.now < moment {
            let calls = self.due();
            let done = self.chain.block(&calls);
            assert!(done.iter().all(Result::is_ok), "{done:?}");
            self.note();
            let next = (self.chain.now / (SLOT / 2) + 1) * (SLOT / 2);
            self.chain.run_to(next.min(moment));
            self.note();
        }
    }

    /// Notes what was reported of the trades.
    fn note(&mut self) {
        for event in self.chain.reported() {
            if let Some(trade) = Opened::reported(&event) {
                let seller = key_of(&trade.seller);
                let slot = trade.slot;
                let sale = Sale { trade, done: BTreeSet::new(), outcome: None };
                let before = self.sales.insert((slot, seller), sale);
                assert!(before.is_none(), "one trade for each ask");
            }
            if event.is("Settlement", "TradeSettled") {
                let slot = SlotIndex(event.number("slot").try_into().unwrap());
                let sale = self.sales.get_mut(&(slot, key_of(&event.account("seller")))).unwrap();
                sale.outcome = Some(event.variant("outcome").to_owned());
            }
        }
    }

    /// What is to be done now.
    fn due(&mut self) -> Vec<(Key, Call)> {
        let mut calls = self.orders();
        let now = self.chain.now;
        let mut deeds = Vec::new();
        for ((slot, seller), sale) in &mut self.sales {
            for deed in story_of(*seller).deeds() {
                let begins = slot.0 * SLOT + deed.after(&self.chain) * SLOT;
                if sale.outcome.is_none() && now >= begins && sale.done.insert(*deed) {
                    deeds.push((*slot, *seller, sale.trade.clone(), *deed));
                }
            }
        }
        for (slot, seller, trade, deed) in deeds {
            calls.push(self.deed(slot, seller, &trade, deed));
        }
        calls
    }

    /// The orders for slots whose gate is open.
    fn orders(&mut self) -> Vec<(Key, Call)> {
        let mut calls = Vec::new();
        for place in 0..SLOTS {
            let slot = SlotIndex(self.first.0 + place);
            if self.chain.now < (slot.0 - 4) * SLOT || !self.placed.insert(slot) {
                continue;
            }
            for (seller, _, only) in SELLERS {
                if !STANDING.contains(&seller) && only.is_none_or(|only| only == place) {
                    for (who, side) in [(BUYER, Side::Bid), (seller, Side::Ask)] {
                        calls.push((who, self.chain.order(slot, side, limit(side), ENERGY)));
                    }
                }
            }
        }
        calls
    }

    fn deed(&mut self, slot: SlotIndex, seller: Key, trade: &Opened, deed: Deed) -> (Key, Call) {
        let chain = &mut self.chain;
        let sign =
            || chain.reading(self.meters[&seller], &own_meter(seller), slot, [ENERGY, Wh::ZERO]);
        let reading = self.readings.entry((slot, seller)).or_insert_with(sign).clone();
        let nonce: BillNonce = [7; 32];
        let bill = Bill::truncate_from(vec![reading.clone()]);
        let buyer = key_of(&trade.buyer);
        match deed {
            Deed::Commit => {
                let commitment = chain.commitment(seller, slot, &bill, &nonce);
                (seller, chain.call("Settlement", "commit", (slot, commitment)))
            }
            Deed::Acknowledge => (buyer, chain.call("Settlement", "acknowledge", (slot, trade.id))),
            Deed::Read => (seller, chain.call("Metering", "submit_reading", reading)),
            Deed::Complain | Deed::LateComplain => {
                (buyer, chain.call("Settlement", "complain", (slot, trade.id)))
            }
            Deed::Reveal if chain.spec_version() == 2 => {
                (seller, chain.call("Settlement", "reveal", (slot, bill, nonce)))
            }
            Deed::Reveal => {
                let answer = (slot, seller.to_account_id(), bill, nonce);
                (seller, chain.call("Settlement", "reveal", answer))
            }
        }
    }

    /// The states in which trades are open, by their stories.
    fn states(&self) -> BTreeSet<(&'static str, Option<Deed>)> {
        let open = self.sales.iter().filter(|(_, sale)| sale.outcome.is_none());
        open.map(|((_, seller), sale)| {
            (story_of(*seller).outcome(), sale.done.iter().next_back().copied())
        })
        .collect()
    }

    /// Until trades are open in every state, and more are in the book.
    fn fill(&mut self) {
        self.run_to(self.first.0 * SLOT + 10 * SLOT + SLOT / 2);
        let states = BTreeSet::from([
            ("Delivered", None),
            ("Delivered", Some(Deed::Read)),
            ("Trusted", None),
            ("Trusted", Some(Deed::Commit)),
            ("Refuted", None),
            ("Refuted", Some(Deed::Commit)),
            ("Refuted", Some(Deed::Complain)),
            ("Refuted", Some(Deed::Reveal)),
            ("Acknowledged", None),
            ("Defaulted", None),
            ("Unanswered", Some(Deed::LateComplain)),
        ]);
        assert_eq!(self.states(), states);
        let cleared = self.sales.keys().map(|(slot, _)| *slot).max().unwrap();
        let placed = self.placed.last().unwrap().0;
        assert!(placed >= cleared.0 + 3, "three books are open: {cleared:?}, {placed}");
    }

    /// Until all trades have ended, as they should, and nobody's money is left behind.
    fn end(mut self) {
        // Standing orders are renewed in two slots that nobody has seen before.
        let last = SlotIndex(self.first.0 + SLOTS + 1);
        self.run_to((last.0 - 4) * SLOT + SLOT / 2);
        for who in STANDING {
            let call = self.chain.call("Auction", "end_standing_order", ());
            self.chain.act(who, call);
        }
        self.run_to(last.0 * SLOT + 14 * SLOT);
        assert_eq!(self.states(), BTreeSet::new(), "all trades have ended");
        let ended = |sale: &Sale, seller: Key| {
            assert_eq!(sale.outcome.as_deref(), Some(story_of(seller).outcome()), "{seller}");
        };
        self.sales.iter().for_each(|((_, seller), sale)| ended(sale, *seller));
        for (seller, _, only) in SELLERS {
            let sales = self.sales.keys().filter(|(slot, by)| *slot >= self.first && *by == seller);
            let expected = match only {
                None if STANDING.contains(&seller) => SLOTS + 2,
                None => SLOTS,
                Some(_) => 1,
            };
            assert_eq!(sales.count() as u64, expected, "{seller}");
        }
        let parties = SELLERS.into_iter().map(|(seller, _, _)| seller);
        for who in parties.chain([BUYER, STANDING[0]]) {
            assert_eq!(self.chain.held_of(who), 0, "{who}");
        }
    }

    /// Puts other code in the place of the present one, by the development chain's key.
    fn upgrade(&mut self, call: &str, code: &Code) {
        let before = self.chain.spec_version();
        let call = self.chain.call("System", call, code.bytes());
        self.chain.decree(call);
        self.note();
        // The next block is the first that the new code writes.
        self.chain.block(&[]);
        draw_nobody(&mut self.chain);
        self.note();
        assert_eq!(before, 2);
        assert_eq!(self.chain.spec_version(), VERSION.spec_version);
    }
}

/// Lets nobody be asked for a bill who has a buyer that does not complain. The deposits have to cover the fee
/// for what is missing.
fn draw_nobody(chain: &mut Chain) {
    let zero = sp_runtime::Permill::zero();
    let rules = pallet_settlement::Rules { draw_chance: zero, ..Default::default() };
    let call = chain.call("Settlement", "set_rules", rules);
    chain.decree(call);
}

fn limit(side: Side) -> qedex_primitives::PricePerKwh {
    match side {
        Side::Bid => presets::leader_terms().cap,
        Side::Ask => presets::leader_terms().floor,
    }
}

fn key_of(account: &AccountId) -> Key {
    Key::from_account_id(account).expect("a well-known account")
}

fn story_of(seller: Key) -> Story {
    SELLERS.into_iter().find(|(who, _, _)| *who == seller).expect("a seller").1
}

/// The present code by itself: what the others are held against.
#[test]
fn the_present_code_settles_trades_in_every_state() {
    let mut community = Community::begin(Code::Native);
    community.fill();
    community.end();
}

#[test]
fn the_first_release_settles_trades_in_every_state() {
    let mut community = Community::begin(Code::of_release("v1"));
    community.fill();
    community.end();
}

/// The present code natively, with the invariants of all pallets held after each of its blocks.
#[test]
fn trades_open_in_every_state_outlive_the_first_release() {
    let mut community = Community::begin(Code::of_release("v1"));
    community.fill();
    community.upgrade("set_code_without_checks", &Code::Native);
    community.end();
}

/// The same by the call and the WASM with which a chain is upgraded in earnest.
#[test]
fn the_wasm_of_the_present_code_takes_the_place_of_the_first_release() {
    let mut community = Community::begin(Code::of_release("v1"));
    community.fill();
    community.upgrade("set_code", &Code::present());
    community.end();
}

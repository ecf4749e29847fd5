//! Whatever happens, in whatever order, the pallet does what a plain reference does.

mod reference;

use super::*;
use crate::WeightInfo;
use frame_support::weights::Weight;
use proptest::prelude::*;
use qedex_primitives::Bill;
use reference::{CHANCE, Deal, Reference, person};

/// Something that happens on the chain. Slots count from the one under way: `back` ones ago,
/// `ahead` to come; trades are chosen among those that ever were.
#[derive(Clone, Debug)]
enum Step {
    Trade {
        ahead: u64,
        buyer: u64,
        seller: u64,
        energy: u64,
        thin: bool,
    },
    Read {
        back: u64,
        seller: u64,
        energy: u64,
    },
    Commit {
        back: u64,
        seller: u64,
        energy: u64,
    },
    /// Everybody who sold in that slot commits.
    AllCommit {
        back: u64,
        energy: u64,
    },
    Complain {
        trade: prop::sample::Index,
        by_buyer: bool,
    },
    Acknowledge {
        trade: prop::sample::Index,
        by_buyer: bool,
    },
    /// Somebody reveals what the seller of a trade committed to, or something else.
    Reveal {
        who: u64,
        trade: prop::sample::Index,
        honest: bool,
    },
    /// The beacon has a value.
    Beacon {
        value: u8,
    },
    Order {
        who: u64,
        amount: Balance,
    },
    /// For so many milliseconds, or no longer.
    Pause {
        length: Option<u64>,
    },
    /// A block comes after so many milliseconds, or a little later at a whole multiple of two seconds,
    /// which deadlines are too; it has room for so many trades.
    Block {
        after: u64,
        whole: bool,
        room: u64,
    },
}

/// Steps in about the proportions in which they lead somewhere.
fn step() -> impl Strategy<Value = Step> {
    let buyer = || 1..=5_u64;
    let seller = || 11..=14_u64;
    let index = || any::<prop::sample::Index>();
    prop_oneof![
        5 => (0..3_u64, buyer(), seller(), 1..50_000_u64, prop::bool::weighted(0.2)).prop_map(
            |(ahead, buyer, seller, energy, thin)| Step::Trade { ahead, buyer, seller, energy, thin }
        ),
        2 => (2..5_u64, seller(), 0..90_000_u64)
            .prop_map(|(back, seller, energy)| Step::Read { back, seller, energy }),
        2 => (1..4_u64, seller(), 0..90_000_u64)
            .prop_map(|(back, seller, energy)| Step::Commit { back, seller, energy }),
        3 => (1..3_u64, 0..90_000_u64)
            .prop_map(|(back, energy)| Step::AllCommit { back, energy }),
        4 => (index(), prop::bool::weighted(0.9))
            .prop_map(|(trade, by_buyer)| Step::Complain { trade, by_buyer }),
        1 => (index(), prop::bool::weighted(0.8))
            .prop_map(|(trade, by_buyer)| Step::Acknowledge { trade, by_buyer }),
        4 => (1..=14_u64, index(), prop::bool::weighted(0.8))
            .prop_map(|(who, trade, honest)| Step::Reveal { who, trade, honest }),
        2 => any::<u8>().prop_map(|value| Step::Beacon { value }),
        1 => (1..=14_u64, 0..2_000 * QED).prop_map(|(who, amount)| Step::Order { who, amount }),
        1 => prop::option::weighted(0.3, 0..20 * SLOT_LENGTH)
            .prop_map(|length| Step::Pause { length }),
        12 => (1..SLOT_LENGTH, prop::bool::weighted(0.9), 0..6_u64)
            .prop_map(|(after, whole, room)| Step::Block { after, whole, room }),
        1 => (SLOT_LENGTH..6 * SLOT_LENGTH, any::<bool>(), 0..6_u64)
            .prop_map(|(after, whole, room)| Step::Block { after, whole, room }),
    ]
}

/// The chain and the reference side by side.
struct Run {
    reference: Reference,
    /// Whether blocks have little room: then both agree in the end, not at every step.
    tight: bool,
    /// How many trades the pallet has said that it settled.
    settled: usize,
}

impl Run {
    fn take(&mut self, step: Step) {
        let now = Now::get();
        let current = now / SLOT_LENGTH;
        match step {
            Step::Trade { ahead, buyer, seller, energy, thin } => {
                self.trade(SlotIndex(current + ahead), buyer, seller, energy, thin);
            }
            Step::Read { back, seller, energy } => {
                let slot = SlotIndex(current - back);
                if self.reference.takes_readings(now, slot) {
                    deliver_in(slot, seller, energy);
                    let history = self.reference.slots.entry(slot).or_default();
                    history.readings.insert(person(seller), energy);
                }
            }
            Step::Commit { back, seller, energy } => {
                self.commit(SlotIndex(current - back), seller, energy);
            }
            Step::AllCommit { back, energy } => {
                for seller in 11..=14 {
                    self.commit(SlotIndex(current - back), seller, energy);
                }
            }
            Step::Complain { trade, by_buyer } => {
                let Some(deal) = self.choose(trade) else {
                    return;
                };
                let who = if by_buyer { deal.buyer } else { deal.seller };
                let expected = self.reference.complain(now, who, deal.slot, deal.id);
                let origin = RuntimeOrigin::signed(who);
                let result = Settlement::complain(origin, deal.slot, deal.id);
                assert_eq!(result.is_ok(), expected, "{result:?}: a complaint about {deal:?}");
            }
            // With little room a trade may be open a little longer, and a buyer acknowledge what
            // would be settled otherwise.
            Step::Acknowledge { .. } if self.tight => (),
            Step::Acknowledge { trade, by_buyer } => {
                let Some(deal) = self.choose(trade) else {
                    return;
                };
                let who = if by_buyer { deal.buyer } else { deal.seller };
                let expected = self.reference.acknowledge(now, who, deal.slot, deal.id);
                let origin = RuntimeOrigin::signed(who);
                let result = Settlement::acknowledge(origin, deal.slot, deal.id);
                assert_eq!(result.is_ok(), expected, "{result:?}: acknowledging {deal:?}");
            }
            Step::Reveal { who, trade, honest } => self.reveal(who, trade, honest),
            Step::Beacon { value } => {
                // Each value once, so that it is known what gave it.
                let keys = value % 2 == 0;
                let value = H256::from_low_u64_be(now << 8 | u64::from(value));
                self.reference.beacon.push((now, value, keys));
                Beacon::mutate(|all| all.push((now, value)));
                if !keys {
                    ByHash::mutate(|all| all.insert(value));
                }
            }
            Step::Order { who, amount } => {
                if Settlement::hold(&who, amount).is_ok() {
                    assert_ok!(Settlement::release(&who, amount / 2));
                    assert_ok!(Settlement::release(&who, amount - amount / 2));
                }
            }
            Step::Pause { length } => {
                let until = length.map(|length| now + length);
                let expected = self.reference.set_paused(now, until);
                let result = Settlement::set_paused(RuntimeOrigin::root(), until);
                assert_eq!(result.is_ok(), expected, "{result:?}: a pause until {until:?}");
            }
            Step::Block { after, whole, room } => {
                let next = now + after;
                let next = if whole { next.next_multiple_of(2_000) } else { next };
                Now::set(next);
                let least = <() as WeightInfo>::poll()
                    + <() as WeightInfo>::visit_book()
                    + <() as WeightInfo>::exclude();
                let tight = least + <() as WeightInfo>::freeze_trade() * room;
                poll_with(if self.tight { tight } else { Weight::MAX });
                self.reference.block(next);
            }
        }
    }

    fn trade(&mut self, slot: SlotIndex, buyer: u64, seller: u64, energy: u64, thin: bool) {
        let id = self.reference.next_id(slot);
        let mut trade = new_trade(id, buyer, seller, energy);
        if thin {
            trade.deposit /= 100;
        }
        // Nothing, a half, all or more than all of the bond of a complaint.
        trade.reserve = bond(energy) * u128::from(energy % 4) / 2;
        let (payment, deposit, reserve) = (trade.payment, trade.deposit, trade.reserve);
        let may_open = self.reference.may_open(Now::get(), slot);
        let has_place = self.reference.has_place(slot);
        if Settlement::hold(&buyer, payment + reserve).is_err() {
            return;
        }
        if Settlement::hold(&seller, deposit).is_err() {
            assert_ok!(Settlement::release(&buyer, payment + reserve));
            return;
        }
        let opened = Settlement::open_trade(slot, &terms(slot), trade).is_ok();
        // With little room a slot may be in flight a little longer, and also a little shorter:
        // who comes by late finds more complaints overdue.
        assert!(opened == (may_open && has_place) || self.tight && may_open, "opened: {opened}");
        if !opened {
            assert_ok!(Settlement::release(&buyer, payment + reserve));
            assert_ok!(Settlement::release(&seller, deposit));
            return;
        }
        self.reference.hold(buyer, payment + reserve);
        self.reference.hold(seller, deposit);
        self.reference.deals.push(Deal {
            slot,
            id,
            buyer,
            seller,
            energy,
            payment,
            deposit,
            reserve,
            complaint: None,
            end: None,
        });
    }

    fn commit(&mut self, slot: SlotIndex, seller: u64, energy: u64) {
        let expected = self.reference.commit(Now::get(), seller, slot, energy);
        let commitment = commitment_in(slot, seller, &bill_in(slot, seller, energy));
        let result = Settlement::commit(RuntimeOrigin::signed(seller), slot, commitment);
        assert_eq!(result.is_ok(), expected, "{result:?}: a commitment of {seller}");
    }

    fn reveal(&mut self, who: u64, trade: prop::sample::Index, honest: bool) {
        let Some(Deal { slot, seller, .. }) = self.choose(trade) else {
            return;
        };
        // With little room an account may still sell what is settled otherwise, and answer for
        // another account of its owner.
        if self.tight && !self.reference.sells(seller, slot) {
            return;
        }
        let history = self.reference.slots.entry(slot).or_default();
        let committed = history.commitments.get(&person(seller)).copied().unwrap_or(0);
        let energy = committed + u64::from(!honest);
        let expected = self.reference.reveal(Now::get(), seller, slot, energy);
        let bill: Bill = bill_in(slot, seller, energy);
        let result = Settlement::reveal(RuntimeOrigin::signed(who), slot, seller, bill, NONCE);
        assert_eq!(result.is_ok(), expected, "{result:?}: a reveal of {seller} by {who}");
    }

    /// One of the trades that there ever were, one of the latest more likely than an old one.
    fn choose(&self, index: prop::sample::Index) -> Option<Deal> {
        let deals = &self.reference.deals;
        let latest = deals.len().min(12);
        (latest > 0).then(|| deals[deals.len() - 1 - index.index(latest)].clone())
    }

    /// Balances, holds, trades and exclusions are the same on both sides, and so is what has been
    /// settled and rated since the last comparison.
    fn compare(&mut self) {
        let reference = &mut self.reference;
        for (who, expected) in &reference.free {
            assert_eq!(free(*who) as i128, *expected, "what {who} has");
            let held = reference.held.get(who).copied().unwrap_or_default();
            assert_eq!(on_hold(*who) as i128, held, "what is held of {who}");
        }
        let mut open: Vec<_> = Trades::<Test>::iter_keys().collect();
        open.sort_unstable();
        let deals = reference.deals.iter();
        let mut expected: Vec<_> =
            deals.filter(|deal| deal.end.is_none()).map(|deal| (deal.slot, deal.id)).collect();
        expected.sort_unstable();
        assert_eq!(open, expected, "open trades");
        let outcomes = settled();
        System::reset_events();
        self.settled += outcomes.len();
        let ended = reference.deals.len() - expected.len();
        assert_eq!(self.settled, ended, "each trade is settled once");
        for (slot, id, outcome, metered, _) in outcomes {
            let of = |deal: &&Deal| (deal.slot, deal.id) == (slot, id);
            let deal = reference.deals.iter().find(of).unwrap();
            assert_eq!(deal.end, Some((outcome, metered.0)), "{deal:?}");
        }
        let sorted = |mut ratings: Vec<(u64, u64, Wh, Verdict)>| {
            ratings.sort_by_key(|(rater, ratee, energy, verdict)| {
                (*rater, *ratee, *energy, format!("{verdict:?}"))
            });
            ratings
        };
        let expected = std::mem::take(&mut reference.ratings);
        assert_eq!(sorted(Rated::take()), sorted(expected), "ratings");
        if self.tight {
            // What is late is noted later, among other slots.
            return;
        }
        let mut excluded: Vec<_> =
            Excluded::get().into_iter().map(|(who, _)| person(who)).collect();
        let mut expected = reference.excluded.clone();
        excluded.sort_unstable();
        expected.sort_unstable();
        assert_eq!(excluded, expected, "who is excluded");
    }
}

fn play(steps: Vec<Step>, tight: bool) {
    build_and_execute(|| {
        for account in [11, 12] {
            TestMembership::set_owner(account, OwnerId([9; 32]));
        }
        let rules = crate::Rules { draw_chance: CHANCE, ..Default::default() };
        crate::RuleChanges::<Test>::put(frame_support::BoundedVec::truncate_from(vec![(0, rules)]));
        let mut run = Run { reference: Reference::new(Now::get()), tight, settled: 0 };
        let issuance = pallet_balances::Pallet::<Test>::total_issuance();
        for step in steps {
            run.take(step);
            Settlement::do_try_state().unwrap();
            assert_eq!(pallet_balances::Pallet::<Test>::total_issuance(), issuance);
            if !tight {
                run.compare();
            }
        }
        if Settlement::pause_on().is_some() {
            run.take(Step::Pause { length: None });
        }
        let mut blocks = 0;
        while !OpenBooks::<Test>::get().is_empty() || !run.reference.open_slots().is_empty() {
            run.take(Step::Block { after: SLOT_LENGTH / 2, whole: false, room: 2 });
            blocks += 1;
            assert!(blocks < 400, "settlement does not come to an end");
        }
        run.compare();
        assert_nothing_left();
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// At every step.
    #[test]
    fn the_pallet_does_what_the_reference_does(steps in prop::collection::vec(step(), 1..160)) {
        play(steps, false);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// In the end: how little room blocks have delays what happens and changes none of it.
    #[test]
    fn little_room_changes_nothing(steps in prop::collection::vec(step(), 1..160)) {
        play(steps, true);
    }
}

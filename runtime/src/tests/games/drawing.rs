//! Who draws itself away: what it brings a seller that lies to have a hand in the value that draws whose bill
//! is revealed, through beacon and settlement.
//!
//! It sells ten kilowatt-hours in each slot to somebody that never looks, delivers nothing, commits to its true
//! bill, and answers where it is drawn. Nothing but the draw finds it out. Being found out is a default: while it
//! is excluded it sells nothing.

use super::{
    beacon::{HONEST, THIEF, barred_until, foreseen},
    document::*,
    keys::scene::{FERDIE, Scene},
    round::*,
    world::*,
};
use crate::{
    tests::beacon::{commitment, current, finish_half, reveal},
    *,
};
use pallet_settlement::{Call, Rules};
use qedex_primitives::{
    BeaconSource, Bill, Membership as _, Moment, Nonce as BillNonce, Role, Side, SlotIndex, Wh,
    Windows,
    beacon::{EpochPart, fallback},
    settlement::is_drawn,
};
use sp_io::hashing::sha2_256;
use sp_keyring::Sr25519Keyring as Key;
use std::collections::{BTreeMap, BTreeSet};

/// Slots in which it sells, as far as it may.
const SLOTS: u64 = 300;

const NONCE: BillNonce = [7; 32];

/// Which hand it has in the value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It reveals in the beacon, as two others do.
    Reveals,
    /// It reveals last, unless without its secret the value draws it in fewer slots.
    Withholds,
    /// Nobody reveals. A friend writes the block with which reveals open, in one of so many ways.
    Writes(u8),
}

/// What came of it.
#[derive(Default)]
struct Outcome {
    sold: u32,
    drawn: u32,
    withheld: u32,
    barred: u32,
    gained: i128,
    standing: u32,
}

struct Play {
    world: World,
    way: Way,
    /// The first slot in which it sells, and the last.
    slots: [SlotIndex; 2],
    /// What it has sold and not committed to.
    sold: BTreeSet<SlotIndex>,
    bills: BTreeMap<SlotIndex, Bill>,
    outcome: Outcome,
}

impl Play {
    fn begin(way: Way) -> Self {
        let mut scene = Scene::new();
        scene.joins(FERDIE, None);
        let mut world = scene.world;
        // Thousands of blocks, of which all are alike.
        world.looks_after = 100;
        if current(&mut world).part == EpochPart::Commit {
            finish_half(&mut world, &[]);
        }
        finish_half(&mut world, &[]);
        // The value before is of a block's hash, and signatures in blocks are made by chance.
        let begun = current(&mut world).index;
        world.look(|| {
            pallet_qkd::EpochValues::<Runtime>::mutate(begun - 1, |before| {
                before.as_mut().expect("it has ended").value = Hash::repeat_byte(7);
            });
        });
        let first = world.now / SLOT + 6;
        let slots = [first, first + SLOTS - 1].map(SlotIndex);
        let (sold, bills, outcome) = Default::default();
        Self { world, way, slots, sold, bills, outcome }
    }

    /// In how many slots the thief is drawn by this value, if it is of the epoch whose reveals open, or opened,
    /// at `opened`.
    fn drawn_by(&mut self, value: Hash, epoch: u64, opened: Moment) -> usize {
        let bills = &self.bills;
        self.world.look(|| {
            let before = Qkd::epoch_value(epoch - 1).expect("it has ended").opened;
            let owner = Membership::owner_of(&THIEF.to_account_id()).expect("it has an owner");
            let chance = Rules::default().draw_chance;
            let windows = Windows::default();
            bills
                .keys()
                .filter(|slot| {
                    let freeze = windows.schedule(**slot, SLOT).readings_until;
                    before <= freeze && freeze < opened
                })
                .filter(|slot| is_drawn(value, **slot, owner, chance))
                .count()
        })
    }

    /// What the parties do in the market at the beginning of the slot `now`.
    fn due(&mut self, now: u64) -> Vec<(Key, RuntimeCall)> {
        let [first, last] = self.slots;
        let sells = |slot: u64| (first.0..=last.0).contains(&slot).then_some(SlotIndex(slot));
        let windows = Windows::default();
        let mut calls = Vec::new();
        let may = || Membership::may(&SELLER.to_account_id(), Role::Sell);
        if let Some(slot) = sells(now + u64::from(windows.gate_opens))
            && self.world.look(may)
        {
            self.sold.insert(slot);
            self.outcome.sold += 1;
            let price = Market::default().price;
            let bid = price.saturating_add(presets::leader_terms().grid_fee);
            calls.push((BUYER, order(slot, Side::Bid, bid, ENERGY)));
            calls.push((SELLER, order(slot, Side::Ask, price, ENERGY)));
        }
        if let Some(slot) = sells(now - 1)
            && self.sold.remove(&slot)
        {
            let bill = Bill::truncate_from(vec![self.world.reading(slot, Wh::ZERO)]);
            let commitment = self.world.commitment(slot, &bill, &NONCE);
            calls.push((SELLER, Call::commit { slot, commitment }.into()));
            self.bills.insert(slot, bill);
        }
        if let Some(slot) = sells(now - u64::from(windows.complaints_until)) {
            let asked = self.world.look(|| {
                let mut sales = Settlement::sales_of(&SELLER.to_account_id()).into_iter();
                sales.find(|sale| sale.slot == slot).is_some_and(|sale| sale.asked)
            });
            if asked {
                self.outcome.drawn += 1;
                let (seller, bill) = (SELLER.to_account_id(), self.bills[&slot].clone());
                calls.push((SELLER, Call::reveal { slot, seller, bill, nonce: NONCE }.into()));
            }
        }
        calls
    }

    /// Writes the first block behind the beginning of a slot: that with which reveals open, where a half of an
    /// epoch is over.
    fn write(&mut self, calls: Vec<(Key, RuntimeCall)>) {
        let offers = self.world.sign(calls.clone());
        let epoch = current(&mut self.world);
        if let Way::Writes(ways) = self.way
            && epoch.part == EpochPart::Commit
            && epoch.until <= self.world.now
        {
            let (genesis, before) = self.world.look(|| {
                let before = Qkd::epoch_value(epoch.index - 1).expect("it has ended");
                (System::block_hash(0), before.value)
            });
            let opened = self.world.now;
            for said in 0..ways {
                self.world.graffiti = Some(said);
                let block = self.world.foresee(&offers);
                let value = sha2_256(&fallback(genesis, before, epoch.index, block)).into();
                if self.drawn_by(value, epoch.index, opened) == 0 {
                    break;
                }
            }
        }
        let done = self.world.offer(&offers);
        self.world.graffiti = None;
        let barred = Err(pallet_auction::Error::<Runtime>::NotPermitted.into());
        for ((_, call), done) in calls.iter().zip(done) {
            match call {
                // It was found out in this very block.
                RuntimeCall::Auction(pallet_auction::Call::place_order {
                    slot,
                    side: Side::Ask,
                    ..
                }) if done == Ok(barred) => {
                    self.sold.remove(slot);
                    self.outcome.sold -= 1;
                }
                _ => assert_eq!(done, Ok(Ok(())), "{call:?}"),
            }
        }
    }

    /// What those who draw keys say in the half of an epoch that has just begun.
    fn speak(&mut self) {
        if let Way::Writes(_) = self.way {
            return;
        }
        let epoch = current(&mut self.world);
        let entries = self.world.look(|| Qkd::epoch().expect("it is under way").1);
        let of = |who: Key| entries.iter().find(|(account, _)| *account == who.to_account_id());
        let offers: Vec<_> = match epoch.part {
            EpochPart::Commit => {
                let is_barred = barred_until(&mut self.world) > epoch.index;
                self.outcome.barred += u32::from(is_barred);
                let taking_part = HONEST.into_iter().chain((!is_barred).then_some(THIEF));
                taking_part.map(|who| commitment(&mut self.world, who, epoch.index)).collect()
            }
            EpochPart::Reveal => {
                let takes_part = of(THIEF).is_some();
                let everybody = [HONEST[0], HONEST[1], THIEF];
                let [with, without] = [&everybody[..], &HONEST[..]].map(|revealing| {
                    let value = foreseen(&mut self.world, epoch.index, revealing);
                    self.drawn_by(value, epoch.index, epoch.opened)
                });
                let withholds = takes_part && self.way == Way::Withholds && without < with;
                self.outcome.withheld += u32::from(withholds);
                let revealing =
                    HONEST.into_iter().chain((takes_part && !withholds).then_some(THIEF));
                revealing
                    .filter(|who| of(*who).is_some())
                    .map(|who| reveal(&mut self.world, who, epoch.index))
                    .collect()
            }
        };
        let done = self.world.offer(&offers);
        assert!(done.iter().all(|done| *done == Ok(Ok(()))), "{done:?}");
    }

    fn played(way: Way) -> Outcome {
        let mut play = Self::begin(way);
        let before = play.world.wealth_of(THIEF);
        let windows = Windows::default();
        let [first, last] = play.slots;
        play.world.run_to((first.0 - u64::from(windows.gate_opens)) * SLOT - SLOT / 2);
        for now in first.0 - u64::from(windows.gate_opens)..=last.0 + u64::from(windows.final_at) {
            // Behind it comes the one with which reveals open, where they do.
            play.world.step_to(now * SLOT);
            let calls = play.due(now);
            play.write(calls);
            play.speak();
        }
        play.world.run_to((last.0 + u64::from(windows.final_at) + 1) * SLOT);
        assert_eq!(play.world.held_of(THIEF), 0, "all is settled");
        let epoch = current(&mut play.world).index - 1;
        let found = play.world.look(|| Qkd::epoch_value(epoch)).expect("it has ended");
        let keys = found.source == BeaconSource::Keys;
        assert_eq!(keys, !matches!(way, Way::Writes(_)));
        play.outcome.gained = play.world.wealth_of(THIEF) as i128 - before as i128;
        play.outcome.standing = play.world.standing_of(THIEF);
        play.outcome
    }
}

#[test]
fn who_has_a_hand_in_the_draw_lies_at_a_lower_price() {
    let columns = [
        "the seller, or its friend",
        "the value is",
        "sells in slots",
        "drawn in",
        "withheld",
        "barred in epochs",
        "gained",
        "more for each reveal left out",
        "its standing",
    ];
    let mut table = Table::new(&columns, 2);
    let ways = [
        ("reveals, whatever comes of it", "of keys", Way::Reveals),
        ("withholds a secret that draws it", "of keys", Way::Withholds),
        (
            "writes the block with which reveals open in one of 16 ways",
            "a block's hash",
            Way::Writes(16),
        ),
    ];
    let outcomes = ways.map(|(_, _, way)| Play::played(way));
    let [honest, withholding, writing] = &outcomes;
    // The genesis hash goes into values, and the code into that: how often chance draws is not the same in
    // every build. What cannot be otherwise is.
    assert_eq!((honest.withheld, honest.barred), (0, 0));
    assert!(withholding.barred <= 8 * withholding.withheld, "eight epochs for each");
    // Nobody is blamed for a block that it chose.
    assert_eq!(u64::from(writing.sold), SLOTS);
    assert_eq!((writing.drawn, writing.withheld, writing.barred), (0, 0, 0));
    for ((what, value, _), outcome) in ways.iter().zip(&outcomes) {
        let each = match outcome.withheld {
            0 => String::new(),
            withheld => gain((outcome.gained - honest.gained) / i128::from(withheld)),
        };
        let cells = [
            (*what).to_owned(),
            (*value).to_owned(),
            outcome.sold.to_string(),
            outcome.drawn.to_string(),
            outcome.withheld.to_string(),
            outcome.barred.to_string(),
            gain(outcome.gained),
            each,
            standing(outcome.standing),
        ];
        table.row(&cells);
    }
    table.is_shown();
    Row::new(&[
        ways[2].0,
        ways[2].1,
        &SLOTS.to_string(),
        "0",
        "0",
        "0",
        &gain(writing.gained),
        "",
        &standing(writing.standing),
    ])
    .stands_in_the_document_under("drawing", 2);
}

//! A month of an honest private seller that is off-line now and then.

use super::{document::*, round::*, world::*};
use crate::*;
use pallet_settlement::{Call, Rules};
use qedex_math::conduct::{DAYS, Day, excludes, noted};
use qedex_primitives::{
    Bill, Membership as _, Nonce as BillNonce, Role, Side, SlotIndex, Wh, Windows,
    settlement::{day_of, is_drawn},
};
use sp_core::H256;
use std::collections::BTreeMap;

/// How many days it sells, and in how many slots of each.
const MONTH: u64 = 30;
const SLOTS_A_DAY: u64 = 30;

/// What it sells in each.
const ENERGY: Wh = Wh(1_000);

const NONCE: BillNonce = [7; 32];

/// How it went.
#[derive(Default)]
struct Month {
    sold: u32,
    offline: u32,
    drawn: u32,
    defaulted: u32,
    /// In how many slots it wanted to sell and could not.
    excluded: u32,
    days: Vec<Day>,
}

/// A plain generator, so that the month of the document is that of this test.
struct Chance(u64);

impl Chance {
    fn one_in(&mut self, parts: u32) -> bool {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((self.0 >> 33) as u32).is_multiple_of(parts)
    }
}

/// What draws the sellers of a slot: signatures in blocks are made by chance, and so are their hashes.
fn value_of(slot: SlotIndex) -> H256 {
    sp_io::hashing::blake2_256(&slot.0.to_le_bytes()).into()
}

/// What the seller does in the slot of `now`, by the moments of the slots that it sells in: it asks when
/// a gate opens, commits after delivery, and answers who asks if it is on-line.
fn live(
    world: &mut World,
    month: &mut Month,
    chance: &mut Chance,
    slot: SlotIndex,
    last: SlotIndex,
) {
    let windows = Windows::default();
    let rules = Rules::default();
    let owner = world.look(|| Membership::owner_of(&SELLER.to_account_id())).expect("it has one");
    let mut open = BTreeMap::new();
    for now in slot.0 - u64::from(windows.gate_opens)..=last.0 + u64::from(windows.final_at) {
        let at = now * SLOT;
        world.run_to(at);
        let mut calls = Vec::new();
        let wanted = SlotIndex(now + u64::from(windows.gate_opens));
        if (slot..=last).contains(&wanted) {
            if world.look(|| Membership::may(&SELLER.to_account_id(), Role::Sell)) {
                let price = Market::default().price;
                let bid = price.saturating_add(presets::leader_terms().grid_fee);
                calls.push((BUYER, order(wanted, Side::Bid, bid, ENERGY)));
                calls.push((SELLER, order(wanted, Side::Ask, price, ENERGY)));
                open.insert(wanted, None);
                month.sold += 1;
            } else {
                month.excluded += 1;
            }
        }
        for (sold, bill) in &mut open {
            let schedule = windows.schedule(*sold, SLOT);
            if at == schedule.delivery_ends {
                let reading = world.reading(*sold, ENERGY);
                let made = Bill::truncate_from(vec![reading]);
                let commitment = world.commitment(*sold, &made, &NONCE);
                calls.push((SELLER, Call::commit { slot: *sold, commitment }.into()));
                *bill = Some(made);
            }
            if at == schedule.readings_until {
                world.look(|| {
                    pallet_settlement::Books::<Runtime>::mutate_extant(*sold, |book| {
                        book.draw = Some(value_of(*sold));
                    });
                });
            }
            if at == schedule.complaints_until {
                let is_drawn = is_drawn(value_of(*sold), *sold, owner, rules.draw_chance);
                let is_offline = chance.one_in(20);
                month.drawn += u32::from(is_drawn);
                month.offline += u32::from(is_offline);
                month.defaulted += u32::from(is_drawn && is_offline);
                month.days = noted(&month.days, day_of(*sold), is_drawn && is_offline);
                if is_drawn && !is_offline {
                    let bill = bill.take().expect("it has committed");
                    let seller = SELLER.to_account_id();
                    let reveal = Call::reveal { slot: *sold, seller, bill, nonce: NONCE };
                    calls.push((SELLER, reveal.into()));
                }
            }
        }
        open.retain(|sold, _| windows.schedule(*sold, SLOT).complaints_until > at);
        let done = world.block(&calls);
        assert!(done.iter().all(Result::is_ok), "{done:?}");
    }
}

#[test]
fn an_honest_private_seller_sells_all_month() {
    let mut world = World::new();
    // Thousands of blocks, of which all are alike.
    world.looks_after = 100;
    let rules = Rules::default();
    let before = world.wealth_of(SELLER);
    let (mut month, mut chance) = (Month::default(), Chance(1));
    for _ in 0..MONTH {
        world.sleep_until_midnight();
        let first = SlotIndex(world.now / SLOT + 8);
        live(&mut world, &mut month, &mut chance, first, SlotIndex(first.0 + SLOTS_A_DAY - 1));
    }
    // What the chain has counted is what the function counts of which ten thousand months were played.
    let owner = world.look(|| Membership::owner_of(&SELLER.to_account_id())).expect("it has one");
    let counted = world.look(|| pallet_settlement::Conduct::<Runtime>::get(owner)).into_inner();
    assert_eq!(counted, month.days);
    assert!(counted.len() <= DAYS as usize);
    let share = rules.default_share.deconstruct();
    assert!(!excludes(&counted, rules.defaults_to_exclusion, share) && month.excluded == 0);
    let each = Market::default().price.cost_floor(ENERGY).expect("money");
    let honest = i128::from(month.sold) * each as i128;
    let lost = honest - (world.wealth_of(SELLER) as i128 - before as i128);
    let deposit = presets::leader_terms()
        .deposit_rate
        .mul_ceil(presets::leader_terms().cap.cost_floor(ENERGY).expect("money"));
    assert_eq!(lost, i128::from(month.defaulted) * (each + deposit) as i128);
    let mut table = Table::new(
        &["slots in which it sold", "off-line in", "drawn in", "both", "excluded from", "lost"],
        0,
    );
    let counts = [month.sold, month.offline, month.drawn, month.defaulted, month.excluded];
    let lost = qed(u128::try_from(lost).expect("a loss"));
    let cells: Vec<_> = counts.iter().map(u32::to_string).chain([lost]).collect();
    table.row(&cells);
    table.stands_in_the_document_as("month");
}

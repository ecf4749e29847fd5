//! What a pause of settlement, which moves deadlines beyond those of the calendar, must not take from
//! anybody.

use super::{
    round::{BUYER, ENERGY, SELLER, SELLERS_METER, order},
    world::{SLOT, World},
};
use crate::*;
use pallet_settlement::{Call, MAX_PAUSE, Outcome};
use qedex_primitives::{
    Bill, Change, ChangeId, MeterKey, Moment, Nonce as BillNonce, Side, SlotIndex, SlotTimes,
    Windows, meter::MAX_ASSIGNMENTS,
};
use sp_core::{Get, Pair, sr25519};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::DispatchResult;

/// Install meters.
const INSTALLERS: [Key; 2] = [Key::Bob, Key::Alice];

/// Pauses for as long as can be, or lets settlement go on.
fn pause(world: &mut World, paused: bool) {
    // A block comes before the decree.
    let until = paused.then_some(world.now + MAX_PAUSE);
    world.decree(Call::set_paused { until }.into());
}

/// Gives the seller's meter a key of this name, in three blocks, and says whether it took effect.
fn rotate(world: &mut World, name: &str) -> DispatchResult {
    let key = sr25519::Pair::from_string(&format!("//{name}"), None).unwrap();
    let key = MeterKey::Sr25519(key.public());
    let change = Change::RotateKey { meter: SELLERS_METER, key };
    let id = world.look(|| ChangeId(pallet_metering::NextChange::<Runtime>::get()));
    let hash = world.look(|| change.hash(System::block_hash(0), id));
    world.act(INSTALLERS[0], pallet_metering::Call::propose_change { change });
    let confirm = pallet_metering::Call::<Runtime>::confirm_change { change: id, hash };
    world.act(SELLER, confirm.clone());
    world.block(&[(INSTALLERS[1], confirm.into())]).remove(0)
}

/// Buyer and seller agree, and delivery begins.
fn agree(world: &mut World) -> (SlotIndex, SlotTimes) {
    let slot = world.next_gate();
    let schedule = Windows::default().schedule(slot, SLOT);
    let terms = presets::leader_terms();
    let placed = world.block(&[
        (BUYER, order(slot, Side::Bid, terms.cap, ENERGY)),
        (SELLER, order(slot, Side::Ask, terms.floor, ENERGY)),
    ]);
    assert_eq!(placed, [Ok(()), Ok(())]);
    world.run_to(schedule.delivery_starts);
    world.reported();
    (slot, schedule)
}

/// How the trade ended, if it has.
fn outcome(world: &mut World) -> Option<Outcome> {
    world.reported().into_iter().find_map(|event| match event {
        RuntimeEvent::Settlement(pallet_settlement::Event::TradeSettled { outcome, .. }) => {
            Some(outcome)
        }
        _ => None,
    })
}

#[test]
fn the_key_that_signed_a_bill_is_known_until_a_late_complaint_is_decided() {
    let mut world = World::new();
    let (slot, schedule) = agree(&mut world);
    assert_eq!(rotate(&mut world, "key 1"), Ok(()));
    world.run_to(schedule.delivery_ends);
    let nonce: BillNonce = [7; 32];
    let bill = Bill::truncate_from(vec![world.reading(slot, ENERGY)]);
    let commitment = world.commitment(slot, &bill, &nonce);
    world.act(SELLER, Call::commit { slot, commitment });
    world.run_to(schedule.readings_until);
    world.act(BUYER, Call::complain { slot, id: 0 });
    pause(&mut world, true);
    world.run_to(schedule.final_at);
    // In slot after slot another key, until the meter has as many assignments as are kept. The first
    // one judges the bill.
    for number in 2..MAX_ASSIGNMENTS {
        assert_eq!(rotate(&mut world, &format!("key {number}")), Ok(()));
        world.run_to(world.now + SLOT);
    }
    let full = || pallet_metering::Error::<Runtime>::UnfinishedAssignments.into();
    assert_eq!(rotate(&mut world, "one more"), Err(full()));
    pause(&mut world, false);
    // Of the time for complaints nothing has passed.
    world.run_to(world.now + 4 * SLOT + SLOT / 2);
    let seller = SELLER.to_account_id();
    world.act(SELLER, Call::reveal { slot, seller, bill, nonce });
    world.run_to(world.now + 12 * SLOT);
    assert_eq!(outcome(&mut world), Some(Outcome::Refuted));
    assert_eq!(rotate(&mut world, "one more"), Err(full()), "it is scored");
    let scored: u64 = <Runtime as pallet_metering::Config>::Scored::get();
    world.run_to(world.now + scored * SLOT);
    assert_eq!(rotate(&mut world, "yet another"), Ok(()), "now it is over");
}

#[test]
fn a_reading_is_kept_until_the_trades_of_its_slot_are_settled() {
    let mut world = World::new();
    let (slot, schedule) = agree(&mut world);
    world.run_to(schedule.commitments_until);
    let reading = world.reading(slot, ENERGY);
    world.act(SELLER, pallet_metering::Call::submit_reading { reading });
    pause(&mut world, true);
    // Longer than slots are kept that are settled.
    let kept: u64 = <Runtime as pallet_metering::Config>::Retention::get();
    world.run_to(schedule.readings_until + (kept + 8) * SLOT);
    assert_eq!(outcome(&mut world), None);
    pause(&mut world, false);
    world.run_to(world.now + 2 * SLOT);
    assert_eq!(outcome(&mut world), Some(Outcome::Delivered));
    // From then on it may go.
    world.run_to(world.now + SLOT);
    let readings = world.look(|| pallet_metering::Readings::<Runtime>::iter_prefix(slot).count());
    assert_eq!(readings, 0);
}

/// Two of three councillors kept what was held for as long as they liked.
#[test]
fn a_pause_ends_by_itself() {
    let mut world = World::new();
    let (slot, schedule) = agree(&mut world);
    world.run_to(schedule.commitments_until);
    let reading = world.reading(slot, ENERGY);
    world.act(SELLER, pallet_metering::Call::submit_reading { reading });
    let until = schedule.readings_until + 5 * SLOT;
    world.decree(Call::set_paused { until: Some(until) }.into());
    world.run_to(until - MILLISECONDS_PER_BLOCK);
    assert_eq!(outcome(&mut world), None);
    world.run_to(until + MILLISECONDS_PER_BLOCK);
    assert_eq!(outcome(&mut world), Some(Outcome::Delivered));
    let refused = |world: &mut World, until: Moment| {
        world.look(|| Settlement::set_paused(RuntimeOrigin::root(), Some(until)))
    };
    let error = |error: pallet_settlement::Error<Runtime>| Err(error.into());
    let now = world.now;
    let soon = refused(&mut world, now + SLOT);
    assert_eq!(soon, error(pallet_settlement::Error::PausedTooRecently));
    world.run_to(now + 20 * SLOT);
    let now = world.now;
    let long = refused(&mut world, now + MAX_PAUSE + 1);
    assert_eq!(long, error(pallet_settlement::Error::PauseTooLong));
}

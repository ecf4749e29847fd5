//! What the council, an issuer and time do together.

use super::{Theft, scene::*};
use crate::*;
use codec::Compact;
use qedex_primitives::{AttributeId, Change, Side, SlotIndex, Wh, Windows};

/// Two thirds of the council open gates early for a time: a meter changes hands in a slot of which its
/// energy was sold.
fn open_gates_early(scene: &mut Scene) -> String {
    let before = scene.money(&[EVE]);
    let early = Windows { gate_opens: 20, ..Windows::default() };
    scene.decides("Auction", "set_windows", early);
    scene.chain.run_to(scene.chain.now + SLOT);
    let slot = SlotIndex(scene.chain.now / SLOT + 15);
    scene.agree(slot, SELLER, EVE, TEN);
    scene.decides("Auction", "set_windows", Windows::default());
    let given = (SELLERS_METER, FERDIE.to_account_id());
    let change = Change::Transfer { meter: given.0, account: given.1.clone() };
    scene.changes(INSTALLER, ("transfer_meter", given), change, &[FERDIE]);
    scene.seller_delivers(slot, TEN);
    scene.end(slot);
    let saved = presets::leader_terms().cap.cost_floor(TEN).expect("a sum of money") as i128;
    let gained = scene.money(&[EVE]) - before + saved - HONEST;
    scene.loot(gained)
}

/// A seller that lied publishes a reading long after, when nothing settles by it and no complaint is
/// taken because of it.
fn reopen_a_slot(scene: &mut Scene) -> String {
    let before = scene.money(&[SELLER]);
    let slot = scene.chain.next_gate();
    scene.agree(slot, SELLER, EVE, TEN);
    scene.chain.run_to(times(slot).delivery_ends);
    scene.tries(SELLER, "Settlement", "commit", (slot, Hash::repeat_byte(1)));
    scene.chain.run_to(times(slot).readings_until + MILLISECONDS_PER_BLOCK);
    scene.pauses(true);
    // By then the market has forgotten the slot.
    scene.end(slot);
    let late = Windows {
        commitments_until: 3,
        readings_until: 30,
        complaints_until: 34,
        final_at: 36,
        ..Windows::default()
    };
    scene.decides("Auction", "set_windows", late);
    let reading =
        scene.chain.reading(SELLERS_METER, &own_meter(SELLER), slot, [Wh::ZERO, Wh::ZERO]);
    scene.tries(SELLER, "Metering", "submit_reading", reading);
    scene.pauses(false);
    scene.honestly(EVE, "Settlement", "complain", (slot, 0_u32));
    scene.chain.run_to(scene.chain.now + 20 * SLOT);
    let gained = scene.money(&[SELLER]) - before;
    scene.loot(gained)
}

/// Two thirds of the council pause settlement and forget it.
fn pause_for_ever(scene: &mut Scene) -> String {
    let slot = scene.chain.next_gate();
    scene.agree(slot, SELLER, EVE, TEN);
    scene.seller_delivers(slot, TEN);
    scene.pauses(true);
    scene.chain.run_to(scene.chain.now + 300 * SLOT);
    let held = scene.chain.held_of(SELLER);
    scene.told(format!("{} held after 300 slots", qed(held)))
}

/// One member's vote is that of everybody who does not vote, once it is the prime.
fn vote_alone(scene: &mut Scene) -> String {
    let council = [ISSUER, INSTALLER, CHARLIE].map(|key| key.to_account_id());
    let members = (council.to_vec(), Some(ISSUER.to_account_id()), 3_u32);
    scene.decides("Council", "set_members", members);
    let excluded = (EVE.to_account_id(), Vec::<u8>::new(), 24 * 3_600_000_u64);
    let proposal = scene.chain.call("Membership", "blacklist", excluded);
    let motion = (Compact(2_u32), proposal.clone(), Compact(1_000_u32));
    scene.tries(ISSUER, "Council", "propose", motion);
    let hash = sp_io::hashing::blake2_256(&codec::Encode::encode(&proposal));
    scene.tries(ISSUER, "Council", "vote", (hash, Compact(0_u32), true));
    scene.chain.skip_blocks(configs::governance::MotionDuration::get() + 1);
    let bound = frame_support::weights::Weight::from_parts(10_000_000_000, 1_000_000);
    scene.tries(ISSUER, "Council", "close", (hash, Compact(0_u32), bound, Compact(1_000_u32)));
    let order = (scene.chain.next_gate(), Side::Bid, middle_bid(), TEN);
    let trades = scene.honestly(EVE, "Auction", "place_order", order);
    scene.told(if trades { "fails" } else { "is carried" })
}

/// An issuer makes all credentials void at once.
fn close_the_market(scene: &mut Scene) -> String {
    scene.tries(ISSUER, "Membership", "bump_version", AttributeId(0));
    let slot = scene.chain.next_gate();
    let bid = (slot, Side::Bid, middle_bid(), TEN);
    scene.honestly(EVE, "Auction", "place_order", bid);
    let ask = (slot, Side::Ask, middle(), TEN);
    scene.honestly(SELLER, "Auction", "place_order", ask);
    let sold: u64 = scene.deliver(slot).iter().map(|trade| trade.energy.0).sum();
    scene.told(format!("{} of 10 kWh trade", sold / 1_000))
}

#[test]
fn a_meter_changes_hands_in_a_slot_that_was_sold() {
    Theft {
        finding: "16",
        sequence: "gates open early for a time; an installer then transfers a meter in a sold slot",
        play: open_gates_early,
    }
    .earned("+3.000", "0.000 (`NotIndependent`)");
}

#[test]
fn a_late_reading_shields_a_liar() {
    Theft {
        finding: "16, j",
        sequence: "a pause, wider windows, and a liar's reading after the freeze",
        play: reopen_a_slot,
    }
    .earned("+1.800", "-2.400 (`NotInReadingWindow`)");
}

#[test]
fn a_pause_has_no_end() {
    Theft {
        finding: "17",
        sequence: "the council pauses settlement, and forgets it: what is held of a seller",
        play: pause_for_ever,
    }
    .earned("2.100 held after 300 slots", "0.000 held after 300 slots");
}

#[test]
fn absent_councillors_vote_as_the_prime_does() {
    Theft {
        finding: "17",
        sequence: "one councillor of three, once it is the prime, moves to exclude somebody",
        play: vote_alone,
    }
    .earned("is carried", "fails");
}

#[test]
fn an_issuer_alone_closes_the_market() {
    Theft {
        finding: "17",
        sequence: "an issuer makes all its credentials void",
        play: close_the_market,
    }
    .earned("0 of 10 kWh trade", "10 of 10 kWh trade");
}

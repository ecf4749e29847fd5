//! What standing orders, standing and scores are made of.

use super::{Theft, scene::*};
use crate::*;
use qedex_primitives::{AttributeId, Change, MeterId, Side, SlotIndex, Wh};

/// A phantom that fails one friend again and again in a day, and has another one acknowledge once.
fn hold_standing(scene: &mut Scene) -> String {
    let before = scene.money(&[SELLER, EVE, FERDIE]);
    let first = scene.chain.next_gate();
    for slot in [first.0, first.0 + 1].map(SlotIndex) {
        scene.chain.run_to(times(slot).gate_opens);
        scene.agree_often(slot, 8);
    }
    let paid = SlotIndex(first.0 + 2);
    scene.chain.run_to(times(paid).gate_opens);
    scene.agree(paid, SELLER, FERDIE, TEN);
    for slot in [first.0, first.0 + 1].map(SlotIndex) {
        scene.seller_delivers(slot, Wh::ZERO);
    }
    let bought = scene.deliver(paid);
    scene.chain.run_to(times(paid).delivery_ends);
    for trade in bought {
        scene.tries(FERDIE, "Settlement", "acknowledge", (paid, trade.id));
    }
    scene.end(paid);
    let cost = before - scene.money(&[SELLER, EVE, FERDIE]);
    let cost = qed(u128::try_from(cost).expect("nobody gives them anything"));
    let now = scene.chain.standing_of(SELLER);
    scene.told(format!("{} for {cost}", standing(now)))
}

/// A standing order that is ended and set again before every gate.
fn be_the_newest(scene: &mut Scene) -> String {
    for who in [FERDIE, SELLER] {
        scene.tries(who, "Auction", "set_standing_order", (Side::Ask, middle(), TEN));
    }
    let first = scene.gate_after(2);
    let (mut ours, mut theirs) = (0, 0);
    for place in 1..=4 {
        scene.tries(FERDIE, "Auction", "end_standing_order", ());
        scene.tries(FERDIE, "Auction", "set_standing_order", (Side::Ask, middle(), TEN));
        let slot = SlotIndex(first.0 + place);
        scene.chain.run_to(times(slot).gate_opens + MILLISECONDS_PER_BLOCK);
        let bid = (slot, Side::Bid, middle_bid(), TEN);
        scene.honestly(EVE, "Auction", "place_order", bid);
    }
    scene.chain.run_to(times(SlotIndex(first.0 + 4)).delivery_starts);
    for trade in scene.chain.opened() {
        let sold = if trade.seller == FERDIE.to_account_id() { &mut ours } else { &mut theirs };
        *sold += trade.energy.0 / 1_000;
    }
    scene.told(format!("sells {ours}, the other {theirs} kWh"))
}

/// An ask for all keys of a slot at the least price, from who has a plant for ten kilowatt-hours.
fn ask_for_everything(scene: &mut Scene) -> String {
    let slot = scene.chain.next_gate();
    let floor = presets::leader_terms().floor;
    let twenty = Wh(20_000);
    scene.honestly(EVE, "Auction", "place_order", (slot, Side::Bid, middle_bid(), twenty));
    scene.honestly(SELLER, "Auction", "place_order", (slot, Side::Ask, middle(), TEN));
    for energy in [Wh(1_000_000), TEN] {
        scene.tries(FERDIE, "Auction", "place_order", (slot, Side::Ask, floor, energy));
    }
    let [ours, theirs] = [FERDIE, SELLER].map(|who| who.to_account_id());
    let sold = scene.deliver(slot);
    let of = |who: &AccountId| -> u64 {
        let trades = sold.iter().filter(|trade| trade.seller == *who);
        trades.map(|trade| trade.energy.0).sum::<u64>() / 1_000
    };
    scene.told(format!("sells {}, the other {} kWh", of(&ours), of(&theirs)))
}

/// A validator with a meter of a watt-hour says nothing in four slots of a mid band.
fn say_nothing(scene: &mut Scene) -> String {
    let ended = MeterId(3);
    let change = Change::Decommission { meter: ended };
    scene.changes(INSTALLER, ("decommission_meter", ended), change, &[ISSUER]);
    scene.registers(ISSUER, "//small", Wh(1), &[ISSUER]);
    // Four slots of the mid band, of which the last has just become final.
    let midnight = scene.chain.now / SLOT;
    scene.chain.run_to((midnight + 35 + 11) * SLOT + SLOT / 2);
    let score = scene.score_of_the_validator();
    scene.told(format!("{} of 0.500", standing(score)))
}

/// A validator whose credential is revoked.
fn keep_a_seat(scene: &mut Scene) -> String {
    scene.move_to("local_testnet");
    let revoked = (SELLER.to_account_id(), AttributeId(5));
    scene.honestly(ISSUER, "Membership", "revoke", revoked);
    // Longer than four sessions.
    scene.chain.run_to(scene.chain.now + 16 * SLOT);
    let voters: Vec<(sp_consensus_grandpa::AuthorityId, u64)> =
        scene.chain.ask("GrandpaApi_grandpa_authorities", ());
    scene.told(format!("{} of 4 vote", voters.len()))
}

#[test]
fn standing_is_held_at_one_half() {
    Theft {
        finding: "12",
        sequence: "a phantom fails a friend 16 times in a day, and buys one rating of another",
        play: hold_standing,
    }
    .earned("0.500 for 0.200", "0.400 for 0.800 (`AboveRating`)");
}

#[test]
fn the_newest_standing_order_comes_first() {
    Theft {
        finding: "15",
        sequence: "a standing order is ended and set again before each of four gates",
        play: be_the_newest,
    }
    .earned("sells 40, the other 0 kWh", "sells 20, the other 20 kWh");
}

#[test]
fn an_ask_for_everything_takes_everybodys_place() {
    Theft {
        finding: "7",
        sequence: "an ask of 1,000 kWh at the floor, and two sellers for 20 kWh",
        play: ask_for_everything,
    }
    .earned("sells 20, the other 0 kWh", "sells 10, the other 10 kWh (`AboveRating`)");
}

#[test]
fn silence_is_free_with_a_small_meter() {
    Theft {
        finding: "c",
        sequence: "a validator with a meter of 1 Wh says nothing in mid-peak slots: its score",
        play: say_nothing,
    }
    .earned("0.500 of 0.500", "0.181 of 0.500 (`NotIndependent`)");
}

/// Four are the least: its vote is held until somebody joins, counts as gone meanwhile, and writes at the floor.
#[test]
fn a_revoked_validator_keeps_its_vote_while_four_are_the_least() {
    Theft {
        finding: "e",
        sequence: "a validator's credential is revoked where four are the least, and four sessions end",
        play: keep_a_seat,
    }
    .earned("4 of 4 vote", "4 of 4 vote");
}

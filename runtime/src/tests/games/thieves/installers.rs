//! What one installer does to others' evidence.

use super::{Theft, scene::*};
use crate::*;
use qedex_primitives::{Change, MeterId, SlotIndex, Wh};
use sp_keyring::Sr25519Keyring as Key;

/// A key that nobody but the thief has.
const FORGED: &str = "//thief";

/// An installer gives the seller's meter another key, if one is enough for that.
fn rotates(scene: &mut Scene, by: Key, key: &str) -> bool {
    let (meter, key) = (SELLERS_METER, public(key));
    scene.changes(by, ("rotate_key", (meter, key)), Change::RotateKey { meter, key }, &[])
}

/// What a buyer in league has in the end beyond what it would have had by honest trade: its energy
/// came in any case.
fn gained(scene: &mut Scene, before: i128) -> i128 {
    let saved = presets::leader_terms().cap.cost_floor(TEN).expect("a sum of money") as i128;
    scene.money(&[EVE]) - before + saved - HONEST
}

/// The seller's meter gets another key when its energy is sold: its signature is void.
fn rotate_key(scene: &mut Scene) -> String {
    let before = scene.money(&[EVE]);
    let slot = scene.chain.next_gate();
    scene.agree(slot, SELLER, EVE, TEN);
    scene.chain.run_to(times(slot).delivery_starts - SLOT / 2);
    rotates(scene, INSTALLER, FORGED);
    scene.seller_delivers(slot, TEN);
    scene.end(slot);
    let gained = gained(scene, before);
    scene.loot(gained)
}

/// The seller gets a meter that never says anything.
fn add_silent_meter(scene: &mut Scene) -> String {
    scene.registers(SELLER, FORGED, Wh(1), &[]);
    let before = scene.money(&[EVE]);
    let slot = scene.gate_after(6);
    scene.agree(slot, SELLER, EVE, TEN);
    scene.seller_delivers(slot, TEN);
    scene.end(slot);
    let gained = gained(scene, before);
    scene.loot(gained)
}

/// A validator gets a meter that may take a gigawatt-hour in and never says anything.
fn silence_a_validator(scene: &mut Scene) -> String {
    let first = scene.chain.next_gate();
    for place in 0..30 {
        if place == 8 {
            scene.registers(ISSUER, FORGED, Wh(1_000_000_000), &[]);
        }
        let slot = SlotIndex(first.0 + place);
        let key = own_meter(ISSUER);
        scene.publishes(ISSUER, MeterId(3), &key, slot, [Wh(2_000), Wh::ZERO]);
    }
    scene.end(SlotIndex(first.0 + 29));
    let score = scene.score_of_the_validator();
    scene.told(standing(score))
}

/// The seller's plant is given to somebody in league, who sells what it generates.
fn transfer_meter(scene: &mut Scene) -> String {
    let given = (SELLERS_METER, EVE.to_account_id());
    let change = Change::Transfer { meter: given.0, account: given.1.clone() };
    scene.changes(INSTALLER, ("transfer_meter", given), change, &[EVE]);
    let slot = scene.gate_after(6);
    let before = scene.money(&[EVE]);
    if scene.agree(slot, EVE, FERDIE, TEN) {
        // What the plant signed anybody may carry.
        let key = own_meter(SELLER);
        scene.publishes(EVE, SELLERS_METER, &key, slot, [TEN, Wh::ZERO]);
        let key = own_meter(EVE);
        scene.publishes(EVE, EVES_METER, &key, slot, [Wh::ZERO, Wh::ZERO]);
    }
    scene.end(slot);
    let gained = scene.money(&[EVE]) - before;
    scene.loot(gained)
}

/// A meter that is a key in a file says what was never generated.
fn register_software(scene: &mut Scene) -> String {
    let meter = scene.registers(EVE, FORGED, Wh(1_000_000_000), &[EVE]);
    let slot = scene.gate_after(6);
    let before = scene.money(&[EVE]);
    if scene.agree(slot, EVE, FERDIE, TEN) {
        if let Some(meter) = meter {
            scene.publishes(EVE, meter, FORGED, slot, [TEN, Wh::ZERO]);
        }
        let key = own_meter(EVE);
        scene.publishes(EVE, EVES_METER, &key, slot, [Wh::ZERO, Wh::ZERO]);
    }
    scene.end(slot);
    let gained = scene.money(&[EVE]) - before;
    scene.loot(gained)
}

/// A second installer says that the seller's reading was wrong, before the freeze.
fn correct_reading(scene: &mut Scene) -> String {
    let before = scene.money(&[EVE]);
    let slot = scene.chain.next_gate();
    scene.agree(slot, SELLER, EVE, TEN);
    scene.seller_delivers(slot, TEN);
    scene.corrects(ISSUER, SELLERS_METER, slot, [Wh::ZERO, Wh::ZERO]);
    scene.end(slot);
    let gained = gained(scene, before);
    scene.loot(gained)
}

/// Somebody in league corrects a lie by a watt-hour, and the honest installer comes too late.
fn correct_first(scene: &mut Scene) -> String {
    scene.issues(ISSUER, CHARLIE, 3, own(CHARLIE));
    let slot = scene.chain.next_gate();
    scene.seller_delivers(slot, TEN);
    scene.corrects(CHARLIE, SELLERS_METER, slot, [Wh(9_999), Wh::ZERO]);
    let corrected = scene.corrects(ISSUER, SELLERS_METER, slot, [Wh::ZERO, Wh::ZERO]);
    scene.told(if corrected { "both are on record" } else { "the lie stands" })
}

/// What a change protects that nobody but the thief wanted.
fn lock_a_change(scene: &mut Scene) -> String {
    let begun = scene.chain.now;
    let mut undone = !rotates(scene, INSTALLER, FORGED);
    let mut number = 0;
    while !undone && scene.chain.now < begun + 20 * SLOT {
        number += 1;
        let honest = public(&format!("//honest//{number}"));
        undone = scene.honestly(ISSUER, "Metering", "rotate_key", (SELLERS_METER, honest));
        scene.chain.run_to(scene.chain.now + SLOT / 2);
    }
    let slots = (scene.chain.now - begun) / SLOT;
    scene.told(format!("{slots} slots"))
}

#[test]
fn a_key_that_one_installer_rotates_voids_a_sellers_evidence() {
    Theft {
        finding: "2",
        sequence: "an installer rotates the key of a meter whose energy a friend has bought",
        play: rotate_key,
    }
    .earned("+3.000", "0.000 (`NotIndependent`)");
}

#[test]
fn a_meter_that_nobody_asked_for_voids_a_sellers_evidence() {
    Theft {
        finding: "2",
        sequence: "an installer registers a silent meter of 1 Wh for a seller",
        play: add_silent_meter,
    }
    .earned("+3.000", "0.000 (`NotIndependent`)");
}

#[test]
fn a_meter_that_nobody_asked_for_takes_a_validators_score() {
    Theft {
        finding: "2",
        sequence: "an installer registers a silent meter of 1 GWh for a validator: its score",
        play: silence_a_validator,
    }
    .earned("0.000", "0.435 (`NotIndependent`)");
}

#[test]
fn a_plant_is_given_away_without_its_owner() {
    Theft {
        finding: "2",
        sequence: "an installer transfers a plant to a friend, who sells what it generates",
        play: transfer_meter,
    }
    .earned("+1.800", "-1.300 (`NotIndependent`)");
}

#[test]
fn a_key_in_a_file_sells_what_was_never_generated() {
    Theft {
        finding: "2",
        sequence: "an installer registers a key in a file as a friend's plant of 1 GWh",
        play: register_software,
    }
    .earned("+1.800", "-1.300 (`NotIndependent`)");
}

#[test]
fn one_installer_decides_a_trade_by_a_correction() {
    Theft {
        finding: "11, a",
        sequence: "an installer corrects the reading of a seller to nothing before the freeze",
        play: correct_reading,
    }
    .earned("+3.000", "0.000");
}

#[test]
fn the_first_correction_keeps_the_others_out() {
    Theft {
        finding: "11",
        sequence: "an installer in league corrects a lie by 1 Wh before an honest one does",
        play: correct_first,
    }
    .earned("the lie stands (`AlreadyCorrected`)", "both are on record");
}

#[test]
fn a_change_that_only_the_thief_wanted_cannot_be_undone() {
    Theft {
        finding: "b",
        sequence: "an installer rotates a key: until another one can undo it",
        play: lock_a_change,
    }
    .earned("11 slots", "0 slots (`NotIndependent`)");
}

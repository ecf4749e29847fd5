//! What was found while the new rules were read, before they were built.

use super::{Theft, scene::*};
use crate::*;
use qedex_primitives::{Change, MeterId, MeterRatings, OwnerId, Party, Wh};
use sp_keyring::Sr25519Keyring as Key;

/// Has nothing on record, and wants to be let in.
const NEWCOMER: Key = Key::AliceStash;
/// Has nothing on record either, and is quicker.
const STRANGER: Key = Key::BobStash;

/// Whoever names owners is in league with a stranger, who becomes an account of the owner that a
/// newcomer is about to found.
fn be_quicker(scene: &mut Scene) -> String {
    let owner = own(NEWCOMER);
    scene.issues(ISSUER, STRANGER, 0, owner);
    if scene.is_first_release() {
        scene.issues(ISSUER, NEWCOMER, 0, owner);
    } else {
        scene.tries(ISSUER, "Membership", "name_owner", (NEWCOMER.to_account_id(), owner));
        // It is told that it founds the owner, and consents to that.
        scene.tries(NEWCOMER, "Membership", "consent_owner", (owner, false));
    }
    let order = (scene.chain.next_gate(), qedex_primitives::Side::Bid, middle_bid(), TEN);
    scene.honestly(STRANGER, "Auction", "place_order", order);
    let trades = scene.honestly(NEWCOMER, "Auction", "place_order", order);
    scene.told(if trades { "has a stranger beside it" } else { "has its name alone" })
}

/// The owner of a meter that says what did not flow wants it to stay in service.
fn stay_in_service(scene: &mut Scene) -> String {
    let begun = scene.chain.now;
    let change = Change::Decommission { meter: SELLERS_METER };
    if scene.is_first_release() {
        scene.honestly(INSTALLER, "Metering", "decommission_meter", SELLERS_METER);
    } else {
        scene.files(INSTALLER, change, &[ISSUER]);
        let (id, hash) = scene.latest_change();
        scene.tries(SELLER, "Metering", "refuse_change", id);
        scene.decides("Metering", "confirm_change_as_council", (id, hash, Party::Owner));
    }
    let mut slots = 0;
    while slots < 20 {
        scene.chain.run_to(begun + slots * SLOT + SLOT / 2);
        let slot = qedex_primitives::SlotIndex(scene.chain.now / SLOT);
        let key = own_meter(SELLER);
        if !scene.publishes(SELLER, SELLERS_METER, &key, slot, [TEN, Wh::ZERO]) {
            break;
        }
        slots += 1;
    }
    scene.told(format!("reads {slots} slots more"))
}

/// There is one installer only, who does by itself what takes two.
fn be_the_only_installer(scene: &mut Scene) -> String {
    scene.honestly(
        ISSUER,
        "Membership",
        "revoke",
        (ISSUER.to_account_id(), qedex_primitives::AttributeId(3)),
    );
    let alone = scene.registers(FERDIE, "//first", TEN, &[FERDIE]).is_some();
    let with_the_council = !scene.is_first_release() && {
        let (id, hash) = scene.latest_change();
        scene.decides("Metering", "confirm_change_as_council", (id, hash, Party::SecondInstaller))
    };
    scene.told(match (alone, with_the_council) {
        (true, _) => "registers alone",
        (false, true) => "registers with the council",
        (false, false) => "registers nothing",
    })
}

/// An installer files changes that nobody wants, as many as it can.
fn file_without_end(scene: &mut Scene) -> String {
    let before = scene.chain.held_of(INSTALLER);
    let mut filed = 0;
    for number in 1..=100_u64 {
        let ratings = MeterRatings { out: Wh(number), into: Wh(number) };
        let change = Change::<AccountId>::Rate { meter: MeterId(0), ratings };
        if !scene.tries(INSTALLER, "Metering", "propose_change", change) {
            break;
        }
        filed += 1;
    }
    // The others file theirs all the same.
    let change = Change::<AccountId>::RotateKey { meter: EVES_METER, key: public("//new") };
    let served = scene.is_first_release() || scene.files(ISSUER, change, &[EVE]) || {
        let (id, _) = scene.latest_change();
        scene.chain.look(|| pallet_metering::PendingChanges::<Runtime>::contains_key(id))
    };
    assert!(served, "nobody else is kept from filing");
    let held = scene.chain.held_of(INSTALLER) - before;
    scene.told(format!("{filed} pending for {} held", qed(held)))
}

#[test]
fn a_stranger_is_quicker_than_who_founds_an_owner() {
    Theft {
        finding: "9",
        sequence: "who names owners lets a stranger found a newcomer's owner before it does",
        play: be_quicker,
    }
    .earned("has a stranger beside it", "has its name alone (`OwnerHasAccounts`)");
    assert_ne!(OwnerId(own(NEWCOMER)), OwnerId(own(STRANGER)));
}

#[test]
fn a_meter_that_was_found_out_goes_against_its_owners_will() {
    Theft {
        finding: "rule 3",
        sequence: "the owner of a meter that was found out refuses the end of its service",
        play: stay_in_service,
    }
    .earned("reads 2 slots more", "reads 2 slots more (`CannotBeRefused`)");
}

#[test]
fn a_village_with_one_installer_has_its_council() {
    Theft {
        finding: "rule 4",
        sequence: "the only installer of a village registers a friend's meter alone",
        play: be_the_only_installer,
    }
    .earned("registers alone", "registers with the council (`NotIndependent`)");
}

#[test]
fn pending_changes_are_bonded_and_few() {
    Theft {
        finding: "rule 5",
        sequence: "an installer files changes that nobody wants",
        play: file_without_end,
    }
    .earned(
        "0 pending for 0.000 held (`no such call: Metering.propose_change`)",
        "64 pending for 6.686 held (`TooManyPending`)",
    );
}

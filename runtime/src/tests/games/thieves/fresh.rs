//! What was tried when the rules stood, by who had not built them.

use super::{Theft, scene::*};
use crate::*;
use qedex_primitives::{AttributeId, Change, ChangeId, MeterKey, PricePerKwh, Side, Wh};
use sp_keyring::Sr25519Keyring as Key;

/// Has nothing on record.
const NEWCOMER: Key = Key::AliceStash;

/// Somebody that never moves tokens of its principal closes a trade of which nothing came.
fn acknowledge_nothing(scene: &mut Scene) -> String {
    let deputy = MultiAddress::<AccountId, ()>::Id(CHARLIE.to_account_id());
    scene.honestly(EVE, "Proxy", "add_proxy", (deputy, 1_u8, 0_u32));
    let before = scene.money(&[SELLER]);
    let slot = scene.chain.next_gate();
    scene.agree(slot, SELLER, EVE, TEN);
    for trade in scene.deliver(slot) {
        scene.chain.run_to(times(slot).delivery_ends);
        let call = scene.chain.call("Settlement", "acknowledge", (slot, trade.id));
        scene.acts_for(CHARLIE, EVE, call);
    }
    scene.end(slot);
    let gained = scene.money(&[SELLER]) - before;
    scene.loot(gained)
}

/// An issuer uses up what may be ended in a day, so that the council revokes nobody.
fn spend_the_allowance(scene: &mut Scene) -> String {
    let installer = AttributeId(3);
    scene.issues(ISSUER, NEWCOMER, installer.0, own(NEWCOMER));
    scene.tries(ISSUER, "Membership", "revoke", (NEWCOMER.to_account_id(), installer));
    let revoked = scene.decides("Membership", "revoke", (INSTALLER.to_account_id(), installer));
    scene.told(if revoked { "the council revokes" } else { "the council waits a day" })
}

/// An account that was stolen, and shut for that, refuses what its owner wants.
fn refuse_as_a_shut_account(scene: &mut Scene) -> String {
    scene.has_a_second_account(SELLER, NEWCOMER);
    let stolen = NEWCOMER.to_account_id();
    scene.tries(ISSUER, "Membership", "propose_shutting", stolen.clone());
    scene.decides("Membership", "shut_account", stolen);
    let key: MeterKey = public("//new");
    let change = Change::<AccountId>::RotateKey { meter: SELLERS_METER, key };
    scene.tries(INSTALLER, "Metering", "propose_change", change);
    let pending =
        if scene.is_first_release() { (ChangeId(0), Hash::zero()) } else { scene.latest_change() };
    scene.tries(NEWCOMER, "Metering", "refuse_change", pending.0);
    scene.tries(ISSUER, "Metering", "confirm_change", pending);
    let changed = scene.tries(SELLER, "Metering", "confirm_change", pending);
    scene.told(if changed { "the key is changed" } else { "nothing is changed" })
}

/// A friend's bid that is just left out raises the price of a seller.
fn leave_a_bid_out(scene: &mut Scene) -> String {
    let before = scene.money(&[SELLER]);
    let slot = scene.chain.next_gate();
    let terms = presets::leader_terms();
    scene.honestly(EVE, "Auction", "place_order", (slot, Side::Bid, terms.cap, TEN));
    scene.honestly(SELLER, "Auction", "place_order", (slot, Side::Ask, terms.floor, TEN));
    let just_below = PricePerKwh(terms.cap.0 - terms.tick.0);
    scene.tries(FERDIE, "Auction", "place_order", (slot, Side::Bid, just_below, Wh(100)));
    scene.seller_delivers(slot, TEN);
    scene.end(slot);
    let price = middle().cost_floor(TEN).expect("a sum of money") as i128;
    let gained = scene.money(&[SELLER]) - before - price;
    scene.loot(gained)
}

/// Two installers and an owner register a key in a file.
fn be_in_league(scene: &mut Scene) -> String {
    let forged = if scene.is_first_release() {
        scene.registers(FERDIE, "//thief", Wh(1_000_000), &[])
    } else {
        let change = registration(FERDIE, "//thief", "//thief", Wh(1_000_000));
        scene.files(INSTALLER, change, &[FERDIE, ISSUER]).then(|| scene.latest_meter())
    };
    let slot = scene.gate_after(6);
    let before = scene.money(&[FERDIE]);
    scene.agree(slot, FERDIE, EVE, TEN);
    if let Some(meter) = forged {
        scene.publishes(FERDIE, meter, "//thief", slot, [TEN, Wh::ZERO]);
    }
    scene.publishes(FERDIE, FERDIES_METER, &own_meter(FERDIE), slot, [Wh::ZERO, Wh::ZERO]);
    scene.end(slot);
    let gained = scene.money(&[FERDIE]) - before;
    scene.loot(gained)
}

#[test]
fn a_deputy_that_moves_no_tokens_closes_no_trade() {
    Theft {
        finding: "fresh, settlement",
        sequence: "a `NonTransfer` deputy acknowledges 10 kWh that never came, from a friend",
        play: acknowledge_nothing,
    }
    .earned("+1.800", "-2.400 (`CallFiltered`)");
}

#[test]
fn an_issuer_does_not_keep_the_council_from_revoking() {
    Theft {
        finding: "fresh, membership",
        sequence: "an issuer ends a credential of its own each day, to use up the day's allowance",
        play: spend_the_allowance,
    }
    .earned("the council revokes", "the council revokes");
}

#[test]
fn a_shut_account_speaks_for_nobody() {
    Theft {
        finding: "fresh, metering",
        sequence: "a stolen account that was shut refuses its owner's changes",
        play: refuse_as_a_shut_account,
    }
    .earned(
        "nothing is changed (`no such call: Membership.propose_shutting`)",
        "the key is changed (`UnknownOwner`)",
    );
}

#[test]
fn a_friends_order_that_is_left_out_moves_the_price() {
    Theft {
        finding: "fresh, auction",
        sequence: "a friend bids for 100 Wh just below the only buyer of 10 kWh",
        play: leave_a_bid_out,
    }
    .earned("+0.995", "+0.995");
}

#[test]
fn two_installers_and_an_owner_in_league() {
    Theft {
        finding: "2, open",
        sequence: "two installers and an owner register a key in a file, in every slot",
        play: be_in_league,
    }
    .earned("+1.800", "+1.800");
}

//! What an owner's name, or two of them, is good for.

use super::{Theft, scene::*};
use crate::*;
use qedex_primitives::{Change, MeterKind, Side, SlotIndex, Wh};
use sp_keyring::Sr25519Keyring as Key;

/// Has nothing on record.
const NEWCOMER: Key = Key::AliceStash;

/// The council registers an attribute that has nothing to do with the market, issued by somebody who
/// serves the thief.
fn an_issuer_in_league(scene: &mut Scene) -> u32 {
    let text = |text: &str| text.as_bytes().to_vec();
    let attribute = (text("gardener"), text("Has a garden"), CHARLIE.to_account_id());
    if scene.is_first_release() {
        scene.decides("Membership", "register_attribute", attribute);
    } else {
        let with_a_term = (attribute, 300 * 96 * SLOT);
        scene.decides("Membership", "register_attribute", with_a_term);
    }
    7
}

/// An account gets the name of the seller, and then, honestly, what it takes to trade.
fn become_the_seller(scene: &mut Scene) {
    let attribute = an_issuer_in_league(scene);
    scene.issues(CHARLIE, NEWCOMER, attribute, own(SELLER));
    // Whoever issues takes the name that is on record.
    scene.issues(ISSUER, NEWCOMER, 0, own(SELLER));
}

/// The account takes the seller's side of a slot.
fn take_a_side(scene: &mut Scene) -> String {
    become_the_seller(scene);
    let terms = presets::leader_terms();
    let least = (Side::Bid, terms.floor, Wh(100));
    scene.tries(NEWCOMER, "Auction", "set_standing_order", least);
    let slot = scene.gate_after(2);
    scene.chain.run_to(times(slot).gate_opens + MILLISECONDS_PER_BLOCK);
    let bid = (slot, Side::Bid, middle_bid(), TEN);
    scene.honestly(EVE, "Auction", "place_order", bid);
    let ask = (slot, Side::Ask, middle(), TEN);
    scene.honestly(SELLER, "Auction", "place_order", ask);
    let sold: u64 = scene.deliver(slot).iter().map(|trade| trade.energy.0).sum();
    scene.told(format!("sells {} of 10 kWh", sold / 1_000))
}

/// The account uses up the orders that the seller may have in a slot.
fn use_up_a_quota(scene: &mut Scene) -> String {
    become_the_seller(scene);
    scene.issues(ISSUER, NEWCOMER, 1, own(SELLER));
    let slot = scene.chain.next_gate();
    let cap = presets::leader_terms().cap;
    for _ in 0..8 {
        scene.tries(NEWCOMER, "Auction", "place_order", (slot, Side::Ask, cap, Wh(100)));
    }
    let bid = (slot, Side::Bid, middle_bid(), TEN);
    scene.honestly(EVE, "Auction", "place_order", bid);
    let ask = (slot, Side::Ask, middle(), TEN);
    scene.honestly(SELLER, "Auction", "place_order", ask);
    let sold: u64 = scene.deliver(slot).iter().map(|trade| trade.energy.0).sum();
    scene.told(format!("sells {} of 10 kWh", sold / 1_000))
}

/// Somebody who comes new gets a wrong name before the right one.
fn misname(scene: &mut Scene) -> String {
    let attribute = an_issuer_in_league(scene);
    scene.issues(CHARLIE, NEWCOMER, attribute, [13; 32]);
    let admitted = scene.issues(ISSUER, NEWCOMER, 0, own(NEWCOMER));
    scene.told(if admitted { "is admitted" } else { "is kept out" })
}

/// A name is changed by renewing the only credential of an account.
fn rename(scene: &mut Scene) -> String {
    scene.issues(ISSUER, NEWCOMER, 0, own(NEWCOMER));
    let renamed = scene.issues(ISSUER, NEWCOMER, 0, [13; 32]);
    scene.told(if renamed { "is another" } else { "is the same" })
}

/// In whose name the house is whose roof has the plant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum House {
    SecondAccount,
    Friend,
    Nobody,
}

/// The plant sells what the house uses. Both are behind one connection to the grid, through which
/// nothing flows.
///
/// On the first release the plant's meter is the seller's, and the house's another account's or nobody's.
/// Now a meter delivers only at a connection, whose number is one meter's: the plant's own meter is to
/// get that as well.
fn sell_twice(scene: &mut Scene, house: House) -> String {
    match house {
        House::SecondAccount => scene.has_a_second_account(SELLER, NEWCOMER),
        House::Friend => {
            scene.issues(ISSUER, NEWCOMER, 0, own(NEWCOMER));
        }
        House::Nobody => (),
    }
    let measured = if house == House::Nobody { SELLER } else { NEWCOMER };
    let other = if scene.is_first_release() {
        (measured == NEWCOMER).then(|| (scene.has_a_meter(NEWCOMER, TEN), [Wh::ZERO, TEN]))
    } else {
        let (key, connection) = (own_meter(NEWCOMER), "QEDEXDAVE");
        let wanted = registration(measured, &key, connection, TEN);
        scene.files(INSTALLER, wanted.clone(), &[measured, ISSUER]);
        let Change::Register { account, key, kind, ratings } = wanted else { unreachable!() };
        let kind = MeterKind::Behind(kind.number().clone());
        let behind = Change::Register { account, key, kind, ratings };
        assert!(scene.files(INSTALLER, behind, &[measured, ISSUER]));
        Some((scene.latest_meter(), [TEN, Wh::ZERO]))
    };
    let slot = scene.gate_after(6);
    let before = scene.money(&[SELLER]);
    scene.agree(slot, SELLER, EVE, TEN);
    let through = if scene.is_first_release() { TEN } else { Wh::ZERO };
    scene.seller_delivers(slot, through);
    if let Some((meter, flow)) = other {
        scene.publishes(measured, meter, &own_meter(NEWCOMER), slot, flow);
    }
    scene.end(slot);
    let gained = scene.money(&[SELLER]) - before;
    scene.loot(gained)
}

fn sell_by_two_accounts(scene: &mut Scene) -> String {
    sell_twice(scene, House::SecondAccount)
}

fn sell_by_two_persons(scene: &mut Scene) -> String {
    sell_twice(scene, House::Friend)
}

fn sell_beside_a_load(scene: &mut Scene) -> String {
    sell_twice(scene, House::Nobody)
}

/// An owner fails through one account, and begins anew with another.
fn begin_anew(scene: &mut Scene) -> String {
    scene.has_a_second_account(SELLER, NEWCOMER);
    let slot = scene.chain.next_gate();
    scene.agree(slot, SELLER, EVE, TEN);
    scene.end(slot);
    let [first, second] = [SELLER, NEWCOMER].map(|who| scene.chain.standing_of(who));
    scene.told(format!("{} beside {}", standing(second), standing(first)))
}

/// An owner is excluded for its defaults, and sells through another account.
fn sell_after_exclusion(scene: &mut Scene) -> String {
    scene.has_a_second_account(SELLER, NEWCOMER);
    let last = scene.chain.next_gate();
    for slot in [last.0, last.0 + 1].map(SlotIndex) {
        scene.chain.run_to(times(slot).gate_opens);
        scene.agree(slot, SELLER, EVE, TEN);
    }
    scene.end(last.next());
    let refused = {
        let slot = scene.chain.next_gate();
        let order = (slot, Side::Ask, middle(), TEN);
        !scene.honestly(SELLER, "Auction", "place_order", order)
    };
    assert!(refused, "two defaults exclude");
    let slot = scene.chain.next_gate();
    scene.agree(slot, NEWCOMER, EVE, TEN);
    let sold: u64 = scene.deliver(slot).iter().map(|trade| trade.energy.0).sum();
    scene.told(format!("trades {} kWh", sold / 1_000))
}

#[test]
fn an_account_of_the_sellers_name_takes_its_side() {
    Theft {
        finding: "9",
        sequence: "an issuer names an account like a seller; it bids for 100 Wh in every slot",
        play: take_a_side,
    }
    .earned("sells 0 of 10 kWh", "sells 10 of 10 kWh (`NotTheRegistrar`)");
}

#[test]
fn an_account_of_the_sellers_name_uses_up_its_orders() {
    Theft {
        finding: "9",
        sequence: "the same account places eight small orders on the seller's side",
        play: use_up_a_quota,
    }
    .earned("sells 0 of 10 kWh", "sells 10 of 10 kWh (`NotTheRegistrar`)");
}

#[test]
fn a_wrong_name_keeps_a_newcomer_out() {
    Theft {
        finding: "9, i",
        sequence: "an issuer gives a newcomer a wrong name before the right one comes",
        play: misname,
    }
    .earned("is kept out (`OwnerConflict`)", "is admitted (`NotTheRegistrar`)");
}

#[test]
fn an_account_changes_its_name() {
    Theft {
        finding: "9",
        sequence: "an account's only credential is renewed under another name",
        play: rename,
    }
    .earned("is another", "is the same (`OwnerNamedAlready`)");
}

#[test]
fn a_roof_is_sold_twice_by_two_accounts() {
    Theft {
        finding: "10",
        sequence: "the plant on one account, the house that uses it all on another of the owner",
        play: sell_by_two_accounts,
    }
    .earned("+1.800", "-1.300 (`ConnectionTaken`)");
}

#[test]
fn a_roof_is_sold_twice_by_two_persons() {
    Theft {
        finding: "10",
        sequence: "the same, with the house in a friend's name",
        play: sell_by_two_persons,
    }
    .earned("+1.800", "-1.300 (`ConnectionTaken`)");
}

#[test]
fn a_roof_is_sold_twice_beside_a_load_without_a_meter() {
    Theft {
        finding: "10",
        sequence: "the same, with a house that has no meter",
        play: sell_beside_a_load,
    }
    .earned("+1.800", "-1.300 (`ConnectionTaken`)");
}

#[test]
fn a_second_account_begins_with_a_new_standing() {
    Theft {
        finding: "12, d",
        sequence: "an owner fails through one account: the standing of its other one",
        play: begin_anew,
    }
    .earned("0.500 beside 0.333", "0.333 beside 0.333");
}

#[test]
fn a_second_account_sells_when_the_first_is_excluded() {
    Theft {
        finding: "h",
        sequence: "an owner that is excluded for two defaults sells through its other account",
        play: sell_after_exclusion,
    }
    .earned("trades 10 kWh", "trades 0 kWh (`NotPermitted`)");
}

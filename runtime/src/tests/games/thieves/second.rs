//! What was tried when evidence was the seller's, and nobody's word counted.

use super::{
    Theft,
    evidence::{BUYERS, LIAR},
    scene::*,
};
use crate::*;
use qedex_primitives::{SlotIndex, Wh};
use sp_keyring::Sr25519Keyring as Key;

fn worth(energy: Wh) -> i128 {
    middle().cost_floor(energy).expect("a sum of money") as i128
}

/// A friend acknowledges the trade with the lowest number, which then needs no energy, so that the same
/// ten kilowatt-hours are left for Eve's.
fn sell_acknowledged_energy_again(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let slot = scene.gate_after(6);
    let league = [LIAR, FERDIE];
    let before = scene.money(&league);
    let trades = scene.sells_to(slot, LIAR, &[(FERDIE, TEN), (EVE, TEN)]);
    scene.chain.run_to(times(slot).delivery_ends);
    let (friend, first) = &trades[0];
    assert!(scene.tries(*friend, "Settlement", "acknowledge", (slot, first.id)));
    scene.publishes(LIAR, meter, &own_meter(LIAR), slot, [TEN, Wh::ZERO]);
    scene.end(slot);
    let gained = scene.money(&league) - before - worth(TEN);
    scene.loot(gained)
}

/// Somebody sells trifles to a friend in so many slots that two defaults are not one in ten. What that
/// costs both, and whether it still sells after the defaults.
fn buy_immunity(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let trifle = Wh(100);
    let first = scene.gate_after(6).0;
    let before = scene.money(&[LIAR, FERDIE]);
    for slot in (first..first + 20).map(SlotIndex) {
        scene.chain.run_to(times(slot).gate_opens);
        let order = |side, limit| scene.chain.order(slot, side, limit, trifle);
        let bid = order(qedex_primitives::Side::Bid, middle_bid());
        let ask = order(qedex_primitives::Side::Ask, middle());
        let placed = scene.chain.block(&[(FERDIE, bid), (LIAR, ask)]);
        assert!(placed.iter().all(Result::is_ok), "{placed:?}");
        // What was sold seven slots before is delivered, and may be told.
        let told = SlotIndex(slot.0 - 7);
        if told.0 >= first {
            tell(scene, meter, told, trifle);
        }
    }
    for told in (first + 13..first + 20).map(SlotIndex) {
        tell(scene, meter, told, trifle);
    }
    scene.end(SlotIndex(first + 19));
    let sold = 20 * worth(trifle);
    let paid = 20 * middle_bid().cost_floor(trifle).expect("a sum of money") as i128;
    let cost = before - scene.money(&[LIAR, FERDIE]);
    assert_eq!(cost, paid - sold, "the grid's fee, and nothing else");
    for _ in 0..2 {
        let slot = scene.gate_after(6);
        scene.sells_to(slot, LIAR, &[(EVE, TEN)]);
        scene.end(slot);
    }
    let slot = scene.gate_after(6);
    scene.agree(slot, LIAR, EVE, TEN);
    let sold: u64 = scene.deliver(slot).iter().map(|trade| trade.energy.0).sum();
    let cost = qed(u128::try_from(cost).expect("a cost"));
    scene.told(format!("trades {} kWh, for {cost}", sold / 1_000))
}

fn tell(scene: &mut Scene, meter: qedex_primitives::MeterId, slot: SlotIndex, energy: Wh) {
    let flow = [energy, Wh::ZERO];
    assert!(scene.publishes(LIAR, meter, &own_meter(LIAR), slot, flow));
}

/// Friends buy of an honest private seller, and each complains though it was shown the bill. What the
/// seller loses by it, and what they do.
fn complain_together(scene: &mut Scene, friends: &[Key], energy: Wh) -> String {
    let meter = scene.admits_all();
    let slot = scene.gate_after(6);
    let before = [scene.money(&[LIAR]), scene.money(friends)];
    let buyers: Vec<_> = friends.iter().map(|friend| (*friend, energy)).collect();
    let trades = scene.sells_to(slot, LIAR, &buyers);
    let sold = Wh(energy.0 * friends.len() as u64);
    let bill = scene.commits(LIAR, meter, slot, sold);
    scene.chain.run_to(times(slot).readings_until);
    for trade in &trades {
        assert!(scene.complains(trade));
    }
    assert!(scene.answers(LIAR, slot, &bill));
    scene.end(slot);
    let paid = middle_bid().cost_floor(sold).expect("a sum of money") as i128;
    let of_seller = scene.money(&[LIAR]) - before[0] - worth(sold);
    let of_friends = scene.money(friends) - before[1] + paid;
    let [of_seller, of_friends] = [of_seller, of_friends].map(crate::tests::games::document::gain);
    scene.told(format!("it {of_seller}, they {of_friends}"))
}

/// A seller without energy asks in the last block in which it may publish whether it will be drawn, and
/// lies where nothing says so. Everybody is drawn.
fn look_before_lying(scene: &mut Scene) -> String {
    if !scene.is_first_release() {
        scene.draws(sp_runtime::Permill::one());
    }
    let meter = scene.admits_all();
    let slot = scene.gate_after(6);
    let before = scene.money(&[LIAR]);
    scene.sells_to(slot, LIAR, &[(EVE, TEN)]);
    scene.commits(LIAR, meter, slot, Wh::ZERO);
    scene.chain.run_to(times(slot).readings_until - 2 * MILLISECONDS_PER_BLOCK);
    let is_drawn = !scene.is_first_release()
        && scene.chain.look(|| {
            let book = pallet_settlement::Books::<Runtime>::get(slot).expect("it is open");
            book.draw.is_some()
        });
    if is_drawn {
        scene.publishes(LIAR, meter, &own_meter(LIAR), slot, [Wh::ZERO, Wh::ZERO]);
    }
    scene.end(slot);
    let gained = scene.money(&[LIAR]) - before;
    scene.loot(gained)
}

/// A liar has one of its five buyers in league, which complains: the four others would never have looked.
/// What the four lose that the liar does not gain.
fn let_a_friend_complain(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let slot = scene.gate_after(6);
    let (league, others) = ([LIAR, BUYERS[0]], &BUYERS[1..5]);
    let before = [scene.money(&league), scene.money(others)];
    let buyers: Vec<_> = BUYERS[..5].iter().map(|buyer| (*buyer, TEN)).collect();
    let trades = scene.sells_to(slot, LIAR, &buyers);
    scene.commits(LIAR, meter, slot, Wh::ZERO);
    scene.chain.run_to(times(slot).readings_until);
    assert!(scene.complains(&trades[0]));
    scene.end(slot);
    let [ours, theirs] = [scene.money(&league) - before[0], scene.money(others) - before[1]];
    let [ours, theirs] = [ours, theirs].map(crate::tests::games::document::gain);
    scene.told(format!("{ours}, the four {theirs}"))
}

#[test]
fn acknowledged_energy_is_not_sold_again() {
    Theft {
        finding: "fresh, evidence",
        sequence: "a friend acknowledges 10 kWh, and the same energy is left for the next trade",
        play: sell_acknowledged_energy_again,
    }
    .earned("-3.000", "-3.300");
}

#[test]
fn immunity_from_exclusion_is_bought() {
    Theft {
        finding: "fresh, exclusion",
        sequence: "a phantom sells 100 Wh to a friend in twenty slots, fails in two, and sells on",
        play: buy_immunity,
    }
    .earned("trades 0 kWh, for 0.040 (`NotPermitted`)", "trades 10 kWh, for 0.040");
}

#[test]
fn friends_complain_together_about_an_honest_seller() {
    Theft {
        finding: "fresh, evidence",
        sequence: "five friends complain about 10 kWh each of an honest private seller: gains",
        play: |scene| complain_together(scene, &BUYERS[..5], TEN),
    }
    .earned("it +1.079, they -1.079", "it -1.158, they -1.158");
}

#[test]
fn a_private_bill_is_dragged_to_the_chain() {
    Theft {
        finding: "fresh, privacy",
        sequence: "a buyer of 1 kWh drags a neighbour's private bill to the chain: gains",
        play: |scene| complain_together(scene, &[EVE], Wh(1_000)),
    }
    .earned("it +0.022, they -0.022", "it -0.023, they -0.023");
}

#[test]
fn who_looks_for_the_draw_before_it_lies_sees_nothing() {
    Theft {
        finding: "fresh, draws",
        sequence: "a seller lies only where it will not be drawn, as far as it can know",
        play: look_before_lying,
    }
    .earned("+1.800", "-2.400");
}

#[test]
fn a_friends_complaint_ruins_the_careless() {
    Theft {
        finding: "1, fresh",
        sequence: "a liar's friend is the one of five that complains: both together gain",
        play: let_a_friend_complain,
    }
    .earned("+6.100, the four -8.000", "-11.000, the four -8.000");
}

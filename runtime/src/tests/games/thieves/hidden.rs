//! Who hides what is missing and answers when it is found out, and who cuts what it sells so small that its
//! buyers cannot complain about all of it.

use super::{
    Theft,
    defence::VICTIM,
    evidence::{BUYERS, LIAR},
    scene::*,
};
use crate::tests::games::document::gain;
use qedex_primitives::{Bill, Side, Wh};

/// Sells what it has not, commits to a true bill, answers when it is asked, in two slots. What it sells in the
/// next one.
fn hide_and_answer(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    for _ in 0..2 {
        let slot = scene.gate_after(6);
        let trades = scene.sells_to(slot, LIAR, &[(EVE, TEN)]);
        let bill = scene.commits(LIAR, meter, slot, Wh::ZERO);
        scene.chain.run_to(times(slot).readings_until);
        assert!(scene.complains(&trades[0]));
        assert!(scene.answers(LIAR, slot, &bill));
        scene.end(slot);
    }
    let slot = scene.gate_after(6);
    scene.agree(slot, LIAR, EVE, TEN);
    let sold: u64 = scene.deliver(slot).iter().map(|trade| trade.energy.0).sum();
    scene.told(format!("trades {} kWh", sold / 1_000))
}

/// Sells eight times 100 Wh to one whose bid took all that it had, delivers nothing, commits and shows
/// nothing. What the buyer gains, that complains about as much as it can.
fn sell_in_small_parts(scene: &mut Scene) -> String {
    scene.chain.admit(&[VICTIM], own);
    let slot = scene.gate_after(6);
    let before = scene.money(&[VICTIM]);
    let left = scene.victim_orders(slot, Side::Bid, middle_bid(), Wh(800));
    for _ in 0..8 {
        let order = (slot, Side::Ask, middle(), Wh(100));
        assert!(scene.honestly(SELLER, "Auction", "place_order", order));
    }
    let trades = scene.deliver(slot);
    assert_eq!(trades.len(), 8);
    scene.chain.run_to(times(slot).delivery_ends);
    let commitment = scene.chain.commitment(SELLER, slot, &Bill::default(), &[7; 32]);
    assert!(scene.tries(SELLER, "Settlement", "commit", (slot, commitment)));
    scene.chain.run_to(times(slot).readings_until);
    for trade in &trades {
        scene.honestly(VICTIM, "Settlement", "complain", (slot, trade.id));
    }
    scene.end(slot);
    let gained = scene.money(&[VICTIM]) - before + left;
    scene.loot(gained)
}

/// A liar has sold ten kilowatt-hours to each of five, and one has complained: what the answer is worth to it,
/// and to the four that did not complain, whom it may ask for money.
fn sell_an_answer(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let buyers: Vec<_> = BUYERS[..5].iter().map(|buyer| (*buyer, TEN)).collect();
    let [silent, answered] = [false, true].map(|answers| {
        let slot = scene.gate_after(6);
        let before = [scene.money(&[LIAR]), scene.money(&BUYERS[1..5])];
        let trades = scene.sells_to(slot, LIAR, &buyers);
        let bill = scene.commits(LIAR, meter, slot, Wh::ZERO);
        scene.chain.run_to(times(slot).readings_until);
        assert!(scene.complains(&trades[0]));
        if answers {
            assert!(scene.answers(LIAR, slot, &bill));
        }
        scene.end(slot);
        [scene.money(&[LIAR]) - before[0], scene.money(&BUYERS[1..5]) - before[1]]
    });
    let [it, the_four] = [0, 1].map(|who| gain(answered[who] - silent[who]));
    scene.told(format!("it {it}, the four {the_four}"))
}

#[test]
fn an_answer_is_for_sale() {
    Theft {
        finding: "fresh, open",
        sequence: "a liar of five, one of whom complained, asks the four for money: what an answer is worth",
        play: sell_an_answer,
    }
    .earned("it -10.100, the four +12.000", "it 0.000, the four +12.000");
}

#[test]
fn who_hides_and_answers_is_excluded_as_who_is_silent() {
    Theft {
        finding: "fresh, exclusion",
        sequence: "a seller without energy hides it in two slots, answers each time, and sells on",
        play: hide_and_answer,
    }
    .earned("trades 10 kWh", "trades 0 kWh (`NotPermitted`)");
}

#[test]
fn who_sells_in_small_parts_can_be_complained_about() {
    Theft {
        finding: "fresh, evidence",
        sequence: "a liar cuts 800 Wh into eight asks, for a bid that took all: what the buyer gains",
        play: sell_in_small_parts,
    }
    .earned("-0.160", "+0.080");
}

//! Who opens its commitment to nobody, hides a part, or asks for more than it has: the rest of what the readers
//! had found in settlement.

use super::{
    Theft,
    evidence::{BUYERS, LIAR},
    scene::*,
};
use crate::{
    tests::games::document::{gain, mean},
    *,
};
use qedex_primitives::{PricePerKwh, Wh};
use sp_runtime::Permill;

fn worth(price: PricePerKwh, energy: Wh) -> i128 {
    price.cost_floor(energy).expect("a sum of money") as i128
}

/// A seller delivers all, commits, opens that to nobody until its buyer complains, and answers. What either
/// has beyond honest trade, and the standing of the buyer.
fn provoke_a_complaint(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let slot = scene.gate_after(6);
    let before = [LIAR, EVE].map(|who| scene.money(&[who]));
    let trades = scene.sells_to(slot, LIAR, &[(EVE, TEN)]);
    let bill = scene.commits(LIAR, meter, slot, TEN);
    scene.chain.run_to(times(slot).readings_until);
    assert!(scene.complains(&trades[0]));
    assert!(scene.answers(LIAR, slot, &bill));
    scene.end(slot);
    let of_seller = scene.money(&[LIAR]) - before[0] - worth(middle(), TEN);
    let of_buyer = scene.money(&[EVE]) - before[1] + worth(middle_bid(), TEN);
    let of_eve = standing(scene.chain.standing_of(EVE));
    scene.told(format!("it {}, she {}, her standing {of_eve}", gain(of_seller), gain(of_buyer)))
}

/// What a seller gains beyond honest trade that leaves out one delivery in fifteen, and opens none of its
/// commitments: no more often than that, and a buyer's complaint costs it more than it brings. Nobody
/// complains.
fn leave_out_one_in_fifteen(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let chances = if scene.is_first_release() { vec![0] } else { vec![0, 100] };
    let gained: Vec<_> = chances
        .into_iter()
        .map(|chance| {
            if chance > 0 {
                scene.draws(Permill::from_percent(chance));
            }
            let slot = scene.gate_after(6);
            let before = scene.money(&[LIAR]);
            scene.sells_to(slot, LIAR, &[(EVE, TEN)]);
            let bill = scene.commits(LIAR, meter, slot, Wh::ZERO);
            scene.chain.run_to(times(slot).complaints_until);
            if chance > 0 {
                assert!(scene.reveals(LIAR, LIAR, slot, &bill));
            }
            scene.end(slot);
            // It keeps the energy, which it could have fed in.
            let kept = worth(presets::leader_terms().floor, TEN);
            scene.money(&[LIAR]) - before + kept - worth(middle(), TEN)
        })
        .collect();
    let chance = pallet_settlement::Rules::default().draw_chance.deconstruct();
    let lying = match gained[..] {
        [undrawn, drawn] => mean(chance, drawn, undrawn),
        _ => gained[0],
    };
    scene.loot(lying / 15)
}

/// A seller delivers half of what it sold to two, of whom one complains. What it has beyond not having
/// traded, if it hides its bill and answers late, and if its meter tells it in public.
fn hide_a_half(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let [hidden, told] = [true, false].map(|hides| {
        let slot = scene.gate_after(6);
        let before = scene.money(&[LIAR]);
        let buyers = [(BUYERS[0], TEN), (BUYERS[1], TEN)];
        let trades = scene.sells_to(slot, LIAR, &buyers);
        if hides {
            let bill = scene.commits(LIAR, meter, slot, TEN);
            // So late that the first release takes an answer when the other one is paid.
            scene.chain.run_to(times(slot).readings_until + 3 * SLOT);
            assert!(scene.complains(&trades[0]));
            scene.chain.run_to(times(slot).complaints_until);
            assert!(scene.reveals(LIAR, LIAR, slot, &bill));
        } else {
            assert!(scene.publishes(LIAR, meter, &own_meter(LIAR), slot, [TEN, Wh::ZERO]));
        }
        scene.end(slot);
        scene.money(&[LIAR]) - before - worth(presets::leader_terms().floor, TEN)
    });
    scene.told(format!("{}, told {}", gain(hidden), gain(told)))
}

/// An ask without energy near the highest price, whose meter says so.
fn ask_for_nothing(scene: &mut Scene) -> String {
    let terms = presets::leader_terms();
    let highest = PricePerKwh(terms.cap.0 - terms.grid_fee.0);
    let slot = scene.gate_after(6);
    let before = scene.money(&[SELLER]);
    scene.agree_at(slot, (SELLER, highest), (EVE, terms.cap), TEN);
    scene.seller_delivers(slot, Wh::ZERO);
    scene.end(slot);
    let gained = scene.money(&[SELLER]) - before;
    scene.loot(gained)
}

#[test]
fn withholding_an_opening_wins_no_bond_and_bars_no_buyer() {
    Theft {
        finding: "6, f",
        sequence: "a seller opens its true commitment to nobody, Eve complains, and it answers",
        play: provoke_a_complaint,
    }
    .earned(
        "it +0.216, she -0.216, her standing 0.333",
        "it -0.232, she -0.232, her standing 0.500",
    );
}

#[test]
fn who_never_opens_leaves_out_one_delivery_in_fifteen() {
    Theft {
        finding: "6",
        sequence: "a seller leaves out one delivery in fifteen where nobody looks: gains each slot",
        play: leave_out_one_in_fifteen,
    }
    .earned("+0.053", "+0.025");
}

#[test]
fn hiding_a_shortfall_costs_more_than_telling_it() {
    Theft {
        finding: "g",
        sequence: "a seller delivers half to two, one complains, and it answers late",
        play: hide_a_half,
    }
    .earned("+3.016, told 0.000", "-1.632, told -0.300");
}

#[test]
fn an_ask_for_nothing_pays() {
    Theft {
        finding: "k",
        sequence: "an ask without energy at the highest price, whose meter says so",
        play: ask_for_nothing,
    }
    .earned("0.000", "-0.300");
}

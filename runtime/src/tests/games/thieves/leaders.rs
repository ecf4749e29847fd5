//! What an aggregator does with its announcements.

use super::{Theft, scene::*};
use crate::*;
use qedex_primitives::{KeyAdmission, LeaderTerms, PricePerKwh, Side, SlotIndex, Wh};

/// The aggregator announces these terms for a slot whose gate opens soon, and says which.
fn announce(scene: &mut Scene, terms: LeaderTerms) -> SlotIndex {
    let slot = SlotIndex(scene.chain.next_gate().0 + 2);
    scene.tries(CHARLIE, "Auction", "announce_terms", (slot, terms));
    scene.chain.run_to(times(slot).gate_opens);
    slot
}

/// Two in league trade nothing without a grid fee: what a rating costs them.
fn waive_the_fee(scene: &mut Scene) -> String {
    // Without a fee, a buyer loses more by a default: that much the deposit has to cover.
    let deposit_rate = sp_runtime::Permill::from_percent(75);
    let grid_fee = PricePerKwh(0);
    let free = LeaderTerms { grid_fee, deposit_rate, ..presets::leader_terms() };
    let slot = announce(scene, free);
    let before = scene.money(&[EVE, FERDIE]);
    scene.agree(slot, FERDIE, EVE, TEN);
    for trade in scene.deliver(slot) {
        scene.chain.run_to(times(slot).delivery_ends);
        scene.tries(EVE, "Settlement", "acknowledge", (slot, trade.id));
    }
    let cost = before - scene.money(&[EVE, FERDIE]);
    let now = scene.chain.standing_of(FERDIE);
    let cost = qed(u128::try_from(cost).expect("nobody gives them anything"));
    scene.told(format!("standing {} for {cost}", standing(now)))
}

/// A key covers a watt-hour, and the slot gets as few as there can be.
fn waste_keys(scene: &mut Scene) -> String {
    let slot = if scene.is_first_release() {
        announce(scene, LeaderTerms { wh_per_key: Wh(1), ..presets::leader_terms() })
    } else {
        let slot = SlotIndex(scene.chain.next_gate().0 + 2);
        let least = presets::market_terms().limits.least_share;
        for (share, wh_per_key) in
            [(least, Wh(1)), (Default::default(), Wh(1_000)), (least, Wh(1_000))]
        {
            let admission = KeyAdmission { share, wh_per_key };
            scene.tries(CHARLIE, "Auction", "announce", (slot, admission));
        }
        scene.chain.run_to(times(slot).gate_opens);
        slot
    };
    scene.agree(slot, SELLER, EVE, TEN);
    let sold: u64 = scene.deliver(slot).iter().map(|trade| trade.energy.0).sum();
    scene.told(format!("{} of 10 kWh trade", sold / 1_000))
}

/// No limit is a multiple of the tick, three times in a row.
fn end_standing_orders(scene: &mut Scene) -> String {
    let terms = presets::leader_terms();
    let orders = [(EVE, Side::Bid, terms.cap), (SELLER, Side::Ask, middle())];
    for (who, side, limit) in orders {
        scene.tries(who, "Auction", "set_standing_order", (side, limit, TEN));
    }
    let first = scene.chain.next_gate().0 + 2;
    let tick = PricePerKwh(21_900_000_000);
    let [floor, cap] = [4, 13].map(|ticks| PricePerKwh(ticks * tick.0));
    for slot in [first, first + 1, first + 2].map(SlotIndex) {
        let terms = LeaderTerms { floor, cap, tick, ..terms };
        scene.tries(CHARLIE, "Auction", "announce_terms", (slot, terms));
    }
    scene.chain.reported();
    scene.chain.run_to(times(SlotIndex(first + 3)).gate_opens);
    let events = scene.chain.reported();
    let ended = events.iter().filter(|event| event.is("Auction", "StandingOrderEnded")).count();
    scene.told(format!("{ended} of 2 end"))
}

/// The corridor is so narrow that a friend, who asks for the least that it may, gets far more of a buyer
/// who would pay the grid price than the price in the middle.
fn raise_the_floor(scene: &mut Scene) -> String {
    let floor = PricePerKwh(260 * MILLI_QED);
    let terms = presets::leader_terms();
    let slot = announce(scene, LeaderTerms { floor, ..terms });
    let before = scene.money(&[FERDIE]);
    for least in [terms.floor, floor] {
        if scene.honestly(FERDIE, "Auction", "place_order", (slot, Side::Ask, least, TEN)) {
            break;
        }
    }
    scene.tries(EVE, "Auction", "place_order", (slot, Side::Bid, terms.cap, TEN));
    scene.publishes(FERDIE, FERDIES_METER, &own_meter(FERDIE), slot, [TEN, Wh::ZERO]);
    scene.end(slot);
    let price = middle().cost_floor(TEN).expect("a sum of money") as i128;
    let gained = scene.money(&[FERDIE]) - before - price;
    scene.loot(gained)
}

#[test]
fn a_leader_makes_standing_free() {
    Theft {
        finding: "5",
        sequence: "an aggregator announces no grid fee: what two friends pay for a rating",
        play: waive_the_fee,
    }
    .earned(
        "standing 0.667 for 0.000",
        "standing 0.667 for 0.200 (`no such call: Auction.announce_terms`)",
    );
}

#[test]
fn a_leader_closes_the_market_by_its_keys() {
    Theft { finding: "5", sequence: "an aggregator announces 1 Wh per key", play: waste_keys }
        .earned("1 of 10 kWh trade", "10 of 10 kWh trade (`BeyondLimits`)");
}

#[test]
fn a_leader_ends_everybodys_standing_orders() {
    Theft {
        finding: "5",
        sequence: "an aggregator announces a tick that divides nobody's limit, three times",
        play: end_standing_orders,
    }
    .earned("2 of 2 end", "0 of 2 end (`no such call: Auction.announce_terms`)");
}

#[test]
fn a_leader_gives_its_friend_the_buyers_surplus() {
    Theft {
        finding: "5",
        sequence: "an aggregator announces a floor of 0.26 when a friend sells 10 kWh",
        play: raise_the_floor,
    }
    .earned("+0.900", "0.000 (`no such call: Auction.announce_terms`)");
}

//! What a deputy does to its principal.

use super::{Theft, scene::*};
use crate::*;
use codec::Encode;
use qedex_primitives::{Band, Grant, NewOrder, PricePerKwh, Side, SlotIndex, Wh};

/// As much as all keys of a slot cover.
const ALL: Wh = Wh(1_000_000);

/// The kinds of deputies of the first release that place orders.
const NON_TRANSFER: u8 = 1;
const TRADING: u8 = 2;

/// The seller lets the broker be its deputy of this kind.
fn appoint(scene: &mut Scene, kind: u8) {
    let deputy = MultiAddress::<AccountId, ()>::Id(CHARLIE.to_account_id());
    scene.tries(SELLER, "Proxy", "add_proxy", (deputy, kind, 0_u32));
}

/// The deputy orders for its principal.
fn orders(scene: &mut Scene, arguments: impl Encode) {
    if let Ok(call) = scene.chain.try_call("Auction", "place_order", arguments) {
        scene.acts_for(CHARLIE, SELLER, call);
    }
}

/// The deputy sells what its principal does not have, at the feed-in price, to somebody in league.
fn sell_everything(scene: &mut Scene, kind: u8) -> String {
    appoint(scene, kind);
    let before = scene.money(&[EVE]);
    let slot = scene.chain.next_gate();
    let terms = presets::leader_terms();
    let bid = terms.floor.saturating_add(terms.grid_fee);
    orders(scene, (slot, Side::Ask, terms.floor, ALL));
    scene.tries(EVE, "Auction", "place_order", (slot, Side::Bid, bid, ALL));
    scene.end(slot);
    let gained = scene.money(&[EVE]) - before;
    scene.loot(gained)
}

fn sell_as_trading(scene: &mut Scene) -> String {
    sell_everything(scene, TRADING)
}

fn sell_as_non_transfer(scene: &mut Scene) -> String {
    sell_everything(scene, NON_TRANSFER)
}

/// What a broker of today has: a grant to sell ten kilowatt-hours at the price in the middle or more.
/// Before, it was a deputy.
fn sell_by_grant(scene: &mut Scene) -> String {
    if scene.is_first_release() {
        return sell_everything(scene, TRADING);
    }
    let before = scene.money(&[EVE]);
    let slot = scene.chain.next_gate();
    let terms = presets::leader_terms();
    let list = presets::price_list(Band::Off);
    let deposit = list.cap.cost_ceil(TEN).map(|worth| list.deposit_rate.mul_ceil(worth));
    let work = <configs::auction::TradePrice as frame_support::traits::Get<Balance>>::get();
    let grant = Grant {
        buy_up_to: None,
        sell_from: Some(middle()),
        expires: times(slot).final_at,
        budget: deposit.expect("a sum of money") + work,
    };
    scene.honestly(SELLER, "Auction", "grant", (CHARLIE.to_account_id(), grant));
    let ask = |limit, energy| NewOrder { side: Side::Ask, limit, energy };
    for order in [ask(terms.floor, TEN), ask(middle(), Wh(10_100)), ask(middle(), TEN)] {
        sells_for(scene, slot, order);
    }
    scene.tries(EVE, "Auction", "place_order", (slot, Side::Bid, middle_bid(), ALL));
    scene.end(slot);
    let gained = scene.money(&[EVE]) - before;
    scene.loot(gained)
}

/// The broker places an order for its principal. Each of a batch is judged by itself: what was refused
/// is reported.
fn sells_for(scene: &mut Scene, slot: SlotIndex, order: NewOrder) {
    scene.chain.reported();
    scene.tries(
        CHARLIE,
        "Auction",
        "place_orders_for",
        (SELLER.to_account_id(), slot, vec![order]),
    );
    scene.refused_in_a_batch("Auction", "OrderRefused", "error");
}

/// The deputy buys at the grid price what somebody in league does not have, and does not complain.
fn buy_everything(scene: &mut Scene) -> String {
    appoint(scene, TRADING);
    let before = scene.money(&[EVE]);
    let slot = scene.chain.next_gate();
    let terms = presets::leader_terms();
    let ask = PricePerKwh(terms.cap.0 - terms.grid_fee.0);
    orders(scene, (slot, Side::Bid, terms.cap, ALL));
    scene.tries(EVE, "Auction", "place_order", (slot, Side::Ask, ask, ALL));
    if !scene.deliver(slot).is_empty() {
        scene.chain.run_to(times(slot).delivery_ends);
        scene.tries(EVE, "Settlement", "commit", (slot, Hash::repeat_byte(1)));
    }
    scene.end(slot);
    let gained = scene.money(&[EVE]) - before;
    scene.loot(gained)
}

/// A broker that is none any more.
fn go_on_without_the_role(scene: &mut Scene) -> String {
    appoint(scene, TRADING);
    let credential = (CHARLIE.to_account_id(), qedex_primitives::AttributeId(4));
    scene.honestly(ISSUER, "Membership", "revoke", credential);
    let slot = scene.chain.next_gate();
    orders(scene, (slot, Side::Ask, middle(), TEN));
    scene.tries(EVE, "Auction", "place_order", (slot, Side::Bid, middle_bid(), TEN));
    let sold: u64 = scene.deliver(slot).iter().map(|trade| trade.energy.0).sum();
    scene.told(format!("trades {} kWh", sold / 1_000))
}

/// A seller that is excluded sells as somebody's deputy.
fn sell_though_excluded(scene: &mut Scene) -> String {
    let excluded = (FERDIE.to_account_id(), Vec::<u8>::new(), 24 * 3_600_000_u64);
    let exclude = scene.chain.call("Membership", "blacklist", excluded);
    scene.chain.decree(exclude);
    let deputy = MultiAddress::<AccountId, ()>::Id(FERDIE.to_account_id());
    scene.tries(SELLER, "Proxy", "add_proxy", (deputy, TRADING, 0_u32));
    let slot = scene.chain.next_gate();
    let arguments = (slot, Side::Ask, middle(), TEN);
    if let Ok(call) = scene.chain.try_call("Auction", "place_order", arguments) {
        scene.acts_for(FERDIE, SELLER, call);
    }
    scene.tries(EVE, "Auction", "place_order", (slot, Side::Bid, middle_bid(), TEN));
    let sold: u64 = scene.deliver(slot).iter().map(|trade| trade.energy.0).sum();
    scene.told(format!("trades {} kWh", sold / 1_000))
}

#[test]
fn a_broker_sells_what_its_principal_does_not_have() {
    Theft {
        finding: "3",
        sequence: "a broker sells 1,000 kWh at the feed-in price for its principal, to a friend",
        play: sell_as_trading,
    }
    .earned("+200.000", "0.000 (`CallFiltered`)");
}

#[test]
fn a_broker_with_a_grant_is_bounded_by_it() {
    Theft {
        finding: "3",
        sequence: "the same by a grant to sell 10 kWh at the price in the middle",
        play: sell_by_grant,
    }
    .earned("+200.000", "+1.000 (`WorseThanGranted`)");
}

#[test]
fn who_may_not_move_tokens_moves_them_by_orders() {
    Theft {
        finding: "3",
        sequence: "the same as a deputy that does not move tokens",
        play: sell_as_non_transfer,
    }
    .earned("+200.000", "0.000 (`CallFiltered`)");
}

#[test]
fn a_broker_buys_what_nobody_has() {
    Theft {
        finding: "3",
        sequence: "a broker buys 1,000 kWh at the grid price from a friend who has none",
        play: buy_everything,
    }
    .earned("+280.000", "0.000 (`CallFiltered`)");
}

#[test]
fn a_broker_trades_on_without_its_role() {
    Theft {
        finding: "17",
        sequence: "a broker whose credential was revoked goes on for its principal",
        play: go_on_without_the_role,
    }
    .earned("trades 10 kWh", "trades 0 kWh (`CallFiltered`)");
}

#[test]
fn an_excluded_seller_trades_on_as_a_deputy() {
    Theft {
        finding: "17",
        sequence: "a seller that is excluded goes on as somebody's deputy",
        play: sell_though_excluded,
    }
    .earned("trades 10 kWh", "trades 0 kWh (`CallFiltered`)");
}

//! What was tried when the second half of the rules stood: answers, brokers, readings and orders.

use super::{
    Theft,
    evidence::{BUYERS, LIAR, NONCE},
    scene::*,
};
use crate::{tests::games::document::gain, *};
use frame_support::traits::{
    fungible::Inspect,
    tokens::{Fortitude, Preservation},
};
use qedex_primitives::{
    Bill, Change, Grant, MeterKind, MeterRatings, NewOrder, PricePerKwh, Side, SlotIndex, Wh,
};
use sp_keyring::Sr25519Keyring as Key;

/// A liar has five buyers, of whom one is its friend, who complains in the last block in which anybody
/// could. What it is worth to the liar and its friend that it answers, and to the four who did not look:
/// what it may ask of them.
fn sell_an_answer(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let (league, others) = ([LIAR, BUYERS[0]], &BUYERS[1..5]);
    let [answered, silent] = [true, false].map(|answers| {
        let slot = scene.gate_after(6);
        let before = [scene.money(&league), scene.money(others)];
        let buyers: Vec<_> = BUYERS[..5].iter().map(|buyer| (*buyer, TEN)).collect();
        let trades = scene.sells_to(slot, LIAR, &buyers);
        let bill = scene.commits(LIAR, meter, slot, Wh::ZERO);
        scene.chain.run_to(times(slot).complaints_until - 2 * MILLISECONDS_PER_BLOCK);
        assert!(scene.complains(&trades[0]));
        scene.chain.run_to(times(slot).complaints_until);
        if answers {
            assert!(scene.reveals(LIAR, LIAR, slot, &bill));
        }
        scene.end(slot);
        [scene.money(&league) - before[0], scene.money(others) - before[1]]
    });
    let [to_league, to_others] = [0, 1].map(|party| gain(answered[party] - silent[party]));
    scene.told(format!("to it {to_league}, to them {to_others}"))
}

/// Eve buys ten kilowatt-hours of one seller by two orders, one of them of 100 Wh, is shown nothing, and
/// complains about that one alone. What she has beyond honest trade if the bill covers both, and if it shows
/// nothing.
fn complain_by_a_trifle(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let [covered, lied] = [TEN, Wh::ZERO].map(|delivers| {
        let slot = scene.gate_after(6);
        let before = scene.money(&[EVE]);
        let order = |side, limit, energy| scene.chain.order(slot, side, limit, energy);
        let orders = [
            (EVE, order(Side::Bid, middle_bid(), Wh(100))),
            (EVE, order(Side::Bid, middle_bid(), Wh(9_900))),
            (LIAR, order(Side::Ask, middle(), TEN)),
        ];
        let placed = scene.chain.block(&orders);
        assert!(placed.iter().all(Result::is_ok), "{placed:?}");
        let trades = scene.deliver(slot);
        let trifle = trades.iter().find(|trade| trade.energy == Wh(100)).expect("it trades");
        let bill = scene.commits(LIAR, meter, slot, delivers);
        scene.chain.run_to(times(slot).readings_until + 3 * SLOT);
        assert!(scene.complains(&(EVE, trifle.clone())));
        scene.chain.run_to(times(slot).complaints_until);
        assert!(scene.reveals(LIAR, LIAR, slot, &bill));
        scene.end(slot);
        let paid = middle_bid().cost_floor(TEN).expect("a sum of money") as i128;
        let saved = presets::leader_terms().cap.cost_floor(Wh(TEN.0 - delivers.0));
        // Of who lied she buys nothing, and what she lacks she buys of the grid.
        scene.money(&[EVE]) - before + paid - saved.expect("a sum of money") as i128
    });
    scene.told(format!("{}, if lied to {}", gain(covered), gain(lied)))
}

/// Sells, and has all its money to order with from a broker.
const PRINCIPAL: Key = Key::AliceStash;

/// A broker bids for its principal, which has sold ten kilowatt-hours to the broker's friend, with all that it
/// has, for a slot to come: before it can commit. What the friend gains beside its energy, which it gets all the
/// same.
fn spend_before_it_answers(scene: &mut Scene) -> String {
    scene.chain.admit(&[PRINCIPAL], own);
    let meter = scene.has_a_meter(PRINCIPAL, Wh(100_000));
    let slot = scene.gate_after(6);
    let broker = CHARLIE.to_account_id();
    if scene.is_first_release() {
        let deputy = MultiAddress::<AccountId, ()>::Id(broker);
        assert!(scene.honestly(PRINCIPAL, "Proxy", "add_proxy", (deputy, 2_u8, 0_u32)));
    } else {
        let grant = Grant {
            buy_up_to: Some(middle_bid()),
            sell_from: None,
            expires: times(slot).final_at,
            budget: 100 * QED,
        };
        assert!(scene.honestly(PRINCIPAL, "Auction", "grant", (broker, grant)));
    }
    let before = scene.money(&[EVE]);
    scene.agree(slot, PRINCIPAL, EVE, TEN);
    // A household's purse.
    let all = purse(scene);
    let to = MultiAddress::<AccountId, ()>::Id(ISSUER.to_account_id());
    let most = codec::Compact(all - 10 * QED);
    assert!(scene.honestly(PRINCIPAL, "Balances", "transfer_keep_alive", (to, most)));
    scene.deliver(slot);
    let wanted = scene.chain.next_gate();
    // All that is left in three orders, or as much of it as is taken.
    for parts in [100, 100, 100, 90, 50] {
        broker_bids(scene, wanted, parts);
    }
    assert!(scene.chain.now >= times(slot).delivery_ends);
    let reading = scene.chain.reading(meter, &own_meter(PRINCIPAL), slot, [TEN, Wh::ZERO]);
    let bill = Bill::truncate_from(vec![reading]);
    let commitment = scene.chain.commitment(PRINCIPAL, slot, &bill, &NONCE);
    let committed = scene.honestly(PRINCIPAL, "Settlement", "commit", (slot, commitment));
    scene.end(slot);
    let paid = middle_bid().cost_floor(TEN).expect("a sum of money") as i128;
    let gained = scene.money(&[EVE]) - before + paid;
    let committed = if committed { "commits" } else { "cannot commit" };
    scene.told(format!("{}, the seller {committed}", gain(gained)))
}

/// What the principal can spend and be there.
fn purse(scene: &mut Scene) -> Balance {
    let (keep, polite) = (Preservation::Preserve, Fortitude::Polite);
    scene.chain.look(|| Balances::reducible_balance(&PRINCIPAL.to_account_id(), keep, polite))
}

/// The broker bids for its principal with so many hundredths of what that has: for as many lots as make
/// the price a good one, to the tick.
fn broker_bids(scene: &mut Scene, slot: SlotIndex, parts: Balance) {
    let (terms, side) = (presets::leader_terms(), Side::Bid);
    let money = purse(scene) * parts / 100;
    let lots = (money * 10 / middle_bid().0).max(1);
    let price = money * 10 / lots / terms.tick.0 * terms.tick.0;
    let limit = PricePerKwh(price.min(terms.cap.0));
    let energy = Wh(u64::try_from(lots).expect("few") * terms.lot.0);
    if scene.is_first_release() {
        let order = scene.chain.order(slot, side, limit, energy);
        scene.acts_for(CHARLIE, PRINCIPAL, order);
        return;
    }
    scene.chain.reported();
    let order = NewOrder { side, limit: limit.min(middle_bid()), energy };
    let arguments = (PRINCIPAL.to_account_id(), slot, vec![order]);
    scene.tries(CHARLIE, "Auction", "place_orders_for", arguments);
    scene.refused_in_a_batch("Auction", "OrderRefused", "error");
}

/// Six meters behind one connection say something in a slot: what that costs in fees, for the room of six
/// transactions that no full block keeps from them.
fn read_many_meters(scene: &mut Scene) -> String {
    let keys: Vec<_> = (0..6).map(|number| format!("//behind//{number}")).collect();
    let meters: Vec<_> = keys
        .iter()
        .map(|key| {
            if scene.is_first_release() {
                return scene.chain.install(FERDIE, key, TEN);
            }
            let number = scene.chain.look(|| {
                let meter = pallet_metering::Meters::<Runtime>::get(FERDIES_METER);
                meter.expect("it is there").kind.number().clone()
            });
            let change = Change::Register {
                account: FERDIE.to_account_id(),
                key: public(key),
                kind: MeterKind::Behind(number),
                ratings: MeterRatings { out: TEN, into: TEN },
            };
            assert!(scene.files(INSTALLER, change, &[FERDIE, ISSUER]));
            scene.latest_meter()
        })
        .collect();
    let slot = scene.gate_after(6);
    scene.deliver(slot);
    let before = scene.chain.fees_of(FERDIE);
    for (meter, key) in meters.iter().zip(&keys) {
        assert!(scene.publishes(FERDIE, *meter, key, slot, [Wh(1), Wh::ZERO]));
    }
    let paid = scene.chain.fees_of(FERDIE) - before;
    scene.told(milli(paid))
}

/// An honest seller that was asked answers, and a stranger that saw the answer on its way has it included
/// first. What either pays in fees.
fn answer_before_the_seller(scene: &mut Scene) -> String {
    let meter = scene.admits_all();
    let slot = scene.gate_after(6);
    let trades = scene.sells_to(slot, LIAR, &[(EVE, TEN)]);
    let bill = scene.commits(LIAR, meter, slot, TEN);
    scene.chain.run_to(times(slot).readings_until);
    assert!(scene.complains(&trades[0]));
    if !scene.is_first_release() {
        scene.chain.run_to(times(slot).complaints_until);
    }
    let parties = [FERDIE, LIAR];
    let before = parties.map(|who| scene.chain.fees_of(who));
    let call = if scene.is_first_release() {
        scene.chain.call("Settlement", "reveal", (slot, bill, NONCE))
    } else {
        scene.chain.call("Settlement", "reveal", (slot, LIAR.to_account_id(), bill, NONCE))
    };
    let done = scene.chain.block(&parties.map(|who| (who, call.clone())));
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1, "{done:?}");
    let paid = [0, 1].map(|party| milli(scene.chain.fees_of(parties[party]) - before[party]));
    let refused = done.into_iter().find_map(Result::err).expect("one of the two");
    format!("it {}, the seller {} (`{refused}`)", paid[0], paid[1])
}

#[test]
fn an_answer_is_worth_more_to_the_careless_than_to_the_liar() {
    Theft {
        finding: "fresh, evidence",
        sequence: "a liar's friend complains in the last block; the four others have an answer to pay for",
        play: sell_an_answer,
    }
    .earned("to it +1.100, to them 0.000", "to it 0.000, to them +12.000");
}

#[test]
fn a_complaint_about_a_trifle_of_one_s_own() {
    Theft {
        finding: "fresh, evidence",
        sequence: "Eve buys 100 Wh and 9.9 kWh of a seller, and complains about the 100 Wh alone",
        play: complain_by_a_trifle,
    }
    .earned("-0.002, if lied to -2.970", "-0.232, if lied to 0.000");
}

#[test]
fn a_broker_leaves_its_principal_its_defence() {
    Theft {
        finding: "13, fresh",
        sequence: "a broker spends all that a seller has before it commits; its friend, the buyer, gains",
        play: spend_before_it_answers,
    }
    .earned(
        "+3.000, the seller cannot commit (`OutsideCorridor`)",
        "0.000, the seller commits (`InsufficientFunds`)",
    );
}

#[test]
fn readings_of_meters_behind_a_connection_cost_nothing() {
    Theft {
        finding: "fresh, metering",
        sequence: "six meters behind one connection fill blocks: thousandths of a QED in a slot",
        play: read_many_meters,
    }
    .earned("5.585", "0.000");
}

#[test]
fn who_answers_second_pays_the_fee() {
    Theft {
        finding: "fresh, evidence",
        sequence: "a stranger brings a seller's answer first: thousandths of a QED in fees",
        play: answer_before_the_seller,
    }
    .earned(
        "it 1.379, the seller 1.379 (`NotASeller`)",
        "it 0.000, the seller 1.387 (`AlreadyRevealed`)",
    );
}

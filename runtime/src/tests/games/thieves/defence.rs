//! Who takes it from those that have nothing left for their defence, and who lets others work for nothing.

use super::{Theft, scene::*};
use crate::{tests::games::document::gain, *};
use frame_support::traits::Get;
use qedex_primitives::{Bill, Moment, PricePerKwh, Side, SlotIndex, Wh};
use sp_keyring::Sr25519Keyring as Key;

/// Sells, or buys, with everything that it has.
pub(super) const VICTIM: Key = Key::AliceStash;

impl Scene {
    /// Gives somebody an amount. Whether that worked.
    fn gives(&mut self, from: Key, to: Key, amount: Balance) -> bool {
        let to = MultiAddress::<AccountId, ()>::Id(to.to_account_id());
        let amount = codec::Compact(amount);
        self.honestly(from, "Balances", "transfer_keep_alive", (to, amount))
    }

    /// A newcomer places an order with just so much money that it is taken: what is left is what the release
    /// wants to be left. What the newcomer gives away for that.
    pub(super) fn victim_orders(
        &mut self,
        slot: SlotIndex,
        side: Side,
        limit: PricePerKwh,
        energy: Wh,
    ) -> i128 {
        let had = self.money(&[VICTIM]);
        assert!(self.honestly(VICTIM, "Auction", "place_order", (slot, side, limit, energy)));
        let to = MultiAddress::<AccountId, ()>::Id(ISSUER.to_account_id());
        assert!(self.honestly(VICTIM, "Balances", "transfer_all", (to, true)));
        if !self.is_first_release() {
            let left = <Runtime as pallet_settlement::Config>::EvidenceReserve::get();
            assert!(self.gives(ISSUER, VICTIM, left));
        }
        had - self.money(&[VICTIM])
    }
}

/// Sells to somebody whose bid took all that it had, delivers nothing, commits and shows nothing. What
/// the seller gains.
fn lie_to_the_poor(scene: &mut Scene) -> String {
    scene.chain.admit(&[VICTIM], own);
    let before = scene.money(&[SELLER]);
    let slot = scene.gate_after(6);
    scene.victim_orders(slot, Side::Bid, middle_bid(), TEN);
    let order = (slot, Side::Ask, middle(), TEN);
    assert!(scene.honestly(SELLER, "Auction", "place_order", order));
    let [trade] = &scene.deliver(slot)[..] else { panic!("one trade") };
    let (slot, id) = (trade.slot, trade.id);
    scene.chain.run_to(times(slot).delivery_ends);
    let bill = Bill::default();
    let commitment = scene.chain.commitment(SELLER, slot, &bill, &[7; 32]);
    assert!(scene.tries(SELLER, "Settlement", "commit", (slot, commitment)));
    scene.chain.run_to(times(slot).readings_until);
    // The victim does what it can.
    let complained = scene.honestly(VICTIM, "Settlement", "complain", (slot, id));
    scene.end(slot);
    let gained = scene.money(&[SELLER]) - before;
    let complained = if complained { "complained" } else { "could not complain" };
    scene.told(format!("{}, who {complained}", gain(gained)))
}

/// Buys of somebody whose ask took all that it had, so that it can pay for no commitment. What the buyer
/// gains beside its energy, which it gets all the same.
fn buy_of_the_poor(scene: &mut Scene) -> String {
    scene.chain.admit(&[VICTIM], own);
    let meter = scene.has_a_meter(VICTIM, Wh(100_000));
    let before = scene.money(&[EVE]);
    let slot = scene.gate_after(6);
    scene.victim_orders(slot, Side::Ask, middle(), TEN);
    let order = (slot, Side::Bid, middle_bid(), TEN);
    assert!(scene.honestly(EVE, "Auction", "place_order", order));
    let [_] = &scene.deliver(slot)[..] else { panic!("one trade") };
    scene.chain.run_to(times(slot).delivery_ends);
    let reading = scene.chain.reading(meter, &own_meter(VICTIM), slot, [TEN, Wh::ZERO]);
    let bill = Bill::truncate_from(alloc::vec![reading]);
    let commitment = scene.chain.commitment(VICTIM, slot, &bill, &[7; 32]);
    scene.honestly(VICTIM, "Settlement", "commit", (slot, commitment));
    scene.end(slot);
    let paid = middle_bid().cost_floor(TEN).expect("money") as i128;
    let gained = scene.money(&[EVE]) - before + paid;
    scene.loot(gained)
}

/// A standing order that meets nobody, at the floor, for ten slots: what it paid for them.
fn let_the_chain_work(scene: &mut Scene) -> String {
    let order = (Side::Bid, presets::leader_terms().floor, TEN);
    assert!(scene.tries(EVE, "Auction", "set_standing_order", order));
    let before = scene.chain.fees_of(EVE);
    let until: Moment = scene.chain.now + 10 * SLOT;
    scene.chain.run_to(until);
    let paid = scene.chain.fees_of(EVE) - before;
    scene.told(qed(paid))
}

#[test]
fn who_has_bid_all_it_has_is_lied_to() {
    Theft {
        finding: "13",
        sequence: "lie to a buyer whose bid took all that it has",
        play: lie_to_the_poor,
    }
    .earned("+1.800, who could not complain", "-2.400, who complained");
}

#[test]
fn who_has_deposited_all_it_has_cannot_commit() {
    Theft {
        finding: "13",
        sequence: "buy of a seller whose ask took all that it has",
        play: buy_of_the_poor,
    }
    .earned("+3.000", "0.000");
}

#[test]
fn whose_standing_order_meets_nobody_pays_for_its_renewals() {
    Theft {
        finding: "14",
        sequence: "let a standing order be renewed in ten slots: what it pays",
        play: let_the_chain_work,
    }
    .earned("0.000", "0.020");
}

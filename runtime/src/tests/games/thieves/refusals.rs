//! Evidence that is refused: each by its name, and nothing changes but the fee of who brings it.

use super::{
    evidence::{BUYERS, LIAR, NONCE},
    scene::*,
};
use crate::{
    tests::chain::{Call, Code, market::Opened},
    *,
};
use codec::Encode;
use frame_support::assert_noop;
use pallet_settlement::Error;
use qedex_primitives::{Bill, Side, SlotIndex, Wh};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::{DispatchError, Permill, TokenError, traits::Dispatchable};
use std::collections::BTreeMap;

/// A second account of the liar's owner, which sells as well.
const SECOND: Key = Key::BobStash;

/// Buys of it.
const LATE: Key = Key::CharlieStash;

/// What settlement has stored of orders, trades and sellers.
fn stored(scene: &mut Scene) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let items = ["OrderEscrow", "Trades", "SellingAccounts", "Sellers", "Conduct"];
    let of_item = |item: &str| {
        let prefix = frame_support::storage::storage_prefix(b"Settlement", item.as_bytes());
        let next = move |key: &Vec<u8>| {
            sp_io::storage::next_key(key).filter(|key| key.starts_with(&prefix))
        };
        core::iter::successors(next(&prefix.to_vec()), next)
            .map(|key| {
                let value = sp_io::storage::get(&key).expect("it is there");
                (key, value.to_vec())
            })
            .collect::<Vec<_>>()
    };
    scene.chain.look(|| items.into_iter().flat_map(of_item).collect())
}

/// Somebody makes a call, by itself and in a transaction: it is refused by this name. By itself it leaves the
/// storage's root as it was; in a transaction what is stored of trades, what is held of anybody, and what anybody
/// owns but for the fee, which who makes it pays.
#[track_caller]
fn is_refused(
    scene: &mut Scene,
    who: Key,
    call: impl Into<RuntimeCall>,
    why: impl Into<DispatchError>,
) {
    let (call, why) = (call.into(), why.into());
    scene.chain.look(|| {
        let origin = RuntimeOrigin::signed(who.to_account_id());
        assert_noop!(call.clone().dispatch(origin).map_err(|error| error.error), why);
    });
    let everybody = [LIAR, SECOND, LATE, EVE, FERDIE, SELLER, who];
    let seen = |scene: &mut Scene| {
        let held = everybody.map(|who| scene.chain.held_of(who));
        let owned = everybody.map(|who| scene.chain.wealth_of(who));
        (held, owned, stored(scene))
    };
    let (before, paid) = (seen(scene), scene.chain.fees_of(who));
    let call = Call::of_bytes(call.encode());
    let done = scene.chain.attempt(who, call);
    assert!(done.is_err(), "{done:?}");
    assert_eq!(seen(scene), before);
    assert!(scene.chain.fees_of(who) > paid, "it pays its fee");
}

fn complain(trade: &Opened) -> pallet_settlement::Call<Runtime> {
    pallet_settlement::Call::complain { slot: trade.slot, id: trade.id }
}

fn reveal(
    slot: SlotIndex,
    seller: Key,
    bill: &Bill,
    nonce: [u8; 32],
) -> pallet_settlement::Call<Runtime> {
    let (seller, bill) = (seller.to_account_id(), bill.clone());
    pallet_settlement::Call::reveal { slot, seller, bill, nonce }
}

/// A slot in which the liar sells by both of its accounts, and the seller of the preset besides.
struct Slot {
    slot: SlotIndex,
    /// Of Eve, Ferdie and who is late with the liar's accounts.
    trades: [Opened; 3],
    /// What the liar committed to, ...
    bill: Bill,
    /// ... and the seller, which is of the slot behind.
    elsewhere: Bill,
}

impl Slot {
    fn begin(scene: &mut Scene) -> Self {
        scene.chain.admit(&[LIAR, LATE, BUYERS[4]], own);
        let meter = scene.has_a_meter(LIAR, Wh(100_000));
        scene.has_a_second_account(LIAR, SECOND);
        scene.draws(Permill::one());
        let slot = scene.gate_after(6);
        let order = |side, limit, energy| scene.chain.order(slot, side, limit, energy);
        let bid = || order(Side::Bid, middle_bid(), TEN);
        let orders = [
            (EVE, bid()),
            (FERDIE, bid()),
            (LATE, bid()),
            (BUYERS[4], bid()),
            (LIAR, order(Side::Ask, middle(), Wh(20_000))),
            (SECOND, order(Side::Ask, middle(), TEN)),
            (SELLER, order(Side::Ask, middle(), TEN)),
        ];
        let placed = scene.chain.block(&orders);
        assert!(placed.iter().all(Result::is_ok), "{placed:?}");
        let trades = scene.deliver(slot);
        let of = |who: Key| {
            let trade = trades.iter().find(|trade| trade.buyer == who.to_account_id());
            trade.expect("all of it trades").clone()
        };
        let trades = [EVE, FERDIE, LATE].map(of);
        let sellers = [LIAR, LIAR, SECOND].map(|who| who.to_account_id());
        assert_eq!(trades.clone().map(|trade| trade.seller), sellers);
        let bill = scene.commits(LIAR, meter, slot, Wh(30_000));
        let reading =
            scene.chain.reading(SELLERS_METER, &own_meter(SELLER), slot.next(), [TEN, Wh::ZERO]);
        let elsewhere = scene.commits_to(SELLER, slot, Bill::truncate_from(vec![reading]));
        Self { slot, trades, bill, elsewhere }
    }
}

#[test]
fn bad_evidence_is_refused_by_name_and_changes_nothing() {
    let mut scene = Scene::of(Code::Native);
    let scene = &mut scene;
    let Slot { slot, trades: [of_eve, of_ferdie, of_late], bill, elsewhere } = Slot::begin(scene);
    type Refused = Error<Runtime>;

    // A commitment by a second account of the owner.
    let commitment = Hash::repeat_byte(3);
    let commit = pallet_settlement::Call::commit { slot, commitment };
    is_refused(scene, SECOND, commit, Refused::AlreadyCommitted);

    // A complaint about a trade that was acknowledged.
    assert!(scene.honestly(EVE, "Settlement", "acknowledge", (slot, of_eve.id)));
    scene.chain.run_to(times(slot).readings_until);
    is_refused(scene, EVE, complain(&of_eve), Refused::NoSuchTrade);

    // One without the bond, of who has nothing left, nor set anything aside.
    scene.chain.look(|| {
        frame_support::hypothetically!({
            let to = MultiAddress::Id(ISSUER.to_account_id());
            let all = pallet_balances::Call::transfer_all { dest: to, keep_alive: true };
            let origin = || RuntimeOrigin::signed(FERDIE.to_account_id());
            assert!(RuntimeCall::from(all).dispatch(origin()).is_ok());
            pallet_settlement::Trades::<Runtime>::mutate(slot, of_ferdie.id, |trade| {
                trade.as_mut().expect("it is open").reserve = 0;
            });
            let call = RuntimeCall::from(complain(&of_ferdie));
            assert_noop!(
                call.dispatch(origin()).map_err(|error| error.error),
                DispatchError::Token(TokenError::FundsUnavailable)
            );
        });
    });

    // A reveal before its window, though it is asked for.
    assert!(scene.complains(&(FERDIE, of_ferdie.clone())));
    is_refused(scene, LIAR, reveal(slot, LIAR, &bill, NONCE), Refused::NotInRevealWindow);
    is_refused(scene, FERDIE, complain(&of_ferdie), Refused::AlreadyComplained);

    scene.chain.run_to(times(slot).complaints_until);
    // A complaint after the end.
    is_refused(scene, LATE, complain(&of_late), Refused::NotInComplaintWindow);
    // A bill of another slot: of what was committed to, and of something else.
    is_refused(scene, SELLER, reveal(slot, SELLER, &elsewhere, NONCE), Refused::WrongSlot);
    is_refused(scene, LIAR, reveal(slot, LIAR, &elsewhere, NONCE), Refused::NotAsCommitted);
    is_refused(scene, LIAR, reveal(slot.next(), LIAR, &bill, NONCE), Refused::NotASeller);
    // One that does not hash.
    let fewer = Bill::default();
    is_refused(scene, LIAR, reveal(slot, LIAR, &fewer, NONCE), Refused::NotAsCommitted);
    // A stranger that saw the bill of who was drawn, and not the nonce.
    is_refused(scene, FERDIE, reveal(slot, SECOND, &bill, [8; 32]), Refused::NotAsCommitted);
    // A second one.
    assert!(scene.reveals(FERDIE, SECOND, slot, &bill));
    is_refused(scene, LIAR, reveal(slot, LIAR, &bill, NONCE), Refused::AlreadyRevealed);
    // After the end.
    scene.end(slot);
    is_refused(scene, LIAR, reveal(slot, LIAR, &bill, NONCE), Refused::NotASeller);
}

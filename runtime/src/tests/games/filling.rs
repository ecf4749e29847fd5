//! What it costs to fill the blocks of a reveal window, so that no answer gets in.

use super::{document::*, round::*, world::*};
use crate::*;
use frame_support::{
    dispatch::{DispatchClass, GetDispatchInfo},
    traits::Get,
    weights::Weight,
};
use pallet_transaction_payment::{Config as Payment, Multiplier, NextFeeMultiplier};
use qedex_primitives::{
    Bill, MeterId, MeterSignature, ReadingPayload, SignedReading, SlotIndex, Wh, Windows,
};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::{
    FixedPointNumber,
    traits::Convert,
    transaction_validity::{InvalidTransaction, TransactionValidityError},
};

/// Fills blocks, and has money for it.
const FILLER: Key = Key::Ferdie;

/// So many readings of which none counts: what fills most of a block for one signature. They are evidence, as
/// answers are, and so may take the room that is kept from other calls.
fn batch(readings: u32) -> RuntimeCall {
    let slot = SlotIndex(0);
    let payload =
        ReadingPayload { meter: MeterId(0), slot, generated: Wh::ZERO, consumed: Wh::ZERO };
    let signature = MeterSignature::Sr25519(sp_core::sr25519::Signature::default());
    let readings = vec![SignedReading { payload, signature }; readings as usize];
    let readings = readings.try_into().expect("as many as a batch may have");
    pallet_metering::Call::submit_readings { readings }.into()
}

/// An answer to a complaint.
fn answer() -> RuntimeCall {
    let (seller, bill) = (SELLER.to_account_id(), Bill::default());
    let call = pallet_settlement::Call::reveal { slot: SlotIndex(0), seller, bill, nonce: [7; 32] };
    call.into()
}

/// Fills the next block where fees have this multiplier, before anybody answers. What that costs in
/// plancks, and what it takes of what the block has for calls that are no evidence.
fn fill(world: &mut World, multiplier: Multiplier) -> (Balance, Weight) {
    world.look(|| NextFeeMultiplier::<Runtime>::put(multiplier));
    let most: u32 = <Runtime as pallet_metering::Config>::MaxBatch::get();
    let whole = configs::system::BlockWeights::get().max_block.ref_time();
    let largest = whole / batch(most).get_dispatch_info().call_weight.ref_time() + 1;
    let largest = core::iter::repeat_n(most, usize::try_from(largest).expect("a few"));
    let smaller = core::iter::successors(Some(most / 2), |size| (*size > 1).then_some(size / 2));
    let before = world.fees_of(FILLER);
    // More of the largest than a block holds; and what is left beside as many of a size as fit has no room
    // for two of the next one.
    let sizes = largest.chain(smaller.flat_map(|size| [size; 2]));
    let mut offers: Vec<_> = sizes.map(|size| Offer::Signed(FILLER, batch(size))).collect();
    offers.push(Offer::Signed(SELLER, answer()));
    let done = world.offer(&offers);
    let full = TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources);
    assert_eq!(done.last(), Some(&Err(full)), "no answer gets in");
    let used = world.look(|| *System::block_weight().get(DispatchClass::Normal));
    (world.fees_of(FILLER) - before, used)
}

/// What the reveal window of slots of this length costs, in as many blocks, by the chain's own rule for
/// fees: it looks at what other calls take than evidence.
fn cost_of(world: &mut World, blocks: u64) -> Balance {
    let (once, used) = fill(world, Multiplier::from_u32(1));
    let (twice, _) = fill(world, Multiplier::from_u32(2));
    let (by_weight, fixed) = (twice - once, once - (twice - once));
    world.look(|| {
        let mut multiplier = Multiplier::from_u32(1);
        let mut sum = 0;
        for _ in 0..blocks {
            sum += fixed + multiplier.saturating_mul_int(by_weight);
            NextFeeMultiplier::<Runtime>::put(multiplier);
            System::set_block_consumed_resources(used, 0);
            multiplier = <Runtime as Payment>::FeeMultiplierUpdate::convert(multiplier);
        }
        sum
    })
}

#[test]
fn filling_the_blocks_of_a_reveal_window_costs_more_than_a_household_trades() {
    let windows = Windows::default();
    let mut table = Table::new(
        &["a slot lasts", "blocks of a window", "filling them costs", "pays above, kWh of a slot"],
        1,
    );
    for (what, length) in [("12 s", SLOT), ("15 min", 900_000)] {
        let times = windows.schedule(SlotIndex(1_000_000), length);
        let blocks = (times.final_at - times.complaints_until) / MILLISECONDS_PER_BLOCK;
        let cost = cost_of(&mut World::new(), blocks);
        // Whoever complained about who cannot answer has its energy for nothing: the grid price of it.
        let won_per_kwh = presets::leader_terms().cap.0;
        let above = cost.div_ceil(won_per_kwh);
        table.row(&[what, &blocks.to_string(), &qed(cost), &above.to_string()]);
    }
    table.stands_in_the_document_as("filling");
}

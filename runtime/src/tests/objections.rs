//! Each pallet objects to a block after which its storage is not sound.

use super::{games::world::World, invariants::broken};
use crate::*;
use qedex_primitives::{AttributeId, SlotIndex, keys::Reservation};
use sp_keyring::Sr25519Keyring as Key;

/// Writes a block after something that no call does, and says which pallet objects to the block.
fn objector(corrupt: impl FnOnce()) -> &'static str {
    let mut world = World::new();
    assert_eq!(world.look(broken), []);
    world.look(corrupt);
    let block = std::panic::AssertUnwindSafe(|| world.block(&[]));
    assert!(std::panic::catch_unwind(block).is_err(), "the block passes");
    world.look(|| broken().first().map_or("nobody", |(name, _)| name))
}

#[test]
fn a_block_after_which_a_pallets_storage_is_not_sound_fails() {
    let dave = Key::Dave.to_account_id();
    assert_eq!(
        objector(|| pallet_energy_membership::NextAttribute::<Runtime>::put(0)),
        "membership"
    );
    assert_eq!(objector(|| pallet_metering::NextMeter::<Runtime>::put(0)), "metering");
    let slot = SlotIndex(1);
    assert_eq!(
        objector(|| pallet_auction::OrderKeys::<Runtime>::insert(
            slot,
            0,
            (qedex_primitives::Side::Bid, presets::price_list(qedex_primitives::Band::Off).cap)
        )),
        "auction"
    );
    assert_eq!(
        objector(|| pallet_settlement::OrderEscrow::<Runtime>::insert(&dave, QED)),
        "settlement"
    );
    assert_eq!(objector(pallet_settlement::RuleChanges::<Runtime>::kill), "settlement");
    let owner = qedex_primitives::OwnerId::of_account(&dave);
    let counts = pallet_reputation::Counts { kept: 1, missed: 0 };
    assert_eq!(
        objector(|| pallet_reputation::Totals::<Runtime>::insert(owner, counts)),
        "reputation"
    );
    let rules = pallet_pov::Rules { window: 0, ..Default::default() };
    assert_eq!(objector(|| pallet_pov::CurrentRules::<Runtime>::put(rules)), "pov");
    assert_eq!(objector(|| pallet_qkd::NextSite::<Runtime>::put(0)), "qkd");
    assert_eq!(
        objector(|| pallet_qkd::MarketKeys::<Runtime>::mutate(|market| market.promised = 1)),
        "qkd"
    );
    assert_eq!(
        objector(|| {
            let nothing = Reservation { keys: 0, settled: true, backed: false };
            pallet_qkd::Reservations::<Runtime>::insert(slot, nothing);
        }),
        "qkd"
    );
    assert_eq!(
        objector(|| {
            pallet_energy_membership::Owners::<Runtime>::remove(&dave);
            pallet_energy_membership::Attributes::<Runtime>::remove(AttributeId(0));
        }),
        "membership"
    );
}

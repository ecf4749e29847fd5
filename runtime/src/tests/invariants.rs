//! What must be true of the storage of all our pallets after every block that a test writes.

use super::games::world::World;
use crate::*;
use qedex_primitives::{AttributeId, SlotIndex, keys::Reservation};
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::TryRuntimeError;

/// What finds out whether a pallet's invariants hold.
type Check = fn() -> Result<(), TryRuntimeError>;

/// Each pallet's name and check.
const CHECKS: [(&str, Check); 7] = [
    ("membership", Membership::do_try_state),
    ("metering", Metering::do_try_state),
    ("auction", Auction::do_try_state),
    ("settlement", Settlement::do_try_state),
    ("reputation", Reputation::do_try_state),
    ("pov", Pov::do_try_state),
    ("qkd", Qkd::do_try_state),
];

/// The pallets whose invariants do not hold, each with the reason.
pub fn broken() -> Vec<(&'static str, TryRuntimeError)> {
    CHECKS.into_iter().filter_map(|(name, check)| Some((name, check().err()?))).collect()
}

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

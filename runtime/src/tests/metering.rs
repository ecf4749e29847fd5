//! Metering within the composition.

use super::*;
use frame_support::dispatch::{DispatchClass, GetDispatchInfo};
use pallet_metering::SignedReading;
use qedex_primitives::{Band, MeterId, MeterSignature, ReadingPayload, SlotIndex, Tariff, Wh};
use sp_core::sr25519;

fn reading(meter: u32) -> SignedReading {
    SignedReading {
        payload: ReadingPayload {
            meter: MeterId(meter),
            slot: SlotIndex(1),
            generated: Wh(1),
            consumed: Wh(1),
        },
        signature: MeterSignature::Sr25519(sr25519::Signature::default()),
    }
}

#[test]
fn a_batch_of_1024_readings_fits_into_one_block() {
    let readings: Vec<_> = (0..1_024).map(reading).collect();
    let readings = readings.try_into().expect("a batch takes as many");
    let call = RuntimeCall::Metering(pallet_metering::Call::submit_readings { readings });
    let limits = configs::block::BlockWeights::get();
    let normal = limits.get(DispatchClass::Normal);
    let room = normal.max_extrinsic.expect("normal calls are bounded");
    let info = call.get_dispatch_info();
    assert!(info.call_weight.all_lte(room), "{:?} does not fit into {room:?}", info.call_weight);
    let length = codec::Encode::encoded_size(&call) as u32;
    let longest = *configs::block::BlockLength::get().max.get(DispatchClass::Normal);
    assert!(length < longest, "{length} of {longest} bytes");
}

#[test]
fn the_rule_of_the_presets_gives_a_band() {
    externalities("development").execute_with(|| {
        let rule = pallet_metering::CurrentTariff::<Runtime>::get().expect("a rule");
        assert!(rule.is_valid());
        // Nothing was metered yet, so the schedule of the day decides.
        let noon = SlotIndex(96 * 1_000 + 48);
        let evening = SlotIndex(96 * 1_000 + 70);
        assert_eq!(<Metering as Tariff>::band(noon), Band::Off);
        assert_eq!(<Metering as Tariff>::band(evening), Band::Mid);
    });
}

#[test]
fn the_community_of_genesis_has_two_independent_installers() {
    use qedex_primitives::{Membership as AccessControl, Role};
    use sp_keyring::Sr25519Keyring as Key;
    externalities("development").execute_with(|| {
        let owner = |key: Key| {
            let account = key.to_account_id();
            assert!(<Membership as AccessControl<AccountId>>::may(&account, Role::InstallMeters));
            <Membership as AccessControl<AccountId>>::owner_of(&account)
        };
        assert_ne!(owner(Key::Alice), owner(Key::Bob));
    });
}

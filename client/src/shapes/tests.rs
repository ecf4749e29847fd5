use super::*;
use crate::api;
use subxt::ext::frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed, v16};

/// The format is the latest stable one, because that is what a node is asked for. A test of the
/// runtime writes it.
#[test]
fn the_committed_metadata_is_the_runtime_s() {
    const VERSION: u32 = 16;
    let runtime = qedex_runtime::Runtime::metadata_at_version(VERSION).unwrap();
    let advice = "run QEDEX_WRITE_METADATA=$PWD/client/metadata/qedex.scale \
                  cargo test --release -p qedex-runtime metadata_is_served";
    assert!(runtime.as_slice() == METADATA, "{advice}");
    let runtime = Metadata::decode(&mut runtime.as_slice()).unwrap();
    assert!(api::qedex::is_codegen_valid_for(&runtime), "{advice}");
}

/// The committed metadata, changed.
fn changed(change: impl FnOnce(&mut v16::RuntimeMetadataV16)) -> Metadata {
    let RuntimeMetadataPrefixed(magic, metadata) =
        RuntimeMetadataPrefixed::decode(&mut &*METADATA).unwrap();
    let RuntimeMetadata::V16(mut metadata) = metadata else { panic!("an old format") };
    change(&mut metadata);
    let metadata = RuntimeMetadataPrefixed(magic, RuntimeMetadata::V16(metadata));
    Metadata::decode(&mut codec::Encode::encode(&metadata).as_slice()).unwrap()
}

#[test]
fn the_events_of_the_same_runtime_are_known() {
    let shapes = EventShapes::of(&changed(|_| {})).unwrap();
    assert!(shapes.0.is_empty(), "{:?}", shapes.0);
}

#[test]
fn an_upgrade_elsewhere_leaves_the_rest_readable() {
    let without = changed(|metadata| metadata.pallets.retain(|pallet| pallet.name != "Auction"));
    let shapes = EventShapes::of(&without).unwrap();
    assert!(shapes.differs("Auction", "OrderPlaced"));
    assert!(!shapes.differs("Settlement", "Revealed"));
}

#[test]
fn an_event_with_another_field_is_found() {
    let other = changed(|metadata| {
        let settlement = metadata.pallets.iter_mut().find(|pallet| pallet.name == "Settlement");
        let events = settlement.unwrap().event.as_ref().unwrap().ty.id;
        let ty = &mut metadata.types.types[events as usize].ty;
        let scale_info::TypeDef::Variant(variants) = &mut ty.type_def else { panic!("an enum") };
        let revealed = variants.variants.iter_mut().find(|variant| variant.name == "Revealed");
        revealed.unwrap().fields[0].name = Some("who".to_owned());
    });
    let shapes = EventShapes::of(&other).unwrap();
    assert!(shapes.differs("Settlement", "Revealed"));
    assert!(!shapes.differs("Settlement", "TradeSettled"));
}

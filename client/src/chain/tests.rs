use super::*;
use crate::{
    keys::{MeterKeys, from_suri},
    meter::{Bill, Nonce, Reading, Signature, SignedReading},
    metering::Scheme,
};
use qedex_math::Wh;
use qedex_primitives::{
    MeterId, MeterKey, MeterSignature, ReadingPayload, SlotIndex, metering::READING_CONTEXT,
};

const GENESIS: H256 = H256([7; 32]);

fn reading() -> Reading {
    Reading { meter: 3, slot: 1_234_567, generated: Wh(890), consumed: Wh(12) }
}

/// The format is the latest stable one, because that is what a node is asked for. A test of the
/// runtime writes it.
#[test]
fn the_committed_metadata_is_the_runtime_s() {
    const VERSION: u32 = 16;
    let runtime = qedex_runtime::Runtime::metadata_at_version(VERSION).unwrap();
    let runtime = Metadata::decode(&mut runtime.as_slice()).unwrap();
    let advice = "run QEDEX_WRITE_METADATA=$PWD/client/metadata/qedex.scale \
                  cargo test --release -p qedex-runtime metadata_is_served";
    if let Err(error) = check_pallets(&runtime, 0) {
        panic!("{error}: {advice}");
    }
    assert!(api::qedex::is_codegen_valid_for(&runtime), "{advice}");
}

/// The committed metadata with one pallet less.
fn without_pallet(name: &str) -> Metadata {
    use subxt::ext::frame_metadata::{RuntimeMetadata, RuntimeMetadataPrefixed};
    let RuntimeMetadataPrefixed(magic, mut metadata) =
        RuntimeMetadataPrefixed::decode(&mut &*METADATA).unwrap();
    match &mut metadata {
        RuntimeMetadata::V14(metadata) => metadata.pallets.retain(|pallet| pallet.name != name),
        RuntimeMetadata::V15(metadata) => metadata.pallets.retain(|pallet| pallet.name != name),
        RuntimeMetadata::V16(metadata) => metadata.pallets.retain(|pallet| pallet.name != name),
        _ => panic!("an old format"),
    }
    let bytes = codec::Encode::encode(&RuntimeMetadataPrefixed(magic, metadata));
    Metadata::decode(&mut bytes.as_slice()).unwrap()
}

#[test]
fn a_runtime_of_another_shape_is_refused() {
    let committed = Metadata::decode(&mut &*METADATA).unwrap();
    assert!(check_pallets(&committed, 1).is_ok());
    let smaller = without_pallet("Auction");
    let error = check_pallets(&smaller, 1).unwrap_err();
    assert!(matches!(&error, Error::WrongChain(what) if what.contains("Auction")), "{error}");
}

#[test]
fn a_meter_signs_what_the_chain_verifies() {
    let key = from_suri("//Dave//meter").unwrap();
    let signed = reading().sign(GENESIS, &key);
    let payload = ReadingPayload {
        meter: MeterId(3),
        slot: SlotIndex(1_234_567),
        generated: Wh(890),
        consumed: Wh(12),
    };
    let genesis = sp_core::H256(GENESIS.0);
    assert_eq!(reading().signing_bytes(GENESIS), payload.signing_bytes(genesis));
    let signature = MeterSignature::Sr25519((*signed.signature.bytes()).into());
    let public = MeterKey::Sr25519(key.public_key().0.into());
    assert!(signature.verify(&payload.signing_bytes(genesis), &public));
    assert_eq!(&payload.signing_bytes(genesis)[..16], &READING_CONTEXT);

    let keys = MeterKeys::from_suri(Scheme::Ed25519, "//Dave//meter").unwrap();
    let signed = reading().sign(GENESIS, &keys);
    let signature = MeterSignature::Ed25519((*signed.signature.bytes()).into());
    let public = MeterKey::Ed25519(keys.public().into());
    assert!(signature.verify(&payload.signing_bytes(genesis), &public));
}

/// Against the well-known keys of Alice, of which the ed25519 one votes on finality.
#[test]
fn keys_are_derived_as_everywhere_in_substrate() {
    let public = |scheme| {
        let keys = MeterKeys::from_suri(scheme, "//Alice").unwrap();
        hex::encode(keys.public())
    };
    assert_eq!(
        public(Scheme::Sr25519),
        "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d"
    );
    assert_eq!(
        public(Scheme::Ed25519),
        "88dc3417d5058ec4b4503e0c12ea1a0a89be200fe98922423d4334014fa6b0ee"
    );
    // EdDSA derives by hard junctions alone.
    for bad in ["//Dave/soft", "correct horse battery"] {
        let error = MeterKeys::from_suri(Scheme::Ed25519, bad).err().unwrap();
        assert_eq!(error.to_string(), "bad input: the secret URI is malformed");
    }
}

#[test]
fn a_commitment_is_the_one_that_the_chain_computes() {
    let signed = |meter, byte| SignedReading {
        reading: Reading { meter, ..reading() },
        signature: Signature::Sr25519([byte; 64]),
    };
    let nonce = |byte| Nonce::of([byte; 32].into());
    let bill = Bill::of(vec![signed(4, 8), signed(3, 9)]).unwrap();
    let commitment = |slot, byte| bill.commitment(GENESIS, [1; 32], slot, &nonce(byte));
    let payload = |meter| ReadingPayload {
        meter: MeterId(meter),
        slot: SlotIndex(1_234_567),
        generated: Wh(890),
        consumed: Wh(12),
    };
    let chain_reading = |meter, byte: u8| qedex_primitives::SignedReading {
        payload: payload(meter),
        signature: MeterSignature::Sr25519([byte; 64].into()),
    };
    let chain_bill =
        qedex_primitives::Bill::truncate_from(vec![chain_reading(3, 9), chain_reading(4, 8)]);
    let genesis = sp_core::H256(GENESIS.0);
    for (slot, byte) in [(1_234_567, 2), (7, 2), (1_234_567, 3)] {
        let expected = qedex_primitives::bill::commitment(
            genesis,
            &[1u8; 32],
            SlotIndex(slot),
            &chain_bill,
            &[byte; 32],
        );
        assert_eq!(commitment(slot, byte).0, expected.0);
    }
    assert_ne!(commitment(7, 2), commitment(7, 3), "the nonce hides the bill");
}

#[test]
fn what_is_no_bill_is_refused() {
    let signed = |meter, slot| SignedReading {
        reading: Reading { meter, slot, ..reading() },
        signature: Signature::Sr25519([9; 64]),
    };
    for readings in [
        vec![],
        vec![signed(1, 5), signed(1, 5)],
        vec![signed(1, 5), signed(2, 6)],
        (0..9).map(|meter| signed(meter, 5)).collect(),
    ] {
        assert!(matches!(Bill::of(readings), Err(Error::BadInput(_))));
    }
    assert!(Bill::of((0..8).map(|meter| signed(meter, 5)).collect()).is_ok());
}

#[test]
fn a_nonce_is_drawn_anew_and_never_shown() {
    let (one, other) = (Nonce::random().unwrap(), Nonce::random().unwrap());
    assert_ne!(one.bytes(), other.bytes());
    assert_eq!(format!("{one:?}"), "Nonce(secret)");
}

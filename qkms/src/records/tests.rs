use codec::{DecodeAll, Encode};

use super::*;
use crate::pool::End;

fn sealers() -> [Sealer; 2] {
    [Sealer::new(&[1; 32]), Sealer::new(&[2; 32])]
}

fn keys() -> Keys {
    let [alice, bob] = sealers();
    Keys { alice: alice.public(), bob: bob.public() }
}

fn chain() -> Chain {
    Chain { alice: "kme-a".into(), bob: "kme-b".into() }
}

fn sealed(record: Record) -> Signed {
    let [alice, bob] = sealers().map(|sealer| sealer.sign(&record));
    Signed { record, alice, bob }
}

/// A record with something in each place.
fn next(standing: &Standing) -> Record {
    let account = Account {
        pulses: 3_400_000 + standing.next,
        detections: 1000,
        n_x: [1, 2, 3],
        n_z: [4, 5, 6],
        m_z: [0, 1, 0],
        m_x: Some([0, 0, 1]),
        length: 77,
        ..Account::default()
    };
    let evidence = Evidence { account, transcript: [9; 32], own: Testimony::default() };
    let health = crate::health::Health { started: true, ..Default::default() };
    let testimonies = [Testimony::new(health, b"alice"), Testimony::new(health, b"bob")];
    chain().record(standing, standing.block + 2, Ending::Key, &evidence, testimonies)
}

fn records(number: u64) -> Vec<Signed> {
    let mut standing = chain().start();
    let mut records = Vec::new();
    for _ in 0..number {
        let signed = sealed(next(&standing));
        standing = chain().follow(&standing, &signed, &keys()).unwrap();
        records.push(signed);
    }
    records
}

#[test]
fn a_chain_is_followed_from_its_start_and_each_record_has_one_encoding() {
    let records = records(2 * EPOCH + 1);
    for (number, signed) in (0..).zip(&records) {
        let record = &signed.record;
        assert_eq!((record.sequence, record.epoch), (number, number / EPOCH));
        let bytes = signed.encode();
        assert_eq!(Signed::decode_all(&mut bytes.as_slice()).unwrap(), *signed);
    }
    // Fixed for ever: whoever keeps records has to read them later.
    let first = sealed(next(&chain().start()));
    assert_eq!(first.encode().len(), FIRST_LENGTH);
    assert_eq!(hex::encode(first.record.hash()), FIRST_HASH);
}

/// By an independent script.
const FIRST_LENGTH: usize = 757;
const FIRST_HASH: &str = "ef814bb92ca0e7b2c86c8a314263d88e79de131f640abf09a4814924c65de6b1";

#[test]
fn a_record_that_does_not_follow_is_refused_by_name() {
    let records = records(EPOCH + 2);
    let before = &records[EPOCH as usize].record;
    let (next_number, block) = (EPOCH + 1, before.block);
    let standing = Standing { next: next_number, head: before.hash(), block };
    let sound = records[EPOCH as usize + 1].clone();
    let follow = |signed: &Signed| chain().follow(&standing, signed, &keys());
    assert!(follow(&sound).is_ok());
    let altered = |alter: fn(&mut Record)| {
        let mut record = sound.record.clone();
        alter(&mut record);
        follow(&sealed(record)).unwrap_err()
    };
    assert_eq!(altered(|record| record.version = 2), Refused::Version(2));
    assert_eq!(altered(|record| record.bob = "kme-c".into()), Refused::Link);
    let other = Refused::Sequence { expected: next_number, found: EPOCH };
    assert_eq!(altered(|record| record.sequence = EPOCH), other);
    assert_eq!(follow(&records[EPOCH as usize]).unwrap_err(), other, "the one before once more");
    assert_eq!(altered(|record| record.previous[0] ^= 1), Refused::Previous);
    let epoch = Refused::Epoch { expected: 1, found: 2 };
    assert_eq!(altered(|record| record.epoch = 2), epoch);
    let repeated = Refused::Block { last: block, found: block };
    assert_eq!(altered(|record| record.block -= 2), repeated);
}

#[test]
fn a_record_altered_after_it_was_signed_is_refused_whoever_signed_it() {
    let start = chain().start();
    let sound = sealed(next(&start));
    let follow = |signed: &Signed, keys: &Keys| chain().follow(&start, signed, keys).unwrap_err();
    // Each field in turn.
    let alterations: [fn(&mut Record); 9] = [
        |record| record.block += 1,
        |record| record.ending = Ending::Discarded("qber".into()),
        |record| record.account.pulses += 1,
        |record| record.account.m_x = None,
        |record| record.account.leak += 1,
        |record| record.account.length += 1,
        |record| record.transcript[31] ^= 1,
        |record| record.at_alice.raw[0] ^= 1,
        |record| record.at_bob.health.started = false,
    ];
    for (place, alter) in alterations.into_iter().enumerate() {
        let mut signed = sound.clone();
        alter(&mut signed.record);
        assert_eq!(follow(&signed, &keys()), Refused::Signature(End::Alice), "{place}");
    }
    let stranger = Sealer::new(&[3; 32]).sign(&sound.record);
    let by_stranger = Signed { bob: stranger, ..sound.clone() };
    assert_eq!(follow(&by_stranger, &keys()), Refused::Signature(End::Bob));
    let swapped = Signed { alice: sound.bob, bob: sound.alice, ..sound.clone() };
    assert_eq!(follow(&swapped, &keys()), Refused::Signature(End::Alice));
    // Keys that are no points of the curve, or of small order.
    for bytes in [[0xff; 32], [0; 32]] {
        let bad = Keys { alice: bytes, ..keys() };
        assert_eq!(follow(&sound, &bad), Refused::Signature(End::Alice));
    }
    let other = Chain { alice: "kme-b".into(), bob: "kme-a".into() };
    assert_ne!(other.start().head, chain().start().head, "a chain is bound to its link");
}

/// The roots of the first eight leaves that certificate transparency tests with.
#[test]
fn roots_are_those_of_rfc_6962() {
    let leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let leaves = leaves.map(|leaf| hex::decode(leaf).unwrap());
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    for (number, root) in roots.iter().enumerate() {
        assert_eq!(hex::encode(merkle::root(&leaves[..number])), *root, "{number}");
    }
}

#[test]
fn a_node_is_never_taken_for_a_leaf() {
    let [a, b] = [[1u8; 32], [2; 32]];
    let pair = [merkle::root(&[a]), merkle::root(&[b])].concat();
    assert_ne!(merkle::root(&[a, b]), merkle::root(&[pair]));
}

#[test]
fn an_export_is_checked_by_whoever_has_it() {
    let records = records(2 * EPOCH + 1);
    let export = Export::new(&chain(), &keys(), &records);
    let text = serde_json::to_string(&export).unwrap();
    let read: Export = serde_json::from_str(&text).unwrap();
    assert_eq!(read.check().unwrap(), records);
    let roots = Export::roots(&records);
    assert_eq!(roots.iter().map(|(epoch, _)| *epoch).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(roots[1].1, Signed::root(&records[64..128]));
    // A part that begins later, of which no epoch is whole.
    let part = Export::new(&chain(), &keys(), &records[1..70]);
    assert!(Export::roots(&part.check().unwrap()).is_empty());

    let refused = |alter: &dyn Fn(&mut Export)| {
        let mut export = export.clone();
        alter(&mut export);
        export.check().unwrap_err()
    };
    let cut = refused(&|export| drop(export.records.remove(5)));
    let refusal = Refused::Sequence { expected: 5, found: 6 };
    assert_eq!(cut, ExportError::Refused { place: 5, refused: refusal });
    let swapped = refused(&|export| export.records.swap(7, 8));
    assert!(matches!(swapped, ExportError::Refused { place: 7, .. }));
    let other = refused(&|export| export.bob_key.clone_from(&export.alice_key));
    let refusal = Refused::Signature(End::Bob);
    assert_eq!(other, ExportError::Refused { place: 0, refused: refusal });
    assert_eq!(refused(&|export| export.alice_key.truncate(60)), ExportError::Key);
    for bad in ["", "zz", "00"] {
        let unreadable = refused(&|export| export.records[3] = bad.into());
        assert_eq!(unreadable, ExportError::Unreadable(3));
    }
    let longer = refused(&|export| export.records[3].push_str("00"));
    assert_eq!(longer, ExportError::Unreadable(3), "nothing follows a record");
}

//! `qkms records`: records are checked by whoever has them.

use std::process::{Command, Output};

use qkms::records::{
    Account, Chain, EPOCH, Ending, Evidence, Export, Keys, Sealer, Signed, Testimony,
};

fn export(number: u64) -> Export {
    let (alice, bob) = (Sealer::new(&[1; 32]), Sealer::new(&[2; 32]));
    let keys = Keys { alice: alice.public(), bob: bob.public() };
    let chain = Chain { alice: "kme-a".into(), bob: "kme-b".into() };
    let mut standing = chain.start();
    let mut records = Vec::new();
    for block in 1..=number {
        let account = Account { pulses: 3_400_000, length: 30_000, ..Account::default() };
        let evidence = Evidence { account, ..Evidence::default() };
        let ending = match block % 5 {
            0 => Ending::Discarded("qber".into()),
            _ => Ending::Key,
        };
        let testimonies = [Testimony::default(); 2];
        let record = chain.record(&standing, block, ending, &evidence, testimonies);
        let (alice, bob) = (alice.sign(&record), bob.sign(&record));
        let signed = Signed { record, alice, bob };
        standing = chain.follow(&standing, &signed, &keys).unwrap();
        records.push(signed);
    }
    Export::new(&chain, &keys, &records)
}

fn checked(text: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("records.json");
    std::fs::write(&file, text).unwrap();
    Command::new(env!("CARGO_BIN_EXE_qkms")).arg("records").arg(file).output().unwrap()
}

#[test]
fn a_sound_chain_is_shown_with_the_roots_of_whole_epochs() {
    let export = export(EPOCH + 1);
    let output = checked(&serde_json::to_string(&export).unwrap());
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let root = hex::encode(Export::roots(&export.check().unwrap())[0].1);
    assert!(text.contains(&format!("\nepoch 0 has the root {root}\n")), "{text}");
    assert!(!text.contains("epoch 1 has"), "{text}");
    assert!(text.ends_with("65 records, signed by both ends: a chain from its start\n"), "{text}");
    assert_eq!(text.matches("qber").count() as u64, EPOCH / 5 + u64::from(EPOCH % 5 == 4));
    let part = Export { records: export.records[2..9].to_vec(), ..export };
    let output = checked(&serde_json::to_string(&part).unwrap());
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("7 records, signed by both ends: a part of a chain\n"), "{text}");
}

#[test]
fn the_first_record_that_is_wrong_is_named() {
    let refused = |alter: &dyn Fn(&mut Export)| {
        let mut export = export(6);
        alter(&mut export);
        let output = checked(&serde_json::to_string(&export).unwrap());
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let missing = refused(&|export| drop(export.records.remove(3)));
    assert!(missing.contains("record 3 of the file: the record's number is 4"), "{missing}");
    let forged = refused(&|export| {
        // The last bit of Bob's signature.
        let digit = export.records[2].pop();
        export.records[2].push(if digit == Some('0') { '1' } else { '0' });
    });
    let because = "record 2 of the file: the record is not signed by the key of Bob's end";
    assert!(forged.contains(because), "{forged}");
    let cut = refused(&|export| export.records[5].truncate(100));
    assert!(cut.contains("record 5 of the file cannot be read"), "{cut}");
    let output = checked("[]");
    assert_eq!(output.status.code(), Some(1));
}

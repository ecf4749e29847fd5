//! What lies in `releases`.

use super::chain::Code;
use sp_io::{TestExternalities, hashing::blake2_256};
use sp_version::RuntimeVersion;
use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn the_release_folders_hold_what_their_page_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../releases");
    let page = fs::read_to_string(folder.join("README.md")).unwrap();
    let rows = page.lines().filter(|line| line.starts_with("| `v"));
    let mut told = BTreeSet::new();
    for row in rows {
        let cells: Vec<_> = row.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [_, name, spec, transaction, hash, _, _] = cells[..] else { panic!("{row}") };
        told.insert(name.to_owned());
        let code = Code::of_release(name);
        assert_eq!(format!("0x{}", hex(&blake2_256(code.bytes()))), hash, "{name}");
        let mut state = TestExternalities::new_with_code(code.bytes(), Default::default());
        let version: RuntimeVersion = code.ask(&mut state, "Core_version", &());
        assert_eq!(version.spec_version.to_string(), spec, "{name}");
        assert_eq!(version.transaction_version.to_string(), transaction, "{name}");
        let served: Option<Vec<u8>> = code.ask(&mut state, "Metadata_metadata_at_version", &16_u32);
        let kept = fs::read(folder.join(name).join("metadata.scale")).unwrap();
        assert!(served.as_ref() == Some(&kept), "{name}: its metadata is another");
    }
    let found = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap());
    let found = found.filter(|entry| entry.path().is_dir());
    let found: BTreeSet<_> = found.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(!found.is_empty());
    assert_eq!(found, told, "each folder has a row");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

use super::*;
use qedex_primitives::{MeterId, MeterSignature, ReadingPayload, SignedReading, SlotIndex, Wh};
use std::os::unix::fs::PermissionsExt;

const GENESIS: H256 = H256([7; 32]);
const OWNER: OwnerId = OwnerId([2; 32]);

fn bill(generated: u64) -> Bill {
    let signed = |meter| SignedReading {
        payload: ReadingPayload {
            meter: MeterId(meter),
            slot: SlotIndex(5),
            generated: Wh(generated),
            consumed: Wh(1),
        },
        signature: MeterSignature::Sr25519([9; 64].into()),
    };
    Bill::of(vec![signed(3), signed(1)]).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_opening_is_kept_privately_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(Some(&folder.path().join("a/b"))).unwrap();
    let kept = store.keep(GENESIS, OWNER, 5, &bill(100)).unwrap();
    let path = store.file(GENESIS, OWNER, 5);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    assert_eq!(mode(&folder.path().join("a/b")), 0o700);
    assert_eq!(
        fs::read_dir(path.parent().unwrap()).unwrap().count(),
        1,
        "no temporary file is left"
    );

    assert_eq!(store.keep(GENESIS, OWNER, 5, &bill(100)).unwrap(), kept);
    let before = fs::read(&path).unwrap();
    let other = store.keep(GENESIS, OWNER, 5, &bill(101));
    assert!(matches!(other, Err(Error::BadInput(_))));
    assert!(!write(&Opening::new(GENESIS, OWNER, 5, bill(101)).unwrap(), &path).unwrap());
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(store.load(GENESIS, OWNER, 5).unwrap(), kept);
    assert_eq!(read(&path).unwrap().commitment(), kept.commitment());
}

#[test]
fn openings_of_slots_owners_and_chains_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(Some(folder.path())).unwrap();
    store.keep(GENESIS, OWNER, 5, &bill(100)).unwrap();
    assert!(store.find(GENESIS, OWNER, 6).unwrap().is_none());
    assert!(store.find(GENESIS, OwnerId([3; 32]), 5).unwrap().is_none());
    assert!(store.find(H256([8; 32]), OWNER, 5).unwrap().is_none());
    let moved = store.file(GENESIS, OWNER, 6);
    fs::copy(store.file(GENESIS, OWNER, 5), moved).unwrap();
    assert!(matches!(store.find(GENESIS, OWNER, 6), Err(Error::BadInput(_))));
}

#[test]
fn an_opening_from_before_owners_sold_is_found_under_the_account_s_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::at(Some(folder.path())).unwrap();
    let kept = store.keep(GENESIS, OWNER, 5, &bill(100)).unwrap();
    let path = store.file(GENESIS, OWNER, 5);
    let old = path.with_file_name(format!("5-{}.json", account_text(OWNER.0)));
    fs::rename(&path, &old).unwrap();
    assert_eq!(store.file(GENESIS, OWNER, 5), old);
    assert_eq!(store.keep(GENESIS, OWNER, 5, &bill(100)).unwrap(), kept);
}

#[test]
fn what_is_no_opening_is_refused_without_being_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("opening.json");
    let opening = Opening::new(GENESIS, OWNER, 5, bill(100)).unwrap();
    write(&opening, &path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    let nonce = hex::encode(opening.nonce.bytes());
    assert!(text.contains(&nonce));
    for (from, to) in [
        (nonce.as_str(), &nonce[2..]),
        (nonce.as_str(), &format!("zz{}", &nonce[2..])),
        ("\"nonce\"", "\"once\""),
        ("\"slot\": 5", "\"slot\": -5"),
        ("\"owner\": \"0x", "\"owner\": \"0xz"),
    ] {
        fs::write(&path, text.replace(from, to)).unwrap();
        let error = read(&path).unwrap_err();
        assert!(matches!(error, Error::BadInput(_)), "{from}");
        assert!(!error.to_string().contains(&nonce[2..]));
    }
    assert!(!format!("{opening:?}").contains(&nonce));
    fs::remove_file(&path).unwrap();
    assert!(matches!(read(&path), Err(Error::File { .. })));
}

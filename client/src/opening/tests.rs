use super::*;
use qedex_primitives::{MeterId, MeterSignature, ReadingPayload, SignedReading, SlotIndex, Wh};

const GENESIS: H256 = H256([7; 32]);
const SELLER: Account = [2; 32];
const OWNER: OwnerId = OwnerId([4; 32]);

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

#[test]
fn an_opening_of_something_else_is_found() {
    let opening = Opening::new(GENESIS, OWNER, 5, bill(100)).unwrap();
    let right = Wanted {
        genesis: GENESIS,
        slot: 5,
        seller: SELLER,
        owner: OWNER,
        before: 0,
        energy: 50,
        commitment: Some(opening.commitment()),
    };
    assert_eq!(opening.mismatch(&right), None);
    let of_other = |wanted| matches!(opening.mismatch(&wanted), Some(Finding::NotOfTheTrade(_)));
    assert!(of_other(Wanted { genesis: H256([8; 32]), ..right }));
    assert!(of_other(Wanted { slot: 6, ..right }));
    assert!(of_other(Wanted { owner: OwnerId([3; 32]), ..right }));
    let by_another_account = Wanted { seller: [3; 32], ..right };
    assert_eq!(opening.mismatch(&by_another_account), None);
    let silent = Wanted { commitment: None, ..right };
    assert_eq!(opening.mismatch(&silent), Some(Finding::NoCommitment));
    let again = Opening::new(GENESIS, OWNER, 5, bill(100)).unwrap();
    assert_eq!(
        again.mismatch(&right),
        Some(Finding::NotAsCommitted),
        "the same bill under another nonce"
    );
}

#[test]
fn a_file_from_before_owners_sold_opens_what_the_account_committed_to() {
    let account = OwnerId(SELLER);
    let opening = Opening::new(GENESIS, account, 5, bill(100)).unwrap();
    let text = String::from_utf8(opening.to_json().unwrap().to_vec()).unwrap();
    let owner = format!("\"owner\": \"{}\"", owner_text(account));
    assert!(text.contains(&owner), "{text}");
    let seller = format!("\"seller\": \"{}\"", crate::text::account_text(SELLER));
    let old = text.replace(&owner, &seller);
    assert_eq!(Opening::from_json(old.as_bytes()).unwrap(), opening);
    for wrong in [
        text.replace(&owner, &format!("{owner}, {seller}")),
        text.replace(&format!("{owner},"), ""),
        text.replace(&owner, "\"owner\": \"0x12\""),
    ] {
        assert!(matches!(Opening::from_json(wrong.as_bytes()), Err(Error::BadInput(_))), "{wrong}");
    }
}

//! Records of blocks in the books.

use super::*;
use crate::records::{Chain, Ending, Evidence, Keys, Refused, Sealer, Signed, Standing, Testimony};

pub(super) fn chain() -> Chain {
    Chain { alice: "a".into(), bob: "b".into() }
}

pub(super) fn sealers() -> [Sealer; 2] {
    [Sealer::new(&[1; 32]), Sealer::new(&[2; 32])]
}

pub(super) fn keys() -> Keys {
    let [alice, bob] = sealers();
    Keys { alice: alice.public(), bob: bob.public() }
}

fn signed(standing: &Standing, ending: &str) -> Signed {
    let (evidence, none) = (Evidence::default(), [Testimony::default(); 2]);
    let ending = Ending::Discarded(ending.into());
    let record = chain().record(standing, standing.block + 1, ending, &evidence, none);
    let [alice, bob] = sealers().map(|sealer| sealer.sign(&record));
    Signed { record, alice, bob }
}

fn standing(site: &Site) -> Standing {
    site.run(|books| books.standing(&chain())).unwrap()
}

fn take(site: &Site, records: Vec<Signed>) -> Result<(), StoreError> {
    site.run(move |books| books.take_records(&chain(), &records, &keys()))
}

#[test]
fn records_stay_in_their_order_over_a_restart() {
    let (mut alice, _) = pair();
    for _ in 0..3 {
        let next = signed(&standing(&alice), "qber");
        take(&alice, vec![next]).unwrap();
    }
    let all = alice.run(|books| books.records(0, 10)).unwrap();
    alice.reopen();
    assert_eq!(alice.run(|books| books.records(0, 10)).unwrap(), all);
    assert_eq!(standing(&alice).next, 3);
    assert_eq!(alice.run(|books| books.records(1, 1)).unwrap(), all[1..2]);
    assert_eq!(alice.run(|books| books.epoch_root(0)).unwrap(), None, "it is not whole");
}

#[test]
fn what_does_not_follow_is_refused_and_changes_nothing() {
    let (alice, _) = pair();
    let start = standing(&alice);
    let first = signed(&start, "qber");
    take(&alice, vec![first.clone()]).unwrap();
    take(&alice, vec![first.clone()]).unwrap();
    let refused = |records: Vec<Signed>| match take(&alice, records).unwrap_err() {
        StoreError::Rejected(Rejection::Record(refused)) => refused,
        other => panic!("{other}"),
    };
    assert_eq!(refused(vec![signed(&start, "phase error")]), Refused::Fork);
    let after = standing(&alice);
    let late = Standing { next: 2, ..after };
    let sequence = Refused::Sequence { expected: 1, found: 2 };
    assert_eq!(refused(vec![signed(&late, "qber")]), sequence);
    let elsewhere = Standing { head: [0; 32], ..after };
    assert_eq!(refused(vec![signed(&elsewhere, "qber")]), Refused::Previous);
    let mut unsigned = signed(&after, "qber");
    unsigned.bob[0] ^= 1;
    assert_eq!(refused(vec![unsigned]), Refused::Signature(End::Bob));
    assert_eq!(standing(&alice), after);
    alice.audit();
}

#[test]
fn the_peer_keeps_the_key_that_it_told_first() {
    let (mut alice, _) = pair();
    assert_eq!(alice.run(|books| books.peer_key()).unwrap(), None);
    alice.run(|books| books.meet(&[5; 32])).unwrap();
    alice.reopen();
    alice.run(|books| books.meet(&[5; 32])).unwrap();
    let other = alice.run(|books| books.meet(&[6; 32])).unwrap_err();
    assert_eq!(other, StoreError::Rejected(Rejection::Record(Refused::Key)));
    assert_eq!(alice.run(|books| books.peer_key()).unwrap(), Some([5; 32]));
}

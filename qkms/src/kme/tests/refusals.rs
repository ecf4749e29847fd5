//! Requests that are refused draw nothing.

use super::*;

#[tokio::test]
async fn a_request_that_is_refused_draws_nothing() {
    let ground = Ground::new(&Options::default()).await;
    let alice = ground.kme(End::Alice);
    alice.links()[0].stop();
    let before = ground.ledgers().await;
    let sized = |size| EncRequest { size: Some(size), ..EncRequest::default() };
    let with = |slaves: &[&str]| EncRequest {
        additional_slaves: slaves.iter().map(|slave| id(slave)).collect(),
        ..EncRequest::default()
    };
    let plain = EncRequest::default;
    let size = Refusal::Size { min: 64, max: 16_384 };
    let cases = [
        ("nobody", "sae-b1", plain(), Refusal::UnknownCaller),
        ("sae-b1", "sae-a1", plain(), Refusal::UnknownCaller),
        ("sae-a1", "nobody", plain(), Refusal::UnknownSae(id("nobody"))),
        ("sae-a1", "sae-a1", plain(), Refusal::OwnSlave),
        ("sae-a1", "sae-b1", with(&["sae-a1"]), Refusal::OwnSlave),
        ("sae-a1", "sae-b1", with(&["sae-b1"]), Refusal::RepeatedSlave(id("sae-b1"))),
        ("sae-a1", "sae-b1", with(&["sae-b2", "x"]), Refusal::UnknownSae(id("x"))),
        ("sae-a1", "sae-b1", with(&["sae-b2"; 9]), Refusal::TooManySlaves(8)),
        ("sae-a1", "sae-b1", number(0), Refusal::Number(128)),
        ("sae-a1", "sae-b1", number(129), Refusal::Number(128)),
        ("sae-a1", "sae-b1", number(1 << 63), Refusal::Number(128)),
        ("sae-a1", "sae-b1", sized(0), size.clone()),
        ("sae-a1", "sae-b1", sized(7), Refusal::SizeUneven),
        ("sae-a1", "sae-b1", sized(56), size.clone()),
        ("sae-a1", "sae-b1", sized(16_392), size.clone()),
        ("sae-a1", "sae-b1", sized(u64::MAX - 7), size),
    ];
    for (master, slave, request, refusal) in cases {
        let refused = enc(alice, master, slave, request.clone()).await;
        assert_eq!(refused.unwrap_err(), refusal, "{master} {slave} {request:?}");
    }
    let key = Uuid::new_v4();
    let many: Vec<Uuid> = (0..129).map(|_| Uuid::new_v4()).collect();
    let bob = ground.kme(End::Bob);
    for (caller, master, ids, refusal) in [
        ("sae-a1", "sae-a1", vec![key], Refusal::UnknownCaller),
        ("sae-b1", "sae-a1", vec![], Refusal::KeyIds(128)),
        ("sae-b1", "sae-a1", many, Refusal::KeyIds(128)),
        ("sae-b1", "sae-a1", vec![key, key], Refusal::RepeatedKey(key)),
        ("sae-b1", "sae-a1", vec![key], Refusal::KeysNotFound(vec![key])),
        ("sae-b1", "nobody", vec![key], Refusal::KeysNotFound(vec![key])),
        ("sae-b1", "sae-b2", vec![key], Refusal::KeysNotFound(vec![key])),
    ] {
        let refused = dec(bob, caller, master, ids).await;
        assert_eq!(refused.unwrap_err(), refusal, "{caller} {master}");
    }
    assert_eq!(ground.ledgers().await.map(|ledger| ledger.delivered), [0, 0]);
    assert_eq!(ground.ledgers().await[0].delivered, before[0].delivered);
    assert!(alice.status(&id("sae-b1"), &id("sae-a1")).is_err());
    assert!(alice.status(&id("sae-a1"), &id("sae-a1")).is_err());
}

#[tokio::test]
async fn one_bad_key_among_good_ones_tells_none() {
    let ground = Ground::new(&Options::default()).await;
    let bob = ground.kme(End::Bob);
    let keys = enc(ground.kme(End::Alice), "sae-a1", "sae-b1", number(2)).await.unwrap();
    let bad = Uuid::new_v4();
    let mut named = ids(&keys);
    named.push(bad);
    let refused = dec(bob, "sae-b1", "sae-a1", named).await;
    assert_eq!(refused.unwrap_err(), Refusal::KeysNotFound(vec![bad]));
    let other = dec(bob, "sae-b1", "sae-a2", ids(&keys)).await;
    assert_eq!(other.unwrap_err(), Refusal::KeysNotFound(ids(&keys)));
    let foreign = dec(bob, "sae-b2", "sae-a1", ids(&keys)).await;
    assert_eq!(foreign.unwrap_err(), Refusal::NotNamed);
    assert!(dec(bob, "sae-b1", "sae-a1", ids(&keys)).await.unwrap() == keys);
}

#[tokio::test]
async fn more_keys_than_are_left_are_refused_whole() {
    let options = Options { block_bits: 200_000, ..Options::default() };
    let ground = Ground::new(&options).await;
    let alice = ground.kme(End::Alice);
    alice.links()[0].stop();
    let drained = loop {
        let before = audit(alice).await;
        let request = EncRequest { size: Some(16_384), ..number(128) };
        match enc(alice, "sae-a1", "sae-b1", request).await {
            Ok(_) => {}
            Err(refusal) => {
                assert_eq!(audit(alice).await.delivered, before.delivered);
                break refusal;
            }
        }
    };
    assert_eq!(drained, Refusal::Exhausted);
}

#[tokio::test]
async fn a_kme_that_has_stopped_refuses() {
    let ground = Ground::new(&Options::default()).await;
    ground.pair.stop().await;
    let refused = enc(ground.kme(End::Alice), "sae-a1", "sae-b1", number(1)).await;
    assert!(matches!(refused, Err(Refusal::Stopping | Refusal::Unconfirmed)), "{refused:?}");
}

//! A site between that relays nothing, twice, or other keys, and says otherwise.

use super::*;
use crate::relay::seal::{Statement, hash};

/// Draws a key of A's master as soon as the way is whole.
async fn drawn(ground: &Ground) -> Vec<DeliveredKey> {
    loop {
        if let Ok(keys) = enc(ground, Site::A, "sae-a1", "sae-c1", 2).await {
            return keys;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A's master is refused, and the keys it would have had are nobody's.
async fn refused(ground: &Ground) {
    let before = ground.held(Site::C).await;
    let refused = enc(ground, Site::A, "sae-a1", "sae-c1", 2).await;
    assert_eq!(refused.unwrap_err(), Refusal::Unconfirmed);
    ground.before.rest();
    ground.after.rest();
    ground.withdrawn(Site::A).await;
    let after = ground.held(Site::C).await;
    assert_eq!((after.stored, after.delivered), (before.stored, before.delivered));
    assert_eq!(after.made - before.made, after.wasted - before.wasted);
}

#[tokio::test]
async fn keys_that_are_not_relayed_are_refused_and_withdrawn() {
    let ground = Ground::impatient().await;
    for thief in [&ground.before, &ground.after] {
        drawn(&ground).await;
        thief.on_questions(|question| match question.ask {
            Ask::ExtKeys(_) => vec![],
            _ => vec![question],
        });
        refused(&ground).await;
        drawn(&ground).await;
        // They are relayed, and the acknowledgement is not.
        thief.on_answers(|answer| match answer.reply {
            Reply::Ack(_) => vec![],
            _ => vec![answer],
        });
        refused(&ground).await;
    }
    let keys = drawn(&ground).await;
    assert!(dec(&ground, Site::C, "sae-c1", "sae-a1", ids(&keys)).await.unwrap() == keys);
    ground.ledgers().await;
}

#[tokio::test]
async fn keys_that_are_relayed_twice_are_held_once() {
    let ground = Ground::new(&options()).await;
    for thief in [&ground.before, &ground.after] {
        let kept = |held: Ledger| held.made - held.wasted;
        let before = kept(ground.held(Site::C).await);
        // Under a number that nobody waits for, so that the answer to the first one counts.
        thief.on_questions(|question| match question.ask {
            Ask::ExtKeys(_) => vec![question.clone(), Question { number: 0, ..question }],
            _ => vec![question],
        });
        // Should the second overtake the first, the master is refused and asks again.
        let keys = drawn(&ground).await;
        ground.withdrawn(Site::A).await;
        assert_eq!(kept(ground.held(Site::C).await) - before, 512);
        assert!(dec(&ground, Site::C, "sae-c1", "sae-a1", ids(&keys)).await.unwrap() == keys);
        assert!(dec(&ground, Site::C, "sae-c1", "sae-a1", ids(&keys)).await.is_err());
        thief.rest();
    }
    let all_agree = |relayed: [u64; 4]| relayed == [relayed[0]; 4];
    while !all_agree(ground.relayed().await) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn keys_that_come_after_their_withdrawal_are_refused() {
    let ground = Ground::impatient().await;
    drawn(&ground).await;
    let caught = Arc::new(Mutex::new(None));
    let net = Arc::clone(&caught);
    ground.after.on_questions(move |question| match question.ask {
        Ask::ExtKeys(keys) => {
            *net.lock().unwrap() = Some(keys);
            vec![]
        }
        _ => vec![question],
    });
    refused(&ground).await;
    let late = caught.lock().unwrap().take().unwrap();
    let order = late.order.clone();
    let line = &ground.link(Site::M, 1).line;
    let answer = line.ask(Ask::ExtKeys(late)).await;
    assert_eq!(answer.unwrap_err(), crate::kme::line::NoAnswer::Refused(Why::Books));
    let told = dec(&ground, Site::C, "sae-c1", "sae-a1", vec![order.first()]).await;
    assert_eq!(told.unwrap_err(), Refusal::KeysNotFound(vec![order.first()]));
}

/// The site between knows keys, pads and tags: it can send the target whatever it likes, but for
/// A's signature.
#[tokio::test]
async fn other_keys_are_noticed_by_the_target() {
    let ground = Ground::new(&options()).await;
    ground.settle().await;
    let (between, link) = (ground.relay(Site::M), ground.link(Site::M, 1));
    let true_keys: zeroize::Zeroizing<Vec<u8>> = vec![1; SALT_BYTES + 32].into();
    let mut other_keys = true_keys.clone();
    other_keys[SALT_BYTES] ^= 1;
    let sound = order();
    let by_a = ground.relay(Site::A).key.sign(Statement::Sent(hash(&true_keys)), &sound);
    let by_m = between.key.sign(Statement::Sent(hash(&other_keys)), &sound);
    let stolen = Order { slaves: vec!["sae-c2".into()], ..sound.clone() };
    let patience = Duration::from_secs(5);
    let before = (ground.held(Site::C).await, ground.relayed().await[3]);
    for (order, signature, keys) in
        [(&sound, by_a, &other_keys), (&sound, by_m, &other_keys), (&stolen, by_a, &true_keys)]
    {
        let sent = between.send(link, order.clone(), None, signature, keys, patience).await;
        assert!(sent.unwrap_err().to_string().contains("Signature"));
    }
    assert_eq!(ground.held(Site::C).await, before.0);
    // The owner of the direction says that it spent three pads, and so they are gone here, too.
    while ground.relayed().await[3] != before.1 + 3 * 8 * (32 + OVERHEAD) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    between.send(link, sound, None, by_a, &true_keys, patience).await.unwrap();
}

#[tokio::test]
async fn an_acknowledgement_that_the_target_did_not_sign_is_none() {
    let ground = Ground::impatient().await;
    let earlier = Arc::new(Mutex::new([0; 64]));
    let seen = Arc::clone(&earlier);
    ground.before.on_answers(move |answer| {
        if let Reply::Ack(held) = answer.reply {
            *seen.lock().unwrap() = held;
        }
        vec![answer]
    });
    drawn(&ground).await;
    // An earlier one in place of the true one.
    let earlier = *earlier.lock().unwrap();
    ground.before.on_answers(move |answer| match answer.reply {
        Reply::Ack(_) => vec![Answer { reply: Reply::Ack(earlier), ..answer }],
        _ => vec![answer],
    });
    refused(&ground).await;
    // One of its own making, of keys that it kept to itself.
    let forged = ground.relay(Site::M).key.sign(Statement::Held([0; 32]), &order());
    ground.after.on_questions(|question| match question.ask {
        Ask::ExtKeys(_) => vec![],
        _ => vec![question],
    });
    ground.before.on_answers(move |answer| match answer.reply {
        Reply::Refused(Why::Onward) => vec![Answer { reply: Reply::Ack(forged), ..answer }],
        _ => vec![answer],
    });
    refused(&ground).await;
}

#[tokio::test]
async fn the_origin_alone_can_withdraw() {
    let ground = Ground::new(&options()).await;
    let keys = drawn(&ground).await;
    let order = Order {
        path: path(),
        master: "sae-a1".into(),
        slaves: vec!["sae-c1".into()],
        ids: keys.iter().map(|key| key.id.into_bytes()).collect(),
        len: 32,
    };
    let signature = ground.relay(Site::M).key.sign(Statement::Void, &order);
    let line = &ground.link(Site::M, 1).line;
    let answer = line.ask(Ask::VoidKeys(Void { order: order.clone(), signature })).await;
    assert_eq!(answer.unwrap_err(), crate::kme::line::NoAnswer::Refused(Why::Signature));
    assert!(dec(&ground, Site::C, "sae-c1", "sae-a1", ids(&keys)).await.unwrap() == keys);
    // What was told stays told, whoever withdraws it then.
    let signature = ground.relay(Site::A).key.sign(Statement::Void, &order);
    line.done(Ask::VoidKeys(Void { order, signature })).await.unwrap();
    assert_eq!(ground.held(Site::C).await.wasted, 0);
}

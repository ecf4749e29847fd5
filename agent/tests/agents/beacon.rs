//! What an agent says to the beacon, over its doors and with keys of a key service.

use super::{
    field::{Field, Running},
    sessions::ALICE,
};
use qedex_primitives::{
    agent::{BeaconAwaits, BeaconNews, BeaconStep, News},
    beacon::{Commitment, committed},
};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

/// News of an epoch alone.
fn news(epoch: u64, committed: Option<Commitment>, awaits: BeaconAwaits) -> News {
    News {
        genesis: [9; 32].into(),
        account: ALICE,
        block: 1,
        now: 0,
        last_number: 0,
        sessions: vec![],
        beacon: Some(BeaconNews { epoch, committed, awaits }),
        ledger: None,
    }
}

fn commits(epoch: u64) -> News {
    let peer = Some(b"bob".to_vec().try_into().unwrap());
    news(epoch, None, BeaconAwaits::Commitment { peer })
}

/// Asks until there is a commitment, as a worker does block after block.
async fn commitment(agent: &Running, epoch: u64) -> Commitment {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match agent.news(&commits(epoch)).await.beacon {
            Some(BeaconStep::Commit(commitment)) => return commitment,
            Some(other) => panic!("{other:?}"),
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
        assert!(Instant::now() < end, "no commitment came");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_is_stopped_between_any_two_steps_keeps_its_word() {
    let field = Field::start().await;
    let agent = field.agent("alice").await;
    let first = commitment(&agent, 1).await;
    assert_eq!(field.link.told().len(), 1, "one key, which the other end does not fetch");
    agent.stop().await;
    let agent = field.agent("alice").await;
    assert_eq!(commitment(&agent, 1).await, first);
    agent.stop().await;
    let agent = field.agent("alice").await;
    let open = news(1, Some(first), BeaconAwaits::Reveal);
    let Some(BeaconStep::Reveal(secret)) = agent.news(&open).await.beacon else {
        panic!("it reveals nothing")
    };
    let bytes = committed([9; 32].into(), &ALICE, 1, &secret.0);
    let hash: [u8; 32] = Sha256::digest(bytes).into();
    assert_eq!(first, Commitment(hash.into()));
    agent.stop().await;
    let agent = field.agent("alice").await;
    assert_eq!(agent.news(&open).await.beacon, Some(BeaconStep::Reveal(secret)));
    assert_eq!(agent.news(&commits(1)).await.beacon, None, "others know it already");
    assert_eq!(field.link.told().len(), 1);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_operators_word_an_agent_draws_nothing_for_the_beacon() {
    let field = Field::start().await;
    let mut settings = field.settings("alice");
    settings.beacon = false;
    let agent = Running::start(settings).await;
    for epoch in 1..4 {
        assert_eq!(agent.news(&commits(epoch)).await.beacon, None);
    }
    agent.stop().await;
    assert!(field.link.told().is_empty());
}

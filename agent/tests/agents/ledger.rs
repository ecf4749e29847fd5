//! What an agent reports of links, over its doors, as its key service says it.

use super::{
    field::{Field, Running},
    sessions::ALICE,
};
use qedex_primitives::{
    agent::{BeaconAwaits, BeaconNews, BeaconStep, LedgerNews, LinkNews, News, Steps},
    keys::LinkReport,
    qkd::LinkId,
};
use qkms::kme::service::Figures;
use std::time::{Duration, Instant};

const FIGURES: Figures = Figures {
    stored_keys: 40,
    delivered_keys: 50,
    made_keys: 100,
    qber_ppm: Some(21_000),
    sound: true,
};

/// News of an epoch that takes reports from 0 to 1,000.
fn news(epoch: u64, now: u64, awaits: BeaconAwaits) -> News {
    let peer = b"bob".to_vec().try_into().unwrap();
    let links = vec![LinkNews { link: LinkId(3), peer }];
    News {
        genesis: [9; 32].into(),
        account: ALICE,
        block: 1,
        now,
        last_number: 0,
        sessions: vec![],
        beacon: Some(BeaconNews { epoch, committed: None, awaits }),
        ledger: Some(LedgerNews { epoch, until: 1_000, links }),
    }
}

/// Asks until the agent says something, as a worker does block after block.
async fn says(agent: &Running, news: &News) -> Steps {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let steps = agent.news(news).await;
        if steps.beacon.is_some() || !steps.reports.is_empty() {
            return steps;
        }
        assert!(Instant::now() < end, "it says nothing");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_reports_what_its_key_service_says_with_its_commitment() {
    let field = Field::start().await;
    field.link.set_figures(Some(FIGURES));
    let agent = field.agent("alice").await;
    let peer = Some(b"bob".to_vec().try_into().unwrap());
    let asks = news(1, 0, BeaconAwaits::Commitment { peer });
    let Steps { beacon, reports, .. } = says(&agent, &asks).await;
    assert!(matches!(beacon, Some(BeaconStep::Commit(_))), "one waits for the other");
    let report = LinkReport {
        link: LinkId(3),
        stored: 40,
        made: 100,
        drawn: 50,
        qber_ppm: 21_000,
        healthy: true,
    };
    assert_eq!(reports, [report]);
    // It asks once an epoch, and in each anew.
    assert_eq!(says(&agent, &asks).await.reports, [report]);
    assert_eq!(field.link.surveyed(), 1);
    let sick = Figures { stored_keys: 0, sound: false, ..FIGURES };
    field.link.set_figures(Some(sick));
    let alone = news(2, 0, BeaconAwaits::Nothing);
    let said = says(&agent, &alone).await;
    assert_eq!(said.reports, [LinkReport { stored: 0, healthy: false, ..report }]);
    assert_eq!((said.beacon, field.link.surveyed()), (None, 2));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_no_key_service_says_nothing_is_reported() {
    let field = Field::start().await;
    let agent = field.agent("alice").await;
    let unknown = Figures { qber_ppm: None, ..FIGURES };
    let impossible = Figures { stored_keys: 51, ..FIGURES };
    let peer = Some(b"bob".to_vec().try_into().unwrap());
    for (epoch, figures) in [(1, None), (2, Some(unknown)), (3, Some(impossible))] {
        field.link.set_figures(figures);
        let asks = news(epoch, 0, BeaconAwaits::Commitment { peer: peer.clone() });
        let said = says(&agent, &asks).await;
        assert!(said.beacon.is_some() && said.reports.is_empty(), "{said:?}");
    }
    agent.stop().await;
}

/// A key service that gives no key says of its link what there is to say.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_waits_for_no_key_that_does_not_come() {
    let field = Field::start().await;
    field.link.set_closed(true);
    field.link.set_figures(Some(Figures { sound: false, ..FIGURES }));
    let agent = field.agent("alice").await;
    let peer = Some(b"bob".to_vec().try_into().unwrap());
    let asks = |now| news(1, now, BeaconAwaits::Commitment { peer: peer.clone() });
    let end = Instant::now() + Duration::from_secs(60);
    while field.link.surveyed() == 0 {
        assert_eq!(agent.news(&asks(0)).await.reports, [], "the key may come");
        assert!(Instant::now() < end, "the key service is not asked");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(agent.news(&asks(499)).await.reports, []);
    let said = says(&agent, &asks(500)).await;
    assert!(said.beacon.is_none() && !said.reports[0].healthy, "{said:?}");
    field.link.set_closed(false);
    let peer = peer.clone();
    let later = News { ledger: None, ..news(1, 600, BeaconAwaits::Commitment { peer }) };
    let said = says(&agent, &later).await;
    assert!(matches!(said.beacon, Some(BeaconStep::Commit(_))) && said.reports.is_empty());
    agent.stop().await;
}

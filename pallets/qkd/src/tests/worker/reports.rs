//! What workers carry for the ledger of keys.

use super::{
    beacon::{block_at, include_all, next_half, own_commitment},
    *,
};
use crate::{Commitments, CurrentEpoch, CurrentRules, Ends, ledger::types::KeptReport};
use qedex_primitives::{
    OwnerId,
    agent::{BeaconAwaits, BeaconStep, LedgerNews, LinkNews},
    audits::{AUDITS_PATH, AuditWork},
    beacon::EpochWork,
    keys::{LinkReport, LinkTerms, MAX_REPORTERS},
    qkd::{BitsPerSecond, LinkId},
};

const LINK: LinkId = LinkId(0);

fn report(made: u64) -> LinkReport {
    LinkReport { link: LINK, stored: 5, made, drawn: 0, qber_ppm: 20_000, healthy: true }
}

/// A link of the market from the site of Anna, Ben and Clara to that of Dora.
fn put_link() {
    assert_ok!(Qkd::register_site(signed(OTHER_OPERATOR), text("Stadt")));
    assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, SiteId(1), BitsPerSecond(10_000)));
    assert_ok!(Qkd::agree_link(signed(OTHER_OPERATOR), LINK));
    assert_ok!(Qkd::enrol(signed(OTHER_OPERATOR), SiteId(1), sae(DORA), DORA, EXPIRY));
    let id = crate::EnrolmentOfSae::<Test>::get(sae(DORA)).unwrap();
    assert_ok!(Qkd::accept_sae(signed(DORA), id));
    let terms = LinkTerms { most_keys_per_epoch: 100, most_qber_ppm: 110_000 };
    assert_ok!(Qkd::admit_link(root(), LINK, terms));
}

/// An agent that commits if `commits`, and reports what `says` makes of what it hears; it notes that.
fn agent_of(
    host: &Host,
    who: AccountId,
    commits: bool,
    says: impl Fn(&LedgerNews) -> Vec<LinkReport> + Send + 'static,
) -> Arc<Mutex<Vec<Option<LedgerNews>>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    host.agent(who, move |request: Request| {
        if request.path == WATCHED_PATH {
            return Answer::ok(Watched { sessions: vec![] });
        }
        if request.path == AUDITS_PATH {
            return Answer::ok(None::<AuditWork>);
        }
        let news = News::decode(&mut &request.body[..]).unwrap();
        let awaited = news
            .beacon
            .as_ref()
            .filter(|beacon| commits && matches!(beacon.awaits, BeaconAwaits::Commitment { .. }));
        let beacon = awaited.map(|one| BeaconStep::Commit(own_commitment(who, one.epoch)));
        let reports = news.ledger.as_ref().map(&says).unwrap_or_default();
        notes.lock().unwrap().push(news.ledger);
        Answer::ok(Steps { steps: vec![], beacon, reports })
    });
    list(&[who]);
    heard
}

fn works(call: &Call<Test>) -> EpochWork {
    match call {
        Call::bring_epoch { work, .. } => work.clone(),
        call => panic!("{call:?}"),
    }
}

#[test]
fn a_report_is_brought_with_the_commitment() {
    run_with_host(|host| {
        put_link();
        let heard = agent_of(host, ANNA, true, |_| vec![report(7)]);
        block_at(START);
        work();
        let told = heard.lock().unwrap().pop().flatten().expect("a report is awaited");
        let until = CurrentEpoch::<Test>::get().unwrap().until;
        let links = vec![LinkNews { link: LINK, peer: sae(DORA) }];
        assert_eq!(told, LedgerNews { epoch: 0, until, links });
        let brought = host.brought();
        let reports = vec![report(7)].try_into().unwrap();
        let commitment = Some(own_commitment(ANNA, 0));
        let expected = [EpochWork::Commit { commitment, reports }];
        assert_eq!(brought.iter().map(works).collect::<Vec<_>>(), expected, "one of both");
        brought.into_iter().for_each(|call| assert_eq!(include(call), Ok(Ok(()))));
        assert_eq!(Ends::<Test>::get(LINK, SITE).reports.len(), 1);
        work();
        assert_eq!(heard.lock().unwrap().pop().flatten(), None, "once an epoch");
        assert_eq!(host.brought(), vec![]);
        next_half();
        work();
        assert_eq!(heard.lock().unwrap().pop().flatten(), None, "nor in its second half");
        next_half();
        work();
        assert_eq!(include_all(host), 1);
    });
}

#[test]
fn who_takes_no_part_in_the_beacon_reports_all_the_same() {
    run_with_host(|host| {
        put_link();
        agent_of(host, ANNA, false, |_| vec![report(7)]);
        block_at(START);
        work();
        assert_eq!(include_all(host), 1);
        assert_eq!(Ends::<Test>::get(LINK, SITE).reports.len(), 1);
        assert_eq!(Commitments::<Test>::count(), 0);
    });
}

/// What the ledger would not take keeps no commitment away.
#[test]
fn a_bad_report_is_left_out() {
    run_with_host(|host| {
        put_link();
        agent_of(host, ANNA, true, |_| vec![LinkReport { drawn: 3, ..report(7) }]);
        block_at(START);
        work();
        assert_eq!(include_all(host), 1);
        assert!(Commitments::<Test>::contains_key(ANNA));
        assert_eq!(Ends::<Test>::get(LINK, SITE).reports.len(), 0);
    });
}

#[test]
fn a_report_of_a_link_that_was_not_asked_for_is_not_brought() {
    let other = LinkReport { link: LinkId(1), ..report(7) };
    for said in [vec![other], vec![report(7), other], vec![report(7), report(7)]] {
        run_with_host(|host| {
            put_link();
            let said = said.clone();
            agent_of(host, ANNA, true, move |_| said.clone());
            block_at(START);
            work();
            assert_eq!(host.brought(), vec![]);
        });
    }
}

#[test]
fn of_whom_no_report_is_awaited_is_not_asked() {
    run_with_host(|host| {
        put_link();
        block_at(START);
        let heard = agent_of(host, ANNA, false, |_| vec![]);
        let asked = || {
            work();
            heard.lock().unwrap().pop().flatten().is_some()
        };
        assert!(asked());
        assert_ok!(Qkd::dismiss_link(root(), LINK));
        assert!(!asked(), "it is not the market's any more");
        let terms = LinkTerms { most_keys_per_epoch: 100, most_qber_ppm: 110_000 };
        assert_ok!(Qkd::admit_link(root(), LINK, terms));
        assert!(asked());
        let id = crate::EnrolmentOfSae::<Test>::get(sae(DORA)).unwrap();
        assert_ok!(Qkd::remove_sae(signed(DORA), id));
        work();
        assert_eq!(heard.lock().unwrap().pop(), Some(None), "nobody by whom to ask the service");
    });
}

#[test]
fn who_would_find_no_room_is_asked_for_no_report() {
    run_with_host(|host| {
        put_link();
        let heard = agent_of(host, ANNA, false, |_| vec![]);
        block_at(START);
        let keep = |epoch| {
            let others = (0..MAX_REPORTERS).map(|number| KeptReport {
                owner: OwnerId([u8::try_from(number).unwrap() | 0x80; 32]),
                epoch,
                said: report(7),
            });
            let reports = others.collect::<Vec<_>>().try_into().unwrap();
            Ends::<Test>::mutate(LINK, SITE, |book| book.reports = reports);
        };
        keep(0);
        work();
        assert_eq!(heard.lock().unwrap().pop().flatten(), None, "it is asked for none");
        // Once theirs are stale there is room.
        let stale = CurrentRules::<Test>::get().stale_after;
        while CurrentEpoch::<Test>::get().unwrap().index <= u64::from(stale) {
            next_half();
        }
        work();
        let told = heard.lock().unwrap().pop().flatten().expect("a report is awaited");
        assert_eq!(told.links.len(), 1);
        Ends::<Test>::remove(LINK, SITE);
    });
}

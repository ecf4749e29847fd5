//! What workers carry for audits.

use super::*;
use crate::{
    CurrentEpoch,
    tests::{
        audits::{HERE, LINK, THERE, closed, everybody, pick_of, put_link, says, work_of},
        beacon::{block_at, current, to_end, to_reveals},
    },
};
use qedex_primitives::{
    audits::{
        AUDITS_PATH, AuditEpoch, AuditFailure, AuditFault, AuditNews, AuditOutcome, AuditWork,
        Haste, RootPost, VerdictPost,
    },
    beacon::EpochPart,
};

/// Runs a test with six accounts at both ends of a link, from the beginning of an epoch on.
fn run_audits(test: impl FnOnce(&Host)) {
    run_with_host(|host| {
        EpochLength::set(16_000);
        block_at(START);
        to_reveals();
        to_end();
        put_link();
        list(&everybody());
        test(host);
    });
}

/// An agent that says what `says` makes of what it hears, and notes it.
fn agent_of(
    host: &Host,
    who: AccountId,
    says: impl Fn(&AuditNews) -> Option<AuditWork> + Send + 'static,
) -> Arc<Mutex<Vec<AuditNews>>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    host.agent(who, move |request: Request| {
        assert_eq!(request.token, token(who));
        match &request.path[..] {
            WATCHED_PATH => Answer::ok(Watched { sessions: vec![] }),
            NEWS_PATH => Answer::ok(Steps { steps: vec![], beacon: None, reports: vec![] }),
            AUDITS_PATH => {
                let news = AuditNews::decode(&mut &request.body[..]).unwrap();
                let said = says(&news);
                notes.lock().unwrap().push(news);
                Answer::ok(said)
            }
            path => panic!("asked {path}"),
        }
    });
    heard
}

/// What an agent says that finds this in whatever block is opened.
fn finding(outcome: AuditOutcome) -> impl Fn(&AuditNews) -> Option<AuditWork> {
    move |news| {
        let [told] = &news.links[..] else { panic!("{news:?}") };
        let next = told.last.map_or(0, |last| last.0 + 1);
        let root = RootPost { link: told.link, says: says(next) };
        let verdicts = told.picks.iter().filter(|pick| pick.awaited).map(|pick| VerdictPost {
            link: told.link,
            epoch: pick.says.epoch,
            place: pick.place,
            outcome,
        });
        let roots = told.posts.then_some(root).into_iter().collect();
        let work = work_of(roots, verdicts.collect());
        (!work.is_empty()).then_some(work)
    }
}

fn include_all(host: &Host) -> usize {
    let brought = host.brought();
    brought.iter().for_each(|call| assert_eq!(include(call.clone()), Ok(Ok(()))));
    brought.len()
}

#[test]
fn agents_and_workers_close_a_link_within_two_epochs_of_the_beacon() {
    for fault in [AuditFault::File, AuditFault::Raw, AuditFault::OtherBlock] {
        let outcome = AuditOutcome::Failed(fault);
        run_audits(|host| {
            for who in everybody() {
                agent_of(host, who, finding(outcome));
            }
            let begun = current().index;
            work();
            assert_eq!(include_all(host), 6, "a transaction of each");
            work();
            assert_eq!(include_all(host), 0, "it was said");
            to_reveals();
            to_end();
            work();
            assert_eq!(include_all(host), 6, "verdicts with the next roots");
            work();
            assert_eq!(include_all(host), 0);
            to_reveals();
            to_end();
            assert_eq!(closed(), Some(AuditFailure::Found(outcome)));
            assert_eq!(current().index, begun + 2);
        });
    }
}

#[test]
fn agents_hear_how_audits_stand() {
    run_audits(|host| {
        let heard = agent_of(host, ANNA, |_| None);
        for who in everybody().into_iter().skip(1) {
            agent_of(host, who, finding(AuditOutcome::Passed));
        }
        let hears = || {
            work();
            heard.lock().unwrap().pop().unwrap()
        };
        let news = hears();
        assert_eq!((news.genesis, news.account), (GENESIS, Padded::convert(ANNA)));
        assert_eq!((news.epoch, news.haste), (current().index, Haste::Early));
        let [told] = &news.links[..] else { panic!("{news:?}") };
        assert_eq!((told.link, told.last, told.posts), (LINK, None, true));
        assert!(told.picks.is_empty());
        include_all(host);
        // The second quarter of the epoch, and its second half.
        block_at(current().until - 4_000);
        assert_eq!(hears().haste, Haste::Late);
        to_reveals();
        assert_eq!(CurrentEpoch::<Test>::get().unwrap().part, EpochPart::Reveal);
        let news = hears();
        assert_eq!(news.haste, Haste::Last);
        assert_eq!((news.links[0].last, news.links[0].posts), (Some(AuditEpoch(0)), true));
        to_end();
        let news = hears();
        let [pick] = &news.links[0].picks[..] else { panic!("{news:?}") };
        let picked = pick_of(0).unwrap();
        assert_eq!((pick.challenge, pick.place), (picked.value, picked.place));
        // Anna has posted nothing, so that no verdict is awaited of her.
        assert_eq!((pick.says, pick.awaited, pick.is_last), (says(0), false, false));
    });
}

#[test]
fn what_nobody_waits_for_is_not_brought() {
    let other = |place: Option<u8>| place.map(|place| (place + 1) % 50);
    let lies: [Box<dyn Fn(&AuditNews) -> Option<AuditWork> + Send>; 3] = [
        // A verdict on another block than the one that was picked.
        Box::new(move |news: &AuditNews| {
            let mut work = finding(AuditOutcome::Passed)(news)?;
            work.verdicts.iter_mut().for_each(|verdict| verdict.place = other(verdict.place));
            Some(work)
        }),
        // One that it was not opened, before its time.
        Box::new(finding(AuditOutcome::NotOpened)),
        // A root of an epoch that is fixed.
        Box::new(|_: &AuditNews| {
            let root = RootPost { link: LINK, says: says(0) };
            Some(work_of(vec![root], vec![]))
        }),
    ];
    for lie in lies {
        run_audits(|host| {
            for who in everybody() {
                agent_of(host, who, finding(AuditOutcome::Passed));
            }
            work();
            include_all(host);
            to_reveals();
            to_end();
            agent_of(host, ANNA, lie);
            host.set_seed(0);
            let asked = host.asked(ANNA);
            work();
            assert_eq!(include_all(host), 5, "of all others");
            work();
            assert_eq!(host.asked(ANNA), asked + 3, "it is left alone");
        });
    }
}

#[test]
fn an_agent_that_knows_no_audits_serves_all_the_same() {
    run_audits(|host| {
        host.agent(ANNA, |request: Request| match &request.path[..] {
            WATCHED_PATH => Answer::ok(Watched { sessions: vec![] }),
            NEWS_PATH => Answer::ok(Steps { steps: vec![], beacon: None, reports: vec![] }),
            _ => Answer::bytes(404, vec![]),
        });
        for runs in 1..4 {
            work();
            assert_eq!(host.asked(ANNA), 3 * runs);
        }
    });
}

#[test]
fn nothing_is_asked_where_nothing_is_awaited() {
    run_audits(|host| {
        let heard = agent_of(host, HERE[0], finding(AuditOutcome::Passed));
        work();
        assert_eq!(include_all(host), 1);
        heard.lock().unwrap().clear();
        work();
        assert!(heard.lock().unwrap().is_empty(), "its root is there, and nothing is picked");
        assert_eq!(pick_of(0), None);
        assert!(THERE.iter().all(|who| host.asked(*who) == 0), "there are no agents of theirs");
    });
}

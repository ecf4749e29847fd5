//! The off-chain worker, between a chain and agents that a test plays.

mod audits;
mod beacon;
mod faults;
mod host;
mod interleavings;
mod mutations;
mod reports;

use super::*;
use crate::worker::MAX_REST;
use codec::{Decode, Encode};
use host::{Answer, Host, Request, list, token};
use qedex_primitives::agent::{
    MAX_SESSIONS, NEWS_PATH, News, SessionNews, Step, Steps, WATCHED_PATH, Watched,
};
use sp_core::offchain::{StorageKind, Timestamp};
use sp_io::hashing::sha2_256;
use std::sync::{Arc, Mutex};

/// Runs a test with a node around the chain of [`run`].
fn run_with_host(test: impl FnOnce(&Host)) {
    let mut chain = new_chain();
    let host = Host::around(&mut chain);
    chain.execute_with(|| {
        set_up();
        test(&host);
        check();
    });
}

fn work() {
    use frame_support::traits::Hooks;
    Qkd::offchain_worker(System::block_number());
}

/// What an honest agent of `who` says to a session that waits for it.
fn step_of(who: AccountId, news: &SessionNews) -> Option<Step> {
    let SessionNews::Here { id, session, saes, ended: None, .. } = news else { return None };
    let ours = Padded::convert(who);
    let (from, to) = (session.from.account, session.to.account);
    let name = |account: [u8; 32]| AccountId::from_le_bytes(account[..8].try_into().unwrap());
    let (a, b) = (name(from), name(to));
    assert_eq!(saes.clone(), [Some(sae(a)), Some(sae(b))]);
    let suite = Suite::from_code(session.suite).unwrap();
    match &session.stage {
        SessionStage::Requested { message1, .. } if to == ours => Some(Step {
            session: *id,
            step: WorkerStep::Accept,
            answered: sha2_256(message1),
            message: message2(a, b, suite, session.number),
        }),
        SessionStage::Accepted { message2, .. } if from == ours => Some(Step {
            session: *id,
            step: WorkerStep::Confirm,
            answered: sha2_256(message2),
            message: message3(a, b, suite, session.number),
        }),
        _ => None,
    }
}

/// An honest agent, which notes all the news that it hears.
fn honest(
    who: AccountId,
    watched: Vec<SessionId>,
) -> (impl FnMut(Request) -> Answer + Send, Arc<Mutex<Vec<News>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&heard);
    let agent = move |request: Request| {
        assert_eq!(request.token, token(who));
        match (&request.method[..], &request.path[..]) {
            ("GET", WATCHED_PATH) => Answer::ok(Watched { sessions: watched.clone() }),
            ("POST", NEWS_PATH) => {
                let news = News::decode(&mut &request.body[..]).unwrap();
                let steps = news.sessions.iter().filter_map(|news| step_of(who, news)).collect();
                notes.lock().unwrap().push(news);
                Answer::ok(Steps { steps, beacon: None, reports: vec![] })
            }
            other => panic!("asked {other:?}"),
        }
    };
    (agent, heard)
}

/// Puts honest agents of Anna and Ben up.
fn put_up(host: &Host) {
    for who in [ANNA, BEN] {
        host.agent(who, honest(who, vec![]).0);
    }
    list(&[ANNA, BEN]);
}

#[test]
fn two_workers_open_a_session() {
    for suite in [Suite::Hmac, Suite::OneTime] {
        run_with_host(|host| {
            put_up(host);
            assert_ok!(ask_in(suite, ANNA, BEN, 1));
            for _ in 0..2 {
                work();
                let brought = host.brought();
                assert_eq!(brought.len(), 1, "a step at a time");
                for call in brought {
                    assert_eq!(include(call), Ok(Ok(())));
                }
                pass(1);
            }
            assert!(is_open(latest()));
            work();
            assert_eq!(host.brought(), vec![]);
        });
    }
}

#[test]
fn a_step_is_brought_again_until_it_is_on_the_chain() {
    run_with_host(|host| {
        put_up(host);
        let id = asked(ANNA, BEN, 1);
        let said = |call: &Call<Test>| match call {
            Call::accept_session { session, message2, .. } => (*session, message2.clone()),
            call => panic!("{call:?}"),
        };
        work();
        let first = host.brought();
        pass(1);
        work();
        let again = host.brought();
        assert_eq!(said(&first[0]), said(&again[0]));
        // Both provide the same, so that a pool keeps the first, and a block takes one.
        let provides = |call: &Call<Test>| validity(call.clone()).unwrap().provides;
        assert_eq!(provides(&first[0]), provides(&again[0]));
        assert_eq!(include(first[0].clone()), Ok(Ok(())));
        refused_for(again[0].clone(), WorkerRefusal::Done);
        assert!(matches!(session(id).stage, SessionStage::Accepted { .. }));
    });
}

#[test]
fn agents_hear_what_is_on_the_chain() {
    run_with_host(|host| {
        assert_ok!(Qkd::set_mail(signed(BEN), Some(text("/ip4/10.0.0.2/tcp/30340"))));
        let open = opened(ANNA, BEN, 1);
        let waits = asked(CLARA, BEN, 1);
        let gone = SessionId(77);
        let (agent, heard) = honest(BEN, vec![gone, open]);
        host.agent(BEN, agent);
        list(&[BEN]);
        work();
        let news = heard.lock().unwrap().pop().unwrap();
        assert_eq!(news.genesis, GENESIS);
        assert_eq!(news.account, Padded::convert(BEN));
        assert_eq!((news.block, news.now, news.last_number), (1, START, 0));
        let [first, second, third] = &news.sessions[..] else { panic!("{news:?}") };
        let SessionNews::Here { id, session, mail, .. } = first else { panic!("{first:?}") };
        assert_eq!((*id, session.number), (waits, 1));
        assert_eq!(*mail, [None, Some(text("/ip4/10.0.0.2/tcp/30340"))]);
        assert_eq!(*second, SessionNews::Gone(gone));
        let SessionNews::Here { id, session, ended, .. } = third else { panic!("{third:?}") };
        assert_eq!((*id, *ended), (open, None));
        assert!(matches!(session.stage, SessionStage::Open { since: 1, .. }));

        // What has ended says so.
        leave(ANNA);
        work();
        let news = heard.lock().unwrap().pop().unwrap();
        let ended = |news: &SessionNews| match news {
            SessionNews::Here { ended, saes, .. } => (*ended, saes[0].is_none()),
            SessionNews::Gone(_) => (None, true),
        };
        let removed = qedex_primitives::qkd::SessionEnd::SaeRemoved;
        assert_eq!(ended(&news.sessions[2]), (Some(removed), true));
    });
}

#[test]
fn nothing_is_done_for_whom_the_node_does_not_sign() {
    run_with_host(|host| {
        let (agent, _) = honest(BEN, vec![]);
        host.agent(BEN, agent);
        asked(ANNA, BEN, 1);
        // Nobody says that there is an agent.
        work();
        assert_eq!(host.asked(BEN), 0);
        list(&[BEN]);
        // Another key is registered than the node holds.
        assert_ok!(Qkd::set_worker(signed(BEN), Some(worker_key(EMIL))));
        work();
        assert_eq!(host.asked(BEN), 0);
        assert_ok!(Qkd::set_worker(signed(BEN), None));
        work();
        assert_eq!(host.asked(BEN), 0);
        assert_ok!(Qkd::set_worker(signed(BEN), Some(worker_key(BEN))));
        work();
        assert_eq!(host.asked(BEN), 2);
        // The SAE is nobody's any more.
        leave(BEN);
        work();
        assert_eq!(host.asked(BEN), 2);
    });
}

#[test]
fn a_run_at_a_time() {
    run_with_host(|host| {
        put_up(host);
        let until = Timestamp::from_unix_millis(host.clock() + 1_000);
        let lock = sp_io::offchain::local_storage_set;
        lock(StorageKind::PERSISTENT, b"qedex/qkd/lock", &until.encode());
        work();
        assert_eq!((host.asked(ANNA), host.asked(BEN)), (0, 0));
        // A run that was cut off does not bar the next ones for good.
        host.pass_millis(1_001);
        work();
        assert_eq!((host.asked(ANNA), host.asked(BEN)), (2, 2));
    });
}

#[test]
fn all_that_wait_have_their_turn() {
    run_with_host(|host| {
        let many = 150_u64;
        // More than an agent hears of in a run.
        for number in 1..=many {
            let id = asked(ANNA, BEN, number);
            // So that quotas leave room, none of them is a request any more.
            crate::RequestsTo::<Test>::remove(owner(ANNA), BEN);
            crate::Requests::<Test>::remove(owner(ANNA));
            assert!(crate::Awaited::<Test>::contains_key(BEN, id));
        }
        let (agent, heard) = honest(BEN, vec![]);
        host.agent(BEN, agent);
        list(&[BEN]);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..2 {
            work();
            for news in heard.lock().unwrap().drain(..) {
                assert!(news.sessions.len() <= MAX_SESSIONS);
                assert!(news.encoded_size() <= qedex_primitives::agent::MAX_BODY_BYTES);
                for news in news.sessions {
                    let SessionNews::Here { id, .. } = news else { panic!("all are there") };
                    seen.insert(id.0);
                }
            }
        }
        assert_eq!(seen.len() as u64, many);
        // The quotas as they should be, for the invariants.
        for id in 0..many {
            assert_ok!(Qkd::close_session(signed(ANNA), SessionId(id)));
        }
    });
}

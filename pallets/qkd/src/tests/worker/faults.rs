//! Agents that fail, in every way that they can.

use super::*;
use crate::worker::{MAX_AGENTS, REQUEST_MILLIS, RUN_MILLIS};
use qedex_primitives::agent::{AGENTS_KEY, AgentDoor, COUNTS_KEY, MAX_BODY_BYTES, WorkerCounts};

/// Lets Ben's agent answer news with what `answer` makes of the true steps, once; nothing comes of it, and
/// the agent is left alone.
fn faulty(answer: impl Fn(Vec<Step>) -> Answer + Send + Sync + 'static) {
    run_with_host(|host| {
        let id = asked(ANNA, BEN, 1);
        let (mut honest, _) = honest(BEN, vec![]);
        let mut first = true;
        host.agent(BEN, move |request| {
            let is_news = request.path == NEWS_PATH;
            let said = honest(request);
            if !is_news || !std::mem::take(&mut first) {
                return said;
            }
            answer(Steps::decode(&mut &said.body[..]).unwrap().steps)
        });
        list(&[BEN]);
        host.set_seed(0);
        work();
        assert_eq!(host.brought(), vec![], "nothing comes of it");
        assert!(matches!(session(id).stage, SessionStage::Requested { .. }));
        let asked = host.asked(BEN);
        work();
        assert_eq!(host.asked(BEN), asked, "it is left alone");
        pass(1);
        work();
        assert_eq!(host.brought().len(), 1, "and then does what it should");
    });
}

/// What the worker has counted.
fn counts() -> WorkerCounts {
    let stored = sp_io::offchain::local_storage_get(StorageKind::PERSISTENT, COUNTS_KEY);
    stored.map(|bytes| WorkerCounts::decode(&mut &bytes[..]).unwrap()).unwrap_or_default()
}

fn ok(steps: Vec<Step>) -> Answer {
    Answer::ok(Steps { steps, beacon: None, reports: vec![] })
}

#[test]
fn codes_other_than_success_are_refused() {
    for code in [0, 199, 204, 302, 401, 404, 500, 503] {
        faulty(move |steps| Answer { code, ..ok(steps) });
    }
}

#[test]
fn rubbish_is_refused() {
    faulty(|_| Answer::bytes(200, vec![]));
    faulty(|_| Answer::bytes(200, b"<html>".to_vec()));
    faulty(|_| Answer::bytes(200, vec![0xff; 100]));
    // One byte more, one byte less.
    faulty(|steps| {
        let mut answer = ok(steps);
        answer.body.push(0);
        answer
    });
    faulty(|steps| {
        let mut answer = ok(steps);
        answer.body.pop();
        answer
    });
}

#[test]
fn half_an_answer_is_refused() {
    faulty(|steps| {
        let mut answer = ok(steps);
        answer.body.truncate(20);
        Answer { cut: true, ..answer }
    });
    // All of it is there, but who knows?
    faulty(|steps| Answer { cut: true, ..ok(steps) });
}

#[test]
fn long_answers_are_refused() {
    faulty(|_| Answer::bytes(200, vec![0; MAX_BODY_BYTES + 1]));
    faulty(|_| Answer::bytes(200, vec![0; 10_000_000]));
    // More steps than there can be, of which the first one is good.
    faulty(|steps| ok(steps.into_iter().cycle().take(MAX_SESSIONS + 1).collect()));
    faulty(|mut steps| {
        steps[0].message = vec![0; 97];
        ok(steps)
    });
}

#[test]
fn an_answer_to_something_else_is_refused() {
    // Another session's, which is not on record.
    faulty(|mut steps| {
        steps[0].session = SessionId(7);
        ok(steps)
    });
    // To another message than the one that waits.
    faulty(|mut steps| {
        steps[0].answered[31] ^= 1;
        ok(steps)
    });
    // The other step of it.
    faulty(|mut steps| {
        steps[0].step = WorkerStep::Confirm;
        ok(steps)
    });
}

#[test]
fn an_agent_does_not_act_for_another_one() {
    run_with_host(|host| {
        let id = asked(ANNA, BEN, 1);
        let theirs = session(id);
        let SessionStage::Requested { message1, .. } = theirs.stage else { panic!("no request") };
        // Clara's agent watches it, and answers it in Ben's place.
        host.agent(CLARA, move |request| match &request.path[..] {
            WATCHED_PATH => Answer::ok(Watched { sessions: vec![id] }),
            _ => ok(vec![Step {
                session: id,
                step: WorkerStep::Accept,
                answered: sha2_256(&message1),
                message: message2(ANNA, BEN, Suite::Hmac, 1),
            }]),
        });
        host.hold_key(BEN);
        list(&[CLARA]);
        work();
        assert_eq!(host.brought(), vec![]);
    });
}

#[test]
fn more_watched_than_there_can_be_is_refused() {
    run_with_host(|host| {
        let many = vec![SessionId(0); MAX_SESSIONS + 1];
        let (agent, heard) = honest(BEN, many);
        host.agent(BEN, agent);
        list(&[BEN]);
        work();
        assert!(heard.lock().unwrap().is_empty());
    });
}

#[test]
fn silence_holds_nobody_up() {
    run_with_host(|host| {
        let id = asked(ANNA, BEN, 1);
        // Half a minute.
        host.agent(CLARA, |_| Answer { after: 30_000, ..Answer::ok(Watched { sessions: vec![] }) });
        host.agent(BEN, honest(BEN, vec![]).0);
        list(&[CLARA, BEN]);
        // Clara's is the first one.
        pass(1);
        work();
        assert!(host.clock() <= REQUEST_MILLIS + 10, "at {} ms", host.clock());
        let brought = host.brought();
        assert_eq!(brought.len(), 1, "Ben's is asked all the same");
        assert_eq!(include(brought[0].clone()), Ok(Ok(())));
        assert!(matches!(session(id).stage, SessionStage::Accepted { .. }));
    });
}

#[test]
fn a_run_ends_in_time_and_agents_take_turns() {
    run_with_host(|host| {
        // Each of them takes almost all the time that a request has: two have their turn in a run.
        let everybody = [ANNA, BEN, CLARA];
        let told = everybody.map(|who| {
            let (mut honest, heard) = honest(who, vec![]);
            host.agent(who, move |request| Answer { after: REQUEST_MILLIS - 1, ..honest(request) });
            heard
        });
        list(&everybody);
        // A run of six seconds misses the blocks that come meanwhile.
        for blocks in [1, 3, 4, 1, 3, 3, 3, 3, 3] {
            let began = host.clock();
            work();
            assert!(host.clock() - began <= RUN_MILLIS, "{} ms", host.clock() - began);
            pass(blocks);
        }
        assert_eq!(told.map(|heard| heard.lock().unwrap().len()), [6, 6, 6]);
        // The third of a run has its answer cut off by the end of the run: nobody fails for that.
        let counts = counts();
        assert_eq!((counts.runs, counts.cut_short), (9, 9));
        assert_eq!((counts.served, counts.failed), (18, 0));
        assert!(counts.millis <= 9 * RUN_MILLIS, "{counts:?}");
    });
}

#[test]
fn a_lock_that_a_wrong_clock_left_is_none() {
    run_with_host(|host| {
        put_up(host);
        let until = Timestamp::from_unix_millis(host.clock() + 365 * 86_400_000);
        let lock = sp_io::offchain::local_storage_set;
        lock(StorageKind::PERSISTENT, b"qedex/qkd/lock", &until.encode());
        work();
        assert_eq!((host.asked(ANNA), host.asked(BEN)), (2, 2));
    });
}

#[test]
fn what_is_done_is_counted() {
    run_with_host(|host| {
        work();
        assert_eq!(counts(), WorkerCounts::default(), "there is nobody to ask");
        put_up(host);
        asked(ANNA, BEN, 1);
        work();
        pass(1);
        host.agent(ANNA, |_| Answer::bytes(500, vec![]));
        work();
        let counts = counts();
        let agents = (counts.served, counts.failed);
        assert_eq!((counts.runs, counts.cut_short, agents), (2, 0, (3, 1)));
        assert_eq!((counts.brought, counts.refused), (2, 0));
        assert!(counts.millis > 0);
    });
}

#[test]
fn an_agent_that_fails_is_asked_more_and_more_seldom() {
    run_with_host(|host| {
        host.agent(BEN, |_| Answer::bytes(500, vec![]));
        list(&[BEN]);
        // The longest rest there can be.
        host.set_seed(255);
        let mut rests = Vec::new();
        let mut last = System::block_number();
        for _ in 0..300 {
            let before = host.asked(BEN);
            work();
            if host.asked(BEN) > before {
                rests.push(System::block_number() - last);
                last = System::block_number();
            }
            pass(1);
        }
        assert_eq!(rests[..7], [0, 2, 4, 8, 16, MAX_REST, MAX_REST]);
        // Once it answers, it is asked in every block again.
        host.agent(BEN, honest(BEN, vec![]).0);
        pass(MAX_REST);
        for _ in 0..3 {
            let before = host.asked(BEN);
            work();
            assert_eq!(host.asked(BEN), before + 2);
            pass(1);
        }
    });
}

#[test]
fn a_list_that_is_none_is_nothing() {
    run_with_host(|host| {
        put_up(host);
        let set = sp_io::offchain::local_storage_set;
        set(StorageKind::PERSISTENT, AGENTS_KEY, b"rubbish");
        work();
        set(StorageKind::PERSISTENT, AGENTS_KEY, &Vec::<AgentDoor>::new().encode());
        work();
        assert_eq!((host.asked(ANNA), host.asked(BEN)), (0, 0));
        // Of an endless one the first are asked.
        list(&[vec![DORA; MAX_AGENTS], vec![ANNA]].concat());
        work();
        assert_eq!(host.asked(ANNA), 0);
        list(&[vec![DORA; MAX_AGENTS - 1], vec![ANNA]].concat());
        work();
        assert_eq!(host.asked(ANNA), 2);
    });
}

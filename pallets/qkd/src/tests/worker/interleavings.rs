//! Thousands of ways in which chain, workers and agents get in each other's way.

use super::*;
use frame_support::storage::with_storage_layer;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    /// A asks B for a session, if the quota leaves room.
    Ask(AccountId, AccountId),
    /// The worker runs on a node where these fail: Anna's agent, Ben's agent, and how.
    Work([Failure; 2]),
    /// A block takes every step in the pool that is at a place of these bits.
    Include(u8),
    /// The pool forgets.
    Forget,
    /// Blocks pass.
    Pass(u8),
    /// An end closes a session.
    Close(u8),
    /// These happen on a fork that loses: the chain forgets them, pools and agents do not.
    Fork(Vec<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    None,
    Silent,
    Code,
    Rubbish,
    Foreign,
}

fn failure() -> impl Strategy<Value = Failure> {
    prop_oneof![
        6 => Just(Failure::None),
        1 => Just(Failure::Silent),
        1 => Just(Failure::Code),
        1 => Just(Failure::Rubbish),
        1 => Just(Failure::Foreign),
    ]
}

fn simple() -> impl Strategy<Value = Event> {
    prop_oneof![
        2 => Just(Event::Ask(ANNA, BEN)),
        2 => Just(Event::Ask(BEN, ANNA)),
        8 => (failure(), failure()).prop_map(|(a, b)| Event::Work([a, b])),
        6 => any::<u8>().prop_map(Event::Include),
        1 => Just(Event::Forget),
        4 => (1_u8..4).prop_map(Event::Pass),
        1 => any::<u8>().prop_map(Event::Close),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => simple(),
        1 => prop::collection::vec(simple(), 1..6).prop_map(Event::Fork),
    ]
}

/// A node beside the chain, and what the test knows of what it did.
struct Scene {
    host: Host,
    failures: Arc<Mutex<[Failure; 2]>>,
    pool: Vec<Call<Test>>,
    numbers: BTreeMap<AccountId, u64>,
    /// What was brought for each session's message: one message, for ever.
    said: BTreeMap<(Vec<u8>, bool), Vec<u8>>,
}

impl Scene {
    fn new(chain: &mut sp_io::TestExternalities) -> Self {
        let host = Host::around(chain);
        let failures = Arc::new(Mutex::new([Failure::None; 2]));
        for (place, who) in [ANNA, BEN].into_iter().enumerate() {
            let failures = Arc::clone(&failures);
            let mut honest = honest(who, vec![SessionId(0)]).0;
            host.agent(who, move |request| {
                let is_get = request.method == "GET";
                let said = honest(request);
                match failures.lock().unwrap()[place] {
                    Failure::None => said,
                    Failure::Silent => Answer { after: 30_000, ..said },
                    Failure::Code => Answer { code: 503, ..said },
                    Failure::Rubbish => Answer { cut: true, ..said },
                    // What it says of a session that waits is for another message; the rest is true.
                    Failure::Foreign => match Steps::decode(&mut &said.body[..]) {
                        Ok(mut said) if !is_get => {
                            for step in &mut said.steps {
                                step.answered[0] ^= 1;
                            }
                            Answer::ok(said)
                        }
                        _ => said,
                    },
                }
            });
        }
        let (numbers, said) = (BTreeMap::new(), BTreeMap::new());
        Self { host, failures, pool: vec![], numbers, said }
    }

    fn ask(&mut self, from: AccountId, to: AccountId) {
        let number = self.numbers.entry(from).or_default();
        *number += 1;
        let number = *number;
        let _ = ask(from, to, number);
    }

    fn work(&mut self, failures: [Failure; 2]) {
        *self.failures.lock().unwrap() = failures;
        let began = self.host.clock();
        work();
        assert!(self.host.clock() - began <= crate::worker::RUN_MILLIS);
        // Time goes on between two runs, or the lock of a run stands.
        self.host.pass_millis(20_000);
        for call in self.host.brought() {
            let (id, accepts, message) = match &call {
                Call::accept_session { session, message2, .. } => {
                    (*session, true, message2.to_vec())
                }
                Call::confirm_session { session, message3, .. } => {
                    (*session, false, message3.to_vec())
                }
                call => panic!("a worker brings {call:?}"),
            };
            assert!(validity(call.clone()).is_ok(), "what is brought is good: {call:?}");
            let answered = match session(id).stage {
                SessionStage::Requested { message1, .. } => message1.to_vec(),
                SessionStage::Accepted { message2, .. } => message2.to_vec(),
                SessionStage::Open { .. } => panic!("an open session waits for nothing"),
            };
            let said = self.said.entry((answered, accepts)).or_insert_with(|| message.clone());
            assert_eq!(*said, message, "one answer to one message");
            self.pool.push(call);
        }
    }

    fn include(&mut self, bits: u8) {
        let pool = std::mem::take(&mut self.pool);
        for (place, call) in pool.into_iter().enumerate() {
            if bits >> (place % 8) & 1 == 1 {
                // Refused is what the chain has, or what has ended meanwhile.
                if let Ok(done) = include(call) {
                    assert_eq!(done, Ok(()));
                }
            } else {
                self.pool.push(call);
            }
        }
    }
}

impl Scene {
    fn happen(&mut self, event: Event) {
        match event {
            Event::Ask(from, to) => self.ask(from, to),
            Event::Work(failures) => self.work(failures),
            Event::Include(bits) => self.include(bits),
            Event::Forget => self.pool.clear(),
            Event::Pass(blocks) => pass(blocks.into()),
            Event::Close(which) => {
                if let Some(id) = live().get(usize::from(which % 8)) {
                    let from = session(*id).from.account;
                    assert_ok!(Qkd::close_session(signed(from), *id));
                }
            }
            Event::Fork(events) => {
                let undone = with_storage_layer(|| -> DispatchResult {
                    for event in events {
                        self.happen(event);
                        Qkd::do_try_state().unwrap();
                    }
                    Err(DispatchError::Unavailable)
                });
                assert!(undone.is_err());
            }
        }
        check();
    }
}

fn live() -> Vec<SessionId> {
    Sessions::<Test>::iter_keys().collect()
}

/// The requests that B's worker still has time for.
fn in_time() -> Vec<SessionId> {
    let waits = |id: &SessionId| {
        let view = Qkd::session(*id).unwrap();
        view.ended.is_none() && !is_open(*id)
    };
    live().into_iter().filter(waits).collect()
}

/// How many courses are tried: `QEDEX_WORKER_CASES`, or some hundreds.
fn cases() -> u32 {
    let said = std::env::var("QEDEX_WORKER_CASES");
    said.ok().and_then(|cases| cases.parse().ok()).unwrap_or(500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    /// Whatever fails, and in whatever order: a message gets one answer, nothing is brought that a pool
    /// would refuse, and once nothing fails any more, all that waits opens.
    #[test]
    fn in_whatever_order(events in prop::collection::vec(event(), 1..60)) {
        let mut chain = new_chain();
        let mut scene = Scene::new(&mut chain);
        chain.execute_with(|| {
            set_up();
            list(&[ANNA, BEN]);
            for event in events {
                scene.happen(event);
            }
            // Nothing fails any more, and the agents' rests are over.
            scene.pool.clear();
            let waiting = in_time();
            for who in [ANNA, BEN] {
                let rest = (&b"qedex/qkd/rest"[..], sae(who)).encode();
                sp_io::offchain::local_storage_clear(StorageKind::PERSISTENT, &rest);
            }
            for _ in 0..2 {
                scene.work([Failure::None; 2]);
                scene.include(u8::MAX);
            }
            for id in waiting {
                prop_assert!(is_open(id), "{:?}", session(id));
            }
            check();
            Ok(())
        })?;
    }
}

//! Random sequences against a simple model.

use super::*;
use crate::mock::{ACCEPT_WITHIN, CONFIRM_WITHIN};
use proptest::prelude::*;
use std::collections::BTreeMap;

const PEOPLE: [AccountId; 3] = [ANNA, BEN, CLARA];

#[derive(Clone, Debug)]
enum Action {
    /// A request in either suite, with a number that is so much higher than the last one, or not.
    Ask {
        from: usize,
        to: usize,
        one_time: bool,
        step: u64,
    },
    /// An answer to the session at this place, true or signed by another one.
    Answer {
        at: prop::sample::Index,
        honest: bool,
    },
    /// A confirmation, with the true message 3 or another one.
    Confirm {
        at: prop::sample::Index,
        honest: bool,
    },
    /// The end of a session at one of its ends' wish.
    Close {
        at: prop::sample::Index,
        by: usize,
    },
    Clear {
        at: prop::sample::Index,
    },
    /// The enrolment goes, and another one comes.
    Reenrol {
        who: usize,
    },
    Pass {
        blocks: u64,
    },
    Sweep,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let index = any::<prop::sample::Index>;
    let action = prop_oneof![
        4 => (0..3_usize, 0..3_usize, any::<bool>(), 0..3_u64)
            .prop_map(|(from, to, one_time, step)| Action::Ask { from, to, one_time, step }),
        4 => (index(), prop::bool::weighted(0.8))
            .prop_map(|(at, honest)| Action::Answer { at, honest }),
        4 => (index(), prop::bool::weighted(0.7))
            .prop_map(|(at, honest)| Action::Confirm { at, honest }),
        1 => (index(), 0..3_usize).prop_map(|(at, by)| Action::Close { at, by }),
        1 => index().prop_map(|at| Action::Clear { at }),
        1 => (0..3_usize).prop_map(|who| Action::Reenrol { who }),
        2 => (0..8_u64).prop_map(|blocks| Action::Pass { blocks }),
        1 => Just(Action::Sweep),
    ];
    prop::collection::vec(action, 0..60)
}

/// What a session of the model is at.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    Requested { until: u64 },
    Accepted { until: u64 },
    Open,
}

#[derive(Clone, Debug)]
struct Twin {
    from: AccountId,
    to: AccountId,
    suite: Suite,
    number: u64,
    stage: Stage,
    /// An end has had another enrolment since.
    revoked: bool,
}

impl Twin {
    fn ended(&self, block: u64) -> bool {
        self.revoked
            || match self.stage {
                Stage::Requested { until } | Stage::Accepted { until } => block > until,
                Stage::Open => false,
            }
    }
}

/// The sessions that are on record, and the last number of each account.
#[derive(Default)]
struct Model {
    sessions: BTreeMap<SessionId, Twin>,
    numbers: BTreeMap<AccountId, u64>,
    next: u64,
}

impl Model {
    fn waiting(&self, from: AccountId, to: Option<AccountId>) -> u32 {
        let counts = |twin: &&Twin| {
            twin.from == from && to.is_none_or(|to| twin.to == to) && twin.stage != Stage::Open
        };
        self.sessions.values().filter(counts).count() as u32
    }

    /// A session that is there, or one that is gone or not there yet.
    fn pick(&self, at: prop::sample::Index) -> SessionId {
        SessionId(at.index(self.next as usize + 1) as u64)
    }

    fn play(&mut self, action: Action) {
        let block = System::block_number();
        match action {
            Action::Ask { from, to, one_time, step } => {
                let (from, to) = (PEOPLE[from], PEOPLE[to]);
                if from == to {
                    return;
                }
                let suite = if one_time { Suite::OneTime } else { Suite::Hmac };
                let last = self.numbers.get(&from).copied().unwrap_or_default();
                let number = (last + step).max(1);
                let fits = number > last
                    && self.waiting(from, None) < REQUESTS
                    && self.waiting(from, Some(to)) < REQUESTS_PER_PEER;
                assert_eq!(ask_in(suite, from, to, number).is_ok(), fits);
                if fits {
                    let stage = Stage::Requested { until: block + ACCEPT_WITHIN };
                    let twin = Twin { from, to, suite, number, stage, revoked: false };
                    self.sessions.insert(SessionId(self.next), twin);
                    self.next += 1;
                    self.numbers.insert(from, number);
                }
            }
            Action::Answer { at, honest } => {
                let id = self.pick(at);
                let twin = self.sessions.get_mut(&id);
                let Some(twin) = twin else {
                    let call =
                        accept_call(id, vec![1; 96], sign(BEN, WorkerStep::Accept, id, &[], &[]));
                    assert!(include(call).is_err());
                    return;
                };
                let (from, to, suite, number) = (twin.from, twin.to, twin.suite, twin.number);
                let first = message1(from, to, suite, number);
                let second = message2(from, to, suite, number);
                let by = if honest { to } else { from };
                let signature = sign(by, WorkerStep::Accept, id, &first, &second);
                let requested = matches!(twin.stage, Stage::Requested { .. });
                let taken = honest && requested && !twin.ended(block);
                assert_eq!(include(accept_call(id, second, signature)) == Ok(Ok(())), taken);
                if taken {
                    twin.stage = Stage::Accepted { until: block + CONFIRM_WITHIN };
                }
            }
            Action::Confirm { at, honest } => {
                let id = self.pick(at);
                let Some(twin) = self.sessions.get_mut(&id) else {
                    let call =
                        confirm_call(id, vec![1; 32], sign(BEN, WorkerStep::Confirm, id, &[], &[]));
                    assert!(include(call).is_err());
                    return;
                };
                let (from, to, suite, number) = (twin.from, twin.to, twin.suite, twin.number);
                let second = message2(from, to, suite, number);
                let mut third = message3(from, to, suite, number);
                if !honest {
                    third[0] ^= 1;
                }
                let signature = sign(from, WorkerStep::Confirm, id, &second, &third);
                let answered = matches!(twin.stage, Stage::Accepted { .. });
                let taken = honest && answered && !twin.ended(block);
                assert_eq!(include(confirm_call(id, third, signature)) == Ok(Ok(())), taken);
                if taken {
                    twin.stage = Stage::Open;
                }
            }
            Action::Close { at, by } => {
                let (id, by) = (self.pick(at), PEOPLE[by]);
                let mine =
                    self.sessions.get(&id).is_some_and(|twin| twin.from == by || twin.to == by);
                assert_eq!(Qkd::close_session(signed(by), id).is_ok(), mine);
                if mine {
                    self.sessions.remove(&id);
                }
            }
            Action::Clear { at } => {
                let id = self.pick(at);
                let ended = self.sessions.get(&id).is_some_and(|twin| twin.ended(block));
                assert_eq!(Qkd::clear_session(signed(EMIL), id).is_ok(), ended);
                if ended {
                    self.sessions.remove(&id);
                }
            }
            Action::Reenrol { who } => {
                let who = PEOPLE[who];
                leave(who);
                join(who);
                let touched = self.sessions.values_mut();
                touched
                    .filter(|twin| twin.from == who || twin.to == who)
                    .for_each(|twin| twin.revoked = true);
            }
            Action::Pass { blocks } => pass(blocks),
            Action::Sweep => {
                sweep();
                // It takes what has ended, some of it, and nothing else.
                self.sessions.retain(|id, twin| {
                    let there = Sessions::<Test>::contains_key(id);
                    assert!(there || twin.ended(block), "a session that had not ended is gone");
                    there
                });
            }
        }
    }

    /// The chain has what the model has.
    fn compare(&self) {
        assert_eq!(Sessions::<Test>::iter().count(), self.sessions.len());
        for (id, twin) in &self.sessions {
            let session = session(*id);
            assert_eq!((session.from.account, session.to.account), (twin.from, twin.to));
            let stage = match session.stage {
                SessionStage::Requested { until, .. } => Stage::Requested { until },
                SessionStage::Accepted { until, .. } => Stage::Accepted { until },
                SessionStage::Open { .. } => Stage::Open,
            };
            assert_eq!(stage, twin.stage);
        }
        let one = Sessions::<Test>::iter_keys().next().map(|_| ());
        let deposits: u128 = PEOPLE.into_iter().map(deposited).sum();
        assert_eq!(one.is_some(), deposits > 0);
        check();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is taken is what the model takes; the invariants hold after each step, an open session among
    /// them having the message 3 that was promised; money is conserved; and at the end all deposits go
    /// back.
    #[test]
    fn sessions_do_what_a_plain_list_does(actions in actions()) {
        new_chain().execute_with(|| {
            set_up();
            let mut model = Model::default();
            for action in actions {
                model.play(action);
                model.compare();
            }
            Now::set(START + AGE);
            let rounds = Sessions::<Test>::iter().count() as u32 / SWEPT + 3;
            for _ in 0..rounds {
                sweep();
            }
            assert_eq!(Sessions::<Test>::iter().count(), 0);
            for who in PEOPLE {
                assert_eq!(deposited(who), 0);
            }
            check();
        });
    }
}

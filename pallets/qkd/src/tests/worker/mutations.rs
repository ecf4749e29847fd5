//! Answers of an agent with bytes that were altered, put in and left out.

use super::*;
use proptest::{collection::vec, prelude::*};
use q_sah::Message2;

/// What happens to an answer, at some place.
#[derive(Clone, Copy, Debug)]
enum Edit {
    Set(u8),
    Insert(u8),
    Remove,
    Cut,
    Double,
}

fn edits() -> impl Strategy<Value = Vec<(prop::sample::Index, Edit)>> {
    let edit = prop_oneof![
        4 => any::<u8>().prop_map(Edit::Set),
        2 => any::<u8>().prop_map(Edit::Insert),
        2 => Just(Edit::Remove),
        1 => Just(Edit::Cut),
        1 => Just(Edit::Double),
    ];
    vec((any::<prop::sample::Index>(), edit), 1..6)
}

fn apply(body: &mut Vec<u8>, edits: &[(prop::sample::Index, Edit)]) {
    for (place, edit) in edits {
        if body.is_empty() {
            body.push(0);
        }
        let place = place.index(body.len());
        match edit {
            Edit::Set(byte) => body[place] = *byte,
            Edit::Insert(byte) => body.insert(place, *byte),
            Edit::Remove => drop(body.remove(place)),
            Edit::Cut => body.truncate(place),
            Edit::Double => body.extend_from_within(place..),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn of_an_altered_answer_comes_the_awaited_step_or_nothing(
        edits in edits(), of_watched in any::<bool>()
    ) {
        run_with_host(|host| {
            let id = asked(ANNA, BEN, 1);
            let (mut honest, _) = honest(BEN, vec![SessionId(7), id]);
            let hand_out = edits.clone();
            host.agent(BEN, move |request| {
                let alters = (request.path == WATCHED_PATH) == of_watched;
                let mut answer = honest(request);
                if alters {
                    apply(&mut answer.body, &hand_out);
                }
                answer
            });
            list(&[BEN]);
            work();
            let brought = host.brought();
            assert!(brought.len() <= 1, "a session takes one answer: {brought:?}");
            for call in brought {
                // What message 2 says is the agent's to know; that it is one the chain sees.
                let Call::accept_session { session, message2, .. } = &call else {
                    panic!("nothing else waits: {call:?}")
                };
                assert_eq!(*session, id);
                if message2.len() == Message2::length(Suite::Hmac) {
                    assert_eq!(include(call), Ok(Ok(())));
                } else {
                    refused_for(call, WorkerRefusal::Length);
                }
            }
        });
    }
}

//! What the other end does, once somebody has chosen it, and who has stolen a worker's key.

use super::{Griefing, scene::*};
use crate::tests::games::world::Offer;
use pallet_qkd::{Call, WorkerRefusal};
use qedex_primitives::qkd::WorkerStep;
use sp_keyring::Sr25519Keyring as Key;
use sp_runtime::transaction_validity::InvalidTransaction;

/// What it cost Eve and Dave, who has asked.
fn told(scene: &Scene, attack: &'static str, outcome: &str, thieves: &[Key]) -> Griefing {
    let (thief, victim) = (scene.cost(thieves), scene.cost(&[DAVE]));
    Griefing { attack, outcome: outcome.into(), thief, victim }
}

#[test]
fn a_silent_peer_costs_who_asks_it() {
    let mut scene = Scene::new();
    let id = scene.asked(DAVE, EVE);
    scene.until_gone(id);
    told(&scene, "B, asked by A, is silent", "ends as `NotAccepted`", &[EVE]).costs_no_less(false);
}

#[test]
fn a_peer_that_answers_with_rubbish_costs_who_asks_it() {
    let mut scene = Scene::new();
    let id = scene.asked(DAVE, EVE);
    scene.procrastinate(id);
    let rubbish = scene.rubbish(EVE, id);
    scene.brings(rubbish);
    // A's agent finds no MAC there, and B cannot confirm it in A's name.
    assert!(scene.step(id).is_none());
    scene.until_gone(id);
    let attack = "B answers with rubbish, as late as it may";
    told(&scene, attack, "ends as `NotConfirmed`", &[EVE]).costs_no_less(false);
}

#[test]
fn a_peer_closes_at_the_last_moment() {
    let mut scene = Scene::new();
    let session = scene.asked(DAVE, EVE);
    let answer = scene.step(session).expect("an answer");
    scene.brings(answer);
    let confirmation = scene.step(session).expect("a confirmation");
    let close = Offer::Signed(EVE, Call::close_session { session }.into());
    let gone = InvalidTransaction::Custom(WorkerRefusal::Gone.code());
    assert_eq!(scene.offer(&[close, confirmation]), [Ok(Ok(())), Err(gone.into())]);
    let attack = "B answers, and closes before A's confirmation";
    told(&scene, attack, "the confirmation is refused, code 2", &[EVE]).costs_no_less(false);
}

#[test]
fn a_peer_closes_what_is_open() {
    let mut scene = Scene::new();
    let session = scene.opened(DAVE, EVE);
    scene.act(EVE, Call::close_session { session });
    let attack = "B closes as soon as the session is open";
    told(&scene, attack, "A has to ask again", &[EVE]).costs_no_less(false);
}

#[test]
fn an_asker_closes_when_it_is_answered() {
    let mut scene = Scene::new();
    let session = scene.asked(DAVE, EVE);
    let answer = scene.step(session).expect("an answer");
    scene.brings(answer);
    scene.act(DAVE, Call::close_session { session });
    let (thief, victim) = (scene.cost(&[DAVE]), scene.cost(&[EVE]));
    let attack = "A closes as soon as B has answered";
    let outcome = "B has drawn the key in vain".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(true);
}

#[test]
fn who_stole_the_key_of_bs_worker_answers_for_nothing_until_b_replaces_it() {
    let mut scene = Scene::new();
    let id = scene.asked(DAVE, EVE);
    // Both are in the pool; the thief's came first.
    let [rubbish, answer] = [scene.rubbish(EVE, id), scene.step(id).expect("an answer")];
    let done = InvalidTransaction::Custom(WorkerRefusal::Done.code());
    assert_eq!(scene.offer(&[rubbish, answer]), [Ok(Ok(())), Err(done.into())]);
    scene.until_gone(id);
    let thief = scene.cost(&[]);
    let victim = scene.cost(&[DAVE, EVE]);
    // What was signed with the old key counts no more.
    let id = scene.asked(DAVE, EVE);
    let rubbish = scene.rubbish(EVE, id);
    scene.act(EVE, Call::set_worker { key: Some(worker_key(Key::One)) });
    assert_eq!(scene.offer(&[rubbish]), [Err(InvalidTransaction::BadProof.into())]);
    let attack = "a thief of the key of B's worker answers with rubbish before B does";
    let outcome = "B's answer is refused, code 4, until B replaces the key".into();
    Griefing { attack, outcome, thief, victim }.costs_no_less(false);
}

#[test]
fn who_stole_the_key_of_as_worker_confirms_nothing() {
    let mut scene = Scene::new();
    let id = scene.asked(DAVE, EVE);
    let answer = scene.step(id).expect("an answer");
    scene.brings(answer);
    scene.mark();
    let forged = scene.signed_step(DAVE, WorkerStep::Confirm, id, vec![5; 32]);
    let refused = InvalidTransaction::Custom(WorkerRefusal::Confirmation.code());
    assert_eq!(scene.world.validity(&forged), Err(refused.into()));
    assert_eq!(scene.offer(&[forged]), [Err(refused.into())]);
    let confirmation = scene.step(id).expect("a confirmation");
    scene.brings(confirmation);
    assert!(scene.is_open(id));
    let attack = "a thief of the key of A's worker confirms with rubbish before A does";
    let outcome = "is refused, code 9; A's confirmation opens the session".into();
    let (thief, victim) = (scene.cost(&[]), scene.cost(&[DAVE, EVE]));
    Griefing { attack, outcome, thief, victim }.costs_no_less(true);
}

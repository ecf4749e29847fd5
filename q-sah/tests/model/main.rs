//! A model of the handshake, and every state that it can reach.
//!
//! What it says is bounded: so many sessions of two ends, in symbols. The same states are searched by
//! the crate `stateright` in `q-sah/model/`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod explore;
mod protocol;

use explore::explore;
use protocol::{Action, Leak, Protocol, Service, T1, Weakness, Who};

const ANSWERS: &str = "B answers what A said";
const A_AGREES: &str = "A agrees with B";
const B_AGREES: &str = "B agrees with A";
const REPLAY: &str = "no replay";
const SECRECY: &str = "secrecy";

/// The properties that fail somewhere, each with the shortest way there.
fn broken(weakness: Weakness, service: Service, leak: Leak) -> Vec<(&'static str, Vec<Action>)> {
    // Who can make MACs can write so much that one session each way is enough to search.
    let forges = leak == Leak::Always || leak == Leak::Afterwards && service != Service::Honest;
    explore(&Protocol::new(weakness, service, leak, if forges { 1 } else { 2 })).broken
}

fn names(weakness: Weakness, service: Service, leak: Leak) -> Vec<&'static str> {
    broken(weakness, service, leak).into_iter().map(|(name, _)| name).collect()
}

#[test]
fn everything_holds_with_an_honest_service_and_keys_that_leak_afterwards() {
    let protocol = Protocol::new(Weakness::None, Service::Honest, Leak::Afterwards, 3);
    let outcome = explore(&protocol);
    println!("{} states, {} steps", outcome.states, outcome.steps);
    assert_eq!(outcome.broken, []);
    // All sessions of both ends can come to their end: the model is not idle.
    assert!(outcome.all_done);
    assert_eq!(outcome.states, 24_336);
}

/// A key that is delivered again opens nothing, by the numbers, while it is secret.
#[test]
fn a_service_that_delivers_again_breaks_nothing_by_itself() {
    assert_eq!(names(Weakness::None, Service::Again, Leak::Never), [""; 0]);
}

/// The name of the key is in salt and T1, and that keeps sessions apart.
#[test]
fn a_service_that_gives_the_same_bytes_breaks_nothing_by_itself() {
    assert_eq!(names(Weakness::None, Service::SameBytes, Leak::Never), [""; 0]);
}

/// What a service must be trusted with: it knows the keys, so it can be any end and hear everything.
#[test]
fn a_service_that_tells_can_be_anybody() {
    let broken = names(Weakness::None, Service::Honest, Leak::Always);
    assert_eq!(broken, [ANSWERS, A_AGREES, B_AGREES, REPLAY]);
}

/// A used key that leaks and is then delivered again opens a session that nobody began.
#[test]
fn a_service_must_not_deliver_again_what_has_leaked() {
    let broken = names(Weakness::None, Service::Again, Leak::Afterwards);
    assert!(broken.contains(&ANSWERS) && broken.contains(&B_AGREES));
    assert!(!broken.contains(&SECRECY));
}

/// One key for all: who learns it afterwards has the other sessions too.
#[test]
fn the_same_bytes_and_a_leak_are_the_end_of_secrecy() {
    let broken = names(Weakness::None, Service::SameBytes, Leak::Afterwards);
    assert!(broken.contains(&SECRECY));
}

#[test]
fn without_roles_a_message_is_reflected() {
    let broken = broken(Weakness::Roles, Service::Again, Leak::Never);
    let (_, way) = broken.iter().find(|(name, _)| *name == ANSWERS).unwrap();
    // Alice answers her own message 1, as if Bob had sent it.
    let t1 = T1 { from: Who::Bob, kid: 0, number: 1, nonce: 0 };
    let reflected = [Action::Open(0), Action::Answer(t1)];
    let turned = T1 { from: Who::Alice, kid: 2, number: 1, nonce: 2 };
    let mirrored = [Action::Open(2), Action::Answer(turned)];
    assert!(*way == reflected || *way == mirrored, "{way:?}");
    // And takes her own answer.
    assert!(broken.iter().any(|(name, _)| *name == A_AGREES));
}

#[test]
fn without_the_key_s_name_a_session_is_moved_to_another_key() {
    assert!(names(Weakness::Kid, Service::SameBytes, Leak::Never).contains(&ANSWERS));
    // Keys that differ keep sessions apart even then.
    assert_eq!(names(Weakness::Kid, Service::Honest, Leak::Never), [""; 0]);
}

#[test]
fn without_the_number_a_message_is_replayed() {
    let broken = names(Weakness::Number, Service::Again, Leak::Never);
    assert!(broken.contains(&ANSWERS) && broken.contains(&REPLAY));
    assert!(names(Weakness::Number, Service::Honest, Leak::Never).contains(&ANSWERS));
}

#[test]
fn without_memory_of_numbers_a_message_is_replayed() {
    let broken = broken(Weakness::Memory, Service::Again, Leak::Never);
    let (_, way) = broken.iter().find(|(name, _)| *name == REPLAY).unwrap();
    assert!(
        matches!(way[..], [Action::Open(_), Action::Answer(one), Action::Answer(two)] if one == two)
    );
    // With a service that delivers once, the second answer has no key.
    assert_eq!(names(Weakness::Memory, Service::Honest, Leak::Never), [""; 0]);
}

#[test]
fn without_a_nonce_the_ends_disagree_on_it() {
    assert!(names(Weakness::NonceA, Service::Honest, Leak::Never).contains(&ANSWERS));
    let broken = names(Weakness::NonceB, Service::Honest, Leak::Never);
    assert!(broken.contains(&A_AGREES) && broken.contains(&B_AGREES));
}

//! The model of `q-sah/tests/model/protocol.rs`, searched by a model checker that is not ours: it finds
//! the same states, and the same properties broken.
//!
//! `cargo test --locked --release --manifest-path q-sah/model/Cargo.toml`

#[path = "../../tests/model/explore.rs"]
mod explore;
#[path = "../../tests/model/protocol.rs"]
mod protocol;

use protocol::{Action, Leak, PROPERTIES, Protocol, Service, State, Weakness};
use stateright::{Checker, Model, Property};
use std::collections::BTreeSet;

#[derive(Clone)]
struct Handshake(Protocol);

impl Model for Handshake {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.0.init()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        actions.extend(self.0.actions(state));
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(self.0.next(state, action))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // A property of stateright is a function without a context: one for each place.
        fn at<const PLACE: usize>() -> Property<Handshake> {
            let holds = |model: &Handshake, state: &State| PROPERTIES[PLACE].1(&model.0, state);
            Property::always(PROPERTIES[PLACE].0, holds)
        }
        vec![at::<0>(), at::<1>(), at::<2>(), at::<3>(), at::<4>()]
    }
}

/// The number of states, and the properties that are broken.
fn check(protocol: &Protocol) -> (usize, BTreeSet<&'static str>) {
    let checker = Handshake(protocol.clone()).checker().spawn_bfs().join();
    (checker.unique_state_count(), checker.discoveries().into_keys().collect())
}

#[test]
fn both_searches_find_the_same_states_of_the_protocol() {
    for (service, leak, each) in [
        (Service::Honest, Leak::Afterwards, 3),
        (Service::Again, Leak::Never, 2),
        (Service::SameBytes, Leak::Never, 2),
    ] {
        let protocol = Protocol::new(Weakness::None, service, leak, each);
        let (states, broken) = check(&protocol);
        println!("{service:?}, {leak:?}: {states} states");
        assert_eq!(states, explore::explore(&protocol).states);
        assert_eq!(broken, BTreeSet::new());
    }
}

#[test]
fn both_searches_find_the_same_properties_broken() {
    for (weakness, service, leak, each) in [
        (Weakness::None, Service::Honest, Leak::Always, 1),
        (Weakness::None, Service::Again, Leak::Afterwards, 1),
        (Weakness::None, Service::SameBytes, Leak::Afterwards, 1),
        (Weakness::Roles, Service::Again, Leak::Never, 2),
        (Weakness::Kid, Service::SameBytes, Leak::Never, 2),
        (Weakness::Number, Service::Again, Leak::Never, 1),
        (Weakness::Memory, Service::Again, Leak::Never, 2),
        (Weakness::NonceA, Service::Honest, Leak::Never, 1),
        (Weakness::NonceB, Service::Honest, Leak::Never, 2),
    ] {
        let protocol = Protocol::new(weakness, service, leak, each);
        let (_, found) = check(&protocol);
        let ours = explore::explore(&protocol).broken;
        let ours: BTreeSet<_> = ours.into_iter().map(|(name, _)| name).collect();
        println!("{weakness:?}, {service:?}, {leak:?}: {found:?}");
        assert_eq!(found, ours);
        assert!(!found.is_empty());
    }
}

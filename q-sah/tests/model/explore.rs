//! Every state that a protocol can reach, the nearest first.

use crate::protocol::{Action, Initiator, PROPERTIES, Protocol, State};
use std::collections::{HashMap, VecDeque};

/// What was found.
pub struct Outcome {
    pub states: usize,
    pub steps: usize,
    /// The properties that fail, each with the shortest way to where it does.
    pub broken: Vec<(&'static str, Vec<Action>)>,
    /// Whether all sessions come to their end at both ends somewhere.
    pub all_done: bool,
}

/// A search that comes here has lost its bounds.
const MOST_STATES: usize = 500_000;

pub fn explore(protocol: &Protocol) -> Outcome {
    let first = protocol.init();
    let mut came_from: HashMap<State, Option<(State, Action)>> = HashMap::new();
    came_from.insert(first.clone(), None);
    let mut waiting = VecDeque::from([first]);
    let mut outcome = Outcome { states: 0, steps: 0, broken: Vec::new(), all_done: false };
    while let Some(state) = waiting.pop_front() {
        outcome.states += 1;
        outcome.all_done |= is_done(&state);
        for (name, holds) in PROPERTIES {
            let known = outcome.broken.iter().any(|(broken, _)| *broken == name);
            if !known && !holds(protocol, &state) {
                outcome.broken.push((name, way(&came_from, &state)));
            }
        }
        for action in protocol.actions(&state) {
            outcome.steps += 1;
            let next = protocol.next(&state, action);
            if !came_from.contains_key(&next) {
                assert!(came_from.len() < MOST_STATES, "{protocol:?} has too many states");
                came_from.insert(next.clone(), Some((state.clone(), action)));
                waiting.push_back(next);
            }
        }
    }
    let order = |name| PROPERTIES.iter().position(|(property, _)| *property == name);
    outcome.broken.sort_by_key(|(name, _)| order(*name));
    outcome
}

fn is_done(state: &State) -> bool {
    let confirmed = state.initiators.iter().all(|end| matches!(end, Initiator::Confirmed(_)));
    let answered = state.responders.len() >= state.initiators.len();
    confirmed && answered && state.responders.iter().all(|end| end.done)
}

fn way(came_from: &HashMap<State, Option<(State, Action)>>, state: &State) -> Vec<Action> {
    let (mut way, mut state) = (Vec::new(), state);
    while let Some((before, action)) = &came_from[state] {
        way.push(*action);
        state = before;
    }
    way.reverse();
    way
}

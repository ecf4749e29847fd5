//! The handshake in symbols: MACs are terms that only a holder of the key can make, hashes cannot be
//! turned back, and the network is the attacker.
//!
//! The attacker hears all that is said, keeps it, leaves out, repeats, reorders and splices, writes any
//! public field, and makes any MAC whose key it knows. So a delivery is possible if it knows the MAC
//! that its receiver expects for the fields it wrote: it has heard that term, or can make it. Nothing
//! else changes an end, as refusals change nothing.

use std::collections::{BTreeMap, BTreeSet};

/// Who takes part. Both open sessions and answer them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Who {
    Alice,
    Bob,
}

impl Who {
    pub fn other(self) -> Self {
        match self {
            Self::Alice => Self::Bob,
            Self::Bob => Self::Alice,
        }
    }
}

/// The attacker's own nonce.
const FOREIGN: u8 = 255;

/// T1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct T1 {
    pub from: Who,
    pub kid: u8,
    pub number: u8,
    pub nonce: u8,
}

impl T1 {
    /// B: there are two accounts, and none speaks with itself.
    pub fn to(&self) -> Who {
        self.from.other()
    }
}

/// What a MAC covers, with the label of its message.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Covered {
    First(T1),
    /// With nB, and the MAC whose hash is c.
    Second(T1, u8, Box<Mac>),
    /// With nB.
    Third(T1, u8),
}

/// A MAC: the key, as both ends derive it, and what it covers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Mac {
    /// The bytes that the service delivered.
    bytes: u8,
    /// What the salt has: A, and the key's name.
    salt: (Option<Who>, Option<u8>),
    /// The direction that the key was expanded for.
    by_initiator: Option<bool>,
    covered: Covered,
}

/// What is taken out of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Weakness {
    /// Nothing: this is Q-SAH.
    None,
    /// One key for both directions, and accounts in no MAC.
    Roles,
    /// The key's name is in no MAC and no salt.
    Kid,
    /// The number is in no MAC.
    Number,
    /// nA is in no MAC.
    NonceA,
    /// nB is in no MAC.
    NonceB,
    /// Nobody keeps numbers.
    Memory,
}

/// What the key service does. Wrong bytes are not here: with them no MAC holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Service {
    /// Each key has bytes of its own, and each end gets it once.
    Honest,
    /// An end that answers gets a key as often as it asks.
    Again,
    /// All keys have the same bytes.
    SameBytes,
}

/// When keys come to the attacker.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Leak {
    Never,
    /// Once all who use the name have what they wanted.
    Afterwards,
    /// Whenever it likes: the service tells.
    Always,
}

/// One thing that happens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Action {
    /// A session is opened, and message 1 said.
    Open(usize),
    /// A message 1 is taken, by whom it names, and message 2 said.
    Answer(T1),
    /// The initiator takes a message 2 with this nB, and message 3 is said.
    Confirm(usize, u8),
    /// The responder takes message 3.
    Finish(T1, u8),
    /// The attacker gets the key of this name.
    Leak(u8),
}

/// An end that opened a session.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Initiator {
    Idle,
    Opened,
    /// With the nB it took.
    Confirmed(u8),
}

/// An end that answered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Responder {
    pub t1: T1,
    pub nonce: u8,
    pub done: bool,
}

/// All ends, and what the attacker was given. What it heard follows from what the ends did.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct State {
    pub initiators: Vec<Initiator>,
    pub responders: BTreeSet<Responder>,
    /// The highest number answered to each.
    numbers: BTreeMap<Who, u8>,
    leaked: BTreeSet<u8>,
}

/// A protocol and its world.
#[derive(Clone, Debug)]
pub struct Protocol {
    pub weakness: Weakness,
    pub service: Service,
    pub leak: Leak,
    /// The sessions that honest ends open, those of one end in the order of their numbers.
    sessions: Vec<T1>,
}

/// A statement about a state.
pub type Property = (&'static str, fn(&Protocol, &State) -> bool);

/// What must hold in every state.
pub const PROPERTIES: [Property; 5] = [
    ("B answers what A said", answers_are_to_what_was_said),
    ("A agrees with B", initiators_agree),
    ("B agrees with A", responders_agree),
    ("no replay", nothing_is_replayed),
    ("secrecy", traffic_is_secret),
];

impl Protocol {
    /// So many sessions of each end with the other.
    pub fn new(weakness: Weakness, service: Service, leak: Leak, each: u8) -> Self {
        let sessions =
            [Who::Alice, Who::Bob].into_iter().zip([0, each]).flat_map(|(from, first)| {
                (0..each).map(move |place| T1 {
                    from,
                    kid: first + place,
                    number: place + 1,
                    nonce: first + place,
                })
            });
        Self { weakness, service, leak, sessions: sessions.collect() }
    }

    pub fn init(&self) -> State {
        State { initiators: vec![Initiator::Idle; self.sessions.len()], ..State::default() }
    }

    fn bytes(&self, kid: u8) -> u8 {
        if self.service == Service::SameBytes { 0 } else { kid }
    }

    /// T1 as the MACs cover it.
    fn seen(&self, mut t1: T1) -> T1 {
        match self.weakness {
            Weakness::Roles => t1.from = Who::Alice,
            Weakness::Kid => t1.kid = 0,
            Weakness::Number => t1.number = 0,
            Weakness::NonceA => t1.nonce = 0,
            Weakness::None | Weakness::NonceB | Weakness::Memory => (),
        }
        t1
    }

    fn mac(&self, t1: T1, by_initiator: bool, covered: Covered) -> Mac {
        let roles = self.weakness != Weakness::Roles;
        let kid = self.weakness != Weakness::Kid;
        Mac {
            bytes: self.bytes(t1.kid),
            salt: (roles.then_some(t1.from), kid.then_some(t1.kid)),
            by_initiator: roles.then_some(by_initiator),
            covered,
        }
    }

    fn first(&self, t1: T1) -> Mac {
        self.mac(t1, true, Covered::First(self.seen(t1)))
    }

    fn second(&self, t1: T1, nonce: u8) -> Mac {
        let third = Box::new(self.third(t1, nonce));
        self.mac(t1, false, Covered::Second(self.seen(t1), self.seen_nonce(nonce), third))
    }

    fn third(&self, t1: T1, nonce: u8) -> Mac {
        self.mac(t1, true, Covered::Third(self.seen(t1), self.seen_nonce(nonce)))
    }

    fn seen_nonce(&self, nonce: u8) -> u8 {
        if self.weakness == Weakness::NonceB { 0 } else { nonce }
    }

    /// The MACs that were said.
    fn heard(&self, state: &State) -> BTreeSet<Mac> {
        let mut heard = BTreeSet::new();
        for (t1, initiator) in self.sessions.iter().zip(&state.initiators) {
            if *initiator != Initiator::Idle {
                heard.insert(self.first(*t1));
            }
            if let Initiator::Confirmed(nonce) = initiator {
                heard.insert(self.third(*t1, *nonce));
            }
        }
        heard.extend(state.responders.iter().map(|end| self.second(end.t1, end.nonce)));
        heard
    }

    /// Whether the attacker has this key, by whatever name.
    fn is_known(&self, state: &State, kid: u8) -> bool {
        state.leaked.iter().any(|leaked| self.bytes(*leaked) == self.bytes(kid))
    }

    /// Whether the service gives the key of this name to who answers.
    fn delivers(&self, state: &State, t1: T1) -> bool {
        let answered =
            state.responders.iter().any(|end| end.t1.kid == t1.kid && end.t1.to() == t1.to());
        let opened = self.sessions.iter().zip(&state.initiators).any(|(session, initiator)| {
            session.kid == t1.kid && session.from == t1.to() && *initiator != Initiator::Idle
        });
        self.service == Service::Again || !answered && !opened
    }

    /// All T1 that the attacker could write.
    fn writable(&self) -> impl Iterator<Item = T1> + '_ {
        let numbers = 1..=self.sessions.iter().map(|t1| t1.number + 1).max().unwrap_or(0);
        let nonces = || self.sessions.iter().map(|t1| t1.nonce).chain([FOREIGN]);
        let kids = || self.sessions.iter().map(|t1| t1.kid);
        [Who::Alice, Who::Bob].into_iter().flat_map(move |from| {
            let numbers = numbers.clone();
            kids().flat_map(move |kid| {
                numbers.clone().flat_map(move |number| {
                    nonces().map(move |nonce| T1 { from, kid, number, nonce })
                })
            })
        })
    }

    pub fn actions(&self, state: &State) -> Vec<Action> {
        let heard = self.heard(state);
        let makes = |kid, mac: &Mac| self.is_known(state, kid) || heard.contains(mac);
        let mut actions = Vec::new();
        for (place, (t1, initiator)) in self.sessions.iter().zip(&state.initiators).enumerate() {
            match initiator {
                Initiator::Idle => {
                    let earlier =
                        self.sessions.iter().zip(&state.initiators).any(|(other, end)| {
                            other.from == t1.from
                                && other.number < t1.number
                                && *end == Initiator::Idle
                        });
                    if !earlier {
                        actions.push(Action::Open(place));
                    }
                }
                Initiator::Opened => {
                    let nonces = state.responders.iter().map(|end| end.nonce).chain([FOREIGN]);
                    for nonce in nonces.collect::<BTreeSet<_>>() {
                        if makes(t1.kid, &self.second(*t1, nonce)) {
                            actions.push(Action::Confirm(place, nonce));
                        }
                    }
                }
                Initiator::Confirmed(_) => (),
            }
        }
        // More answers than this show nothing new.
        if state.responders.len() <= self.sessions.len() {
            for t1 in self.writable() {
                let rises = state.numbers.get(&t1.to()).is_none_or(|highest| t1.number > *highest);
                let fresh = rises || self.weakness == Weakness::Memory;
                if fresh && self.delivers(state, t1) && makes(t1.kid, &self.first(t1)) {
                    actions.push(Action::Answer(t1));
                }
            }
        }
        for end in state.responders.iter().filter(|end| !end.done) {
            if makes(end.t1.kid, &self.third(end.t1, end.nonce)) {
                actions.push(Action::Finish(end.t1, end.nonce));
            }
        }
        let kids = self.sessions.iter().map(|t1| t1.kid);
        actions.extend(kids.filter(|kid| self.leaks(state, *kid)).map(Action::Leak));
        actions
    }

    fn leaks(&self, state: &State, kid: u8) -> bool {
        let mut initiators = self.sessions.iter().zip(&state.initiators);
        let confirmed =
            initiators.all(|(t1, end)| t1.kid != kid || matches!(end, Initiator::Confirmed(_)));
        let mut ends = state.responders.iter().filter(|end| end.t1.kid == kid).peekable();
        let used = confirmed && ends.peek().is_some() && ends.all(|end| end.done);
        !state.leaked.contains(&kid)
            && match self.leak {
                Leak::Never => false,
                Leak::Afterwards => used,
                Leak::Always => true,
            }
    }

    pub fn next(&self, state: &State, action: Action) -> State {
        let mut next = state.clone();
        match action {
            Action::Open(place) => next.initiators[place] = Initiator::Opened,
            Action::Answer(t1) => {
                // Fresh: nobody else had as many answers under this name before.
                let before = state.responders.iter().filter(|end| end.t1.kid == t1.kid).count();
                let nonce = 100 + 10 * t1.kid + before as u8;
                next.responders.insert(Responder { t1, nonce, done: false });
                let highest = next.numbers.entry(t1.to()).or_default();
                *highest = t1.number.max(*highest);
            }
            Action::Confirm(place, nonce) => next.initiators[place] = Initiator::Confirmed(nonce),
            Action::Finish(t1, nonce) => {
                next.responders.remove(&Responder { t1, nonce, done: false });
                next.responders.insert(Responder { t1, nonce, done: true });
            }
            Action::Leak(kid) => {
                next.leaked.insert(kid);
            }
        }
        next
    }

    fn started<'a>(&'a self, state: &'a State) -> impl Iterator<Item = (T1, Initiator)> + 'a {
        let all = self.sessions.iter().copied().zip(state.initiators.iter().copied());
        all.filter(|(_, end)| *end != Initiator::Idle)
    }
}

/// Each answer is to a message 1 that its A said, word for word.
fn answers_are_to_what_was_said(protocol: &Protocol, state: &State) -> bool {
    state.responders.iter().all(|end| protocol.started(state).any(|(t1, _)| t1 == end.t1))
}

/// Whoever took a message 2 has a partner with the same T1 and T2.
fn initiators_agree(protocol: &Protocol, state: &State) -> bool {
    protocol.started(state).all(|(t1, end)| match end {
        Initiator::Confirmed(nonce) => {
            state.responders.iter().any(|end| end.t1 == t1 && end.nonce == nonce)
        }
        _ => true,
    })
}

/// Whoever took a message 3 has a partner with the same T1, T2 and message 3.
fn responders_agree(protocol: &Protocol, state: &State) -> bool {
    state.responders.iter().filter(|end| end.done).all(|end| {
        protocol
            .started(state)
            .any(|(t1, initiator)| t1 == end.t1 && initiator == Initiator::Confirmed(end.nonce))
    })
}

/// No session of an A is answered twice, and no number of one is.
fn nothing_is_replayed(_: &Protocol, state: &State) -> bool {
    let sessions: BTreeSet<_> = state.responders.iter().map(|end| end.t1.nonce).collect();
    let numbers: BTreeSet<_> =
        state.responders.iter().map(|end| (end.t1.from, end.t1.number)).collect();
    let all = state.responders.len();
    sessions.len() == all && numbers.len() == all
}

/// The attacker has the traffic of no session but those whose own key came to it.
fn traffic_is_secret(protocol: &Protocol, state: &State) -> bool {
    let started = protocol.started(state).filter(|(_, end)| matches!(end, Initiator::Confirmed(_)));
    let answered = state.responders.iter().map(|end| end.t1);
    let mut kids = started.map(|(t1, _)| t1.kid).chain(answered.map(|t1| t1.kid));
    kids.all(|kid| state.leaked.contains(&kid) || !protocol.is_known(state, kid))
}

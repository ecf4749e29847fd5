//! A block's processing done again, message by message.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
};

use zeroize::Zeroizing;

use super::Found;
use crate::{
    distil::{
        self, Accounts, Direction, Entropy, EntropyError, Outcome, Params, TagKeys, TagKeysSpent,
        Transport, TransportError,
        auth::{BRIEF, BRIEF_TAG_BYTES, TAG_BYTES},
        wire::Message,
    },
    link::{AliceBlock, BobBlock},
};

/// What the processing came to, with nothing that differs from the messages told.
#[derive(Debug)]
pub struct Replay {
    /// The books.
    pub accounts: Accounts,
    /// The key of both ends, packed.
    pub key: Zeroizing<Vec<u8>>,
}

/// A message as the transcript has it.
struct Told<'m> {
    direction: Direction,
    message: &'m [u8],
}

/// Distils a block again from both raw strings, with the seeds that the messages tell, and compares each
/// message with the one told.
///
/// # Errors
///
/// [`Found`]: the first message that differs, or why there is no key.
pub fn replay(
    number: u64,
    alice: AliceBlock,
    bob: BobBlock,
    params: &Params,
    messages: &[u8],
) -> Result<Replay, Found> {
    let told = split(number, messages)?;
    let mut seeds = Seeds::of(&told)?;
    let script = Arc::new(Script { told, state: Mutex::default() });
    let (to_bob, from_alice) = mpsc::channel();
    let (to_alice, from_bob) = mpsc::channel();
    let end = |direction, outgoing, incoming| Checked {
        script: Arc::clone(&script),
        direction,
        outgoing,
        incoming,
    };
    let mut alices = end(Direction::AliceToBob, to_bob, from_bob);
    let mut bobs = end(Direction::BobToAlice, to_alice, from_alice);
    let [one, other] = thread::scope(|scope| {
        let bob = scope.spawn(move || distil::bob(number, bob, params, &mut bobs, &mut Zeros));
        let one = distil::alice(number, alice, params, &mut alices, &mut Zeros, &mut seeds);
        drop(alices);
        let broken = || Err(distil::Error::Parameter("it cannot be done".into()));
        [one, bob.join().unwrap_or_else(|_| broken())]
    });
    let state = script.state.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = &state.found {
        return Err(found.clone());
    }
    let key = match (one, other) {
        (Ok(Outcome::Key(one)), Ok(Outcome::Key(other))) if one.bits == other.bits => one,
        (Ok(Outcome::Discarded(end)), _) | (_, Ok(Outcome::Discarded(end))) => {
            return Err(Found::NoKey(end.reason.to_string()));
        }
        (Err(error), _) | (_, Err(error)) => return Err(Found::NoKey(error.to_string())),
        _ => return Err(Found::NoKey("the two ends come to different keys".into())),
    };
    if let Some(told) = script.told.get(state.place) {
        return Err(Found::Differs { place: state.place, what: what(told.message) });
    }
    Ok(Replay { accounts: key.accounts, key: key.bits.to_bytes() })
}

/// The messages of a transcript; see [`distil::auth`] for its headers.
fn split(number: u64, mut messages: &[u8]) -> Result<Vec<Told<'_>>, Found> {
    let mut told = Vec::new();
    let mut next = [0u64; 2];
    while !messages.is_empty() {
        let wrong = Found::Message(told.len());
        let (header, rest) = messages.split_first_chunk::<32>().ok_or(wrong.clone())?;
        let mut words = [0u64; 4];
        for (word, bytes) in words.iter_mut().zip(header.chunks_exact(8)) {
            *word = bytes.iter().rev().fold(0, |word, byte| (word << 8) | u64::from(*byte));
        }
        let [block, way, place, length] = words;
        let (direction, next) = match (way, &mut next) {
            (0, [next, _]) => (Direction::AliceToBob, next),
            (1, [_, next]) => (Direction::BobToAlice, next),
            _ => return Err(wrong),
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let (Some(message), Some(after)) = (rest.get(..length), rest.get(length..)) else {
            return Err(wrong);
        };
        if block != number || place != *next {
            return Err(wrong);
        }
        *next += 1;
        told.push(Told { direction, message });
        messages = after;
    }
    Ok(told)
}

/// What a message is about.
fn what(message: &[u8]) -> &'static str {
    match Message::decode(message) {
        Ok(Message::Detections { .. }) => "Bob's clicks",
        Ok(Message::Sifted { .. }) => "Alice's sifting",
        Ok(Message::Blocks { .. }) => "Alice's parities of all blocks",
        Ok(Message::Ask(_)) => "Bob's questions for parities",
        Ok(Message::Answer(_)) => "Alice's answer of parities",
        Ok(Message::Corrected(_)) => "Bob's number of errors",
        Ok(Message::Amplify { .. }) => "verification tag, length and Toeplitz seed",
        Ok(Message::Accept) => "Bob's acceptance",
        Ok(Message::Discard(_)) => "a discarding",
        Err(_) => "which cannot be read",
    }
}

/// What was told, and how far it has come.
struct Script<'m> {
    told: Vec<Told<'m>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    place: usize,
    found: Option<Found>,
}

/// A channel that carries a message only if it is the next one told.
struct Checked<'m> {
    script: Arc<Script<'m>>,
    direction: Direction,
    outgoing: mpsc::Sender<Zeroizing<Vec<u8>>>,
    incoming: mpsc::Receiver<Zeroizing<Vec<u8>>>,
}

impl Transport for Checked<'_> {
    fn send(&mut self, tagged: &[u8]) -> Result<(), TransportError> {
        let brief = tagged.first().is_some_and(|kind| kind & BRIEF != 0);
        let tag = if brief { BRIEF_TAG_BYTES } else { TAG_BYTES };
        let message = tagged.get(..tagged.len().saturating_sub(tag)).unwrap_or_default();
        let mut state = self.script.state.lock().unwrap_or_else(PoisonError::into_inner);
        let place = state.place;
        let told = self.script.told.get(place);
        if !told.is_some_and(|told| told.direction == self.direction && told.message == message) {
            let what = told.map_or("which is missing", |told| what(told.message));
            let found = match Message::decode(message) {
                Ok(Message::Discard(reason)) => Found::NoKey(reason.to_string()),
                _ => Found::Differs { place, what },
            };
            state.found.get_or_insert(found);
            return Err(TransportError::Closed);
        }
        state.place += 1;
        drop(state);
        self.outgoing.send(tagged.to_vec().into()).map_err(|_| TransportError::Closed)
    }

    fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        self.incoming.recv().map_err(|_| TransportError::Closed)
    }
}

/// Alice's random choices, out of the messages that tell them.
struct Seeds(Vec<u8>);

impl Seeds {
    fn of(told: &[Told<'_>]) -> Result<Self, Found> {
        let mut bytes = Vec::new();
        for (place, told) in told.iter().enumerate() {
            match Message::decode(told.message).map_err(|_| Found::Message(place))? {
                Message::Blocks { seed, .. } => bytes.extend_from_slice(&seed),
                Message::Amplify { verification_key, seed, .. } => {
                    bytes.extend_from_slice(&verification_key);
                    bytes.extend_from_slice(&seed.to_bytes());
                }
                _ => {}
            }
        }
        Ok(Self(bytes))
    }
}

impl Entropy for Seeds {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        // What lacks is zeros: the message that should tell it differs then.
        let taken = bytes.len().min(self.0.len());
        bytes.fill(0);
        bytes.iter_mut().zip(self.0.drain(..taken)).for_each(|(byte, told)| *byte = told);
        Ok(())
    }
}

/// Tags prove nothing here: what the messages say is compared.
struct Zeros;

impl TagKeys for Zeros {
    fn take(&mut self, _: Direction, bytes: usize) -> Result<Zeroizing<Vec<u8>>, TagKeysSpent> {
        Ok(Zeroizing::new(vec![0; bytes]))
    }
}

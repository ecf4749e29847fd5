//! Peers that alter, lie, or send what nobody asked for.

use super::{
    cascade::Question,
    wire::{Announced, Malformed, Message},
    *,
};
use crate::{
    bits::Bits,
    link::{AliceBlock, Basis, BobBlock, Choice, Detection},
};
use proptest::prelude::*;
use std::collections::VecDeque;
use zeroize::Zeroizing;

/// A channel on which somebody alters the message of one number, at one end's receipt.
struct Altering<T> {
    channel: T,
    number: usize,
    received: usize,
    alter: fn(&mut [u8]),
}

impl<T: Transport> Transport for Altering<T> {
    fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        self.channel.send(message)
    }

    fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let mut message = self.channel.receive()?;
        if self.received == self.number {
            (self.alter)(&mut message);
        }
        self.received += 1;
        Ok(message)
    }
}

fn flip_last_bit(message: &mut [u8]) {
    if let Some(last) = message.last_mut() {
        *last ^= 1;
    }
}

fn flip_second_byte(message: &mut [u8]) {
    if let Some(byte) = message.get_mut(1) {
        *byte ^= 0x10;
    }
}

#[test]
fn a_message_altered_anywhere_ends_the_block_for_both_without_a_key() {
    let params = params(Preset::Snspd);
    let altered = |number, alter: fn(&mut [u8])| {
        let block = link(Preset::Snspd, 10.0, None, 1).block(SNSPD_PULSES);
        let (to_bob, to_alice) = InProcess::pair();
        let to_alice = Altering { channel: to_alice, number, received: 0, alter };
        run(1, block, &params, (to_bob, to_alice))
    };
    // Sifted, blocks, answers, and so on up to the last but one.
    for number in [0, 1, 2, 3, 20, 40] {
        for alter in [flip_last_bit, flip_second_byte] {
            let (alice, bob) = altered(number, alter);
            assert!(
                matches!(bob, Err(Error::Channel(ChannelError::Forged { block: 1, .. }))),
                "{number}: {bob:?}"
            );
            assert!(
                matches!(alice, Err(Error::Channel(ChannelError::Transport(_)))),
                "{number}: {alice:?}"
            );
        }
    }
}

/// Tag keys that are all zero, and so is every tag under them: what remains of authentication is a
/// fixed suffix, so that a scripted peer reaches the code behind it.
struct NoKeys;

impl TagKeys for NoKeys {
    fn take(&mut self, _: Direction, bytes: usize) -> Result<Zeroizing<Vec<u8>>, TagKeysSpent> {
        Ok(Zeroizing::new(vec![0; bytes]))
    }
}

/// A peer that sends a list of messages, whatever it is told.
struct Script(VecDeque<Vec<u8>>);

impl Script {
    fn new(messages: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let tagged = messages.into_iter().map(|mut message| {
            let brief = message.first().is_some_and(|kind| kind & auth::BRIEF != 0);
            let tag = if brief { auth::BRIEF_TAG_BYTES } else { auth::TAG_BYTES };
            message.resize(message.len() + tag, 0);
            message
        });
        Self(tagged.collect())
    }
}

impl Transport for Script {
    fn send(&mut self, _: &[u8]) -> Result<(), TransportError> {
        Ok(())
    }

    fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        self.0.pop_front().map(Into::into).ok_or(TransportError::Closed)
    }
}

/// A block whose counts are sound: `clicks` clicks in X and a tenth of that in Z, no errors.
fn sound(clicks: u64) -> (AliceBlock, BobBlock) {
    let z = |pulse: u64| if pulse.is_multiple_of(11) { Basis::Z } else { Basis::X };
    // Signal and decoy by the gains of snspd's smallest operating point, no vacuum.
    let intensity = |pulse: u64| u8::from(pulse % 17 < 10);
    let choice = |pulse| Choice { pulse, basis: z(pulse), bit: false, intensity: intensity(pulse) };
    let detection = |pulse| Detection { pulse, basis: z(pulse), bit: false, double: false };
    let alice = AliceBlock::new(clicks, (0..clicks).map(choice).collect()).unwrap();
    (alice, BobBlock::new(clicks, (0..clicks).map(detection).collect()).unwrap())
}

fn scripted_alice(clicks: u64, messages: Vec<Vec<u8>>) -> Result<Outcome, Error> {
    let params = params(Preset::Snspd);
    let mut script = Script::new(messages);
    alice::alice(1, sound(clicks).0, &params, &mut script, &mut NoKeys, &mut Seeded::new(1))
}

fn scripted_bob(clicks: u64, messages: Vec<Vec<u8>>) -> Result<Outcome, Error> {
    let params = params(Preset::Snspd);
    bob::bob(1, sound(clicks).1, &params, &mut Script::new(messages), &mut NoKeys)
}

const CLICKS: u64 = 110_000;

fn detections() -> Message {
    sift::announce(&sound(CLICKS).1)
}

fn sifted() -> Message {
    let Message::Detections { pulses, clicks } = detections() else { unreachable!() };
    sift::alice(&sound(CLICKS).0, pulses, &clicks).unwrap().1
}

#[test]
fn a_sound_script_reaches_the_end() {
    // The scripts below fail where they should and not before.
    let end = scripted_alice(
        CLICKS,
        vec![detections().encode(), Message::Corrected([0; 3]).encode(), Message::Accept.encode()],
    );
    assert!(matches!(end, Ok(Outcome::Key(_))), "{end:?}");
}

#[test]
fn alice_refuses_what_no_honest_bob_sends() {
    let start = || vec![detections().encode()];
    let after = |message: Message| [start(), vec![message.encode()]].concat();
    let click = Announced { pulse: CLICKS, basis: Basis::X, z_bit: false };
    let ask = |frame, pass, node| Message::Ask(vec![Question { frame, pass, node }]);
    let end = |corrected| {
        let corrected = Message::Corrected(corrected).encode();
        [start(), vec![corrected, Message::Corrected([0; 3]).encode()]].concat()
    };
    for messages in [
        vec![Message::Accept.encode()],
        vec![vec![]],
        vec![vec![99]],
        vec![Message::Detections { pulses: CLICKS - 1, clicks: vec![] }.encode()],
        vec![Message::Detections { pulses: CLICKS, clicks: vec![click] }.encode()],
        after(Message::Accept),
        after(detections()),
        after(ask(7, 0, 1 << 14)),
        after(ask(0, 31, 1 << 14)),
        after(ask(0, 0, 1)),
        after(Message::Corrected([u64::MAX, 0, 0])),
        after(Message::Corrected([0, 0, 1])),
        end([0; 3]),
    ] {
        let end = scripted_alice(CLICKS, messages);
        assert!(matches!(end, Err(Error::Malformed { block: 1, .. })), "{end:?}");
    }
}

#[test]
fn alice_tells_no_more_parities_than_a_correction_takes() {
    // Every left child of the first pass, over and over.
    let questions = (1 << 13..1 << 14).map(|node| Question { frame: 0, pass: 0, node: 2 * node });
    let questions: Vec<_> = questions.filter(|question| question.node % 4 == 0).collect();
    let ask = Message::Ask(questions).encode();
    let messages = [vec![detections().encode()], vec![ask; 200]].concat();
    let end = scripted_alice(CLICKS, messages);
    assert!(matches!(end, Err(Error::Malformed { .. })), "{end:?}");
}

#[test]
fn too_many_errors_claimed_close_the_link() {
    let corrected = Message::Corrected([20_000, 0, 0]).encode();
    let end = scripted_alice(CLICKS, vec![detections().encode(), corrected]);
    let Ok(Outcome::Discarded(end)) = end else { panic!("{end:?}") };
    assert_eq!(end.reason, Reason::Qber);
}

/// What Alice would have sent first, for parities that are all zero as the bits are.
fn blocks(parities: usize) -> Message {
    Message::Blocks { levels: [7, 10], seed: [0; 32], parities: Bits::zeros(parities) }
}

/// Parities of all blocks of `sound(CLICKS)`: 7 frames, 111 blocks of 2^7.
fn told() -> usize {
    let shape = cascade::Shape::new(100_000, [7, 10], [0; 32]).unwrap();
    let mut alice = cascade::Responder::new(shape, &Bits::zeros(100_000), u64::MAX).unwrap();
    alice.blocks().unwrap().len()
}

#[test]
fn bob_refuses_what_no_honest_alice_sends() {
    let amplify = |length: u64, seed: usize| {
        let (verification_key, tag) = ([0; 32], 0);
        Message::Amplify { verification_key, tag, length, seed: Bits::zeros(seed) }
    };
    let start = || vec![sifted().encode(), blocks(told()).encode()];
    let after = |message: Message| [start(), vec![message.encode()]].concat();
    let short = Message::Sifted {
        kept: Bits::zeros(3),
        intensity_low: Bits::default(),
        intensity_high: Bits::default(),
        z_bits: Bits::default(),
    };
    for messages in [
        vec![Message::Accept.encode()],
        vec![short.encode()],
        vec![sifted().encode(), blocks(told() + 1).encode()],
        vec![sifted().encode(), Message::Answer(Bits::default()).encode()],
        after(Message::Accept),
        after(amplify(90_000, 189_999)),
        after(amplify(u64::MAX, 0)),
        after(amplify(0, 99_999)),
        after(amplify(1000, 100_998)),
    ] {
        let end = scripted_bob(CLICKS, messages);
        assert!(matches!(end, Err(Error::Malformed { block: 1, .. })), "{end:?}");
    }
    // The last of these with the seed's right length is accepted.
    let end = scripted_bob(CLICKS, after(amplify(1000, 100_999)));
    assert!(matches!(end, Ok(Outcome::Key(_))), "{end:?}");
}

#[test]
fn strings_that_still_differ_are_discarded() {
    let amplify = Message::Amplify {
        verification_key: [1; 32],
        tag: 1,
        length: 1000,
        seed: Bits::zeros(100_999),
    };
    let messages = vec![sifted().encode(), blocks(told()).encode(), amplify.encode()];
    let Ok(Outcome::Discarded(end)) = scripted_bob(CLICKS, messages) else { panic!() };
    assert_eq!(end.reason, Reason::Verification);
    assert!(!end.closes_link());
}

#[test]
fn a_peer_that_discards_is_believed_whenever_it_may() {
    let discard = || Message::Discard(Reason::PhaseError).encode();
    let ends = [
        scripted_alice(CLICKS, vec![discard()]),
        scripted_bob(CLICKS, vec![discard()]),
        scripted_alice(CLICKS, vec![detections().encode(), discard()]),
        scripted_bob(CLICKS, vec![sifted().encode(), discard()]),
        scripted_bob(CLICKS, vec![sifted().encode(), blocks(told()).encode(), discard()]),
    ];
    for end in ends {
        let Ok(Outcome::Discarded(end)) = end else { panic!("{end:?}") };
        assert!(end.reason == Reason::PhaseError && end.closes_link());
    }
}

fn rubbish() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let kind = prop::sample::select(vec![1, 2, 3, auth::BRIEF | 4, auth::BRIEF | 5, 6, 7, 8, 9]);
    let message = (kind, prop::collection::vec(any::<u8>(), 0..80))
        .prop_map(|(kind, rest)| [vec![kind], rest].concat());
    prop::collection::vec(message, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rubbish_at_any_point_is_a_plain_error(messages in rubbish(), at in 0usize..3) {
        let alice = [vec![detections().encode()], messages.clone()].concat();
        let bob = [vec![sifted().encode(), blocks(told()).encode()], messages].concat();
        for end in [
            scripted_alice(CLICKS, without(alice, at)),
            scripted_bob(CLICKS, without(bob, at)),
        ] {
            prop_assert!(!matches!(end, Ok(Outcome::Key(_))));
        }
    }
}

/// `messages` without the one before `at`, if there is one.
fn without(mut messages: Vec<Vec<u8>>, at: usize) -> Vec<Vec<u8>> {
    if at > 0 && at < messages.len() {
        messages.remove(at - 1);
    }
    messages
}

#[test]
fn unreadable_messages_name_what_is_wrong() {
    let Err(Malformed(what)) = Message::decode(&[99]) else { panic!() };
    let end = scripted_alice(CLICKS, vec![vec![99]]).unwrap_err();
    assert_eq!(end.to_string(), format!("block 1: the peer sent a malformed message: {what}"));
}

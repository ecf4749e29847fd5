use super::*;
use crate::distil::{testing::Keys, transport::InProcess};
use std::collections::VecDeque;

/// A wire that keeps what was sent until somebody delivers it.
#[derive(Default)]
struct Wire {
    sent: Vec<Vec<u8>>,
    due: VecDeque<Vec<u8>>,
}

impl Transport for Wire {
    fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        self.sent.push(message.to_vec());
        Ok(())
    }

    fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        self.due.pop_front().map(Into::into).ok_or(TransportError::Closed)
    }
}

const FULL: [&[u8]; 3] = [&[1, 0, 0], &[2], &[0x7f; 40]];

/// `messages` as Alice sends them in `block`.
fn tagged(block: u64, messages: &[&[u8]]) -> Vec<Vec<u8>> {
    let (mut wire, mut keys) = (Wire::default(), Keys::plenty(1));
    let mut alice = Channel::open(block, Direction::AliceToBob, &mut wire, &mut keys).unwrap();
    messages.iter().for_each(|message| alice.send(message.to_vec()).unwrap());
    wire.sent
}

/// What Bob makes of `delivered` in block 5: messages accepted, then the first refusal.
fn accepted(delivered: &[Vec<u8>]) -> (Vec<Vec<u8>>, ChannelError) {
    let (mut wire, mut keys) = (Wire::default(), Keys::plenty(1));
    wire.due.extend(delivered.iter().cloned());
    let mut bob = Channel::open(5, Direction::BobToAlice, &mut wire, &mut keys).unwrap();
    let mut messages = Vec::new();
    loop {
        match bob.receive() {
            Ok(message) => messages.push(message),
            Err(error) => return (messages, error),
        }
    }
}

fn refused_at(delivered: &[Vec<u8>]) -> usize {
    let (messages, error) = accepted(delivered);
    let number = messages.len() as u64;
    assert!(
        matches!(error, ChannelError::Forged { block: 5, number: at } if at == number),
        "{error}"
    );
    messages.len()
}

#[test]
fn messages_pass_as_they_were_sent() {
    let (messages, end) = accepted(&tagged(5, &FULL));
    assert_eq!(messages, FULL);
    assert!(matches!(end, ChannelError::Transport(TransportError::Closed)));
}

#[test]
fn an_altered_message_is_refused_whatever_bit_changed() {
    let sent = tagged(5, &FULL);
    for (index, message) in sent.iter().enumerate() {
        // The topmost bit of the first byte chooses the tag's length: refused all the same.
        for bit in 0..8 * message.len() {
            let mut altered = sent.clone();
            altered[index][bit / 8] ^= 1 << (bit % 8);
            assert_eq!(refused_at(&altered), index, "bit {bit}");
        }
    }
}

#[test]
fn a_cut_or_longer_message_is_refused() {
    let sent = tagged(5, &FULL);
    for cut in 0..sent[0].len() {
        assert_eq!(refused_at(&[sent[0][..cut].to_vec()]), 0);
    }
    let mut longer = sent[0].clone();
    longer.push(0);
    assert_eq!(refused_at(&[longer]), 0);
}

#[test]
fn a_repeated_message_is_refused() {
    let sent = tagged(5, &FULL);
    assert_eq!(refused_at(&[sent[0].clone(), sent[0].clone()]), 1);
    assert_eq!(refused_at(&[sent[0].clone(), sent[1].clone(), sent[0].clone()]), 2);
}

#[test]
fn messages_out_of_order_or_left_out_are_refused() {
    let sent = tagged(5, &FULL);
    assert_eq!(refused_at(&[sent[1].clone(), sent[0].clone()]), 0);
    assert_eq!(refused_at(&[sent[0].clone(), sent[2].clone()]), 1);
}

#[test]
fn a_message_of_another_block_is_refused_even_under_one_key() {
    assert_eq!(refused_at(&tagged(4, &FULL)), 0);
}

#[test]
fn a_message_that_comes_back_is_refused() {
    let (mut wire, mut keys) = (Wire::default(), Keys::plenty(1));
    wire.due.extend(tagged(5, &FULL));
    let mut alice = Channel::open(5, Direction::AliceToBob, &mut wire, &mut keys).unwrap();
    assert!(matches!(alice.receive(), Err(ChannelError::Forged { .. })));
}

#[test]
fn a_brief_message_forged_by_chance_fails_at_the_next_full_tag() {
    let brief: &[u8] = &[BRIEF | 4, 1];
    let sent = tagged(5, &[brief, &[6, 9]]);
    assert_eq!(sent[0].len(), brief.len() + BRIEF_TAG_BYTES);
    assert_eq!(accepted(&sent).0.len(), 2);
    let lucky = (0..=u16::MAX).filter(|tag| {
        let mut forged = vec![BRIEF | 4, 2];
        forged.extend_from_slice(&tag.to_le_bytes());
        // Exactly one tag of 65,536 passes, and not beyond the full tag.
        match refused_at_or_end(&[forged, sent[1].clone()]) {
            0 => false,
            passed => {
                assert_eq!(passed, 1);
                true
            }
        }
    });
    assert_eq!(lucky.count(), 1);
}

fn refused_at_or_end(delivered: &[Vec<u8>]) -> usize {
    accepted(delivered).0.len()
}

#[test]
fn channels_take_as_much_key_as_they_say_and_the_same_at_both_ends() {
    let (mut a, mut b) = InProcess::pair();
    let (mut alice_keys, mut bob_keys) = (Keys::plenty(1), Keys::plenty(1));
    let bits = {
        let mut alice = Channel::open(5, Direction::AliceToBob, &mut a, &mut alice_keys).unwrap();
        let mut bob = Channel::open(5, Direction::BobToAlice, &mut b, &mut bob_keys).unwrap();
        bob.send(vec![1, 2]).unwrap();
        alice.receive().unwrap();
        alice.send(vec![BRIEF]).unwrap();
        bob.receive().unwrap();
        assert_eq!(alice.tag_bits(), bob.tag_bits());
        alice.tag_bits()
    };
    assert_eq!(bits, 8 * (32 + 8 + 2));
    assert_eq!((alice_keys.taken, bob_keys.taken), (42, 42));
}

#[test]
fn without_fresh_key_nothing_is_sent() {
    for left in [0, 31, 32, 39] {
        let (mut wire, mut keys) = (Wire::default(), Keys::new(1, left));
        let sent = Channel::open(5, Direction::AliceToBob, &mut wire, &mut keys)
            .and_then(|mut alice| alice.send(vec![1]));
        assert!(matches!(sent, Err(ChannelError::TagKeys(TagKeysSpent))), "{left}");
        assert!(wire.sent.is_empty());
    }
}

#[test]
fn no_two_tags_of_one_message_are_alike() {
    let message: &[u8] = &[3];
    let sent = tagged(5, &[message; 50]);
    let mut tags: Vec<_> = sent.iter().map(|message| message[1..].to_vec()).collect();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 50);
}

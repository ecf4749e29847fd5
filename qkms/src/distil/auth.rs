//! Wegman-Carter authentication of every classical message.
//!
//! - **Keys.** For each block both parties draw 32 bytes of fresh key, out of the stream of
//!   Alice's direction: H, the key of a polynomial hash over GF(2^128) (POLYVAL, RFC 8452), and K, a
//!   factor. Every message takes fresh bytes of its direction's stream more, its one-time pad: 8,
//!   or 2 if it is *brief*.
//! - **Tags.** Both parties hash the transcript as they see it: a block of 16 bytes that is not
//!   zero, then for each message sent or received a header of 32 bytes (block, direction, number of
//!   the message in its direction, length; 8 bytes each, little-endian) and the message, filled up
//!   with zeros to whole blocks. A tag is the first 64 or 16 bits of K POLYVAL_H(transcript) XOR
//!   the pad. So each tag covers its message and all that was said before it.
//! - **Bound.** Who does not know the key gets an altered or invented message accepted with a
//!   chance of 2^-64 + L 2^-128, or 2^-16 + L 2^-128 if it is brief, L the transcript's blocks of 16
//!   bytes: two transcripts differ in their polynomial but for L keys H, and then each difference
//!   of truncated products is as likely as any other (Wegman and Carter 1981; Krawczyk 1994). Pads
//!   keep H and K unknown from message to message.
//! - **Brief messages** are Cascade's questions and answers, of which there are hundreds. Their
//!   tags stop an alteration where it happens, but for one in 65,536; what passes there fails
//!   at the next full tag, which covers it. No key is made before each party has seen a full tag
//!   after the last brief message, so a block's authenticity rests on full tags alone. Nothing
//!   secret is lost meanwhile: a forged question is answered by a parity that is counted.
//! - A message that is altered, repeated, left out, out of order, of the other direction or of
//!   another block fails its tag. The block ends there and nothing is sent in answer. The two
//!   sources of tag keys may then stand at different places and have to be brought in step, to the
//!   later one of each direction, before the next block.

use super::transport::{Transport, TransportError};
use polyval::{
    Polyval,
    universal_hash::{KeyInit, UniversalHash},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

/// Bytes of hash key that a block takes.
pub const HASH_KEY_BYTES: usize = 32;
/// Bytes of pad that a message takes, and the length of its tag.
pub const TAG_BYTES: usize = 8;
/// The same for a brief message.
pub const BRIEF_TAG_BYTES: usize = 2;
/// The bit that marks a brief message in its first byte.
pub const BRIEF: u8 = 0x80;

/// What the digest of a transcript begins with.
const DIGEST_PREFIX: &[u8] = b"qkms/transcript/1";

/// The digest of a block's messages, each after its header: SHA-256 of `qkms/transcript/1` and
/// [`Channel::into_messages`].
pub fn digest(messages: &[u8]) -> [u8; 32] {
    Sha256::new_with_prefix(DIGEST_PREFIX).chain_update(messages).finalize().into()
}

/// Which way a message goes. Alice holds the source, Bob the detectors.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Direction {
    /// From Alice to Bob.
    AliceToBob,
    /// From Bob to Alice.
    BobToAlice,
}

/// Source of fresh key for tags. The two parties' sources give the same bytes, each direction a
/// stream of its own, and no byte ever twice. The first key is configured, later ones come from
/// the pool.
pub trait TagKeys {
    /// The next `bytes` bytes of `direction`'s stream.
    fn take(
        &mut self,
        direction: Direction,
        bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, TagKeysSpent>;
}

/// There is not enough key left to authenticate the next message.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no fresh key is left for the tags of the classical channel")]
pub struct TagKeysSpent;

/// Why a message was not sent, or not accepted.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// It did not come or go.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// No key for its tag.
    #[error(transparent)]
    TagKeys(#[from] TagKeysSpent),
    /// Its tag is wrong: altered, repeated, out of order, or of another block.
    #[error("message {number} of block {block} fails its authentication tag")]
    Forged {
        /// The block that this end is at.
        block: u64,
        /// The number that this end expected.
        number: u64,
    },
}

/// The transcript of one block under its two keys.
struct Transcript {
    block: u64,
    hash: Polyval,
    factor: Polyval,
    /// The same headers and messages, without keys and without filling.
    messages: Vec<u8>,
}

impl Transcript {
    fn new(block: u64, keys: &mut dyn TagKeys) -> Result<Self, TagKeysSpent> {
        let drawn = keys.take(Direction::AliceToBob, HASH_KEY_BYTES)?;
        let (Some((h, k)), HASH_KEY_BYTES) = (drawn.split_first_chunk::<16>(), drawn.len()) else {
            return Err(TagKeysSpent);
        };
        let mut hash = Polyval::new(h.into());
        // Not zero: without it a transcript that begins with zeros would equal a shorter one.
        hash.update(&[[1; 16].into()]);
        let factor = Polyval::new_from_slice(k).map_err(|_| TagKeysSpent)?;
        Ok(Self { block, hash, factor, messages: Vec::new() })
    }

    fn absorb(&mut self, direction: Direction, number: u64, message: &[u8]) {
        let mut header = [0; 32];
        let words = [self.block, direction as u64, number, message.len() as u64];
        for (chunk, word) in header.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        self.hash.update_padded(&header);
        self.hash.update_padded(message);
        self.messages.extend_from_slice(&header);
        self.messages.extend_from_slice(message);
    }

    /// The transcript's tag under `pad`, of the pad's length.
    fn tag(&self, pad: &[u8]) -> Vec<u8> {
        let mut factor = self.factor.clone();
        factor.update(&[self.hash.clone().finalize()]);
        let mut product: [u8; 16] = factor.finalize().into();
        let tag = product.iter().zip(pad).map(|(byte, pad)| byte ^ pad).collect();
        product.zeroize();
        tag
    }
}

/// How far one direction has come within a block.
#[derive(Clone, Copy)]
struct Lane {
    direction: Direction,
    messages: u64,
    pad_bytes: u64,
}

impl Lane {
    fn new(direction: Direction) -> Self {
        Self { direction, messages: 0, pad_bytes: 0 }
    }

    /// Enters the direction's next message into the transcript and returns its tag.
    fn tag(
        &mut self,
        transcript: &mut Transcript,
        message: &[u8],
        keys: &mut dyn TagKeys,
    ) -> Result<Vec<u8>, TagKeysSpent> {
        let length = tag_bytes(message);
        let pad = keys.take(self.direction, length)?;
        self.pad_bytes += length as u64;
        if pad.len() != length {
            return Err(TagKeysSpent);
        }
        transcript.absorb(self.direction, self.messages, message);
        self.messages += 1;
        Ok(transcript.tag(&pad))
    }
}

fn tag_bytes(message: &[u8]) -> usize {
    match message.first() {
        Some(kind) if kind & BRIEF != 0 => BRIEF_TAG_BYTES,
        _ => TAG_BYTES,
    }
}

/// One party's end of the authenticated channel, for one block.
pub struct Channel<'a> {
    transport: &'a mut dyn Transport,
    keys: &'a mut dyn TagKeys,
    transcript: Transcript,
    outgoing: Lane,
    incoming: Lane,
}

impl<'a> Channel<'a> {
    /// Opens the channel for `block` on the side that sends in direction `outgoing`.
    pub fn open(
        block: u64,
        outgoing: Direction,
        transport: &'a mut dyn Transport,
        keys: &'a mut dyn TagKeys,
    ) -> Result<Self, ChannelError> {
        let incoming = match outgoing {
            Direction::AliceToBob => Direction::BobToAlice,
            Direction::BobToAlice => Direction::AliceToBob,
        };
        let transcript = Transcript::new(block, keys)?;
        let (outgoing, incoming) = (Lane::new(outgoing), Lane::new(incoming));
        Ok(Self { transport, keys, transcript, outgoing, incoming })
    }

    /// Number of the block.
    pub fn block(&self) -> u64 {
        self.transcript.block
    }

    /// Sends `message` and its tag. It is brief if its first byte has the bit [`BRIEF`].
    pub fn send(&mut self, message: Vec<u8>) -> Result<(), ChannelError> {
        let tag = self.outgoing.tag(&mut self.transcript, &message, self.keys)?;
        let mut tagged = message;
        tagged.extend_from_slice(&tag);
        Ok(self.transport.send(&tagged)?)
    }

    /// Waits for the next message and checks its tag.
    pub fn receive(&mut self) -> Result<Vec<u8>, ChannelError> {
        let mut message = self.transport.receive()?;
        let number = self.incoming.messages;
        let forged = ChannelError::Forged { block: self.block(), number };
        let Some(length) = message.len().checked_sub(tag_bytes(&message)) else {
            return Err(forged);
        };
        let tag = message.split_off(length);
        let expected = self.incoming.tag(&mut self.transcript, &message, self.keys)?;
        if bool::from(expected.ct_eq(&tag)) {
            Ok(std::mem::take(&mut *message))
        } else {
            Err(forged)
        }
    }

    /// All messages so far, sent and received, each after its header of 32 bytes as in the
    /// [tags](self) and without its tag. Public, as the messages are.
    pub fn into_messages(self) -> Vec<u8> {
        self.transcript.messages
    }

    /// Bits of key that both directions have taken so far in this block.
    pub fn tag_bits(&self) -> u64 {
        8 * (HASH_KEY_BYTES as u64 + self.outgoing.pad_bytes + self.incoming.pad_bytes)
    }
}

#[cfg(test)]
mod tests;

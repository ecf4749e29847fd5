//! The messages between two KMEs.
//!
//! Each KME dials the other, and asks on the connection that it dialled; so each connection carries
//! questions one way and answers the other. A message is its length in four bytes, big-endian, and
//! its SCALE encoding. The first message each way is a [`Hello`]. Answers come in any order, each
//! with the number of its question. Questions take effect in their order.
//!
//! The connections are mutual TLS; none of these messages carries key bits, but those of a block that
//! is sacrificed, and those of [relayed](crate::relay) keys, under a one-time pad.

use std::io;

use codec::{Decode, DecodeAll, Encode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};

pub use super::why::Why;
use crate::{
    audit::Challenge,
    control::Setting,
    pool::{
        End, Range, Split,
        record::{KeyNote, Lease, Reservation, Survey},
    },
    records::{Hash, PublicKey, Signature, Signed, Standing, Testimony},
    relay::{ExtKeys, Reach, Void},
};

/// The protocol's version.
pub const VERSION: u16 = 5;
/// The longest message in bytes.
pub const MAX_MESSAGE: usize = 16 << 20;

/// A byte stream to or from a peer.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Who speaks.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// [`VERSION`].
    pub version: u16,
    /// The speaker.
    pub kme: String,
    /// The end of the link that it holds.
    pub end: End,
}

/// A question with its number.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Question {
    /// Counts up on each connection.
    pub number: u64,
    /// What is asked.
    pub ask: Ask,
}

/// What one KME asks of the other. The asker is the owner of the direction that begins at its end.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Ask {
    /// Hold these keys for their slaves.
    Reserve(Reservation),
    /// Give back these keys unless one was told, and say which ranges are free then.
    Void(Vec<KeyNote>),
    /// These ranges are too old.
    Retire(Vec<Range>),
    /// Keep of these pools only what both hold free.
    Survey(Survey),
    /// Begin to make a block. From Alice's end only.
    Start(Start),
    /// Store the block that was made, and its record. From Alice's end only.
    Offer(Offer),
    /// Say what this end alone knows of a block that came to its end, and sign its record. From
    /// Alice's end only.
    Witness(Witness),
    /// Store the record of a block that was discarded. From Alice's end only.
    Seal(Seal),
    /// Say by which key records are signed and where they stand. From Alice's end only.
    Introduce(Introduction),
    /// Tell records from this number on, an epoch's at most. From Alice's end only.
    Records(u64),
    /// Keep these records, of which the asker has more. From Alice's end only.
    Append(Vec<Signed>),
    /// Tell the root of this epoch's records. From Alice's end only.
    Root(u64),
    /// Open the block that a challenge picks. From Alice's end only.
    Open(Open),
    /// The file of this epoch's audit is written: close it. From Alice's end only.
    Close(u64),
    /// Relay these keys, or hold them for their slaves.
    ExtKeys(ExtKeys),
    /// Have these relayed keys withdrawn.
    VoidKeys(Void),
    /// These pads of the asker's direction were spent on what was not taken.
    Spent(Vec<Range>),
    /// Say what the rest of this route holds.
    Reach(Vec<String>),
    /// Pick a block by this challenge, unless another one has picked. From Alice's end only.
    Pick(Pose),
    /// The block that is picked of this epoch cannot be opened: waste the epoch. From Alice's end only.
    Fail(u64),
}

/// A challenge for an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Pose {
    /// The epoch.
    pub epoch: u64,
    /// The root of its records.
    pub root: Hash,
    /// The challenge.
    pub challenge: Challenge,
}

/// What Bob's end has picked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Choice {
    /// The challenge: the first that came.
    pub challenge: Challenge,
    /// Whether Bob's end can open the block.
    pub opens: bool,
}

/// A challenge, and from where on of what is kept of the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Open {
    /// The epoch.
    pub epoch: u64,
    /// The root of its records.
    pub root: Hash,
    /// The challenge.
    pub challenge: Challenge,
    /// The first byte wanted.
    pub offset: u64,
}

/// A part of what an end holds of a block that is picked.
#[derive(Clone, PartialEq, Eq, Encode, Decode)]
pub struct Opened {
    /// Bytes of all of it.
    pub total: u64,
    /// The bytes from the one wanted on.
    pub part: Vec<u8>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("total", &self.total).finish_non_exhaustive()
    }
}

/// A block to be begun.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Start {
    /// Its number and its tag keys.
    pub lease: Lease,
    /// What control chose for it; none where blocks are all alike.
    pub setting: Option<Setting>,
}

/// What Alice's end alone knows of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Witness {
    /// The block.
    pub block: u64,
    /// What Alice's end alone knows.
    pub testimony: Testimony,
}

/// What Bob's end alone knows of a block, and his signature of the block's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Witnessed {
    /// What Bob's end alone knows.
    pub testimony: Testimony,
    /// Of the record.
    pub signature: Signature,
}

/// Alice's signature of a discarded block's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Seal {
    /// The block.
    pub block: u64,
    /// Of the record.
    pub signature: Signature,
}

/// By which key an end signs, and where its records stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Introduction {
    /// The key.
    pub key: PublicKey,
    /// Where its records stand.
    pub standing: Standing,
    /// The next epoch to be audited; none if the link is not audited.
    pub audits: Option<u64>,
}

/// A block that both ends have made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Offer {
    /// Its number.
    pub block: u64,
    /// Its bits.
    pub bits: u64,
    /// How it is cut.
    pub split: Split,
    /// Alice's signature of its record.
    pub signature: Signature,
}

/// An answer with the number of its question.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Answer {
    /// The question's number.
    pub number: u64,
    /// What is answered.
    pub reply: Reply,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub enum Reply {
    /// It is done, durably.
    Done,
    /// To [`Ask::Void`]: of each key whether its range is free.
    Free(Vec<bool>),
    /// To [`Ask::Survey`].
    Survey(Survey),
    /// To [`Ask::Witness`].
    Witnessed(Witnessed),
    /// To [`Ask::Introduce`].
    Introduced(Introduction),
    /// To [`Ask::Records`].
    Records(Vec<Signed>),
    /// To [`Ask::Root`]; none if the epoch is not whole.
    Root(Option<Hash>),
    /// To [`Ask::Open`].
    Opened(Opened),
    /// Nothing was done.
    Refused(Why),
    /// To [`Ask::ExtKeys`]: the target holds the keys, and signed that.
    Ack(Signature),
    /// To [`Ask::Reach`].
    Reach(Reach),
    /// To [`Ask::Pick`].
    Picked(Choice),
}

/// Encodes a message with its length.
pub fn frame(message: &impl Encode) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    message.encode_to(&mut bytes);
    let length = u32::try_from(bytes.len() - 4).unwrap_or(u32::MAX);
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    bytes
}

/// Reads one message.
///
/// # Errors
///
/// The stream's; `InvalidData` for a message that is too long or is none.
pub async fn read<T: Decode>(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<T> {
    let length = stream.read_u32().await? as usize;
    if length > MAX_MESSAGE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a message is too long"));
    }
    // Memory follows what has arrived, not what the length promises.
    let mut bytes = Vec::new();
    let read = stream.take(length as u64).read_to_end(&mut bytes).await?;
    if read < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    T::decode_all(&mut bytes.as_slice())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "a message cannot be read"))
}

//! What the store keeps of blocks, keys and leases.

use codec::{Decode, Encode};
use uuid::Uuid;

use super::{Direction, Pool, Range};

/// Numbers of blocks from here on belong to configured keys; link and generator count from 1.
pub const CONFIGURED: u64 = 1 << 63;

/// How a block came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Made {
    /// By the quantum link.
    Link,
    /// Configured: the first key of the classical channel's tags.
    Configured,
    /// By the KME's own generator, for SAEs of one site.
    Generator,
    /// By the generator of another KME, and [relayed](crate::relay) to this one.
    Relayed,
}

/// A block. It stays after its bytes are gone, so that a delivered key can be traced back to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct BlockRecord {
    /// How it came to be.
    pub made: Made,
    /// Milliseconds since the Unix epoch at this end's clock when it was stored.
    pub created: u64,
    /// Its bits, with those that fill no byte.
    pub bits: u64,
    /// Bytes that something still refers to.
    pub live: u64,
    /// Whether the peer has yet to confirm it; nothing is drawn from it until then.
    pub staged: bool,
}

/// Which end of a key this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum Side {
    /// The master drew it here.
    Master,
    /// The master drew it at the other end.
    Slave,
}

/// How far the delivery of a key has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub enum State {
    /// At the master's end: drawn, the peer has not confirmed. At the slaves': not told yet.
    Held,
    /// Told to the master, or to one slave at least.
    Told,
    /// The peer did not confirm, the master was refused: it has to be given back at both ends.
    Voiding,
    /// Not told in time.
    Expired,
}

/// A key that was drawn.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KeyRecord {
    /// Its bits.
    pub range: Range,
    /// Its direction.
    pub direction: Direction,
    /// Which end this is.
    pub side: Side,
    /// How far it has come.
    pub state: State,
    /// The master.
    pub master: String,
    /// All slaves that this end serves.
    pub slaves: Vec<String>,
    /// Those of them that were not told it yet.
    pub pending: Vec<String>,
    /// Milliseconds since the Unix epoch when it was drawn.
    pub drawn: u64,
}

/// A key of a reservation, as its owner tells it to the other end.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct KeyNote {
    /// Its identity.
    pub id: [u8; 16],
    /// Its bits.
    pub range: Range,
}

impl KeyNote {
    /// Its identity.
    pub fn id(&self) -> Uuid {
        Uuid::from_bytes(self.id)
    }
}

/// A reservation: keys of one request, as their owner tells them to the other end.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct Reservation {
    /// The master, an SAE of the owner's site.
    pub master: String,
    /// The slaves at the other site.
    pub slaves: Vec<String>,
    /// The keys.
    pub keys: Vec<KeyNote>,
}

/// Tag keys that one run of post-processing may use up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Lease {
    /// The block that is to be made; a lease ends with its run.
    pub block: u64,
    /// For tags from Alice to Bob, in the order of use.
    pub alice_to_bob: Purse,
    /// For tags from Bob to Alice.
    pub bob_to_alice: Purse,
}

/// The tag keys of one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Purse {
    /// The keys, in the order of use.
    pub ranges: Vec<Range>,
    /// Bytes from the first that count as used whatever happens.
    pub marked: u64,
}

impl Lease {
    /// The purse of a direction.
    pub fn purse(&self, direction: Direction) -> &Purse {
        match direction {
            Direction::AliceToBob => &self.alice_to_bob,
            Direction::BobToAlice => &self.bob_to_alice,
        }
    }

    /// The purse of a direction.
    pub fn purse_mut(&mut self, direction: Direction) -> &mut Purse {
        match direction {
            Direction::AliceToBob => &mut self.alice_to_bob,
            Direction::BobToAlice => &mut self.bob_to_alice,
        }
    }
}

impl Purse {
    /// Its bytes.
    pub fn len(&self) -> u64 {
        self.ranges.iter().fold(0, |sum, range| sum.saturating_add(range.len))
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Free ranges of some pools, and the blocks that are staged, as one end sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
pub struct Survey {
    /// Pools and their free ranges, ascending.
    pub free: Vec<(Pool, Vec<Range>)>,
    /// Blocks that the sender has staged, or, in an answer, those of them that are known.
    pub staged: Vec<u64>,
}

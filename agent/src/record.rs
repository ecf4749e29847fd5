//! What an agent keeps of a session.

use codec::{Decode, Encode, Error, Input, Output};
use q_sah::{RECEIPT_BYTES, Suite, check_confirmation};
use qedex_primitives::{
    Moment,
    agent::AccountBytes,
    qkd::{MailAddress, SessionEnd, SessionId},
};
use sha2::{Digest, Sha256};
use std::{fmt, ops::Range};
use zeroize::Zeroizing;

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Bytes that are wiped on drop and not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub Zeroizing<Vec<u8>>);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(..)")
    }
}

impl Encode for Secret {
    fn size_hint(&self) -> usize {
        self.0.size_hint()
    }

    fn encode_to<O: Output + ?Sized>(&self, output: &mut O) {
        self.0.encode_to(output);
    }
}

impl Decode for Secret {
    fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
        Vec::<u8>::decode(input).map(|bytes| Self(Zeroizing::new(bytes)))
    }
}

/// On which side of a session the agent's account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Role {
    /// It opens the session.
    A,
    /// It answers.
    B,
}

/// Who both ends are, and by which chain.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Parties {
    /// Whose session it is at this end.
    pub account: AccountBytes,
    /// The other end.
    pub peer: AccountBytes,
    /// As which SAE the other end draws keys.
    pub peer_sae: String,
}

/// Why a session carries nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Over {
    /// It has ended on the chain, or is gone from there.
    Ended,
    /// The user has ended it here.
    Closed,
    /// Its handshake cannot be done, for this reason.
    GivenUp(String),
}

/// How far a session has come at this end. Whatever is secret of it is here.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum State {
    /// B has to fetch its keys.
    Drawing,
    /// B has its keys, by their names, and is to answer.
    Drawn(Vec<([u8; 16], Secret)>),
    /// B has said message 2: the responder.
    Answered(Secret),
    /// A has said message 1: the initiator.
    Asked(Secret),
    /// A has said message 3: the initiator.
    Confirmed(Secret),
    /// The chain has said that both ends computed the same: the session.
    Open(Secret),
    /// Everything is wiped.
    Over(Over),
}

/// What the worker is to bring of this end, as often as a fork of the chain wants it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Said {
    /// The SHA-256 of the message that it answers.
    pub answered: [u8; 32],
    /// Message 2, or message 3.
    pub message: Vec<u8>,
    /// The hash of message 3.
    pub confirmation: [u8; 32],
}

/// How far a session has come on the chain, as long as it counts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum OnChain {
    /// Message 1 is there.
    Requested,
    /// Message 2 is there.
    Accepted,
    /// Message 3 is there, and it is this session's.
    Open,
}

/// A frame that was opened: it may come again, if the answer to it was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Taken {
    /// The SHA-256 of the frame.
    pub frame: [u8; 32],
    /// Its receipt.
    pub receipt: [u8; RECEIPT_BYTES],
}

/// A session at this end.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Record {
    /// How the user named its wish for the session, if it did.
    pub request: Option<[u8; 16]>,
    /// Which end this is.
    pub role: Role,
    /// Who both ends are.
    pub parties: Parties,
    /// The code of its suite.
    pub suite: u8,
    /// The number that A gave it.
    pub number: u64,
    /// Message 1.
    pub message1: Vec<u8>,
    /// Its number on the chain, as last told.
    pub id: Option<SessionId>,
    /// When it ends.
    pub expires: Option<Moment>,
    /// Which node keeps the other end's mail.
    pub mail: Option<MailAddress>,
    /// Where it stands on the chain; none while it does not count there.
    pub chain: Option<OnChain>,
    /// Why it has ended on the chain, as last told.
    pub ended: Option<SessionEnd>,
    /// Since which block it was nowhere to be seen, or had ended.
    pub absent: Option<u64>,
    /// What this end has said last.
    pub said: Option<Said>,
    /// When this end took its first step, in milliseconds since the Unix epoch.
    pub begun: u64,
    /// When it was open at this end for the first time.
    pub opened: Option<u64>,
    /// Frames sealed.
    pub sent: u64,
    /// Frames that the other end's node has taken.
    pub delivered: u64,
    /// Frames opened.
    pub received: u64,
    /// The last of them, and what was answered to it.
    pub taken: Option<Taken>,
    /// Texts that the user has fetched.
    pub fetched: u64,
    /// Bytes of those that it has not.
    pub unread_bytes: u64,
    /// How far it has come.
    pub state: State,
}

impl Record {
    /// A session of which nothing but message 1 is known.
    pub fn new(role: Role, parties: Parties, message1: &q_sah::Message1, begun: u64) -> Self {
        Self {
            request: None,
            role,
            parties,
            suite: message1.suite().code(),
            number: message1.number().0,
            message1: message1.as_bytes().to_vec(),
            id: None,
            expires: None,
            mail: None,
            chain: None,
            ended: None,
            absent: None,
            said: None,
            begun,
            opened: None,
            sent: 0,
            delivered: 0,
            received: 0,
            taken: None,
            fetched: 0,
            unread_bytes: 0,
            state: State::Drawing,
        }
    }

    /// Whether it carries frames at this moment: both ends have computed the same, the chain says so, and the
    /// session has not come to its end meanwhile.
    pub fn is_open(&self, now: Moment) -> bool {
        self.chain == Some(OnChain::Open)
            && matches!(self.state, State::Open(_))
            && self.expires.is_none_or(|expires| now < expires)
    }

    /// Whether its handshake is under way here.
    pub fn is_unfinished(&self) -> bool {
        !matches!(self.state, State::Open(_) | State::Over(_))
    }

    /// Whether nothing of it is left but its name.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Over(_))
    }

    /// Whether B is to fetch keys for it, or to answer it.
    pub fn awaits_answer(&self) -> bool {
        let open = matches!(self.state, State::Drawing | State::Drawn(_));
        open && self.chain == Some(OnChain::Requested)
    }

    /// Whether this is the message 3 that opens it.
    pub fn promises(&self, confirmation: &[u8; 32], message3: &[u8]) -> bool {
        let said = self.said.as_ref().is_some_and(|said| said.confirmation == *confirmation);
        said && check_confirmation(confirmation, message3)
    }

    /// The counters of frames that are to be delivered.
    pub fn queued(&self) -> Range<u64> {
        self.delivered..self.sent
    }

    /// The counters of texts that wait for the user.
    pub fn unread(&self) -> Range<u64> {
        self.fetched..self.received
    }

    /// How many keys of the key service it takes.
    pub fn keys(&self) -> usize {
        Suite::from_code(self.suite).map(Suite::keys).unwrap_or_default()
    }
}

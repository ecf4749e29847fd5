//! Why the agent does not do something.

use crate::store::StoreError;
use qkms::client;

/// Why the agent does not do something. Nothing has changed then, and nothing here tells of a secret.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The request makes no sense, for the reason given.
    #[error("{0}")]
    Bad(&'static str),
    /// No session or letter of this name is kept here.
    #[error("there is no such session or letter here")]
    Unknown,
    /// An agent serves one chain, and this is another one.
    #[error("the agent serves another chain")]
    OtherChain,
    /// The account is not the one for which the chain says that the agent speaks.
    #[error("the chain has enrolled the agent's SAE for another account")]
    OtherAccount,
    /// So many sessions of this end are under way that it opens no more.
    #[error("{0} sessions that this end has opened are under way, and that is the most")]
    Unfinished(usize),
    /// So many sessions are kept that no more are taken.
    #[error("{0} sessions are kept, and that is the most")]
    Records(usize),
    /// The request was made before, for something else.
    #[error("the request of this UUID was for something else")]
    RequestDiffers,
    /// The request was made before, and is not done yet.
    #[error("the request of this UUID is under way: ask again")]
    UnderWay,
    /// The request was made before, and its session is over.
    #[error("the session of the request of this UUID is over: ask under another one")]
    WishOver,
    /// The session is not open.
    #[error("the session is not open")]
    NotOpen,
    /// The session has ended before the text was delivered.
    #[error("the session has ended before the text was delivered")]
    NotDelivered,
    /// So many frames wait to be delivered that no more are sealed.
    #[error("{0} frames wait to be delivered, and that is the most")]
    Queue(u64),
    /// The session has carried all the frames that it may.
    #[error("the session has carried all the frames that it may: open another one")]
    Exhausted,
    /// A frame before this one is missing.
    #[error("a frame before this one is missing")]
    Gap,
    /// The frame or the letter is not the other end's.
    #[error("it is not authentic")]
    NotAuthentic,
    /// The user has to fetch texts before more are taken.
    #[error("the inbox is full: send it again later")]
    InboxFull,
    /// So many letters wait to be delivered that no more are written.
    #[error("{0} letters wait to be delivered, and that is the most")]
    LetterQueue(usize),
    /// The key service gives no key of the size that a one-time letter takes; of so many bytes at most.
    #[error(
        "a one-time letter takes one key, 32 bytes longer than its text, and the key service gives keys of \
         {least} to {most} bytes: write a shorter text, or seal it with aead"
    )]
    KeySize {
        /// The shortest key, in bytes.
        least: u64,
        /// The longest.
        most: u64,
    },
    /// The bytes are no envelope.
    #[error("the bytes are no envelope of a letter")]
    NoEnvelope,
    /// The envelope has no letter in it.
    #[error("there is no letter in the envelope: {0}")]
    NoLetter(q_sah::Error),
    /// The chain has not said yet for whom the agent speaks.
    #[error("the agent has not heard from its chain yet: send it again later")]
    NotTold,
    /// Nobody reads here as this account and SAE.
    #[error("nobody reads letters here as this account and SAE")]
    OtherReader,
    /// The key that the letter names was used before, or is a session's.
    #[error("the key that the letter names is not its own")]
    KeyUsed,
    /// The key is being asked for.
    #[error("the key that the letter names is being fetched: send it again later")]
    KeyUnderWay,
    /// The key service tells no key of this name.
    #[error("the key service tells no key of the name in the letter")]
    NoKey,
    /// The key service does not say whether there is a key.
    #[error("the key service does not answer: send it again later")]
    KeyService,
    /// So many letters that are not authentic have come that no key is asked for now.
    #[error("too many letters have come that are not authentic: send it again later")]
    Busy,
    /// The key service gave no keys.
    #[error(transparent)]
    Kme(#[from] client::Error),
    /// The key service gave other keys than it was asked for.
    #[error("the key service's answer cannot be used: {0}")]
    Keys(&'static str),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row of the store is not what it should be.
    #[error("the agent's store holds a state that cannot be read")]
    State,
    /// The agent has stopped.
    #[error("the agent has stopped")]
    Stopped,
    /// There are no random bytes.
    #[error("the operating system gives no random bytes")]
    Random,
}

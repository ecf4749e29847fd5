//! Why the agent does not do something.

use crate::store::StoreError;
use qkms::client;

/// Why the agent does not do something. Nothing has changed then, and nothing here tells of a secret.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The request makes no sense, for the reason given.
    #[error("{0}")]
    Bad(&'static str),
    /// No session of this name is kept here.
    #[error("there is no such session here")]
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
    /// The request was made before, for another session.
    #[error("the request of this UUID was for another session")]
    RequestDiffers,
    /// The request was made before, and is not done yet.
    #[error("the request of this UUID is under way: ask again")]
    UnderWay,
    /// The session is not open.
    #[error("the session is not open")]
    NotOpen,
    /// So many frames wait to be delivered that no more are sealed.
    #[error("{0} frames wait to be delivered, and that is the most")]
    Queue(u64),
    /// The session has carried all the frames that it may.
    #[error("the session has carried all the frames that it may: open another one")]
    Exhausted,
    /// A frame before this one is missing.
    #[error("a frame before this one is missing")]
    Gap,
    /// The frame is not the other end's.
    #[error("the frame is not authentic")]
    NotAuthentic,
    /// The user has to fetch texts before more are taken.
    #[error("the inbox is full: send it again later")]
    InboxFull,
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

//! What can go wrong between a client and its chain, each by a name of its own.

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody answers, or the connection broke.
    #[error("no connection to {url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// The node belongs to another chain, or runs a runtime that this program does not know.
    #[error("wrong chain: {0}")]
    WrongChain(String),
    /// The chain refused a call.
    #[error("{what}: {refusal}")]
    Refused {
        /// Which call.
        what: String,
        /// By which error.
        refusal: Refusal,
    },
    /// The node did not take a transaction into its pool.
    #[error("{what}: the node did not take the transaction: {reason}")]
    NotTaken {
        /// Which call.
        what: String,
        /// Why.
        reason: String,
    },
    /// Nothing came in time.
    #[error("timed out: {0}")]
    TimedOut(String),
    /// An argument or a file does not say what it should.
    #[error("bad input: {0}")]
    BadInput(String),
    /// The chain answered something that this program cannot use.
    #[error("the chain's answer: {0}")]
    Answer(String),
    /// The agent of an SAE, or its key service.
    #[error("{0}")]
    Agent(String),
}

impl Error {
    /// There is no such trade, or it is settled.
    pub fn no_such_trade(slot: u64, id: u32) -> Self {
        Self::BadInput(format!("slot {slot} has no open trade {id}"))
    }
}

impl From<qedex_tables::Error> for Error {
    fn from(error: qedex_tables::Error) -> Self {
        Self::BadInput(error.to_string())
    }
}

/// A dispatch error by its names.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    /// Pallet and error, such as `Auction::OffTick`.
    pub name: String,
    /// What it means, in the runtime's own words.
    pub meaning: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.meaning.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}: {}", self.name, self.meaning)
        }
    }
}

/// What subxt reports, each kind of failure by a type of its own, is an answer that this
/// program cannot use.
macro_rules! answers {
    ($($reported:ty),* $(,)?) => {
        $(impl From<$reported> for Error {
            fn from(reported: $reported) -> Self {
                Self::Answer(reported.to_string())
            }
        })*
    };
}

answers!(
    subxt::error::BlocksError,
    subxt::error::ConstantError,
    subxt::error::EventsError,
    subxt::error::ExtrinsicError,
    subxt::error::OnlineClientAtBlockError,
    subxt::error::RuntimeApiError,
    subxt::error::StorageError,
    subxt::error::StorageKeyError,
    subxt::error::StorageValueError,
    subxt::rpcs::Error,
);

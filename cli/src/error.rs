//! What can go wrong, each by a name of its own. All of it ends the program with status 2.

use qedex_client::Refusal;

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The chain, or the way to it.
    #[error(transparent)]
    Chain(#[from] qedex_client::Error),
    /// The community's data cannot be used.
    #[error(transparent)]
    Data(#[from] qedex_play::community::DataError),
    /// There is no plan.
    #[error(transparent)]
    Plan(#[from] qedex_planner::Error),
    /// The agent of an SAE, or what becomes of a session.
    #[error("{0}")]
    Agent(String),
    /// An argument or a file does not say what it should.
    #[error("bad input: {0}")]
    BadInput(String),
    /// A table does not say what it should.
    #[error("bad input: {0}")]
    Table(qedex_tables::Error),
    /// A file cannot be read or written.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: String,
        /// Why.
        reason: std::io::Error,
    },
    /// What is to be printed cannot be written as JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Error {
    /// The chain refused a call.
    pub const fn refused(what: String, refusal: Refusal) -> Self {
        Self::Chain(qedex_client::Error::Refused { what, refusal })
    }

    /// The chain answered something that a command cannot use.
    pub const fn answer(what: String) -> Self {
        Self::Chain(qedex_client::Error::Answer(what))
    }
}

impl From<qedex_tables::Error> for Error {
    fn from(error: qedex_tables::Error) -> Self {
        match error {
            qedex_tables::Error::Unreadable { file, reason } => Self::File { path: file, reason },
            error => Self::Table(error),
        }
    }
}

impl From<qedex_console::Unwritten> for Error {
    fn from(qedex_console::Unwritten(reason): qedex_console::Unwritten) -> Self {
        Self::File { path: "standard output".to_owned(), reason }
    }
}

impl From<qedex_play::Error> for Error {
    fn from(error: qedex_play::Error) -> Self {
        match error {
            qedex_play::Error::Data(error) => Self::Data(error),
            qedex_play::Error::File { path, reason } => Self::File { path, reason },
            qedex_play::Error::Chain(error) => Self::Chain(error),
        }
    }
}

//! What can go wrong, each by a name of its own.

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The community's data cannot be used.
    #[error(transparent)]
    Data(#[from] qedex_play::community::DataError),
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
    /// The answer cannot be printed.
    #[error(transparent)]
    Unwritten(#[from] qedex_console::Unwritten),
}

impl From<qedex_tables::Error> for Error {
    fn from(error: qedex_tables::Error) -> Self {
        match error {
            qedex_tables::Error::Unreadable { file, reason } => Self::File { path: file, reason },
            error => Self::Table(error),
        }
    }
}

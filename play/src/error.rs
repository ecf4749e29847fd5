//! Why a play could not be played.

use crate::community::DataError;

/// Why a play could not be played.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The community's data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file of an agent's door cannot be read.
    #[error("{path}: {reason}")]
    File {
        /// Which.
        path: String,
        /// Why.
        reason: std::io::Error,
    },
    /// The chain, or the way to it.
    #[error(transparent)]
    Chain(#[from] qedex_client::Error),
}

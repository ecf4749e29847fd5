//! Why a play could not be played.

use crate::community::DataError;

/// Why a play could not be played.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The community's data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The chain, or the way to it.
    #[error(transparent)]
    Chain(#[from] qedex_client::Error),
}

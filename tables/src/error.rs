//! Why a table is not taken.

use crate::text::BadText;

/// Why a table is not taken: the file, the line if there is one, and what is wrong there.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is missing or cannot be read.
    #[error("cannot read {file}: {reason}")]
    Unreadable {
        /// The file's path.
        file: String,
        /// What the system says.
        reason: std::io::Error,
    },
    /// The file is no text that can be read.
    #[error("{file}: {reason}")]
    Text {
        /// The file's path.
        file: String,
        /// What it is instead.
        reason: BadText,
    },
    /// The file as a whole is not what it should be.
    #[error("{file}: {what}")]
    File {
        /// The file's path.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// A line is not what it should be.
    #[error("{file}, line {line}: {what}")]
    Line {
        /// The file's path.
        file: String,
        /// The line as an editor counts it, from 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

//! Why a table is not taken.

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

/// What bytes are that are no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// An encoding that is not read.
    #[error("the text is in {0}: save it as UTF-8")]
    Encoding(&'static str),
    /// UTF-16 that ends within a character or holds half of one.
    #[error("the text is in UTF-16, but broken (in line {0}): save it as UTF-8")]
    BrokenUtf16(usize),
    /// A byte that UTF-8 does not have there.
    #[error(
        "the text is not in UTF-8 (line {line} has the byte {byte:#04x}); perhaps it is in Windows-1252 or \
         Latin-1: save it as UTF-8"
    )]
    NotUtf8 {
        /// The line, from 1.
        line: usize,
        /// The byte.
        byte: u8,
    },
}

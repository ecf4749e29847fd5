//! Why something is refused.

use alloc::boxed::Box;
use core::fmt;

/// Why something is refused. Nothing has changed then, and nothing here tells of a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are too few or too many for what they are to be.
    Length,
    /// The message is of a version that is not spoken here.
    Version,
    /// The message is of a suite that is not known, or not the one of the keys that came with it.
    Suite,
    /// The message names other accounts than the ends do, or names them the other way round.
    Account,
    /// Both ends are one account or one SAE.
    SameEnd,
    /// The identity of an SAE is empty or longer than [`MAX_SAE_BYTES`](crate::MAX_SAE_BYTES).
    SaeId,
    /// The keys are not those that the message names.
    Kid,
    /// The message, or the caller, names one key twice.
    KidRepeated,
    /// A key has not the length that its use takes.
    KeyLength,
    /// Two keys of the one-time suite have the same bytes: no QKD service delivers that.
    KeyRepeated,
    /// The number of the session is zero, or does not exceed the highest one of its account.
    Number,
    /// This very message 1 was answered before: send that answer again.
    Answered,
    /// The message 1 is not that of this session.
    OtherSession,
    /// A MAC or a tag does not hold.
    Mac,
    /// Message 2 holds, but promises another message 3 than this end has.
    Confirmation,
    /// The frame was opened before, or comes from before one that was.
    Repeated,
    /// A frame before this one is missing.
    Gap,
    /// The session has carried as many frames this way as it may: open another one.
    Exhausted,
    /// The text is longer than a frame or a letter takes.
    TooLong,
    /// The letter is of another purpose, slot or trade than the one that is expected.
    About,
    /// The bytes are no state that was stored.
    State,
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Length => "the message is cut or too long",
            Self::Version => "the message is of an unknown version",
            Self::Suite => "the message is of an unknown suite, or not of that of the keys",
            Self::Account => "the message names other accounts",
            Self::SameEnd => "both ends are the same",
            Self::SaeId => "the identity of an SAE is empty or too long",
            Self::Kid => "the keys are not those that the message names",
            Self::KidRepeated => "one key is named twice",
            Self::KeyLength => "a key has the wrong length",
            Self::KeyRepeated => "two keys have the same bytes",
            Self::Number => "the number of the session does not rise",
            Self::Answered => "the message was answered before",
            Self::OtherSession => "the message belongs to another session",
            Self::Mac => "the message is not authentic",
            Self::Confirmation => "the two ends have computed different confirmations",
            Self::Repeated => "the frame was opened before",
            Self::Gap => "a frame is missing",
            Self::Exhausted => "the session has carried all the frames that it may",
            Self::TooLong => "the text is too long",
            Self::About => "the letter is about something else",
            Self::State => "the bytes are no stored state",
        })
    }
}

impl core::error::Error for Error {}

/// A refusal that gives back what was handed in, unchanged: a forged message costs neither a key nor a
/// state.
pub struct Refused<T> {
    /// Why.
    pub error: Error,
    /// What was handed in.
    pub kept: Box<T>,
}

impl<T> Refused<T> {
    pub(crate) fn new(error: Error, kept: T) -> Self {
        Self { error, kept: Box::new(kept) }
    }
}

impl<T> From<Refused<T>> for Error {
    fn from(refused: Refused<T>) -> Self {
        refused.error
    }
}

impl<T> fmt::Debug for Refused<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Refused({:?})", self.error)
    }
}

impl<T> fmt::Display for Refused<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(formatter)
    }
}

impl<T> core::error::Error for Refused<T> {}

//! Why what workers bring for audits is refused.

use codec::{Decode, Encode};
use scale_info::TypeInfo;

/// Why what a worker brings for audits is refused, before it enters a pool or a block. A signature that does
/// not hold is refused last, as a bad proof (`BadProof`).
///
/// What [may still come](Self::may_pass) a node tells as unknown (`UnknownTransaction::Custom`), everything
/// else as invalid (`InvalidTransaction::Custom`). The codes are others than those of all other refusals of
/// workers' transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum AuditRefusal {
    /// The epoch of the beacon is still to come, or the chain has not begun its first one.
    Ahead,
    /// It has ended.
    Past,
    /// The account draws no keys: it has accepted no enrolment, or that has expired.
    NotEnrolled,
    /// It has registered no key for its worker.
    NoWorker,
    /// Nobody is known to stand behind it, or it is shut.
    NoOwner,
    /// Nothing is said.
    Nothing,
    /// The link is not on record, or not one of the market's.
    UnknownLink,
    /// The account draws its keys at neither end of it.
    NotAtLink,
    /// More blocks are said to have given a key than an audit epoch has.
    TooManyKeyed,
    /// Its owner has posted this already.
    RootPosted,
    /// Its owner has posted another root, or another number of blocks with a key, of this epoch: what was
    /// posted is not changed.
    RootChanged,
    /// The root of this epoch, or of a later one, is fixed.
    RootFixed,
    /// Its owner has posted a root for what is under way, of another epoch.
    OtherEpochPosted,
    /// As many audit epochs of the link are under way as can be.
    TooManyRounds,
    /// As many owners at this end have posted as can.
    TooManyVoices,
    /// No root of this epoch was fixed.
    NotFixed,
    /// No block of it is picked yet, or it is too early to say that it was not opened.
    TooEarly,
    /// It is decided.
    TooLate,
    /// Its owner has posted no root for this epoch.
    NoVoice,
    /// Its owner has given its verdict.
    VerdictGiven,
    /// Another block was picked.
    NotPicked,
}

impl AuditRefusal {
    /// The code of the transaction's error.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ahead => 60,
            Self::Past => 61,
            Self::NotEnrolled => 62,
            Self::NoWorker => 63,
            Self::NoOwner => 64,
            Self::Nothing => 65,
            Self::UnknownLink => 66,
            Self::NotAtLink => 67,
            Self::TooManyKeyed => 69,
            Self::RootPosted => 70,
            Self::RootChanged => 71,
            Self::RootFixed => 72,
            Self::OtherEpochPosted => 73,
            Self::TooManyRounds => 74,
            Self::TooManyVoices => 75,
            Self::NotFixed => 76,
            Self::TooEarly => 77,
            Self::TooLate => 78,
            Self::NoVoice => 79,
            Self::VerdictGiven => 80,
            Self::NotPicked => 81,
        }
    }

    /// Whether the same transaction may hold on a chain that has come further.
    pub const fn may_pass(self) -> bool {
        matches!(self, Self::Ahead | Self::TooManyRounds | Self::TooEarly)
    }
}

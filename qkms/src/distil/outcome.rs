//! What distilling a block ends with: a key or a reason, and in both cases the accounts.

use super::{auth::ChannelError, entropy::EntropyError};
use crate::{
    bits::Bits,
    link::{Bound, Counts, Epsilons, NoKey},
};

/// What a block came to. Both parties reach the same one, or one of them an [`Error`].
#[derive(Debug)]
pub enum Outcome {
    /// Both hold the same secret bits.
    Key(SecretBlock),
    /// There are none; everything derived from the block is wiped.
    Discarded(Discarded),
}

/// The secret bits of a block.
#[derive(Debug)]
pub struct SecretBlock {
    /// Number of the block.
    pub block: u64,
    /// The key, [`Accounts::length`] bits. The pool pays the tags of later blocks out of it.
    pub bits: Bits,
    /// What it was made of and what it cost.
    pub accounts: Accounts,
    /// All messages, each after its header; see
    /// [`Channel::into_messages`](super::Channel::into_messages).
    pub messages: Vec<u8>,
}

/// A block without a key.
#[derive(Debug)]
pub struct Discarded {
    /// Number of the block.
    pub block: u64,
    /// Why.
    pub reason: Reason,
    /// What it cost, as far as it came.
    pub accounts: Accounts,
}

impl Discarded {
    /// Whether the link has to stop: somebody may be listening, or a source may be sick.
    pub fn closes_link(&self) -> bool {
        self.reason.closes_link()
    }
}

/// Why a block has no key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, thiserror::Error)]
#[repr(u8)]
pub enum Reason {
    /// The share of errors in X or Z exceeds [`Limits::qber`](super::Limits::qber).
    #[error("the QBER exceeds its limit")]
    Qber = 1,
    /// phi exceeds [`Limits::phase_error`](super::Limits::phase_error).
    #[error("the phase error rate exceeds its limit")]
    PhaseError = 2,
    /// The counts as they are, before any allowance for chance, leave no single photons in X or Z.
    #[error("the decoy bound has collapsed")]
    DecoyCollapse = 3,
    /// The block is too small for its statistics: nothing is left before any disclosure.
    #[error("the block has too few detections for a key")]
    TooFewDetections = 4,
    /// The secret length does not exceed what the block's tags took.
    #[error("the key would not exceed what its tags cost")]
    CostExceedsLength = 5,
    /// Strings still differ after Cascade.
    #[error("the verification tags differ")]
    Verification = 6,
    /// A noise source of either end failed a health test; nothing of the block was announced or
    /// answered.
    #[error("a noise source failed its health tests")]
    Health = 7,
}

impl Reason {
    /// See [`Discarded::closes_link`].
    pub fn closes_link(self) -> bool {
        matches!(self, Self::Qber | Self::PhaseError | Self::DecoyCollapse | Self::Health)
    }

    /// All reasons.
    pub const ALL: [Self; 7] = [
        Self::Qber,
        Self::PhaseError,
        Self::DecoyCollapse,
        Self::TooFewDetections,
        Self::CostExceedsLength,
        Self::Verification,
        Self::Health,
    ];
}

/// The books of one block. Both parties hold the same ones at the end of the protocol.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Accounts {
    /// Pulses sent.
    pub pulses: u64,
    /// Clicks at Bob, whatever the bases.
    pub detections: u64,
    /// Sifted detections and errors by intensity; errors in X once Cascade has found them.
    pub counts: Counts,
    /// Parities of Alice's that were disclosed.
    pub parities: u64,
    /// Length of the verification tag, paid by Lim's lg(2/eps_cor).
    pub verification_bits: u32,
    /// Bits reckoned as known to Eve beside Lim's own terms: parities, what the verification tag
    /// exceeds its term by, the vacuum's share, which the announced error pattern gives away, and what
    /// the block's [record](super::estimate::RECORD_BITS) tells.
    pub leak: u64,
    /// Key that the tags of both directions took.
    pub tag_bits: u64,
    /// The failure probabilities aimed for.
    pub epsilons: Epsilons,
    /// The decoy bound, with the length before any disclosure until the errors are corrected, and
    /// after [`leak`](Self::leak) then; `None` if the block was discarded before.
    pub bound: Option<Bound>,
    /// Secret bits made: what the bound allows, or 0 if the block was discarded.
    pub length: u64,
    /// SHA-256 of all messages, those of both ends in their order: see
    /// [`digest`](super::auth::digest).
    pub transcript: [u8; 32],
    /// The block's public seeds, as far as it came: of Cascade's shuffles, the key of the
    /// verification hash, the first 256 bits of the Toeplitz seed.
    pub seeds: [[u8; 32]; 3],
}

impl Accounts {
    /// Bits of the raw key.
    pub fn sifted(&self) -> u64 {
        self.counts.n_x.iter().sum()
    }

    /// Bits of it that Cascade corrected; `None` if it did not come that far.
    pub fn errors(&self) -> Option<u64> {
        self.counts.m_x.map(|errors| errors.iter().sum())
    }

    /// What the pools gain: bits made less bits spent on tags. Negative where the block failed.
    pub fn gain(&self) -> i64 {
        self.length as i64 - self.tag_bits as i64
    }
}

/// Why a block could not be brought to an end. Nothing of it may be used; the party's copy is
/// wiped, and so is the peer's, which sees the channel end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The channel failed, or a message did not pass its tag.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// A message that no honest peer sends.
    #[error("block {block}: the peer sent a malformed message: {what}")]
    Malformed {
        /// The block.
        block: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// This party discards the block, and could not tell the peer, or was not answered.
    #[error("{reason}, which the peer could not be told: {cause}")]
    Untold {
        /// Why it discards it.
        reason: Reason,
        /// Why the peer could not be told.
        cause: Box<Error>,
    },
    /// Parameters outside of their ranges.
    #[error("{0}")]
    Parameter(String),
    /// The finite-key bound refuses the counts or the parameters.
    #[error(transparent)]
    NoKey(#[from] NoKey),
    /// No random numbers.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

//! Where a link end's blocks come from.

use std::time::Instant;

use zeroize::Zeroizing;

use crate::{
    audit::Opening, control::Setting, distil::auth::TagKeys, health::Health, records::Evidence,
};

/// Makes the blocks of one end of a link, together with the maker of the other end. Blocks a
/// thread while it does.
pub trait BlockMaker: Send + 'static {
    /// Makes block `block`.
    ///
    /// # Errors
    ///
    /// The two ends could not finish the block; nothing of it may be used. The next one is another
    /// block, begun anew at both ends.
    fn make(&mut self, block: u64, keys: &mut dyn TagKeys) -> Result<Made, MakeError>;

    /// Sets what the next blocks are made with; both ends are told the same.
    ///
    /// # Errors
    ///
    /// The devices cannot be set so.
    fn set(&mut self, _setting: &Setting) -> Result<(), MakeError> {
        Ok(())
    }

    /// When the next block may be begun; at once if nothing is said. Asked at Alice's end.
    fn due(&self) -> Option<Instant> {
        None
    }
}

/// What a block came to.
pub enum Made {
    /// Both ends hold the same secret bits.
    Key {
        /// The bits, packed, the least significant first. Wiped on drop.
        bytes: Zeroizing<Vec<u8>>,
        /// The number of bits.
        bits: u64,
        /// What it was made of.
        report: Report,
        /// What its opening in an audit takes; the key is added when it is kept.
        opening: Opening,
    },
    /// There are none.
    Discarded {
        /// Why, as a fixed word.
        reason: &'static str,
        /// Whether the link has to be closed.
        closing: Closing,
        /// What it was made of.
        report: Report,
    },
}

/// What a discarded block means for its link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// It goes on.
    No,
    /// It is closed until an operator opens it: somebody may be listening.
    ForGood,
    /// It is closed until a later block passes its health tests.
    UntilHealthy,
}

/// What a block was made of and what it cost; for metrics and for its record.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Report {
    /// Pulses sent.
    pub pulses: u64,
    /// Clicks at the receiver.
    pub detections: u64,
    /// The share of errors, if it was found.
    pub qber: Option<f64>,
    /// The bound on the phase error rate, if it was found.
    pub phase_error: Option<f64>,
    /// Bits that the classical channel disclosed.
    pub disclosed: u64,
    /// What this end brings to the block's record.
    pub evidence: Evidence,
}

/// Why a block was not finished. Never names key bits.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct MakeError {
    what: String,
    found: Option<Box<Found>>,
}

/// What an end found in a block that closes its link, whether or not the block was finished.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    /// Why the block is discarded, as a fixed word.
    pub reason: &'static str,
    /// What it means for the link.
    pub closing: Closing,
    /// What its health tests said.
    pub health: Health,
}

impl MakeError {
    /// An error from what anything says of itself.
    pub fn new(cause: impl std::fmt::Display) -> Self {
        Self { what: cause.to_string(), found: None }
    }

    /// The same error, in a block in which this was found before.
    #[must_use]
    pub fn after(self, found: Option<Found>) -> Self {
        Self { found: found.map(Box::new), ..self }
    }

    /// What closes the link all the same.
    pub fn found(&self) -> Option<&Found> {
        self.found.as_deref()
    }
}

/// What a block that came to this closes its link for.
pub(super) fn found(result: &Result<Made, MakeError>) -> Option<Found> {
    match result {
        Ok(Made::Discarded { reason, closing, report }) if *closing != Closing::No => {
            let health = report.evidence.own.health;
            Some(Found { reason, closing: *closing, health })
        }
        Ok(_) => None,
        Err(error) => error.found().copied(),
    }
}

//! What this end commits to in an epoch of the beacon.

use crate::record::Secret;
use codec::{Decode, Encode};
use qedex_primitives::{EpochIndex, agent::AccountBytes};
use qkms::kme::service::SaeId;

/// What is committed to in an epoch.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Draw {
    /// For whom.
    pub account: AccountBytes,
    /// The secret.
    pub secret: Secret,
    /// To what the account commits.
    pub commitment: [u8; 32],
    /// Whether the secret has left this end.
    pub revealed: bool,
}

/// A secret that is wanted: with whom its key is to be shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// For whom.
    pub account: AccountBytes,
    /// For which epoch.
    pub epoch: EpochIndex,
    /// With whom.
    pub peer: SaeId,
}

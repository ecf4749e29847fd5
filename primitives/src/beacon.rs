//! The entropy beacon: a public random value per epoch that nobody chooses alone.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::H256;

/// An epoch of the beacon, numbered from genesis.
pub type EpochIndex = u64;

/// Where the value of an epoch comes from.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum BeaconSource {
    /// At least two owners revealed what they had committed to.
    Keys,
    /// They did not: the hash of a block. Its author could choose among the blocks that it could write.
    BlockHash,
}

/// A value for who waits for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct BeaconValue {
    /// Of which epoch.
    pub epoch: EpochIndex,
    /// The value.
    pub value: H256,
    /// Where it comes from.
    pub source: BeaconSource,
}

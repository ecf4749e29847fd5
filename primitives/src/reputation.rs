//! Whom to trust.

use crate::Wh;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// How one trade went, seen from the side that is rated.
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
pub enum Verdict {
    /// Everything was kept.
    Kept,
    /// This energy, out of what was traded, was not.
    Missed(Wh),
}

//! Whom to trust.

use crate::Wh;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::Permill;

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

/// Where settled trades are noted.
pub trait Ratings<AccountId> {
    /// Notes that `rater` traded `traded` with `ratee`, and how the latter did. O(1).
    fn record(rater: &AccountId, ratee: &AccountId, traded: Wh, verdict: Verdict);
}

/// What follows from the ratings.
pub trait Standing<AccountId> {
    /// The standing of `who`: (P + 1) / (P + N + 2) over all counterparties, one half for the
    /// unknown.
    fn of(who: &AccountId) -> Permill;
}

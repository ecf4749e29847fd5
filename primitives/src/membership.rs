//! Who may do what.

use crate::Millis;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::DispatchResult;

/// An attribute of the community's universe, such as `solar` or `broker`.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct AttributeId(pub u32);

/// A policy: a monotone formula over attributes.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct PolicyId(pub u32);

/// The opaque id by which an issuer knows the legal holder of a credential. Several accounts
/// of one owner count as one where it matters.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub struct OwnerId(pub [u8; 32]);

/// What an account may want to do. Each role names the policy that it requires.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
pub enum Role {
    /// Place bids.
    Trade,
    /// Place asks.
    Sell,
    /// Register meters for others.
    InstallMeters,
    /// Act for others.
    Broker,
    /// Write blocks.
    Validate,
    /// Announce the leader's terms of a slot.
    Aggregate,
}

/// Access control, as other pallets see it.
pub trait Membership<AccountId> {
    /// Whether `who` holds valid credentials that satisfy `policy` and is not blacklisted.
    fn satisfies(who: &AccountId, policy: PolicyId) -> bool;

    /// Whether `who` satisfies the policy of `role`. A role without a policy is nobody's.
    fn may(who: &AccountId, role: Role) -> bool;

    /// The owner behind `who`, if a credential on record names one, whether or not it still holds:
    /// letting a credential lapse must not make an account look like nobody's.
    fn owner_of(who: &AccountId) -> Option<OwnerId>;

    /// Makes `may(who, role)` true, for benchmarks only.
    #[cfg(feature = "runtime-benchmarks")]
    fn grant(who: &AccountId, role: Role);
}

/// Exclusion from new business by other pallets' rules.
pub trait Sanctions<AccountId> {
    /// Blacklists `who` for `duration` from now on, clamped to the permitted range; never
    /// shortens an exclusion that lasts longer.
    fn blacklist_for_default(who: &AccountId, duration: Millis) -> DispatchResult;
}

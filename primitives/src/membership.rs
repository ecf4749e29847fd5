//! Who may do what.

use crate::{Millis, Moment};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use qedex_math::policy::Part;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::{ConstU32, bounded::BoundedVec};

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

/// The opaque id by which the registrar knows the legal person behind an account. Several accounts
/// of one owner count as one wherever persons are counted.
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

impl OwnerId {
    /// What stands for the owner of an account that has none on record: the account itself, by its
    /// first 32 bytes. Trades of a chain that counted accounts go on under it.
    pub fn of_account(account: &impl Encode) -> Self {
        let mut id = [0; 32];
        account.using_encoded(|bytes| {
            for (byte, part) in id.iter_mut().zip(bytes) {
                *byte = *part;
            }
        });
        Self(id)
    }
}

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
    /// Run a key service: register its sites and links, and enrol who draws keys there.
    ServeKeys,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 7] = [
        Self::Trade,
        Self::Sell,
        Self::InstallMeters,
        Self::Broker,
        Self::Validate,
        Self::Aggregate,
        Self::ServeKeys,
    ];
}

/// The shortest exclusion: one hour.
pub const MIN_EXCLUSION: Millis = 60 * 60 * 1_000;

/// The longest exclusion: 31 days.
pub const MAX_EXCLUSION: Millis = 31 * 24 * MIN_EXCLUSION;

/// Why an account was excluded, at most 64 bytes of UTF-8.
pub type ReasonText = BoundedVec<u8, ConstU32<64>>;

/// Why an account was excluded.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum ExclusionReason {
    /// It broke its promises in the market.
    Defaulted,
    /// The admin origin decided so, for the reason given.
    Decided(ReasonText),
}

/// Why an account does not have an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Lack {
    /// There is no such attribute, or not any more.
    UnknownAttribute,
    /// It has no credential of the attribute, or had it revoked.
    MissingCredential,
    /// Its credential has expired, whatever its version: only a new one helps.
    Expired {
        /// Since when, in milliseconds since the Unix epoch.
        since: Moment,
    },
    /// Its credential is of an outdated version: all credentials of the attribute were revoked
    /// after it was issued, and it was not among those re-issued.
    OutdatedVersion {
        /// The version of its credential.
        held: u32,
        /// The version that holds at present.
        present: u32,
    },
}

/// One reason for which an account does not pass.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Obstacle {
    /// The role requires no policy, so it is nobody's.
    RoleWithoutPolicy,
    /// There is no such policy, or not any more.
    UnknownPolicy,
    /// The account's owner is excluded from what it wants to do.
    Blacklisted {
        /// Why.
        reason: ExclusionReason,
        /// Until when, in milliseconds since the Unix epoch.
        until: Moment,
    },
    /// The account lacks an attribute, and the policy fails for want of it or of another such.
    Lacks {
        /// Which.
        attribute: AttributeId,
        /// Why.
        why: Lack,
    },
    /// Nobody stands behind the account: no owner of it is named.
    NoOwner,
    /// The account was shut for good.
    Shut,
}

/// What a policy says about an account, and why.
///
/// Bounded by the size of a policy: at most one part per node, and three obstacles more.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Explanation {
    /// Whether the account passes.
    pub passes: bool,
    /// The policy; none for a role that requires none.
    pub policy: Option<PolicyId>,
    /// Everything that stands in the way, each attribute once; empty if the account passes. With all
    /// of it out of the way it would pass; where a policy offers a choice, less may do.
    pub obstacles: Vec<Obstacle>,
    /// The policy's formula as it stands for the account, the whole first and then what it is made
    /// of, regardless of an exclusion; empty if there is no policy.
    pub parts: Vec<Part<AttributeId, Lack>>,
}

/// An account, and the owner behind it.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Person<AccountId> {
    /// The account.
    pub account: AccountId,
    /// The owner.
    pub owner: OwnerId,
}

/// An account of an owner.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct OwnedAccount<AccountId> {
    /// Which.
    pub account: AccountId,
    /// Whether it was shut for good: it may nothing, and counts still.
    pub shut: bool,
}

/// The naming of an account's owner that waits for those whom it concerns.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct PendingNaming<AccountId> {
    /// Whose owner is named.
    pub account: AccountId,
    /// Which owner.
    pub owner: OwnerId,
    /// From when on it is void, in milliseconds since the Unix epoch.
    pub expires: Moment,
    /// Whether the account has agreed.
    pub consented: bool,
    /// Whether an account already there has agreed.
    pub approved: bool,
    /// Whether it is void: it has expired, or who filed it is not the registrar any more.
    pub void: bool,
}

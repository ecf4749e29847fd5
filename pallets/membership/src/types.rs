//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use qedex_primitives::{Moment, OwnerId};
use scale_info::TypeInfo;

/// The name of an attribute, at most 32 bytes of UTF-8.
pub type ShortText = BoundedVec<u8, ConstU32<32>>;

/// The meaning of an attribute, at most 256 bytes of UTF-8.
pub type LongText = BoundedVec<u8, ConstU32<256>>;

/// Why an account was excluded, at most 64 bytes of UTF-8.
pub type ReasonText = BoundedVec<u8, ConstU32<64>>;

/// An attribute of the community's universe.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct AttributeInfo<AccountId> {
    /// Who issues credentials of it.
    pub issuer: AccountId,
    /// The version that a credential must carry to hold. Starts at 0 and only rises.
    pub version: u32,
    /// Its short name.
    pub name: ShortText,
    /// What it means.
    pub description: LongText,
}

/// That an account has an attribute.
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
pub struct Credential {
    /// The attribute's version at the time of issue.
    pub version: u32,
    /// From when on the credential does not hold any more.
    pub expires: Moment,
}

/// Who stands behind an account that has credentials on record.
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
pub struct Holder {
    /// The owner that all of the account's credentials name.
    pub owner: OwnerId,
    /// How many credentials the account has on record, holding or not. Never 0.
    pub credentials: u32,
}

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

/// An exclusion from everything that a policy guards.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Exclusion {
    /// Why.
    pub reason: ExclusionReason,
    /// From when on it does not count any more.
    pub until: Moment,
}

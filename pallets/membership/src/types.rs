//! What the pallet stores.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use qedex_math::policy::PolicyNode;
use qedex_primitives::{AttributeId, Balance, ExclusionReason, Moment, OwnerId};
use scale_info::TypeInfo;

/// The name of an attribute, at most 32 bytes of UTF-8.
pub type ShortText = BoundedVec<u8, ConstU32<32>>;

/// The meaning of an attribute, at most 256 bytes of UTF-8.
pub type LongText = BoundedVec<u8, ConstU32<256>>;

/// A policy as it is stored: its nodes in postfix order.
pub type PolicyOf<T> = BoundedVec<PolicyNode<AttributeId>, <T as Config>::MaxPolicyNodes>;

/// Credentials to issue at once: who gets one, when it expires, and who owns the account.
pub type CredentialBatch<T> = BoundedVec<
    (<T as frame_system::Config>::AccountId, Moment, OwnerId),
    <T as Config>::MaxIssueBatch,
>;

/// Accounts whose credentials are to be re-issued at once.
pub type AccountBatch<T> =
    BoundedVec<<T as frame_system::Config>::AccountId, <T as Config>::MaxIssueBatch>;

/// An attribute of the community's universe.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct AttributeInfo<AccountId> {
    /// Who issues credentials of it.
    pub issuer: AccountId,
    /// The version that a credential must carry to hold. Starts at 0 and only rises.
    pub version: u32,
    /// How many credentials of it are on record, holding or not.
    pub credentials: u32,
    /// Its short name.
    pub name: ShortText,
    /// What it means.
    pub description: LongText,
}

/// What is held of an account for the storage that it causes.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Bond<AccountId> {
    /// Of whom. It goes back to this account.
    pub payer: AccountId,
    /// How much, in plancks.
    pub amount: Balance,
}

/// That an account has an attribute.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Credential<AccountId> {
    /// The attribute's version at the time of the latest issue or re-issue.
    pub version: u32,
    /// From when on the credential does not hold any more.
    pub expires: Moment,
    /// What is held for it; nothing for a credential of genesis.
    pub bond: Option<Bond<AccountId>>,
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

/// Why a credential was not re-issued.
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
pub enum ReissueError {
    /// The account has no credential of the attribute on record: it never had one, or had it
    /// revoked.
    NoSuchCredential,
    /// The credential has expired. Only a new one helps.
    Expired,
    /// The credential is of the present version already.
    NotOutdated,
    /// The issuer cannot pay the bond that passes to it from another payer.
    CannotPayBond,
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

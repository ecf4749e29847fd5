//! What the pallet stores.

use crate::Config;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{BoundedVec, traits::ConstU32};
use qedex_math::{
    policy::PolicyNode,
    tenure::{Day, Tally},
};
use qedex_primitives::{AttributeId, Balance, Millis, Moment, OwnerId, ReasonText};
use scale_info::TypeInfo;

/// The name of an attribute, at most 32 bytes of UTF-8.
pub type ShortText = BoundedVec<u8, ConstU32<32>>;

/// The meaning of an attribute, at most 256 bytes of UTF-8.
pub type LongText = BoundedVec<u8, ConstU32<256>>;

/// A policy as it is stored: its nodes in postfix order.
pub type PolicyOf<T> = BoundedVec<PolicyNode<AttributeId>, <T as Config>::MaxPolicyNodes>;

/// Credentials to issue at once: who gets one, and when it expires.
pub type CredentialBatch<T> =
    BoundedVec<(<T as frame_system::Config>::AccountId, Moment), <T as Config>::MaxIssueBatch>;

/// The accounts of an owner.
pub type AccountsOfOwner<T> =
    BoundedVec<<T as frame_system::Config>::AccountId, <T as Config>::MaxAccountsPerOwner>;

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
    /// For how long a credential of it is issued at most, in milliseconds.
    pub term: Millis,
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

/// How it stands with an account that has an owner.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum AccountState<AccountId> {
    /// It may do what its credentials let it.
    Open,
    /// The same, but this registrar has proposed to shut it.
    ShuttingProposed(AccountId),
    /// It has no role and speaks for nobody any more.
    Shut,
}

/// Who stands behind an account, for good.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Owned<AccountId> {
    /// The owner.
    pub owner: OwnerId,
    /// How it stands with the account.
    pub state: AccountState<AccountId>,
    /// What is held for the record of the registrar who named the owner; nothing for one of
    /// genesis.
    pub bond: Option<Bond<AccountId>>,
}

/// Who has agreed that an account joins an owner's others.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Approver<AccountId> {
    /// This account of the owner's. Its word counts for as long as it is not shut.
    Account(AccountId),
    /// The admin origin, where all of the owner's accounts were shut.
    Admin,
}

/// The naming of an owner that waits for those whom it concerns.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Naming<AccountId> {
    /// The owner.
    pub owner: OwnerId,
    /// From when on it is void.
    pub expires: Moment,
    /// Whether the account has agreed to join the owner's others.
    pub consented: bool,
    /// Who has agreed for the owner's others.
    pub approved: Option<Approver<AccountId>>,
    /// What is held of the registrar who filed it.
    pub bond: Bond<AccountId>,
}

/// Who has asked for an attribute's credentials to be voided.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub enum Asker<AccountId> {
    /// This account, which issued them then.
    Issuer(AccountId),
    /// The admin origin.
    Admin,
}

/// A voiding that one half has asked for.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Voiding<AccountId> {
    /// Which half.
    pub by: Asker<AccountId>,
    /// The version that is to be voided.
    pub version: u32,
    /// From when on the request does not count any more.
    pub expires: Moment,
}

/// Since when an owner holds an attribute, counting its accounts as one.
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
pub struct Tenure {
    /// The version of the attribute that it holds, of all that its accounts have the latest.
    pub version: u32,
    /// How many of its accounts have a credential of that version on record. Never 0.
    pub accounts: u32,
    /// From which day on it is established.
    pub established_on: Day,
    /// The latest day on which a credential of it was ended before its time.
    pub ended_on: Option<Day>,
}

/// How many owners have had an attribute's credentials ended before their time.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Endings {
    /// On this day.
    pub day: Day,
    /// So many.
    pub owners: u32,
    /// So many were permitted that day, by how many were established when it began.
    pub most: u32,
}

/// What the admin origin lets an issuer end beyond the day's allowance.
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
pub struct Leave {
    /// How many owners more.
    pub owners: u32,
    /// From when on it does not count any more.
    pub expires: Moment,
}

/// What is counted of an attribute's holders.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct HolderCount {
    /// The owners with a credential of the present version on record.
    pub tally: Tally,
    /// Who of them lost one before its time by the issuer, on the latest day on which anybody did.
    pub endings: Endings,
    /// The same by the admin origin.
    pub admin_endings: Endings,
    /// What the issuer may end beyond that.
    pub leave: Option<Leave>,
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

/// A decision to exclude an owner from everything that a policy guards.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Decision {
    /// Why.
    pub reason: ReasonText,
    /// From when on it does not count any more.
    pub until: Moment,
}

/// What an owner is excluded from. Never empty.
#[derive(
    Clone,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Exclusion {
    /// From trading and selling, until then, for its defaults.
    pub defaulted_until: Option<Moment>,
    /// From everything that a policy guards.
    pub decided: Option<Decision>,
}

//! Who may do what: what this program reads, asks and changes about it.

mod acts;
mod universe;
mod views;

pub use acts::*;
pub use qedex_math::policy::Part;
pub use qedex_primitives::Role;
pub use universe::Universe;
pub use views::*;

use super::api;
use crate::{
    error::Error,
    market::{Account, Plancks},
};
use qedex_primitives::{AttributeId, Lack, OwnerId};
use serde::Serialize;

use crate::text::{account_text, owner_text};
/// An attribute.
#[derive(Clone, Debug, Serialize)]
pub struct Attribute {
    /// Its number.
    pub attribute: u32,
    /// Its short name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Who issues credentials of it.
    pub issuer: String,
    /// The version that holds.
    pub version: u32,
    /// How many credentials are on record.
    pub credentials: u32,
    /// For how long they are issued at most, in milliseconds.
    pub term: u64,
    /// Of how many more owners one may be ended before its time today.
    pub endings_left: u32,
    /// Who asks to void it, the issuer or the council, if one of them does.
    pub voiding_asked_by: Option<String>,
}

/// An account of an owner.
#[derive(Clone, Debug, Serialize)]
pub struct OwnedAccount {
    /// Which.
    #[serde(serialize_with = "serialize_account")]
    pub account: Account,
    /// Whether it was shut for good.
    pub shut: bool,
    /// Whether the registrar proposes to shut it.
    pub shutting_proposed: bool,
}

/// The naming of an account's owner that waits for those whom it concerns.
#[derive(Clone, Debug, Serialize)]
pub struct PendingNaming {
    /// The account.
    #[serde(serialize_with = "serialize_account")]
    pub account: Account,
    /// The owner.
    #[serde(serialize_with = "serialize_owner")]
    pub owner: OwnerId,
    /// From when on it is void, in milliseconds since the Unix epoch.
    pub expires: u64,
    /// Whether the account has consented.
    pub consented: bool,
    /// Whether an account already there has approved.
    pub approved: bool,
    /// Whether it is void.
    pub void: bool,
}

/// A credential on record.
#[derive(Clone, Debug, Serialize)]
pub struct Credential {
    /// Who holds it.
    #[serde(serialize_with = "serialize_account")]
    pub account: Account,
    /// Of which attribute.
    pub attribute: u32,
    /// Its version.
    pub version: u32,
    /// When it expires, in milliseconds since the Unix epoch.
    pub expires: u64,
    /// Whether it is of the present version and has not expired.
    pub holds: bool,
    /// What is held for it, in plancks.
    #[serde(with = "crate::amounts::as_plancks_string")]
    pub bond: Plancks,
    /// The owner behind the account: 32 bytes in hexadecimal.
    pub owner: Option<String>,
}

fn serialize_owner<S: serde::Serializer>(owner: &OwnerId, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&owner_text(*owner))
}

fn serialize_account<S: serde::Serializer>(account: &Account, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&account_text(*account))
}

/// An exclusion: for defaults from trading and selling, by a decision from everything.
#[derive(Clone, Debug, Serialize)]
pub struct Exclusion {
    /// Of which owner: 32 bytes in hexadecimal.
    pub owner: String,
    /// The owner's accounts.
    pub accounts: Vec<String>,
    /// Why.
    pub reason: String,
    /// Until when, in milliseconds since the Unix epoch.
    pub until: u64,
    /// Whether it has not ended.
    pub in_force: bool,
}

/// What a role is called.
pub const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Trade => "trade",
        Role::Sell => "sell",
        Role::InstallMeters => "install-meters",
        Role::Broker => "broker",
        Role::Validate => "validate",
        Role::Aggregate => "aggregate",
        Role::ServeKeys => "serve-keys",
    }
}

/// Why an account does not pass, or lacks an attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Obstacle {
    /// The role requires no policy.
    RoleWithoutPolicy,
    /// There is no such policy.
    UnknownPolicy,
    /// The account's owner is excluded.
    Blacklisted {
        /// Why.
        reason: String,
        /// Until when.
        until: u64,
    },
    /// No owner of the account is named.
    NoOwner,
    /// The account was shut for good.
    Shut,
    /// There is no such attribute.
    UnknownAttribute {
        /// Which.
        attribute: u32,
    },
    /// It has no credential of the attribute.
    MissingCredential {
        /// Which.
        attribute: u32,
    },
    /// Its credential has expired.
    Expired {
        /// Of which attribute.
        attribute: u32,
        /// Since when.
        since: u64,
    },
    /// Its credential is of a version that was revoked.
    OutdatedVersion {
        /// Of which attribute.
        attribute: u32,
        /// The version held.
        held: u32,
        /// The version that holds at present.
        present: u32,
    },
}

impl Obstacle {
    fn of(in_the_way: qedex_primitives::Obstacle) -> Self {
        use qedex_primitives::{Lack, Obstacle as InTheWay};
        let (attribute, why) = match in_the_way {
            InTheWay::RoleWithoutPolicy => return Self::RoleWithoutPolicy,
            InTheWay::UnknownPolicy => return Self::UnknownPolicy,
            InTheWay::NoOwner => return Self::NoOwner,
            InTheWay::Shut => return Self::Shut,
            InTheWay::Blacklisted { reason, until } => {
                return Self::Blacklisted { reason: reason_text(&reason), until };
            }
            InTheWay::Lacks { attribute, why } => (attribute.0, why),
        };
        match why {
            Lack::UnknownAttribute => Self::UnknownAttribute { attribute },
            Lack::MissingCredential => Self::MissingCredential { attribute },
            Lack::Expired { since } => Self::Expired { attribute, since },
            Lack::OutdatedVersion { held, present } => {
                Self::OutdatedVersion { attribute, held, present }
            }
        }
    }
}

/// What a policy says about an account.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Whether the account passes.
    pub passes: bool,
    /// The policy.
    pub policy: Option<u32>,
    /// What stands in the way.
    pub obstacles: Vec<Obstacle>,
    /// The policy part by part, the whole first.
    pub parts: Vec<Part<AttributeId, Lack>>,
}

/// What a transaction did to memberships.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// An attribute got this number.
    AttributeRegistered(u32),
    /// An attribute has this version.
    AttributeRevoked(u32),
    /// Somebody asks to void an attribute; that counts until then.
    VoidingAsked(u64),
    /// This account has this owner.
    OwnerNamed(Account, OwnerId),
    /// A policy got this number, for a bond.
    PolicyCreated(u32, Plancks),
    /// An account's credential was re-issued or, for a reason, not.
    Reissue(Account, Option<String>),
}

/// Reads what an event says of memberships.
pub(super) fn change(event: &super::events::Event<'_>) -> Result<Option<Change>, Error> {
    use super::events::decode;
    use api::membership::events::{
        AttributeRegistered, AttributeRevoked, CredentialReissued, OwnerNamed, PolicyCreated,
        ReissueRefused, VoidingAsked,
    };
    if let Some(made) = decode::<AttributeRegistered>(event)? {
        return Ok(Some(Change::AttributeRegistered(made.attribute.0.0)));
    }
    if let Some(bumped) = decode::<AttributeRevoked>(event)? {
        return Ok(Some(Change::AttributeRevoked(bumped.version)));
    }
    if let Some(asked) = decode::<VoidingAsked>(event)? {
        return Ok(Some(Change::VoidingAsked(asked.expires)));
    }
    if let Some(named) = decode::<OwnerNamed>(event)? {
        return Ok(Some(Change::OwnerNamed(named.account.0, named.owner.0)));
    }
    if let Some(made) = decode::<PolicyCreated>(event)? {
        let bond = made.bond.map_or(0, |bond| bond.amount);
        return Ok(Some(Change::PolicyCreated(made.policy.0.0, bond)));
    }
    if let Some(done) = decode::<CredentialReissued>(event)? {
        return Ok(Some(Change::Reissue(done.who.0, None)));
    }
    let refused = decode::<ReissueRefused>(event)?;
    Ok(refused.map(|refused| {
        let why = format!("{:?}", refused.error);
        Change::Reissue(refused.who.0, Some(why))
    }))
}

//! Who may do what: what this program reads, asks and changes about it.

mod acts;
mod views;

pub use acts::*;
pub use qedex_math::policy::Part;
pub use qedex_primitives::Role;
pub use views::*;

use super::api;
use crate::{
    error::Error,
    market::{Account, Plancks},
};
use qedex_primitives::{AttributeId, Lack};
use serde::Serialize;

use crate::text::account_text;
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
    /// The owner that all of the account's credentials name: 32 bytes in hexadecimal.
    pub owner: Option<String>,
}

fn serialize_account<S: serde::Serializer>(account: &Account, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&account_text(*account))
}

/// An exclusion.
#[derive(Clone, Debug, Serialize)]
pub struct Exclusion {
    /// Whose.
    pub account: String,
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
    /// The account is excluded.
    Blacklisted {
        /// Why.
        reason: String,
        /// Until when.
        until: u64,
    },
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
    /// A policy got this number, for a bond.
    PolicyCreated(u32, Plancks),
    /// An account's credential was re-issued or, for a reason, not.
    Reissue(Account, Option<String>),
}

/// Reads what an event says of memberships.
pub(super) fn change(event: &super::events::Event<'_>) -> Result<Option<Change>, Error> {
    use super::events::decode;
    use api::membership::events::{
        AttributeRegistered, AttributeRevoked, CredentialReissued, PolicyCreated, ReissueRefused,
    };
    if let Some(made) = decode::<AttributeRegistered>(event)? {
        return Ok(Some(Change::AttributeRegistered(made.attribute.0.0)));
    }
    if let Some(bumped) = decode::<AttributeRevoked>(event)? {
        return Ok(Some(Change::AttributeRevoked(bumped.version)));
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

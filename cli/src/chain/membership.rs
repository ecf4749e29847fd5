//! Who may do what: what this program reads, asks and changes about it.

use super::{
    At,
    api::{self, runtime_types as types},
    block::Transaction,
    calls::{Inner, NewCredential},
    session::Session,
};
use crate::{
    chain::{block::Block, keys::Keypair},
    error::Error,
    market::{Account, Plancks},
};
use qedex_math::policy::PolicyNode;
use serde::Serialize;
use subxt::{tx::Payload, utils::AccountId32};
use types::{
    bounded_collections::bounded_vec::BoundedVec,
    pallet_membership::pallet::Call,
    qedex_primitives::membership::{
        AttributeId, ExclusionReason, Explanation as ChainExplanation, Lack, Obstacle as InTheWay,
        OwnerId, PolicyId, Role as ChainRole,
    },
};

/// An account as people read and write it.
pub fn account_text(account: Account) -> String {
    AccountId32(account).to_string()
}

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
    pub bond: Plancks,
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

/// A role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
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
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] = [
        Self::Trade,
        Self::Sell,
        Self::InstallMeters,
        Self::Broker,
        Self::Validate,
    ];

    const fn on_chain(self) -> ChainRole {
        match self {
            Self::Trade => ChainRole::Trade,
            Self::Sell => ChainRole::Sell,
            Self::InstallMeters => ChainRole::InstallMeters,
            Self::Broker => ChainRole::Broker,
            Self::Validate => ChainRole::Validate,
        }
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

/// A part of a policy as it stands for an account.
#[derive(Clone, Debug)]
pub struct Part {
    /// Within how many others it lies.
    pub depth: u32,
    /// What it asks for.
    pub node: PolicyNode<u32>,
    /// Whether it holds.
    pub holds: bool,
    /// Whether the whole fails for want of it.
    pub blocks: bool,
    /// How many parts of a threshold hold.
    pub met: u32,
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
    pub parts: Vec<Part>,
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
pub(super) fn change(event: &super::block::Event<'_>) -> Result<Option<Change>, Error> {
    use super::block::decode;
    use api::membership::events::{
        AttributeRegistered, AttributeRevoked, CredentialReissued, PolicyCreated, ReissueRefused,
    };
    if let Some(made) = decode::<AttributeRegistered>(event)? {
        return Ok(Some(Change::AttributeRegistered(made.attribute.0)));
    }
    if let Some(bumped) = decode::<AttributeRevoked>(event)? {
        return Ok(Some(Change::AttributeRevoked(bumped.version)));
    }
    if let Some(made) = decode::<PolicyCreated>(event)? {
        let bond = made.bond.map_or(0, |bond| bond.amount);
        return Ok(Some(Change::PolicyCreated(made.policy.0, bond)));
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

/// A call as a transaction of its own, and as the content of another one.
pub struct Act<P> {
    direct: P,
    inner: Inner,
}

macro_rules! act {
    ($call:ident { $($field:ident: $value:expr),* $(,)? }) => {
        Act {
            direct: api::tx().membership().$call($($value),*),
            inner: Inner::Membership(Call::$call { $($field: $value),* }),
        }
    };
}

fn chain_node(node: PolicyNode<u32>) -> types::qedex_math::policy::PolicyNode<AttributeId> {
    use types::qedex_math::policy::PolicyNode as ChainNode;
    match node {
        PolicyNode::Attribute(attribute) => ChainNode::Attribute(AttributeId(attribute)),
        PolicyNode::AtLeast { k, of } => ChainNode::AtLeast { k, of },
    }
}

fn own_node(node: types::qedex_math::policy::PolicyNode<AttributeId>) -> PolicyNode<u32> {
    use types::qedex_math::policy::PolicyNode as ChainNode;
    match node {
        ChainNode::Attribute(attribute) => PolicyNode::Attribute(attribute.0),
        ChainNode::AtLeast { k, of } => PolicyNode::AtLeast { k, of },
    }
}

fn text(text: &str) -> BoundedVec<u8> {
    BoundedVec(text.as_bytes().to_vec())
}

fn id(account: Account) -> AccountId32 {
    AccountId32(account)
}

fn ids(accounts: &[Account]) -> BoundedVec<AccountId32> {
    BoundedVec(accounts.iter().copied().map(AccountId32).collect())
}

fn new_credentials(all: &[NewCredential]) -> BoundedVec<(AccountId32, u64, OwnerId)> {
    let new = |(who, expires, owner): &NewCredential| (id(*who), *expires, OwnerId(*owner));
    BoundedVec(all.iter().map(new).collect())
}

fn chain_nodes(
    nodes: &[PolicyNode<u32>],
) -> BoundedVec<types::qedex_math::policy::PolicyNode<AttributeId>> {
    BoundedVec(nodes.iter().copied().map(chain_node).collect())
}

/// Registers an attribute.
pub fn register_attribute(
    name: &str,
    description: &str,
    issuer: Account,
) -> Act<impl Payload + use<>> {
    act!(register_attribute {
        name: text(name),
        description: text(description),
        issuer: id(issuer),
    })
}

/// Replaces an attribute's issuer.
pub fn set_issuer(attribute: u32, issuer: Account) -> Act<impl Payload> {
    act!(set_issuer {
        attribute: AttributeId(attribute),
        issuer: id(issuer)
    })
}

/// Removes an attribute.
pub fn remove_attribute(attribute: u32) -> Act<impl Payload> {
    act!(remove_attribute {
        attribute: AttributeId(attribute)
    })
}

/// Voids all credentials of an attribute.
pub fn bump_version(attribute: u32) -> Act<impl Payload> {
    act!(bump_version {
        attribute: AttributeId(attribute)
    })
}

/// Issues credentials.
pub fn issue_batch(attribute: u32, all: &[NewCredential]) -> Act<impl Payload + use<>> {
    act!(issue_batch {
        attribute: AttributeId(attribute),
        credentials: new_credentials(all),
    })
}

/// Lifts credentials to the present version.
pub fn reissue(attribute: u32, accounts: &[Account]) -> Act<impl Payload + use<>> {
    act!(reissue {
        attribute: AttributeId(attribute),
        accounts: ids(accounts)
    })
}

/// Revokes a credential.
pub fn revoke(who: Account, attribute: u32) -> Act<impl Payload> {
    act!(revoke {
        who: id(who),
        attribute: AttributeId(attribute)
    })
}

/// Removes a credential that lapsed long ago.
pub fn remove_lapsed(who: Account, attribute: u32) -> Act<impl Payload> {
    act!(remove_lapsed {
        who: id(who),
        attribute: AttributeId(attribute)
    })
}

/// Creates a policy.
pub fn create_policy(nodes: &[PolicyNode<u32>]) -> Act<impl Payload + use<>> {
    act!(create_policy {
        nodes: chain_nodes(nodes)
    })
}

/// Removes a policy.
pub fn remove_policy(policy: u32) -> Act<impl Payload> {
    act!(remove_policy {
        policy: PolicyId(policy)
    })
}

/// Makes a role require a policy.
pub fn set_role(role: Role, policy: u32) -> Act<impl Payload> {
    act!(set_role {
        role: role.on_chain(),
        policy: PolicyId(policy)
    })
}

/// Excludes an account.
pub fn blacklist(who: Account, reason: &str, duration: u64) -> Act<impl Payload + use<>> {
    act!(blacklist {
        who: id(who),
        reason: text(reason),
        duration: duration
    })
}

/// Takes an account off the blacklist.
pub fn lift_exclusion(who: Account) -> Act<impl Payload> {
    act!(lift_exclusion { who: id(who) })
}

impl Session {
    /// Signs, sends and awaits an act as [`Session::call`] does; as Root's, by the holder of the
    /// sudo key, if `sudo`.
    pub async fn act(
        &mut self,
        what: &str,
        act: Act<impl Payload>,
        key: &Keypair,
        sudo: bool,
    ) -> Result<(Block, Transaction), Error> {
        if !sudo {
            return self.call(what, &act.direct, key).await;
        }
        let call = api::tx().sudo().sudo(act.inner);
        let (block, included) = self.call(what, &call, key).await?;
        match included.refusals.first() {
            None => Ok((block, included)),
            Some(refusal) => Err(Error::Refused {
                what: what.to_owned(),
                refusal: refusal.clone(),
            }),
        }
    }
}

fn utf8(bytes: BoundedVec<u8>) -> String {
    String::from_utf8_lossy(&bytes.0).into_owned()
}

/// All attributes by number.
pub async fn attributes(at: &At) -> Result<Vec<Attribute>, Error> {
    let mut all = Vec::new();
    let mut entries = at
        .storage()
        .iter(api::storage().membership().attributes(), ())
        .await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let (number,) = entry.key()?.decode()?;
        let info = entry.value().decode()?;
        all.push(Attribute {
            attribute: number.0,
            name: utf8(info.name),
            description: utf8(info.description),
            issuer: info.issuer.to_string(),
            version: info.version,
            credentials: info.credentials,
        });
    }
    all.sort_by_key(|attribute| attribute.attribute);
    Ok(all)
}

/// The credentials on record at `now`, of `who` or of everybody, by account and attribute.
pub async fn credentials(
    at: &At,
    attributes: &[Attribute],
    who: Option<Account>,
    now: u64,
) -> Result<Vec<Credential>, Error> {
    let address = || api::storage().membership().credentials();
    let mut entries = match who {
        Some(who) => at.storage().iter(address(), (id(who),)).await?,
        None => at.storage().iter(address(), ()).await?,
    };
    let mut all = Vec::new();
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let (account, attribute) = entry.key()?.decode()?;
        let credential = entry.value().decode()?;
        let info = attributes.iter().find(|info| info.attribute == attribute.0);
        let current = info.is_some_and(|info| info.version == credential.version);
        all.push(Credential {
            account: account.0,
            attribute: attribute.0,
            version: credential.version,
            expires: credential.expires,
            holds: current && now < credential.expires,
            bond: credential.bond.map_or(0, |bond| bond.amount),
        });
    }
    all.sort_by_key(|credential| (credential.account, credential.attribute));
    Ok(all)
}

/// All policies by number, with what is held for each.
pub async fn policies(at: &At) -> Result<Vec<(u32, Vec<PolicyNode<u32>>, Plancks)>, Error> {
    let mut all = Vec::new();
    let storage = at.storage();
    let mut entries = storage
        .iter(api::storage().membership().policies(), ())
        .await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let (policy,) = entry.key()?.decode()?;
        let number = policy.0;
        let nodes = entry
            .value()
            .decode()?
            .0
            .into_iter()
            .map(own_node)
            .collect();
        let bond = storage
            .try_fetch(api::storage().membership().policy_bonds(), (policy,))
            .await?
            .map(|bond| bond.decode())
            .transpose()?
            .map_or(0, |bond| bond.amount);
        all.push((number, nodes, bond));
    }
    all.sort_by_key(|(number, ..)| *number);
    Ok(all)
}

/// The policy that a role requires.
pub async fn policy_of(at: &At, role: Role) -> Result<Option<u32>, Error> {
    let policy = at
        .storage()
        .try_fetch(api::storage().membership().roles(), (role.on_chain(),))
        .await?;
    Ok(policy
        .map(|policy| policy.decode())
        .transpose()?
        .map(|policy| policy.0))
}

fn reason_text(reason: ExclusionReason) -> String {
    match reason {
        ExclusionReason::Defaulted => "defaulted on its trades".to_owned(),
        ExclusionReason::Decided(reason) => utf8(reason),
    }
}

/// The blacklist, in the order of ends; those that have ended at `now` are in it until cleared.
pub async fn exclusions(at: &At, now: u64) -> Result<Vec<Exclusion>, Error> {
    let mut all = Vec::new();
    let mut entries = at
        .storage()
        .iter(api::storage().membership().blacklist(), ())
        .await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let (account,) = entry.key()?.decode()?;
        let exclusion = entry.value().decode()?;
        all.push(Exclusion {
            account: account.to_string(),
            reason: reason_text(exclusion.reason),
            until: exclusion.until,
            in_force: now < exclusion.until,
        });
    }
    all.sort_by_key(|exclusion| exclusion.until);
    Ok(all)
}

fn obstacle(in_the_way: InTheWay) -> Obstacle {
    let (attribute, why) = match in_the_way {
        InTheWay::RoleWithoutPolicy => return Obstacle::RoleWithoutPolicy,
        InTheWay::UnknownPolicy => return Obstacle::UnknownPolicy,
        InTheWay::Blacklisted { reason, until } => {
            let reason = reason_text(reason);
            return Obstacle::Blacklisted { reason, until };
        }
        InTheWay::Lacks { attribute, why } => (attribute.0, why),
    };
    match why {
        Lack::UnknownAttribute => Obstacle::UnknownAttribute { attribute },
        Lack::MissingCredential => Obstacle::MissingCredential { attribute },
        Lack::Expired { since } => Obstacle::Expired { attribute, since },
        Lack::OutdatedVersion { held, present } => Obstacle::OutdatedVersion {
            attribute,
            held,
            present,
        },
    }
}

fn explanation(told: ChainExplanation) -> Explanation {
    Explanation {
        passes: told.passes,
        policy: told.policy.map(|policy| policy.0),
        obstacles: told.obstacles.into_iter().map(obstacle).collect(),
        parts: told
            .parts
            .into_iter()
            .map(|part| Part {
                depth: part.depth,
                node: own_node(part.node),
                holds: part.holds,
                blocks: part.blocks,
                met: part.met,
            })
            .collect(),
    }
}

/// What a policy says about an account.
pub async fn explain_policy(at: &At, who: Account, policy: u32) -> Result<Explanation, Error> {
    let ask = api::runtime_apis()
        .membership_api()
        .explain_policy(id(who), PolicyId(policy));
    Ok(explanation(at.runtime_apis().call(ask).await?))
}

/// What the policy of a role says about an account.
pub async fn explain_role(at: &At, who: Account, role: Role) -> Result<Explanation, Error> {
    let ask = api::runtime_apis()
        .membership_api()
        .explain_role(id(who), role.on_chain());
    Ok(explanation(at.runtime_apis().call(ask).await?))
}

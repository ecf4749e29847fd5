//! What is read from the chain's storage and asked of its runtime.

use super::{
    super::{
        At,
        api::{self, runtime_types as types},
    },
    Attribute, Credential, Exclusion, Explanation, Obstacle, Part, Role,
};
use crate::{
    error::Error,
    market::{Account, Plancks},
};
use qedex_math::policy::PolicyNode;
use std::collections::BTreeMap;
use subxt::utils::AccountId32;
use types::{
    bounded_collections::bounded_vec::BoundedVec,
    qedex_primitives::membership::{
        AttributeId, ExclusionReason, Explanation as ChainExplanation, Lack, Obstacle as InTheWay,
        PolicyId,
    },
};

fn id(account: Account) -> AccountId32 {
    AccountId32(account)
}

fn own_node(node: types::qedex_math::policy::PolicyNode<AttributeId>) -> PolicyNode<u32> {
    use types::qedex_math::policy::PolicyNode as ChainNode;
    match node {
        ChainNode::Attribute(attribute) => PolicyNode::Attribute(attribute.0),
        ChainNode::AtLeast { k, of } => PolicyNode::AtLeast { k, of },
    }
}

use crate::text::owner_text;
fn utf8(bytes: BoundedVec<u8>) -> String {
    String::from_utf8_lossy(&bytes.0).into_owned()
}

/// All attributes by number.
pub async fn attributes(at: &At) -> Result<Vec<Attribute>, Error> {
    let mut all = Vec::new();
    let mut entries = at.storage().iter(api::storage().membership().attributes(), ()).await?;
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
    let owners = owners(at, who).await?;
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
            owner: owners.get(&account.0).cloned(),
        });
    }
    all.sort_by_key(|credential| (credential.account, credential.attribute));
    Ok(all)
}

/// The owner behind `who`: 32 bytes in hexadecimal; none without a credential on record.
pub async fn owner(at: &At, who: Account) -> Result<Option<String>, Error> {
    let holder = at.storage().try_fetch(api::storage().membership().holders(), (id(who),)).await?;
    let holder = holder.map(|holder| holder.decode()).transpose()?;
    Ok(holder.map(|holder| owner_text(&holder.owner)))
}

/// The owners behind `who` or everybody who has a credential on record.
async fn owners(at: &At, who: Option<Account>) -> Result<BTreeMap<Account, String>, Error> {
    if let Some(who) = who {
        let owner = owner(at, who).await?;
        return Ok(owner.map(|owner| (who, owner)).into_iter().collect());
    }
    let mut all = BTreeMap::new();
    let mut entries = at.storage().iter(api::storage().membership().holders(), ()).await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let (account,) = entry.key()?.decode()?;
        all.insert(account.0, owner_text(&entry.value().decode()?.owner));
    }
    Ok(all)
}

/// All policies by number, with what is held for each.
pub async fn policies(at: &At) -> Result<Vec<(u32, Vec<PolicyNode<u32>>, Plancks)>, Error> {
    let mut all = Vec::new();
    let storage = at.storage();
    let mut entries = storage.iter(api::storage().membership().policies(), ()).await?;
    while let Some(entry) = entries.next().await {
        let entry = entry?;
        let (policy,) = entry.key()?.decode()?;
        let number = policy.0;
        let nodes = entry.value().decode()?.0.into_iter().map(own_node).collect();
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
    let policy =
        at.storage().try_fetch(api::storage().membership().roles(), (role.on_chain(),)).await?;
    Ok(policy.map(|policy| policy.decode()).transpose()?.map(|policy| policy.0))
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
    let mut entries = at.storage().iter(api::storage().membership().blacklist(), ()).await?;
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
        Lack::OutdatedVersion { held, present } => {
            Obstacle::OutdatedVersion { attribute, held, present }
        }
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
    let ask = api::runtime_apis().membership_api().explain_policy(id(who), PolicyId(policy));
    Ok(explanation(at.runtime_apis().call(ask).await?))
}

/// What the policy of a role says about an account.
pub async fn explain_role(at: &At, who: Account, role: Role) -> Result<Explanation, Error> {
    let ask = api::runtime_apis().membership_api().explain_role(id(who), role.on_chain());
    Ok(explanation(at.runtime_apis().call(ask).await?))
}

//! What is read from the chain's storage and asked of its runtime.

use super::{
    super::{
        At, api,
        reads::{ask, entries, fetch},
        text::owner_text,
    },
    Attribute, Credential, Exclusion, Explanation, Obstacle, Role,
};
use crate::{
    error::Error,
    market::{Account, Plancks},
};
use qedex_math::policy::PolicyNode;
use qedex_primitives::{ExclusionReason, PolicyId};
use std::collections::BTreeMap;
use subxt::utils::{AccountId32, Static};

fn id(account: Account) -> AccountId32 {
    AccountId32(account)
}

fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All attributes by number.
pub async fn attributes(at: &At) -> Result<Vec<Attribute>, Error> {
    let all = entries(at, api::storage().membership().attributes(), ()).await?;
    let mut all: Vec<_> = all
        .into_iter()
        .map(|((number,), info)| Attribute {
            attribute: number.0.0,
            name: utf8(&info.name.0),
            description: utf8(&info.description.0),
            issuer: info.issuer.to_string(),
            version: info.version,
            credentials: info.credentials,
        })
        .collect();
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
    let on_record = match who {
        Some(who) => entries(at, address(), (id(who),)).await?,
        None => entries(at, address(), ()).await?,
    };
    let owners = owners(at, who).await?;
    let mut all = Vec::new();
    for ((account, Static(attribute)), credential) in on_record {
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
    let holder = fetch(at, api::storage().membership().holders(), (id(who),)).await?;
    Ok(holder.map(|holder| owner_text(holder.owner.0)))
}

/// The owners behind `who` or everybody who has a credential on record.
async fn owners(at: &At, who: Option<Account>) -> Result<BTreeMap<Account, String>, Error> {
    if let Some(who) = who {
        let owner = owner(at, who).await?;
        return Ok(owner.map(|owner| (who, owner)).into_iter().collect());
    }
    let all = entries(at, api::storage().membership().holders(), ()).await?;
    Ok(all.into_iter().map(|((who,), holder)| (who.0, owner_text(holder.owner.0))).collect())
}

/// All policies by number, with what is held for each.
pub async fn policies(at: &At) -> Result<Vec<(u32, Vec<PolicyNode<u32>>, Plancks)>, Error> {
    let mut all = Vec::new();
    for ((policy,), nodes) in entries(at, api::storage().membership().policies(), ()).await? {
        let number = policy.0.0;
        let bond = fetch(at, api::storage().membership().policy_bonds(), (policy,)).await?;
        let nodes = nodes.0.into_iter().map(|node| node.0).collect();
        all.push((number, nodes, bond.map_or(0, |bond| bond.amount)));
    }
    all.sort_by_key(|(number, ..)| *number);
    Ok(all)
}

/// The policy that a role requires.
pub async fn policy_of(at: &At, role: Role) -> Result<Option<u32>, Error> {
    let policy = fetch(at, api::storage().membership().roles(), (Static(role),)).await?;
    Ok(policy.map(|policy| policy.0.0))
}

/// Why an account is excluded, for people.
pub(super) fn reason_text(reason: &ExclusionReason) -> String {
    match reason {
        ExclusionReason::Defaulted => "defaulted on its trades".to_owned(),
        ExclusionReason::Decided(reason) => utf8(reason),
    }
}

/// The blacklist, in the order of ends; those that have ended at `now` are in it until cleared.
pub async fn exclusions(at: &At, now: u64) -> Result<Vec<Exclusion>, Error> {
    let all = entries(at, api::storage().membership().blacklist(), ()).await?;
    let mut all: Vec<_> = all
        .into_iter()
        .map(|((account,), exclusion)| Exclusion {
            account: account.to_string(),
            reason: reason_text(&exclusion.reason.0),
            until: exclusion.until,
            in_force: now < exclusion.until,
        })
        .collect();
    all.sort_by_key(|exclusion| exclusion.until);
    Ok(all)
}

fn explanation(Static(told): Static<qedex_primitives::Explanation>) -> Explanation {
    Explanation {
        passes: told.passes,
        policy: told.policy.map(|policy| policy.0),
        obstacles: told.obstacles.into_iter().map(Obstacle::of).collect(),
        parts: told.parts,
    }
}

/// What a policy says about an account.
pub async fn explain_policy(at: &At, who: Account, policy: u32) -> Result<Explanation, Error> {
    let policy = Static(PolicyId(policy));
    let question = api::runtime_apis().membership_api().explain_policy(id(who), policy);
    Ok(explanation(ask(at, question).await?))
}

/// What the policy of a role says about an account.
pub async fn explain_role(at: &At, who: Account, role: Role) -> Result<Explanation, Error> {
    let question = api::runtime_apis().membership_api().explain_role(id(who), Static(role));
    Ok(explanation(ask(at, question).await?))
}

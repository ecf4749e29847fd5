//! What is read from the chain's storage and asked of its runtime.

use super::{
    super::{
        At,
        api::{
            self,
            runtime_types::{
                pallet_energy_membership::types::{AccountState, Asker},
                qedex_primitives::membership as types,
            },
        },
        reads::{ask, entries, fetch},
        text::{account_text, owner_text},
    },
    Attribute, Credential, Exclusion, Explanation, Obstacle, OwnedAccount, PendingNaming, Role,
};
use crate::{
    error::Error,
    market::{Account, Plancks},
};
use qedex_math::policy::PolicyNode;
use qedex_primitives::{ExclusionReason, OwnerId, PolicyId, ReasonText};
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
    let voidings = entries(at, api::storage().membership().voidings(), ()).await?;
    let mut all = Vec::new();
    for ((number,), info) in entries(at, api::storage().membership().attributes(), ()).await? {
        let left = api::runtime_apis().membership_api().endings_left(Static(number.0));
        let asked = voidings
            .iter()
            .find(|((asked,), voiding)| asked.0 == number.0 && voiding.version == info.version);
        all.push(Attribute {
            attribute: number.0.0,
            name: utf8(&info.name.0),
            description: utf8(&info.description.0),
            issuer: info.issuer.to_string(),
            version: info.version,
            credentials: info.credentials,
            term: info.term,
            endings_left: ask(at, left).await?,
            voiding_asked_by: asked.map(|(_, voiding)| match &voiding.by {
                Asker::Issuer(issuer) => issuer.to_string(),
                Asker::Admin => "the council".to_owned(),
            }),
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

/// The owner behind `who`, if one is named.
pub async fn owner(at: &At, who: Account) -> Result<Option<OwnerId>, Error> {
    let owned = fetch(at, api::storage().membership().owners(), (id(who),)).await?;
    Ok(owned.map(|owned| owned.owner.0))
}

/// The owners behind `who` or everybody who has one, as people read them.
async fn owners(at: &At, who: Option<Account>) -> Result<BTreeMap<Account, String>, Error> {
    if let Some(who) = who {
        let owner = owner(at, who).await?;
        return Ok(owner.map(|owner| (who, owner_text(owner))).into_iter().collect());
    }
    let all = entries(at, api::storage().membership().owners(), ()).await?;
    Ok(all.into_iter().map(|((who,), owned)| (who.0, owner_text(owned.owner.0))).collect())
}

/// The accounts of an owner, in the order in which they came.
pub async fn accounts_of(at: &At, owner: OwnerId) -> Result<Vec<OwnedAccount>, Error> {
    let question = api::runtime_apis().membership_api().accounts_of(Static(owner));
    let mut all = Vec::new();
    for told in ask(at, question).await? {
        let account = told.account.0;
        let owned = fetch(at, api::storage().membership().owners(), (id(account),)).await?;
        let shutting_proposed =
            owned.is_some_and(|owned| matches!(owned.state, AccountState::ShuttingProposed(_)));
        all.push(OwnedAccount { account, shut: told.shut, shutting_proposed });
    }
    Ok(all)
}

/// Who names owners.
pub async fn registrar(at: &At) -> Result<Option<Account>, Error> {
    let registrar = fetch(at, api::storage().membership().registrar(), ()).await?;
    Ok(registrar.map(|registrar| registrar.0))
}

fn naming(told: types::PendingNaming<AccountId32>) -> PendingNaming {
    PendingNaming {
        account: told.account.0,
        owner: told.owner.0,
        expires: told.expires,
        consented: told.consented,
        approved: told.approved,
        void: told.void,
    }
}

/// The naming of an account's owner that is pending.
pub async fn pending_naming(at: &At, who: Account) -> Result<Option<PendingNaming>, Error> {
    let question = api::runtime_apis().membership_api().pending_naming(id(who));
    Ok(ask(at, question).await?.map(naming))
}

/// All namings that are pending.
pub async fn pending_namings(at: &At) -> Result<Vec<PendingNaming>, Error> {
    let question = api::runtime_apis().membership_api().pending_namings();
    Ok(ask(at, question).await?.into_iter().map(naming).collect())
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
    let mut all = Vec::new();
    for ((owner,), exclusion) in entries(at, api::storage().membership().exclusions(), ()).await? {
        let accounts = accounts_of(at, owner.0).await?;
        let accounts: Vec<_> = accounts.iter().map(|one| account_text(one.account)).collect();
        let defaulted = exclusion.defaulted_until.map(|until| (ExclusionReason::Defaulted, until));
        let decided = exclusion
            .decided
            .map(|decided| (ExclusionReason::Decided(text_of(decided.reason.0)), decided.until));
        all.extend(defaulted.into_iter().chain(decided).map(|(reason, until)| Exclusion {
            owner: owner_text(owner.0),
            accounts: accounts.clone(),
            reason: reason_text(&reason),
            until,
            in_force: now < until,
        }));
    }
    all.sort_by_key(|exclusion| exclusion.until);
    Ok(all)
}

/// A text that the chain has bounded already.
fn text_of(bytes: Vec<u8>) -> ReasonText {
    ReasonText::truncate_from(bytes)
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

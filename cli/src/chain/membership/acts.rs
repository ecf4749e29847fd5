//! The calls, each as a transaction of its own or within another one.

use super::{
    super::{
        api::{self, runtime_types as types},
        calls::{Inner, NewCredential},
        council::{Acted, Proposal},
        keys::Keypair,
        session::Session,
    },
    Role,
};
use crate::{error::Error, market::Account};
use qedex_math::policy::PolicyNode;
use subxt::{tx::Payload, utils::AccountId32};
use types::{
    bounded_collections::bounded_vec::BoundedVec,
    pallet_membership::pallet::Call,
    qedex_primitives::membership::{AttributeId, OwnerId, PolicyId},
};

/// A call as a transaction of its own, and as the content of another one.
pub struct Act<P> {
    direct: P,
    pub(in crate::chain) inner: Inner,
}

impl<P> Act<P> {
    /// Both forms of one call.
    pub(in crate::chain) const fn new(direct: P, inner: Inner) -> Self {
        Self { direct, inner }
    }

    /// The call as a transaction of its own.
    pub const fn direct(&self) -> &P {
        &self.direct
    }
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

/// By whose right an act is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// The signer's own.
    Signer,
    /// Root's, by the holder of the sudo key.
    Root,
    /// The council's, if enough of it agree with the signer, who is a member.
    Council,
}

impl Session {
    /// Signs, sends and awaits an act as [`Session::call`] does, or proposes it.
    pub async fn act(
        &mut self,
        what: &str,
        act: Act<impl Payload>,
        key: &Keypair,
        by: Authority,
    ) -> Result<Acted, Error> {
        match by {
            Authority::Signer => {
                let done = self.call(what, &act.direct, key).await?;
                Ok(Acted::Done(Box::new(done)))
            }
            Authority::Root => {
                let call = api::tx().sudo().sudo(act.inner);
                let (block, included) = self.call(what, &call, key).await?;
                match included.refusals.first() {
                    None => Ok(Acted::Done(Box::new((block, included)))),
                    Some(refusal) => Err(Error::Refused {
                        what: what.to_owned(),
                        refusal: refusal.clone(),
                    }),
                }
            }
            Authority::Council => {
                let proposal = Proposal::of(self.at(), &act.inner).await?;
                self.propose(what, &proposal, key).await
            }
        }
    }
}

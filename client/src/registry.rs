//! Key services on the chain: their sites and links, who is enrolled there as which SAE, and what accounts
//! say of themselves.

use super::{
    At,
    api::{self, runtime_types as types},
    reads::{entries, fetch},
};
use crate::{error::Error, market::Account};
use qedex_primitives::qkd::{Enrolment, EnrolmentId};
use subxt::{
    tx::Payload,
    utils::{AccountId32, Static},
};
use types::{
    bounded_collections::bounded_vec::BoundedVec,
    qedex_primitives::qkd::{AcceptsFrom, BitsPerSecond, LinkId, SiteId, WorkerKey},
};

/// A site of a key service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its number.
    pub number: u32,
    /// What it is called.
    pub name: String,
    /// Who runs it.
    pub operator: Account,
    /// How many links end there.
    pub links: u32,
    /// How many SAEs are enrolled there.
    pub saes: u32,
}

/// A link between two sites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub number: u32,
    /// Where it ends.
    pub sites: [u32; 2],
    /// The rate of keys that is declared, in bits per second.
    pub rate: u64,
    /// Whether the operators of both ends stand for it.
    pub agreed: bool,
}

/// From whom an account takes requests for sessions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// From everybody.
    Anyone,
    /// From these accounts.
    Listed(Vec<Account>),
    /// From nobody.
    Nobody,
}

/// What an account says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// With which sr25519 key its worker signs.
    pub worker: Option<[u8; 32]>,
    /// Which node keeps its mail.
    pub mail: Option<String>,
    /// From whom it takes requests.
    pub accepts: Accepts,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All sites, by number.
pub async fn sites(at: &At) -> Result<Vec<Site>, Error> {
    let all = entries(at, api::storage().qkd().sites(), ()).await?;
    let site =
        |((number,), site): ((SiteId,), types::qedex_primitives::qkd::Site<AccountId32>)| Site {
            number: number.0,
            name: text(&site.name.0),
            operator: site.operator.0,
            links: site.links,
            saes: site.saes,
        };
    let mut all: Vec<_> = all.into_iter().map(site).collect();
    all.sort_by_key(|site| site.number);
    Ok(all)
}

/// All links, by number.
pub async fn links(at: &At) -> Result<Vec<Link>, Error> {
    let all = entries(at, api::storage().qkd().links(), ()).await?;
    let link =
        |((number,), link): ((LinkId,), types::qedex_primitives::qkd::Link<AccountId32>)| Link {
            number: number.0,
            sites: link.sites.map(|site| site.0),
            rate: link.rate.0,
            agreed: link.agreed,
        };
    let mut all: Vec<_> = all.into_iter().map(link).collect();
    all.sort_by_key(|link| link.number);
    Ok(all)
}

/// All enrolments, by number, accepted or not.
pub async fn enrolments(at: &At) -> Result<Vec<(EnrolmentId, Enrolment<Account>)>, Error> {
    let all = entries(at, api::storage().qkd().enrolments(), ()).await?;
    let mut all: Vec<_> = all.into_iter().map(|((id,), one)| (id.0, one.0)).collect();
    all.sort_by_key(|(id, _)| *id);
    Ok(all)
}

/// The enrolment of an SAE, accepted or not.
pub async fn enrolment_of(
    at: &At,
    sae: &str,
) -> Result<Option<(EnrolmentId, Enrolment<Account>)>, Error> {
    let key = (BoundedVec(sae.as_bytes().to_vec()),);
    let Some(id) = fetch(at, api::storage().qkd().enrolment_of_sae(), key).await? else {
        return Ok(None);
    };
    let enrolment = fetch(at, api::storage().qkd().enrolments(), (id.clone(),)).await?;
    Ok(enrolment.map(|enrolment| (id.0, enrolment.0)))
}

/// What an account says of itself.
pub async fn profile(at: &At, account: Account) -> Result<Profile, Error> {
    let found = fetch(at, api::storage().qkd().profiles(), (AccountId32(account),)).await?;
    Ok(found.map_or(Profile { worker: None, mail: None, accepts: Accepts::Anyone }, |profile| {
        Profile {
            worker: profile.worker.map(|key| key.0),
            mail: profile.mail.map(|mail| text(&mail.0)),
            accepts: match profile.accepts {
                AcceptsFrom::Anyone => Accepts::Anyone,
                AcceptsFrom::Listed(all) => {
                    Accepts::Listed(all.0.into_iter().map(|one| one.0).collect())
                }
                AcceptsFrom::Nobody => Accepts::Nobody,
            },
        }
    }))
}

/// Registers a site of the signer's.
pub fn register_site(name: &str) -> impl Payload + use<> {
    api::tx().qkd().register_site(BoundedVec(name.as_bytes().to_vec()))
}

/// Removes a site.
pub fn remove_site(site: u32) -> impl Payload {
    api::tx().qkd().remove_site(SiteId(site))
}

/// Registers a link from a site of the signer's to another one, with its rate in bits per second.
pub fn register_link(own: u32, other: u32, rate: u64) -> impl Payload {
    api::tx().qkd().register_link(SiteId(own), SiteId(other), BitsPerSecond(rate))
}

/// Stands for a link that another operator has registered.
pub fn agree_link(link: u32) -> impl Payload {
    api::tx().qkd().agree_link(LinkId(link))
}

/// Removes a link.
pub fn remove_link(link: u32) -> impl Payload {
    api::tx().qkd().remove_link(LinkId(link))
}

/// Enrols an SAE at a site of the signer's for an account, until `expires`, in milliseconds since the Unix
/// epoch.
pub fn enrol(site: u32, sae: &str, account: Account, expires: u64) -> impl Payload + use<> {
    let sae = BoundedVec(sae.as_bytes().to_vec());
    api::tx().qkd().enrol(SiteId(site), sae, AccountId32(account), expires)
}

/// Accepts an enrolment, as its account.
pub fn accept_sae(enrolment: EnrolmentId) -> impl Payload {
    api::tx().qkd().accept_sae(Static(enrolment))
}

/// Puts the expiry of an enrolment off.
pub fn renew_sae(enrolment: EnrolmentId, expires: u64) -> impl Payload {
    api::tx().qkd().renew_sae(Static(enrolment), expires)
}

/// Removes an enrolment, which ends its sessions.
pub fn remove_sae(enrolment: EnrolmentId) -> impl Payload {
    api::tx().qkd().remove_sae(Static(enrolment))
}

/// Says with which sr25519 key the signer's worker signs, or that it has none.
pub fn set_worker(key: Option<[u8; 32]>) -> impl Payload {
    api::tx().qkd().set_worker(key.map(WorkerKey))
}

/// Says which node keeps the signer's mail, or that none does.
pub fn set_mail(address: Option<&str>) -> impl Payload + use<> {
    api::tx().qkd().set_mail(address.map(|address| BoundedVec(address.as_bytes().to_vec())))
}

/// Says from whom the signer takes requests.
pub fn set_accepts(accepts: Accepts) -> impl Payload {
    let accepts = match accepts {
        Accepts::Anyone => AcceptsFrom::Anyone,
        Accepts::Listed(all) => {
            AcceptsFrom::Listed(BoundedVec(all.into_iter().map(AccountId32).collect()))
        }
        Accepts::Nobody => AcceptsFrom::Nobody,
    };
    api::tx().qkd().set_accepts_from(accepts)
}

//! Key services on the chain: their sites and links, who is enrolled there as which SAE, and what accounts
//! say of themselves.

use super::{
    At,
    api::{self, runtime_types as types},
    reads::{entries, fetch},
};
use crate::{error::Error, market::Account};
use qedex_primitives::qkd::{
    AcceptsFrom, BitsPerSecond, Enrolment, EnrolmentId, LinkId, MAX_LISTED, SiteId,
};
use subxt::{
    tx::Payload,
    utils::{AccountId32, Static},
};
use types::{bounded_collections::bounded_vec::BoundedVec, qedex_primitives::qkd::WorkerKey};

/// A site of a key service.
pub type Site = qedex_primitives::qkd::Site<Account>;

/// A link between two sites.
pub type Link = qedex_primitives::qkd::Link<Account>;

/// From whom an account takes requests for sessions.
pub type Accepts = AcceptsFrom<Account>;

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

/// What a site is called.
pub fn site_name(site: &Site) -> String {
    text(&site.name)
}

/// All sites, by number.
pub async fn sites(at: &At) -> Result<Vec<(SiteId, Site)>, Error> {
    let all = entries(at, api::storage().qkd().sites(), ()).await?;
    let mut all: Vec<_> = all.into_iter().map(|((id,), site)| (id.0, site.0)).collect();
    all.sort_by_key(|(id, _)| *id);
    Ok(all)
}

/// All links, by number.
pub async fn links(at: &At) -> Result<Vec<(LinkId, Link)>, Error> {
    let all = entries(at, api::storage().qkd().links(), ()).await?;
    let mut all: Vec<_> = all.into_iter().map(|((id,), link)| (id.0, link.0)).collect();
    all.sort_by_key(|(id, _)| *id);
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
            accepts: profile.accepts.0,
        }
    }))
}

/// Registers a site of the signer's.
pub fn register_site(name: &str) -> impl Payload + use<> {
    api::tx().qkd().register_site(BoundedVec(name.as_bytes().to_vec()))
}

/// Removes a site.
pub fn remove_site(site: u32) -> impl Payload {
    api::tx().qkd().remove_site(Static(SiteId(site)))
}

/// Registers a link from a site of the signer's to another one, with its rate in bits per second.
pub fn register_link(own: u32, other: u32, rate: u64) -> impl Payload {
    api::tx().qkd().register_link(
        Static(SiteId(own)),
        Static(SiteId(other)),
        Static(BitsPerSecond(rate)),
    )
}

/// Stands for a link that another operator has registered.
pub fn agree_link(link: u32) -> impl Payload {
    api::tx().qkd().agree_link(Static(LinkId(link)))
}

/// Removes a link.
pub fn remove_link(link: u32) -> impl Payload {
    api::tx().qkd().remove_link(Static(LinkId(link)))
}

/// Enrols an SAE at a site of the signer's for an account, until `expires`, in milliseconds since the Unix
/// epoch.
pub fn enrol(site: u32, sae: &str, account: Account, expires: u64) -> impl Payload + use<> {
    let sae = BoundedVec(sae.as_bytes().to_vec());
    api::tx().qkd().enrol(Static(SiteId(site)), sae, AccountId32(account), expires)
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

/// Requests from these accounts and no others.
///
/// # Errors
/// If there are more than the chain keeps.
pub fn listed(accounts: &[Account]) -> Result<Accepts, Error> {
    let all = accounts.to_vec().try_into().map_err(|_| {
        Error::BadInput(format!("{} accounts are more than {MAX_LISTED}", accounts.len()))
    })?;
    Ok(Accepts::Listed(all))
}

/// Says from whom the signer takes requests.
pub fn set_accepts(accepts: Accepts) -> impl Payload {
    api::tx().qkd().set_accepts_from(Static(accepts))
}

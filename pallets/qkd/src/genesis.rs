//! What is on record from the first block on.

use crate::{Config, Error, GenesisConfig, NextEnrolment, NextLink, Pallet};
use alloc::string::String;
use frame_support::BoundedVec;
use qedex_primitives::{
    Moment,
    keys::LinkTerms,
    qkd::{BitsPerSecond, EnrolmentId, LinkId, SiteId, WorkerKey},
};
use serde::{Deserialize, Serialize};
use sp_core::{Get, sr25519};
use sp_runtime::DispatchResult;

/// A site of a key service that exists from the first block on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisSite<AccountId> {
    /// Who runs it, and pays its bond.
    pub operator: AccountId,
    /// What it is called, at most 64 bytes of UTF-8.
    pub name: String,
}

/// A link for which the operators of both ends stand from the first block on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisLink {
    /// Where it ends, by the places of both sites on their list, from 0. The operator of the first one pays
    /// the bond.
    pub sites: [u32; 2],
    /// The rate of keys that is declared, in bits per second.
    pub rate: u64,
    /// As what it counts for the market, if it is one of the market's.
    #[serde(default)]
    pub market: Option<LinkTerms>,
}

/// An SAE that an account has accepted from the first block on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GenesisSae<AccountId> {
    /// For whom.
    pub account: AccountId,
    /// The identity of the SAE.
    pub sae: String,
    /// Where it draws keys, by the place of the site on its list, from 0.
    pub site: u32,
    /// From when on it opens no session, in milliseconds since the Unix epoch. The longest term is for
    /// calls: the clock of a chain begins with its second block.
    pub expires: Moment,
    /// With which key its worker signs, if it has one already.
    pub worker: Option<sr25519::Public>,
    /// Which node keeps its mail, if any does.
    pub mail: Option<String>,
}

impl<T: Config> GenesisConfig<T> {
    /// Registers all of it by the same rules as calls do, those about roles and terms excepted, with all
    /// bonds.
    ///
    /// # Panics
    /// If a rule is broken: a chain must not start with what it would refuse.
    pub(crate) fn build_registry(&self) {
        let must = |what: &str, number: usize, done: DispatchResult| {
            done.unwrap_or_else(|error| panic!("genesis: {what} {number}: {error:?}"));
        };
        must("rules of keys", 0, Pallet::<T>::do_set_key_rules(self.keys));
        for (number, site) in self.sites.iter().enumerate() {
            must("site", number, put_site::<T>(site));
        }
        for (number, link) in self.links.iter().enumerate() {
            must("link", number, put_link::<T>(link));
        }
        for (number, sae) in self.saes.iter().enumerate() {
            must("SAE", number, put_sae::<T>(sae));
        }
    }
}

fn bytes<S: Get<u32>>(text: &str) -> Result<BoundedVec<u8, S>, &'static str> {
    BoundedVec::try_from(text.as_bytes().to_vec()).map_err(|_| "a text is too long")
}

fn put_site<T: Config>(site: &GenesisSite<T::AccountId>) -> DispatchResult {
    Pallet::<T>::do_register_site(site.operator.clone(), bytes(&site.name)?)
}

fn put_link<T: Config>(link: &GenesisLink) -> DispatchResult {
    let [own, other] = link.sites.map(SiteId);
    let by = Pallet::<T>::site(own)?.operator;
    let id = LinkId(NextLink::<T>::get());
    Pallet::<T>::do_register_link(by.clone(), own, other, BitsPerSecond(link.rate))?;
    let agrees = Pallet::<T>::site(other)?.operator;
    if agrees != by {
        Pallet::<T>::do_agree_link(agrees, id)?;
    }
    link.market.map_or(Ok(()), |terms| Pallet::<T>::do_admit_link(id, terms))
}

fn put_sae<T: Config>(sae: &GenesisSae<T::AccountId>) -> DispatchResult {
    let site = SiteId(sae.site);
    let operator = Pallet::<T>::site(site)?.operator;
    let id = EnrolmentId(NextEnrolment::<T>::get());
    let who = &sae.account;
    Pallet::<T>::put_enrolment(operator, site, bytes(&sae.sae)?, who.clone(), sae.expires)?;
    Pallet::<T>::do_accept_sae(who.clone(), id)?;
    if let Some(worker) = sae.worker {
        Pallet::<T>::do_set_worker(who.clone(), Some(WorkerKey(worker)))?;
    }
    if let Some(mail) = &sae.mail {
        let mail = bytes(mail).map_err(|_| Error::<T>::InvalidMailAddress)?;
        Pallet::<T>::do_set_mail(who.clone(), Some(mail))?;
    }
    Ok(())
}

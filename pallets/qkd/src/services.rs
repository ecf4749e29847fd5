//! Key services: their operators, sites and links.

use crate::{Config, Error, Event, Item, Links, NextLink, NextSite, Pallet, Sites, SitesOf};
use frame_support::{
    ensure,
    traits::{EnsureOrigin, Get},
    weights::Weight,
};
use frame_system::{ensure_signed, pallet_prelude::OriginFor};
use qedex_primitives::{
    Membership, Role,
    qkd::{BitsPerSecond, Link, LinkId, Site, SiteId, SiteName},
};
use sp_runtime::{DispatchError, DispatchResult};

impl<T: Config> Pallet<T> {
    /// Who runs key services, behind the origin of a call.
    pub(crate) fn ensure_operator(origin: OriginFor<T>) -> Result<T::AccountId, DispatchError> {
        let who = ensure_signed(origin)?;
        ensure!(T::Membership::may(&who, Role::ServeKeys), Error::<T>::NotAnOperator);
        Ok(who)
    }

    /// Nobody for the admin origin, or who signed.
    pub(crate) fn ensure_admin_or_signed(
        origin: OriginFor<T>,
    ) -> Result<Option<T::AccountId>, DispatchError> {
        match T::AdminOrigin::try_origin(origin) {
            Ok(_) => Ok(None),
            Err(origin) => ensure_signed(origin).map(Some).map_err(Into::into),
        }
    }

    pub(crate) fn site(id: SiteId) -> Result<Site<T::AccountId>, Error<T>> {
        Sites::<T>::get(id).ok_or(Error::<T>::UnknownSite)
    }

    /// A site that `who` runs.
    pub(crate) fn own_site(who: &T::AccountId, id: SiteId) -> Result<Site<T::AccountId>, Error<T>> {
        let site = Self::site(id)?;
        ensure!(site.operator == *who, Error::<T>::NotYourSite);
        Ok(site)
    }

    /// Whether `who` runs a site.
    pub(crate) fn runs(who: &T::AccountId, id: SiteId) -> bool {
        Sites::<T>::get(id).is_some_and(|site| site.operator == *who)
    }

    pub(crate) fn do_register_site(operator: T::AccountId, name: SiteName) -> DispatchResult {
        let number = NextSite::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let site = SiteId(number);
        Self::take_bond(Item::Site(site), &operator, Self::site_footprint())?;
        NextSite::<T>::put(next);
        Self::count_sites(&operator, |count| count.saturating_add(1));
        Sites::<T>::insert(site, Site { operator: operator.clone(), name, links: 0, saes: 0 });
        Self::deposit_event(Event::SiteRegistered { site, operator });
        Ok(())
    }

    /// Removes a site, for its operator or, without `who`, for the admin origin.
    pub(crate) fn do_remove_site(who: Option<T::AccountId>, id: SiteId) -> DispatchResult {
        let site = Self::site(id)?;
        ensure!(who.is_none_or(|who| who == site.operator), Error::<T>::NotYourSite);
        ensure!(site.links == 0 && site.saes == 0, Error::<T>::SiteInUse);
        Sites::<T>::remove(id);
        Self::count_sites(&site.operator, |count| count.saturating_sub(1));
        Self::return_bond(Item::Site(id));
        Self::deposit_event(Event::SiteRemoved { site: id });
        Ok(())
    }

    pub(crate) fn do_register_link(
        by: T::AccountId,
        own: SiteId,
        other: SiteId,
        rate: BitsPerSecond,
    ) -> DispatchResult {
        ensure!(own != other, Error::<T>::SameSite);
        ensure!(rate > BitsPerSecond(0), Error::<T>::NoRate);
        Self::own_site(&by, own)?;
        let agreed = Self::site(other)?.operator == by;
        let number = NextLink::<T>::get();
        let next = number.checked_add(1).ok_or(Error::<T>::NumbersExhausted)?;
        let link = LinkId(number);
        Self::take_bond(Item::Link(link), &by, Self::link_footprint())?;
        NextLink::<T>::put(next);
        let sites = [own, other];
        for site in sites {
            Self::count(site, |site| site.links = site.links.saturating_add(1));
        }
        Links::<T>::insert(link, Link { by, sites, rate, agreed });
        Self::deposit_event(Event::LinkRegistered { link, sites, rate });
        if agreed {
            Self::deposit_event(Event::LinkAgreed { link });
        }
        Ok(())
    }

    /// Agrees to a link, for the operator of its other end.
    pub(crate) fn do_agree_link(who: T::AccountId, id: LinkId) -> DispatchResult {
        let mut link = Links::<T>::get(id).ok_or(Error::<T>::UnknownLink)?;
        let [_, other] = link.sites;
        Self::own_site(&who, other)?;
        ensure!(!link.agreed, Error::<T>::AlreadyAgreed);
        link.agreed = true;
        Links::<T>::insert(id, link);
        Self::deposit_event(Event::LinkAgreed { link: id });
        Ok(())
    }

    /// Removes a link, for the operator of an end or, without `who`, for the admin origin.
    pub(crate) fn do_remove_link(who: Option<T::AccountId>, id: LinkId) -> DispatchResult {
        let link = Links::<T>::get(id).ok_or(Error::<T>::UnknownLink)?;
        if let Some(who) = who {
            let concerned = link.sites.iter().any(|site| Self::runs(&who, *site));
            ensure!(concerned, Error::<T>::NotYourSite);
        }
        Links::<T>::remove(id);
        Self::forget_audits(id);
        for site in link.sites {
            Self::count(site, |site| site.links = site.links.saturating_sub(1));
        }
        Self::return_bond(Item::Link(id));
        Self::deposit_event(Event::LinkRemoved { link: id });
        Ok(())
    }

    /// A measured weight, and that of counting the sites of an owner, which was measured without.
    pub(crate) fn counting_sites(measured: Weight) -> Weight {
        measured.saturating_add(T::DbWeight::get().reads_writes(2, 1))
    }

    /// Changes how many sites the owner of an operator runs. An owner never changes, and an operator has
    /// one.
    fn count_sites(operator: &T::AccountId, change: impl FnOnce(u32) -> u32) {
        if let Some(owner) = T::Membership::owner_of(operator) {
            SitesOf::<T>::mutate_exists(owner, |count| {
                *count = Some(change(count.unwrap_or_default())).filter(|count| *count > 0);
            });
        }
    }

    /// Changes what a site counts.
    pub(crate) fn count(id: SiteId, change: impl FnOnce(&mut Site<T::AccountId>)) {
        Sites::<T>::mutate_extant(id, change);
    }
}

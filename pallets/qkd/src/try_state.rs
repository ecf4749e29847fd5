//! What must be true of the storage after every block.

use crate::{
    AcceptedBy, Awaited, Bonds, Config, Deposits, EnrolmentOfSae, Enrolments, Item, LastNumber,
    Links, NextEnrolment, NextLink, NextSession, NextSite, Pallet, Profiles, Requests, RequestsTo,
    Sessions, SessionsOf, Sites,
};
use alloc::collections::BTreeMap;
use codec::Encode;
use frame_support::{ensure, traits::Get};
use q_sah::{Message1, Message2, Suite, check_confirmation};
use qedex_primitives::qkd::{SessionStage, SiteId};
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
    /// Checks the invariants:
    ///
    /// 1. The numbers of sites, links, enrolments and sessions lie below the next free ones.
    /// 2. A link has two different ends that exist, and a rate. A site counts its links and enrolments
    ///    exactly.
    /// 3. Each enrolment is found by its SAE, and nothing else is. Those that were accepted, and no others,
    ///    are found by their accounts.
    /// 4. No account says nothing of itself on record.
    /// 5. Each item has a bond of whoever answers for it, and nothing else has one. Each session has a
    ///    deposit, and nothing else has one.
    /// 6. A session has two different ends and is listed for both, and nothing else is listed. It is awaited
    ///    of B when it is a request, of A when it was answered, and of nobody when it is open.
    /// 7. Its messages are of its suite and have the lengths of it, and its number is not higher than the
    ///    last one of A. If it is open, message 3 is what message 2 promised.
    /// 8. The requests that are not open yet are counted by owner and by peer exactly, and lie within the
    ///    quotas.
    /// 9. Reservations are of slots in flight; promised is their sum, and used that of those that are
    ///    settled. Of no link is more promised than the market's share of it was when keys were last
    ///    promised, and no more was drawn than is used.
    /// 10. An end keeps one report of each owner, of an epoch that has begun, of a link of the market. What
    ///     was made and drawn in all never shrinks.
    /// 11. Owners count the sites of their accounts exactly.
    /// 12. The beacon's own hold, and those of audits.
    pub fn do_try_state() -> Result<(), TryRuntimeError> {
        Self::try_services()?;
        Self::try_enrolments()?;
        for (who, profile) in Profiles::<T>::iter() {
            ensure!(!profile.is_empty(), "an account says nothing");
            Self::try_bond(Item::Profile(who.clone()), &who)?;
        }
        let items = Sites::<T>::iter_keys()
            .count()
            .saturating_add(Links::<T>::iter_keys().count())
            .saturating_add(Enrolments::<T>::iter_keys().count())
            .saturating_add(Profiles::<T>::iter_keys().count());
        ensure!(Bonds::<T>::iter_keys().count() == items, "a bond for nothing");
        Self::try_ledger()?;
        Self::try_sessions()?;
        Self::try_beacon()?;
        Self::try_audits()
    }

    fn try_bond(item: Item<T::AccountId>, payer: &T::AccountId) -> Result<(), TryRuntimeError> {
        let bond = Bonds::<T>::get(item).ok_or("an item without a bond")?;
        ensure!(bond.0 == *payer, "a bond of somebody else");
        Ok(())
    }

    fn try_services() -> Result<(), TryRuntimeError> {
        let (mut links, mut saes) = (BTreeMap::<SiteId, u32>::new(), BTreeMap::new());
        for (id, link) in Links::<T>::iter() {
            ensure!(id.0 < NextLink::<T>::get(), "link beyond the next number");
            let [first, second] = link.sites;
            ensure!(first != second, "a link of a site with itself");
            ensure!(link.rate.0 > 0, "a link without a rate");
            for site in link.sites {
                ensure!(Sites::<T>::contains_key(site), "a link ends nowhere");
                let count = links.entry(site).or_default();
                *count = count.saturating_add(1);
            }
            Self::try_bond(Item::Link(id), &link.by)?;
        }
        for enrolment in Enrolments::<T>::iter_values() {
            ensure!(Sites::<T>::contains_key(enrolment.site), "an SAE of no site");
            let count: &mut u32 = saes.entry(enrolment.site).or_default();
            *count = count.saturating_add(1);
        }
        for (id, site) in Sites::<T>::iter() {
            ensure!(id.0 < NextSite::<T>::get(), "site beyond the next number");
            ensure!(links.get(&id).copied().unwrap_or(0) == site.links, "a site miscounts links");
            ensure!(saes.get(&id).copied().unwrap_or(0) == site.saes, "a site miscounts SAEs");
            Self::try_bond(Item::Site(id), &site.operator)?;
        }
        Ok(())
    }

    fn try_enrolments() -> Result<(), TryRuntimeError> {
        let (mut all, mut accepted) = (0_usize, 0_usize);
        for (id, enrolment) in Enrolments::<T>::iter() {
            ensure!(id.0 < NextEnrolment::<T>::get(), "enrolment beyond the next number");
            ensure!(EnrolmentOfSae::<T>::get(&enrolment.sae) == Some(id), "an SAE is not found");
            all = all.saturating_add(1);
            let found = AcceptedBy::<T>::get(&enrolment.account) == Some(id);
            ensure!(found == enrolment.accepted, "an account has another SAE than it accepted");
            accepted = accepted.saturating_add(usize::from(found));
            let operator = Self::site(enrolment.site)?.operator;
            Self::try_bond(Item::Enrolment(id), &operator)?;
        }
        ensure!(EnrolmentOfSae::<T>::iter_keys().count() == all, "an SAE of no enrolment");
        ensure!(AcceptedBy::<T>::iter_keys().count() == accepted, "no enrolment was accepted");
        Ok(())
    }

    fn try_sessions() -> Result<(), TryRuntimeError> {
        let (mut all, mut awaited) = (0_usize, 0_usize);
        let mut requests = BTreeMap::new();
        let mut requests_to = BTreeMap::new();
        for (id, session) in Sessions::<T>::iter() {
            all = all.saturating_add(1);
            ensure!(id.0 < NextSession::<T>::get(), "session beyond the next number");
            ensure!(Deposits::<T>::contains_key(id), "a session without a deposit");
            let (from, to) = (&session.from, &session.to);
            ensure!(from.account != to.account, "a session of an account with itself");
            for party in [from, to] {
                ensure!(SessionsOf::<T>::contains_key(&party.account, id), "not listed");
            }
            ensure!(session.number <= LastNumber::<T>::get(&from.account), "a number to come");
            let suite = Suite::from_code(session.suite).map_err(|_| "an unknown suite")?;
            let sound = match &session.stage {
                SessionStage::Requested { message1, .. } => {
                    Self::is_message1(suite, message1, session.number)
                }
                SessionStage::Accepted { message1, message2, .. } => {
                    Self::is_message1(suite, message1, session.number)
                        && Message2::parse(suite, message2).is_ok()
                }
                SessionStage::Open { confirmation, message3, .. } => {
                    message3.len() == suite.tag_bytes()
                        && check_confirmation(confirmation, message3)
                }
            };
            ensure!(sound, "messages of another suite, or an open session that was not confirmed");
            let worker = match session.stage {
                SessionStage::Requested { .. } => &to.account,
                SessionStage::Accepted { .. } => &from.account,
                SessionStage::Open { .. } => continue,
            };
            ensure!(Awaited::<T>::contains_key(worker, id), "nobody is to answer");
            awaited = awaited.saturating_add(1);
            let count: &mut u32 = requests.entry(from.owner).or_default();
            *count = count.saturating_add(1);
            let pair = (from.owner, to.account.encode());
            let count: &mut u32 = requests_to.entry(pair).or_default();
            *count = count.saturating_add(1);
        }
        ensure!(Deposits::<T>::iter_keys().count() == all, "a deposit for no session");
        ensure!(
            SessionsOf::<T>::iter_keys().count() == all.saturating_mul(2),
            "what is no session is listed"
        );
        ensure!(Awaited::<T>::iter_keys().count() == awaited, "what is done is awaited");
        for (owner, count) in Requests::<T>::iter() {
            ensure!(requests.remove(&owner) == Some(count), "miscounted requests");
            ensure!(count <= T::MaxRequests::get(), "more requests than there can be");
        }
        for (owner, to, count) in RequestsTo::<T>::iter() {
            let counted = requests_to.remove(&(owner, to.encode()));
            ensure!(counted == Some(count), "miscounted requests to a peer");
            ensure!(count <= T::MaxRequestsPerPeer::get(), "more requests than with one peer");
        }
        ensure!(requests.is_empty() && requests_to.is_empty(), "uncounted requests");
        Ok(())
    }

    fn is_message1(suite: Suite, bytes: &[u8], number: u64) -> bool {
        Message1::parse(bytes)
            .is_ok_and(|message| message.suite() == suite && message.number().0 == number)
    }
}

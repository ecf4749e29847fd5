//! Worst cases of the calls, of their authorization and of sweeping.

mod audits;
mod calls;
mod epochs;
mod market;
mod setup;

use crate::*;
use audits::{MOST_SAID, has_passed, has_posted, put_books, to_audit};
use calls::*;
use epochs::*;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    pallet_prelude::Weight,
    traits::{
        Get,
        fungible::{Inspect, Mutate},
    },
};
use frame_system::RawOrigin;
use market::*;
use qedex_primitives::{
    BeaconSource, Calendar, KeyBudget, OwnerId,
    audits::MAX_AUDITED_LINKS,
    keys::MAX_LINK_REPORTS,
    qkd::{AcceptsFrom, BitsPerSecond, EnrolmentId, LinkId, SessionId, SessionStage, SiteId},
};
use setup::*;
use sp_core::H256;

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register_site() {
        let operator = operator::<T>("operator");

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), BoundedVec::truncate_from(alloc::vec![b'a'; 64]));

        assert!(Sites::<T>::contains_key(SiteId(0)));
    }

    // The operator pays for a failed check of the admin origin as well, here and below.
    #[benchmark]
    fn remove_site() -> Result<(), BenchmarkError> {
        let operator = operator::<T>("operator");
        let site = put_site::<T>(&operator)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), site);

        assert!(!Sites::<T>::contains_key(site));
        Ok(())
    }

    #[benchmark]
    fn register_link() -> Result<(), BenchmarkError> {
        let operator = operator::<T>("operator");
        let (own, other) = (put_site::<T>(&operator)?, put_site::<T>(&operator)?);

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), own, other, BitsPerSecond(1));

        assert!(Links::<T>::get(LinkId(0)).is_some_and(|link| link.agreed));
        Ok(())
    }

    #[benchmark]
    fn agree_link() -> Result<(), BenchmarkError> {
        let (second, link) = half_agreed::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(second), link);

        assert!(Links::<T>::get(link).is_some_and(|link| link.agreed));
        Ok(())
    }

    #[benchmark]
    fn remove_link() -> Result<(), BenchmarkError> {
        let (second, link) = half_agreed::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Signed(second), link);

        assert!(!Links::<T>::contains_key(link));
        Ok(())
    }

    #[benchmark]
    fn enrol() -> Result<(), BenchmarkError> {
        let operator = operator::<T>("operator");
        let site = put_site::<T>(&operator)?;
        T::Calendar::set_now(NOW);
        let expires = NOW.saturating_add(1);

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), site, longest_sae(0), account("who", 0, 0), expires);

        assert!(Enrolments::<T>::contains_key(EnrolmentId(0)));
        Ok(())
    }

    #[benchmark]
    fn accept_sae() -> Result<(), BenchmarkError> {
        let operator = operator::<T>("operator");
        let who: T::AccountId = whitelisted_caller();
        let enrolment = put_enrolment::<T>(&operator, &who)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), enrolment);

        assert_eq!(AcceptedBy::<T>::get(who), Some(enrolment));
        Ok(())
    }

    #[benchmark]
    fn renew_sae() -> Result<(), BenchmarkError> {
        let (operator, _, enrolment) = named::<T>()?;
        let before = Enrolments::<T>::get(enrolment).map(|one| one.expires).unwrap_or_default();
        let later = before.saturating_add(1);

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), enrolment, later);

        assert_eq!(Enrolments::<T>::get(enrolment).map(|one| one.expires), Some(later));
        Ok(())
    }

    #[benchmark]
    fn remove_sae() -> Result<(), BenchmarkError> {
        let (operator, who, enrolment) = named::<T>()?;
        Pallet::<T>::do_accept_sae(who, enrolment)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(operator), enrolment);

        assert!(!Enrolments::<T>::contains_key(enrolment));
        Ok(())
    }

    #[benchmark]
    fn set_worker() -> Result<(), BenchmarkError> {
        let who = talkative::<T>()?;
        let key = full_profile::<T>(None).worker;

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), key);

        assert_eq!(Profiles::<T>::get(who).map(|profile| profile.worker), Some(key));
        Ok(())
    }

    #[benchmark]
    fn set_mail() -> Result<(), BenchmarkError> {
        let who = talkative::<T>()?;
        let mail = Some(BoundedVec::truncate_from(alloc::vec![b'b'; 256]));

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), mail.clone());

        assert_eq!(Profiles::<T>::get(who).map(|profile| profile.mail), Some(mail));
        Ok(())
    }

    #[benchmark]
    fn set_accepts_from() -> Result<(), BenchmarkError> {
        let who = talkative::<T>()?;
        Pallet::<T>::do_set_accepts(who.clone(), AcceptsFrom::Nobody)?;
        let accepts = full_profile::<T>(None).accepts;

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), accepts.clone());

        assert_eq!(Profiles::<T>::get(who).map(|profile| profile.accepts), Some(accepts));
        Ok(())
    }

    #[benchmark]
    fn open_session() -> Result<(), BenchmarkError> {
        let pair = pair::<T>(0)?;
        let message = message1::<T>(&pair.from, &pair.to, 1);

        #[extrinsic_call]
        _(RawOrigin::Signed(pair.from), pair.to, message);

        assert!(Sessions::<T>::contains_key(SessionId(0)));
        Ok(())
    }

    #[benchmark]
    fn authorize_accept_session() -> Result<(), BenchmarkError> {
        let (_, _, call) = to_accept::<T>()?;

        #[block]
        {
            let_in::<T>(&call)?;
        }
        Ok(())
    }

    #[benchmark]
    fn accept_session() -> Result<(), BenchmarkError> {
        let (_, session, _) = to_accept::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Authorized, session, message2(), unsigned());

        let stage = Sessions::<T>::get(session).map(|session| session.stage);
        assert!(matches!(stage, Some(SessionStage::Accepted { .. })));
        Ok(())
    }

    #[benchmark]
    fn authorize_confirm_session() -> Result<(), BenchmarkError> {
        let (_, call) = to_confirm::<T>()?;

        #[block]
        {
            let_in::<T>(&call)?;
        }
        Ok(())
    }

    #[benchmark]
    fn confirm_session() -> Result<(), BenchmarkError> {
        let (session, _) = to_confirm::<T>()?;

        #[extrinsic_call]
        _(RawOrigin::Authorized, session, message3(), unsigned());

        let stage = Sessions::<T>::get(session).map(|session| session.stage);
        assert!(matches!(stage, Some(SessionStage::Open { .. })));
        Ok(())
    }

    #[benchmark]
    fn close_session() -> Result<(), BenchmarkError> {
        let pair = pair::<T>(0)?;
        let session = put_request::<T>(&pair)?;

        #[extrinsic_call]
        _(RawOrigin::Signed(pair.to), session);

        assert!(!Sessions::<T>::contains_key(session));
        Ok(())
    }

    #[benchmark]
    fn clear_session() -> Result<(), BenchmarkError> {
        let session = put_request::<T>(&pair::<T>(0)?)?;
        lapse::<T>();

        #[extrinsic_call]
        _(RawOrigin::Signed(whitelisted_caller()), session);

        assert!(!Sessions::<T>::contains_key(session));
        Ok(())
    }

    #[benchmark]
    fn sweep(n: Linear<0, { T::MaxSweptPerBlock::get() }>) -> Result<(), BenchmarkError> {
        for number in 0..n {
            put_request::<T>(&pair::<T>(number)?)?;
        }
        lapse::<T>();

        #[block]
        {
            Pallet::<T>::sweep(Weight::MAX);
        }

        assert_eq!(Sessions::<T>::iter_keys().count(), 0);
        Ok(())
    }

    // A block in which reveals can stand, as the first behind the one with which they opened.
    #[benchmark]
    fn each_block() -> Result<(), BenchmarkError> {
        put_reveals::<T>(0, 0)?;

        #[block]
        {
            Pallet::<T>::pass_epoch();
        }

        assert!(CurrentEpoch::<T>::get().is_some_and(|epoch| epoch.block.is_some()));
        Ok(())
    }

    #[benchmark]
    fn close_epoch(n: Linear<0, { beacon::MAX_REVEALERS }>) -> Result<(), BenchmarkError> {
        let index = u64::from(T::KeptEpochs::get());
        put_forgotten::<T>(n);
        put_reveals::<T>(index, n)?;
        pass_reveals::<T>();

        #[block]
        {
            Pallet::<T>::pass_epoch();
        }

        assert_eq!(Pallet::<T>::attendance(index).map(|all| all.withheld.len()), Some(n as usize));
        assert!(Pallet::<T>::attendance(0).is_none());
        Ok(())
    }

    #[benchmark]
    fn authorize_bring_epoch() -> Result<(), BenchmarkError> {
        let (_, call) = to_commit::<T>()?;

        #[block]
        {
            let_in::<T>(&call)?;
        }
        Ok(())
    }

    // To commit takes more than to reveal: it is asked who the account is.
    #[benchmark]
    fn bring_epoch() -> Result<(), BenchmarkError> {
        let (who, call) = to_commit::<T>()?;
        let Call::bring_epoch { epoch, work, .. } = call else {
            return Err(BenchmarkError::Stop("another call"));
        };

        #[extrinsic_call]
        _(RawOrigin::Authorized, who.clone(), epoch, work, unsigned());

        assert!(Commitments::<T>::contains_key(who));
        Ok(())
    }

    #[benchmark]
    fn set_key_rules() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, RULES);

        assert_eq!(CurrentRules::<T>::get(), RULES);
        Ok(())
    }

    /// As the last one of as many as there can be.
    #[benchmark]
    fn admit_link() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let link = put_all_but_one::<T>().ok_or("there is a link")?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, link, TERMS);

        assert!(MarketKeys::<T>::mutate(|market| market.link_mut(link).is_some()));
        Ok(())
    }

    #[benchmark]
    fn dismiss_link() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        put_market::<T>(SiteId(0), OwnerId([1; 32]));

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, LinkId(0));

        assert_eq!(Ends::<T>::iter_key_prefix(LinkId(0)).count(), 0);
        Ok(())
    }

    /// To somebody without a role.
    #[benchmark]
    fn pay_from_entropy_fund() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let to = stranger::<T>();
        let amount = T::Currency::minimum_balance().saturating_mul(100);
        T::Currency::mint_into(&T::EntropyFund::get(), amount.saturating_mul(2))?;
        let before = T::Currency::total_balance(&to);

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, to.clone(), amount);

        assert_eq!(T::Currency::total_balance(&to), before.saturating_add(amount));
        Ok(())
    }

    #[benchmark]
    fn take_reports(n: Linear<1, { MAX_LINK_REPORTS }>) -> Result<(), BenchmarkError> {
        let (who, owner) = reporter::<T>()?;
        let reports = reports(n);

        #[block]
        {
            Pallet::<T>::take_reports(&who, EPOCH, &reports)?;
        }

        assert_eq!(LastReport::<T>::get(owner), Some(EPOCH));
        Ok(())
    }

    #[benchmark]
    fn reserve_keys() -> Result<(), BenchmarkError> {
        put_market::<T>(SiteId(0), OwnerId([1; 32]));
        open_gate::<T>();

        #[block]
        {
            Pallet::<T>::reserve(SLOT, Pallet::<T>::available())?;
        }

        assert!(Reservations::<T>::get(SLOT).is_some_and(|promised| promised.keys > 0));
        Ok(())
    }

    /// For the second time.
    #[benchmark]
    fn settle_keys() -> Result<(), BenchmarkError> {
        put_promise::<T>();

        #[block]
        {
            Pallet::<T>::settle(SLOT, 50);
        }

        assert_eq!(MarketKeys::<T>::get().promised, 50);
        Ok(())
    }

    #[benchmark]
    fn release_keys() -> Result<(), BenchmarkError> {
        put_promise::<T>();

        #[block]
        {
            Pallet::<T>::release(SLOT);
        }

        assert_eq!(MarketKeys::<T>::get().promised, 0);
        Ok(())
    }

    #[benchmark]
    fn authorize_bring_audits(n: Linear<1, { MOST_SAID }>) -> Result<(), BenchmarkError> {
        let (_, call) = to_audit::<T>(n)?;

        #[block]
        {
            let_in::<T>(&call)?;
        }
        Ok(())
    }

    #[benchmark]
    fn bring_audits(n: Linear<1, { MOST_SAID }>) -> Result<(), BenchmarkError> {
        let (who, call) = to_audit::<T>(n)?;
        let Call::bring_audits { epoch, work, .. } = call else {
            return Err(BenchmarkError::Stop("another call"));
        };
        let link = work.roots.first().map(|post| post.link);
        let link = link.ok_or(BenchmarkError::Stop("no root"))?;

        #[extrinsic_call]
        _(RawOrigin::Authorized, who.clone(), epoch, work, unsigned());

        assert!(has_posted::<T>(&who, link));
        Ok(())
    }

    // More is done where verdicts are counted than where roots are fixed.
    #[benchmark]
    fn pass_audits(n: Linear<0, { MAX_AUDITED_LINKS }>) -> Result<(), BenchmarkError> {
        let links = put_books::<T>(n)?;

        #[block]
        {
            Pallet::<T>::pass_audits(audits::EPOCH, H256::repeat_byte(2), BeaconSource::Keys);
        }

        assert!(links.into_iter().all(has_passed::<T>));
        Ok(())
    }

    #[benchmark]
    fn reopen_link() -> Result<(), BenchmarkError> {
        let origin = admin::<T>()?;
        let link = put_books::<T>(1)?.pop().ok_or(BenchmarkError::Stop("no link"))?;

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, link);

        assert!(!AuditBooks::<T>::contains_key(link));
        Ok(())
    }

    impl_benchmark_test_suite!(Pallet, crate::mock::new_chain_with_keystore(), crate::mock::Test);
}

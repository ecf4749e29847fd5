//! What is reported of links comes with the commitment, or by itself.

use super::*;
use crate::{Ends, LastReport};
use qedex_primitives::{
    keys::{LinkReport, LinkReports, LinkTerms},
    qkd::{BitsPerSecond, LinkId},
};

const LINK: LinkId = LinkId(0);
const TERMS: LinkTerms = LinkTerms { most_keys_per_epoch: 100, most_qber_ppm: 110_000 };

/// Runs a test from the first block of an epoch on, with a link of the market at the site of Anna, Ben and Clara.
fn run_market(test: impl FnOnce()) {
    run_epochs(|| {
        assert_ok!(Qkd::register_site(signed(OTHER_OPERATOR), text("Stadt")));
        let rate = BitsPerSecond(10_000);
        assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, SiteId(1), rate));
        assert_ok!(Qkd::agree_link(signed(OTHER_OPERATOR), LINK));
        assert_ok!(Qkd::admit_link(root(), LINK, TERMS));
        System::reset_events();
        test();
    });
}

fn report(made: u64) -> LinkReport {
    LinkReport { link: LINK, stored: 5, made, drawn: 0, qber_ppm: 20_000, healthy: true }
}

fn work(commitment: Option<Commitment>, reports: &[LinkReport]) -> EpochWork {
    EpochWork::Commit { commitment, reports: LinkReports::truncate_from(reports.to_vec()) }
}

fn own(who: AccountId) -> Option<Commitment> {
    Some(Qkd::commitment_of(&who, 1, &secret(who, 1)))
}

/// How much of `who` is on the chain: a commitment, and a report for this epoch.
fn said(who: AccountId) -> (bool, bool) {
    let reported = Ends::<Test>::get(LINK, SITE)
        .reports
        .iter()
        .any(|one| one.owner == owner(who) && one.epoch == current().index);
    (Commitments::<Test>::contains_key(who), reported)
}

#[test]
fn both_come_in_one_transaction() {
    run_market(|| {
        brings(signed_by(ANNA, ANNA, 1, work(own(ANNA), &[report(7)])));
        assert_eq!(said(ANNA), (true, true));
        assert_eq!(LastReport::<Test>::get(owner(ANNA)), Some(1));
        let events: Vec<_> = System::events().into_iter().map(|record| record.event).collect();
        let committed = Event::Committed { epoch: 1, who: ANNA, owner: owner(ANNA) };
        assert!(events.contains(&committed.into()), "{events:?}");
        // Nothing of it comes a second time.
        refused_as(signed_by(ANNA, ANNA, 1, work(own(ANNA), &[])), EpochRefusal::Done);
        refused_as(signed_by(ANNA, ANNA, 1, work(None, &[report(7)])), EpochRefusal::Reported);
        to_reveals();
        brings(reveal(ANNA, 1));
    });
}

#[test]
fn one_may_report_without_a_part_in_the_beacon_and_the_other_way_round() {
    run_market(|| {
        brings(signed_by(ANNA, ANNA, 1, work(None, &[report(7)])));
        assert_eq!(said(ANNA), (false, true));
        brings(signed_by(BEN, BEN, 1, work(own(BEN), &[])));
        assert_eq!(said(BEN), (true, false));
        // What came late comes by itself.
        brings(signed_by(ANNA, ANNA, 1, work(own(ANNA), &[])));
        brings(signed_by(BEN, BEN, 1, work(None, &[report(7)])));
        assert_eq!([said(ANNA), said(BEN)], [(true, true); 2]);
    });
}

#[test]
fn who_is_barred_from_the_beacon_reports_still() {
    run_market(|| {
        epoch_of(&[ANNA, BEN], &[BEN]);
        let call = signed_by(ANNA, ANNA, 2, work(None, &[report(7)]));
        refused_as(commitment(ANNA, 2), EpochRefusal::Barred);
        brings(call);
        assert_eq!(said(ANNA), (false, true));
    });
}

#[test]
fn all_of_a_transaction_is_taken_or_nothing() {
    run_market(|| {
        let shut = LinkReport { link: LinkId(9), ..report(7) };
        let sums = LinkReport { drawn: 3, ..report(7) };
        let endless = report(u64::MAX);
        let errors = LinkReport { qber_ppm: 1_000_001, ..report(7) };
        for bad in [shut, sums, endless, errors] {
            let work = work(own(ANNA), &[bad]);
            refused_as(signed_by(ANNA, ANNA, 1, work), EpochRefusal::BadReport);
            assert_eq!(said(ANNA), (false, false), "{bad:?}");
        }
        // Nor does a good report stand beside a commitment that is not taken.
        brings(signed_by(BEN, BEN, 1, work(own(BEN), &[])));
        let again = work(own(BEN), &[report(7)]);
        refused_as(signed_by(BEN, BEN, 1, again), EpochRefusal::Done);
        assert_eq!(said(BEN), (true, false));
        refused_as(signed_by(ANNA, ANNA, 1, work(None, &[])), EpochRefusal::Nothing);
    });
}

#[test]
fn reports_are_signed_for_and_are_of_the_first_half() {
    run_market(|| {
        let good = work(None, &[report(7)]);
        refused(signed_by(ANNA, BEN, 1, good.clone()), InvalidTransaction::BadProof);
        let Call::bring_epoch { who, epoch, signature, .. } =
            signed_by(ANNA, ANNA, 1, good.clone())
        else {
            panic!("another call")
        };
        let changed = work(None, &[report(8)]);
        let call = Call::bring_epoch { who, epoch, work: changed, signature };
        refused(call, InvalidTransaction::BadProof);
        refused_as(signed_by(ANNA, ANNA, 0, good.clone()), EpochRefusal::Past);
        refused_as(signed_by(ANNA, ANNA, 2, good.clone()), EpochRefusal::Ahead);
        refused_as(signed_by(DORA, DORA, 1, good.clone()), EpochRefusal::NotEnrolled);
        to_reveals();
        refused_as(signed_by(ANNA, ANNA, 1, good), EpochRefusal::TooLate);
    });
}

/// Nobody pays for it, so that its weight counts each report, when it is let in and when it is taken.
#[test]
fn each_report_has_its_weight() {
    use crate::WeightInfo;
    use frame_support::{dispatch::GetDispatchInfo, traits::Authorize};
    let weigh = |reports: &[LinkReport]| {
        let call = signed_by(ANNA, ANNA, 1, work(None, reports));
        (call.get_dispatch_info().call_weight, call.weight_of_authorize())
    };
    let (call, authorize) = weigh(&[]);
    assert_eq!(call, <() as WeightInfo>::bring_epoch());
    assert_eq!(authorize, <() as WeightInfo>::authorize_bring_epoch());
    for number in 1..=16 {
        let reports = <() as WeightInfo>::take_reports(number);
        let weight = weigh(&vec![report(7); number as usize]);
        assert_eq!(weight, (call + reports, authorize + reports));
    }
}

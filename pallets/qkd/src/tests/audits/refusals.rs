//! What is refused, by name.

use super::*;

#[test]
fn a_root_is_never_changed() {
    run_audits(|| {
        brings(posting(ANNA, says(0)));
        refused_as(posting(ANNA, says(0)), AuditRefusal::RootPosted);
        refused_as(posting(ANNA, other(0)), AuditRefusal::RootChanged);
        let fewer = Statement { keyed: 49, ..says(0) };
        refused_as(posting(ANNA, fewer), AuditRefusal::RootChanged);
        refused_as(posting(ANNA, says(1)), AuditRefusal::OtherEpochPosted);
        // Nor by another account of the same owner.
        TestMembership::set_owner(DORA, owner(ANNA));
        join(DORA);
        assert_ok!(Qkd::set_worker(signed(DORA), Some(worker_key(DORA))));
        refused_as(posting(DORA, other(0)), AuditRefusal::RootChanged);
        // Nor when it is fixed, and when a block is picked.
        for who in [HERE, THERE].concat().into_iter().skip(1) {
            brings(posting(who, says(0)));
        }
        to_reveals();
        refused_as(posting(ANNA, other(0)), AuditRefusal::RootChanged);
        to_end();
        refused_as(posting(ANNA, other(0)), AuditRefusal::RootChanged);
        // Nor when all is over.
        all_say(0, PASSED);
        refused_as(posting(ANNA, other(0)), AuditRefusal::RootFixed);
        picked(3);
        refused_as(posting(ANNA, says(2)), AuditRefusal::RootFixed);
    });
}

#[test]
fn who_came_too_late_posts_nothing_for_what_is_fixed() {
    run_audits(|| {
        for who in everybody().into_iter().skip(1) {
            brings(posting(who, says(0)));
        }
        to_reveals();
        refused_as(posting(ANNA, says(0)), AuditRefusal::RootFixed);
        to_end();
        refused_as(verdict(ANNA, 0, PASSED), AuditRefusal::NoVoice);
    });
}

#[test]
fn a_verdict_on_a_block_that_was_not_picked() {
    run_audits(|| {
        picked(0);
        let place = pick_of(0).unwrap().place.unwrap();
        let on = |place, epoch| {
            let epoch = AuditEpoch(epoch);
            let verdict = VerdictPost { link: LINK, epoch, place, outcome: PASSED };
            by(ANNA, current().index, work_of(vec![], vec![verdict]))
        };
        refused_as(on(Some((place + 1) % 50), 0), AuditRefusal::NotPicked);
        refused_as(on(None, 0), AuditRefusal::NotPicked);
        refused_as(on(Some(place), 1), AuditRefusal::NotFixed);
        brings(on(Some(place), 0));
    });
}

#[test]
fn a_verdict_too_early_too_late_and_twice() {
    run_audits(|| {
        let passed = || {
            let epoch = AuditEpoch(0);
            let verdict = VerdictPost { link: LINK, epoch, place: None, outcome: PASSED };
            by(ANNA, current().index, work_of(vec![], vec![verdict]))
        };
        refused_as(passed(), AuditRefusal::NotFixed);
        for who in everybody() {
            brings(posting(who, says(0)));
        }
        refused_as(passed(), AuditRefusal::NotFixed);
        to_reveals();
        refused_as(passed(), AuditRefusal::TooEarly);
        to_end();
        brings(verdict(ANNA, 0, PASSED));
        refused_as(verdict(ANNA, 0, PASSED), AuditRefusal::VerdictGiven);
        refused_as(verdict(ANNA, 0, RAW), AuditRefusal::VerdictGiven);
        for who in everybody().into_iter().skip(1) {
            brings(verdict(who, 0, PASSED));
        }
        to_reveals();
        to_end();
        refused_as(passed(), AuditRefusal::TooLate);
    });
}

#[test]
fn who_draws_no_keys_at_an_end_of_the_link_says_nothing_of_it() {
    run_audits(|| {
        picked(0);
        // Without an SAE, at another site, with one that has expired, and without an owner.
        refused_as(posting(DORA, says(1)), AuditRefusal::NotEnrolled);
        refused_as(verdict(DORA, 0, PASSED), AuditRefusal::NotEnrolled);
        assert_ok!(Qkd::register_site(signed(OTHER_OPERATOR), text("Weit")));
        assert_ok!(Qkd::enrol(signed(OTHER_OPERATOR), SiteId(2), sae(DORA), DORA, EXPIRY));
        assert_ok!(Qkd::accept_sae(signed(DORA), EnrolmentId(NextEnrolment::<Test>::get() - 1)));
        refused_as(posting(DORA, says(1)), AuditRefusal::NotAtLink);
        refused_as(verdict(DORA, 0, PASSED), AuditRefusal::NotAtLink);
        TestMembership::forget_owner(BEN);
        refused_as(posting(BEN, says(1)), AuditRefusal::NoOwner);
        TestMembership::set_owner(BEN, owner(BEN));
        assert_ok!(Qkd::set_worker(signed(BEN), None));
        refused_as(posting(BEN, says(1)), AuditRefusal::NoWorker);
        assert_ok!(Qkd::set_worker(signed(BEN), Some(worker_key(BEN))));
        let Call::bring_audits { who, epoch, work, .. } = posting(BEN, says(1)) else { panic!() };
        let Call::bring_audits { signature, .. } = posting(ANNA, says(1)) else { panic!() };
        let stolen = Call::bring_audits { who, epoch, work, signature };
        refused(stolen, InvalidTransaction::BadProof);
    });
}

#[test]
fn work_for_another_epoch_of_the_beacon_and_of_nothing() {
    run_audits(|| {
        let root = RootPost { link: LINK, says: says(0) };
        let in_epoch = |epoch| by(ANNA, epoch, work_of(vec![root], vec![]));
        let now = current().index;
        refused_as(in_epoch(now + 1), AuditRefusal::Ahead);
        refused_as(in_epoch(now - 1), AuditRefusal::Past);
        refused_as(by(ANNA, now, AuditWork::default()), AuditRefusal::Nothing);
        refused_as(posting(ANNA, Statement { keyed: 65, ..says(0) }), AuditRefusal::TooManyKeyed);
        // What is true does not help what is not.
        let twice = work_of(vec![root, root], vec![]);
        refused_as(by(ANNA, now, twice), AuditRefusal::RootPosted);
        assert_eq!(AuditBooks::<Test>::count(), 0);
        brings(in_epoch(now));
    });
}

#[test]
fn links_that_are_none() {
    run_audits(|| {
        let of = |link| {
            let root = RootPost { link, says: says(0) };
            by(ANNA, current().index, work_of(vec![root], vec![]))
        };
        refused_as(of(LinkId(9)), AuditRefusal::UnknownLink);
        assert_ok!(Qkd::register_link(signed(OPERATOR), SITE, FAR, BitsPerSecond(1)));
        refused_as(of(LinkId(1)), AuditRefusal::UnknownLink);
        assert_ok!(Qkd::agree_link(signed(OTHER_OPERATOR), LinkId(1)));
        refused_as(of(LinkId(1)), AuditRefusal::UnknownLink);
        admit(LinkId(2));
        brings(of(LinkId(2)));
        // One that is not the market's any more is forgotten.
        assert_ok!(Qkd::dismiss_link(root(), LinkId(2)));
        assert_eq!(AuditBooks::<Test>::count(), 0);
        refused_as(of(LinkId(2)), AuditRefusal::UnknownLink);
    });
}

#[test]
fn no_more_epochs_of_a_link_than_there_is_room_for() {
    run_audits(|| {
        // The block of one is opened, the root of the next is posted, and no third one.
        picked(0);
        for who in everybody() {
            brings(posting(who, says(1)));
        }
        to_reveals();
        refused_as(posting(ANNA, says(2)), AuditRefusal::TooManyRounds);
    });
}

#[test]
fn no_more_owners_at_an_end_than_there_is_room_for() {
    run_audits(|| {
        let more: Vec<AccountId> = (30..44).collect();
        for who in &more {
            join_there(*who);
        }
        let there: Vec<_> = THERE.into_iter().chain(more).collect();
        for who in &there[..16] {
            brings(posting(*who, says(0)));
        }
        refused_as(posting(there[16], says(0)), AuditRefusal::TooManyVoices);
        brings(posting(ANNA, says(0)));
    });
}

#[test]
fn what_may_still_come_is_told_as_unknown() {
    use AuditRefusal::*;
    assert!([Ahead, TooEarly, TooManyRounds].into_iter().all(AuditRefusal::may_pass));
    assert!(![Past, RootChanged, NotPicked, TooLate].into_iter().any(AuditRefusal::may_pass));
}

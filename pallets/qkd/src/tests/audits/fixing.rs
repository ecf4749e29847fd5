//! From roots to picks.

use super::*;
use crate::tests::beacon::{commitment, reveal, two_authors_write};
use qedex_primitives::BeaconSource;

#[test]
fn a_root_of_both_ends_is_fixed_and_a_later_value_picks() {
    run_audits(|| {
        for who in everybody() {
            brings(posting(who, says(3)));
        }
        assert_eq!(book().last, None);
        to_reveals();
        let beacon = current().index;
        assert_eq!(book().last, Some(AuditEpoch(3)));
        assert!(events().contains(&Event::RootFixed {
            link: LINK,
            says: says(3),
            skipped: 0,
            beacon
        }));
        assert_eq!(pick_of(3), None, "nobody knows the value yet");
        to_end();
        let value = Qkd::epoch_value(beacon).unwrap();
        let pick = pick_of(3).unwrap();
        assert_eq!((pick.beacon, pick.value, pick.source), (beacon, value.value, value.source));
        let bytes = qedex_primitives::audits::picking(says(3).root, AuditEpoch(3), value.value);
        let hash = sp_io::hashing::sha2_256(&bytes);
        let number = u128::from_be_bytes(hash[..16].try_into().unwrap());
        assert_eq!(pick.place.map(u128::from), Some(number % 50));
        let view = Qkd::link_audits(LINK).unwrap();
        assert_eq!((view.last, view.closed), (Some(AuditEpoch(3)), None));
        assert_eq!((view.rounds[0].pick, view.rounds[0].posts), (Some(pick), [3, 3]));
    });
}

#[test]
fn it_is_said_where_the_value_comes_from() {
    run_audits(|| {
        let revealing = [ANNA, THERE[0]];
        for (epoch, revealing) in [(0, &revealing[..]), (1, &revealing[..1])] {
            let beacon = current().index;
            for who in revealing {
                brings(commitment(*who, beacon));
            }
            for who in everybody() {
                brings(posting(who, says(epoch)));
            }
            to_reveals();
            two_authors_write();
            for who in revealing {
                brings(reveal(*who, beacon));
            }
            to_end();
            let source = pick_of(epoch).unwrap().source;
            let expected = [BeaconSource::BlockHash, BeaconSource::Keys];
            assert_eq!(source, expected[usize::from(revealing.len() == 2)]);
            let said = events().into_iter().rev().find_map(|event| match event {
                Event::BlockPicked { pick, .. } => Some(pick.source),
                _ => None,
            });
            assert_eq!(said, Some(source));
        }
    });
}

#[test]
fn the_root_of_the_next_epoch_is_posted_while_a_block_is_opened() {
    run_audits(|| {
        picked(0);
        for epoch in 1..5 {
            // One transaction has the verdict on the last epoch and the root of the next one.
            for who in everybody() {
                let place = pick_of(epoch - 1).unwrap().place;
                let link = LINK;
                let verdict =
                    VerdictPost { link, epoch: AuditEpoch(epoch - 1), place, outcome: PASSED };
                let root = RootPost { link, says: says(epoch) };
                brings(by(who, current().index, work_of(vec![root], vec![verdict])));
            }
            to_reveals();
            to_end();
            assert_eq!(u64::from(book().passes), epoch);
            assert_eq!(book().rounds.len(), 1);
        }
    });
}

#[test]
fn ends_that_stand_for_different_roots_are_a_failure_of_its_own_name() {
    run_audits(|| {
        let ours = HERE.map(|who| (who, says(0)));
        let theirs = THERE.map(|who| (who, other(0)));
        posted(&[ours, theirs].concat());
        assert_eq!(closed(), Some(AuditFailure::RootsDiffer));
        assert!(Qkd::is_link_closed(LINK));
        // The number of blocks with a key is part of it, for one of so many is picked.
        let theirs = THERE.map(|who| (who, Statement { keyed: 49, ..says(0) }));
        posted(&[ours, theirs].concat());
        assert_eq!((closed(), book().strikes), (Some(AuditFailure::RootsDiffer), 2));
        // The service still waits for a challenge to this epoch.
        audited(0, PASSED);
        assert_eq!(book().passes, 1);
    });
}

#[test]
fn one_of_three_who_posts_another_root_changes_nothing() {
    run_audits(|| {
        let mut posts: Vec<_> = everybody().into_iter().map(|who| (who, says(0))).collect();
        posts[0].1 = other(0);
        posts[3].1 = Statement { epoch: AuditEpoch(9), ..other(0) };
        posted(&posts);
        assert!(pick_of(0).is_some());
        // Two of three are an end.
        all_say(0, PASSED);
        posts[0].1 = other(1);
        posts[1].1 = other(1);
        for (who, at) in everybody().into_iter().zip(0..) {
            let says = if at < 2 { other(1) } else { says(1) };
            brings(posting(who, says));
        }
        to_reveals();
        to_end();
        assert_eq!(closed(), Some(AuditFailure::RootsDiffer));
    });
}

#[test]
fn an_end_that_posts_nothing_while_the_other_one_does_is_a_failure_of_its_own_name() {
    run_audits(|| {
        audited(0, PASSED);
        let ours = HERE.map(|who| (who, says(1)));
        posted(&ours);
        for _ in 0..qedex_primitives::audits::POST_WITHIN {
            assert_eq!(closed(), None);
            to_reveals();
            to_end();
        }
        assert_eq!(closed(), Some(AuditFailure::NotPosted(FAR)));
        let closure = book().closed.unwrap();
        assert_eq!((closure.epoch, closure.needed), (Some(AuditEpoch(1)), 1));
        // An end that is not there is not blamed again and again.
        posted(&ours);
        for _ in 0..qedex_primitives::audits::POST_WITHIN {
            to_reveals();
            to_end();
        }
        assert_eq!(book().strikes, 1);
        assert!(events().contains(&Event::AuditLapsed { link: LINK }));
        // When it is there again, an audit opens the link.
        audited(1, PASSED);
        assert_eq!(closed(), None);
    });
}

#[test]
fn a_round_waits_for_who_is_late() {
    run_audits(|| {
        audited(0, PASSED);
        posted(&HERE.map(|who| (who, says(1))));
        assert_eq!(book().last, Some(AuditEpoch(0)));
        posted(&THERE.map(|who| (who, says(1))));
        assert!(pick_of(1).is_some());
    });
}

#[test]
fn where_no_root_was_ever_fixed_a_round_lapses_without_blame() {
    run_audits(|| {
        posted(&HERE.map(|who| (who, says(7))));
        for _ in 0..qedex_primitives::audits::POST_WITHIN {
            to_reveals();
            to_end();
        }
        assert_eq!((closed(), book().rounds.len()), (None, 0));
        assert!(events().contains(&Event::AuditLapsed { link: LINK }));
    });
}

#[test]
fn a_quorum_at_each_end_has_to_post() {
    run_audits(|| {
        set_quorum(2);
        posted(&[(ANNA, says(0)), (THERE[0], says(0)), (THERE[1], says(0))]);
        assert_eq!(pick_of(0), None);
        posted(&[(BEN, says(0))]);
        assert!(pick_of(0).is_some());
    });
}

#[test]
fn epochs_that_were_never_fixed_are_counted() {
    run_audits(|| {
        audited(0, PASSED);
        picked(4);
        let skipped = events().into_iter().rev().find_map(|event| match event {
            Event::RootFixed { skipped, .. } => Some(skipped),
            _ => None,
        });
        assert_eq!(skipped, Some(3));
    });
}

#[test]
fn an_epoch_without_keys_has_nothing_to_open() {
    run_audits(|| {
        let nothing = Statement { keyed: 0, ..says(0) };
        posted(&everybody().into_iter().map(|who| (who, nothing)).collect::<Vec<_>>());
        assert_eq!(pick_of(0).unwrap().place, None);
        all_say(0, PASSED);
        assert_eq!(book().passes, 1);
    });
}

//! What thieves earn: who chooses the pick, who only says that all is well, who closes an honest link.

use super::*;
use codec::Encode;
use qedex_primitives::beacon::{Revealed, value};
use sp_io::hashing::{blake2_256, sha2_256};

/// How many epochs of the beacon are played.
const PLAYED: u32 = 4_000;

/// Whether the operator's bad blocks, the first `bad` of those that gave a key, are spared in an epoch of the
/// beacon in which its league of `w` reveals last, and every one of them as suits it.
fn spared(round: u32, w: usize, bad: u8) -> bool {
    let secret = |who: u8| Revealed(blake2_256(&(round, who, "secret").encode()));
    let epoch = u64::from(round);
    (0..1_u32 << w).any(|choice| {
        let league = (0..w as u8).filter(|place| choice >> place & 1 == 1).map(|place| 10 + place);
        let rows: Vec<_> =
            [1, 2].into_iter().chain(league).map(|who| ([who; 32], secret(who))).collect();
        let drawn = H256(sha2_256(&value(GENESIS, H256::zero(), epoch, &rows)));
        Qkd::picked(&says(epoch), drawn).unwrap() >= bad
    })
}

/// Golden: a bad block of a share c of all is picked with c^(2^w), so that it is spared with 1 - c^(2^w), which
/// is 1 - (1 - p)^(2^w) with p = 1 - c, the chance of an honest pick to spare it.
#[test]
fn last_revealers_spare_their_blocks_no_more_than_two_to_the_w_choices_do() {
    run_audits(|| {
        for bad in [10_u8, 25, 45] {
            for w in 0..4_usize {
                let counted = (0..PLAYED).filter(|round| spared(*round, w, bad)).count() as f64;
                let caught = (f64::from(bad) / 50.0).powi(1 << w);
                let expected = (1.0 - caught) * f64::from(PLAYED);
                let deviation = (expected * caught).sqrt();
                let off = (counted - expected).abs();
                assert!(off <= 4.0 * deviation + 1.0, "{bad} bad, {w} in league: {counted}");
            }
        }
    });
}

/// Who stands behind the service, or was paid by it, and says that all is well whatever it finds.
#[test]
fn who_only_says_that_all_is_well_is_outvoted_by_a_majority_that_looks() {
    for (liars, notices) in [(1, true), (2, true), (3, false), (4, false)] {
        run_audits(|| {
            picked(0);
            for (who, at) in everybody().into_iter().zip(0..) {
                brings(verdict(who, 0, if at < liars { PASSED } else { RAW }));
            }
            while !book().rounds.is_empty() {
                to_reveals();
                to_end();
            }
            assert_eq!(Qkd::is_link_closed(LINK), notices, "{liars} of six lie");
        });
    }
}

/// A league wants to close an honest link, by whatever it may say: it takes half of an end to have its root
/// disputed, and more than half of all to have its verdict believed.
#[test]
fn a_league_closes_an_honest_link_with_half_of_an_end_or_most_of_all() {
    let league = |size: usize| HERE.into_iter().chain(THERE).take(size).collect::<Vec<_>>();
    // With its verdicts.
    for (size, closes) in [(1, false), (3, false), (4, true)] {
        run_audits(|| {
            picked(0);
            for who in everybody() {
                let lies = league(size).contains(&who);
                brings(verdict(who, 0, if lies { RAW } else { PASSED }));
            }
            while !book().rounds.is_empty() {
                to_reveals();
                to_end();
            }
            assert_eq!(Qkd::is_link_closed(LINK), closes, "{size} of six");
        });
    }
    // With roots that no service has, and with silence at its end.
    for (size, closes) in [(1, false), (2, true)] {
        run_audits(|| {
            audited(0, PASSED);
            for who in everybody() {
                let lies = league(size).contains(&who);
                brings(posting(who, if lies { other(1) } else { says(1) }));
            }
            to_reveals();
            assert_eq!(Qkd::is_link_closed(LINK), closes, "{size} of three");
        });
        run_audits(|| {
            audited(0, PASSED);
            for who in everybody() {
                if !league(size).contains(&who) {
                    brings(posting(who, says(1)));
                }
            }
            for _ in 0..2 {
                to_reveals();
                to_end();
            }
            to_reveals();
            let fixed = book().last == Some(AuditEpoch(1));
            assert_eq!((Qkd::is_link_closed(LINK), fixed), (closes, !closes), "{size} are silent");
        });
    }
}

/// A minority that is first with an epoch that no service has made cannot have its root fixed before the others
/// have spoken, and so names no epoch behind which true ones would be refused.
#[test]
fn a_minority_that_is_first_fixes_nothing() {
    run_audits(|| {
        audited(0, PASSED);
        let far = Statement { epoch: AuditEpoch(u64::MAX), ..other(9) };
        posted(&[(ANNA, far), (THERE[0], far)]);
        assert_eq!(book().last, Some(AuditEpoch(0)));
        posted(
            &[HERE, THERE]
                .concat()
                .into_iter()
                .filter(|who| ![ANNA, THERE[0]].contains(who))
                .map(|who| (who, says(1)))
                .collect::<Vec<_>>(),
        );
        assert_eq!(book().last, Some(AuditEpoch(1)));
        assert!(pick_of(1).is_some());
    });
}

/// An operator that cheats in c of 50 blocks of each epoch, and is caught whenever one of them is picked: what
/// share of the epochs its link is open in the end.
#[test]
fn who_cheats_in_every_epoch_is_closed_most_of_the_time() {
    for (bad, most) in [(5_u8, 0.9), (25, 0.25)] {
        run_audits(|| {
            let (mut open, epochs) = (0, 60_u64);
            for epoch in 0..epochs {
                open += u64::from(!Qkd::is_link_closed(LINK));
                picked(epoch);
                let caught = pick_of(epoch).unwrap().place.unwrap() < bad;
                all_say(epoch, if caught { RAW } else { PASSED });
            }
            let share = open as f64 / epochs as f64;
            assert!(share <= most, "open in {share} of all epochs with {bad} bad blocks of 50");
        });
    }
}

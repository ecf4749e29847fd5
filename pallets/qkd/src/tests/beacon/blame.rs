//! What a withheld reveal costs, and when nobody is to blame.

use super::*;

fn barred(who: AccountId) -> Option<EpochIndex> {
    BarredUntil::<Test>::get(owner(who))
}

#[test]
fn a_withheld_reveal_is_a_miss_and_bars_from_the_next_epochs() {
    run_epochs(|| {
        let found = epoch_of(&[ANNA, BEN, CLARA], &[ANNA, BEN]);
        assert_eq!(found.source, BeaconSource::Keys);
        assert_eq!(Missed::get(), [owner(CLARA)]);
        let told = Event::RevealWithheld {
            epoch: 1,
            who: CLARA,
            owner: owner(CLARA),
            barred_until: Some(5),
        };
        assert_eq!(events().last(), Some(&told));
        assert_eq!(Qkd::attendance(1).unwrap().withheld.to_vec(), [(CLARA, owner(CLARA))]);
        for epoch in 2..5 {
            refused_as(commitment(CLARA, epoch), EpochRefusal::Barred);
            // It is the owner that is barred, whichever account it has.
            TestMembership::set_owner(ANNA, owner(CLARA));
            refused_as(commitment(ANNA, epoch), EpochRefusal::Barred);
            TestMembership::set_owner(ANNA, owner(ANNA));
            epoch_of(&[ANNA, BEN], &[ANNA, BEN]);
        }
        epoch_of(&[ANNA, BEN, CLARA], &[ANNA, BEN, CLARA]);
        assert_eq!(Missed::get().len(), 1);
    });
}

#[test]
fn the_bar_is_as_long_as_the_council_wants_and_no_longer_than_epochs_are_kept() {
    for (wanted, bars) in [(0, 0), (1, 1), (KEPT, KEPT), (KEPT + 5, KEPT), (u32::MAX, KEPT)] {
        run_short_epochs(|| {
            BarredEpochs::set(wanted);
            epoch_of(&[ANNA], &[]);
            assert_eq!(barred(ANNA), Some(2 + u64::from(bars)));
            for epoch in 2..2 + u64::from(bars) {
                refused_as(commitment(ANNA, epoch), EpochRefusal::Barred);
                epoch_of(&[], &[]);
            }
            brings(commitment(ANNA, 2 + u64::from(bars)));
        });
    }
}

#[test]
fn who_was_barred_is_forgotten_with_the_epoch() {
    run_short_epochs(|| {
        epoch_of(&[ANNA, BEN], &[]);
        for _ in 0..KEPT {
            assert!(barred(ANNA).is_some() && barred(BEN).is_some());
            // Ben does it again.
            let ben = if current().index == 12 { &[BEN][..] } else { &[] };
            epoch_of(ben, &[]);
        }
        assert_eq!((barred(ANNA), barred(BEN)), (None, Some(16)));
        for _ in 0..KEPT {
            epoch_of(&[], &[]);
        }
        assert_eq!(barred(BEN), None);
    });
}

/// Authors who leave reveals out could otherwise have whom they like blamed.
#[test]
fn where_fewer_than_f_and_one_authors_wrote_nobody_is_to_blame() {
    // Each with the authors of the blocks behind the one with which reveals opened; two of them are needed.
    let cases: [(&[Option<AccountId>], bool); 6] = [
        (&[], false),
        (&[Some(1)], false),
        (&[Some(1), Some(1), Some(1)], false),
        (&[Some(1), None], false),
        (&[Some(1), Some(2)], true),
        (&[Some(2), None, Some(2), Some(1), Some(3)], true),
    ];
    for (authors, blamed) in cases {
        run_epochs(|| {
            for who in [ANNA, BEN, CLARA] {
                brings(commitment(who, 1));
            }
            // Whoever writes the block with which reveals open sees none in time.
            Author::set(Some(7));
            to_reveals();
            for author in authors {
                Author::set(*author);
                block_at(Now::get() + 1);
            }
            Author::set(Some(8));
            to_end();
            let missed = if blamed { vec![owner(ANNA), owner(BEN), owner(CLARA)] } else { vec![] };
            assert_eq!(Missed::get(), missed, "{authors:?}");
            assert_eq!(Qkd::attendance(1).unwrap().spanned, blamed);
            assert_eq!(barred(ANNA).is_some(), blamed);
            let event = Event::RevealWithheld {
                epoch: 1,
                who: CLARA,
                owner: owner(CLARA),
                barred_until: blamed.then_some(5),
            };
            assert_eq!(events().last(), Some(&event));
            if !blamed {
                brings(commitment(ANNA, 2));
            }
        });
    }
}

#[test]
fn authors_of_one_epoch_do_not_count_for_the_next() {
    run_epochs(|| {
        epoch_of(&[], &[]);
        brings(commitment(ANNA, 2));
        to_reveals();
        to_end();
        assert!(Missed::get().is_empty());
        assert!(!Qkd::attendance(2).unwrap().spanned);
    });
}

#[test]
fn one_author_is_enough_where_none_may_fail() {
    run_epochs(|| {
        Bearable::set(0);
        brings(commitment(ANNA, 1));
        to_reveals();
        Author::set(Some(1));
        block_at(Now::get() + 1);
        to_end();
        assert_eq!(Missed::get(), [owner(ANNA)]);
    });
}

//! Who rates and is rated are owners.

use super::*;
use crate::{Experience, Parameters};
use frame_support::assert_ok;
use qedex_primitives::{Admission, Role};

/// The owner of Anna and Ben, where they have one.
const HOUSE: OwnerId = OwnerId([7; 32]);

fn name_the_house() {
    Owners::set([(ANNA, HOUSE), (BEN, HOUSE)].into());
}

#[test]
fn trading_with_another_account_of_ones_own_buys_nothing() {
    run(|| {
        name_the_house();
        keep(BEN, ANNA);
        miss(ANNA, BEN);
        assert_eq!((counts(ANNA), counts(BEN)), ((0, 0), (0, 0)));
        keep(CLARA, ANNA);
        assert_eq!(counts(ANNA), (FULL, 0));
    });
}

#[test]
fn all_accounts_of_an_owner_are_one_rater() {
    run(|| {
        name_the_house();
        keep(BEN, CLARA);
        keep(ANNA, CLARA);
        assert_eq!(counts(CLARA), (FULL, 0), "once a day");
        miss(ANNA, CLARA);
        miss(BEN, CLARA);
        assert_eq!(counts(CLARA), (FULL, 2 * FULL));
        next_day();
        keep(ANNA, CLARA);
        assert_eq!(counts(CLARA), (2 * FULL, 2 * FULL));
        let pair = Pairs::<Test>::get(owner(CLARA), HOUSE).unwrap();
        assert_eq!((pair.sum.kept, pair.sum.missed), counts(CLARA));
        assert_eq!(Experience::<Test>::get(HOUSE), 4 * FULL);
    });
}

#[test]
fn a_second_account_begins_with_the_record_of_the_first() {
    run(|| {
        name_the_house();
        miss(CLARA, ANNA);
        assert_eq!(standing(ANNA), Permill::from_parts(333_333));
        assert_eq!(standing(BEN), standing(ANNA), "not one half anew");
        keep(CLARA, BEN);
        assert_eq!((counts(BEN), counts(ANNA)), ((FULL, FULL), (FULL, FULL)));
        assert_eq!(Reputation::raters_of(&BEN).count(), 1);
    });
}

#[test]
fn an_account_without_an_owner_is_not_rated_and_does_not_rate() {
    run(|| {
        Unowned::set([BEN].into());
        keep(BEN, ANNA);
        miss(BEN, ANNA);
        miss(ANNA, BEN);
        assert_eq!((counts(ANNA), counts(BEN)), ((0, 0), (0, 0)));
        assert!(events().is_empty());
        assert_eq!(standing(BEN), Permill::from_percent(50));
        assert_eq!(Reputation::raters_of(&BEN).count(), 0);
        assert_eq!(Reputation::trust_of(&BEN, &ANNA).trust_ppm, 400_000);
    });
}

/// The thief's day: it fails one friend in each of 96 slots, and another friend acknowledges 10 kWh.
/// One rating a day and the worst of it was one kept and one missed: one half for ever.
#[test]
fn standing_is_not_held_at_one_half_by_a_friend() {
    run(|| {
        let least = Permill::from_percent(25);
        let parameters = Parameters { least_to_sell: least, ..Parameters::default() };
        assert_ok!(Reputation::set_parameters(RuntimeOrigin::root(), parameters));
        let thief = ANNA;
        for day in 1..=3 {
            for _ in 0..96 {
                miss(BEN, thief);
            }
            keep(CLARA, thief);
            assert_eq!(counts(thief), (day * FULL, day * 96 * FULL));
            next_day();
        }
        assert_eq!(standing(thief), Permill::from_parts(13_651));
        assert!(!<Reputation as Admission<AccountId>>::admits(&thief, Role::Sell));
        // Nor by many friends: to stand at one half again takes one for each that it failed.
        for friend in 0..100 {
            keep(1_000 + friend, thief);
        }
        assert!(standing(thief) < Permill::from_percent(30));
    });
}

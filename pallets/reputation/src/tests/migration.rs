//! What was known of accounts is what is known of their owners.

use super::*;
use crate::{
    Experience, HoldReason, Memories, Memory, Pair, Places, TrustDeposits,
    migrations::{MigrateV1ToV2, v1},
};
use frame_support::{
    assert_ok,
    traits::{GetStorageVersion, OnRuntimeUpgrade, StorageVersion, fungible::InspectHold},
};

/// The owner of Anna and Ben.
const HOUSE: OwnerId = OwnerId([7; 32]);

type Rater = v1::Rater<AccountId>;

/// A state of version 1 in which these pairs have rated, on the day given.
fn before(pairs: &[(AccountId, Rater, Counts, u32)], forgotten: &[(AccountId, Counts)]) {
    for (ratee, rater, sum, last_day) in pairs {
        let last = Counts { kept: sum.kept.min(FULL), missed: 0 };
        let pair = v1::Pair { sum: *sum, last, last_day: *last_day };
        v1::Pairs::<Test>::insert(ratee, rater, pair);
        let mut memory = v1::Memories::<Test>::get(ratee);
        v1::Places::<Test>::insert(ratee, memory.raters, rater);
        memory.raters += 1;
        v1::Memories::<Test>::insert(ratee, memory);
        v1::Totals::<Test>::mutate(ratee, |all| *all = all.saturating_add(*sum));
        v1::Experience::<Test>::mutate(rater, |all| *all += sum.all());
    }
    for (ratee, counts) in forgotten {
        v1::Memories::<Test>::mutate(ratee, |memory| memory.forgotten = *counts);
        v1::Totals::<Test>::mutate(ratee, |all| *all = all.saturating_add(*counts));
    }
    StorageVersion::new(1).put::<Reputation>();
}

/// Everything that is stored.
fn state() -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut all = vec![];
    let mut key = vec![];
    while let Some(next) = sp_io::storage::next_key(&key) {
        all.push((next.clone(), sp_io::storage::get(&next).unwrap().to_vec()));
        key = next;
    }
    all
}

/// Upgrades, twice: the second run changes nothing.
fn upgrade() {
    let issuance = Balances::total_issuance();
    MigrateV1ToV2::<Test>::on_runtime_upgrade();
    assert_eq!(Reputation::on_chain_storage_version(), 2);
    assert_eq!(Balances::total_issuance(), issuance);
    Reputation::do_try_state().unwrap();
    let once = state();
    MigrateV1ToV2::<Test>::on_runtime_upgrade();
    assert_eq!(state(), once);
}

const fn full(kept: u64, missed: u64) -> Counts {
    Counts { kept: kept * FULL, missed: missed * FULL }
}

#[test]
fn accounts_of_one_owner_are_merged() {
    run(|| {
        Owners::set([(ANNA, HOUSE), (BEN, HOUSE)].into());
        let clara = || v1::Rater::Owner(owner(CLARA));
        let today = Reputation::today();
        before(
            &[
                (ANNA, clara(), full(3, 1), today),
                (BEN, clara(), full(1, 2), today),
                (BEN, v1::Rater::Account(20), full(5, 0), 7),
                // From before it was known that they are one.
                (ANNA, v1::Rater::Account(BEN), full(9, 0), 7),
                (CLARA, v1::Rater::Account(ANNA), full(1, 0), 7),
                (CLARA, v1::Rater::Owner(HOUSE), full(0, 2), 8),
            ],
            &[(ANNA, full(2, 4))],
        );
        upgrade();
        assert_eq!(counts(ANNA), (11 * FULL, 7 * FULL));
        assert_eq!(counts(BEN), counts(ANNA));
        assert_eq!(
            Pairs::<Test>::get(HOUSE, owner(CLARA)),
            Some(Pair { sum: full(4, 3), kept_last: FULL, last_day: today })
        );
        assert_eq!(Pairs::<Test>::get(HOUSE, owner(20)).unwrap().sum, full(5, 0));
        assert!(!Pairs::<Test>::contains_key(HOUSE, HOUSE));
        let memory = Memory { raters: 2, hand: 0, forgotten: full(2, 4) };
        assert_eq!(Memories::<Test>::get(HOUSE), memory);
        assert_eq!(Places::<Test>::get(HOUSE, 0), Some(owner(CLARA)), "who missed most first");
        assert_eq!(
            Pairs::<Test>::get(owner(CLARA), HOUSE),
            Some(Pair { sum: full(1, 2), kept_last: 0, last_day: 8 })
        );
        assert_eq!(Experience::<Test>::get(HOUSE), 3 * FULL, "without those of itself");
        assert_eq!(Experience::<Test>::get(owner(CLARA)), 7 * FULL);
        // What was kept today is full: it counts no more.
        keep(CLARA, BEN);
        assert_eq!(counts(ANNA), (11 * FULL, 7 * FULL));
    });
}

#[test]
fn no_more_raters_are_remembered_than_may_be_and_those_first_that_missed() {
    run(|| {
        Owners::set([(ANNA, HOUSE), (BEN, HOUSE)].into());
        let mut pairs = vec![];
        for number in 0..u64::from(MAX_RATERS) {
            pairs.push((ANNA, v1::Rater::Account(100 + number), full(1, number), 7));
            pairs.push((BEN, v1::Rater::Account(200 + number), full(1, number), 8));
        }
        before(&pairs, &[]);
        upgrade();
        assert_eq!(counts(ANNA), (16 * FULL, 56 * FULL));
        let memory = Memories::<Test>::get(HOUSE);
        assert_eq!((memory.raters, memory.forgotten), (MAX_RATERS, full(8, 12)));
        assert_eq!(Places::<Test>::get(HOUSE, 0), Some(owner(207)));
        assert_eq!(Places::<Test>::get(HOUSE, 1), Some(owner(107)));
    });
}

#[test]
fn of_accounts_without_an_owner_nothing_is_kept_but_what_they_rated() {
    run(|| {
        Unowned::set([BEN].into());
        before(
            &[
                (BEN, v1::Rater::Account(ANNA), full(1, 1), 7),
                (ANNA, v1::Rater::Account(BEN), full(2, 1), 7),
            ],
            &[],
        );
        upgrade();
        assert_eq!(counts(BEN), (0, 0));
        assert_eq!(counts(ANNA), (2 * FULL, FULL), "no miss is washed off");
        assert_eq!(Memories::<Test>::get(owner(ANNA)).forgotten, full(2, 1));
        assert_eq!(Pairs::<Test>::iter().count(), 0);
    });
}

#[test]
fn trust_deposits_stay_what_they_are() {
    run(|| {
        Owners::set([(ANNA, HOUSE), (BEN, HOUSE)].into());
        assert_ok!(Reputation::lock_deposit(RuntimeOrigin::signed(ANNA), 25 * QED));
        before(&[], &[]);
        upgrade();
        assert_eq!(TrustDeposits::<Test>::get(ANNA).unwrap().amount, 25 * QED);
        assert_eq!(Balances::balance_on_hold(&HoldReason::TrustDeposit.into(), &ANNA), 25 * QED);
        assert_eq!(Reputation::deposit_ppm_of(&BEN), 0, "each account's own");
    });
}

//! No issuer empties a role alone.

use super::*;
use crate::{
    Asker, Credentials, Event, HolderCounts, LEAVE_LIFE, ReissueError, Tenures, VOIDING_LIFE,
    Voidings,
};

/// The time at which everybody who begins at the start is established.
const ESTABLISHED: u64 = 31 * DAY;

/// Gives `PROSUMER` to so many accounts from number 1000 on, each of an owner of its own, for a
/// term that outlasts the test.
fn enrol(number: u64) -> Vec<AccountId> {
    assert_ok!(Membership::set_term(root(), PROSUMER, 365 * DAY));
    let all: Vec<_> = (1_000..1_000 + number).collect();
    for who in &all {
        own(*who, owner(*who));
        let expires = Now::get() + 365 * DAY;
        assert_ok!(Membership::issue(signed(REGISTRAR), *who, PROSUMER, expires));
    }
    all
}

fn revoke(who: AccountId) -> sp_runtime::DispatchResult {
    Membership::revoke(signed(REGISTRAR), who, PROSUMER)
}

/// How many of these the issuer can revoke at present.
fn revoked(accounts: &[AccountId]) -> usize {
    let done = accounts.iter().map(|who| revoke(*who));
    done.take_while(|result| match result {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(*error, Error::<Test>::BeyondAllowance.into());
            false
        }
    })
    .count()
}

/// The thief's: one issuer's `bump_version(prosumer)` closes the market at once.
#[test]
fn an_issuer_alone_voids_no_attribute_that_a_role_needs() {
    run(|| {
        assert_ok!(Membership::bump_version(signed(REGISTRAR), PROSUMER));
        assert!(may(ANNA, Role::Trade));
        assert_noop!(
            Membership::bump_version(signed(REGISTRAR), PROSUMER),
            Error::<Test>::VoidingPending
        );
        assert_eq!(version_of(PROSUMER), 0);
        let (by, expires) = (Asker::Issuer(REGISTRAR), START + VOIDING_LIFE);
        assert_eq!(events(), [Event::VoidingAsked { attribute: PROSUMER, by, expires }]);
        // With the council's half it is done.
        assert_ok!(Membership::bump_version(root(), PROSUMER));
        assert!(!may(ANNA, Role::Trade));
        assert_eq!(Voidings::<Test>::get(PROSUMER), None);
        // And the next takes both again.
        assert_ok!(Membership::bump_version(root(), PROSUMER));
        assert_eq!(version_of(PROSUMER), 1);
    });
}

#[test]
fn the_council_alone_voids_none_either_and_may_be_the_first() {
    run(|| {
        assert_ok!(Membership::bump_version(root(), PROSUMER));
        assert_noop!(Membership::bump_version(root(), PROSUMER), Error::<Test>::VoidingPending);
        assert!(may(ANNA, Role::Trade));
        assert_ok!(Membership::bump_version(signed(REGISTRAR), PROSUMER));
        assert!(!may(ANNA, Role::Trade));
    });
}

#[test]
fn an_attribute_that_no_role_needs_is_voided_by_either() {
    run(|| {
        assert_ok!(Membership::set_role(root(), Role::Sell, TRADERS));
        assert_ok!(Membership::bump_version(signed(INSPECTOR), SOLAR));
        assert_eq!(version_of(SOLAR), 1);
        assert_ok!(Membership::bump_version(root(), SOLAR));
        assert_eq!(version_of(SOLAR), 2);
    });
}

#[test]
fn a_request_to_void_is_withdrawn_lapses_and_goes_with_its_issuer() {
    run(|| {
        let ask = || {
            assert_ok!(Membership::bump_version(signed(REGISTRAR), PROSUMER));
        };
        ask();
        for stranger in [signed(INSPECTOR), root()] {
            assert_noop!(
                Membership::withdraw_voiding(stranger, PROSUMER),
                Error::<Test>::NoSuchVoiding
            );
        }
        assert_ok!(Membership::withdraw_voiding(signed(REGISTRAR), PROSUMER));
        assert_eq!(events().last(), Some(&Event::VoidingWithdrawn { attribute: PROSUMER }));
        // The council's is a request of its own then.
        assert_ok!(Membership::bump_version(root(), PROSUMER));
        assert_eq!(version_of(PROSUMER), 0);
        assert_ok!(Membership::withdraw_voiding(root(), PROSUMER));

        ask();
        Now::set(START + VOIDING_LIFE);
        assert_ok!(Membership::bump_version(root(), PROSUMER));
        assert_eq!(version_of(PROSUMER), 0, "too late");
        assert_ok!(Membership::withdraw_voiding(root(), PROSUMER));

        ask();
        assert_ok!(Membership::set_issuer(root(), PROSUMER, INSPECTOR));
        assert_ok!(Membership::bump_version(root(), PROSUMER));
        assert_eq!(version_of(PROSUMER), 0, "who asked does not issue it any more");
        assert_ok!(Membership::bump_version(signed(INSPECTOR), PROSUMER));
        assert_eq!(version_of(PROSUMER), 1);
    });
}

/// The thief's: revoking them one by one.
#[test]
fn an_issuer_ends_one_in_twenty_of_the_established_a_day() {
    run(|| {
        let all = enrol(99);
        Now::set(ESTABLISHED - 1);
        // Of genesis, Anna's expired long ago and counts as held until somebody clears it.
        assert_eq!(Membership::endings_left(PROSUMER), 1);
        Now::set(ESTABLISHED + DAY);
        assert_eq!(Membership::endings_left(PROSUMER), 5);
        assert_eq!(revoked(&all), 5);
        assert_eq!(Membership::endings_left(PROSUMER), 0);
        assert_eq!(revoked(&all[5..]), 0);
        assert_noop!(revoke(all[5]), Error::<Test>::BeyondAllowance);
        // The council's own are counted apart, and bound alike: no issuer keeps it from revoking.
        let by_the_council = |who| Membership::revoke(root(), who, PROSUMER);
        // Of those who are left, that is.
        for who in &all[95..99] {
            assert_ok!(by_the_council(*who));
        }
        assert_noop!(by_the_council(all[5]), Error::<Test>::BeyondAllowance);
        // The next day begins with those who are left.
        Now::set(ESTABLISHED + 2 * DAY);
        assert_eq!(revoked(&all[5..95]), 4);
        assert!(all[9..95].iter().all(|who| may(*who, Role::Trade)));
    });
}

/// The thief's: an issuer whose credentials were voided is made to keep its bonds.
#[test]
fn what_was_voided_ends_uncounted() {
    run(|| {
        let all = enrol(5);
        assert_ok!(Membership::bump_version(root(), PROSUMER));
        assert_ok!(Membership::bump_version(signed(REGISTRAR), PROSUMER));
        assert_eq!(revoked(&all), 5);
        assert_eq!(Membership::endings_left(PROSUMER), 1);
    });
}

#[test]
fn a_young_role_loses_one_a_day() {
    run(|| {
        let all = enrol(50);
        assert_eq!(revoked(&all), 1);
        Now::mutate(|now| *now += DAY);
        assert_eq!(revoked(&all[1..]), 1);
    });
}

#[test]
fn whoever_is_there_from_genesis_is_established() {
    let mut builder = ExtBuilder::default();
    for who in 2_000..2_040 {
        let account = crate::GenesisAccount { account: who, owner: owner(who) };
        builder.genesis.accounts.push(account);
        let credential = crate::GenesisCredential { who, attribute: PROSUMER, expires: u64::MAX };
        builder.genesis.credentials.push(credential);
    }
    builder.build_and_execute(|| assert_eq!(Membership::endings_left(PROSUMER), 2));
}

#[test]
fn an_owner_counts_once_however_many_accounts_it_has() {
    run(|| {
        for who in [DORA, EMIL] {
            own(who, ANNAS_OWNER);
            issue(REGISTRAR, who, PROSUMER);
        }
        issue(REGISTRAR, BEN, PROSUMER);
        assert_eq!(revoked(&[DORA, EMIL, ANNA]), 3);
        assert_noop!(revoke(BEN), Error::<Test>::BeyondAllowance);
    });
    // Ten accounts of one owner make no larger allowance.
    run(|| {
        enrol(39);
        Now::set(ESTABLISHED + DAY);
        assert_eq!(Membership::endings_left(PROSUMER), 2);
        assert_ok!(Membership::remove_lapsed(signed(BEN), ANNA, PROSUMER));
        assert_eq!(Membership::endings_left(PROSUMER), 1);
        for who in 3_000..3_003 {
            own(who, owner(1_000));
            assert_ok!(Membership::issue(root(), who, PROSUMER, Now::get() + DAY));
        }
        assert_eq!(Membership::endings_left(PROSUMER), 1);
    });
}

/// The thief's: issuing anew, for shorter.
#[test]
fn a_shorter_re_issue_is_an_ending() {
    run(|| {
        let all = enrol(30);
        let shorten = |who| Membership::issue(signed(REGISTRAR), who, PROSUMER, Now::get() + 1);
        assert_ok!(shorten(all[0]));
        assert_noop!(shorten(all[1]), Error::<Test>::BeyondAllowance);
        assert_noop!(revoke(all[1]), Error::<Test>::BeyondAllowance);
        let batch = |expires| {
            let all = all[1..].iter().map(|who| (*who, expires)).collect();
            Membership::issue_batch(signed(REGISTRAR), PROSUMER, BoundedVec::truncate_from(all))
        };
        assert_noop!(batch(Now::get() + 1), Error::<Test>::BeyondAllowance);
        // Renewing is none, nor is what has expired.
        assert_ok!(batch(START + 365 * DAY));
        Now::mutate(|now| *now += 1);
        assert_ok!(Membership::issue(signed(REGISTRAR), all[0], PROSUMER, Now::get() + 9));
        Now::mutate(|now| *now += 9);
        assert_ok!(revoke(all[0]));
        assert_eq!(revoked(&all[1..]), 0);
    });
}

#[test]
fn beyond_the_allowance_issuer_and_council_act_together() {
    run(|| {
        let all = enrol(20);
        assert_eq!(revoked(&all), 1);
        assert_noop!(Membership::allow_endings(signed(REGISTRAR), PROSUMER, 3), BadOrigin);
        allow(PROSUMER, 3);
        let expires = START + LEAVE_LIFE;
        let allowed = Event::EndingsAllowed { attribute: PROSUMER, owners: 3, expires };
        assert_eq!(events().last(), Some(&allowed));
        // Not the council by itself, which has its own allowance.
        assert_ok!(Membership::revoke(root(), all[19], PROSUMER));
        assert_noop!(Membership::revoke(root(), all[1], PROSUMER), Error::<Test>::BeyondAllowance);
        assert_eq!(revoked(&all[1..]), 3);
        // Not later than within a week, beyond each day's allowance.
        allow(PROSUMER, 9);
        Now::set(expires - 1);
        assert_eq!(revoked(&all[4..6]), 2);
        Now::set(expires);
        assert_eq!(revoked(&all[6..8]), 0);
        // Not a successor of whom it was allowed to.
        allow(PROSUMER, 9);
        assert_ok!(Membership::set_issuer(root(), PROSUMER, INSPECTOR));
        assert_noop!(
            Membership::revoke(signed(INSPECTOR), all[8], PROSUMER),
            Error::<Test>::BeyondAllowance
        );
    });
}

#[test]
fn where_no_role_needs_it_an_issuer_ends_what_it_likes() {
    run(|| {
        for who in [ANNA, BEN, CLARA] {
            issue(INSPECTOR, who, SOLAR);
        }
        let revoke = |who| Membership::revoke(signed(INSPECTOR), who, SOLAR);
        assert_ok!(revoke(ANNA));
        assert_noop!(revoke(BEN), Error::<Test>::BeyondAllowance);
        assert_ok!(Membership::set_role(root(), Role::Sell, TRADERS));
        assert_ok!(revoke(BEN));
        assert_ok!(revoke(CLARA));
    });
}

/// The thief's: after a voiding on which both agreed, the issuer lifts its friends only.
#[test]
fn whom_the_issuer_leaves_out_the_council_lifts() {
    run(|| {
        let all = enrol(40);
        Now::set(ESTABLISHED);
        bump(PROSUMER);
        reissue(REGISTRAR, PROSUMER, &all[..1]);
        assert!(may(all[0], Role::Trade) && !may(all[1], Role::Trade));
        // Those who are not lifted count no more among those of whom one in twenty may go.
        let count = HolderCounts::<Test>::get(PROSUMER);
        assert_eq!(count.tally.owners(), 1);
        let rest = BoundedVec::truncate_from(all[1..].to_vec());
        assert_ok!(Membership::reissue(root(), PROSUMER, rest));
        assert!(all.iter().all(|who| may(*who, Role::Trade)));
        // With the time for which they had it.
        assert_eq!(Membership::endings_left(PROSUMER), 2);
        assert!(!events().iter().any(|event| {
            matches!(event, Event::ReissueRefused { error: ReissueError::CannotPayBond, .. })
        }));
    });
}

/// The thief's: a day's allowance of many, spent on the few who are lifted first.
#[test]
fn a_voiding_leaves_nothing_of_the_days_allowance_of_those_who_held_it_before() {
    run(|| {
        let all = enrol(60);
        Now::set(ESTABLISHED);
        assert_eq!(Membership::endings_left(PROSUMER), 3);
        assert_ok!(revoke(all[0]));
        bump(PROSUMER);
        reissue(REGISTRAR, PROSUMER, &all[1..11]);
        assert_eq!(Membership::endings_left(PROSUMER), 0);
        assert_eq!(revoked(&all[1..11]), 0);
        Now::mutate(|now| *now += DAY);
        assert_eq!(revoked(&all[1..11]), 1);
    });
}

/// The thief's: renewing nobody, or for a moment.
#[test]
fn an_issuer_that_does_not_renew_empties_nothing_while_the_council_does() {
    run(|| {
        let all = enrol(20);
        Now::set(START + 365 * DAY - 1);
        let renew: Vec<_> = all.iter().map(|who| (*who, Now::get() + 365 * DAY)).collect();
        assert_ok!(Membership::issue_batch(root(), PROSUMER, BoundedVec::truncate_from(renew)));
        // And the issuer does not undo it.
        assert_eq!(revoked(&all), 1);
        let undo = Membership::issue(signed(REGISTRAR), all[1], PROSUMER, Now::get() + 1);
        assert_eq!(undo, Err(Error::<Test>::BeyondAllowance.into()));
        Now::set(START + 366 * DAY);
        assert!(all[1..].iter().all(|who| may(*who, Role::Trade)));
    });
}

#[test]
fn a_tenure_ends_with_the_last_credential_of_the_version_held() {
    run(|| {
        own(DORA, ANNAS_OWNER);
        issue(REGISTRAR, DORA, PROSUMER);
        let tenure = |owner| Tenures::<Test>::get(PROSUMER, owner);
        assert_eq!(tenure(ANNAS_OWNER).unwrap().accounts, 2);
        bump(PROSUMER);
        reissue(REGISTRAR, PROSUMER, &[DORA]);
        let lifted = tenure(ANNAS_OWNER).unwrap();
        assert_eq!((lifted.version, lifted.accounts, lifted.established_on), (1, 1, 0));
        // Anna's own is outdated: it counts for nothing.
        allow(PROSUMER, 9);
        assert_ok!(revoke(ANNA));
        assert_eq!(tenure(ANNAS_OWNER).unwrap().accounts, 1);
        assert_ok!(revoke(DORA));
        assert_eq!(tenure(ANNAS_OWNER), None);
        assert_eq!(HolderCounts::<Test>::get(PROSUMER).tally.owners(), 0);
        assert!(!Credentials::<Test>::contains_key(DORA, PROSUMER));
    });
}

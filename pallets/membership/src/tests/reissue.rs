//! Re-issue after the revocation of an attribute, to those who remain.

use super::*;
use crate::{Credentials, Event, ReissueError};

/// What was refused: its place in the batch, whose it is, and why.
type Refusal = (u32, AccountId, ReissueError);

/// What was said of a batch: what was refused, and how many were and were not re-issued.
fn refusals() -> (Vec<Refusal>, (u32, u32)) {
    let mut refused = vec![];
    let mut totals = (0, 0);
    for event in events() {
        match event {
            Event::ReissueRefused { index, who, error, .. } => refused.push((index, who, error)),
            Event::ReissueProcessed { reissued, refused, .. } => totals = (reissued, refused),
            _ => {}
        }
    }
    (refused, totals)
}

#[test]
fn those_who_remain_are_lifted_with_the_expiry_that_they_have() {
    run(|| {
        assert_ok!(Membership::issue(signed(REGISTRAR), BEN, PROSUMER, EXPIRY - 7));
        bump(PROSUMER);
        assert!(!may(ANNA, Role::Trade) && !may(BEN, Role::Trade));
        reissue(REGISTRAR, PROSUMER, &[BEN]);
        assert!(may(BEN, Role::Trade));
        assert!(!may(ANNA, Role::Trade), "was not among those who remain");
        let credential = Credentials::<Test>::get(BEN, PROSUMER).unwrap();
        assert_eq!((credential.version, credential.expires), (1, EXPIRY - 7));
        let reissued = Event::CredentialReissued {
            who: BEN,
            attribute: PROSUMER,
            version: 1,
            expires: EXPIRY - 7,
        };
        assert!(events().contains(&reissued));
    });
}

#[test]
fn a_credential_of_any_earlier_version_can_be_lifted() {
    run(|| {
        for _ in 0..3 {
            bump(PROSUMER);
        }
        reissue(REGISTRAR, PROSUMER, &[ANNA]);
        assert_eq!(Credentials::<Test>::get(ANNA, PROSUMER).unwrap().version, 3);
        assert!(may(ANNA, Role::Trade));
    });
}

#[test]
fn the_revoked_the_lapsed_and_the_up_to_date_are_refused_one_by_one() {
    run(|| {
        assert_ok!(Membership::issue(signed(REGISTRAR), BEN, PROSUMER, START + 1));
        issue(REGISTRAR, CLARA, PROSUMER);
        bump(PROSUMER);
        assert_ok!(Membership::revoke(root(), CLARA, PROSUMER));
        Now::set(START + 1);
        // Ben lapsed, Clara was revoked, Anna comes twice.
        reissue(REGISTRAR, PROSUMER, &[BEN, CLARA, ANNA, ANNA]);
        let expected = vec![
            (0, BEN, ReissueError::Expired),
            (1, CLARA, ReissueError::NoSuchCredential),
            (3, ANNA, ReissueError::NotOutdated),
        ];
        assert_eq!(refusals(), (expected, (1, 3)));
        assert!(may(ANNA, Role::Trade));
        assert!(!may(BEN, Role::Trade) && !may(CLARA, Role::Trade));
    });
}

#[test]
fn an_issuer_that_cannot_pay_re_issues_nothing_and_returns_nobodys_bond() {
    run(|| {
        issue(REGISTRAR, BEN, PROSUMER);
        bump(PROSUMER);
        assert_ok!(Membership::set_issuer(root(), PROSUMER, CLARA));
        reissue(CLARA, PROSUMER, &[BEN]);
        let expected = vec![(0, BEN, ReissueError::CannotPayBond)];
        assert_eq!(refusals(), (expected, (0, 1)));
        assert!(!may(BEN, Role::Trade));
        assert_eq!(held(REGISTRAR), Membership::credential_bond());
    });
}

#[test]
fn only_the_issuer_and_the_admin_re_issue() {
    run(|| {
        bump(PROSUMER);
        let accounts: crate::AccountBatch<Test> = BoundedVec::truncate_from(vec![ANNA]);
        for stranger in [INSPECTOR, ANNA] {
            assert_noop!(
                Membership::reissue(signed(stranger), PROSUMER, accounts.clone()),
                Error::<Test>::NotTheIssuer
            );
        }
        assert_noop!(
            Membership::reissue(signed(REGISTRAR), AttributeId(9), accounts.clone()),
            Error::<Test>::UnknownAttribute
        );
        assert_ok!(Membership::reissue(root(), PROSUMER, accounts));
        assert!(may(ANNA, Role::Trade));
        assert_eq!(held(REGISTRAR), 0);
        assert!(crate::AccountBatch::<Test>::try_from(vec![ANNA; 101]).is_err());
    });
}
